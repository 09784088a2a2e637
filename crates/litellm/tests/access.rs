//! Who may call what, from the objects of an installation to the answer: each column that decides decides something here.

use std::collections::BTreeMap;

use litellm::access::{AliasRule, Asking, Key, World};
use litellm::{Input, Kind, Object, Reading, read};
use model::{Moment, Rows};
use serde_json::{Value, json};

const CONFIG: &str = "
model_list:
  - {model_name: a, litellm_params: {model: openai/gpt-4o}, model_info: {id: d-a}}
  - {model_name: b, litellm_params: {model: azure/b-one}, model_info: {id: d-b1, access_groups: [label]}}
  - {model_name: b, litellm_params: {model: azure/b-two}, model_info: {id: d-b2}}
  - {model_name: c, litellm_params: {model: openai/c}, model_info: {id: d-c, blocked: true}}
  - {model_name: inner-x, litellm_params: {model: openai/x}, model_info: {id: d-x, team_id: t, team_public_model_name: x}}
  - {model_name: inner-y, litellm_params: {model: openai/y}, model_info: {id: d-y, team_id: open, team_public_model_name: y}}
  - {model_name: bare, litellm_params: {model: openai/bare}}
  - {model_name: 'claude*', litellm_params: {model: 'anthropic/claude*'}, model_info: {id: d-w}}
  - {model_name: 'claude-3*', litellm_params: {model: 'bedrock/claude-3*'}, model_info: {id: d-w3}}
router_settings:
  model_group_alias: {alias-a: a, hid: {model: a, hidden: true}, loud: {model: b, hidden: false}, nowhere: gone}
";

/// The rows beside the file.
fn tables() -> Value {
    json!({
        "LiteLLM_ModelTable": [{"id": 7, "aliases": {"fast": "a", "odd": 3}}],
        "LiteLLM_TeamTable": [
            {"team_id": "t", "models": ["b"], "model_id": 7, "access_group_ids": ["g-of-team"]},
            {"team_id": "open", "models": []},
            {"team_id": "all", "models": ["all-team-models"]},
            {"team_id": "label", "models": ["label"]},
            {"team_id": "shut", "models": [], "blocked": true},
        ],
        "LiteLLM_UserTable": [
            {"user_id": "u", "models": ["a"]},
            {"user_id": "off", "models": [], "metadata": {"scim_active": false}},
            {"user_id": "on", "models": [], "metadata": {"scim_active": true}},
            {"user_id": "none", "models": ["no-default-models", "a"]},
        ],
        "LiteLLM_AccessGroupTable": [
            {"access_group_id": "g", "access_model_names": ["a"]},
            {"access_group_id": "g-empty", "access_model_names": []},
            {"access_group_id": "g-of-team", "access_model_names": ["bare"]},
            {"access_group_id": "g-for-team", "access_model_names": ["a"], "assigned_team_ids": ["t"]},
            {"access_group_id": "g-for-key", "access_model_names": ["a"], "assigned_key_ids": ["hash-of-k"]},
        ],
        "LiteLLM_ProjectTable": [
            {"project_id": "p", "models": ["a"]},
            {"project_id": "p-all", "models": []},
            {"project_id": "p-shut", "models": [], "blocked": true},
        ],
        "LiteLLM_BudgetTable": [
            {"budget_id": "m", "allowed_models": ["b"]},
            {"budget_id": "m-none", "allowed_models": []},
            {"budget_id": "m-all", "allowed_models": ["all-team-models"]},
        ],
        "LiteLLM_TeamMembership": [
            {"user_id": "u", "team_id": "open", "budget_id": "m"},
            {"user_id": "on", "team_id": "open", "budget_id": "m-none"},
            {"user_id": "all", "team_id": "open", "budget_id": "m-all"},
        ],
    })
}

