//! A made-up fleet behind LiteLLM's management API, in memory: pages, totals and caps as a 1.108 proxy has them
//! (`reference/litellm.md` 1.4).

use std::collections::BTreeMap;

use litellm::fetch::{Ask, Event, Fetch, Step};
use serde_json::{Value, json};

use crate::fleet::{self, Size};

/// The proxy of a fleet.
#[derive(Debug)]
pub struct FleetProxy {
    lists: BTreeMap<&'static str, (&'static str, Vec<Value>)>,
    budgets: Vec<Value>,
    organizations: Vec<Value>,
}

impl FleetProxy {
    /// With at most so many users, and so many budgets that belong to members of teams.
    pub fn new(size: Size, users: usize, member_budgets: u32) -> Self {
        let mut rows = fleet::rows(size, 1);
        let mut take = |table: &str| -> Vec<Value> {
            rows.remove(table).unwrap_or_default().objects().map(Value::Object).collect()
        };
        let models = take("LiteLLM_ProxyModelTable").iter().map(model).collect();
        let mut teams = take("LiteLLM_TeamTable");
        for team in &mut teams {
            team["members_with_roles"] = json!([{ "user_id": "user-00001", "role": "user" }]);
        }
        let mut people = take("LiteLLM_UserTable");
        people.truncate(users);
        let mut budgets = take("LiteLLM_BudgetTable");
        budgets.extend((0..member_budgets).map(|n| json!({ "budget_id": format!("member-{n:04}"), "max_budget": 1 })));
        let lists = [
            ("/v2/model/info", ("data", models)),
            ("/v2/team/list", ("teams", teams)),
            ("/user/list", ("users", people)),
            ("/key/list", ("keys", take("LiteLLM_VerificationToken"))),
        ];
        Self { lists: lists.into(), budgets, organizations: take("LiteLLM_OrganizationTable") }
    }

    /// Answers a read.
    pub fn answer(&self, path: &str, query: &BTreeMap<String, String>) -> (u16, String) {
        let body = match path {
            "/health/readiness" => json!({ "status": "healthy", "db": "connected" }),
            "/health/readiness/details" => json!({ "status": "healthy", "litellm_version": "1.109.1" }),
            "/budget/list" => json!(self.budgets),
            "/organization/list" => json!(self.organizations),
            "/credentials" => json!({ "success": true, "credentials": [] }),
            "/team/info" => return self.team(query.get("team_id").map_or("", String::as_str)),
            "/key/info" => {
                return (404, r#"{"error":{"message":"Key not found in database","code":"404"}}"#.to_owned());
            }
            _ => match self.lists.get(path) {
                Some((name, rows)) => page(name, rows, query),
                None => json!([]),
            },
        };
        (200, body.to_string())
    }

    fn team(&self, id: &str) -> (u16, String) {
        let teams = &self.lists["/v2/team/list"].1;
        match teams.iter().position(|team| team["team_id"] == *id) {
            Some(at) => {
                let membership =
                    json!({ "user_id": "user-00001", "team_id": id, "budget_id": format!("member-{at:04}") });
                let info =
                    json!({ "team_id": id, "team_info": teams[at], "keys": [], "team_memberships": [membership] });
                (200, info.to_string())
            }
            None => (404, r#"{"error":{"message":"Team not found","code":"404"}}"#.to_owned()),
        }
    }
}

/// A row as `/v2/model/info` shows it: nothing is encrypted, and no key is shown.
fn model(row: &Value) -> Value {
    let params = json!({ "model": "openai/gpt-4o" });
    json!({ "model_name": row["model_name"], "litellm_params": params, "model_info": row["model_info"] })
}

fn page(name: &str, rows: &[Value], query: &BTreeMap<String, String>) -> Value {
    let number = |name: &str| query.get(name).and_then(|text| text.parse::<usize>().ok());
    let page = number("page").unwrap_or(1);
    let size = number("size").or_else(|| number("page_size")).unwrap_or(10);
    let most = if name == "data" { usize::MAX } else { 100 };
    assert!(size <= most, "{name}: a page of {size} is refused by the proxy");
    let shown: Vec<&Value> = rows.iter().skip((page - 1) * size).take(size).collect();
    let (total, pages) = (rows.len(), rows.len().div_ceil(size));
    json!({ name: shown, "total": total, "total_count": total, "page": page, "total_pages": pages })
}

/// Reads with that proxy, one request at a time.
pub fn drive(proxy: &FleetProxy, fetch: &mut Fetch) {
    let mut flying: Vec<(Ask, Event)> = Vec::new();
    loop {
        match fetch.step() {
            Step::Ask(ask) => {
                let path = litellm::endpoint::endpoint(ask.endpoint).map_or("", |endpoint| endpoint.path);
                let (status, body) = proxy.answer(path, &ask.query);
                flying.push((ask, Event::Answer { status, retry_after: None, body }));
            }
            Step::Wait => {
                if let Some((ask, event)) = flying.pop() {
                    fetch.on(&ask, event);
                }
            }
            Step::Done => return,
        }
    }
}
