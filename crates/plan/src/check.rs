//! The access check: LiteLLM's statement of who may call what against the gateway's, key by key and name by name.
//! A key that would gain anything makes the plan not applyable. Policy: `design` 3.4.

use std::collections::{BTreeMap, BTreeSet};

use bifrost::access as target;
use litellm::access as source;
use model::{Code, Finding, Moment};

use crate::draft::Planner;
use crate::in_step::InStep;
use crate::providers::Catalogue;
use crate::together;
use crate::types::{AccessVerdict, Op, Verdict};
use crate::virtual_keys::{PROBE, PlannedKey};

mod behind;
mod gateway;
mod names;

pub(crate) use gateway::planned;
mod routes;
mod tools;
mod upstream;

use behind::{Behind, Reachable};
pub(crate) use gateway::Refers;
use names::{Names, is_probe, names_for};

/// The caller without a key.
const NO_KEY: &str = "(no key)";

/// What a check found, and what a person has to know of it.
type Checked<T> = (T, Vec<Finding>);

impl Planner<'_> {
    /// Compares every key over every name that either side knows, and probes for names that neither lists.
    pub(crate) fn check_access(
        &self,
        ops: &[Op],
        refers: &Refers<'_>,
        catalogue: &Catalogue,
        keys: &[PlannedKey],
    ) -> Checked<Vec<AccessVerdict>> {
        let gateway = gateway::planned(ops, self.observed, refers);
        let behind = Behind::new(catalogue, self);
        let names = self.names(catalogue, &gateway);
        let asked = gateway.asked();
        let mut planned = InStep::of(gateway.virtual_keys.iter().map(|planned| (planned.name.as_str(), planned)));
        let scopes = has_own_rules(&gateway);
        let mut numbers: BTreeMap<Signature<'_>, usize> = BTreeMap::new();
        let mut first: Vec<(&PlannedKey, &target::VirtualKey)> = Vec::new();
        let mut alike: Vec<(&PlannedKey, usize)> = Vec::with_capacity(keys.len());
        for key in keys {
            let Some(planned) = planned.find(&key.name).copied() else { continue };
            let number = *numbers.entry(signature(key, planned, &scopes)).or_insert_with(|| {
                first.push((key, planned));
                first.len() - 1
            });
            alike.push((key, number));
        }
        let found = together::each(&first, |(key, planned)| self.compare(key, planned, &asked, &behind, &names));
        let of_key = |(key, number): (&PlannedKey, usize)| {
            let verdict = found.get(number)?.clone();
            Some(AccessVerdict { virtual_key: key.name.clone(), ..verdict })
        };
        let mut verdicts = vec![anonymous(&gateway)];
        verdicts.extend(alike.into_iter().filter_map(of_key));
        self.check_tools(ops, keys, &mut verdicts);
        let mut findings = told(&verdicts);
        findings.extend(self.upstream_names(&asked));
        (verdicts, findings)
    }

    fn compare(
        &self,
        key: &PlannedKey,
        planned: &target::VirtualKey,
        gateway: &target::Asked<'_>,
        behind: &Behind,
        names: &Names,
    ) -> AccessVerdict {
        let asking = self.world.asking(&key.source);
        let listed = listed(&asking, planned);
        let asked = names_for(key, planned, listed.as_deref(), names);
        let mut reachable = Reachable::new();
        let mut allowed: Vec<bool> = Vec::with_capacity(asked.len());
        for name in &asked {
            // What no list of LiteLLM's names is refused there, and is not worth a question for every key.
            if listed.as_ref().is_some_and(|listed| listed.binary_search(name).is_err()) {
                allowed.push(false);
                continue;
            }
            let reach = asking.call(name, self.now);
            allowed.push(reach.is_ok());
            reachable.extend(reach.into_iter().flatten());
        }
        let mut only_source = BTreeSet::new();
        let mut only_target = Vec::new();
        for (name, allowed) in asked.into_iter().zip(allowed) {
            match gateway.call(planned, name, self.now) {
                Ok(reach) if reach.iter().all(|reach| self.covers(behind, &asking, reach, &reachable)) => {}
                Ok(_) => only_target.push(name.to_owned()),
                Err(_) if allowed && is_probe(name) => only_source.extend(names.pattern_of(name)),
                Err(_) if allowed && !self.is_upstream_only(name) => {
                    only_source.insert(name.to_owned());
                }
                Err(_) => {}
            }
        }
        let only_source: Vec<String> = only_source.into_iter().collect();
        let outlives = match (planned.expires, key.source.expires) {
            (None, Some(_)) => !planned.inactive && self.choices.expiring_keys != Some(crate::ExpiryChoice::Open),
            (Some(ours), Some(theirs)) => ours > theirs,
            _ => false,
        };
        if outlives {
            only_target.push("after its expiry".to_owned());
        }
        let verdict = Verdict::of(&only_source, &only_target);
        AccessVerdict { virtual_key: key.name.clone(), verdict, only_source, only_target }
    }

    /// Whether a name is only an upstream model string: LiteLLM answers to those beside the public names.
    fn is_upstream_only(&self, name: &str) -> bool {
        self.world.is_upstream(name) && !self.world.is_public(name)
    }

    /// Says once which upstream strings nobody can ask for any more, instead of once for every key.
    fn upstream_names(&self, gateway: &target::Asked<'_>) -> Option<Finding> {
        let is_lost = |name: &&str| {
            self.is_upstream_only(name) && !name.contains('*') && !gateway.serves_somebody(name, self.now)
        };
        let lost: Vec<String> = self.world.known_names().into_iter().filter(is_lost).map(str::to_owned).collect();
        (!lost.is_empty()).then(|| {
            Finding::info(
                Code::new("access.upstream_names"),
                "upstream names",
                format!(
                    "LiteLLM also answers to the upstream names of models; the gateway will not answer to {}",
                    few(&lost)
                ),
            )
            .hint("clients that ask for these have to ask for the public names")
        })
    }
}

