//! The population that the vendor's own tool was measured with: the rows which the generator of the LiteLLM lab puts
//! into a real database, drawn here from the same seed without one. Times of creation are left out; nonces are others.

use std::collections::BTreeMap;

use inventory::{Candidate, Inventory, Opened, Vault};
use litellm::seal::sha256_hex;
use litellm::{Input, Secret};
use serde_json::{Value, json};

use crate::company::SALT_KEY;
use crate::fleet::table;
use crate::seal::Sealer;
use crate::twister::Twister;

/// How many deployments there are, whatever the number of keys.
pub const DEPLOYMENTS: usize = 300;

/// The kind, the model, the base, how many of a hundred.
const KINDS: &[(&str, &str, Option<&str>, usize)] = &[
    ("openai", "openai/gpt-4o", None, 22),
    ("anthropic", "anthropic/claude-sonnet-4-20250514", None, 12),
    ("azure", "azure/gpt4o-{}", Some("https://scale-{}.openai.azure.example/"), 14),
    ("mistral", "mistral/mistral-large-latest", None, 6),
    ("groq", "groq/llama-3.3-70b-versatile", None, 6),
    ("gemini", "gemini/gemini-2.5-flash", None, 6),
    ("compatible", "openai/qwen-{}", Some("http://127.0.0.1:9009/v{}"), 14),
    ("vllm", "hosted_vllm/meta-llama/Llama-3.1-8B-Instruct", Some("http://127.0.0.1:9{000}/v1"), 8),
    ("together", "together_ai/meta-llama/Llama-3.3-70B-Instruct-Turbo", None, 6),
    ("deepseek", "deepseek/deepseek-chat", None, 6),
];

const WINDOWS: [Option<&str>; 7] = [Some("1d"), Some("7d"), Some("30d"), Some("1mo"), Some("24h"), Some("45m"), None];

/// One deployment in clear, to hold the plan against.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// Its row id.
    pub id: String,
    /// The name clients ask for.
    pub name: String,
    /// Its secret, its own or that of its named credential.
    pub secret: String,
    /// Its base URL, if it states one.
    pub base: Option<String>,
}

/// A population.
#[derive(Clone, Debug)]
pub struct Lab {
    /// The rows of each table, with sealed values.
    pub tables: BTreeMap<String, Vec<Value>>,
    /// The deployments in clear.
    pub deployments: Vec<Deployment>,
}

impl Lab {
    /// The population of so many keys: a tenth as many teams, a fifth as many users, a hundredth as many organizations.
    pub fn new(keys: usize) -> Self {
        let mut draw = Draw { random: Twister::new(1), sealer: Sealer::new(SALT_KEY), names: Vec::new() };
        let mut deployments = Vec::new();
        let models: Vec<Value> = (0..DEPLOYMENTS).map(|n| draw.model(n, &mut deployments)).collect();
        draw.names = deployments.iter().map(|deployment| deployment.name.clone()).collect();
        draw.names.sort();
        draw.names.dedup();
        let organizations = keys / 100;
        let organizations: Vec<Value> = (0..organizations).map(|n| draw.organization(n)).collect();
        let users: Vec<Value> = (0..keys / 5).map(|n| draw.user(n)).collect();
        let mut members = Vec::new();
        let teams: Vec<Value> =
            (0..keys / 10).map(|n| draw.team(n, organizations.len(), &users, &mut members)).collect();
        let virtual_keys = (0..keys).map(|n| draw.key(n, &teams, users.len())).collect();
        let tables = [
            ("CredentialsTable", draw.credentials()),
            ("ProxyModelTable", models),
            ("BudgetTable", (0..organizations.len()).map(budget).collect()),
            ("OrganizationTable", organizations),
            ("UserTable", users),
            ("TeamTable", teams),
            ("TeamMembership", members),
            ("VerificationToken", virtual_keys),
        ];
        let tables = tables.into_iter().map(|(name, rows)| (format!("LiteLLM_{name}"), rows)).collect();
        Self { tables, deployments }
    }

    /// Read and opened.
    pub fn read(&self) -> (Inventory, Vault<Opened>) {
        let tables = self.tables.iter().map(|(name, rows)| (name.clone(), table(rows.clone()))).collect();
        let reading = litellm::read(&[Input::Rows { tables: &tables, findings: &[] }]);
        let salt = Candidate { name: "salt key".to_owned(), secret: Secret::new(SALT_KEY.to_owned()) };
        inventory::gather(reading).open(&[salt])
    }

