//! The mapping rules as tables: `rules/*.md`, one for each kind of source object, compiled in and read by the tests
//! and by people alike. A rule in code says more about a field than its row; a row speaks where no rule does.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use litellm::Kind;
use serde_json::Value;

use crate::types::{Fate, Fidelity};

/// The note of rows for what LiteLLM writes about an object for itself.
pub(crate) const HISTORY: &str = "history of LiteLLM";

/// A row of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    /// The source field; `name.*` covers everything below, `name = false` and `name = 0` only
    /// that value. A row of several fields holds for each of them.
    pub(crate) source: &'static str,
    /// How faithfully it arrives when no rule in code says otherwise.
    pub(crate) fidelity: Fidelity,
    /// Why, or what to do.
    pub(crate) note: &'static str,
}

macro_rules! tables {
    ($($kind:ident => $file:literal,)+) => {
        fn table(kind: Kind) -> &'static str {
            match kind {
                $(Kind::$kind => include_str!(concat!("../rules/", $file)),)+
            }
        }

        /// The rows of a kind, read once.
        fn rules(kind: Kind) -> &'static Rules {
            match kind {
                $(Kind::$kind => {
                    static RULES: OnceLock<Rules> = OnceLock::new();
                    RULES.get_or_init(|| Rules::read(table(kind)))
                })+
            }
        }
    };
}

tables! {
    Deployment => "deployment.md",
    Credential => "credential.md",
    Organization => "organization.md",
    Team => "team.md",
    User => "user.md",
    VirtualKey => "virtual_key.md",
    Budget => "budget.md",
    TeamMembership => "team_membership.md",
    OrganizationMembership => "organization_membership.md",
    EndUser => "end_user.md",
    AccessGroup => "access_group.md",
    ModelAliases => "model_aliases.md",
    Tag => "tag.md",
    McpServer => "mcp_server.md",
    Guardrail => "guardrail.md",
    PassThrough => "pass_through.md",
    Project => "project.md",
    ObjectPermission => "object_permission.md",
    Prompt => "prompt.md",
    Policy => "policy.md",
    PolicyAttachment => "policy_attachment.md",
    SearchTool => "search_tool.md",
    VectorStore => "vector_store.md",
    Agent => "agent.md",
    DeprecatedKey => "deprecated_key.md",
    AccessGroupBudget => "access_group_budget.md",
    BudgetWindow => "budget_window.md",
    JwtKeyMapping => "jwt_key_mapping.md",
    McpOauthClient => "mcp_oauth_client.md",
    McpToolset => "mcp_toolset.md",
    UserCredential => "user_credential.md",
    SubscriptionAccount => "subscription_account.md",
    Settings => "settings.md",
    Section => "section.md",
}

/// The row that speaks for a field: the exact one, else the one that covers its parent.
pub(crate) fn field(kind: Kind, path: &str, value: Option<&Value>) -> Option<Rule> {
    let rules = rules(kind);
    let off = match value {
        Some(Value::Bool(false)) => rules.when_false.get(path),
        Some(Value::Number(number)) if number.as_f64() == Some(0.0) => rules.when_zero.get(path),
        _ => None,
    };
    let below = |rule: &&Rule| {
        let prefix = rule.source.strip_suffix('*').unwrap_or(rule.source);
        path.starts_with(prefix) && prefix.len() < path.len()
    };
    off.or_else(|| rules.exact.get(path))
        .or_else(|| rules.below.iter().filter(below).max_by_key(|rule| rule.source.len()))
        .copied()
}

/// The rows of a table, found by their fields.
#[derive(Debug, Default)]
struct Rules {
    exact: BTreeMap<&'static str, Rule>,
    when_false: BTreeMap<&'static str, Rule>,
    when_zero: BTreeMap<&'static str, Rule>,
    /// Rows that end in a `*`.
    below: Vec<Rule>,
}

impl Rules {
    fn read(table: &'static str) -> Self {
        let mut rules = Self::default();
        for rule in rows(table) {
            if let Some(path) = rule.source.strip_suffix(" = false") {
                rules.when_false.entry(path).or_insert(rule);
            } else if let Some(path) = rule.source.strip_suffix(" = 0") {
                rules.when_zero.entry(path).or_insert(rule);
            } else if rule.source.ends_with('*') {
                rules.below.push(rule);
            } else {
                rules.exact.entry(rule.source).or_insert(rule);
            }
        }
        rules
    }
}

/// What becomes of an object of which nothing went into an op: the line ``Otherwise `id`: fate: note`` of its own, else
/// the one of its kind.
pub(crate) fn fate(kind: Kind, id: &str) -> (Fate, String) {
    let line = of_id(kind, id).or_else(|| table(kind).lines().find_map(|line| line.strip_prefix("Otherwise: ")));
    let (word, note) = line.and_then(|line| line.split_once(": ")).unwrap_or(("manual", "look at it by hand"));
    let fate = match word {
        "folded" => Fate::Folded,
        "skipped" => Fate::Skipped,
        "unsupported" => Fate::Unsupported,
        _ => Fate::Manual,
    };
    (fate, note.to_owned())
}

fn of_id(kind: Kind, id: &str) -> Option<&'static str> {
    table(kind).lines().find_map(|line| line.strip_prefix("Otherwise `")?.strip_prefix(id)?.strip_prefix("`: "))
}

