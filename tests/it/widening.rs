//! The access check refuses what widens: every way a body can grant too much, tried on the plan of the recorded
//! company, and the layers of LiteLLM taken away one by one.

use bifrost::Observed;
use litellm::{Field, Held, Kind};
use model::{OpId, SourceId};
use plan::{Choices, Verdict};
use serde_json::{Value, json};
use support::{company, fleet};

/// A layer that is not looked at: the plan of an inventory without it, checked against the whole inventory, grants
/// more. This is what a mapper that ignores a layer would write.
#[track_caller]
fn check_layer(kind: Kind, id: &str, field: &str, gaining: &[&str]) {
    let (whole, vault) = company::recorded("1.101.6");
    let mut blind = whole.clone();
    let entity = blind.entities.get_mut(&SourceId::new(format!("{}/{id}", kind.word()))).expect("entity");
    let open = Field { held: Held::Plain(json!([])), origin: entity.object.origin.clone() };
    entity.object.fields.insert(field.to_owned(), open);
    let observed = Observed::fresh("2.0.0-prerelease3");
    let granted = plan::plan(&blind, &vault, &observed, &Choices::default(), company::now());
    let verdicts = plan::recheck(&whole, &vault, &observed, &Choices::default(), company::now(), &granted.ops);
    let wider: Vec<&str> = verdicts
        .iter()
        .filter(|verdict| verdict.verdict == Verdict::Wider)
        .map(|verdict| verdict.virtual_key.as_str())
        .collect();
    assert_eq!(wider, gaining, "without {field} of {id}");
}

#[test]
fn a_layer_that_is_ignored_shows() {
    check_layer(Kind::VirtualKey, "platform-prod", "models", &["platform-prod"]);
    check_layer(Kind::VirtualKey, "ds-notebook", "models", &[]);
    check_layer(Kind::User, "u-dev", "models", &["dan-laptop"]);
    check_layer(Kind::Team, "team-platform", "models", &["ci-service"]);
    check_layer(Kind::VirtualKey, "auto-value", "models", &["auto-value"]);
}

/// Changes the body of one op and says which keys the check finds wider.
#[track_caller]
fn check_body(op: &str, change: impl FnOnce(&mut Value), gaining: &[&str]) {
    let (inventory, vault) = company::recorded("1.101.6");
    let observed = Observed::fresh("2.0.0-prerelease3");
    let mut plan = plan::plan(&inventory, &vault, &observed, &Choices::default(), company::now());
    let op = plan.ops.iter_mut().find(|found| found.id == OpId::new(op)).unwrap_or_else(|| panic!("no {op}"));
    change(op.after.as_mut().expect("a body"));
    let verdicts = plan::recheck(&inventory, &vault, &observed, &Choices::default(), company::now(), &plan.ops);
    let wider: Vec<&str> = verdicts
        .iter()
        .filter(|verdict| verdict.verdict == Verdict::Wider)
        .map(|verdict| verdict.virtual_key.as_str())
        .collect();
    assert_eq!(wider, gaining);
}

#[test]
fn a_body_that_grants_too_much_shows() {
    let key = "virtual_key/platform-prod";
    check_body(key, |body| body["provider_configs"][1]["allowed_models"] = json!(["*"]), &["platform-prod"]);
    check_body(
        key,
        |body| body["provider_configs"][1]["allowed_models"] = json!(["gpt-4o", "text-embedding-3-small"]),
        &["platform-prod"],
    );
    check_body(
        key,
        |body| {
            let extra =
                json!({"provider": "anthropic", "weight": 1, "allowed_models": ["claude-sonnet"], "key_ids": ["*"]});
            body["provider_configs"].as_array_mut().expect("configs").push(extra);
        },
        &["platform-prod"],
    );
    check_body("virtual_key/dan-laptop", |body| body["expires_at"] = json!("2030-01-01T00:00:00Z"), &["dan-laptop"]);
    check_body(
        "virtual_key/dan-laptop",
        |body| drop(body.as_object_mut().expect("body").remove("expires_at")),
        &["dan-laptop"],
    );
    check_body(
        "routing_rule/group gpt-4o",
        |body| body["targets"] = json!([{"provider": "openai", "model": "text-embedding-3-small", "weight": 1}]),
        &[],
    );
    check_body("client_config/client_config", |body| body["client_config"] = json!({}), &["(no key)"]);
    check_body(
        "provider_key/azure-api-key-my-endpoint-us",
        |body| body["aliases"]["gpt-4o"] = json!("another-deployment"),
        // Not auto-value: it may call gpt-4o for a label that this deployment does not carry.
        &["ci-service", "dan-laptop", "platform-prod", "robot"],
    );
}

