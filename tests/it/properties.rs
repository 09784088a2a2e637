//! What holds of every plan, tried on made-up installations: small ones, in which names, labels, aliases, teams, wildcards
//! and fallbacks meet in every combination. The ordinary run tries 2,000 of them; `GANGWAY_INSTALLATIONS=100000 cargo test
//! -p support --test it properties --release` is for the night.

use std::collections::BTreeMap;

use bifrost::Observed;
use plan::{Action, Choices, Plan, RouteVerdict, Verdict};
use sandbox::{Gateway, Release};
use serde_json::{Value, json};
use support::{company, gateway};

const TARGET: &str = "2.0.0-prerelease3";

/// The same seed, the same throws.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % end.max(1)
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn of<'v>(&mut self, all: &[&'v str]) -> &'v str {
        all[self.below(all.len())]
    }

    fn some(&mut self, all: &[&str]) -> Vec<String> {
        let mut picked: Vec<String> = (0..self.below(4)).map(|_| self.of(all).to_owned()).collect();
        picked.sort();
        picked.dedup();
        picked
    }
}

const NAMES: &[&str] = &["fast", "smart", "gpt-4o", "openai/gpt-4o", "groq/llama", "corp/best"];
const UPSTREAMS: &[&str] = &[
    "openai/gpt-4o",
    "openai/gpt-4o-mini",
    "anthropic/claude-opus-4-1",
    "mistral/mistral-large-latest",
    "groq/llama-3.3-70b-versatile",
];
const LISTED: &[&str] = &[
    "fast",
    "smart",
    "gpt-4o",
    "openai/gpt-4o",
    "groq/llama",
    "corp/best",
    "openai/*",
    "label",
    "alias",
    "*",
    "no-default-models",
    "openai/gpt-5",
];

/// A configuration and rows.
fn installation(seed: u64) -> (String, BTreeMap<String, Vec<Value>>) {
    let mut dice = Dice(seed.wrapping_mul(2_654_435_761).wrapping_add(97));
    for _ in 0..4 {
        dice.below(2);
    }
    let mut models = Vec::new();
    for n in 0..=dice.below(6) {
        let mut params = json!({"model": dice.of(UPSTREAMS), "api_key": format!("os.environ/KEY_{}", dice.below(3))});
        for field in ["weight", "rpm", "order"] {
            if dice.one_in(4) {
                params[field] = json!(1 + dice.below(3));
            }
        }
        let mut info = json!({"id": format!("d{n}")});
        if dice.one_in(4) {
            info["access_groups"] = json!(["label"]);
        }
        let mut name = dice.of(NAMES).to_owned();
        if dice.one_in(4) {
            info["team_id"] = json!(dice.of(&["red", "blue"]));
            info["team_public_model_name"] = json!(name);
            name = format!("internal-{n}");
        }
        models.push(json!({"model_name": name, "litellm_params": params, "model_info": info}));
    }
    for wildcard in ["openai/*", "anthropic/*"] {
        if dice.one_in(4) {
            let params = json!({"model": wildcard, "api_key": "os.environ/KEY_0"});
            models.push(json!({"model_name": wildcard, "litellm_params": params}));
        }
    }
    let mut router = json!({});
    if dice.one_in(3) {
        router["model_group_alias"] = json!({"alias": dice.of(NAMES)});
    }
    if dice.one_in(3) {
        router["fallbacks"] = json!([{dice.of(NAMES): [dice.of(NAMES)]}]);
    }
    if dice.one_in(5) {
        router["default_fallbacks"] = json!([dice.of(NAMES)]);
    }
    let team = |dice: &mut Dice, id: &str| json!({"team_id": id, "team_alias": id, "models": dice.some(LISTED), "blocked": dice.one_in(12)});
    let teams = vec![team(&mut dice, "red"), team(&mut dice, "blue")];
    let users = vec![json!({"user_id": "u", "models": dice.some(LISTED)})];
    let keys = (0..=dice.below(4)).map(|n| key(&mut dice, n)).collect();
    let rows = [("TeamTable", teams), ("UserTable", users), ("VerificationToken", keys)];
    let rows = rows.into_iter().map(|(table, rows)| (format!("LiteLLM_{table}"), rows)).collect();
    (json!({"model_list": models, "router_settings": router}).to_string(), rows)
}

