//! What is missing and what that means: a source that was not read, a value no source shows. Every gap is counted.

use std::collections::{BTreeMap, BTreeSet};

use litellm::{Kind, SourceKind, SourceRead};
use model::{Code, Origin, SourceId};

use crate::gather::{Entity, Opening, of};

/// Something that is not known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// Its stable name: `gap.provider_keys`.
    pub code: Code,
    /// What is not known: `provider keys`.
    pub what: &'static str,
    /// Of how many it is not known.
    pub count: usize,
    /// Out of how many; 0 where nobody can say.
    pub of: usize,
    /// What that means, in a sentence.
    pub means: String,
    /// What would close it.
    pub hint: &'static str,
}

/// What gaps are found in.
pub(crate) struct Read<'a> {
    pub(crate) entities: &'a BTreeMap<SourceId, Entity>,
    /// Those that any object names.
    pub(crate) organizations: &'a BTreeSet<&'a str>,
    pub(crate) sources: &'a [SourceRead],
    pub(crate) version: Option<&'a str>,
    pub(crate) opening: &'a Opening,
}

/// Finds the gaps, gravest first.
pub(crate) fn gaps(read: &Read<'_>) -> Vec<Gap> {
    if read.sources.is_empty() {
        return Vec::new();
    }
    let found = [
        read.provider_keys(),
        read.credentials(),
        read.closed(),
        read.organizations(),
        read.members(),
        read.file(),
        read.api(),
        read.version(),
        read.partial(),
    ];
    found.into_iter().flatten().collect()
}

