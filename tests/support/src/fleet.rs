//! A made-up fleet of any size, the same on every run: rows of a LiteLLM database with sealed values, lists of every
//! kind, shut teams and keys, and layers that leave nothing.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use inventory::{Inventory, Opened, Vault};
use litellm::Input;
use litellm::seal::sha256_hex;
use model::Rows;
use serde_json::{Value, json};

use crate::seal::Sealer;

/// The salt key of every fleet.
pub const SALT_KEY: &str = "sk-salt-of-the-fleet";

/// How large a fleet is.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Virtual keys.
    pub keys: u32,
    /// Deployments.
    pub deployments: u32,
    /// Teams.
    pub teams: u32,
}

/// The fleet of the benchmark: 1,000 keys, 300 deployments.
pub const THOUSAND: Size = Size { keys: 1_000, deployments: 300, teams: 100 };

/// The provider, its models and whether its servers have their own address.
const PROVIDERS: &[(&str, &str, Option<&str>)] = &[
    ("openai", "openai/gpt-4o", None),
    ("openai", "openai/gpt-4o-mini", None),
    ("anthropic", "anthropic/claude-sonnet-4-20250514", None),
    ("azure", "azure/gpt4o", Some("https://fleet-{}.openai.azure.example/")),
    ("mistral", "mistral/mistral-large-latest", None),
    ("groq", "groq/llama-3.3-70b-versatile", None),
    ("compatible", "openai/qwen2.5-72b-instruct", Some("http://127.0.0.1:9{}/v1")),
    ("together", "together_ai/meta-llama/Llama-3.3-70B-Instruct-Turbo", None),
];

/// The rows by table.
pub fn rows(size: Size, seed: u64) -> BTreeMap<String, Rows> {
    let mut fleet = Fleet { dice: Dice(seed), sealer: Sealer::new(SALT_KEY), names: Vec::new() };
    let models = fleet.models(size.deployments);
    let budgets = (0..=(size.teams / 10))
        .map(|n| json!({"budget_id": format!("budget-{n:04}"), "max_budget": 1000 + n, "budget_duration": "30d"}))
        .collect();
    let organizations = (0..=(size.teams / 10))
        .map(|n| {
            json!({"organization_id": format!("org-{n:04}"), "organization_alias": format!("Organization {n:04}"),
                   "budget_id": format!("budget-{n:04}"), "models": []})
        })
        .collect();
    let users = (0..=(size.keys / 5)).map(|n| fleet.user(n)).collect();
    let teams = (0..size.teams).map(|n| fleet.team(n, size.teams / 10 + 1)).collect();
    let keys = (0..size.keys).map(|n| fleet.key(n, size)).collect();
    [
        ("LiteLLM_ProxyModelTable", models),
        ("LiteLLM_BudgetTable", budgets),
        ("LiteLLM_OrganizationTable", organizations),
        ("LiteLLM_UserTable", users),
        ("LiteLLM_TeamTable", teams),
        ("LiteLLM_VerificationToken", keys),
    ]
    .map(|(table, rows)| (table.to_owned(), self::table(rows)))
    .into()
}

/// A file and rows beside it, each with the name of its table, read and joined; no value of them is sealed.
pub fn made_up(config: &str, rows: &[(&str, Value)]) -> (Inventory, Vault<Opened>) {
    let mut listed: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (table, row) in rows {
        listed.entry(format!("LiteLLM_{table}")).or_default().push(row.clone());
    }
    beside(config, listed)
}

/// A file and whole tables beside it, read and joined; no value of them is sealed.
pub fn beside(config: &str, rows: BTreeMap<String, Vec<Value>>) -> (Inventory, Vault<Opened>) {
    let tables = tables(rows);
    let file = Input::File { name: "config.yaml", bytes: config.as_bytes() };
    inventory::gather(litellm::read(&[file, Input::Rows { tables: &tables, findings: &[] }])).open(&[])
}

/// Tables whose rows are written as objects.
fn tables(tables: BTreeMap<String, Vec<Value>>) -> BTreeMap<String, Rows> {
    tables.into_iter().map(|(name, rows)| (name, table(rows))).collect()
}

/// Rows that are written as objects, as a table.
pub fn table(rows: Vec<Value>) -> Rows {
    rows.into_iter().filter_map(|row| if let Value::Object(row) = row { Some(row) } else { None }).collect()
}

/// The rows as the text of a dump with column names.
pub fn dump(size: Size, seed: u64) -> String {
    let mut text = String::from("--\n-- PostgreSQL database dump\n--\n\n");
    for (table, rows) in rows(size, seed) {
        for row in rows.objects() {
            let columns: Vec<String> = row.keys().map(|column| format!("\"{column}\"")).collect();
            let values: Vec<String> = row.values().map(literal).collect();
            let (columns, values) = (columns.join(", "), values.join(", "));
            let _ = writeln!(text, "INSERT INTO public.\"{table}\" ({columns}) VALUES ({values});");
        }
    }
    text + "\n--\n-- PostgreSQL database dump complete\n--\n"
}

