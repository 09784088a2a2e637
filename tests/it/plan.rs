//! Plans of the recorded deployments: every object and every field accounted for, nobody gains access.

use std::collections::BTreeMap;

use bifrost::Observed;
use plan::{Choices, ExpiryChoice, Plan, Verdict};
use serde_json::json;
use support::{company, fleet};

fn planned(version: &str, target: &str) -> Plan {
    let (inventory, vault) = company::recorded(version);
    let choices = Choices { expiring_keys: Some(ExpiryChoice::Inactive), ..Choices::default() };
    plan::plan(&inventory, &vault, &Observed::fresh(target), &choices, company::now())
}

/// The counts of the recordings' README.
#[test]
fn every_recorded_object_is_there() {
    let counts = |version: &str| {
        let (inventory, _) = company::recorded(version);
        inventory.counts().into_iter().collect::<BTreeMap<_, _>>()
    };
    let old = counts("1.101.6");
    for (kind, count) in [
        ("organization", 2),
        ("team", 3),
        ("user", 5),
        ("virtual_key", 7),
        ("credential", 2),
        ("deployment", 15),
        ("end_user", 2),
        ("mcp_server", 1),
        ("access_group", 1),
        ("tag", 1),
        ("guardrail", 1),
        ("pass_through", 1),
        ("team_membership", 4),
        ("model_aliases", 1),
        ("budget", 11),
    ] {
        assert_eq!(old.get(kind), Some(&count), "{kind} in 1.101.6: {old:#?}");
    }
    let new = counts("1.108.7");
    assert_eq!(new.get("organization"), None, "no licence, no organizations");
    for (kind, count) in
        [("team", 3), ("user", 5), ("virtual_key", 7), ("credential", 2), ("deployment", 15), ("end_user", 2)]
    {
        assert_eq!(new.get(kind), Some(&count), "{kind} in 1.108.7: {new:#?}");
    }
}

#[test]
fn every_sealed_value_opens() {
    for version in ["1.101.6", "1.108.7"] {
        let (inventory, _) = company::recorded(version);
        assert!(inventory.opening.failed.is_empty(), "{version}: {:?}", inventory.opening);
        assert!(inventory.opening.sealed >= 18, "{version}: {:?}", inventory.opening);
    }
}

#[test]
fn the_plan_accounts_for_every_object_and_field() {
    for version in ["1.101.6", "1.108.7"] {
        let (inventory, _) = company::recorded(version);
        let plan = planned(version, "2.0.0-prerelease3");
        assert_eq!(plan.objects.len(), inventory.entities.len());
        let fields: usize = inventory.entities.values().map(|entity| entity.object.fields.len()).sum();
        assert_eq!(plan.lines().count(), fields, "{version}: each field once");
        let summary = plan.summary;
        assert_eq!(summary.exact + summary.approximate + summary.manual + summary.unsupported, fields);
        let history = plan.lines().filter(|line| line.is_history());
        let history: Vec<&str> = history.map(|line| line.source.rsplit('.').next().unwrap_or_default()).collect();
        assert!(history.len() > 50, "{version}: {history:?}");
        let of_itself = ["created_at", "created_by", "updated_at", "updated_by", "last_active", "rotation_count"];
        assert!(history.iter().all(|field| of_itself.contains(field)), "{version}: {history:?}");
        assert_eq!(summary.history, history.len());
        assert_eq!(summary.create + summary.change + summary.same + summary.skip, plan.ops.len());
        let unknown: Vec<_> = plan.findings.iter().filter(|f| f.code.as_str() == "plan.unknown_field").collect();
        assert!(unknown.is_empty(), "{version}: fields without a rule: {unknown:#?}");
    }
}

#[test]
fn nobody_gains_access() {
    for version in ["1.101.6", "1.108.7"] {
        for target in bifrost::version::CHOICES {
            let plan = planned(version, target);
            let wider: Vec<_> = plan.access.iter().filter(|verdict| verdict.verdict == Verdict::Wider).collect();
            assert!(wider.is_empty(), "{version} to {target}: {wider:#?}");
            assert!(plan.applyable, "{version} to {target}: {:#?}", plan.findings);
        }
    }
}

#[test]
fn no_secret_in_the_plan() {
    for version in ["1.101.6", "1.108.7"] {
        let plan = planned(version, "2.0.0-prerelease3");
        let options = report::Options { hide_names: false };
        let told = [
            report::plan_json(&plan),
            report::markdown(&plan, None, options),
            report::csv(&plan, None, options),
            report::html(&plan, None, options),
            format!("{plan:?}"),
        ];
        for (text, canary) in told.iter().flat_map(|text| company::CANARIES.iter().map(move |canary| (text, canary))) {
            assert!(!text.contains(canary), "{version}: {canary}");
        }
    }
}

