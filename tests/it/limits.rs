//! No budget and no limit gets looser without a word: of random deployments, each limit is held on the gateway at
//! most as loosely for every key it bound, or a line says that a person has to see to it and a warning stands with it.

use std::collections::{BTreeMap, BTreeSet};

use bifrost::{Kind, Observed};
use model::{Money, OpId};
use plan::{Choices, Fidelity, Plan};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::company;

type Rows = BTreeMap<String, Vec<Value>>;

const MODELS: [&str; 2] = ["gpt-4o", "mini"];

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Unit {
    /// Micro-dollars within a window.
    Money,
    /// Tokens a minute.
    Tokens,
    /// Requests a minute.
    Requests,
}

/// One limit of LiteLLM's, worked out from the rows alone.
#[derive(Clone, Debug)]
struct Limit {
    /// The object and the field where it stands.
    object: String,
    field: String,
    unit: Unit,
    amount: u64,
    window: String,
    model: Option<String>,
    /// The keys it binds.
    keys: Vec<String>,
    /// Whether they share it; else each has it for itself.
    shared: bool,
}

fn plan_of(rows: &Rows, version: &str) -> Plan {
    let config = "model_list:
  - {model_name: gpt-4o, litellm_params: {model: openai/gpt-4o, api_key: os.environ/K}}
  - {model_name: mini, litellm_params: {model: openai/gpt-4o-mini, api_key: os.environ/K}}
";
    let (inventory, vault) = support::fleet::beside(config, rows.clone());
    plan::plan(&inventory, &vault, &Observed::fresh(version), &Choices::default(), company::now())
}

/// The dice of one deployment: an endless row of small numbers.
struct Dice<'d>(std::iter::Cycle<std::slice::Iter<'d, u16>>, u16);

impl Dice<'_> {
    fn below(&mut self, end: u16) -> u16 {
        self.1 = self.1.wrapping_mul(31).wrapping_add(*self.0.next().expect("endless")).wrapping_add(7);
        (self.1 >> 3) % end
    }

    fn one_in(&mut self, count: u16) -> bool {
        self.below(count) == 0
    }

    fn amount(&mut self) -> Value {
        match self.below(9) {
            0 => json!(0),
            1 => json!(0.5),
            2 => json!(1),
            3 => json!("12.5"),
            n => json!(u64::from(n) * 100),
        }
    }

    fn window(&mut self) -> Value {
        json!(["30d", "7d", "1mo", "24h"][usize::from(self.below(4))])
    }

    /// Own limits of an object.
    fn own(&mut self, row: &mut Value) {
        if self.one_in(2) {
            row["max_budget"] = self.amount();
            if self.one_in(2) {
                row["budget_duration"] = self.window();
            }
        }
        for field in ["tpm_limit", "rpm_limit"] {
            if self.one_in(3) {
                row[field] = json!(self.below(50));
            }
        }
    }

    fn per_model(&mut self) -> Value {
        let mut map = json!({});
        for model in MODELS {
            if self.one_in(2) {
                map[model] = json!(self.below(20));
            }
        }
        map
    }

    fn model_budgets(&mut self) -> Value {
        let mut map = json!({});
        for model in MODELS {
            if self.one_in(2) {
                map[model] = match self.below(3) {
                    0 => self.amount(),
                    1 => json!({ "budget_limit": self.amount(), "time_period": self.window() }),
                    _ => {
                        json!({ "max_budget": self.amount(), "budget_duration": self.window(), "rpm_limit": self.below(9) })
                    }
                };
            }
        }
        map
    }
}

