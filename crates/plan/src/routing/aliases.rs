//! Names that stand for other names: the router's, a team's, a key's. Each is a rule that leads on, or straight to a
//! provider that is given as a whole.

use bifrost::{Kind, hole};
use litellm::Kind as Source;
use model::{Code, Finding, OpId, Origin, TeamId};
use serde_json::{Map, Value, json};

use super::groups::Groups;
use super::{ALIASES, Priorities, condition, split};
use crate::draft::Planner;
use crate::owners::Owners;
use crate::providers::Catalogue;
use crate::types::Fidelity;
use crate::virtual_keys::PlannedKey;

/// What is needed to make rules of aliases.
pub(super) struct Names<'a> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) groups: &'a Groups,
}

/// An alias and whose it is.
struct Alias<'a> {
    rule: String,
    name: &'a str,
    target: &'a str,
    team: Option<&'a TeamId>,
    scope: Option<(&'a str, &'a OpId)>,
}

impl Names<'_> {
    /// What a rule has to say to lead to the name: target, and whether rules are asked again.
    fn lead(&self, team: Option<&TeamId>, name: &str) -> Option<(Value, bool)> {
        let (provider, model) = split(name, self.catalogue);
        if self.groups.of(team, name).is_some() {
            let mut target = json!({ "model": model, "weight": 1 });
            if let Some(provider) = provider {
                target["provider"] = Value::from(provider);
            }
            return Some((target, true));
        }
        // An upstream string that a key serves, as LiteLLM's deployments answer to theirs.
        let spelled = self.catalogue.by_ask.get(name).and_then(|places| {
            let entry = self.catalogue.entries.get(*places.first()?)?;
            Some((&entry.name, &entry.offers.first()?.provider))
        });
        if let Some((entry, provider)) = spelled {
            return Some((json!({ "provider": provider.as_str(), "model": entry, "weight": 1 }), false));
        }
        // A name that only a pattern answers to: the provider is given as a whole.
        let (prefix, model) = name.split_once('/')?;
        let fits = |pattern: &String| pattern.strip_suffix("/*") == Some(prefix);
        let key = self.catalogue.keys.iter().find(|key| key.wildcard.values().any(fits))?;
        Some((json!({ "provider": key.provider.as_str(), "model": model, "weight": 1 }), false))
    }
}

impl Planner<'_> {
    fn lead_on(&mut self, names: &Names<'_>, alias: &Alias<'_>, priorities: &mut Priorities) -> Option<OpId> {
        let Alias { rule, name, target, team, scope } = alias;
        let (lead, chain) = names.lead(*team, target)?;
        let mut body = Map::from_iter([
            ("cel_expression".to_owned(), Value::from(condition(name, names.catalogue))),
            ("targets".to_owned(), json!([lead])),
        ]);
        if chain {
            body.insert("chain_rule".to_owned(), Value::from(true));
        }
        if let Some((scope, op)) = scope {
            body.insert("scope".to_owned(), Value::from(*scope));
            body.insert("scope_id".to_owned(), hole::reference(op));
        }
        let after = lead.get("provider").and_then(Value::as_str).filter(|_| !chain);
        let after = after.map(|provider| crate::draft::op_id(Kind::Provider, provider)).into_iter().collect();
        let reason = format!("{name} is another name for {target}");
        Some(self.rule(rule, body, priorities.next(ALIASES), &reason, after))
    }

    fn leads_nowhere(&mut self, alias: &str, target: &str, origin: Option<&Origin>) {
        let mut finding = Finding::warning(
            Code::new("plan.alias"),
            format!("alias {alias}"),
            format!("the alias {alias} leads to {target}, which no moved model answers to; no rule is made"),
        );
        if let Some(origin) = origin {
            finding = finding.at(origin.clone());
        }
        self.findings.push(finding.hint("clients that ask for it have to ask for another model"));
    }

    pub(super) fn router_aliases(&mut self, names: &Names<'_>, priorities: &mut Priorities) {
        let aliases = self.world.aliases.clone();
        let Some(settings) = self.entity(Source::Settings, "router_settings") else { return };
        let source = settings.id.clone();
        for (alias, target) in &aliases {
            let wanted = Alias { rule: format!("alias {alias}"), name: alias, target, team: None, scope: None };
            match self.lead_on(names, &wanted, priorities) {
                Some(op) => self.ledger.exact(&source, "model_group_alias", &op, "cel_expression"),
                None => self.leads_nowhere(alias, target, Some(&settings.object.origin)),
            }
        }
    }

    pub(super) fn team_aliases(&mut self, names: &Names<'_>, owners: &Owners, priorities: &mut Priorities) {
        for (id, (team, team_name)) in &owners.teams {
            let aliases = self.world.teams.get(id).map(|team| team.aliases.clone()).unwrap_or_default();
            let entity = self.entity(Source::Team, id.as_str());
            let table = entity.and_then(|entity| entity.object.value("model_id")).map(crate::limits::number_text);
            for (alias, target) in &aliases {
                let rule = format!("team {team_name} alias {alias}");
                let wanted = Alias { rule, name: alias, target, team: Some(id), scope: Some(("team", team)) };
                let Some(op) = self.lead_on(names, &wanted, priorities) else {
                    self.leads_nowhere(alias, target, entity.map(|entity| &entity.object.origin));
                    continue;
                };
                if let Some(entity) = entity {
                    self.ledger.exact(&entity.id, "model_id", &op, "scope_id");
                }
                if let Some(table) = table.as_ref().and_then(|id| self.entity(Source::ModelAliases, id)) {
                    self.ledger.exact(&table.id, "aliases", &op, "cel_expression");
                }
            }
        }
    }

    /// An alias of a key becomes a rule of that key, but only where LiteLLM lets the key use it.
    pub(super) fn key_aliases(&mut self, names: &Names<'_>, keys: &[PlannedKey], priorities: &mut Priorities) {
        for key in keys.iter().filter(|key| !key.source.aliases.is_empty()) {
            let Some(entity) = self.entity(Source::VirtualKey, &key.id) else { continue };
            let source = entity.id.clone();
            if !key.ready {
                let note = "the key is inactive, so no rule is made; make one of each alias when somebody opens it";
                self.ledger.left(&source, "aliases", Fidelity::Approximate, note);
                continue;
            }
            let mut refused = Vec::new();
            for (alias, target) in &key.source.aliases {
                if self.world.call(&key.source, alias, self.now).is_err() {
                    refused.push(alias.as_str());
                    continue;
                }
                let rule = format!("key {} alias {alias}", key.name);
                let scope = Some(("virtual_key", &key.op));
                let wanted = Alias { rule, name: alias, target, team: key.source.team.as_ref(), scope };
                match self.lead_on(names, &wanted, priorities) {
                    Some(op) => self.ledger.exact(&source, "aliases", &op, "cel_expression"),
                    None => self.leads_nowhere(alias, target, Some(&entity.object.origin)),
                }
            }
            if !refused.is_empty() {
                let note = format!("LiteLLM itself refuses {} to this key, so no rule is made", refused.join(", "));
                self.ledger.carried(&source, "aliases", &key.op, "provider_configs", Fidelity::Exact, note);
            }
        }
    }
}