    /// The rows of a table.
    pub fn rows(&self, table: &str) -> &[Value] {
        self.tables.get(&format!("LiteLLM_{table}")).map_or(&[], Vec::as_slice)
    }
}

struct Draw {
    random: Twister,
    sealer: Sealer,
    names: Vec<String>,
}

impl Draw {
    fn model(&mut self, n: usize, deployments: &mut Vec<Deployment>) -> Value {
        let (kind, model, base) = kind(n * 37 % 100);
        let mut params =
            json!({"model": self.sealer.seal(&model.replace("{}", &n.to_string())), "use_in_pass_through": false});
        let named = self.random.within(0.25) && ["openai", "anthropic"].contains(&kind);
        let secret = if named {
            params["litellm_credential_name"] = self.sealer.seal(&format!("scale-{kind}-{}", n % 5)).into();
            format!("cred-{kind}-{}", n % 5)
        } else {
            format!("key-{kind}-{:04}", n % 40)
        };
        if !named {
            params["api_key"] = self.sealer.seal(&secret).into();
        }
        let base = base.map(|base| base.replace("{}", &n.to_string()).replace("{000}", &format!("{n:03}")));
        if let Some(base) = &base {
            params["api_base"] = self.sealer.seal(base).into();
        }
        if kind == "azure" {
            params["api_version"] = self.sealer.seal("2024-10-21").into();
        }
        if self.random.within(0.3) {
            params["rpm"] = [60, 600, 6000][self.random.below(3)].into();
            params["tpm"] = [10_000, 100_000][self.random.below(2)].into();
        }
        if self.random.within(0.1) {
            params["max_budget"] = json!((1 + self.random.below(49)) * 10);
            params["budget_duration"] = self.sealer.seal("30d").into();
        }
        let name = format!("scale-m{:03}", if self.random.within(0.85) { n } else { n / 2 });
        let id = format!("scale-model-{n:04}");
        let mut info = json!({"id": id, "db_model": true});
        if n.is_multiple_of(5) {
            info["access_groups"] = json!([format!("scale-group-{}", n % 6)]);
        }
        deployments.push(Deployment { id: id.clone(), name: name.clone(), secret, base });
        json!({"model_id": id, "model_name": name, "litellm_params": params, "model_info": info})
    }

    fn credentials(&mut self) -> Vec<Value> {
        let mut rows = Vec::new();
        for provider in ["openai", "anthropic"] {
            for n in 0..5 {
                let value = self.sealer.seal(&format!("cred-{provider}-{n}"));
                rows.push(json!({"credential_id": format!("scale-cred-{provider}-{n}"),
                    "credential_name": format!("scale-{provider}-{n}"), "credential_values": {"api_key": value},
                    "credential_info": {"custom_llm_provider": provider}}));
            }
        }
        rows
    }

    /// Some of the names, in order.
    fn pick(&mut self, least: usize, most: usize) -> Value {
        let count = least + self.random.below(most - least + 1);
        let mut picked = self.random.sample(self.names.len(), count.min(self.names.len()));
        picked.sort_unstable();
        picked.into_iter().map(|at| self.names[at].as_str()).collect()
    }

    fn organization(&mut self, n: usize) -> Value {
        let models = if n.is_multiple_of(3) { json!([]) } else { self.pick(40, 120) };
        json!({"organization_id": format!("scale-org-{n:04}"), "organization_alias": format!("Scale Org {n:04}"),
               "budget_id": format!("scale-budget-{n:04}"), "models": models})
    }

    fn user(&mut self, n: usize) -> Value {
        let role = ["internal_user", "internal_user_viewer", "proxy_admin"];
        let paid = n.is_multiple_of(4);
        json!({"user_id": user_id(n), "user_alias": (n % 2 == 1).then(|| format!("Scale User {n:05}")),
               "user_email": (!n.is_multiple_of(20)).then(|| format!("user{n:05}@scale.example")),
               "user_role": role[if n.is_multiple_of(30) { 2 } else { n % 3 }],
               "models": if n % 10 == 3 { self.pick(2, 6) } else { json!([]) },
               "max_budget": paid.then_some(25), "budget_duration": paid.then_some("30d")})
    }

