//! Who owns keys: organizations become customers, teams become teams, users with limits become customers.
//! Source: `reference/bifrost-api.md` 2.7; policy: `design` 3.9.

use std::collections::{BTreeMap, BTreeSet};

use bifrost::{Capability, Kind, hole};
use inventory::Entity;
use litellm::Kind as Source;
use model::{Code, Finding, OpId, OrganizationId, TeamId, UserId};
use serde_json::{Map, Value};

use crate::choices::UserChoice;
use crate::draft::Planner;
use crate::limits::{LIMIT_FIELDS, Limits};
use crate::types::{Fate, Fidelity};

/// The op of each owner, and the owners that are shut.
#[derive(Clone, Debug, Default)]
pub(crate) struct Owners {
    pub(crate) organizations: BTreeMap<OrganizationId, OpId>,
    pub(crate) teams: BTreeMap<TeamId, (OpId, String)>,
    pub(crate) users: BTreeMap<UserId, (OpId, String)>,
    pub(crate) shut_teams: BTreeSet<TeamId>,
    pub(crate) shut_users: BTreeSet<UserId>,
    pub(crate) shut_organizations: BTreeSet<OrganizationId>,
}

impl Planner<'_> {
    /// Plans every owner.
    pub(crate) fn owners(&mut self) -> Owners {
        let mut owners = Owners::default();
        for entity in self.wanted(Source::Organization) {
            self.organization(entity, &mut owners);
        }
        for entity in self.wanted(Source::Team) {
            self.team(entity, &mut owners);
        }
        for entity in self.wanted(Source::User) {
            self.user(entity, &mut owners);
        }
        owners
    }

    fn organization(&mut self, entity: &Entity, owners: &mut Owners) {
        let id = OrganizationId::new(entity.object.id.clone());
        let limits = self.limits(&entity.object);
        if limits.shut {
            owners.shut_organizations.insert(id.clone());
            self.shut(entity, "organization");
        }
        let name = self.named(Kind::Customer, entity, &short(&entity.object.id));
        let reason = reason_of(
            &limits,
            "the organization's budget and limits",
            "the organization that its teams and keys belong to",
        );
        let op = self.customer(entity, &name, &limits, reason);
        self.ledger.exact(&entity.id, "organization_alias", &op, "name");
        self.linked_budget(entity, &op);
        if limits.drops_the_day() {
            self.no_day(entity);
        }
        owners.organizations.insert(id, op);
    }

    fn customer(&mut self, entity: &Entity, name: &str, limits: &Limits, reason: &str) -> OpId {
        let mut body = Map::from_iter([("name".to_owned(), Value::from(name))]);
        self.put_limits(limits, &mut body, Capability::CustomerBudgets, entity);
        let op = self.draft(Kind::Customer, name, Some(Value::Object(body)), reason, entity.origins.clone());
        self.ledger.goes_into(&entity.id, &op);
        op
    }

    /// A version that takes only one budget on a customer gets one; more than one cannot be split.
    fn put_limits(&mut self, limits: &Limits, body: &mut Map<String, Value>, several: Capability, entity: &Entity) {
        limits.put_into(body);
        if self.version.has(several) {
            return;
        }
        let Some(Value::Array(budgets)) = body.remove("budgets") else { return };
        if let Some(first) = budgets.first() {
            body.insert("budget".to_owned(), first.clone());
        }
        if budgets.len() > 1 {
            self.holds(several, &entity.id);
            self.findings.push(
                Finding::warning(
                    Code::new("plan.one_budget"),
                    entity.id.as_str(),
                    format!(
                        "gateway {} holds one budget here, LiteLLM has {}; only the first is set",
                        self.version,
                        budgets.len()
                    ),
                )
                .hint("move to a newer gateway, or set the others on the keys"),
            );
        }
    }

    fn team(&mut self, entity: &Entity, owners: &mut Owners) {
        let object = &entity.object;
        let id = TeamId::new(object.id.clone());
        let limits = self.own_limits(object);
        let parent = object.text("organization_id").map(OrganizationId::from);
        let parent_shut = parent.as_ref().is_some_and(|parent| owners.shut_organizations.contains(parent));
        if limits.shut || parent_shut {
            owners.shut_teams.insert(id.clone());
            self.shut(entity, if limits.shut { "team" } else { "team's organization" });
        }
        let name = self.named(Kind::Team, entity, &short(&object.id));
        let mut body = Map::from_iter([("name".to_owned(), Value::from(name.clone()))]);
        let customer = parent.as_ref().and_then(|parent| owners.organizations.get(parent));
        if let Some(customer) = customer {
            body.insert("customer_id".to_owned(), hole::reference(customer));
        }
        limits.put_into(&mut body);
        let op = self.draft(
            Kind::Team,
            &name,
            Some(Value::Object(body)),
            reason_of(&limits, "the team's budget and limits", "the team that its keys belong to"),
            entity.origins.clone(),
        );
        let source = object.source_id();
        self.ledger.exact(&source, "team_alias", &op, "name");
        self.ledger.exact(&source, "team_id", &op, "name");
        self.account_limits(entity, &op);
        self.account_permission(entity, &op);
        if limits.drops_the_day() {
            self.no_day(entity);
        }
        match (parent, customer) {
            (Some(_), Some(_)) => self.ledger.exact(&source, "organization_id", &op, "customer_id"),
            (Some(parent), None) => {
                let note =
                    "its organization could not be read; set the customer by hand, its limits do not apply until then";
                self.ledger.left(&source, "organization_id", Fidelity::Manual, note);
                self.findings.push(Self::missing_organization(entity, &parent));
            }
            _ => {}
        }
        owners.teams.insert(id, (op, name));
    }

    fn missing_organization(entity: &Entity, parent: &OrganizationId) -> Finding {
        Finding::warning(
            Code::new("plan.organization"),
            entity.id.as_str(),
            format!("its organization {parent} is not in what was read, so its budget and limits are not moved"),
        )
        .at(entity.object.origin.clone())
        .hint("since 1.102 LiteLLM shows organizations only with a licence: read the database, or give a dump of it")
    }

    fn user(&mut self, entity: &Entity, owners: &mut Owners) {
        let id = UserId::new(entity.object.id.clone());
        let source = entity.id.clone();
        let limits = self.own_limits(&entity.object);
        let personal = self.keys_of(id.as_str(), None) > 0;
        let signs_in = self.signs_in(entity);
        if limits.shut {
            owners.shut_users.insert(id.clone());
            if personal {
                self.shut(entity, "user");
            }
        }
        if !personal || limits.is_empty() {
            let note = if personal && limits.shut {
                "a budget or limit of zero shuts the personal keys of this user, so they are created inactive"
            } else if personal {
                "no budget or limit of this user has to be kept; the keys stand alone"
            } else {
                "has no personal key, so its budget and limits have nothing to limit on the gateway"
            };
            let advice = if signs_in {
                "the open-source gateway has no users; give this person its admin login if they need one"
            } else {
                "the open-source gateway has no users, and whoever only calls models needs none"
            };
            self.ledger.ends(&source, Fate::Manual, format!("{note}; {advice}"));
            self.nameless(entity);
            return self.unlimited_user(entity, note);
        }
        if self.choices.users == UserChoice::Manual {
            self.ledger.ends(
                &source,
                Fate::Manual,
                "left to a person by choice: set the limits of this user's keys by hand",
            );
            for field in ["max_budget", "budget_duration", "tpm_limit", "rpm_limit", "tpd_limit"] {
                if entity.object.fields.contains_key(field) {
                    let note =
                        "left to a person by choice: set it on the keys of this user, or on a customer that owns them";
                    self.ledger.left(&source, field, Fidelity::Manual, note);
                }
            }
            self.loose("budgets and limits of users that are left to a person", &source);
            self.nameless(entity);
            return;
        }
        let name = self.named(Kind::Customer, entity, "user");
        let op = self.customer(entity, &name, &limits, "a user whose personal keys share a budget or limit");
        let named_by =
            ["user_alias", "user_email", "user_id"].into_iter().find(|f| entity.object.fields.contains_key(f));
        if let Some(field) = named_by {
            self.ledger.exact(&source, field, &op, "name");
        }
        self.account_limits(entity, &op);
        if limits.drops_the_day() {
            self.no_day(entity);
        }
        self.binds_team_keys(entity);
        owners.users.insert(id, (op, name));
    }

    /// Whether this person runs the proxy; the gateway's one login is for nobody else, for it may do everything.
    fn signs_in(&mut self, entity: &Entity) -> bool {
        let Some(role) = entity.object.text("user_role") else { return false };
        let signs_in = role.starts_with("proxy_admin");
        if !signs_in {
            let note = "no users in the open-source edition; a role that runs nothing needs no login there";
            self.ledger.left(&entity.id, "user_role", Fidelity::Unsupported, note);
        }
        signs_in
    }

    /// No customer is called after this person.
    fn nameless(&mut self, entity: &Entity) {
        let source = entity.id.clone();
        for field in ["user_id", "user_alias"].into_iter().filter(|field| entity.object.fields.contains_key(field)) {
            self.ledger.left(&source, field, Fidelity::Unsupported, "no users in the open-source edition");
        }
    }

    fn unlimited_user(&mut self, entity: &Entity, note: &str) {
        let source = entity.id.clone();
        for field in ["max_budget", "budget_duration", "tpm_limit", "rpm_limit"] {
            self.ledger.left(&source, field, Fidelity::Exact, note);
        }
        self.binds_team_keys(entity);
    }

    /// A switch of LiteLLM's counts what a person's team keys spend in the person's budget.
    fn binds_team_keys(&mut self, entity: &Entity) {
        let switch = self.setting("general_settings", "apply_user_budget_to_team_keys");
        let on = switch.is_some_and(|(_, value)| value == Value::Bool(true));
        if on && entity.object.fields.contains_key("max_budget") {
            let source = entity.id.clone();
            let note = "LiteLLM counts this person's team keys in it as well; a team key has one owner on the gateway, so set a budget on those keys";
            self.ledger.left(&source, "max_budget", Fidelity::Manual, note);
            self.loose("budgets of users that bind their team keys", &source);
        }
    }

    /// Accounts the limits an object states itself.
    pub(crate) fn account_limits(&mut self, entity: &Entity, op: &OpId) {
        let source = entity.id.clone();
        for (field, target) in LIMIT_FIELDS {
            if entity.object.fields.contains_key(field) {
                let (fidelity, note) = match *field {
                    "tpd_limit" => (Fidelity::Approximate, "a window of a day that begins with the first use"),
                    _ => (Fidelity::Exact, ""),
                };
                self.ledger.carried(&source, field, op, target, fidelity, note);
            }
        }
        if entity.object.fields.contains_key("budget_duration") {
            let note = "LiteLLM resets at aligned moments, the gateway counts from the first use";
            self.ledger.carried(
                &source,
                "budget_duration",
                op,
                "budgets[].reset_duration",
                Fidelity::Approximate,
                note,
            );
        }
        self.lifetime(entity, op);
    }

    /// Says of a budget that never resets which long window it got.
    fn lifetime(&mut self, entity: &Entity, op: &OpId) {
        let object = &entity.object;
        if object.fields.contains_key("max_budget") && !object.fields.contains_key("budget_duration") {
            let note = format!("never resets in LiteLLM; the window here is {}", self.choices.max_budget_period);
            let source = object.source_id();
            self.ledger.carried(&source, "max_budget", op, "budgets[].max_limit", Fidelity::Approximate, note);
        }
    }

    /// Accounts a linked budget row to the op that took its values.
    pub(crate) fn linked_budget(&mut self, entity: &Entity, op: &OpId) {
        let Some(linked) = entity.object.text("budget_id").and_then(|id| self.entity(Source::Budget, id)) else {
            return;
        };
        let source = linked.id.clone();
        self.ledger.goes_into(&source, op);
        self.account_limits(linked, op);
        self.ledger.ends(&source, Fate::Folded, "its values are with what it is linked to");
        self.ledger.exact(&entity.id, "budget_id", op, "budgets");
    }

    /// A budget or limit of zero refuses everything; the gateway takes no zero.
    fn shut(&mut self, entity: &Entity, what: &str) {
        self.findings.push(
            Finding::info(
                Code::new("plan.shut"),
                entity.id.as_str(),
                format!("this {what} has a budget or limit of zero, so its keys are created inactive"),
            )
            .at(entity.object.origin.clone()),
        );
    }
}

/// Why an owner is made: for its limits, or for what belongs to it.
fn reason_of(limits: &Limits, limited: &'static str, unlimited: &'static str) -> &'static str {
    if limits.is_empty() { unlimited } else { limited }
}

/// The first eight characters of an id, to tell two owners of one name apart.
fn short(id: &str) -> String {
    id.chars().take(8).collect()
}