impl Read<'_> {
    fn has(&self, kind: SourceKind) -> bool {
        self.sources.iter().any(|source| source.kind == kind && !source.fingerprint.is_empty())
    }

    fn of(&self, kind: Kind) -> impl Iterator<Item = &Entity> {
        of(self.entities, kind)
    }

    /// The API never shows a provider's key (`reference/litellm.md` 1.13).
    fn provider_keys(&self) -> Option<Gap> {
        let count = self.of(Kind::Deployment).filter(|entity| only_api(entity)).count();
        let of = self.of(Kind::Deployment).count();
        let (means, hint) = if self.has(SourceKind::Database) {
            (
                format!(
                    "The API shows {count} of {of} deployments that neither database nor file hold: their provider keys stay unknown."
                ),
                "give the config.yaml the proxy was started with",
            )
        } else {
            (
                format!("Without the database the provider keys stay unknown: {count} of {of} deployments."),
                "give the database or a dump of it, with the salt key; for deployments of the file, config.yaml",
            )
        };
        gap("gap.provider_keys", "provider keys", (count, of), means, hint)
    }

    fn credentials(&self) -> Option<Gap> {
        let count = self.of(Kind::Credential).filter(|entity| only_api(entity)).count();
        let of = self.of(Kind::Credential).count();
        let means = format!("The API masks the values of named credentials: {count} of {of} are known by name only.");
        gap(
            "gap.credentials",
            "named credentials",
            (count, of),
            means,
            "give the database or a dump of it, or config.yaml",
        )
    }

    /// Sealed values that no key opened.
    fn closed(&self) -> Option<Gap> {
        let (count, of) = (self.opening.failed.len(), self.opening.sealed);
        let (means, hint) = if self.opening.tried == 0 {
            (
                format!("Without the salt key {count} encrypted values stay closed."),
                "give the value of LITELLM_SALT_KEY; if the proxy has none, its master key",
            )
        } else {
            (
                format!("{count} of {of} encrypted values do not open with the keys given."),
                "give the master key or an older salt key as well",
            )
        };
        gap("gap.closed", "encrypted values", (count, of), means, hint)
    }

    /// Organizations that are named by other objects and shown by nobody (`reference/litellm.md` 0, 1.7).
    fn organizations(&self) -> Option<Gap> {
        let here: BTreeSet<&str> = self.of(Kind::Organization).map(|entity| entity.object.id.as_str()).collect();
        let named = self.organizations;
        let count = named.difference(&here).count();
        let of = named.union(&here).count();
        let because = if self.has(SourceKind::Database) {
            "the database holds no row for them"
        } else {
            "the API did not show them, which since 1.102 takes an Enterprise licence"
        };
        let word = if count == 1 { "organization is" } else { "organizations are" };
        let means = format!("{count} {word} known only by id: {because}. Names, budgets and members stay unknown.");
        gap("gap.organizations", "organizations", (count, of), means, "give the database or a dump of it")
    }

    /// Only `/team/info` shows the budgets of a team's members (`reference/litellm.md` 1.7).
    fn members(&self) -> Option<Gap> {
        let with_members: BTreeSet<&str> =
            self.of(Kind::TeamMembership).filter_map(|entity| entity.object.text("team_id")).collect();
        let teams: Vec<&Entity> =
            self.of(Kind::Team).filter(|e| e.object.fields.contains_key("members_with_roles")).collect();
        let unknown = |entity: &&&Entity| {
            only_api(entity)
                && !with_members.contains(entity.object.id.as_str())
                && !entity.origins.iter().any(is_team_info)
        };
        let count = teams.iter().filter(unknown).count();
        let of = teams.len();
        let means =
            format!("The budgets of team members stay unknown: /team/info was not asked for {count} of {of} teams.");
        gap("gap.team_members", "team members", (count, of), means, "read the API again, or give the database")
    }

    /// Deployments that run from a file nobody gave.
    fn file(&self) -> Option<Gap> {
        if self.has(SourceKind::ConfigFile) {
            return None;
        }
        let deployments = self.of(Kind::Deployment).count();
        let count = self
            .of(Kind::Deployment)
            .filter(|entity| only_api(entity) && entity.object.value("model_info.db_model") != Some(&true.into()))
            .count();
        if self.has(SourceKind::Api) {
            let means = format!(
                "No config.yaml: {count} of {deployments} deployments come from it, and what it says beside them (settings, references to the environment) stays unknown."
            );
            return gap("gap.config_file", "config.yaml", (count, deployments), means, FILE_HINT);
        }
        let means = "No config.yaml: deployments and settings that stand only there stay unknown.".to_owned();
        Some(Gap { code: Code::new("gap.config_file"), what: "config.yaml", count: 1, of: 0, means, hint: FILE_HINT })
    }

    fn api(&self) -> Option<Gap> {
        if self.has(SourceKind::Api) {
            return None;
        }
        let means = if self.has(SourceKind::Database) {
            "The API was not read: what runs but is not stored, and what the proxy drops, stays unknown."
        } else {
            "Neither API nor database was read: teams, users, keys and budgets stay unknown."
        };
        let hint = "connect the running proxy, or give saved answers of its API";
        Some(Gap { code: Code::new("gap.api"), what: "the API", count: 1, of: 0, means: means.to_owned(), hint })
    }

    /// Without a version the precedence of file and database is a guess, where both were read.
    fn version(&self) -> Option<Gap> {
        let both = self.has(SourceKind::ConfigFile) && self.has(SourceKind::Database);
        if self.version.is_some() || !both {
            return None;
        }
        let of = self.of(Kind::Settings).count();
        let count = self.of(Kind::Settings).filter(|entity| entity.sources.len() > 1).count();
        let means = "The version of the proxy is not known: where file and database disagree on a setting the file is taken, as releases from 1.103 on do.";
        gap(
            "gap.version",
            "the version",
            (count, of),
            means.to_owned(),
            "connect the running proxy, or give its /health/readiness/details",
        )
    }

    fn partial(&self) -> Option<Gap> {
        let count = self.sources.iter().filter(|source| !source.complete).count();
        let of = self.sources.len();
        let means = format!("{count} of {of} sources could not be used completely; the findings say which part.");
        gap("gap.partial", "sources", (count, of), means, "mend what the findings name, and read again")
    }
}

const FILE_HINT: &str = "give the config.yaml the proxy was started with";

fn gap(
    code: &'static str,
    what: &'static str,
    (count, of): (usize, usize),
    means: String,
    hint: &'static str,
) -> Option<Gap> {
    (count > 0).then(|| Gap { code: Code::new(code), what, count, of, means, hint })
}

fn only_api(entity: &Entity) -> bool {
    entity.sources.iter().all(|source| *source == SourceKind::Api)
}

fn is_team_info(origin: &Origin) -> bool {
    matches!(origin, Origin::Endpoint { pointer, .. } if pointer.starts_with("/team_info"))
}