/// Keys whose layers leave nothing get nothing, and no key of a fleet gains.
#[test]
fn no_key_of_a_fleet_gains_and_an_empty_intersection_is_nobody() {
    for seed in 1..4 {
        let tables = fleet::rows(fleet::Size { keys: 300, deployments: 60, teams: 30 }, seed);
        let reading = litellm::read(&[litellm::Input::Rows { tables: &tables, findings: &[] }]);
        let candidate = inventory::Candidate {
            name: "salt key".to_owned(),
            secret: litellm::Secret::new(fleet::SALT_KEY.to_owned()),
        };
        let (inventory, vault) = inventory::gather(reading).open(&[candidate]);
        let observed = Observed::fresh("2.0.0-prerelease3");
        let plan = plan::plan(&inventory, &vault, &observed, &Choices::default(), company::now());
        let wider = plan.access.iter().filter(|verdict| verdict.verdict == Verdict::Wider).count();
        assert_eq!(wider, 0, "seed {seed}");
        let empty = plan
            .ops
            .iter()
            .filter_map(|op| op.after.as_ref())
            .filter(|body| body.get("provider_configs") == Some(&json!([])) && body["is_active"] == json!(true))
            .count();
        assert!(empty > 0, "seed {seed}: no key of this fleet has an empty intersection, so nothing was tried");
        // A mapper that took the empty intersection for everything would be found out on every such key.
        let mut wide = plan.ops.clone();
        let everything = inventory.of(Kind::Deployment).map(|entity| entity.name.as_str()).collect::<Vec<_>>();
        for body in wide.iter_mut().filter_map(|op| op.after.as_mut()) {
            if body.get("provider_configs") == Some(&json!([])) && body["is_active"] == json!(true) {
                body["provider_configs"] =
                    json!([{"provider": "openai", "weight": 1, "allowed_models": everything, "key_ids": ["*"]}]);
            }
        }
        let verdicts = plan::recheck(&inventory, &vault, &observed, &Choices::default(), company::now(), &wide);
        let found = verdicts.iter().filter(|verdict| verdict.verdict == Verdict::Wider).count();
        assert_eq!(found, empty, "seed {seed}");
    }
}

/// Two teams with deployments of their own behind one public name: neither reaches the other's.
#[test]
fn a_deployment_of_one_team_is_not_another_s() {
    let deployment = |id: &str, team: &str| {
        json!({"model_id": id, "model_name": format!("model_name_{team}_{id}"),
               "litellm_params": {"model": "openai/gpt-4o", "api_key": format!("os.environ/KEY_{id}")},
               "model_info": {"id": id, "team_id": team, "team_public_model_name": "shared"}})
    };
    let key = |alias: &str, team: &str| json!({"token": alias, "key_alias": alias, "team_id": team, "models": []});
    let team = |id: &str| json!({"team_id": id, "team_alias": id, "models": []});
    let tables = [
        ("LiteLLM_ProxyModelTable", vec![deployment("a", "red"), deployment("b", "blue")]),
        ("LiteLLM_TeamTable", vec![team("red"), team("blue")]),
        ("LiteLLM_VerificationToken", vec![key("red-key", "red"), key("blue-key", "blue"), key("no-team", "none")]),
    ]
    .map(|(table, rows)| (table.to_owned(), fleet::table(rows)))
    .into();
    let (inventory, vault) =
        inventory::gather(litellm::read(&[litellm::Input::Rows { tables: &tables, findings: &[] }])).open(&[]);
    let observed = Observed::fresh("2.0.0-prerelease3");
    let plan = plan::plan(&inventory, &vault, &observed, &Choices::default(), company::now());
    for verdict in &plan.access {
        assert!(verdict.verdict != Verdict::Wider, "{verdict:?}");
        assert!(verdict.verdict == Verdict::Equal, "each team keeps its own: {verdict:?}");
    }
    assert_eq!(plan.routes.differing, [], "each team's name leads to its own deployment");
}

