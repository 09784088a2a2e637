//! What the user decides (`design` 3.11): saved in the plan, and checked: a choice that means nothing is said.

use std::collections::{BTreeMap, BTreeSet};

use bifrost::Kind;
use inventory::Entity;
use litellm::{Kind as Source, SourceKind, SourceRead};
use model::{Code, Finding, OpId, ProviderName, SourceId};
use serde::{Deserialize, Serialize};

use crate::diff;
use crate::draft::{Planner, slug};
use crate::providers::Catalogue;
use crate::types::{Action, Fate, Op};

/// What the user may decide, with defaults (`design` 3.11).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choices {
    /// Provider of models whose provider LiteLLM itself would not name (`DEFAULT_PROVIDER`).
    pub default_provider: String,
    /// The window of budgets that never reset, in Bifrost's form (`MAX_BUDGET_PERIOD`).
    pub max_budget_period: String,
    /// What to do with users on a gateway without users.
    pub users: UserChoice,
    /// What to do with keys that have an expiry where the gateway drops it; no default where it matters.
    pub expiring_keys: Option<ExpiryChoice>,
    /// What becomes of names that are patterns.
    #[serde(default, skip_serializing_if = "WildcardChoice::is_default")]
    pub wildcards: WildcardChoice,
    /// Source objects to leave out.
    pub leave_out: BTreeSet<SourceId>,
    /// Other names on the gateway for virtual keys, teams, organizations and users.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rename: BTreeMap<SourceId, String>,
    /// Other names for custom providers, by the name they would have.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rename_provider: BTreeMap<String, String>,
    /// Providers of the gateway's own that stand for providers it does not know: by LiteLLM's name, or by that of the
    /// custom provider the plan would make.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub map_provider: BTreeMap<String, String>,
    /// Virtual keys of the gateway that were not made by Gangway and are to become those of the plan.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub take_over: BTreeSet<OpId>,
    /// Providers, customers and teams of the gateway that differ from the plan and are to stay as they are.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub leave_alone: BTreeSet<OpId>,
    /// Sources that may be used although only a part of them was read: `api`, `database`, or the name of a file.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub accept_partial: BTreeSet<String>,
}

impl Default for Choices {
    fn default() -> Self {
        Self {
            default_provider: "openai".to_owned(),
            max_budget_period: "10Y".to_owned(),
            users: UserChoice::Customers,
            expiring_keys: None,
            wildcards: WildcardChoice::Best,
            leave_out: BTreeSet::new(),
            rename: BTreeMap::new(),
            rename_provider: BTreeMap::new(),
            map_provider: BTreeMap::new(),
            take_over: BTreeSet::new(),
            leave_alone: BTreeSet::new(),
            accept_partial: BTreeSet::new(),
        }
    }
}

/// What becomes of LiteLLM users on a gateway that has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserChoice {
    /// A user whose personal keys carry a budget or limit becomes a customer that owns those keys.
    Customers,
    /// All users are left to a person.
    Manual,
}

/// What becomes of a deployment whose name is a pattern, such as `openai/*`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WildcardChoice {
    /// The best form that the gateway has: the whole provider, else the names that are known.
    #[default]
    Best,
    /// The names that are known, whole providers too.
    Names,
    /// All of them are left to a person.
    Manual,
}

impl WildcardChoice {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands the field over by reference")]
    fn is_default(&self) -> bool {
        *self == Self::Best
    }
}

/// What becomes of a key with an expiry on a gateway that drops it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpiryChoice {
    /// Created, but not active.
    Inactive,
    /// Not created.
    LeaveOut,
    /// Created open, with a date in the hand-over on which a person must close it.
    Open,
}

/// The code of findings about sources of which only a part was read. Their subject is the name in
/// [`Choices::accept_partial`].
pub const PARTIAL: Code = Code::new("plan.partial");

/// How a source is named where it is accepted in part.
fn partial_name(source: &SourceRead) -> &str {
    match source.kind {
        SourceKind::Api => "api",
        SourceKind::Database | SourceKind::ConfigFile => &source.name,
    }
}

/// The kinds of source object that have a name of their own on the gateway. Models keep the names clients ask for.
const NAMED: [Source; 4] = [Source::VirtualKey, Source::Team, Source::Organization, Source::User];