/// Whoever holds a key that was there before must not get what a key of the same name may call.
#[test]
fn a_key_of_a_taken_name_is_left_alone() {
    let (inventory, vault) = company::recorded("1.101.6");
    let mut observed = Observed::fresh("2.0.0-prerelease3");
    observed.virtual_keys.push(serde_json::json!({"id": "v1", "name": "auto-value", "description": "of another team"}));
    let plan = plan::plan(&inventory, &vault, &observed, &Choices::default(), company::now());
    let left: Vec<&str> = plan
        .ops
        .iter()
        .filter(|op| op.action == plan::Action::Skip && op.kind != bifrost::Kind::Provider)
        .map(|op| op.id.as_str())
        .collect();
    assert_eq!(
        left,
        [
            "virtual_key/auto-value",
            "virtual_key/old-and-blocked",
            "model_config/auto-value/gpt-4o",
            "routing_rule/key auto-value group gpt-4o"
        ]
    );
    let object = plan.objects.iter().find(|object| object.id.as_str() == "virtual_key/auto-value").expect("object");
    assert_eq!(object.fate, plan::Fate::Manual);
    assert!(plan.findings.iter().any(|finding| finding.code.as_str() == "plan.taken"));
}

/// Every name of the recorded company, and how its routes compare.
#[test]
fn names_go_where_they_went() {
    for version in ["1.101.6", "1.108.7"] {
        let plan = planned(version, "2.0.0-prerelease3");
        let told: Vec<String> = plan
            .routes
            .differing
            .iter()
            .map(|row| format!("{} {:?} {} keys: {}", row.name, row.verdict, row.keys, row.note))
            .collect();
        let told = format!("{} of {} equal\n{}", plan.routes.equal, plan.routes.asked, told.join("\n"));
        insta::assert_snapshot!(format!("routes-{version}"), told);
    }
}

/// Whether a plan is of the same LiteLLM does not hang on the gateway it is for.
#[test]
fn plans_of_the_same_sources_are_known() {
    let plan = planned("1.101.6", "2.0.0-prerelease3");
    let elsewhere = planned("1.101.6", "1.5.2");
    assert_ne!(plan.made.sources, elsewhere.made.sources, "the gateways differ");
    assert!(plan.has_sources_of(&elsewhere) && elsewhere.has_sources_of(&plan));
    assert!(!plan.has_sources_of(&planned("1.108.7", "2.0.0-prerelease3")));
    let mut without = plan.clone();
    without.made.sources.retain(|source| source.kind == plan::SourceKind::Target);
    assert!(!plan.has_sources_of(&without) && !without.has_sources_of(&plan));
}

/// A plan counts its objects by kind.
#[test]
fn objects_are_counted_by_kind() {
    let (inventory, _) = company::recorded("1.101.6");
    let plan = planned("1.101.6", "2.0.0-prerelease3");
    let counts: BTreeMap<String, usize> =
        plan.objects_by_kind().into_iter().map(|(kind, count)| (kind.to_owned(), count)).collect();
    assert_eq!(counts, inventory.counts().into_iter().map(|(kind, count)| (kind.to_owned(), count)).collect());
}

/// A person who was switched off opens nothing, and the reason says so.
#[test]
fn keys_of_people_who_were_switched_off_are_shut() {
    let config = "model_list: [{model_name: a, litellm_params: {model: openai/gpt-4o, api_key: os.environ/K}}]\n";
    let reason = |metadata: serde_json::Value| {
        let rows = [
            ("UserTable", json!({"user_id": "u", "user_email": "u@example.com", "models": [], "metadata": metadata})),
            ("VerificationToken", json!({"token": "k", "key_alias": "k", "user_id": "u", "models": ["a"]})),
        ];
        let (inventory, vault) = fleet::made_up(config, &rows);
        let observed = Observed::fresh("2.0.0-prerelease3");
        let plan = plan::plan(&inventory, &vault, &observed, &Choices::default(), company::now());
        let op = plan.op(&model::OpId::new("virtual_key/k")).expect("the key").clone();
        (op.reason, op.after.expect("a body")["is_active"].clone())
    };
    let off = ("created inactive: its user is switched off in LiteLLM".to_owned(), json!(false));
    assert_eq!(reason(json!({"scim_active": false})), off);
    assert_eq!(reason(json!({"scim_active": true})), ("may call 1 model".to_owned(), json!(true)));
}

/// The gateway as planned has the keys of the plan, and asks for one of them.
#[test]
fn the_gateway_as_planned_holds_the_keys_of_the_plan() {
    let plan = planned("1.101.6", "2.0.0-prerelease3");
    let gateway = plan::as_planned(&plan, &Observed::fresh("2.0.0-prerelease3"));
    let keys = plan.ops.iter().filter(|op| op.kind == bifrost::Kind::VirtualKey && op.after.is_some());
    let keys: std::collections::BTreeSet<&str> = keys.map(|op| op.name.as_str()).collect();
    assert_eq!(
        gateway.virtual_keys.iter().map(|key| key.name.as_str()).collect::<std::collections::BTreeSet<_>>(),
        keys
    );
    assert!(keys.len() > 4 && gateway.enforced);
    let key = gateway.virtual_keys.iter().find(|key| key.name == "platform-prod").expect("a key");
    assert!(gateway.asked().call(key, "gpt-4o", company::now()).is_ok());
    assert!(gateway.asked().call(key, "nobody-s", company::now()).is_err());
}