fn rows(dice: &[u16]) -> Rows {
    let mut dice = Dice(dice.iter().cycle(), 1);
    let mut rows = Rows::new();
    let mut add = |table: &str, row: Value| rows.entry(format!("LiteLLM_{table}")).or_default().push(row);
    for n in 0..4 {
        let mut row = json!({ "budget_id": format!("b{n}") });
        dice.own(&mut row);
        if dice.one_in(3) {
            row["model_max_budget"] = dice.model_budgets();
        }
        add("BudgetTable", row);
    }
    let budget = |dice: &mut Dice<'_>| format!("b{}", dice.below(4));
    add(
        "OrganizationTable",
        json!({ "organization_id": "o0", "organization_alias": "Org", "budget_id": budget(&mut dice) }),
    );
    for n in 0..2 {
        let mut row = json!({ "team_id": format!("t{n}"), "team_alias": format!("Team {n}"), "metadata": {} });
        dice.own(&mut row);
        if dice.one_in(2) {
            row["organization_id"] = json!("o0");
        }
        if dice.one_in(2) {
            row["metadata"]["model_rpm_limit"] = dice.per_model();
        }
        if dice.one_in(3) {
            row["model_max_budget"] = dice.model_budgets();
        }
        if dice.one_in(3) {
            row["budget_limits"] = json!([{ "max_budget": dice.amount(), "budget_duration": dice.window() }]);
        }
        add("TeamTable", row);
        if dice.one_in(2) {
            add(
                "TeamMembership",
                json!({ "user_id": "u0", "team_id": format!("t{n}"), "budget_id": budget(&mut dice) }),
            );
        }
    }
    let mut user = json!({ "user_id": "u0", "user_email": "u0@example.com" });
    dice.own(&mut user);
    if dice.one_in(3) {
        user["model_max_budget"] = dice.model_budgets();
    }
    add("UserTable", user);
    add(
        "ProjectTable",
        json!({ "project_id": "p0", "budget_id": budget(&mut dice), "model_rpm_limit": dice.per_model() }),
    );
    for n in 0..5 {
        let mut row = json!({ "token": format!("{n:064x}"), "key_alias": format!("k{n}"), "metadata": {} });
        dice.own(&mut row);
        if dice.one_in(2) {
            row["team_id"] = json!(format!("t{}", dice.below(2)));
        }
        for (field, id, sides) in [("user_id", "u0", 2), ("project_id", "p0", 3), ("organization_id", "o0", 4)] {
            if dice.one_in(sides) {
                row[field] = json!(id);
            }
        }
        if dice.one_in(4) {
            row["budget_id"] = json!(budget(&mut dice));
        }
        if dice.one_in(3) {
            row["metadata"]["model_tpm_limit"] = dice.per_model();
        }
        if dice.one_in(3) {
            row["model_max_budget"] = dice.model_budgets();
        }
        if dice.one_in(4) {
            row["budget_limits"] = json!([{ "max_budget": dice.amount(), "budget_duration": dice.window() }]);
        }
        add("VerificationToken", row);
    }
    rows
}

/// Every limit of the rows, by LiteLLM's rules (`reference/litellm.md` 6.3, 6.4).
fn limits(rows: &Rows) -> Vec<Limit> {
    let table = |name: &str| rows.get(&format!("LiteLLM_{name}")).into_iter().flatten();
    let text = |row: &Value, field: &str| row[field].as_str().map(str::to_owned);
    let find = |name: &str, field: &str, id: &str| table(name).find(|row| row[field] == json!(id)).cloned();
    let keys_where = |test: &dyn Fn(&Value) -> bool| -> Vec<String> {
        table("VerificationToken").filter(|row| test(row)).filter_map(|row| text(row, "key_alias")).collect()
    };
    let mut found = Vec::new();
    for row in table("TeamTable") {
        let id = text(row, "team_id").expect("an id");
        let keys = keys_where(&|key| text(key, "team_id").as_ref() == Some(&id));
        let from = found.len();
        states(&mut found, row, &format!("team/{id}"), &keys, true);
        for limit in &mut found[from..] {
            let Some(model) = limit.model.clone().filter(|_| limit.field.starts_with("metadata.")) else { continue };
            let of_its_own = |key: &Value| {
                let (own, entry) = match limit.unit {
                    Unit::Tokens => (&key["metadata"]["model_tpm_limit"], "tpm_limit"),
                    _ => (&key["metadata"]["model_rpm_limit"], "rpm_limit"),
                };
                !own[&model].is_null() || key["model_max_budget"][&model].get(entry).is_some()
            };
            limit.keys = keys_where(&|key| text(key, "team_id").as_ref() == Some(&id) && !of_its_own(key));
        }
    }
    for row in table("UserTable") {
        let keys = keys_where(&|key| key["team_id"].is_null() && key["user_id"] == row["user_id"]);
        states(&mut found, row, "user/u0", &keys, true);
    }
    for row in table("OrganizationTable") {
        let own = |key: &Value| text(key, "organization_id").is_some();
        let through = |key: &Value| {
            let team = text(key, "team_id").and_then(|team| find("TeamTable", "team_id", &team));
            team.is_some_and(|team| team["organization_id"].is_string())
        };
        let keys = keys_where(&|key| own(key) || through(key));
        if let Some(budget) = text(row, "budget_id").and_then(|id| find("BudgetTable", "budget_id", &id)) {
            let budget = without(&budget, &["model_max_budget"]);
            states(&mut found, &budget, &format!("budget/{}", text(row, "budget_id").expect("an id")), &keys, true);
        }
    }
    for row in table("ProjectTable") {
        let keys = keys_where(&|key| key["project_id"] == row["project_id"]);
        states(&mut found, row, "project/p0", &keys, true);
        let id = text(row, "budget_id").expect("an id");
        let budget = without(&find("BudgetTable", "budget_id", &id).expect("a row"), &["model_max_budget"]);
        states(&mut found, &budget, &format!("budget/{id}"), &keys, true);
    }
    for row in table("TeamMembership") {
        let keys = keys_where(&|key| key["team_id"] == row["team_id"] && key["user_id"] == row["user_id"]);
        let id = text(row, "budget_id").expect("an id");
        let budget = without(&find("BudgetTable", "budget_id", &id).expect("a row"), &["model_max_budget"]);
        states(&mut found, &budget, &format!("budget/{id}"), &keys, true);
    }
    for row in table("VerificationToken") {
        let alias = text(row, "key_alias").expect("an alias");
        let object = format!("virtual_key/{alias}");
        states(&mut found, row, &object, std::slice::from_ref(&alias), false);
        if let Some(id) = text(row, "budget_id") {
            let stated: Vec<&str> = ["max_budget", "tpm_limit", "rpm_limit", "model_max_budget"]
                .into_iter()
                .filter(|field| !row[*field].is_null())
                .collect();
            let budget = without(&find("BudgetTable", "budget_id", &id).expect("a row"), &stated);
            states(&mut found, &budget, &format!("budget/{id}"), &[alias], false);
        }
    }
    found
}