fn literal(value: &Value) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(items) => {
            quoted(&format!("{{{}}}", items.iter().map(Value::to_string).collect::<Vec<_>>().join(",")))
        }
        Value::Object(_) => quoted(&value.to_string()),
    }
}

struct Fleet {
    dice: Dice,
    sealer: Sealer,
    names: Vec<String>,
}

impl Fleet {
    fn models(&mut self, count: u32) -> Vec<Value> {
        (0..count).map(|n| self.model(n)).collect()
    }

    fn model(&mut self, n: u32) -> Value {
        let (kind, model, base) = PROVIDERS[n as usize * 5 % PROVIDERS.len()];
        let mut params = json!({"model": self.sealer.seal(model)});
        params["api_key"] = self.sealer.seal(&format!("key-{kind}-{:03}-0123456789abcdef", n % 20)).into();
        if let Some(base) = base {
            params["api_base"] = self.sealer.seal(&base.replace("{}", &format!("{:03}", n % 12))).into();
        }
        if kind == "azure" {
            params["api_version"] = self.sealer.seal("2024-10-21").into();
        }
        if self.dice.one_in(3) {
            params["rpm"] = (60 * (1 + n % 5)).into();
            params["tpm"] = (10_000 * (1 + n % 7)).into();
        }
        // One in seven is a second deployment of an earlier name.
        let name = if n > 10 && self.dice.one_in(7) { format!("model-{:03}", n / 2) } else { format!("model-{n:03}") };
        if !self.names.contains(&name) {
            self.names.push(name.clone());
        }
        let labels = if n.is_multiple_of(5) { json!([format!("label-{}", n % 6)]) } else { json!([]) };
        json!({"model_id": format!("deployment-{n:04}"), "model_name": name, "litellm_params": params,
               "model_info": {"id": format!("deployment-{n:04}"), "db_model": false, "access_groups": labels}})
    }

    fn user(&mut self, n: u32) -> Value {
        let models = if n % 10 == 3 { self.pick(6) } else { json!([]) };
        json!({"user_id": format!("user-{n:05}"), "user_alias": format!("User {n:05}"), "models": models,
               "max_budget": if n.is_multiple_of(4) { json!(25) } else { Value::Null },
               "budget_duration": "30d", "user_role": "internal_user"})
    }

    fn team(&mut self, n: u32, organizations: u32) -> Value {
        let models = if n.is_multiple_of(3) { json!([]) } else { self.pick(25) };
        json!({"team_id": format!("team-{n:04}"), "team_alias": format!("Team {n:04}"), "models": models,
               "organization_id": format!("org-{:04}", n % organizations), "blocked": n % 25 == 7,
               "max_budget": 100 + n, "budget_duration": "30d", "rpm_limit": 1000})
    }

    fn key(&mut self, n: u32, size: Size) -> Value {
        let models = match n % 10 {
            0 => json!([]),
            1 => json!(["all-team-models"]),
            2 => json!([format!("label-{}", n % 6)]),
            3 => json!(["no-default-models"]),
            _ => self.pick(8),
        };
        let team = if n % 4 == 3 { Value::Null } else { json!(format!("team-{:04}", n % size.teams)) };
        let user = if n.is_multiple_of(2) { json!(format!("user-{:05}", n / 5)) } else { Value::Null };
        let expires = match n % 20 {
            5 => json!("2026-01-01 00:00:00"),
            6 => json!("2029-01-01 00:00:00"),
            _ => Value::Null,
        };
        json!({"token": sha256_hex(&format!("sk-fleet-{n:06}")), "key_name": format!("sk-...{:04}", n % 10_000),
               "key_alias": format!("key-{n:06}"), "models": models, "team_id": team, "user_id": user,
               "expires": expires, "blocked": n % 17 == 4, "spend": 0.25,
               "max_budget": if n.is_multiple_of(3) { json!(5 + n % 50) } else { Value::Null },
               "budget_duration": "7d", "tpm_limit": if n.is_multiple_of(5) { json!(20_000) } else { Value::Null },
               "metadata": {"owner": format!("owner-{n}")}})
    }

    fn pick(&mut self, most: u32) -> Value {
        let count = 1 + self.dice.below(most);
        let mut picked: Vec<&str> = Vec::new();
        for _ in 0..count {
            let at = self.dice.below(u32::try_from(self.names.len()).unwrap_or(1)) as usize;
            let name = self.names[at].as_str();
            if !picked.contains(&name) {
                picked.push(name);
            }
        }
        picked.sort_unstable();
        json!(picked)
    }
}

/// A small generator: the same seed, the same throws, on every machine.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, end: u32) -> u32 {
        u32::try_from(self.next() % u64::from(end.max(1))).unwrap_or(0)
    }

    fn one_in(&mut self, count: u32) -> bool {
        self.below(count) == 0
    }
}