fn key(dice: &mut Dice, n: usize) -> Value {
    let mut key = json!({"token": format!("token-{n}"), "key_alias": format!("key-{n}"), "models": dice.some(LISTED)});
    if dice.one_in(2) {
        key["team_id"] = json!(dice.of(&["red", "blue"]));
    }
    if dice.one_in(3) {
        key["user_id"] = json!("u");
    }
    if dice.one_in(5) {
        key["aliases"] = json!({"mine": dice.of(NAMES)});
    }
    if dice.one_in(10) {
        key["blocked"] = json!(true);
    }
    key
}

/// How many installations are tried.
#[expect(clippy::disallowed_methods, reason = "the night tries more than the ordinary run")]
fn count() -> u64 {
    std::env::var("GANGWAY_INSTALLATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(2_000)
}

#[track_caller]
fn holds(plan: &Plan, about: &str) {
    let wider: Vec<_> = plan.access.iter().filter(|verdict| verdict.verdict == Verdict::Wider).collect();
    assert!(wider.is_empty(), "{about}: {wider:#?}");
    for row in &plan.routes.differing {
        let told = plan.findings.iter().any(|finding| finding.subject == format!("model {}", row.name));
        assert!(told, "{about}: nothing is said of {row:?}");
    }
    let fields = plan.ops.iter().map(|op| op.fields.len()).sum::<usize>()
        + plan.objects.iter().map(|object| object.fields.len()).sum::<usize>();
    let summary = plan.summary;
    assert_eq!(summary.exact + summary.approximate + summary.manual + summary.unsupported, fields, "{about}");
    assert_eq!(summary.create + summary.change + summary.same + summary.skip, plan.ops.len(), "{about}");
}

#[test]
fn what_holds_of_every_plan() {
    let environment = ["KEY_0", "KEY_1", "KEY_2"].map(|name| format!("{name}=value-of-{name}-0123456789"));
    let mut stray = 0;
    for seed in 0..count() {
        let (config, rows) = installation(seed);
        let about = format!("installation {seed}");
        let read = || support::fleet::beside(&config, rows.clone());
        let (inventory, vault) = read();
        let planned =
            |observed: &Observed| plan::plan(&inventory, &vault, observed, &Choices::default(), company::now());
        let plan = planned(&Observed::fresh(TARGET));
        holds(&plan, &about);
        stray += u64::from(plan.routes.differing.iter().any(|row| row.verdict == RouteVerdict::Elsewhere));
        if !seed.is_multiple_of(20) {
            continue;
        }
        let again = plan::plan(&inventory, &read().1, &Observed::fresh(TARGET), &Choices::default(), company::now());
        assert_eq!(report::plan_json(&plan), report::plan_json(&again), "{about}");
        let release = Release::V2_0_0_PRERELEASE3;
        let mut practice = Gateway::new(release, 7).with_environment(environment.clone());
        let plan = planned(&gateway::observe(&mut practice, company::now()));
        gateway::apply(&plan, &vault, &mut practice, company::now());
        let after = planned(&gateway::observe(&mut practice, company::now()));
        let left: Vec<&str> = after
            .ops
            .iter()
            .filter(|op| matches!(op.action, Action::Create | Action::Change))
            .map(|op| op.id.as_str())
            .collect();
        assert!(left.is_empty(), "{about}: {left:?} {:?}", after.ops.iter().map(|op| &op.reason).collect::<Vec<_>>());
    }
    // Names that meet as they do nowhere, a team's `gpt-4o` beside everybody's `openai/gpt-4o` of another provider:
    // another upstream is then said, and has to stay rare.
    assert!(stray * 20 < count(), "another upstream in {stray} of {} installations", count());
}