fn without(row: &Value, fields: &[&str]) -> Value {
    let mut row = row.clone();
    for field in fields {
        row[*field] = Value::Null;
    }
    row
}

fn money(value: &Value) -> u64 {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    text.parse::<Money>().expect("an amount").micros()
}

fn window(value: &Value) -> String {
    match value.as_str() {
        None => "10Y".to_owned(),
        Some("1mo") => "1M".to_owned(),
        Some(other) => other.to_owned(),
    }
}

/// What one row states.
fn states(found: &mut Vec<Limit>, row: &Value, object: &str, keys: &[String], shared: bool) {
    let mut add = |field: &str, unit: Unit, amount: u64, window: String, model: Option<&str>| {
        found.push(Limit {
            object: object.to_owned(),
            field: field.to_owned(),
            unit,
            amount,
            window,
            model: model.map(str::to_owned),
            keys: keys.to_vec(),
            shared,
        });
    };
    if !row["max_budget"].is_null() {
        add("max_budget", Unit::Money, money(&row["max_budget"]), window(&row["budget_duration"]), None);
    }
    for entry in row["budget_limits"].as_array().into_iter().flatten() {
        add("budget_limits", Unit::Money, money(&entry["max_budget"]), window(&entry["budget_duration"]), None);
    }
    for (field, unit) in [("tpm_limit", Unit::Tokens), ("rpm_limit", Unit::Requests)] {
        if let Some(rate) = row[field].as_u64() {
            add(field, unit, rate, "1m".to_owned(), None);
        }
    }
    for (place, prefix) in [(row, ""), (&row["metadata"], "metadata.")] {
        for (field, unit) in [("model_tpm_limit", Unit::Tokens), ("model_rpm_limit", Unit::Requests)] {
            for (model, rate) in place[field].as_object().into_iter().flatten() {
                let field = format!("{prefix}{field}");
                add(&field, unit, rate.as_u64().expect("a number"), "1m".to_owned(), Some(model));
            }
        }
    }
    for (model, entry) in row["model_max_budget"].as_object().into_iter().flatten() {
        let field = "model_max_budget";
        let part = |a: &str, b: &str| [a, b].into_iter().map(|name| &entry[name]).find(|value| !value.is_null());
        let amount = if entry.is_object() { part("budget_limit", "max_budget") } else { Some(entry) };
        if let Some(amount) = amount {
            let over = part("time_period", "budget_duration").cloned().unwrap_or_default();
            add(field, Unit::Money, money(amount), window(&over), Some(model));
        }
        if let Some(rate) = entry.get("rpm_limit").and_then(Value::as_u64) {
            add(field, Unit::Requests, rate, "1m".to_owned(), Some(model));
        }
    }
}

/// What an op's body holds of that sort.
fn held(body: &Value, limit: &Limit) -> Option<u64> {
    let rate = |name: &str| body["rate_limit"][name].as_u64();
    match limit.unit {
        Unit::Money => {
            let mut budgets = body["budgets"].as_array().into_iter().flatten().chain(body.get("budget"));
            let one = budgets.find(|budget| budget["reset_duration"] == json!(limit.window));
            one.map(|budget| money(&budget["max_limit"]))
        }
        Unit::Tokens if body["rate_limit"]["token_reset_duration"] == json!("1m") => rate("token_max_limit"),
        Unit::Tokens => None,
        Unit::Requests => rate("request_max_limit"),
    }
}

