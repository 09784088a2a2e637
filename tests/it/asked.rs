//! Who may call what after apply, found by asking: every key of the recorded companies for every name LiteLLM knows,
//! and ten that nobody knows, on the practice gateway of every release, before a restart and after. 1.4.19 is refused before that.

use std::collections::BTreeSet;

use inventory::{Inventory, Opened, Vault};
use litellm::access::{Key, World};
use litellm::{Kind, Object};
use plan::{Choices, ExpiryChoice, Plan};
use sandbox::{Gateway, Release, Request};
use serde_json::{Value, json};
use support::practice::Practice;
use support::{company, gateway};

const PROBES: [&str; 10] = [
    "nobody-knows-this",
    "nobody/knows-this",
    "openai/nobody-knows-this",
    "OpenAI/gpt-4o",
    "anthropic/nobody-knows-this",
    "azure/nobody-knows-this",
    "GPT-4O",
    "*",
    "openai/*",
    "",
];

/// What a call comes to: `provider/model` as it was asked upstream, or the status of the refusal.
fn ask(gateway: &Gateway, value: Option<&str>, name: &str) -> Result<String, u16> {
    let body = json!({ "model": name, "messages": [{ "role": "user", "content": "hi" }] });
    let request = Request::new("POST", "/v1/chat/completions").json(&body);
    let request = match value {
        Some(value) => request.header("x-bf-vk", value),
        None => request,
    };
    // Each on a gateway of its own: what one call spends must not refuse the next.
    let answer = gateway.clone().handle(&request, company::now());
    match answer.status {
        200 => {
            let body = answer.value();
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            Ok(format!("{}/{}", text(&body["extra_fields"]["provider"]), text(&body["model"])))
        }
        status => Err(status),
    }
}

/// A plan applied to a gateway of that release.
fn applied(inventory: &Inventory, vault: &Vault<Opened>, release: Release) -> (Plan, Gateway) {
    let choices = Choices { expiring_keys: Some(ExpiryChoice::Inactive), ..Choices::default() };
    let plan = Practice::new(release).plan(inventory, vault, &choices);
    let text = report::plan_json(&plan);
    let environment = text.split('"').filter_map(|word| word.strip_prefix("env.")).map(str::to_owned);
    let mut practice = Practice::of(gateway::empty(release, 11).with_environment(environment));
    let plan = practice.settles(inventory, vault, &choices);
    (plan, practice.into_gateway())
}

/// The values of the virtual keys, by name.
fn values(gateway: &mut Gateway) -> Vec<(String, String)> {
    let request =
        Request::new("GET", "/api/governance/virtual-keys").header("X-Bifrost-Setup-Token", gateway::SETUP_TOKEN);
    let listed = gateway.handle(&request, company::now()).value();
    let text = |key: &Value, name: &str| key[name].as_str().unwrap_or_default().to_owned();
    listed["virtual_keys"].as_array().into_iter().flatten().map(|key| (text(key, "name"), text(key, "value"))).collect()
}

#[track_caller]
fn check(version: &str, release: Release) {
    let (inventory, vault) = company::recorded(version);
    let (asked, served) = check_all(&inventory, &vault, Some(version), release, &[]);
    assert!(asked > 200 && served > 20, "{version} on {release}: {asked} asked, {served} served");
}

/// Asks with every key; how many calls that were, and how many were served.
#[track_caller]
fn check_all(
    inventory: &Inventory,
    vault: &Vault<Opened>,
    version: Option<&str>,
    release: Release,
    more: &[&str],
) -> (usize, usize) {
    let objects: Vec<&Object> = inventory.entities.values().map(|entity| &entity.object).collect();
    let world = World::read(objects.iter().copied()).with_members(&objects.iter().copied()).of_version(version);
    let (plan, mut gateway) = applied(inventory, vault, release);
    let restarted = Gateway::from_json(&gateway.to_json()).expect("a stored gateway");
    let names: BTreeSet<&str> = world.known_names().into_iter().chain(PROBES).chain(more.iter().copied()).collect();
    let (mut asked, mut served) = (0, 0);
    let mut wrong = Vec::new();
    for (virtual_key, value) in values(&mut gateway) {
        let op = plan.ops.iter().find(|op| op.kind == bifrost::Kind::VirtualKey && op.name == virtual_key);
        let origins = &op.expect("a planned key").origins;
        let mut keys = inventory.of(Kind::VirtualKey);
        let source = keys.find(|entity| entity.origins.iter().any(|origin| origins.contains(origin)));
        let Some(source) = source else { continue };
        let source = Key::read(&source.object);
        let reached: BTreeSet<String> = names
            .iter()
            .filter_map(|name| world.call(&source, name, company::now()).ok())
            .flatten()
            .map(|reach| {
                reach.upstream.split_once('/').map_or_else(|| reach.upstream.to_string(), |(_, model)| model.to_owned())
            })
            .collect();
        // The same model of the provider, by another name: one of LiteLLM's own, or what its wildcards take.
        let covered = |asked: &str| {
            let model = asked.split_once('/').map_or(asked, |(_, model)| model);
            reached.contains(model) || world.call(&source, asked, company::now()).is_ok()
        };
        let verdict = plan.access.iter().find(|verdict| verdict.virtual_key == virtual_key).expect("a verdict");
        for name in &names {
            let answer = ask(&gateway, Some(&value), name);
            assert_eq!(answer, ask(&restarted, Some(&value), name), "{virtual_key} asks for {name:?} after a restart");
            asked += 1;
            let theirs = world.call(&source, name, company::now());
            match (&answer, &theirs) {
                (Ok(model), Err(refusal)) if !covered(model) => {
                    wrong.push(format!("{virtual_key} gets {model} by {name:?}, which LiteLLM refuses: {refusal:?}"));
                }
                // 1.5.2 opens nothing by a star where nothing is listed, and the practice gateway lists nothing.
                (Err(status), Ok(_)) if release > Release::V1_5_2 => {
                    // The gateway has no use for the upstream's name of a group that has another.
                    let is_only_upstream = world.is_upstream(name) && !world.is_public(name);
                    // A pattern that is lost stands for the names it takes.
                    let says = |only: &String| only == name || litellm::access::list_allows(only, name);
                    if !verdict.only_source.iter().any(says) && !is_only_upstream {
                        wrong.push(format!("{virtual_key} is refused {name:?} with {status}, and nobody said so"));
                    }
                }
                _ => served += usize::from(answer.is_ok()),
            }
        }
    }
    assert!(wrong.is_empty(), "{version:?} on {release}, {} wrong:\n{}", wrong.len(), wrong.join("\n"));
    for name in names {
        assert_eq!(ask(&gateway, None, name), Err(401), "{name:?} without a key on {release}");
    }
    (asked, served)
}

