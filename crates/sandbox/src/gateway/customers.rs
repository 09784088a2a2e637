//! Customers and teams (topic 05).

use std::collections::BTreeMap;

use model::Moment;
use serde_json::{Map, Value, json};

use super::State;
use super::body::{Body, Shape};
use super::limits::{BUDGET, Draft, Limits, RATE_LIMIT, Wording};
use super::paging;
use super::reply::{Outcome, Refusal, done, ok};
use super::state::{Customer, Team};

const CUSTOMER: &[(&str, Shape)] = &[
    ("name", Shape::Text),
    ("budget", BUDGET),
    ("budgets", Shape::List(&BUDGET)),
    ("rate_limit", RATE_LIMIT),
    ("calendar_aligned", Shape::Flag),
];

const TEAM: &[(&str, Shape)] = &[
    ("name", Shape::Text),
    ("customer_id", Shape::Text),
    ("budgets", Shape::List(&BUDGET)),
    ("rate_limit", RATE_LIMIT),
    ("calendar_aligned", Shape::Flag),
];

impl State {
    /// `GET /api/governance/customers`. Paged lists of the second generation show null for the virtual keys.
    pub(super) fn list_customers(&self, query: &BTreeMap<String, String>) -> Outcome {
        let page = paging::read(query, &["search"])?;
        let found: Vec<&Customer> =
            self.customers.iter().filter(|customer| paging::matches(query, &customer.name)).collect();
        ok(&paging::answer("customers", &found, page, |customer| {
            let mut shown = self.show_customer(customer);
            if page.is_some() && self.release.is_second() {
                shown["virtual_keys"] = Value::Null;
            }
            shown
        }))
    }

    /// `GET /api/governance/customers/{id}`.
    pub(super) fn get_customer(&self, id: &str) -> Outcome {
        let customer = self.customer(id).ok_or_else(no_customer)?;
        ok(&json!({ "customer": self.show_customer(customer) }))
    }

    /// `POST /api/governance/customers`.
    pub(super) fn create_customer(&mut self, text: &str, now: Moment) -> Outcome {
        let body = Body::read(text, CUSTOMER)?;
        let name = body.text_or_empty("name");
        if name.is_empty() {
            return Err(Refusal::bad("Customer name is required"));
        }
        let draft = self.customer_draft(&body)?;
        if self.release.refuses_taken_names() && self.customers.iter().any(|customer| customer.name == name) {
            return Err(Refusal::new(409, "A customer with this name already exists"));
        }
        if draft.store_error(self.release).is_some() {
            return Err(Refusal::failed("failed to create customer"));
        }
        let id = self.mint.uuid();
        let mut limits = Limits::default();
        draft.apply(&mut limits, true, &mut self.mint, now);
        let calendar_aligned = body.flag("calendar_aligned") == Some(true);
        let customer = Customer { id, name, limits, calendar_aligned, created: now, updated: now };
        let shown = self.show_customer(&customer);
        self.customers.push(customer);
        ok(&json!({ "message": "Customer created successfully", "customer": shown }))
    }

    /// `PUT /api/governance/customers/{id}`: what is left out stays.
    pub(super) fn update_customer(&mut self, id: &str, text: &str, now: Moment) -> Outcome {
        let body = Body::read(text, CUSTOMER)?;
        let mut customer = self.customer(id).cloned().ok_or_else(no_customer)?;
        let draft = self.customer_draft(&body)?;
        if let Some(name) = body.text("name") {
            name.clone_into(&mut customer.name);
        }
        let taken = self.customers.iter().any(|other| other.name == customer.name && other.id != id);
        if (taken && self.release.refuses_taken_names()) || draft.store_error(self.release).is_some() {
            return Err(Refusal::failed("Failed to update customer"));
        }
        draft.apply(&mut customer.limits, false, &mut self.mint, now);
        customer.calendar_aligned = body.flag("calendar_aligned").unwrap_or(customer.calendar_aligned);
        customer.updated = now;
        let shown = self.show_customer(&customer);
        if let Some(place) = self.customers.iter_mut().find(|other| other.id == id) {
            *place = customer;
        }
        ok(&json!({ "message": "Customer updated successfully", "customer": shown }))
    }