/// The rows of a table: `| field | target | fidelity | note |`, one for each field of the first cell.
fn rows(table: &'static str) -> impl Iterator<Item = Rule> {
    let lines = table.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.splitn(2, "` |");
        let source = cells.next()?;
        let mut rest = cells.next()?.split('|').map(str::trim);
        let _target = rest.next()?;
        let fidelity = match rest.next()? {
            "exact" => Fidelity::Exact,
            "approximate" => Fidelity::Approximate,
            "manual" => Fidelity::Manual,
            _ => Fidelity::Unsupported,
        };
        Some(Rule { source, fidelity, note: rest.next()? })
    });
    lines.flat_map(|row| row.source.split("` `").map(move |source| Rule { source, ..row }))
}

#[cfg(test)]
mod tests {
    use litellm::tables::TABLES;

    use super::*;

    /// Every column of every table Gangway reads is a field, and has a row.
    #[test]
    fn every_column_has_a_row() {
        let mut missing = Vec::new();
        for table in TABLES {
            let kind = litellm::rows_kind(table.name);
            for column in table.columns() {
                let named = kind.is_some_and(|kind| {
                    field(kind, column, None).is_some() || field(kind, &format!("{column}.x"), None).is_some()
                });
                let is_row_id = table.key == [column] && kind == Some(Kind::VirtualKey);
                if !named && !is_row_id && kind != Some(Kind::Settings) {
                    missing.push(format!("{}.{column}", table.name));
                }
            }
        }
        assert!(missing.is_empty(), "columns without a row in rules/*.md: {missing:#?}");
    }

    /// Whether a row speaks for a name, other than the one for all the rest.
    fn is_told(kind: Kind, prefix: &str, name: &str) -> bool {
        let path = format!("{prefix}{name}");
        field(kind, &path, None).is_some_and(|rule| rule.source != format!("{prefix}*"))
    }

    #[test]
    fn what_litellm_keeps_for_itself_is_told_alike() {
        for name in ["created_at", "created_by", "updated_at", "updated_by", "last_rotation_at"] {
            let rule = field(Kind::VirtualKey, name, None);
            let told = rule.map(|rule| (rule.fidelity, rule.note));
            assert_eq!(told, Some((Fidelity::Unsupported, HISTORY)), "{name}");
        }
    }

    /// Every setting LiteLLM reads, and every parameter of a deployment, has a row with words of its own.
    #[test]
    fn every_name_of_the_file_has_a_row() {
        let mut missing = Vec::new();
        for (section, name) in litellm::names_read() {
            let told = match section {
                "litellm_params" | "model_info" => is_told(Kind::Deployment, &format!("{section}."), name),
                "top" => litellm::is_object_section(name) || of_id(Kind::Section, name).is_some(),
                _ => is_told(Kind::Settings, "", name),
            };
            if !told {
                missing.push(format!("{section}.{name}"));
            }
        }
        assert!(missing.is_empty(), "names without a row in rules/*.md: {missing:#?}");
        assert!(!is_told(Kind::Settings, "", "a_setting_of_tomorrow"), "the row for all the rest is no row of its own");
    }

    /// Parameters that came after the releases whose names are listed (LiteLLM 1.110.2, `types/router.py`).
    #[test]
    fn every_newer_parameter_has_a_row() {
        for name in [
            "azure_scope azure_username azure_password aws_external_id aws_session_tags aws_batch_role_arn",
            "aws_bedrock_control_plane_endpoint aws_bedrock_project_id s3_bucket_name s3_region_name gcs_bucket_name",
            "bucket_name bedrock_tags daily_reset_time timeout_by_service_tier stream_timeout_by_service_tier drop_params",
            "default_api_key_tpm_limit default_api_key_rpm_limit max_budget keepalive_seconds use_in_pass_through",
            "allow_client_keepalive_override use_xai_oauth chatgpt_auth_file merge_reasoning_content_in_choices",
            "auto_router_config complexity_router_config adaptive_router_config quality_router_config vector_store_id",
            "milvus_text_field valkey_host ssl_verify provider_affinity_header",
        ]
        .into_iter()
        .flat_map(|names| names.split(' '))
        {
            assert!(is_told(Kind::Deployment, "litellm_params.", name), "{name} has no row in rules/deployment.md");
        }
    }

    /// Settings that LiteLLM keeps in tables and answers of their own: sign-in and cache.
    #[test]
    fn every_setting_of_sign_in_and_cache_has_a_row() {
        for name in [
            "google_client_id google_client_secret microsoft_client_id microsoft_client_secret microsoft_tenant",
            "generic_client_id generic_client_secret generic_authorization_endpoint generic_token_endpoint",
            "generic_userinfo_endpoint generic_scope proxy_base_url user_email ui_access_mode role_mappings team_mappings",
            "type host port password namespace ttl similarity_threshold redis_startup_nodes qdrant_api_base",
        ]
        .into_iter()
        .flat_map(|names| names.split(' '))
        {
            assert!(is_told(Kind::Settings, "", name), "{name} has no row in rules/settings.md");
        }
    }

    #[test]
    fn a_section_may_have_a_fate_of_its_own() {
        assert_eq!(fate(Kind::Section, "worker_registry").0, Fate::Unsupported);
        assert_eq!(fate(Kind::Section, "worker"), (Fate::Manual, "look at this section by hand".to_owned()));
    }

    /// Every row is one the reader understands: four cells, a fidelity word.
    #[test]
    fn every_row_is_well_formed() {
        let kinds = TABLES.iter().filter_map(|table| litellm::rows_kind(table.name));
        for kind in kinds.chain([Kind::Section, Kind::Settings]) {
            for line in super::table(kind).lines().filter(|line| line.starts_with("| `")) {
                let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
                assert_eq!(cells.len(), 4, "{line}");
                assert!(["exact", "approximate", "manual", "unsupported"].contains(&cells[2]), "{line}");
            }
        }
    }
}