/// A rule that leads elsewhere widens for whom it is: for everybody, or for the keys of one team, customer or key.
#[test]
fn a_rule_widens_for_those_it_is_for() {
    let config = "model_list:
  - {model_name: fast, litellm_params: {model: openai/gpt-4o, api_key: os.environ/A}}
  - {model_name: best, litellm_params: {model: anthropic/claude-opus-4-1, api_key: os.environ/B}}
";
    let key = |alias: &str, owner: Value| {
        let mut row = json!({"token": alias, "key_alias": alias, "models": ["fast"]});
        row.as_object_mut().expect("a row").extend(owner.as_object().cloned().unwrap_or_default());
        ("VerificationToken", row)
    };
    let rows = [
        ("OrganizationTable", json!({"organization_id": "o", "organization_alias": "o", "models": []})),
        ("TeamTable", json!({"team_id": "t", "team_alias": "t", "models": []})),
        key("plain", json!({})),
        key("of-team", json!({"team_id": "t"})),
        key("of-customer", json!({"organization_id": "o"})),
    ];
    let (inventory, vault) = fleet::made_up(config, &rows);
    let observed = Observed::fresh("2.0.0-prerelease3");
    let plan = plan::plan(&inventory, &vault, &observed, &Choices::default(), company::now());
    let wider = |scope: &str, scope_id: Value| -> Vec<String> {
        let body = json!({"name": "odd", "enabled": true, "priority": 0, "scope": scope, "scope_id": scope_id,
            "cel_expression": "model == \"fast\"", "targets": [{"provider": "anthropic", "model": "claude-opus-4-1", "weight": 1}]});
        let mut ops = plan.ops.clone();
        // Without its list of models a key is held back by the rule alone.
        for op in ops.iter_mut().filter(|op| op.kind == bifrost::Kind::VirtualKey) {
            let body = op.after.as_mut().expect("a body");
            body["provider_configs"] = json!([
                body["provider_configs"][0].clone(),
                {"provider": "anthropic", "weight": 1, "allowed_models": ["claude-opus-4-1"], "key_ids": ["*"]}
            ]);
        }
        let rule = plan.ops.iter().find(|op| op.kind == bifrost::Kind::VirtualKey).expect("a key").clone();
        ops.push(plan::Op {
            id: OpId::new("routing_rule/odd"),
            kind: bifrost::Kind::RoutingRule,
            name: "odd".to_owned(),
            after: Some(body.into()),
            ..rule
        });
        let verdicts = plan::recheck(&inventory, &vault, &observed, &Choices::default(), company::now(), &ops);
        let names = |verdict: &plan::AccessVerdict| verdict.only_target.contains(&"fast".to_owned());
        verdicts.iter().filter(|verdict| names(verdict)).map(|verdict| verdict.virtual_key.clone()).collect()
    };
    let op = |id: &str| bifrost::hole::reference(&OpId::new(id));
    assert_eq!(wider("global", Value::Null), ["of-customer", "of-team", "plain"]);
    assert_eq!(wider("virtual_key", op("virtual_key/plain")), ["plain"]);
    assert_eq!(wider("team", op("team/t")), ["of-team"]);
    assert_eq!(wider("customer", op("customer/o")), ["of-customer"]);
}