struct Gateway<'p> {
    bodies: BTreeMap<&'p OpId, &'p Value>,
}

impl<'p> Gateway<'p> {
    fn new(plan: &'p Plan) -> Self {
        Self { bodies: plan.ops.iter().filter_map(|op| Some((&op.id, op.after.as_deref()?))).collect() }
    }

    fn body(&self, kind: Kind, name: &str) -> Option<&'p Value> {
        self.bodies.get(&OpId::new(format!("{}/{name}", kind.id()))).copied()
    }

    fn referred(&self, body: &Value, field: &str) -> Option<&'p Value> {
        self.bodies.get(&OpId::new(body[field]["$ref"].as_str()?)).copied()
    }

    /// What may be used in all by keys that are open, where every one of them is bounded.
    fn bound(&self, limit: &Limit) -> Result<u64, String> {
        let open: Vec<(&String, &Value)> = limit
            .keys
            .iter()
            .filter_map(|key| Some((key, self.body(Kind::VirtualKey, key)?)))
            .filter(|(_, body)| body["is_active"] == json!(true))
            .collect();
        let open: Vec<(&String, &Value)> = match &limit.model {
            None => open,
            Some(model) => open.into_iter().filter(|(_, body)| calls(body, model)).collect(),
        };
        // An owner that all of them are under.
        for step in ["team_id", "customer_id"] {
            let owners: BTreeSet<Option<u64>> = open
                .iter()
                .map(|(_, body)| {
                    let team = self.referred(body, "team_id");
                    let owner = if step == "team_id" { team } else { self.referred(team.unwrap_or(body), step) };
                    owner.and_then(|owner| held(owner, limit))
                })
                .collect();
            if let (1, Some(Some(amount))) = (owners.len(), owners.first())
                && limit.model.is_none()
                && *amount <= limit.amount
            {
                return Ok(*amount);
            }
        }
        let mut total: u64 = 0;
        for (key, body) in &open {
            let own = match &limit.model {
                None => held(body, limit),
                Some(model) => {
                    self.body(Kind::ModelConfig, &format!("{key}/{model}")).and_then(|body| held(body, limit))
                }
            };
            let own = own.ok_or_else(|| format!("nothing bounds {key}"))?;
            total = if limit.shared { total + own } else { total.max(own) };
        }
        Ok(total)
    }
}

fn calls(body: &Value, model: &str) -> bool {
    let configs = body["provider_configs"].as_array().into_iter().flatten();
    configs.into_iter().any(|config| {
        let listed = config["allowed_models"].as_array().into_iter().flatten();
        listed.into_iter().any(|name| *name == json!(model))
    })
}

/// Whether a line leaves the field to a person, and a warning stands with it.
fn is_said(plan: &Plan, limit: &Limit) -> bool {
    is_left(plan, &limit.object, &limit.field)
}

fn is_left(plan: &Plan, object: &str, field: &str) -> bool {
    let is_left = plan.lines().any(|line| {
        line.object.as_str() == object
            && *line.source == *field
            && matches!(line.fidelity, Fidelity::Manual | Fidelity::Unsupported)
    });
    is_left && plan.findings.iter().any(|finding| finding.code.as_str() == "plan.looser")
}

fn check(dice: &[u16], version: &str) -> Result<(), TestCaseError> {
    let rows = rows(dice);
    let plan = plan_of(&rows, version);
    let gateway = Gateway::new(&plan);
    for mut limit in limits(&rows) {
        // That a key has another owner than its organization is said at the key.
        limit.keys.retain(|key| !is_left(&plan, &format!("virtual_key/{key}"), "organization_id"));
        let bound = gateway.bound(&limit);
        let holds = bound.as_ref().is_ok_and(|bound| *bound <= limit.amount);
        prop_assert!(
            holds || is_said(&plan, &limit),
            "{version}: {limit:?} is {bound:?} on the gateway\n{rows:#?}\n{:#?}",
            plan.ops.iter().map(|op| (&op.id, &op.after)).collect::<Vec<_>>()
        );
    }
    Ok(())
}

/// How many random deployments: few by day, many by night.
#[expect(clippy::disallowed_methods, reason = "a test is told how long to run from outside")]
fn cases() -> u32 {
    std::env::var("GANGWAY_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(600)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_limit_gets_looser_without_a_word(dice in proptest::collection::vec(any::<u16>(), 8..60), old in any::<bool>()) {
        check(&dice, if old { "1.5.2" } else { "2.2.6" })?;
    }
}
