//! Which deployments stand behind a key of the gateway, and whether LiteLLM lets a virtual key reach them so.

use std::collections::{BTreeMap, BTreeSet};

use bifrost::access as target;
use litellm::access::Key;

use crate::draft::Planner;
use crate::providers::Catalogue;

/// The deployments that a key reaches in LiteLLM, each with the models it is asked for.
pub(super) type Reachable = BTreeMap<String, BTreeSet<String>>;

/// Which deployments are behind each key of the gateway.
pub(super) struct Behind {
    /// Key name and upstream model, to deployments of one name.
    explicit: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
    /// Key name and upstream model, to the names that are written out for patterns.
    written: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
    /// Key name to deployments whose name is a pattern.
    patterns: BTreeMap<String, BTreeSet<String>>,
    /// Name and upstream model of every deployment, as LiteLLM has them.
    deployments: BTreeMap<String, (String, String)>,
}

impl Behind {
    pub(super) fn new(catalogue: &Catalogue, planner: &Planner<'_>) -> Self {
        let deployments: BTreeMap<String, (String, String)> = planner
            .world
            .deployments
            .iter()
            .map(|deployment| (deployment.id.clone(), (deployment.name.clone(), deployment.upstream.clone())))
            .collect();
        let is_pattern = |id: &String| deployments.get(id).is_some_and(|(name, _)| name.contains('*'));
        let (mut explicit, mut written) = (BTreeMap::new(), BTreeMap::new());
        let mut patterns: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for key in &catalogue.keys {
            for served in key.served.values() {
                let upstream = served.upstream.as_ref().unwrap_or(&served.entry).clone();
                let put = |into: &mut BTreeMap<String, BTreeMap<String, BTreeSet<String>>>, all: BTreeSet<String>| {
                    into.entry(key.name.clone()).or_default().entry(upstream.clone()).or_default().extend(all);
                };
                let (by_pattern, by_name): (BTreeSet<String>, BTreeSet<String>) =
                    served.deployments.iter().cloned().partition(is_pattern);
                put(&mut explicit, by_name);
                if !by_pattern.is_empty() {
                    put(&mut written, served.asks.clone());
                }
            }
            let of_key = key.deployments.iter().filter(|id| is_pattern(id)).cloned();
            patterns.entry(key.name.clone()).or_default().extend(of_key);
        }
        Self { explicit, written, patterns, deployments }
    }

    /// The names by which LiteLLM would ask a deployment for that upstream model.
    fn ways(&self, deployment: &str, reach: &target::Reach) -> BTreeSet<String> {
        let mut ways: BTreeSet<String> =
            self.written.get(&reach.key).and_then(|of_key| of_key.get(&reach.upstream)).cloned().unwrap_or_default();
        let Some((name, upstream)) = self.deployments.get(deployment) else { return ways };
        // Behind the provider, or the whole text where there is none.
        let model = upstream.split_once('/').map_or(upstream.as_str(), |(_, model)| model);
        for pattern in [model, upstream] {
            let captured = match pattern.split_once('*') {
                Some((before, after)) => reach.upstream.strip_prefix(before).and_then(|rest| rest.strip_suffix(after)),
                None => (pattern == reach.upstream).then_some(super::PROBE),
            };
            ways.extend(captured.map(|text| name.replace('*', text)));
        }
        ways
    }
}

impl Planner<'_> {
    /// Whether LiteLLM lets the key reach what the gateway would reach: the same deployment, asked for the same model.
    pub(super) fn covers(&self, behind: &Behind, key: &Key, reach: &target::Reach, reachable: &Reachable) -> bool {
        let explicit = behind.explicit.get(&reach.key).and_then(|of_key| of_key.get(&reach.upstream));
        let by_name = explicit.into_iter().flatten().any(|deployment| {
            let upstream = behind.deployments.get(deployment).map_or("", |(_, upstream)| upstream.as_str());
            reachable.get(deployment).is_some_and(|upstreams| upstreams.contains(upstream))
        });
        let mut patterns = behind.patterns.get(&reach.key).into_iter().flatten();
        let is_model = |upstream: &str| {
            upstream.strip_suffix(reach.upstream.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
        };
        by_name
            || patterns.any(|deployment| {
                reachable.get(deployment).is_some_and(|upstreams| upstreams.iter().any(|up| is_model(up)))
                    || behind.ways(deployment, reach).iter().any(|way| {
                        let theirs = self.world.call(key, way, self.now).unwrap_or_default();
                        theirs.iter().any(|theirs| theirs.deployment == *deployment && is_model(&theirs.upstream))
                    })
            })
    }
}