/// What a person has to know of the verdicts.
fn told(verdicts: &[AccessVerdict]) -> Vec<Finding> {
    let subject = |verdict: &AccessVerdict| format!("virtual key {}", verdict.virtual_key);
    let of = |verdict: &AccessVerdict| match verdict.verdict {
        Verdict::Equal => None,
        Verdict::Wider => Some(
            Finding::error(
                Code::new("access.wider"),
                subject(verdict),
                format!("it could call more than in LiteLLM: {}", few(&verdict.only_target)),
            )
            .hint("leave the key out, or give it a list of models in LiteLLM, and plan again"),
        ),
        Verdict::Narrower => Some(Finding::warning(
            Code::new("access.narrower"),
            subject(verdict),
            format!("it can no longer call {}", few(&verdict.only_source)),
        )),
    };
    verdicts.iter().filter_map(of).collect()
}

/// The names that LiteLLM's lists could allow the key; `None` where all have to be asked.
fn listed<'k>(key: &source::Asking<'k>, planned: &target::VirtualKey) -> Option<Vec<&'k str>> {
    let is_open = |model: &String| model == "*" || model.starts_with(bifrost::pattern::PREFIX);
    let whole = planned.configs.iter().any(|config| config.allowed_models.iter().any(is_open));
    if whole { None } else { key.listed() }
}

/// Who a rule is for, where it is not for everybody.
fn has_own_rules(gateway: &target::Gateway) -> BTreeSet<target::Scoped<'_>> {
    let own = gateway.rules.iter().filter(|rule| rule.scope != target::Scope::Global);
    own.map(|rule| rule.scope.ranked()).collect()
}

/// What decides how a key compares: the number of its layers in LiteLLM; on the gateway whether and when it is shut,
/// its lists, and the rules that are not for everybody.
type Signature<'g> = (usize, bool, Option<Moment>, &'g [target::ProviderConfig], Vec<target::Scoped<'g>>);

/// Keys with equal signatures have equal access on both sides, so one comparison serves them all.
fn signature<'g>(
    key: &PlannedKey,
    planned: &'g target::VirtualKey,
    scopes: &BTreeSet<target::Scoped<'g>>,
) -> Signature<'g> {
    let ruled = planned.scopes().into_iter().flatten().filter(|scope| scopes.contains(scope)).collect();
    (key.layers, planned.inactive, planned.expires, &planned.configs, ruled)
}

fn anonymous(gateway: &target::Gateway) -> AccessVerdict {
    let (verdict, only_target) =
        if gateway.enforced { (Verdict::Equal, Vec::new()) } else { (Verdict::Wider, vec!["every model".to_owned()]) };
    AccessVerdict { virtual_key: NO_KEY.to_owned(), verdict, only_source: Vec::new(), only_target }
}

/// The first few names, and how many more.
pub(crate) fn few(names: &[String]) -> String {
    const SHOWN: usize = 5;
    let first = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}
