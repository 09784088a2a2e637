//! Deployments whose name is a pattern. What the gateway can be told of them: the whole provider; a pattern, where it
//! has them; a rule, where all names stand for one model; else the names that are known. Policy: `design` 3.3, 3.11. Facts: `reference/litellm.md` 4.4; `reference/bifrost-api.md` 3.6, 6.4.

use std::collections::{BTreeMap, BTreeSet};

use bifrost::Capability;
use inventory::Entity;
use litellm::Kind as Source;
use litellm::access::Key;
use model::{Code, Finding, TeamId};
use serde_json::{Map, Value};

use super::account::Settings;
use super::{Answers, Catalogue, KeyDraft, NotPlaced, place};
use crate::check::few;
use crate::choices::WildcardChoice;
use crate::draft::Planner;
use crate::types::Fidelity;
use crate::virtual_keys::whole_probes;

/// Words in lists that are no names.
const WORDS: [&str; 4] = ["*", "all-proxy-models", "all-team-models", "no-default-models"];

/// What a person does where a pattern cannot be moved.
const NAME_THEM: &str = "name the models it is used for in config.yaml, one by one, and plan again";

/// What is named anywhere in an installation.
#[derive(Default)]
pub(super) struct Named {
    /// Names that lists, aliases and fallbacks speak of.
    names: BTreeSet<String>,
    /// Patterns that stand in lists.
    patterns: BTreeSet<String>,
}