    fn team(&mut self, n: usize, organizations: usize, users: &[Value], memberships: &mut Vec<Value>) -> Value {
        let id = format!("scale-team-{n:05}");
        let members: Vec<Value> = self
            .random
            .sample(users.len(), 3)
            .into_iter()
            .enumerate()
            .map(|(place, user)| {
                memberships.push(json!({"user_id": user_id(user), "team_id": id}));
                json!({"role": if place == 0 { "admin" } else { "user" }, "user_id": user_id(user),
                       "user_email": users[user]["user_email"]})
            })
            .collect();
        let organization = (!n.is_multiple_of(5)).then(|| format!("scale-org-{:04}", n % organizations));
        // Both lists are drawn, whether or not one of them is taken.
        let lists = [json!([]), self.pick(3, 20), self.pick(3, 20), json!(["all-proxy-models"])];
        let (paid, paced) = (n % 2 == 1, !n.is_multiple_of(3));
        json!({"team_id": id, "team_alias": format!("scale team {n:05}"), "organization_id": organization,
               "members_with_roles": members, "models": lists[n % 4], "blocked": n % 25 == 7,
               "max_budget": paid.then_some(100 + n % 400), "budget_duration": if paid { WINDOWS[n % 7] } else { None },
               "tpm_limit": paced.then_some(100_000), "rpm_limit": paced.then_some(500),
               "metadata": {"cost_center": format!("CC-{:03}", n % 50)}})
    }

    fn key(&mut self, n: usize, teams: &[Value], users: usize) -> Value {
        let team = (n % 10 < 7).then(|| &teams[n % teams.len()]);
        let lists = [
            json!([]),
            self.pick(1, 5),
            self.pick(1, 5),
            json!(["all-team-models"]),
            json!([format!("scale-group-{}", n % 6)]),
        ];
        let mut models = lists[n * 7 % 11 % 5].clone();
        let own = models[0].as_str().is_some_and(|name| name.starts_with("scale-m"));
        let of_team = team
            .and_then(|team| team["models"].as_array())
            .filter(|list| !list.is_empty() && list[0] != json!("all-proxy-models") && own && !n.is_multiple_of(3));
        if let Some(list) = of_team {
            let mut some = self.random.sample(list.len(), list.len().min(2));
            some.sort_unstable();
            models = some.into_iter().map(|at| list[at].clone()).collect();
        }
        let token = format!("sk-scale-{n:06}");
        let expires = ["2026-10-01 00:00:00", "2027-06-01 12:00:00"][n % 2];
        let (paid, paced) = (n % 4 == 1, n % 6 == 2);
        json!({"token": sha256_hex(&token), "key_name": format!("sk-...{}", &token[token.len() - 4..]),
               "key_alias": (!n.is_multiple_of(50)).then(|| format!("scale key {n:06}")), "models": models,
               "team_id": team.map(|team| &team["team_id"]), "organization_id": team.map(|team| &team["organization_id"]),
               "user_id": n.is_multiple_of(3).then(|| user_id(n % users)), "blocked": (n % 20 == 19).then_some(true),
               "expires": (n % 10 == 4).then_some(expires), "max_budget": paid.then_some(1 + n % 90),
               "budget_duration": if paid { WINDOWS[n % 7] } else { None }, "tpm_limit": paced.then_some(20_000),
               "rpm_limit": paced.then_some(100),
               "aliases": if n % 15 == 6 { json!({"fast": self.names[n % self.names.len()]}) } else { json!({}) },
               "metadata": {"n": n}, "key_type": "default"})
    }
}

/// The kind at a place of a hundred.
fn kind(place: usize) -> (&'static str, &'static str, Option<&'static str>) {
    let mut before = 0;
    for (kind, model, base, share) in KINDS {
        before += share;
        if place < before {
            return (kind, model, *base);
        }
    }
    ("openai", "openai/gpt-4o", None)
}

fn budget(n: usize) -> Value {
    json!({"budget_id": format!("scale-budget-{n:04}"), "max_budget": 1000 + n, "budget_duration": WINDOWS[n % 7],
           "tpm_limit": 500_000, "rpm_limit": 5000})
}

fn user_id(n: usize) -> String {
    format!("scale-user-{n:05}")
}
