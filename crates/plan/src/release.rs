//! What the gateway's version has to do with the plan: what it cannot hold and a newer one could, what is known of it.

use std::collections::{BTreeMap, BTreeSet};

use bifrost::{Capability, Kind};
use model::{Code, Finding, SourceId};
use serde_json::Value;

use crate::draft::Planner;

/// What this version cannot hold, and whose it is.
pub(crate) type Lost = BTreeMap<Capability, BTreeSet<SourceId>>;

impl Planner<'_> {
    /// Whether the version has the capability; where not, that this object loses something by it is noted.
    pub(crate) fn holds(&mut self, capability: Capability, object: &SourceId) -> bool {
        let has = self.version.has(capability);
        if !has {
            self.lost.entry(capability).or_default().insert(object.clone());
        }
        has
    }

    /// One finding for each thing a newer gateway would let the plan keep.
    pub(crate) fn newer(&mut self) {
        for (capability, objects) in std::mem::take(&mut self.lost) {
            let Some(row) = capability.row() else { continue };
            let since = row.since.trim_end_matches("-0");
            let message = format!(
                "from {since} on, the gateway holds {}; without it, {} something here: {}",
                row.what,
                if objects.len() == 1 {
                    "1 object loses".to_owned()
                } else {
                    format!("{} objects lose", objects.len())
                },
                few(&objects),
            );
            self.findings.push(
                Finding::info(Code::new("plan.newer"), format!("gateway {}", self.version), message)
                    .hint(format!("move the gateway to {since} or newer, and plan again")),
            );
        }
    }

    /// Says what is not known of this version.
    pub(crate) fn unknown_version(&mut self) {
        let known = bifrost::version::NEWEST_KNOWN;
        let subject = format!("gateway {}", self.version);
        if self.version.is_unknown() || self.version.is_unversioned() {
            let message = format!("this version is not known to Gangway; the plan is made as for {known}");
            self.findings.push(
                Finding::warning(Code::new("plan.version"), subject, message)
                    .hint("every write is read back and compared, so a difference will show"),
            );
        } else if self.version.is_by_hearsay() {
            let message = "of this version only release notes are known to Gangway, not its behaviour";
            self.findings.push(
                Finding::info(Code::new("plan.version"), subject, message)
                    .hint("every write is read back and compared, so a difference will show"),
            );
        }
    }

    /// Rules that a restart of this version damages.
    pub(crate) fn flaws(&mut self) {
        if !self.version.has(Capability::FallbacksLost) {
            return;
        }
        let custom: BTreeSet<&str> = self
            .drafts
            .iter()
            .filter(|draft| {
                let body = draft.body.as_ref();
                draft.kind == Kind::Provider && body.is_some_and(|body| body.get("custom_provider_config").is_some())
            })
            .map(|draft| draft.name.as_str())
            .collect();
        let leads_there = |fallback: &Value| {
            let provider = fallback.as_str().and_then(|text| text.split_once('/')).map(|(provider, _)| provider);
            provider.is_some_and(|provider| custom.contains(provider))
        };
        let rules: Vec<String> = self
            .drafts
            .iter()
            .filter(|draft| draft.kind == Kind::RoutingRule)
            .filter(|draft| {
                let fallbacks = draft.body.as_ref().and_then(|body| body.get("fallbacks")?.as_array());
                fallbacks.into_iter().flatten().any(leads_there)
            })
            .map(|draft| draft.name.clone())
            .collect();
        for rule in rules {
            let message = "this version forgets fallbacks to custom providers when it is started anew";
            self.findings.push(
                Finding::warning(Code::new("plan.fallbacks_lost"), format!("routing rule {rule}"), message)
                    .hint("move the gateway to 2.2.4 or newer"),
            );
        }
    }
}

/// The first few, and how many more.
pub(crate) fn few(objects: &BTreeSet<SourceId>) -> String {
    const SHOWN: usize = 3;
    let first = objects.iter().take(SHOWN).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match objects.len().saturating_sub(SHOWN) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}
