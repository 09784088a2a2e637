//! Virtual keys: what each may call, what limits it, when it is shut.
//! Policy: `design` 3.3, 3.5, 3.6. Facts: `reference/bifrost-api.md` 4, 13.1.

use std::collections::BTreeMap;
use std::sync::Arc;

use bifrost::body::Part;
use bifrost::{Body, Capability, Kind};
use inventory::Entity;
use litellm::Kind as Source;
use litellm::access::{Key, Layers};
use model::{Code, Finding, Moment, Money, OpId, OrganizationId};
use serde_json::Value;

use crate::choices::ExpiryChoice;
use crate::draft::Planner;
use crate::limits::{Limits, PerModel};
use crate::owners::Owners;
use crate::providers::Catalogue;
use crate::together;
use crate::types::{Fate, Fidelity};

mod common;
mod grants;

use common::{Common, Granted, Grants, description, digest};
pub(crate) use grants::{ODD_PROBE, PROBE, whole_probes};

/// A virtual key of the plan, for the access check and the rules of single keys.
#[derive(Clone, Debug)]
pub(crate) struct PlannedKey {
    /// The id of the key in the inventory.
    pub(crate) id: String,
    pub(crate) op: OpId,
    pub(crate) name: String,
    pub(crate) source: Key,
    /// The number of its layers in LiteLLM: keys of equal numbers may call the same there.
    pub(crate) layers: usize,
    pub(crate) active: bool,
    /// Nothing but an expiry that the gateway cannot hold keeps it shut: it is made as if it were open.
    pub(crate) ready: bool,
    /// What limits it on single models.
    pub(crate) per_model: PerModel,
}

/// What a key may use of one provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Grant {
    /// Entries by name; `*` alone for the whole provider.
    pub(crate) models: Vec<String>,
    /// The ops of provider keys.
    pub(crate) keys: Vec<OpId>,
    /// What a limit of zero takes out of a whole provider.
    pub(crate) barred: Vec<String>,
}

/// The marker by which a later run knows what it made.
pub(crate) const MARK: &str = "Moved from LiteLLM by Gangway";