fn reading(key: &Value) -> Reading {
    let mut tables = tables();
    let mut row = json!({"token": "hash-of-k", "key_alias": "k"});
    row.as_object_mut().expect("a row").extend(key.as_object().expect("columns").clone());
    tables["LiteLLM_VerificationToken"] = json!([row]);
    let rows =
        |rows: &Value| rows.as_array().expect("rows").iter().filter_map(Value::as_object).cloned().collect::<Rows>();
    let tables: BTreeMap<String, Rows> =
        tables.as_object().expect("tables").iter().map(|(name, all)| (name.clone(), rows(all))).collect();
    read(&[
        Input::File { name: "config.yaml", bytes: CONFIG.as_bytes() },
        Input::Rows { tables: &tables, findings: &[] },
    ])
}

fn with<T>(key: &Value, version: &str, ask: impl Fn(&Asking<'_>) -> T) -> T {
    let reading = reading(key);
    let objects: Vec<&Object> = reading.objects.iter().collect();
    let world = World::read(objects.iter().copied()).with_members(&objects.iter().copied()).of_version(Some(version));
    let key =
        objects.iter().find(|object| object.kind == Kind::VirtualKey).map(|object| Key::read(object)).expect("a key");
    ask(&world.asking(&key))
}

fn told(asking: &Asking<'_>, name: &str) -> String {
    match asking.call(name, Moment::from_millis(1_000)) {
        Ok(reach) => reach.iter().map(|reach| &*reach.upstream).collect::<Vec<_>>().join(" "),
        Err(refusal) => format!("{refusal:?}"),
    }
}

/// What a key of these columns is answered: each name, and the models it reaches or why it does not.
#[track_caller]
fn check(key: &Value, asked: &[(&str, &str)]) {
    check_as("1.101.6", key, asked);
}

#[track_caller]
fn check_as(version: &str, key: &Value, asked: &[(&str, &str)]) {
    let names: Vec<&str> = asked.iter().map(|(name, _)| *name).collect();
    let found = with(key, version, |asking| names.iter().map(|name| told(asking, name)).collect::<Vec<_>>());
    let found: Vec<(&str, &str)> = names.into_iter().zip(found.iter().map(String::as_str)).collect();
    assert_eq!(found, asked, "{key}");
}

const A: &str = "openai/gpt-4o";
const B: &str = "azure/b-one azure/b-two";

#[test]
fn names_lead_to_their_deployments() {
    check(
        &json!({}),
        &[
            ("a", A),
            ("b", B),
            ("d-a", A),
            ("d-x", "openai/x"),
            ("azure/b-two", "azure/b-two"),
            ("alias-a", A),
            ("hid", A),
            ("loud", B),
            ("nowhere", "NoDeployment"),
            ("c", "DeploymentBlocked"),
            ("x", "NoDeployment"),
            ("inner-x", "NoDeployment"),
            ("bare", "openai/bare"),
            ("claude-2", "anthropic/claude-2"),
            ("claude-3-opus", "bedrock/claude-3-opus"),
            ("anthropic/claude", "NoDeployment"),
            ("fast", "NoDeployment"),
        ],
    );
}

#[test]
fn a_team_brings_its_list_its_aliases_and_its_own_deployments() {
    check(
        &json!({"team_id": "t"}),
        &[("a", "TeamList"), ("b", B), ("fast", A), ("odd", "TeamList"), ("bare", "openai/bare"), ("x", "TeamList")],
    );
    check(&json!({"team_id": "open"}), &[("a", A), ("fast", "NoDeployment"), ("x", "NoDeployment")]);
    check(&json!({"team_id": "open"}), &[("y", "openai/y"), ("openai/y", "openai/y"), ("openai/x", "NoDeployment")]);
    check(&json!({}), &[("y", "NoDeployment"), ("openai/y", "NoDeployment")]);
    check(&json!({"team_id": "shut"}), &[("a", "TeamBlocked")]);
    check(&json!({"team_id": "unknown"}), &[("a", "TeamGone")]);
    check(&json!({"team_id": "t", "models": ["all-team-models"]}), &[("a", "TeamList"), ("b", B)]);
    // Every name of the proxy: those of deployments that are nobody's own, and the router's aliases of those.
    check(
        &json!({"team_id": "all"}),
        &[
            ("a", A),
            ("alias-a", A),
            ("hid", A),
            ("loud", B),
            ("nowhere", "TeamList"),
            ("x", "TeamList"),
            ("claude-2", "anthropic/claude-2"),
            ("d-a", "TeamList"),
        ],
    );
    // Only by its label: then only those that carry it.
    check(&json!({"team_id": "label"}), &[("b", "azure/b-one"), ("loud", "azure/b-one"), ("a", "TeamList")]);
    check(&json!({"models": ["label"]}), &[("b", "azure/b-one"), ("a", "KeyList")]);
    check(&json!({"models": ["label", "b"]}), &[("b", B)]);
    check(&json!({"models": ["label", "*"]}), &[("b", B), ("a", A)]);
    check(&json!({"models": ["label", "all-proxy-models"]}), &[("b", B)]);
}

#[test]
fn a_user_counts_for_keys_without_a_team() {
    check(&json!({"user_id": "u"}), &[("a", A), ("b", "UserList")]);
    check(&json!({"user_id": "none"}), &[("a", "UserList")]);
    check(&json!({"user_id": "u", "team_id": "t"}), &[("b", B)]);
    check(&json!({"user_id": "off"}), &[("a", "UserInactive")]);
    check(&json!({"user_id": "off", "team_id": "open"}), &[("a", "UserInactive")]);
    check(&json!({"user_id": "on"}), &[("a", A)]);
    check(&json!({"user_id": "unknown"}), &[("a", A)]);
}

#[test]
fn a_member_is_held_to_the_list_of_the_membership() {
    check(&json!({"user_id": "u", "team_id": "open"}), &[("a", "MemberList"), ("b", B)]);
    check(&json!({"user_id": "on", "team_id": "open"}), &[("a", A), ("b", B)]);
    check(&json!({"user_id": "none", "team_id": "open"}), &[("a", A), ("b", B)]);
    check(&json!({"user_id": "all", "team_id": "open"}), &[("a", A), ("x", "MemberList"), ("unknown", "MemberList")]);
    check(&json!({"team_id": "open"}), &[("a", A), ("b", B)]);
}

#[test]
fn groups_grant_beside_the_lists() {
    check(&json!({"models": ["b"], "access_group_ids": ["g"]}), &[("a", A), ("b", B), ("bare", "KeyList")]);
    check(&json!({"models": ["b"], "access_group_ids": ["g-empty"]}), &[("a", "KeyList"), ("b", B)]);
    check(&json!({"models": ["b"], "access_group_ids": ["unknown"]}), &[("a", "KeyList")]);
    // What a key may use beside its team's list was assigned to that team or to the key.
    check(&json!({"team_id": "t", "access_group_ids": ["g"]}), &[("a", "TeamList")]);
    check(&json!({"team_id": "t", "access_group_ids": ["g-for-team"]}), &[("a", A)]);
    check(&json!({"team_id": "t", "access_group_ids": ["g-for-key"]}), &[("a", A)]);
    check(&json!({"team_id": "label", "access_group_ids": ["g-for-team"]}), &[("a", "TeamList")]);
    check(
        &json!({"token": "another", "team_id": "t", "access_group_ids": ["g-for-key"]}),
        &[("a", "TeamList"), ("b", B)],
    );
}

#[test]
fn a_project_is_asked_last() {
    check(&json!({"project_id": "p"}), &[("a", A), ("b", "ProjectList")]);
    check(&json!({"project_id": "p-all"}), &[("a", A), ("b", B)]);
    check(&json!({"project_id": "p-shut"}), &[("a", "ProjectBlocked")]);
    check(&json!({"project_id": "p-shut", "models": ["b"]}), &[("a", "KeyList"), ("b", "ProjectBlocked")]);
    check(&json!({"project_id": "unknown"}), &[("b", B)]);
}

#[test]
fn a_key_is_shut_by_its_own_columns() {
    check(&json!({"blocked": true, "expires": "1970-01-01T00:00:00Z"}), &[("a", "KeyBlocked")]);
    check(&json!({"expires": "1970-01-01T00:00:01Z"}), &[("a", "KeyExpired")]);
    check(&json!({"expires": "1970-01-01T00:00:02Z"}), &[("a", A)]);
    for (routes, is_open) in [
        (json!([]), true),
        (json!(["openai_routes"]), true),
        (json!(["/v1/chat/completions"]), true),
        (json!(["/chat"]), true),
        (json!(["/v1/chat/*"]), true),
        (json!(["/v1*"]), true),
        (json!(["/v1/embeddings", "/chat/completions"]), true),
        (json!(["/v1/embeddings"]), false),
        (json!(["/v1/chat/comp"]), false),
        (json!(["/v1/chat/completions/more"]), false),
        (json!(["management_routes"]), false),
    ] {
        let expected = if is_open { A } else { "NoModelRoutes" };
        check(&json!({"allowed_routes": routes}), &[("a", expected)]);
    }
}

#[test]
fn patterns_are_held_against_the_inferred_name_as_well() {
    check(&json!({"models": ["claude*"]}), &[("claude-2", "anthropic/claude-2"), ("a", "KeyList")]);
    check(
        &json!({"models": ["openai/*"]}),
        &[("openai/bare", "openai/bare"), ("gpt-4o-mini", "NoDeployment"), ("claude-2", "KeyList"), ("own", "KeyList")],
    );
    check(&json!({"models": ["openai/gpt*"]}), &[("gpt-4o-mini", "NoDeployment"), ("openai/bare", "KeyList")]);
    check(&json!({"models": ["azure/*"]}), &[("gpt-4o-mini", "KeyList"), ("azure/b-one", "azure/b-one")]);
    // What reads as a provider and is none is no provider.
    check(&json!({"models": ["own/*"]}), &[("own/x", "NoDeployment"), ("openai/own/x", "KeyList")]);
}

#[test]
fn aliases_of_a_key_count_by_release() {
    let key = json!({"models": ["b"], "aliases": {"mine": "b", "other": "a", "twice": "mine", "bad": 1}});
    check_as("1.101.6", &key, &[("b", B), ("mine", "KeyList"), ("other", "KeyList"), ("twice", "KeyList")]);
    check_as("1.108.7", &key, &[("b", B), ("mine", B), ("other", "KeyList"), ("bad", "KeyList")]);
    check_as("1.105.0", &key, &[("b", B), ("mine", "KeyList"), ("other", "KeyList")]);
    let key = json!({"user_id": "u", "aliases": {"mine": "b", "good": "a"}});
    check_as("1.108.7", &key, &[("good", A), ("mine", "UserList")]);
    check_as("1.101.6", &key, &[("good", "UserList"), ("mine", "UserList")]);
    // Where the key's alias leads to a hidden one of the router, that is no name of the proxy.
    let key = json!({"team_id": "all", "aliases": {"k": "hid", "l": "loud", "m": "claude-2", "n": "nowhere"}});
    check_as("1.108.7", &key, &[("k", "TeamList"), ("l", B), ("m", "anthropic/claude-2"), ("n", "TeamList")]);
    let key = json!({"models": ["other", "b"], "aliases": {"other": "a"}});
    check_as("1.101.6", &key, &[("other", A)]);
    check_as("1.108.7", &key, &[("other", "KeyList")]);
    check_as("1.105.0", &key, &[("other", "KeyList"), ("b", B)]);
    for (version, rule) in [
        (Some("1.60.0"), AliasRule::AsSent),
        (Some("1.101.9"), AliasRule::AsSent),
        (Some("1.102.0"), AliasRule::Unknown),
        (Some("1.107.3"), AliasRule::Unknown),
        (Some("1.108.0"), AliasRule::Resolved),
        (Some("2.0.0"), AliasRule::Resolved),
        (Some("unreadable"), AliasRule::Unknown),
        (None, AliasRule::Unknown),
    ] {
        assert_eq!(AliasRule::of(version), rule, "{version:?}");
    }
}

/// The names that a key's lists could allow; `all` where no list names them one by one.
#[track_caller]
fn listed(key: &Value, expected: &str) {
    let found = with(key, "1.101.6", |asking| asking.listed().map_or("all".to_owned(), |names| names.join(" ")));
    assert_eq!(found, expected, "{key}");
}

#[test]
fn what_no_list_names_need_not_be_asked() {
    const ROUTER: &str = "alias-a hid loud nowhere";
    let and = |names: &str, more: &str| {
        let mut all: Vec<&str> = names.split(' ').chain(ROUTER.split(' ')).chain(more.split(' ')).collect();
        all.retain(|name| !name.is_empty());
        all.sort_unstable();
        all.join(" ")
    };
    listed(&json!({}), "all");
    listed(&json!({"models": ["a"]}), &and("a", ""));
    listed(&json!({"models": ["a", "openai/*"]}), "all");
    listed(&json!({"models": ["a", "all-proxy-models"]}), "all");
    listed(&json!({"models": ["all-team-models"], "team_id": "t"}), &and("b bare", "fast"));
    listed(&json!({"models": ["label"]}), &and("label b", ""));
    listed(&json!({"models": ["b"], "access_group_ids": ["g"]}), &and("a b", ""));
    listed(&json!({"models": ["b"], "aliases": {"mine": "b"}}), &and("b", "mine"));
    listed(&json!({"team_id": "t"}), &and("b bare", "fast"));
    listed(&json!({"team_id": "t", "access_group_ids": ["g"]}), &and("a b bare", "fast"));
    listed(&json!({"team_id": "open"}), "all");
    listed(&json!({"user_id": "u"}), &and("a", ""));
    listed(&json!({"user_id": "u", "team_id": "open"}), "all");
}

#[test]
fn keys_of_equal_layers_may_call_the_same() {
    let same = |one: Value, other: Value| {
        with(&one, "1.101.6", |one| {
            let shown = format!("{:?}", one.layers());
            with(&other, "1.101.6", |other| shown == format!("{:?}", other.layers()))
        })
    };
    assert!(same(json!({}), json!({"token": "another", "key_alias": "l"})));
    assert!(same(json!({}), json!({"user_id": "unknown"})));
    assert!(same(json!({"team_id": "t", "user_id": "on"}), json!({"team_id": "t", "user_id": "on", "key_alias": "l"})));
    assert!(!same(json!({}), json!({"models": ["a"]})));
    assert!(!same(json!({}), json!({"blocked": true})));
    assert!(!same(json!({}), json!({"team_id": "open"})));
    assert!(!same(json!({}), json!({"team_id": "unknown"})));
    assert!(!same(json!({}), json!({"project_id": "p"})));
    assert!(!same(json!({"team_id": "open"}), json!({"team_id": "open", "user_id": "u"})));
    assert!(!same(json!({"access_group_ids": ["g"]}), json!({"access_group_ids": ["g"], "token": "another"})));
}

#[test]
fn what_answers_to_a_name_does_not_hang_on_lists() {
    let answering = |name: &str| {
        with(&json!({"models": ["b"], "blocked": true}), "1.101.6", |asking| {
            asking.resolve(name).into_iter().map(|reach| reach.upstream.to_string()).collect::<Vec<_>>()
        })
    };
    assert_eq!(answering("a"), ["openai/gpt-4o"]);
    assert!(answering("c").is_empty() && answering("nothing").is_empty());
}

#[test]
fn what_else_a_world_is_asked() {
    let reading = reading(&json!({}));
    let world = World::read(reading.objects.iter());
    let holding = |is: &dyn Fn(&str) -> bool| -> String {
        let names = ["a", "alias-a", "fast", "openai/gpt-4o", "label", "gone", "d-a"];
        names.into_iter().filter(|name| is(name)).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(holding(&|name| world.is_public(name)), "a alias-a fast");
    assert_eq!(holding(&|name| world.is_upstream(name)), "openai/gpt-4o");
    assert_eq!(holding(&|name| world.is_label(name)), "label");
    let entries: Vec<&str> = world.listed_entries().into_iter().collect();
    assert_eq!(entries, ["a", "all-team-models", "b", "bare", "label", "no-default-models"]);
    let known: Vec<&str> = world.known_names().into_iter().collect();
    assert_eq!(
        known.join(" "),
        "a alias-a all-team-models anthropic/claude* azure/b-one azure/b-two b bare bedrock/claude-3* c claude* claude-3* \
         fast gone hid label loud no-default-models nowhere openai/bare openai/c openai/gpt-4o openai/x openai/y x y"
    );
}