/// Keys that may call what patterns take, and names that differ from those by a sign.
#[test]
fn nobody_gains_access_by_a_pattern() {
    let config = |deployments: &[(&str, &str)]| {
        let line = |(name, model): &(&str, &str)| {
            format!(
                "- {{model_name: \"{name}\", litellm_params: {{model: \"{model}\", api_key: os.environ/OPENAI_API_KEY}}}}\n"
            )
        };
        format!("model_list:\n{}", deployments.iter().map(line).collect::<String>())
    };
    let lists: [&[&str]; 8] = [
        &[],
        &["openai/*"],
        &["openai/gpt-4*"],
        &["openai/gpt-4o", "openai/gpt-4.1*"],
        &["gpt-4o"],
        &["openai/g*"],
        &["cheap-*", "fast-x"],
        &["openai/gpt-5*", "one"],
    ];
    let keys: Vec<(&str, Value)> = lists
        .iter()
        .enumerate()
        .map(|(n, list)| {
            let name = format!("k{n}");
            ("VerificationToken", json!({"token": name, "key_alias": name, "models": list}))
        })
        .collect();
    let names = [
        "openai/gpt-4",
        "openai/gpt-4o-new",
        "openai/gpt-4.1-new",
        "openai/gpt-3.5",
        "openai/GPT-4o",
        "openai/xgpt-4o",
        "openai/gangway",
        "gpt-4",
        "gpt-4o",
        "gpt-4.1-new",
        "cheap-new",
        "fast-new",
        "fast-x",
        "fast",
        "xfast-x",
        "one",
        "openai/one",
        "openai/cheap-new",
        "openai/fast-x",
        "cheap-gpt-4o",
        "gpt-4.1",
        "openai/fast-any",
        "fast-any",
        "anthropic/claude-any",
        "azure/any",
    ];
    let forms: [&[(&str, &str)]; 4] = [
        &[("openai/*", "openai/*"), ("one", "openai/gpt-5-mini")],
        &[("openai/gpt-4*", "openai/gpt-4*"), ("one", "openai/gpt-4o-mini")],
        &[("cheap-*", "openai/*"), ("fast-*", "openai/gpt-4o-mini"), ("one", "openai/gpt-4o")],
        &[("openai/*", "openai/*"), ("fast-*", "openai/gpt-4o-mini"), ("*", "*")],
    ];
    for deployments in forms {
        let (inventory, vault) = support::fleet::made_up(&config(deployments), &keys);
        for release in Release::TARGETS {
            let (asked, served) = check_all(&inventory, &vault, None, release, &names);
            assert!(asked > 200 && served > 10, "{deployments:?}: {asked}, {served}");
        }
    }
}

#[test]
fn nobody_gains_access_on_any_release() {
    for release in Release::TARGETS {
        for version in ["1.101.6", "1.108.7"] {
            check(version, release);
        }
    }
}

/// 1.4.19 can be read, its keys without a place of their own included, and is then refused.
#[test]
fn a_gateway_on_which_an_omission_means_all_is_read_and_refused() {
    let mut gateway = gateway::empty(Release::V1_4_19, 11);
    let body = json!({ "provider": "openai", "network_config": { "base_url": "http://127.0.0.1:18600" } });
    assert_eq!(gateway.handle(&Request::new("POST", "/api/providers").json(&body), company::now()).status, 200);
    let mut practice = Practice::of(gateway);
    assert_eq!(practice.observe().version, "1.4.19");
    let (inventory, vault) = company::recorded("1.101.6");
    let plan = practice.plan(&inventory, &vault, &Choices::default());
    assert!(!plan.applyable && plan.ops.is_empty(), "{} ops", plan.ops.len());
    let told: Vec<String> = plan.findings.iter().map(ToString::to_string).collect();
    assert!(told.iter().any(|finding| finding.contains("before 1.5 every empty list means everything")), "{told:#?}");
}
