//! Points 1 to 6 and claims 2, 4 and 5: nobody gains access, and no name of a person is told without need.

use bifrost::{Kind, Observed};
use plan::{Choices, Plan, Verdict};
use serde_json::{Value, json};
use support::company;

use super::{SHOP, TARGET, body, granted, key, planned, planned_for, team};

/// No key is wider in the plan's own, independent comparison.
#[track_caller]
fn nobody_gains(plan: &Plan) {
    let wider: Vec<_> = plan.access.iter().filter(|verdict| verdict.verdict == Verdict::Wider).collect();
    assert!(wider.is_empty() && plan.applyable, "{wider:?}");
}

/// Two lists that have nothing in common: of key and team, of key and user, and of a list and a wildcard.
#[test]
fn point_1_claim_2_disjoint_lists_grant_nothing() {
    let user = ("UserTable", json!({"user_id": "u", "models": ["b"]}));
    let a = json!(["a"]);
    let tried: [&[(&str, Value)]; 4] = [
        &[team("t", &json!({"models": ["b"]})), key("k", &json!({"team_id": "t", "models": a}))],
        &[team("t", &json!({"models": ["anthropic/*"]})), key("k", &json!({"team_id": "t", "models": a}))],
        &[user, key("k", &json!({"user_id": "u", "models": a}))],
        &[key("k", &json!({"models": ["no-default-models"]}))],
    ];
    for rows in tried {
        let plan = planned(SHOP, rows);
        assert_eq!(granted(&plan, "k"), [], "{rows:?}");
        // Absent is not the same as empty: a gateway before 1.5 takes it for everything.
        assert_eq!(body(&plan, "virtual_key/k")["provider_configs"], json!([]));
        nobody_gains(&plan);
    }
}

#[test]
fn point_2_a_list_is_kept_to_the_letter() {
    let plan = planned(SHOP, &[key("k", &json!({"models": ["a"]}))]);
    assert_eq!(granted(&plan, "k"), [("openai".to_owned(), json!(["a"]))]);
}

/// A key for everything gets what LiteLLM had, not what else is on the gateway.
#[test]
fn point_3_everything_is_what_litellm_had() {
    let (inventory, vault) = support::fleet::made_up(SHOP, &[key("k", &json!({}))]);
    let mut observed = Observed::fresh(TARGET);
    observed.providers.push(json!({"name": "groq"}));
    let there = json!([{"id": "1", "name": "of-others", "models": ["*"], "value": "****"}]);
    observed.provider_keys.insert("groq".to_owned(), there.as_array().cloned().unwrap_or_default());
    let plan = plan::plan(&inventory, &vault, &observed, &Choices::default(), company::now());
    let providers: Vec<String> = granted(&plan, "k").into_iter().map(|(provider, _)| provider).collect();
    assert_eq!(providers, ["anthropic", "openai"]);
}

/// With the switch for sharing, no output names a person of the company.
#[test]
fn point_4_no_person_is_named_where_names_are_hidden() {
    let (inventory, vault) = company::recorded("1.101.6");
    let plan = super::plan_for(&inventory, &vault, TARGET);
    let people = || inventory.of(litellm::Kind::User).map(|user| &user.object);
    let addresses: Vec<&str> = people().filter_map(|user| user.text("user_email")).collect();
    let ids: Vec<&str> = people().map(|user| user.id.as_str()).filter(|id| id.len() > 3).collect();
    assert!(addresses.len() >= 3 && ids.len() >= 5, "{addresses:?} {ids:?}");
    let open = report::plan_json(&plan);
    assert!(ids.iter().all(|id| open.contains(id)), "there is nothing to hide");
    let hidden = report::Options { hide_names: true };
    let texts = [
        report::html(&plan, None, hidden),
        report::markdown(&plan, None, hidden),
        report::csv(&plan, None, hidden),
        report::plan_json(&report::hide_names(&plan, None).0),
    ];
    for text in texts {
        for name in addresses.iter().chain(&ids) {
            assert!(!text.contains(name), "{name} is still there");
        }
    }
}

