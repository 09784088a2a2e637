//! Joining what the sources show, and opening what they keep sealed.

use std::collections::BTreeMap;

use litellm::{Held, Kept, Kind, Object, Reading, SourceKind, SourceRead};
use model::{Finding, Origin, SourceId};

use crate::conflict::{self, Conflict};
use crate::gap::{self, Gap};
use crate::identity;
use crate::join;
use crate::link::{self, Link};
use crate::open;
use crate::vault::{Candidate, Opened, Sealed, Vault};

/// Everything that was read, with its secrets still sealed.
#[derive(Debug, Default)]
#[must_use = "what was gathered has to be opened"]
pub struct Gathered {
    objects: Vec<Object>,
    sources: Vec<SourceRead>,
    version: Option<String>,
    findings: Vec<Finding>,
    vault: Vault<Sealed>,
}

/// One object of the deployment, joined over its sources.
#[derive(Clone, Debug, PartialEq)]
pub struct Entity {
    /// `kind/id`, by which the inventory knows it.
    pub id: SourceId,
    /// The joined object: for each field the value that wins, with its origin.
    pub object: Object,
    /// The name people know it by.
    pub name: String,
    /// The sources that show it.
    pub sources: Vec<SourceKind>,
    /// Every place it was read.
    pub origins: Vec<Origin>,
}

impl Entity {
    /// An object that one source shows, once.
    pub(crate) fn alone(object: Object) -> Self {
        let (name, sources, origins) = (identity::name(&object), vec![object.source], vec![object.origin.clone()]);
        Self { id: object.source_id(), object, name, sources, origins }
    }

    /// Knows it by another id of its kind; what that was before.
    pub(crate) fn call(&mut self, id: String) -> String {
        let before = std::mem::replace(&mut self.object.id, id);
        self.id = self.object.source_id();
        before
    }
}

/// How opening the secrets went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    /// Values that had to be opened.
    pub sealed: usize,
    /// Those that were, by the name of the key that opened them.
    pub opened_by: BTreeMap<String, usize>,
    /// Where those that were not stand.
    pub failed: Vec<Origin>,
    /// How many keys were tried.
    pub tried: usize,
}

/// Everything a LiteLLM deployment holds.
#[derive(Clone, Debug, Default)]
#[must_use = "an inventory has findings"]
pub struct Inventory {
    /// The objects by `kind/id`.
    pub entities: BTreeMap<SourceId, Entity>,
    /// What was read.
    pub sources: Vec<SourceRead>,
    /// The version of the proxy, where known.
    pub version: Option<String>,
    /// Where sources disagree.
    pub conflicts: Vec<Conflict>,
    /// What is missing, and what that means.
    pub gaps: Vec<Gap>,
    /// How opening went.
    pub opening: Opening,
    /// What a person has to know.
    pub findings: Vec<Finding>,
}

impl Inventory {
    /// The objects of one kind, in the order of their ids.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &Entity> {
        of(&self.entities, kind)
    }

    /// What an object refers to, whether it was read or not.
    pub fn links(&self, id: &SourceId) -> Vec<Link> {
        self.entities.get(id).map(|entity| link::links(&entity.object)).unwrap_or_default()
    }

    /// How many objects there are of each kind.
    pub fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for entity in self.entities.values() {
            *counts.entry(entity.object.kind.word()).or_default() += 1;
        }
        counts
    }
}

/// The objects of one kind. Ids start with the kind and a slash, so that those of one kind stand together.
pub(crate) fn of(entities: &BTreeMap<SourceId, Entity>, kind: Kind) -> impl Iterator<Item = &Entity> {
    let from = litellm::source_id(kind, "");
    entities.range(from..).map(|(_, entity)| entity).take_while(move |entity| entity.object.kind == kind)
}

/// Takes over what was read.
pub fn gather(reading: Reading) -> Gathered {
    Gathered {
        objects: reading.objects,
        sources: reading.sources,
        version: reading.version,
        findings: reading.findings,
        vault: Vault::new(reading.kept),
    }
}

impl Gathered {
    /// Tries every candidate on every sealed value, then joins the sources. Opening again with other candidates
    /// starts from the sealed values each time.
    pub fn open(&self, candidates: &[Candidate]) -> (Inventory, Vault<Opened>) {
        self.joined(self.objects.clone(), candidates)
    }

    /// As [`Self::open`], for whoever has no other keys to try later: nothing is copied.
    pub fn into_opened(mut self, candidates: &[Candidate]) -> (Inventory, Vault<Opened>) {
        let objects = std::mem::take(&mut self.objects);
        self.joined(objects, candidates)
    }

    fn joined(&self, objects: Vec<Object>, candidates: &[Candidate]) -> (Inventory, Vault<Opened>) {
        let opened = open::open(objects, &self.vault, candidates);
        let entities = identity::reconcile(opened.entities);
        let joined = join::join(entities, self.version.as_deref(), &opened.slots);
        let named = identity::named(joined.entities);
        let conflicts = join::renamed(joined.conflicts, &named.renamed);
        let mut findings = self.findings.clone();
        findings.extend(opened.findings);
        findings.extend(conflicts.iter().map(conflict::finding));
        let links = link::follow(&named.entities);
        findings.extend(links.dangling);
        findings.sort();
        let gaps = gap::gaps(&gap::Read {
            entities: &named.entities,
            organizations: &links.organizations,
            sources: &self.sources,
            version: self.version.as_deref(),
            opening: &opened.opening,
        });
        let inventory = Inventory {
            entities: named.entities,
            sources: self.sources.clone(),
            version: self.version.clone(),
            conflicts,
            gaps,
            opening: opened.opening,
            findings,
        };
        (inventory, Vault::of(opened.slots))
    }

    /// The master key, where `config.yaml` holds it in clear: proxies without a salt key encrypt with it.
    pub fn master_key(&self) -> Option<Candidate> {
        let settings = self.objects.iter().filter(|o| o.kind == Kind::Settings && o.id == "general_settings");
        let mut slots = settings.filter_map(|object| match &object.fields.get("master_key")?.held {
            Held::Secret(id) => self.vault.kept(id),
            Held::Plain(_) => None,
        });
        slots.find_map(|kept| match kept {
            Kept::Clear(secret) => Some(Candidate { name: "master key".to_owned(), secret: secret.clone() }),
            Kept::Sealed(_) | Kept::Environment(_) | Kept::LeftOut | Kept::NoSecret(_) => None,
        })
    }

    /// The objects as each source shows them, before they are opened and joined.
    pub fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// What was read.
    pub fn sources(&self) -> &[SourceRead] {
        &self.sources
    }

    /// What went wrong while reading.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}
