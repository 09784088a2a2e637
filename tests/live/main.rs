//! Against a running LiteLLM that holds the population of this folder: what each source gives, object by object, and
//! what every key may call, name by name. `cargo xtask test --live` starts it; see README.md.
#![expect(clippy::disallowed_methods, reason = "a test of programs: it starts them, and reads the clock")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use inventory::{Candidate, Inventory};
use litellm::{Input, Kind, Secret, SourceKind};
use model::Moment;
use serde_json::Value;
use support::live::{Table, compare};

/// The sources a reading is given, by the variables that name them.
const READINGS: &[(&str, &[&str])] = &[
    ("API only", &["LITELLM_URL", "LITELLM_MASTER_KEY"]),
    ("database only", &["LITELLM_DB_URL", "LITELLM_SALT_KEY"]),
    ("file only", &["LITELLM_CONFIG"]),
    ("all together", &["LITELLM_URL", "LITELLM_MASTER_KEY", "LITELLM_DB_URL", "LITELLM_SALT_KEY", "LITELLM_CONFIG"]),
];

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("live")
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: start this with cargo xtask test --live"))
}

/// Reads with the real program, through a snapshot, and opens what the salt key opens.
fn read(name: &str, given: &[&str]) -> Inventory {
    let out = std::env::temp_dir().join(format!("gangway-live-{}-{}.json", std::process::id(), name.replace(' ', "-")));
    let mut command = Command::new(variable("GANGWAY"));
    command.args(["snapshot", "--force", "--out"]).arg(&out);
    for (variable, _) in
        std::env::vars().filter(|(name, _)| name.starts_with("LITELLM_") || name.starts_with("BIFROST_"))
    {
        if !given.contains(&variable.as_str()) {
            command.env_remove(variable);
        }
    }
    let output = command.output().expect("gangway runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(matches!(output.status.code(), Some(0 | 3)), "{name}: gangway snapshot failed:\n{said}");
    let bytes = std::fs::read(&out).expect("the snapshot");
    let reading = litellm::read(&[Input::File { name: "snapshot.json", bytes: &bytes }]);
    std::fs::remove_file(&out).expect("the snapshot is ours");
    let salt = Candidate { name: "salt key".to_owned(), secret: Secret::new(variable("LITELLM_SALT_KEY")) };
    let keys = if given.contains(&"LITELLM_DB_URL") { vec![salt] } else { Vec::new() };
    inventory::gather(reading).open(&keys).0
}

/// What the population says should be there: `kind/id`, with the sources that show it and the models it lists.
struct Expected {
    sources: BTreeSet<SourceKind>,
    models: Option<Vec<String>>,
}

fn expected() -> BTreeMap<String, Expected> {
    let text = std::fs::read_to_string(here().join("population.json")).expect("the population");
    let population: Value = serde_json::from_str(&text).expect("JSON");
    let mut expected = BTreeMap::new();
    let mut put = |id: String, sources: &[SourceKind], models: Option<&Value>| {
        let list = |value: &Value| {
            value.as_array().map(|list| list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        };
        let entry = expected.entry(id).or_insert_with(|| Expected { sources: BTreeSet::new(), models: None });
        entry.sources.extend(sources.iter().copied());
        entry.models = models.and_then(list).or(entry.models.take());
    };
    let both = &[SourceKind::Api, SourceKind::Database];
    for (section, kind, id) in [
        ("credentials", "credential", "credential_name"),
        ("organizations", "organization", "organization_id"),
        ("users", "user", "user_id"),
        ("teams", "team", "team_id"),
        ("projects", "project", "project_id"),
        ("customers", "end_user", "user_id"),
        ("tags", "tag", "name"),
        ("budgets", "budget", "budget_id"),
        ("keys", "virtual_key", "name"),
        ("team_models", "deployment", "id"),
    ] {
        for item in population[section].as_array().into_iter().flatten() {
            let listed = item.pointer("/sql/models").or(item.get("then_models")).or(item.get("models"));
            let models = listed.filter(|_| ["user", "team", "project", "virtual_key", "organization"].contains(&kind));
            put(format!("{kind}/{}", item[id].as_str().unwrap_or_default()), both, models);
        }
    }
    for item in population["models"].as_array().into_iter().flatten() {
        put(format!("deployment/{}", item["model_info"]["id"].as_str().unwrap_or_default()), both, None);
    }
    // A member has a row where something limits it; the API is not asked for members that the database told of.
    let handing: BTreeSet<&str> = population["teams"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|team| team.get("default_team_member_models").is_some())
        .filter_map(|team| team["team_id"].as_str())
        .collect();
    for item in population["members"].as_array().into_iter().flatten() {
        let text = |field: &str| item[field].as_str().unwrap_or_default().to_owned();
        if item.get("allowed_models").is_none() && !handing.contains(text("team_id").as_str()) {
            continue;
        }
        put(format!("team_membership/{}/{}", text("user_id"), text("team_id")), both, None);
    }
    let file = &[SourceKind::ConfigFile];
    for id in ["of-the-file", "in-both"] {
        // The proxy shows credentials of the file too.
        put(format!("credential/{id}"), &[SourceKind::ConfigFile, SourceKind::Api], None);
    }
    for id in [
        "dep-alpha",
        "alpha#2",
        "alpha#3",
        "beta",
        "gamma",
        "gpt-4o-mini",
        "vendor.x-1",
        "vendorAx-1",
        "dep-closed",
        "prefix-*",
        "*-tail",
        "openai/*",
    ] {
        put(format!("deployment/{id}"), &[SourceKind::ConfigFile, SourceKind::Api], None);
    }
    for id in ["router_settings", "litellm_settings", "general_settings"] {
        put(format!("settings/{id}"), file, None);
    }
    expected
}

/// Objects that LiteLLM makes itself: budgets of members and organizations, its own users and settings.
fn is_its_own(id: &str) -> bool {
    [
        "budget/",
        "settings/",
        "model_aliases/",
        "user/default_user_id",
        "user/litellm",
        "team_membership/",
        "organization_membership/",
    ]
    .iter()
    .any(|start| id.starts_with(start))
}

/// The differences between what a reading gives and what the population says its sources show.
fn differences(name: &str, inventory: &Inventory, sources: &[SourceKind]) -> Vec<String> {
    let licensed = inventory.version.as_deref().is_none_or(|version| version < "1.102");
    let mut wrong = Vec::new();
    let expected = expected();
    for (id, expected) in &expected {
        let told = sources.contains(&SourceKind::Database) && id.starts_with("team_membership/");
        let unasked = told || (!licensed && id.starts_with("organization/"));
        let hidden = |source: &&SourceKind| **source == SourceKind::Api && unasked;
        let shown: BTreeSet<SourceKind> =
            expected.sources.iter().filter(|s| sources.contains(s) && !hidden(s)).copied().collect();
        // The API numbers deployments of the file by a hash: without the file they go by that.
        let nameless = id.starts_with("deployment/")
            && expected.sources.contains(&SourceKind::ConfigFile)
            && !sources.contains(&SourceKind::ConfigFile)
            && !id.starts_with("deployment/dep-");
        if nameless || shown.is_empty() {
            continue;
        }
        let Some(entity) = inventory.entities.get(&model::SourceId::new(id.as_str())) else {
            wrong.push(format!("{name}: {id} is missing"));
            continue;
        };
        let seen: BTreeSet<SourceKind> = entity.sources.iter().copied().collect();
        if !seen.is_superset(&shown) {
            wrong.push(format!("{name}: {id} is seen in {seen:?}, not in all of {shown:?}"));
        }
        let models = match entity.object.value("models") {
            Some(Value::Array(models)) => models.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        if expected.models.as_ref().is_some_and(|wanted| *wanted != models) {
            wrong.push(format!("{name}: {id} lists {models:?}"));
        }
    }
    let groups = inventory.of(Kind::AccessGroup).count();
    let wanted_groups = if sources == [SourceKind::ConfigFile] { 0 } else { 6 };
    if groups != wanted_groups {
        wrong.push(format!("{name}: {groups} access groups"));
    }
    let hashed = |id: &str| sources.contains(&SourceKind::Api) && id.starts_with("deployment/") && id.len() == 75;
    let extra =
        inventory.entities.keys().map(model::SourceId::as_str).filter(|id| {
            !expected.contains_key(*id) && !is_its_own(id) && !id.starts_with("access_group/") && !hashed(id)
        });
    wrong.extend(extra.map(|id| format!("{name}: {id} is not of the population")));
    wrong
}

#[test]
#[ignore = "needs a running LiteLLM: cargo xtask test --live"]
fn each_source_gives_what_the_population_holds() {
    let mut wrong = Vec::new();
    for (name, given) in READINGS {
        let inventory = read(name, given);
        let has = |variable: &str| given.contains(&variable);
        let sources: Vec<SourceKind> = [
            (has("LITELLM_URL"), SourceKind::Api),
            (has("LITELLM_DB_URL"), SourceKind::Database),
            (has("LITELLM_CONFIG"), SourceKind::ConfigFile),
        ]
        .into_iter()
        .filter_map(|(given, source)| given.then_some(source))
        .collect();
        let counts: Vec<String> = inventory.counts().iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        print(&format!("{name}: {} objects ({})", inventory.entities.len(), counts.join(", ")));
        for gap in &inventory.gaps {
            print(&format!("  {} {}/{}: {}", gap.code, gap.count, gap.of, gap.means));
        }
        for conflict in &inventory.conflicts {
            let (won, lost) = (&conflict.won, &conflict.lost);
            print(&format!(
                "  conflict {} {}: {} over {}: {:?}",
                conflict.object, conflict.field, won.value, lost.value, conflict.why
            ));
        }
        wrong.extend(differences(name, &inventory, &sources));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[ignore = "needs a running LiteLLM: cargo xtask test --live"]
fn every_key_and_name_gets_the_proxy_s_verdict() {
    let (_, given) = READINGS[3];
    let inventory = read("for access", given);
    let file = std::env::temp_dir().join(format!("gangway-live-{}-access.json", std::process::id()));
    let asked =
        Command::new("python3").arg(here().join("drive.py")).arg("ask").arg(&file).status().expect("python3 runs");
    assert!(asked.success(), "the driver failed");
    let table = Table::read(&std::fs::read_to_string(&file).expect("the driver's table"));
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock").as_millis();
    let now = Moment::from_millis(i64::try_from(since).expect("a moment"));
    let compared = compare(&inventory, &table, inventory.version.as_deref(), now);
    print(&format!(
        "{} answers, {} of them calls that were answered, {} differ",
        compared.asked,
        compared.answered,
        compared.differing.len()
    ));
    assert!(compared.differing.is_empty(), "{}", compared.differing.join("\n"));
    std::fs::remove_file(&file).expect("the table is ours");
}

#[expect(clippy::print_stdout, reason = "the figures are what the run is for")]
fn print(text: &str) {
    println!("{text}");
}