impl Planner<'_> {
    /// Everything that is named where it can be asked for; nothing where no deployment's name is a pattern.
    pub(super) fn named_anywhere(&self) -> Named {
        if !self.world.deployments.iter().any(|deployment| deployment.name.contains('*')) {
            return Named::default();
        }
        let router = litellm::routing::Router::read(self.inventory.entities.values().map(|entity| &entity.object));
        let aliases = |key: &'_ Entity| key.object.value("aliases").and_then(Value::as_object).cloned();
        let aliases: Vec<Map<String, Value>> = self.inventory.of(Source::VirtualKey).filter_map(aliases).collect();
        let renamed: BTreeSet<&String> = aliases.iter().flat_map(Map::keys).collect();
        let mut entries: BTreeSet<String> = self.world.known_names().into_iter().map(str::to_owned).collect();
        entries.extend(self.world.listed_entries().into_iter().map(str::to_owned));
        entries.extend(self.listed_by_keys().into_iter().map(str::to_owned));
        entries.extend(aliases.iter().flat_map(Map::values).filter_map(Value::as_str).map(str::to_owned));
        entries.extend(router.fallback_names().map(str::to_owned));
        let taken = |name: &String| renamed.contains(name) || self.world.is_public(name) || self.world.is_label(name);
        let (patterns, names): (BTreeSet<_>, BTreeSet<_>) = entries.into_iter().partition(|entry| entry.contains('*'));
        let is_name = |name: &String| !name.is_empty() && !WORDS.contains(&name.as_str()) && !taken(name);
        Named { names: names.into_iter().filter(is_name).collect(), patterns }
    }

    /// What stands in the keys' own lists.
    pub(crate) fn listed_by_keys(&self) -> BTreeSet<&str> {
        let lists = self.inventory.of(Source::VirtualKey).filter_map(|key| key.object.value("models")?.as_array());
        let mut names = BTreeSet::new();
        names.extend(lists.flatten().filter_map(Value::as_str));
        names
    }

    /// Plans a deployment whose name is a pattern.
    pub(super) fn wildcard(
        &mut self,
        entity: &Entity,
        settings: &Settings,
        named: &Named,
        catalogue: &mut Catalogue,
    ) -> Result<(), NotPlaced> {
        let choice = self.choices.wildcards;
        match choice {
            WildcardChoice::Manual => Err(NotPlaced::manual("wildcards are left to you by choice").hint(NAME_THEM)),
            WildcardChoice::Best if self.is_whole(entity, settings)? => {
                let index = self.place(entity, settings, Answers::Whole, catalogue)?;
                self.account_deployment(entity, catalogue, index, settings);
                self.account_whole(entity, &catalogue.keys[index]);
                self.written_out(entity, settings, named, true, catalogue).map(drop)
            }
            WildcardChoice::Best if let Some(entry) = self.pattern_of(entity, settings)? => {
                let index = self.place(entity, settings, Answers::Pattern(&entry), catalogue)?;
                self.account_deployment(entity, catalogue, index, settings);
                self.written_out(entity, settings, named, true, catalogue).map(drop)
            }
            WildcardChoice::Best if let Some(begin) = self.one_model_behind(entity, settings) => {
                self.behind_a_rule(entity, settings, begin, named, catalogue)
            }
            WildcardChoice::Best | WildcardChoice::Names => self.by_names(entity, settings, named, catalogue),
        }
    }

    /// Writes out the names that are known, and says that all others are lost.
    fn by_names(
        &mut self,
        entity: &Entity,
        settings: &Settings,
        named: &Named,
        catalogue: &mut Catalogue,
    ) -> Result<(), NotPlaced> {
        let moved = self.written_out(entity, settings, named, false, catalogue)?;
        if moved.is_empty() {
            let why = format!(
                "the wildcard {} stands for names the gateway cannot be told, and no name behind it is known",
                entity.name
            );
            return Err(NotPlaced::manual(why).hint(NAME_THEM));
        }
        self.account_names(entity, &moved, catalogue);
        Ok(())
    }

    /// Serves the names behind a pattern that are known; of one that is held as a whole, only those that lists give
    /// parts by.
    fn written_out(
        &mut self,
        entity: &Entity,
        settings: &Settings,
        named: &Named,
        held: bool,
        catalogue: &mut Catalogue,
    ) -> Result<BTreeSet<String>, NotPlaced> {
        let (mut moved, mut last) = (BTreeSet::new(), None);
        for (name, upstream) in self.names_behind(entity, settings, named, held) {
            let filled = Settings { model: upstream, ..settings.clone() };
            match self.place(entity, &filled, Answers::Name(&name), catalogue) {
                Ok(index) => {
                    if !held && moved.is_empty() {
                        self.account_deployment(entity, catalogue, index, &filled);
                    }
                    moved.insert(name);
                }
                Err(why) => last = Some(why),
            }
        }
        if let Some(why) = last.filter(|_| moved.is_empty() && !held) {
            return Err(why);
        }
        catalogue.names.entry(entity.object.id.clone()).or_default().extend(moved.iter().cloned());
        Ok(moved)
    }

    /// The entry of a list that stands for the pattern, where the gateway takes one and nothing else answers to some of
    /// its names: the name that is asked for is the provider's own.
    fn pattern_of(&mut self, entity: &Entity, settings: &Settings) -> Result<Option<String>, NotPlaced> {
        let Some(begin) = begin(&entity.name).filter(|begin| !begin.is_empty()) else { return Ok(None) };
        let resolved = self.resolved(entity, settings)?;
        let place = self.place_of(entity, settings, &resolved)?;
        let prefix = format!("{}/", place.name);
        let form = entity.name.strip_prefix(prefix.as_str()).unwrap_or(&entity.name);
        let is_bare = form == entity.name;
        let is_meant = |other: &&str| {
            let theirs = other.split('*').next().unwrap_or_default();
            *other != entity.name && (is_bare || begin.starts_with(theirs) || theirs.starts_with(begin))
        };
        let mut patterns = self.world.deployments.iter().map(|other| other.name.as_str());
        if (is_bare && form.contains('/'))
            || form != place::upstream_model(&resolved)
            || patterns.any(|name| name.contains('*') && is_meant(&name))
            || !self.holds(Capability::Patterns, &entity.id)
        {
            return Ok(None);
        }
        let pieces: Vec<&str> = form.split('*').collect();
        Ok(Some(bifrost::pattern::entry(&pieces)))
    }

    /// How the names begin that all stand for one model, where no other pattern takes some of them.
    fn one_model_behind<'e>(&self, entity: &'e Entity, settings: &Settings) -> Option<&'e str> {
        let begin = begin(&entity.name).filter(|begin| !begin.is_empty() && !begin.contains('/'))?;
        let more = |other: &str| other != entity.name && other.contains('*') && other.starts_with(begin);
        let is_alone = !self.world.deployments.iter().any(|other| more(&other.name));
        let sample = sample(entity);
        let found = self.world.resolve(&asker(entity), &sample).into_iter();
        let is_found = found.into_iter().any(|reach| *reach.deployment == *entity.object.id);
        (is_alone && is_found && !settings.model.contains('*')).then_some(begin)
    }

    /// One model under a name of its own, to which a rule leads every name that begins as the pattern says.
    fn behind_a_rule(
        &mut self,
        entity: &Entity,
        settings: &Settings,
        begin: &str,
        named: &Named,
        catalogue: &mut Catalogue,
    ) -> Result<(), NotPlaced> {
        let sample = sample(entity);
        let index = self.place(entity, settings, Answers::Name(&sample), catalogue)?;
        self.account_deployment(entity, catalogue, index, settings);
        let asks: BTreeSet<String> = self.names_behind(entity, settings, named, true).into_keys().collect();
        let id = entity.object.id.clone();
        let key = &mut catalogue.keys[index];
        key.served.values_mut().filter(|served| served.asks.contains(&sample)).for_each(|served| {
            served.asks.extend(asks.iter().cloned());
        });
        catalogue.names.entry(id).or_default().insert(sample.clone());
        let team = entity.object.text("model_info.team_id").map(TeamId::from);
        catalogue.begins.insert((team, begin.to_owned()), sample);
        Ok(())
    }

    /// The names that a key must not serve though its patterns take them: LiteLLM sends them elsewhere, and the gateway
    /// would find them without the provider in front.
    pub(super) fn shadowed(&self, key: &KeyDraft) -> BTreeSet<String> {
        let of_patterns = key.patterns.values().flatten();
        let mut shadowed = BTreeSet::new();
        for (id, name) in key.wildcard.iter().chain(of_patterns) {
            let Some(begin) = begin(name) else { continue };
            let prefix = begin.split_once('/').map_or(0, |(provider, _)| provider.len() + 1);
            let others = self.world.deployments.iter().filter(|other| *other.id != **id && !other.name.contains('*'));
            let names = others.map(|other| other.name.as_str()).chain(self.world.aliases.keys().map(String::as_str));
            let models = names.filter(|other| other.starts_with(begin)).filter_map(|other| other.get(prefix..));
            let is_behind = |model: &&str| {
                let reach = self.world.resolve(&Key::default(), model);
                reach.iter().any(|reach| *reach.deployment == **id)
            };
            shadowed.extend(models.filter(|model| !model.is_empty() && !is_behind(model)).map(str::to_owned));
        }
        shadowed.retain(|model| !key.served.contains_key(model));
        shadowed
    }

    /// The entries that give a part of what a key serves, by the patterns of deployments and lists.
    pub(super) fn parts(&self, named: &Named, catalogue: &mut Catalogue) {
        if !self.version.has(Capability::Patterns) || self.choices.wildcards != WildcardChoice::Best {
            return;
        }
        for key in &catalogue.keys {
            let of_provider = catalogue.parts.entry(key.provider.clone()).or_default();
            for (entry, asks) in &key.patterns {
                of_provider.extend(asks.values().map(|ask| (entry.clone(), ask.clone())));
            }
            let names = key.wildcard.values().chain(key.patterns.values().flat_map(BTreeMap::values));
            for (name, pattern) in names.flat_map(|name| named.patterns.iter().map(move |pattern| (name, pattern))) {
                if let Some(form) = part(pattern, name) {
                    let pieces: Vec<&str> = form.split('*').collect();
                    of_provider.insert(bifrost::pattern::entry(&pieces), pattern.clone());
                }
            }
        }
    }

    /// Finds the patterns that take a part of a whole provider: LiteLLM asks the most particular one.
    pub(super) fn apart(&self, catalogue: &mut Catalogue) {
        for key in catalogue.keys.iter().filter(|key| !key.wildcard.is_empty()) {
            let own = format!("{}/", key.provider);
            let begins: BTreeSet<&str> = key.wildcard.values().filter_map(|name| begin(name)).collect();
            let takes = |name: &&String| {
                let more = |begin: &&str| name.starts_with(if begin.is_empty() { own.as_str() } else { begin });
                name.contains('*') && begins.iter().any(more) && !key.wildcard.values().any(|whole| whole == *name)
            };
            let names = self.world.deployments.iter().map(|deployment| &deployment.name).filter(takes).cloned();
            catalogue.apart.entry(key.provider.clone()).or_default().extend(names);
        }
    }

    /// Whether the deployment gives the gateway's whole provider.
    fn is_whole(&mut self, entity: &Entity, settings: &Settings) -> Result<bool, NotPlaced> {
        if settings.model == "*" {
            return Ok(false);
        }
        let resolved = self.resolved(entity, settings)?;
        let place = self.place_of(entity, settings, &resolved)?;
        Ok(place::is_whole(entity, &resolved, &place))
    }

    /// The names behind a pattern that are known, each with the upstream model LiteLLM makes of it.
    fn names_behind(
        &self,
        entity: &Entity,
        settings: &Settings,
        named: &Named,
        held: bool,
    ) -> BTreeMap<String, String> {
        let asker = asker(entity);
        let patterns = self.version.has(Capability::Patterns);
        let mut candidates: BTreeSet<String> = named.names.clone();
        candidates.extend(self.priced_names(entity, settings).into_iter().filter(|name| {
            let gives = |pattern: &&String| is_part(pattern, &entity.name) && fits(pattern, name);
            // Where the gateway takes the pattern itself, the names need not be written out.
            let is_held = |pattern: &&String| patterns && part(pattern, &entity.name).is_some();
            !held || named.patterns.iter().filter(|pattern| !is_held(pattern)).any(|pattern| gives(&pattern))
        }));
        let behind = |name: String| {
            let reach = self.world.resolve(&asker, &name).into_iter();
            let found = reach.into_iter().find(|reach| *reach.deployment == *entity.object.id)?;
            Some((name, found.upstream.to_string()))
        };
        candidates.into_iter().filter(|name| !self.world.is_public(name)).filter_map(behind).collect()
    }

    /// What clients ask for to get the models that LiteLLM's price map knows of the provider.
    fn priced_names(&self, entity: &Entity, settings: &Settings) -> Vec<String> {
        if settings.model == "*" {
            return Vec::new();
        }
        let Ok(resolved) = self.resolved(entity, settings) else { return Vec::new() };
        let Some((before, after)) = resolved.model.split_once('*').filter(|(_, rest)| !rest.contains('*')) else {
            return Vec::new();
        };
        let models = litellm::provider::known_models(&resolved.provider);
        let behind = models.filter_map(|model| model.strip_prefix(before)?.strip_suffix(after));
        behind.map(|part| entity.name.replace('*', part)).collect()
    }

    fn account_names(&mut self, entity: &Entity, moved: &BTreeSet<String>, catalogue: &Catalogue) {
        let source = entity.id.clone();
        let key = catalogue.keys.iter().find(|key| key.deployments.contains(&entity.object.id));
        let Some(key) = key.map(|key| key.op.clone()) else { return };
        let moved: Vec<String> = moved.iter().cloned().collect();
        let note = format!(
            "the gateway cannot be told this pattern, so the names that are known are written out: {}; \
             any other name of this form is refused",
            few(&moved)
        );
        self.ledger.carried(&source, "model_name", &key, "models", Fidelity::Approximate, note.clone());
        self.findings.push(
            Finding::warning(Code::new("plan.wildcard"), format!("model {}", entity.name), note)
                .at(entity.object.origin.clone())
                .hint("a name that comes later has to be added to the provider key and to the virtual keys that may call it"),
        );
    }
}

