//! What virtual keys have in common, worked out and written once: keys of equal layers may call the same, keys that may
//! call the same say it in the same words, and few keys have limits that no other has.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use bifrost::body::Part;
use bifrost::hole;
use inventory::Entity;
use model::{OpId, ProviderName};
use serde_json::{Map, Value};

use super::{Grant, MARK};
use crate::limits::Limits;

/// What a key may use, by provider.
pub(crate) type Grants = BTreeMap<ProviderName, Grant>;

/// What a key may use, with the list that says so to the gateway and the words that say so to people.
#[derive(Debug)]
pub(super) struct Granted {
    pub(super) grants: Grants,
    digest: u64,
    pub(super) configs: Arc<Value>,
    pub(super) told: String,
}

impl Granted {
    pub(super) fn of(grants: Grants) -> Self {
        Self { digest: digest(&grants), configs: Arc::new(configs(&grants)), told: count_models(&grants), grants }
    }
}

/// Everything that is worked out once.
#[derive(Debug, Default)]
pub(super) struct Common {
    /// By the number of the layers.
    by_layers: BTreeMap<usize, Arc<Granted>>,
    /// By the digest of the grants.
    by_grants: BTreeMap<u64, Vec<Arc<Granted>>>,
    /// The fields of a body that hold limits.
    limits: BTreeMap<Limits, Vec<(&'static str, Arc<Value>)>>,
    references: BTreeMap<OpId, Arc<Value>>,
}

impl Common {
    /// What keys may use whose layers have these numbers: the place in the list.
    pub(super) fn of_layers(granted: Vec<Option<Granted>>) -> Self {
        let mut common = Self::default();
        for (layers, granted) in granted.into_iter().enumerate() {
            if let Some(granted) = granted {
                let granted = common.once(granted);
                common.by_layers.insert(layers, granted);
            }
        }
        common
    }

    /// What keys of these layers may use.
    pub(super) fn with_layers(&mut self, layers: usize, work: impl FnOnce() -> Grants) -> Arc<Granted> {
        if let Some(granted) = self.by_layers.get(&layers) {
            return Arc::clone(granted);
        }
        let granted = self.granted(work());
        self.by_layers.insert(layers, Arc::clone(&granted));
        granted
    }

    /// The one way to say these grants.
    pub(super) fn granted(&mut self, grants: Grants) -> Arc<Granted> {
        self.known(digest(&grants), &grants).unwrap_or_else(|| self.once(Granted::of(grants)))
    }

    fn once(&mut self, granted: Granted) -> Arc<Granted> {
        self.known(granted.digest, &granted.grants).unwrap_or_else(|| {
            let granted = Arc::new(granted);
            self.by_grants.entry(granted.digest).or_default().push(Arc::clone(&granted));
            granted
        })
    }

    fn known(&self, digest: u64, grants: &Grants) -> Option<Arc<Granted>> {
        self.by_grants.get(&digest)?.iter().find(|known| known.grants == *grants).cloned()
    }

    /// The fields of a body that hold these limits.
    pub(super) fn limits(&mut self, limits: &Limits) -> Vec<(&'static str, Part)> {
        let fields = match self.limits.get(limits) {
            Some(fields) => fields,
            None => self.limits.entry(limits.clone()).or_insert_with(|| {
                let mut body = Map::new();
                limits.put_into(&mut body);
                let mut field = |name: &'static str| Some((name, Arc::new(body.remove(name)?)));
                ["budgets", "rate_limit"].into_iter().filter_map(&mut field).collect()
            }),
        };
        fields.iter().map(|(name, value)| (*name, Part::Shared(Arc::clone(value)))).collect()
    }

    /// The JSON that stands for the id of an object that another op makes.
    pub(super) fn reference(&mut self, op: &OpId) -> Part {
        if let Some(reference) = self.references.get(op) {
            return Part::Shared(Arc::clone(reference));
        }
        let reference = Arc::new(hole::reference(op));
        self.references.insert(op.clone(), Arc::clone(&reference));
        Part::Shared(reference)
    }
}

/// A number that equal things share, and hardly ever others: what is compared first, where most differ. Nothing is kept
/// in its order.
pub(super) fn digest(thing: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    thing.hash(&mut hasher);
    hasher.finish()
}

fn configs(grants: &Grants) -> Value {
    let texts = |texts: &[String]| -> Value { texts.iter().map(String::as_str).collect() };
    grants
        .iter()
        .map(|(provider, grant)| {
            let mut config = Map::from_iter([
                ("provider".to_owned(), Value::from(provider.as_str())),
                ("weight".to_owned(), Value::from(1)),
                ("allowed_models".to_owned(), texts(&grant.models)),
                ("key_ids".to_owned(), grant.keys.iter().map(hole::reference).collect()),
            ]);
            if !grant.barred.is_empty() {
                config.insert("blacklisted_models".to_owned(), texts(&grant.barred));
            }
            Value::Object(config)
        })
        .collect()
}

fn count_models(grants: &Grants) -> String {
    let names: BTreeSet<&str> =
        grants.values().flat_map(|grant| &grant.models).map(String::as_str).filter(|name| *name != "*").collect();
    let (patterns, names): (Vec<&str>, Vec<&str>) =
        names.into_iter().partition(|name| name.starts_with(bifrost::pattern::PREFIX));
    let whole: Vec<&str> = grants
        .iter()
        .filter(|(_, grant)| grant.models.iter().any(|model| model == "*"))
        .map(|(provider, _)| provider.as_str())
        .collect();
    let told = match (names.len(), whole.is_empty()) {
        (1, true) => "1 model".to_owned(),
        (count, true) => format!("{count} models"),
        (0, false) => format!("everything of {}", whole.join(", ")),
        (1, false) => format!("1 model, and everything of {}", whole.join(", ")),
        (count, false) => format!("{count} models, and everything of {}", whole.join(", ")),
    };
    match patterns.len() {
        0 => told,
        1 => format!("{told}, and the names of a pattern"),
        count => format!("{told}, and the names of {count} patterns"),
    }
}

/// By which a later run, and people, know what a virtual key was made for.
pub(super) fn description(entity: &Entity) -> String {
    match entity.object.text("key_name") {
        Some(old) => format!("{MARK}: {old}"),
        None => MARK.to_owned(),
    }
}
