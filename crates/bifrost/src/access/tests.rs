use super::*;

fn texts(all: &[&str]) -> Vec<String> {
    all.iter().map(ToString::to_string).collect()
}

fn key(name: &str, provider: &str, models: &[&str]) -> ProviderKey {
    ProviderKey { name: name.into(), provider: provider.into(), models: texts(models), ..ProviderKey::default() }
}

fn gateway() -> Gateway {
    let alias = |alias: &str, target: &str| BTreeMap::from([(alias.to_owned(), target.to_owned())]);
    Gateway {
        keys: vec![
            ProviderKey {
                aliases: alias("public-name", "up-model"),
                ..key("oa-1", "openai", &["gpt-4o", "public-name"])
            },
            key("oa-2", "openai", &["model-b"]),
            key("an-1", "anthropic", &["*"]),
        ],
        providers: ["openai", "anthropic"].map(String::from).into(),
        ..Gateway::default()
    }
}

fn config(provider: &str, models: &[&str], keys: &[&str]) -> ProviderConfig {
    ProviderConfig {
        provider: provider.into(),
        allowed_models: texts(models),
        keys: texts(keys),
        ..ProviderConfig::default()
    }
}

fn holder(configs: Vec<ProviderConfig>) -> VirtualKey {
    VirtualKey { name: "k".into(), configs: configs.into(), ..VirtualKey::default() }
}

fn told(gateway: &Gateway, key: &VirtualKey, name: &str, now: i64) -> String {
    match gateway.asked().call(key, name, Moment::from_millis(now)) {
        Ok(reach) => {
            let ways = reach.iter().map(|r| format!("{}/{} by {}", r.provider, r.upstream, r.key));
            ways.collect::<Vec<_>>().join(", ")
        }
        Err(refusal) => format!("{refusal:?}"),
    }
}

#[track_caller]
fn check(configs: Vec<ProviderConfig>, name: &str, expected: &str) {
    assert_eq!(told(&gateway(), &holder(configs), name, 0), expected, "{name}");
}

/// The rows of the widening table, 13.1, for gateways from 1.5 on.
#[test]
fn the_widening_table() {
    check(vec![], "openai/gpt-4o", "ProviderBlocked");
    check(vec![config("openai", &[], &["*"])], "openai/gpt-4o", "ModelBlocked");
    check(vec![config("openai", &["*"], &["*"])], "openai/gpt-4o", "openai/gpt-4o by oa-1");
    check(vec![config("openai", &["gpt-4o"], &["*"])], "gpt-4o", "openai/gpt-4o by oa-1");
    check(vec![config("openai", &["GPT-4O"], &["*"])], "gpt-4o", "ModelBlocked");
    check(vec![config("openai", &["openai/gpt-4o"], &["*"])], "openai/gpt-4o", "ModelBlocked");
    check(vec![config("openai", &["gpt-4o"], &[])], "openai/gpt-4o", "NoKeys");
    check(vec![config("openai", &["gpt-4o"], &["oa-2"])], "openai/gpt-4o", "NoKeys");
    check(vec![config("openai", &["*"], &["*"])], "anthropic/claude", "ProviderBlocked");
    check(vec![config("openai", &["*"], &["*"])], "public-name", "openai/up-model by oa-1");
}

#[test]
fn what_a_config_blocks_and_its_patterns() {
    let but =
        |blacklisted: &[&str]| ProviderConfig { blacklisted: texts(blacklisted), ..config("openai", &["*"], &["*"]) };
    check(vec![but(&["gpt-4o"])], "gpt-4o", "ModelBlocked");
    check(vec![but(&["gpt-4o"])], "model-b", "openai/model-b by oa-2");
    check(vec![but(&["*"])], "model-b", "ModelBlocked");
    check(vec![config("openai", &["regex:model-.*"], &["*"])], "model-b", "openai/model-b by oa-2");
    check(vec![config("openai", &["regex:model-.*"], &["*"])], "gpt-4o", "ModelBlocked");
    // Held against the name behind its provider as well.
    check(vec![config("openai", &["regex:openai/model-.*"], &["*"])], "openai/model-b", "openai/model-b by oa-2");
    // What is no pattern is a name, whatever signs it has.
    check(vec![config("openai", &["model-.*"], &["*"])], "model-b", "ModelBlocked");
    // The last word is the furthest that any provider came.
    check(vec![config("openai", &[], &["*"]), config("anthropic", &["x"], &["none"])], "x", "NoKeys");
    check(vec![config("anthropic", &["x"], &["none"]), config("openai", &[], &["*"])], "x", "NoKeys");
}

#[track_caller]
fn serves(key: ProviderKey, name: &str, expected: &str) {
    let gateway = Gateway { keys: vec![key], providers: ["openai".to_owned()].into(), ..Gateway::default() };
    assert_eq!(told(&gateway, &holder(vec![config("openai", &["*"], &["*"])]), name, 0), expected, "{name}");
}