impl Planner<'_> {
    /// Plans every virtual key.
    pub(crate) fn virtual_keys(&mut self, catalogue: &Catalogue, owners: &Owners) -> Vec<PlannedKey> {
        let wanted = self.wanted(Source::VirtualKey);
        let keys: Vec<Key> = together::each(&wanted, |entity| Key::read(&entity.object));
        let layers = self.layers(&keys);
        let mut common = self.common(&keys, &layers, catalogue);
        let mut planned = Vec::with_capacity(keys.len());
        self.drafts.reserve(keys.len());
        for ((entity, key), layers) in wanted.into_iter().zip(keys).zip(layers) {
            planned.extend(self.virtual_key(entity, (key, layers), catalogue, owners, &mut common));
        }
        planned
    }

    /// The number of each key's layers: equal numbers, equal layers.
    fn layers(&self, keys: &[Key]) -> Vec<usize> {
        let layers = together::each(keys, |key| {
            let layers = self.world.asking(key).layers();
            (digest(&layers), layers)
        });
        let mut known: BTreeMap<(u64, Layers<'_>), usize> = BTreeMap::new();
        let mut number = |layers| {
            let next = known.len();
            *known.entry(layers).or_insert(next)
        };
        layers.into_iter().map(&mut number).collect()
    }

    /// What keys of each layers may use, but for those that are shut by their layers.
    fn common(&self, keys: &[Key], layers: &[usize], catalogue: &Catalogue) -> Common {
        let mut first: Vec<&Key> = Vec::new();
        for (key, layers) in keys.iter().zip(layers) {
            if *layers == first.len() {
                first.push(key);
            }
        }
        Common::of_layers(together::each(&first, |key| {
            let is_open = self.world.asking(key).open_whenever().is_ok();
            is_open.then(|| Granted::of(self.grants(key, catalogue)))
        }))
    }

    fn virtual_key(
        &mut self,
        entity: &Entity,
        (key, layers): (Key, usize),
        catalogue: &Catalogue,
        owners: &Owners,
        common: &mut Common,
    ) -> Option<PlannedKey> {
        let source = entity.id.clone();
        let name = self.named(Kind::VirtualKey, entity, "");
        let mut limits = self.limits(&entity.object);
        self.member_budget(&name, &key, &mut limits);
        self.project_limits(&name, &key, &mut limits);
        let expiry = self.expiry(entity, &name, &key);
        let (expires, shut_by_expiry) = match expiry {
            Expiry::Skip => {
                self.gone.insert(entity.object.id.clone());
                return None;
            }
            Expiry::Never => (None, false),
            Expiry::At(moment) => (Some(moment), false),
            Expiry::Inactive | Expiry::Past(_) => (None, true),
        };
        let closed = match expiry {
            Expiry::Past(moment) => Some(format!("it expired in LiteLLM on {moment}")),
            _ => self.closed(entity, &key, &limits, owners),
        };
        let active = closed.is_none() && !shut_by_expiry;
        let per_model = self.per_model(entity, &key);
        let granted = match closed {
            Some(_) => common.granted(Grants::new()),
            None => common.with_layers(layers, || self.grants(&key, catalogue)),
        };
        let granted = self.barred(&per_model, granted, common);
        let op = crate::draft::op_id(Kind::VirtualKey, &name);
        let mut body = vec![
            ("name", Part::Own(Value::from(name.as_str()))),
            ("description", Part::Own(Value::from(description(entity)))),
            ("is_active", Part::Own(Value::from(active))),
            ("provider_configs", Part::Shared(Arc::clone(&granted.configs))),
        ];
        if let Some(expires) = expires {
            body.push(("expires_at", Part::Own(Value::from(expires.to_string()))));
        }
        let owner = self.owner(entity, &key, owners, &op);
        body.extend(owner.map(|(field, owner)| (field, common.reference(owner))));
        body.extend(common.limits(&limits));
        let (tools, clients) = if closed.is_none() { self.tools_of(entity, &key) } else { Default::default() };
        if !tools.is_empty() {
            body.push(("mcp_configs", Part::Own(Value::Array(tools))));
        }
        let reason = match (&closed, shut_by_expiry, granted.grants.is_empty()) {
            (Some(why), ..) => format!("created inactive: {why}"),
            (None, true, _) => "created inactive by choice: this gateway would drop its expiry".to_owned(),
            (None, false, true) => "may call nothing: no model is left that all its layers allow".to_owned(),
            (None, false, false) => format!("may call {}", granted.told),
        };
        let body = Some(Body::of_parts(body));
        let op = self.draft_of(Kind::VirtualKey, &name, body, &reason, entity.origins.clone());
        if let Some(draft) = self.drafts.last_mut() {
            draft.after.extend(clients);
        }
        self.ledger.goes_into(&source, &op);
        self.account_permission(entity, &op);
        self.account_key(entity, &op, closed.is_some() || shut_by_expiry);
        if closed.is_some() && entity.object.fields.contains_key("models") {
            let note = "the key is inactive and was given no model; give it these when somebody opens it";
            self.ledger.left(&source, "models", Fidelity::Approximate, note);
        }
        if limits.drops_the_day() {
            self.no_day(entity);
        }
        self.increase(entity, &op);
        let ready = closed.is_none();
        Some(PlannedKey { id: entity.object.id.clone(), op, name, source: key, layers, active, ready, per_model })
    }

    /// What is left of the grants without the models that a limit of zero forbids.
    fn barred(&mut self, per_model: &PerModel, granted: Arc<Granted>, common: &mut Common) -> Arc<Granted> {
        if per_model.is_empty() {
            return granted;
        }
        let mut grants = granted.grants.clone();
        self.bar(per_model, &mut grants);
        common.granted(grants)
    }

    /// Why the key is shut whatever it asks for.
    fn closed(&mut self, entity: &Entity, key: &Key, limits: &Limits, owners: &Owners) -> Option<String> {
        // Expiry has rules of its own.
        if let Err(refusal) = self.world.asking(key).open_whenever() {
            use litellm::access::Refusal;
            return Some(
                match refusal {
                    Refusal::KeyBlocked => "it is blocked in LiteLLM",
                    Refusal::NoModelRoutes => "its routes in LiteLLM are not for calling models",
                    Refusal::TeamBlocked => "its team is blocked in LiteLLM",
                    Refusal::UserInactive => "its user is switched off in LiteLLM",
                    _ => "LiteLLM refuses it",
                }
                .to_owned(),
            );
        }
        if limits.shut {
            return Some("it has a budget or limit of zero in LiteLLM".to_owned());
        }
        let team_shut = key.team.as_ref().is_some_and(|team| owners.shut_teams.contains(team));
        let organization = entity.object.text("organization_id").map(OrganizationId::from);
        let organization_shut = organization.is_some_and(|id| owners.shut_organizations.contains(&id));
        let user_shut = key.team.is_none() && key.user.as_ref().is_some_and(|user| owners.shut_users.contains(user));
        if let Some(team) = key.team.as_ref().filter(|team| !self.world.teams.contains_key(*team)) {
            self.findings.push(
                Finding::warning(
                    Code::new("plan.team"),
                    entity.id.as_str(),
                    format!("its team {team} is not in what was read, so what the team may call is not known; the key is created inactive"),
                )
                .at(entity.object.origin.clone())
                .hint("read the teams as well and plan again"),
            );
            return Some("its team was not read".to_owned());
        }
        if organization_shut {
            return Some("its organization has a budget or limit of zero in LiteLLM".to_owned());
        }
        (team_shut || user_shut).then(|| "its team or user has a budget or limit of zero in LiteLLM".to_owned())
    }

    fn expiry(&mut self, entity: &Entity, name: &str, key: &Key) -> Expiry {
        let source = entity.id.clone();
        let Some(expires) = key.expires else { return Expiry::Never };
        if expires <= self.now && self.standing.has(&source, name) {
            self.ledger.exact(&source, "expires", &crate::draft::op_id(Kind::VirtualKey, name), "is_active");
            return Expiry::Past(expires);
        }
        if expires <= self.now {
            let note = format!("expired in LiteLLM on {expires}");
            self.draft(Kind::VirtualKey, name, None, &note, entity.origins.clone());
            self.ledger.goes_into(&source, &crate::draft::op_id(Kind::VirtualKey, name));
            self.ledger.ends(&source, Fate::Skipped, note.clone());
            self.ledger.left(&source, "expires", Fidelity::Exact, "shut on both sides");
            return Expiry::Skip;
        }
        let op = crate::draft::op_id(Kind::VirtualKey, name);
        if self.holds(Capability::Expiry, &source) {
            self.ledger.exact(&source, "expires", &op, "expires_at");
            return Expiry::At(expires);
        }
        self.expiry_by_choice(entity, name, expires)
    }

    /// The gateway takes an expiry with a 200 and drops it, so a person has to decide (`design` 3.6).
    fn expiry_by_choice(&mut self, entity: &Entity, name: &str, expires: Moment) -> Expiry {
        let source = entity.id.clone();
        let finding = |message: String| {
            Finding::warning(Code::new("plan.expiry"), source.as_str(), message).at(entity.object.origin.clone())
        };
        let version = self.version.clone();
        match self.choices.expiring_keys {
            None => {
                self.undecided = true;
                self.findings.push(
                    Finding::error(
                        Code::new("plan.expiry"),
                        source.as_str(),
                        format!("the key expires on {expires}, and gateway {version} drops expiries without a word: decide what to do with it"),
                    )
                    .at(entity.object.origin.clone())
                    .hint("--expiring-keys inactive: create it shut")
                    .hint("--expiring-keys leave_out: do not create it")
                    .hint("--expiring-keys open: create it open, and close it by hand on that day"),
                );
                Expiry::Inactive
            }
            Some(ExpiryChoice::Inactive) => {
                self.ledger.left(&source, "expires", Fidelity::Approximate, "created inactive by choice");
                Expiry::Inactive
            }
            Some(ExpiryChoice::LeaveOut) => {
                self.draft(
                    Kind::VirtualKey,
                    name,
                    None,
                    "left out by choice: this gateway would drop its expiry",
                    entity.origins.clone(),
                );
                self.ledger.goes_into(&source, &crate::draft::op_id(Kind::VirtualKey, name));
                self.ledger.ends(&source, Fate::Skipped, "left out by choice: this gateway would drop its expiry");
                Expiry::Skip
            }
            Some(ExpiryChoice::Open) => {
                let note = format!("close this key by hand on {expires}");
                self.findings.push(finding(format!("the key is created open by choice; {note}")));
                self.ledger.left(&source, "expires", Fidelity::Manual, note);
                Expiry::Never
            }
        }
    }

    /// Attaches the key to its team, or a personal key to the customer its user became: the field, and the owner's op.
    fn owner<'o>(
        &mut self,
        entity: &Entity,
        key: &Key,
        owners: &'o Owners,
        op: &OpId,
    ) -> Option<(&'static str, &'o OpId)> {
        let source = entity.id.clone();
        if let Some((team, _)) = key.team.as_ref().and_then(|team| owners.teams.get(team)) {
            self.ledger.exact(&source, "team_id", op, "team_id");
            self.other_organization(entity, key, owners);
            if key.user.is_some() {
                let note = "no users in the open-source edition; the team owns the key";
                self.ledger.left(&source, "user_id", Fidelity::Unsupported, note);
            }
            return Some(("team_id", team));
        }
        let own = entity.object.text("organization_id").map(OrganizationId::from);
        let organization = own.as_ref().and_then(|id| owners.organizations.get(id));
        if let Some((customer, _)) = key.user.as_ref().and_then(|user| owners.users.get(user)) {
            self.ledger.exact(&source, "user_id", op, "customer_id");
            if own.is_some() {
                let note = "a key has one owner on the gateway, and that is its user; set the limits of its organization on the key";
                self.ledger.left(&source, "organization_id", Fidelity::Manual, note);
                self.loose("limits of the organization of a key that its user owns", &source);
            }
            return Some(("customer_id", customer));
        }
        if let Some(customer) = organization {
            self.ledger.exact(&source, "organization_id", op, "customer_id");
            return Some(("customer_id", customer));
        }
        if own.is_some() {
            let note =
                "its organization could not be read; set the customer by hand, its limits do not apply until then";
            self.ledger.left(&source, "organization_id", Fidelity::Manual, note);
            self.loose("limits of an organization that was not read", &source);
        }
        None
    }

    /// A key may name another organization than its team does.
    fn other_organization(&mut self, entity: &Entity, key: &Key, owners: &Owners) {
        let own = entity.object.text("organization_id");
        let team = key.team.as_ref().and_then(|team| self.entity(Source::Team, team.as_str()));
        let theirs = team.and_then(|team| team.object.text("organization_id"));
        if let Some(own) = own.filter(|own| Some(*own) != theirs) {
            let source = entity.id.clone();
            let note = "the key is counted with its team, not with this organization; set its limits on the key";
            self.ledger.left(&source, "organization_id", Fidelity::Manual, note);
            if owners.organizations.contains_key(&OrganizationId::from(own)) {
                self.loose("limits of an organization that is not the one of the key's team", &source);
            }
        }
    }

    fn account_key(&mut self, entity: &Entity, op: &OpId, shut: bool) {
        let source = entity.id.clone();
        self.ledger.exact(&source, "key_alias", op, "name");
        self.ledger.exact(&source, "key_name", op, "description");
        self.ledger.exact(&source, "models", op, "provider_configs[].allowed_models");
        self.account_limits(entity, op);
        self.linked_budget(entity, op);
        if shut {
            for field in ["blocked", "key_type", "allowed_routes"] {
                if entity.object.fields.contains_key(field) {
                    self.ledger.exact(&source, field, op, "is_active");
                }
            }
        } else {
            self.routes(entity, op);
        }
        let spent =
            entity.object.value("spend").map(crate::limits::number_text).and_then(|text| text.parse::<Money>().ok());
        if let Some(spent) = spent.filter(|spent| !spent.is_zero()) {
            let note = format!(
                "${spent} was spent in the current window; no form of the gateway takes it over, so the first window starts at zero"
            );
            self.ledger.left(&source, "spend", Fidelity::Unsupported, note);
        }
    }
}

enum Expiry {
    Never,
    At(Moment),
    Inactive,
    /// It is over, and the gateway may not know: the virtual key is there from an earlier apply.
    Past(Moment),
    Skip,
}
