//! Which deployments stand behind a key of the gateway, and whether LiteLLM lets a virtual key reach them so.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bifrost::access as target;
use litellm::access::{Asking, Reach};

use crate::draft::Planner;
use crate::providers::Catalogue;

/// The deployments that a key reaches in LiteLLM, each with the models it is asked for.
pub(super) type Reachable = BTreeSet<Reach>;

/// Which deployments are behind each key of the gateway.
pub(super) struct Behind {
    /// Key name and upstream model, to deployments of one name and what LiteLLM asks them for.
    explicit: BTreeMap<String, BTreeMap<String, BTreeSet<Reach>>>,
    /// Key name and upstream model, to the names that are written out for patterns.
    written: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
    /// Key name to deployments whose name is a pattern.
    patterns: BTreeMap<String, BTreeSet<String>>,
    /// Name and upstream model of every deployment, as LiteLLM has them.
    deployments: BTreeMap<Arc<str>, (String, Arc<str>)>,
}

impl Behind {
    pub(super) fn new(catalogue: &Catalogue, planner: &Planner<'_>) -> Self {
        let deployments: BTreeMap<Arc<str>, (String, Arc<str>)> = planner
            .world
            .deployments
            .iter()
            .map(|deployment| (deployment.id.clone(), (deployment.name.clone(), deployment.upstream.clone())))
            .collect();
        let is_pattern = |id: &String| deployments.get(id.as_str()).is_some_and(|(name, _)| name.contains('*'));
        let reached = |id: &String| {
            let (id, (_, upstream)) = deployments.get_key_value(id.as_str())?;
            Some(Reach { deployment: Arc::clone(id), upstream: Arc::clone(upstream) })
        };
        let mut explicit: BTreeMap<String, BTreeMap<String, BTreeSet<Reach>>> = BTreeMap::new();
        let mut written: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
        let mut patterns: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for key in &catalogue.keys {
            for served in key.served.values() {
                let upstream = served.upstream.as_ref().unwrap_or(&served.entry).clone();
                let by_name = served.deployments.iter().filter(|id| !is_pattern(id)).filter_map(reached);
                explicit.entry(key.name.clone()).or_default().entry(upstream.clone()).or_default().extend(by_name);
                if served.deployments.iter().any(is_pattern) {
                    let ways = written.entry(key.name.clone()).or_default().entry(upstream).or_default();
                    ways.extend(served.asks.iter().cloned());
                }
            }
            let of_key = key.deployments.iter().filter(|id| is_pattern(id)).cloned();
            patterns.entry(key.name.clone()).or_default().extend(of_key);
        }
        Self { explicit, written, patterns, deployments }
    }

    /// The names by which LiteLLM would ask a deployment for that upstream model.
    fn ways(&self, deployment: &str, reach: &target::Reach<'_>) -> BTreeSet<String> {
        let written = self.written.get(reach.key).and_then(|of_key| of_key.get(reach.upstream));
        let mut ways: BTreeSet<String> = written.cloned().unwrap_or_default();
        let Some((name, upstream)) = self.deployments.get(deployment) else { return ways };
        // Behind the provider, or the whole text where there is none.
        let model = upstream.split_once('/').map_or(&**upstream, |(_, model)| model);
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
    pub(super) fn covers(
        &self,
        behind: &Behind,
        key: &Asking<'_>,
        reach: &target::Reach<'_>,
        reachable: &Reachable,
    ) -> bool {
        let explicit = behind.explicit.get(reach.key).and_then(|of_key| of_key.get(reach.upstream));
        if explicit.into_iter().flatten().any(|meant| reachable.contains(meant)) {
            return true;
        }
        let mut patterns = behind.patterns.get(reach.key).into_iter().flatten();
        let is_it = |theirs: &Reach, deployment: &str| {
            let before = theirs.upstream.strip_suffix(reach.upstream).filter(|_| *theirs.deployment == *deployment);
            before.is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
        };
        patterns.any(|deployment| {
            reachable.iter().any(|theirs| is_it(theirs, deployment))
                || behind.ways(deployment, reach).iter().any(|way| {
                    let theirs = key.call(way, self.now).unwrap_or_default();
                    theirs.iter().any(|theirs| is_it(theirs, deployment))
                })
        })
    }
}