#[test]
fn what_a_provider_key_serves() {
    let of = |models: &[&str]| key("a", "openai", models);
    let but = |models: &[&str], blacklisted: &[&str]| ProviderKey { blacklisted: texts(blacklisted), ..of(models) };
    serves(of(&["GPT-4o"]), "gpt-4O", "openai/gpt-4O by a");
    serves(of(&["gpt-4o"]), "gpt-4", "NoKeys");
    serves(of(&["*"]), "anything", "openai/anything by a");
    serves(of(&["regex:gpt-.*"]), "gpt-4o", "openai/gpt-4o by a");
    serves(of(&["regex:gpt-.*"]), "o1", "NoKeys");
    serves(of(&["gpt-.*"]), "gpt-4o", "NoKeys");
    serves(of(&[]), "gpt-4o", "NoKeys");
    serves(but(&["*"], &["GPT-4O"]), "gpt-4o", "NoKeys");
    serves(but(&["*"], &["gpt-4o"]), "o1", "openai/o1 by a");
    serves(but(&["o1", "gpt-4o"], &["*"]), "o1", "NoKeys");
    serves(ProviderKey { disabled: true, ..of(&["*"]) }, "o1", "NoKeys");
    let aliases = BTreeMap::from([("Fast".to_owned(), "gpt-4o-mini".to_owned())]);
    serves(ProviderKey { aliases, ..of(&["fast"]) }, "FAST", "openai/gpt-4o-mini by a");
}

#[test]
fn who_is_shut_out_asks_for_nothing() {
    let open = || holder(vec![config("openai", &["*"], &["*"])]);
    let until = |at| VirtualKey { expires: Some(Moment::from_millis(at)), ..open() };
    let inactive = VirtualKey { inactive: true, ..open() };
    assert_eq!(told(&gateway(), &inactive, "gpt-4o", 0), "Blocked");
    assert_eq!(told(&gateway(), &until(5), "gpt-4o", 4), "openai/gpt-4o by oa-1");
    assert_eq!(told(&gateway(), &until(5), "gpt-4o", 5), "Blocked");
    assert_eq!(told(&gateway(), &until(5), "gpt-4o", 6), "Blocked");

    let of = |key: VirtualKey| Gateway { virtual_keys: vec![inactive.clone(), key], ..gateway() };
    assert!(of(open()).asked().serves_somebody("gpt-4o", Moment::default()));
    assert!(!of(open()).asked().serves_somebody("nothing", Moment::default()));
    assert!(!of(until(-1)).asked().serves_somebody("gpt-4o", Moment::default()));
}

#[test]
fn a_known_provider_is_split_off_a_name() {
    let all = |provider: &str| vec![config(provider, &["*"], &["*"])];
    check(all("anthropic"), "anthropic/claude", "anthropic/claude by an-1");
    // Not set up, but every gateway knows it.
    check(all("anthropic"), "azure/claude", "ProviderBlocked");
    check(all("anthropic"), "own/claude", "anthropic/own/claude by an-1");
    let own = Gateway { providers: ["own".to_owned()].into(), keys: vec![key("o", "own", &["*"])], ..gateway() };
    assert_eq!(told(&own, &holder(all("own")), "own/claude", 0), "own/claude by o");
    assert_eq!(told(&own, &holder(all("own")), "other/claude", 0), "own/other/claude by o");
}

fn to(provider: Option<&str>, model: Option<&str>) -> Target {
    Target { provider: provider.map(str::to_owned), model: model.map(str::to_owned) }
}

/// A rule for everybody.
fn rule(model: &str, target: Target) -> Rule {
    Rule {
        scope: Scope::Global,
        priority: 0,
        model: Some(model.to_owned()),
        provider: None,
        begins: None,
        targets: vec![target],
        fallbacks: Vec::new(),
        chain: false,
    }
}

/// A rule of which it is not known when it holds.
fn unread(target: Target) -> Rule {
    Rule { model: None, ..rule("", target) }
}

/// Asked by a key of team `t` and customer `c` that may call anything, where `a` serves all of `openai` and `b` all of
/// `anthropic`.
#[track_caller]
fn led(rules: Vec<Rule>, name: &str, expected: &str) {
    let keys = vec![key("a", "openai", &["*"]), key("b", "anthropic", &["*"])];
    let gateway = Gateway { keys, rules, ..gateway() };
    let configs = ["openai", "anthropic"].map(|provider| config(provider, &["*"], &["*"])).to_vec();
    let key = VirtualKey { team: Some("t".into()), customer: Some("c".into()), ..holder(configs) };
    assert_eq!(told(&gateway, &key, name, 0), expected, "{name}");
}

const OPENAI: Option<&str> = Some("openai");

#[test]
fn a_rule_leads_its_name_and_no_other() {
    let one = || vec![rule("x", to(OPENAI, Some("y")))];
    led(one(), "x", "openai/y by a");
    led(one(), "z", "anthropic/z by b, openai/z by a");
    // The provider that was asked for is kept where a rule names neither, and is open where it names a model alone.
    led(vec![rule("x", to(None, None))], "anthropic/x", "anthropic/x by b");
    led(vec![rule("x", to(None, Some("y")))], "anthropic/x", "anthropic/y by b, openai/y by a");
    led(vec![rule("x", to(OPENAI, None))], "anthropic/x", "openai/x by a");
    // All targets and fallbacks count.
    let several = Rule {
        targets: vec![to(OPENAI, Some("y")), to(OPENAI, Some("z"))],
        fallbacks: vec![to(Some("anthropic"), None)],
        ..rule("x", to(None, None))
    };
    led(vec![several], "x", "anthropic/x by b, openai/y by a, openai/z by a");
}