impl Planner<'_> {
    /// Follows the choices that concern whole objects, and says of each that means nothing why.
    pub(crate) fn follow_choices(&mut self) {
        for id in &self.choices.leave_out {
            if self.inventory.entities.contains_key(id) {
                self.ledger.ends(id, Fate::Skipped, "left out by choice");
            } else {
                let what = "this was to be left out, but there is no such object";
                self.findings.push(Finding::warning(Code::new("plan.leave_out"), id.as_str(), what));
            }
        }
        for (id, name) in &self.choices.rename {
            if let Some(what) = self.no_rename(id, name) {
                self.findings.push(Finding::warning(Code::new("plan.rename"), id.as_str(), what));
            }
        }
        self.budget_window();
        self.partial_sources();
        if self.choices.default_provider != Choices::default().default_provider {
            let what = format!(
                "{} as default provider changes nothing: a model whose provider LiteLLM cannot find is dropped by LiteLLM, \
                 so nobody may call it there, and nobody may afterwards",
                self.choices.default_provider
            );
            let finding = Finding::warning(Code::new("plan.default_provider"), "default provider", what);
            self.findings.push(finding.hint("write the provider before the model in config.yaml, as provider/model"));
        }
    }

    /// A plan of half a source would look like one of all of it, and nothing of it says so on the gateway. It stops
    /// here unless the source is accepted as it is, each by its name: an accepted file accepts no database.
    /// (`reference/official-cli-measured.md` 4, 14.)
    pub(crate) fn partial_sources(&mut self) {
        let partial = self.inventory.sources.iter().filter(|source| source.unread);
        let partial: BTreeSet<&str> = partial.map(partial_name).collect();
        for name in self.choices.accept_partial.iter().map(String::as_str).filter(|name| !partial.contains(name)) {
            let what = "this was to be used although a part of it could not be read, but there is no such source";
            self.findings.push(Finding::warning(PARTIAL, name, what));
        }
        for name in partial {
            let accepted = self.choices.accept_partial.contains(name);
            self.undecided |= !accepted;
            self.findings.push(if accepted {
                Finding::warning(
                    PARTIAL,
                    name,
                    "a part of it could not be read, and by choice the plan is made without the rest",
                )
            } else {
                Finding::error(
                    PARTIAL,
                    name,
                    "a part of it could not be read, and what is missing would be missing on the gateway",
                )
                .hint("mend what the other findings say about it, and read it again")
                .hint(format!("or take what there is: --accept-partial {name}, or Choices in the console"))
            });
        }
    }

    /// Why a new name cannot be given.
    fn no_rename(&self, id: &SourceId, name: &str) -> Option<&'static str> {
        match self.inventory.entities.get(id).map(|entity| entity.object.kind) {
            None => Some("this was to be renamed, but there is no such object"),
            Some(kind) if !NAMED.contains(&kind) => {
                Some("this was to be renamed, but it has no name of its own on the gateway")
            }
            Some(_) if name.trim().is_empty() => Some("the new name is empty, so the old one stays"),
            Some(_) if self.choices.leave_out.contains(id) => {
                Some("this is to be renamed and to be left out; it is left out")
            }
            Some(_) => None,
        }
    }

    /// The name of a custom provider: the one that was chosen, else its own.
    pub(crate) fn provider_name(&self, own: &ProviderName) -> ProviderName {
        let chosen = self.choices.rename_provider.get(own.as_str());
        chosen
            .filter(|name| self.may_name_a_provider(name))
            .map_or_else(|| own.clone(), |name| ProviderName::new(name.as_str()))
    }

    /// The provider of the gateway's own that stands for one it does not know, where that was chosen.
    pub(crate) fn mapped(&self, word: &str, custom: Option<&str>) -> Option<(&str, ProviderName)> {
        let (from, to) = [Some(word), custom]
            .into_iter()
            .flatten()
            .find_map(|from| self.choices.map_provider.get_key_value(from))?;
        bifrost::standard::is_standard(to, &self.version).then(|| (from.as_str(), ProviderName::new(to.as_str())))
    }

    /// Says of each mapping what it means, or why it means nothing.
    pub(crate) fn mapped_providers(&mut self) {
        for (from, to) in &self.choices.map_provider {
            let what = if !bifrost::standard::is_standard(to, &self.version) {
                format!("{to} is no provider of gateway {} itself, so nothing is mapped onto it", self.version)
            } else if self.mapped.contains(from) {
                format!("models of {from} are asked of {to} by choice: their keys are sent to {to}'s address")
            } else {
                "this was to be mapped, but no model needs it: the gateway knows the provider, or no model has it"
                    .to_owned()
            };
            self.findings.push(Finding::warning(Code::new("plan.map_provider"), format!("provider {from}"), what));
        }
    }

    /// Small letters, digits and hyphens, and no name the gateway has itself: a custom provider may not have one.
    fn may_name_a_provider(&self, name: &str) -> bool {
        !name.is_empty() && slug(name) == name && !bifrost::standard::is_standard(name, &self.version)
    }

    /// Says of each new name of a provider that was not given why.
    pub(crate) fn provider_names(&mut self, catalogue: &Catalogue) {
        for (own, name) in &self.choices.rename_provider {
            let there = catalogue.providers.get(&ProviderName::new(name.as_str()));
            let what = if !self.may_name_a_provider(name) {
                format!(
                    "{name} cannot be the name of a custom provider: small letters, digits and hyphens, and none of the gateway's own"
                )
            } else if there.is_none() {
                "this was to be renamed, but the plan makes no custom provider of this name".to_owned()
            } else {
                continue;
            };
            self.findings.push(Finding::warning(Code::new("plan.rename"), format!("provider {own}"), what));
        }
    }

    /// A window the gateway does not take would be refused with every budget.
    fn budget_window(&mut self) {
        let period = &self.choices.max_budget_period;
        if bifrost::window::is_valid(period) {
            return;
        }
        self.undecided = true;
        let what =
            format!("{period} is no period of the gateway: a whole number with s, m, h, d, w, M or Y, such as 10Y");
        let finding = Finding::error(Code::new("plan.budget_window"), "window of budgets that never reset", what);
        self.findings.push(finding.hint("m is minutes and M is months"));
    }

    /// The name of an object on the gateway: the one that was chosen, else its own; made unique.
    pub(crate) fn named(&mut self, kind: Kind, entity: &Entity, distinction: &str) -> String {
        let id = entity.id.clone();
        let chosen = self.choices.rename.get(&id).filter(|name| !name.trim().is_empty());
        let Some(chosen) = chosen else { return self.unique(kind, &entity.name, distinction) };
        let name = self.unique(kind, chosen, distinction);
        if name != *chosen {
            let what = format!("the name {chosen} is another one's already, so this becomes {name}");
            self.findings
                .push(Finding::warning(Code::new("plan.rename"), id.as_str(), what).at(entity.object.origin.clone()));
        }
        name
    }

    /// Says of what is left alone by choice what that means.
    pub(crate) fn left_alone(&mut self, ops: &[Op]) {
        for id in &self.choices.leave_alone {
            let op = ops.iter().find(|op| op.id == *id);
            let left = op.is_some_and(|op| op.action == Action::Skip && op.target_id.is_some());
            let what = if left {
                "left as it is on the gateway by choice: its budgets, limits and settings are its own, not LiteLLM's"
            } else {
                "this was to be left alone, but the gateway has no provider, customer or team of this name that differs"
            };
            self.findings.push(Finding::warning(Code::new("plan.leave_alone"), id.as_str(), what));
        }
    }

    /// Says of every virtual key whose name is taken what to do about it, and of those that are taken over what it
    /// means.
    pub(crate) fn taken_names(&mut self, ops: &[Op]) {
        for op in ops.iter().filter(|op| op.reason == diff::FOREIGN) {
            self.findings.push(
                Finding::warning(Code::new("plan.taken"), format!("virtual key {}", op.name), diff::FOREIGN)
                    .hint(format!("--rename KEY=NAME gives the moved key another name, --take-over {} makes the one that is there the moved one", op.id)),
            );
        }
        for id in &self.choices.take_over {
            let op = ops.iter().find(|op| op.id == *id);
            let taken =
                op.is_some_and(|op| op.kind == Kind::VirtualKey && matches!(op.action, Action::Change | Action::Same));
            let what = if taken {
                "taken over by choice: whoever holds its value may call what the plan says from then on"
            } else {
                "this was to be taken over, but the gateway has no virtual key of this name that the plan would move"
            };
            self.findings.push(Finding::warning(Code::new("plan.take_over"), id.as_str(), what));
        }
    }
}
