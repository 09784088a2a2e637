//! Source objects as they were read: a kind, an id, and fields that each know where they come from. Secrets are
//! not in here: a field that holds one names its slot.

use model::{Origin, SecretId, SourceId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

mod fields;

pub use fields::Fields;

/// The kinds of object a LiteLLM deployment holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An entry of `model_list` or a row of `LiteLLM_ProxyModelTable`.
    Deployment,
    /// A named credential.
    Credential,
    /// An organization.
    Organization,
    /// A team.
    Team,
    /// An internal user.
    User,
    /// A virtual key.
    VirtualKey,
    /// A row of the budget table, shared or implicit.
    Budget,
    /// A user's membership in a team.
    TeamMembership,
    /// A user's membership in an organization.
    OrganizationMembership,
    /// An end user ("customer" in LiteLLM's API).
    EndUser,
    /// A unified access group (`LiteLLM_AccessGroupTable`), not the labels in `model_info.access_groups`.
    AccessGroup,
    /// The model aliases of a team (`LiteLLM_ModelTable`).
    ModelAliases,
    /// A tag.
    Tag,
    /// An MCP server.
    McpServer,
    /// A guardrail.
    Guardrail,
    /// A pass-through endpoint.
    PassThrough,
    /// A project.
    Project,
    /// An object permission row.
    ObjectPermission,
    /// A prompt.
    Prompt,
    /// A policy.
    Policy,
    /// A policy attachment.
    PolicyAttachment,
    /// A search tool.
    SearchTool,
    /// A vector store.
    VectorStore,
    /// An agent.
    Agent,
    /// A hash that still opens a rotated key for a while.
    DeprecatedKey,
    /// The budget of an access group (`LiteLLM_ModelAccessGroupBudgetTable`).
    AccessGroupBudget,
    /// What was spent in the running window of one of several budgets.
    BudgetWindow,
    /// Which claim of a JSON web token stands for which key.
    JwtKeyMapping,
    /// The OAuth client LiteLLM registered at an MCP server.
    McpOauthClient,
    /// A selection of tools over several MCP servers.
    McpToolset,
    /// A secret of a person's own, by name only.
    UserCredential,
    /// A subscription at a provider, for the books.
    SubscriptionAccount,
    /// A section of settings: `general_settings`, `router_settings`, `litellm_settings`,
    /// `environment_variables`.
    Settings,
    /// A top-level section of `config.yaml` that LiteLLM reads and this version carries as a whole.
    Section,
}

impl Kind {
    /// The word used in ids and reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Deployment => "deployment",
            Self::Credential => "credential",
            Self::Organization => "organization",
            Self::Team => "team",
            Self::User => "user",
            Self::VirtualKey => "virtual_key",
            Self::Budget => "budget",
            Self::TeamMembership => "team_membership",
            Self::OrganizationMembership => "organization_membership",
            Self::EndUser => "end_user",
            Self::AccessGroup => "access_group",
            Self::ModelAliases => "model_aliases",
            Self::Tag => "tag",
            Self::McpServer => "mcp_server",
            Self::Guardrail => "guardrail",
            Self::PassThrough => "pass_through",
            Self::Project => "project",
            Self::ObjectPermission => "object_permission",
            Self::Prompt => "prompt",
            Self::Policy => "policy",
            Self::PolicyAttachment => "policy_attachment",
            Self::SearchTool => "search_tool",
            Self::VectorStore => "vector_store",
            Self::Agent => "agent",
            Self::DeprecatedKey => "deprecated_key",
            Self::AccessGroupBudget => "access_group_budget",
            Self::BudgetWindow => "budget_window",
            Self::JwtKeyMapping => "jwt_key_mapping",
            Self::McpOauthClient => "mcp_oauth_client",
            Self::McpToolset => "mcp_toolset",
            Self::UserCredential => "user_credential",
            Self::SubscriptionAccount => "subscription_account",
            Self::Settings => "settings",
            Self::Section => "section",
        }
    }
}

/// `kind/id`.
pub fn source_id(kind: Kind, id: &str) -> SourceId {
    SourceId::new([kind.word(), "/", id].concat())
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Held {
    /// A plain value.
    Plain(Value),
    /// A secret, in the vault under this name.
    Secret(SecretId),
}

/// One field of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// What it holds.
    pub held: Held,
    /// Where it was read.
    pub origin: Origin,
}

impl Field {
    /// The plain value, if it is not a secret.
    pub fn plain(&self) -> Option<&Value> {
        match &self.held {
            Held::Plain(value) => Some(value),
            Held::Secret(_) => None,
        }
    }
}

/// Which source an object was read from, weakest first where two disagree on a field: the file wins over the
/// database from 1.103 on, and the database knows more than the API shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// An answer of the management API.
    Api,
    /// A row of the database, read by the relay or from a dump.
    Database,
    /// `config.yaml`.
    ConfigFile,
}

impl SourceKind {
    /// The word used in slot names and reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Database => "database",
            Self::ConfigFile => "config_file",
        }
    }
}

/// A source object as one source shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Its kind.
    pub kind: Kind,
    /// Its id within the kind.
    pub id: String,
    /// Which source it was read from.
    pub source: SourceKind,
    /// Where it was read.
    pub origin: Origin,
    /// Its fields by path (`litellm_params.api_base`, `metadata.model_rpm_limit`). Null and empty values are
    /// not in here: LiteLLM reads them as absent.
    pub fields: Fields,
    /// Why the running proxy does not have it, though its source shows it; only deployments of the file.
    pub dropped: Option<Dropped>,
}

/// Why LiteLLM leaves a deployment out without a word but in its log (`reference/litellm.md` 4.3).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dropped {
    /// It finds no provider for the model.
    NoProvider,
    /// A value has a type LiteLLM does not take.
    WrongType {
        /// The field: `litellm_params.api_version`.
        field: String,
    },
    /// `supported_environments` does not name the environment the proxy runs as.
    OtherEnvironment,
}

impl Dropped {
    /// The reason, as the end of a sentence about the deployment.
    pub fn why(&self) -> String {
        match self {
            Self::NoProvider => "LiteLLM finds no provider for it and drops it".to_owned(),
            Self::WrongType { field } => {
                format!("LiteLLM drops it: {field} has a value of a kind it does not take")
            }
            Self::OtherEnvironment => "it is meant for another environment, and LiteLLM drops it here".to_owned(),
        }
    }
}

impl Object {
    /// `kind/id`.
    pub fn source_id(&self) -> SourceId {
        source_id(self.kind, &self.id)
    }

    /// The plain value of a field.
    pub fn value(&self, field: &str) -> Option<&Value> {
        self.fields.get(field)?.plain()
    }

    /// The text of a field.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.value(field)?.as_str()
    }
}