    /// `DELETE /api/governance/customers/{id}`; what hangs on it loses the link and stays.
    pub(super) fn delete_customer(&mut self, id: &str) -> Outcome {
        let index = self.customers.iter().position(|customer| customer.id == id).ok_or_else(no_customer)?;
        self.customers.remove(index);
        for link in self.teams.iter_mut().map(|team| &mut team.customer_id) {
            link.take_if(|customer| customer == id);
        }
        for link in self.virtual_keys.iter_mut().map(|key| &mut key.customer_id) {
            link.take_if(|customer| customer == id);
        }
        done("Customer deleted successfully")
    }

    /// `GET /api/governance/teams`. A filter by customer alone does not page.
    pub(super) fn list_teams(&self, query: &BTreeMap<String, String>) -> Outcome {
        let page = paging::read(query, &["search"])?;
        let found: Vec<&Team> = self
            .teams
            .iter()
            .filter(|team| paging::matches(query, &team.name))
            .filter(|team| paging::filtered(query, "customer_id", team.customer_id.as_deref()))
            .collect();
        ok(&paging::answer("teams", &found, page, |team| self.show_team_with_count(team)))
    }

    /// `GET /api/governance/teams/{id}`.
    pub(super) fn get_team(&self, id: &str) -> Outcome {
        let team = self.team(id).ok_or_else(no_team)?;
        ok(&json!({ "team": self.show_team_with_count(team) }))
    }

    /// `POST /api/governance/teams`.
    pub(super) fn create_team(&mut self, text: &str, now: Moment) -> Outcome {
        let body = Body::read(text, TEAM)?;
        let name = body.text_or_empty("name");
        if name.is_empty() {
            return Err(Refusal::bad("Team name is required"));
        }
        let draft = Draft::read(&body);
        draft.check(self.release, Wording::Small)?;
        if self.teams.iter().any(|team| team.name == name) {
            return Err(if self.release.refuses_taken_names() {
                Refusal::new(409, "A team with this name already exists")
            } else {
                Refusal::failed("failed to create team")
            });
        }
        let customer_id = body.text("customer_id").map(str::to_owned);
        let orphan = customer_id.as_ref().is_some_and(|id| self.customer(id).is_none());
        if orphan || draft.store_error(self.release).is_some() {
            return Err(Refusal::failed("failed to create team"));
        }
        let id = self.mint.uuid();
        let mut limits = Limits::default();
        draft.apply(&mut limits, true, &mut self.mint, now);
        let calendar_aligned = body.flag("calendar_aligned") == Some(true);
        let team = Team { id, name, customer_id, limits, calendar_aligned, created: now, updated: now };
        let shown = self.show_team(&team, true);
        self.teams.push(team);
        ok(&json!({ "message": "Team created successfully", "team": shown }))
    }

    /// `PUT /api/governance/teams/{id}`: what is left out stays, `customer_id: ""` clears.
    pub(super) fn update_team(&mut self, id: &str, text: &str, now: Moment) -> Outcome {
        let body = Body::read(text, TEAM)?;
        let mut team = self.team(id).cloned().ok_or_else(no_team)?;
        let draft = Draft::read(&body);
        draft.check(self.release, Wording::Small)?;
        if let Some(name) = body.text("name") {
            name.clone_into(&mut team.name);
        }
        match body.text("customer_id") {
            None => {}
            Some("") => team.customer_id = None,
            Some(customer) => team.customer_id = Some(customer.to_owned()),
        }
        let orphan = team.customer_id.as_ref().is_some_and(|customer| self.customer(customer).is_none());
        let taken = self.teams.iter().any(|other| other.name == team.name && other.id != id);
        if orphan || taken || draft.store_error(self.release).is_some() {
            return Err(Refusal::failed("Failed to update team"));
        }
        draft.apply(&mut team.limits, false, &mut self.mint, now);
        team.calendar_aligned = body.flag("calendar_aligned").unwrap_or(team.calendar_aligned);
        team.updated = now;
        let shown = self.show_team(&team, true);
        if let Some(place) = self.teams.iter_mut().find(|other| other.id == id) {
            *place = team;
        }
        ok(&json!({ "message": "Team updated successfully", "team": shown }))
    }