#[test]
fn a_rule_holds_for_its_provider_and_its_beginnings() {
    let of = |provider: &str| Rule { provider: Some(provider.into()), ..rule("x", to(OPENAI, Some("y"))) };
    led(vec![of("anthropic")], "anthropic/x", "openai/y by a");
    led(vec![of("anthropic")], "openai/x", "openai/x by a");
    led(vec![of("anthropic")], "x", "anthropic/x by b, openai/x by a");
    let begins = Begins { with: "gpt-".into(), but: texts(&["gpt-4"]) };
    let pattern = || vec![Rule { begins: Some(begins.clone()), ..unread(to(OPENAI, Some("y"))) }];
    led(pattern(), "gpt-3", "openai/y by a");
    led(pattern(), "gpt-4", "anthropic/gpt-4 by b, openai/gpt-4 by a");
    led(pattern(), "o1", "anthropic/o1 by b, openai/o1 by a");
}

#[test]
fn the_narrowest_scope_goes_first_and_then_the_lowest_priority() {
    let of = |scope: Scope, priority, model: &str| Rule { scope, priority, ..rule("x", to(OPENAI, Some(model))) };
    let all = || {
        vec![
            of(Scope::Global, 0, "of-all"),
            of(Scope::Customer("c".into()), 0, "of-customer"),
            of(Scope::Team("t".into()), 0, "of-team"),
            of(Scope::VirtualKey("k".into()), 7, "of-key-late"),
            of(Scope::VirtualKey("k".into()), 3, "of-key"),
            of(Scope::VirtualKey("other".into()), 0, "of-other"),
            of(Scope::Team("c".into()), 0, "of-another-team"),
        ]
    };
    let without = |left_out: &[&str]| {
        let is_left_out = |rule: &Rule| left_out.iter().any(|name| rule.targets[0].model.as_deref() == Some(name));
        all().into_iter().filter(|rule| !is_left_out(rule)).collect::<Vec<_>>()
    };
    led(all(), "x", "openai/of-key by a");
    led(without(&["of-key"]), "x", "openai/of-key-late by a");
    led(without(&["of-key", "of-key-late"]), "x", "openai/of-team by a");
    led(without(&["of-key", "of-key-late", "of-team"]), "x", "openai/of-customer by a");
    led(without(&["of-key", "of-key-late", "of-team", "of-customer"]), "x", "openai/of-all by a");
    let nobodys = without(&["of-key", "of-key-late", "of-team", "of-customer", "of-all"]);
    led(nobodys, "x", "anthropic/x by b, openai/x by a");
}

#[test]
fn where_a_rule_may_hold_both_ways_count() {
    let first = |priority, rule: Rule| Rule { priority, ..rule };
    led(vec![unread(to(OPENAI, Some("y")))], "x", "anthropic/x by b, openai/x by a, openai/y by a");
    // The one behind it is read, and ends the matter; what comes after that is never asked.
    let rules = vec![
        first(0, unread(to(OPENAI, Some("y")))),
        first(1, rule("x", to(OPENAI, Some("z")))),
        first(2, unread(to(OPENAI, Some("never")))),
    ];
    led(rules, "x", "openai/y by a, openai/z by a");
}

#[test]
fn chained_rules_are_followed_ten_times() {
    let chained =
        |from: usize| Rule { chain: true, ..rule(&format!("n{from}"), to(OPENAI, Some(&format!("n{}", from + 1)))) };
    let all = || (0..12).map(chained).collect::<Vec<_>>();
    led(all(), "n0", "openai/n10 by a");
    led(all(), "n1", "openai/n11 by a");
    led(all(), "n11", "openai/n12 by a");
    let unchained = Rule { chain: false, ..chained(0) };
    led([unchained].into_iter().chain(all().into_iter().skip(1)).collect(), "n0", "openai/n1 by a");
    // What leads back to itself ends as well.
    let round = |from, back| Rule { chain: true, ..rule(from, to(OPENAI, Some(back))) };
    led(vec![round("p", "q"), round("q", "p")], "p", "openai/p by a");
}

#[test]
fn conditions_that_mean_more_are_not_read() {
    for (text, is_read) in [
        ("model.matches(\"^a.*\")", true),
        ("model.matches(\"^a.b.*\")", false),
        ("model.matches(\"^a\\\\.b.*\")", true),
        ("model.matches(\"^a\\\\d.*\")", false),
        ("model.matches(\"^a.*\") || true", false),
        ("model.matches(\"^a.*\") && !(model in [\"ab\"])", true),
    ] {
        assert_eq!(Begins::read(text).is_some(), is_read, "{text}");
    }
}