/// Of two keys that may call the same, a rule for one widens that one: what was found for the other is not told of it.
#[test]
fn a_rule_of_one_key_widens_that_key_alone() {
    let config = "model_list:
  - {model_name: fast, litellm_params: {model: openai/gpt-4o, api_key: os.environ/A}}
  - {model_name: best, litellm_params: {model: anthropic/claude-opus-4-1, api_key: os.environ/B}}
";
    let key = |alias: &str| ("VerificationToken", json!({"token": alias, "key_alias": alias, "models": ["fast"]}));
    let (inventory, vault) = fleet::made_up(config, &[key("a"), key("b"), key("c")]);
    let observed = Observed::fresh("2.0.0-prerelease3");
    let plan = plan::plan(&inventory, &vault, &observed, &Choices::default(), company::now());
    let mut ops = plan.ops.clone();
    // Without its list of models a key is held back by the rule alone.
    for op in ops.iter_mut().filter(|op| op.kind == bifrost::Kind::VirtualKey) {
        let body = op.after.as_mut().expect("a body");
        let more =
            json!({"provider": "anthropic", "weight": 1, "allowed_models": ["claude-opus-4-1"], "key_ids": ["*"]});
        body["provider_configs"] = json!([body["provider_configs"][0].clone(), more]);
    }
    let rule = json!({"name": "odd", "enabled": true, "priority": 0, "scope": "virtual_key",
        "scope_id": bifrost::hole::reference(&OpId::new("virtual_key/b")), "cel_expression": "model == \"fast\"",
        "targets": [{"provider": "anthropic", "model": "claude-opus-4-1", "weight": 1}]});
    let (id, name, other) = (OpId::new("routing_rule/odd"), "odd".to_owned(), ops[0].clone());
    ops.push(plan::Op { id, kind: bifrost::Kind::RoutingRule, name, after: Some(rule.into()), ..other });
    let verdicts = plan::recheck(&inventory, &vault, &observed, &Choices::default(), company::now(), &ops);
    let gains = |verdict: &&plan::AccessVerdict| verdict.only_target.contains(&"fast".to_owned());
    let found: Vec<&str> = verdicts.iter().filter(gains).map(|verdict| verdict.virtual_key.as_str()).collect();
    assert_eq!(found, ["b"]);
}

/// A key of a whole provider is told every name it gains, not only that it gains some.
#[test]
fn every_name_that_is_gained_is_told() {
    let config = "model_list:
  - {model_name: fast, litellm_params: {model: openai/gpt-4o, api_key: os.environ/A}}
  - {model_name: slow, litellm_params: {model: openai/gpt-5, api_key: os.environ/A}}
";
    let row = json!({"token": "k", "key_alias": "k", "models": ["fast"]});
    let (inventory, vault) = fleet::made_up(config, &[("VerificationToken", row)]);
    let observed = Observed::fresh("2.2.6");
    let gained = |models: Value| {
        let mut plan = plan::plan(&inventory, &vault, &observed, &Choices::default(), company::now());
        let op = plan.ops.iter_mut().find(|op| op.kind == bifrost::Kind::VirtualKey).expect("the key");
        op.after.as_mut().expect("a body")["provider_configs"][0]["allowed_models"] = models;
        let verdicts = plan::recheck(&inventory, &vault, &observed, &Choices::default(), company::now(), &plan.ops);
        verdicts.into_iter().find(|verdict| verdict.virtual_key == "k").expect("the key").only_target
    };
    let nothing: [&str; 0] = [];
    assert_eq!(gained(json!(["fast"])), nothing);
    assert_eq!(gained(json!(["fast", "slow"])), ["openai/slow", "slow"]);
    assert_eq!(gained(json!(["*"])), ["gpt-5", "openai/gpt-5", "openai/slow", "slow"]);
}