/// An organization that is empty or not there takes nothing off the lists of the team; LiteLLM itself holds nobody to
/// the list of an organization.
#[test]
fn point_5_an_organization_that_is_not_there_opens_nothing() {
    let org = ("OrganizationTable", json!({"organization_id": "o", "organization_alias": "o", "models": ["b"]}));
    for named in [json!(null), json!(""), json!("gone"), json!("o")] {
        let rows = [
            org.clone(),
            team("t", &json!({"models": ["a", "b"], "organization_id": "o"})),
            key("k", &json!({"team_id": "t", "organization_id": named, "models": ["a", "c"]})),
        ];
        let plan = planned(SHOP, &rows);
        assert_eq!(granted(&plan, "k"), [("openai".to_owned(), json!(["a"]))], "{named}");
        nobody_gains(&plan);
    }
}

/// Whether a key that LiteLLM refuses is shut on the gateway too, left out or without a model.
#[track_caller]
fn shut(rows: &[(&str, Value)], target: &str) {
    let plan = planned_for(SHOP, rows, target);
    for op in plan.ops.iter().filter(|op| op.kind == Kind::VirtualKey) {
        let shut = op.after.as_ref().is_none_or(|body| {
            body["is_active"] == json!(false) || body["provider_configs"].as_array().is_some_and(Vec::is_empty)
        });
        assert!(shut, "{target}: {} {:?}", op.id, op.after);
    }
    assert_eq!(plan.objects.iter().filter(|object| object.kind == "virtual_key").count(), 1);
}

/// Expiry, blocks of keys and teams, and an expiry on a gateway that drops it.
#[test]
fn point_6_claim_4_what_was_shut_stays_shut() {
    for target in ["1.5.2", "1.5.16", TARGET] {
        shut(&[key("k", &json!({"expires": "2020-01-01 00:00:00"}))], target);
        shut(&[key("k", &json!({"blocked": true}))], target);
        let blocked = team("t", &json!({"blocked": true}));
        shut(&[blocked, key("k", &json!({"team_id": "t"}))], target);
        shut(&[key("k", &json!({"max_budget": 0}))], target);
        shut(&[team("t", &json!({"max_budget": 0})), key("k", &json!({"team_id": "t"}))], target);
    }
    let expiring = [key("k", &json!({"expires": "2027-01-01 00:00:00"}))];
    assert!(!planned_for(SHOP, &expiring, "1.5.16").applyable, "nobody decided what becomes of it");
    let later = planned(SHOP, &expiring);
    assert_eq!(body(&later, "virtual_key/k")["expires_at"], json!("2027-01-01T00:00:00Z"));
}

/// The list of a user holds for their own keys, and a key for management calls no model.
#[test]
fn claim_4_lists_of_users_and_types_of_keys_restrict() {
    let user = ("UserTable", json!({"user_id": "u", "models": ["a", "c"]}));
    let plan = planned(SHOP, &[user.clone(), key("k", &json!({"user_id": "u"}))]);
    assert_eq!(granted(&plan, "k"), [("anthropic".to_owned(), json!(["c"])), ("openai".to_owned(), json!(["a"]))]);
    let in_team = planned(SHOP, &[user, team("t", &json!({})), key("k", &json!({"user_id": "u", "team_id": "t"}))]);
    assert_eq!(granted(&in_team, "k").len(), 2, "a key of a team is not held to its user's list");
    for (routes, kind) in [(json!(["management_routes"]), "management"), (json!(["info_routes"]), "read_only")] {
        let plan = planned(SHOP, &[key("k", &json!({"allowed_routes": routes, "key_type": kind}))]);
        assert_eq!(granted(&plan, "k"), [], "{kind}");
        nobody_gains(&plan);
    }
}

/// Where an absent list means everything, no key is written at all.
#[test]
fn claim_5_no_key_is_written_where_nothing_means_all() {
    for target in ["1.4.19", "1.4.0", "1.3.9"] {
        let plan = planned_for(SHOP, &[key("k", &json!({"models": ["a"]}))], target);
        assert!(plan.ops.is_empty() && !plan.applyable, "{target}");
    }
    assert!(planned_for(SHOP, &[key("k", &json!({"models": ["a"]}))], "1.5.2").applyable);
}