    /// `DELETE /api/governance/teams/{id}`; its virtual keys lose the link and stay.
    pub(super) fn delete_team(&mut self, id: &str) -> Outcome {
        let index = self.teams.iter().position(|team| team.id == id).ok_or_else(no_team)?;
        self.teams.remove(index);
        for link in self.virtual_keys.iter_mut().map(|key| &mut key.team_id) {
            link.take_if(|team| team == id);
        }
        done("Team deleted successfully")
    }

    fn customer_draft(&self, body: &Body) -> Result<Draft, Refusal> {
        let lists = self.release.lists_budgets();
        if lists && body.get("budget").is_some() && body.get("budgets").is_some() {
            return Err(Refusal::bad("only one of 'budget' or 'budgets' may be set"));
        }
        let draft = if lists { Draft::read_with_single(body) } else { Draft::read_for(body, self.release) };
        draft.check(self.release, Wording::Small)?;
        Ok(draft)
    }

    /// A customer with what belongs to it.
    pub(super) fn show_customer(&self, customer: &Customer) -> Value {
        let mut shown = self.show_bare_customer(customer);
        if let Value::Object(shown) = &mut shown {
            let id = json!(customer.id);
            let owner = self.release.lists_budgets().then_some(("customer_id", &id));
            customer.limits.show(self.release, owner, shown);
        }
        let is_own = |id: Option<&str>| id == Some(&customer.id);
        let teams = self.teams.iter().filter(|team| is_own(team.customer_id.as_deref()));
        shown["teams"] = teams.map(|team| self.show_team(team, false)).collect();
        let keys = self.virtual_keys.iter().filter(|key| is_own(key.customer_id.as_deref()));
        shown["virtual_keys"] = keys.map(|key| self.show_bare_virtual_key(key)).collect();
        shown
    }

    /// A customer as its teams and virtual keys show it in lists: the lists of what belongs to it are null.
    pub(super) fn show_bare_customer(&self, customer: &Customer) -> Value {
        let mut shown = json!({
            "id": customer.id,
            "name": customer.name,
            "teams": null,
            "virtual_keys": null,
            "config_hash": "",
            "created_at": customer.created,
            "updated_at": customer.updated,
        });
        if self.release.scopes_limits() {
            shown["calendar_aligned"] = json!(customer.calendar_aligned);
        }
        if let Some(limit) = &customer.limits.rate_limit {
            shown["rate_limit_id"] = json!(limit.id);
        }
        if self.release.is_second() {
            shown["virtual_key_count"] = json!(0);
        }
        shown
    }

    /// A team; only its own reads count its virtual keys.
    pub(super) fn show_team(&self, team: &Team, with_customer: bool) -> Value {
        let mut shown = Map::new();
        shown.insert("id".to_owned(), json!(team.id));
        shown.insert("name".to_owned(), json!(team.name));
        if let Some(customer_id) = &team.customer_id {
            shown.insert("customer_id".to_owned(), json!(customer_id));
            if let Some(customer) = self.customer(customer_id).filter(|_| with_customer) {
                shown.insert("customer".to_owned(), self.show_bare_customer(customer));
            }
        }
        team.limits.show(self.release, Some(("team_id", &json!(team.id))), &mut shown);
        shown.insert("virtual_key_count".to_owned(), json!(0));
        for name in ["profile", "config", "claims"] {
            shown.insert(name.to_owned(), Value::Null);
        }
        if self.release.scopes_limits() {
            shown.insert("calendar_aligned".to_owned(), json!(team.calendar_aligned));
        }
        shown.insert("config_hash".to_owned(), json!(""));
        shown.insert("created_at".to_owned(), json!(team.created));
        shown.insert("updated_at".to_owned(), json!(team.updated));
        Value::Object(shown)
    }

    fn show_team_with_count(&self, team: &Team) -> Value {
        let mut shown = self.show_team(team, true);
        let count = self.virtual_keys.iter().filter(|key| key.team_id.as_deref() == Some(&team.id)).count();
        shown["virtual_key_count"] = json!(count);
        shown
    }
}

fn no_customer() -> Refusal {
    Refusal::missing("Customer not found")
}

fn no_team() -> Refusal {
    Refusal::missing("Team not found")
}