/// A pattern on the gateway that takes one sign more than LiteLLM's, or another case, is found.
#[test]
fn a_pattern_that_takes_a_little_more_widens() {
    for (theirs, ours, wider) in [
        ("openai/gpt-4*", "(?-i)gpt-4.*", "(?-i)gpt-.*"),
        ("openai/gpt-4*", "(?-i)gpt-4.*", "(?-i).*gpt-4.*"),
        ("openai/gpt-4*", "(?-i)gpt-4.*", "gpt-4.*"),
        ("openai/*-mini", "(?-i).*-mini", "(?-i).*-mini.*"),
        ("openai/g*-mini", "(?-i)g.*-mini", "(?-i).*-mini"),
    ] {
        let config = format!(
            "model_list: [{{model_name: '{theirs}', litellm_params: {{model: '{theirs}', api_key: os.environ/A}}}}]\n"
        );
        let row = json!({"token": "k", "key_alias": "k", "models": [theirs]});
        let (inventory, vault) = fleet::made_up(&config, &[("VerificationToken", row)]);
        let observed = Observed::fresh("2.2.6");
        let plan = plan::plan(&inventory, &vault, &observed, &Choices::default(), company::now());
        let verdict = |expression: &str| {
            let mut ops = plan.ops.clone();
            for op in &mut ops {
                let Some(body) = op.after.as_mut() else { continue };
                match op.kind {
                    bifrost::Kind::ProviderKey => body["models"] = json!(["*"]),
                    bifrost::Kind::VirtualKey => {
                        body["provider_configs"][0]["allowed_models"] = json!([format!("regex:{expression}")]);
                    }
                    _ => {}
                }
            }
            let verdicts = plan::recheck(&inventory, &vault, &observed, &Choices::default(), company::now(), &ops);
            verdicts.into_iter().find(|verdict| verdict.virtual_key == "k").expect("the key").verdict
        };
        assert_eq!(verdict(ours), Verdict::Equal, "{theirs} as {ours}");
        assert_eq!(verdict(wider), Verdict::Wider, "{theirs} as {wider}");
    }
}

/// What a rule goes on to after a failure is access too.
#[test]
fn a_fallback_widens() {
    let config = "model_list:
  - {model_name: fast, litellm_params: {model: openai/gpt-4o, api_key: os.environ/A}}
  - {model_name: best, litellm_params: {model: anthropic/claude-opus-4-1, api_key: os.environ/B}}
";
    let row = json!({"token": "k", "key_alias": "k", "models": ["fast"]});
    let (inventory, vault) = fleet::made_up(config, &[("VerificationToken", row)]);
    let gains = |fallbacks: Value| {
        let mut observed = Observed::fresh("2.0.0-prerelease3");
        observed.routing_rules.push(json!({"id": "r", "name": "odd", "enabled": true, "priority": 0, "scope": "global",
            "cel_expression": "model == \"fast\"", "targets": [{"provider": "openai", "model": "fast", "weight": 1}], "fallbacks": fallbacks}));
        let mut plan = plan::plan(&inventory, &vault, &observed, &Choices::default(), company::now());
        // Without its list of models a key is held back by the rule alone.
        let key = plan.ops.iter_mut().find(|op| op.kind == bifrost::Kind::VirtualKey).expect("the key");
        let body = key.after.as_mut().expect("a body");
        let more = json!({"provider": "anthropic", "weight": 1, "allowed_models": ["claude-opus-4-1", "fast"], "key_ids": ["*"]});
        body["provider_configs"] = json!([body["provider_configs"][0].clone(), more]);
        let verdicts = plan::recheck(&inventory, &vault, &observed, &Choices::default(), company::now(), &plan.ops);
        verdicts.iter().any(|verdict| verdict.only_target.contains(&"fast".to_owned()))
    };
    assert!(!gains(json!([])));
    assert!(!gains(json!(["openai/fast"])));
    assert!(gains(json!(["anthropic/claude-opus-4-1"])));
}