/// A key that sees what the deployment's team sees.
fn asker(entity: &Entity) -> Key {
    Key { team: entity.object.text("model_info.team_id").map(TeamId::from), ..Key::default() }
}

/// A name that the pattern takes.
fn sample(entity: &Entity) -> String {
    entity.name.replace('*', "any")
}

/// How the names of a pattern begin that has nothing behind its one gap. LiteLLM does not look at what is behind it.
fn begin(name: &str) -> Option<&str> {
    name.strip_suffix('*').filter(|begin| !begin.contains('*'))
}

/// The pattern of a list as the gateway would have it, where it gives a part of what the deployment's name stands for
/// and is read as it stands.
fn part<'p>(pattern: &'p str, name: &str) -> Option<&'p str> {
    let all = begin(name).filter(|begin| !begin.is_empty())?;
    let prefix = all.split_once('/').map_or(0, |(provider, _)| provider.len() + 1);
    let is_text = |c: char| c.is_alphanumeric() || "*-_./:@ ".contains(c);
    let form = pattern.get(prefix..).filter(|_| pattern.starts_with(all) && pattern.chars().all(is_text))?;
    (form.contains('*') && is_part(pattern, name)).then_some(form)
}

/// Whether a pattern of a list gives a part, and not all, of what the deployment's name stands for.
fn is_part(pattern: &str, name: &str) -> bool {
    let fits_all = |probe: &str| fits(pattern, &name.replace('*', probe));
    !whole_probes().all(fits_all)
}

/// Whether the pattern of a list lets the name pass by its text alone.
fn fits(pattern: &str, name: &str) -> bool {
    litellm::access::list_allows(pattern, name)
}
