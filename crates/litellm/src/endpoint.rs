//! Every read Gangway can make of a running LiteLLM proxy, as data. All of them are GET: there is no type here
//! that could describe a write. Source: `reference/litellm.md` 1.2, 1.4.

/// What the reads do to the proxy, for the people who own it (`reference/litellm.md` 1.1).
pub const SIDE_EFFECT: &str = "Gangway only sends GET requests. LiteLLM itself writes one thing while it is read: \
    the first request with the master key creates the user default_user_id, if it is not there yet.";

/// A management read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The stable name used between console and relay.
    pub id: &'static str,
    /// The path below the proxy's root.
    pub path: &'static str,
    /// What it brings, in the user's words.
    pub what: &'static str,
    /// The query parameters it may carry.
    pub query: &'static [&'static str],
    /// What every request of it carries.
    pub fixed: &'static [(&'static str, &'static str)],
    /// How its answer is paged.
    pub paging: Paging,
    /// When it is asked.
    pub role: Role,
    /// The first minor release that has it; 0 for those every supported release has (`reference/litellm.md` 1.2).
    pub since: u16,
    /// The read that stands in where a release or an installation does not have this one.
    pub instead: Option<&'static str>,
}

impl Endpoint {
    /// How many entries one answer holds at most; 1 where it is about one object.
    pub(crate) fn per_page(&self) -> u64 {
        match self.paging {
            Paging::Pages(pages) => u64::from(pages.most),
            Paging::None => 1,
        }
    }
}

/// When a read is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// First of all, to learn the version.
    Version,
    /// Always.
    Always,
    /// In place of another, where that one is not there.
    Instead,
    /// Once per object, where a list does not show enough.
    Each,
}

/// How an answer is paged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paging {
    /// All at once.
    None,
    /// In pages from 1.
    Pages(Pages),
}

/// The names a paged read goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pages {
    /// The parameter for the size of a page.
    pub size: &'static str,
    /// The entries asked for at once: the most the proxy takes, or enough.
    pub most: u32,
    /// Where the entries are; empty where the answer is the list.
    pub items: &'static str,
    /// JSON pointer to what tells entries apart.
    pub key: &'static str,
    /// Where the answer says how many entries there are in all; empty where it does not say.
    pub total: &'static str,
}

/// As most reads are: all at once, no query, in every supported release.
const PLAIN: Endpoint = Endpoint {
    id: "",
    path: "",
    what: "",
    query: &[],
    fixed: &[],
    paging: Paging::None,
    role: Role::Always,
    since: 0,
    instead: None,
};

const fn all(id: &'static str, path: &'static str, what: &'static str) -> Endpoint {
    Endpoint { id, path, what, ..PLAIN }
}

const fn since(minor: u16, id: &'static str, path: &'static str, what: &'static str) -> Endpoint {
    Endpoint { since: minor, ..all(id, path, what) }
}

const fn each(id: &'static str, path: &'static str, what: &'static str, query: &'static [&'static str]) -> Endpoint {
    Endpoint { role: Role::Each, query, ..all(id, path, what) }
}

const fn version(id: &'static str, path: &'static str) -> Endpoint {
    Endpoint { role: Role::Version, ..all(id, path, "the version") }
}

const fn pages(size: &'static str, most: u32, items: &'static str, key: &'static str, total: &'static str) -> Paging {
    Paging::Pages(Pages { size, most, items, key, total })
}

/// The default order shifts while objects are made: the newest comes first (`reference/litellm.md` 1.9).
const OLDEST_FIRST: &[(&str, &str)] = &[("sort_by", "created_at"), ("sort_order", "asc")];

/// Every read, in the order in which answers are kept.
pub const ENDPOINTS: &[Endpoint] = &[
    version("readiness", "/health/readiness"),
    Endpoint { since: 84, ..version("readiness_details", "/health/readiness/details") },
    version("openapi", "/openapi.json"),
    Endpoint {
        query: &["page", "size"],
        // No maximum (`reference/litellm.md` 1.5); a row is about 6 KB.
        paging: pages("size", 500, "data", "/model_info/id", "total_count"),
        instead: Some("models_unpaged"),
        ..all("models", "/v2/model/info", "models")
    },
    Endpoint { role: Role::Instead, ..all("models_unpaged", "/model/info", "models") },
    since(64, "credentials", "/credentials", "credentials"),
    since(53, "organizations", "/organization/list", "organizations"),
    Endpoint {
        query: &["page", "page_size", "sort_by", "sort_order"],
        fixed: OLDEST_FIRST,
        paging: pages("page_size", 100, "teams", "/team_id", "total"),
        instead: Some("teams_unpaged"),
        ..since(68, "teams", "/v2/team/list", "teams")
    },
    Endpoint { role: Role::Instead, ..all("teams_unpaged", "/team/list", "teams") },
    each("team", "/team/info", "members of a team", &["team_id"]),
    Endpoint {
        query: &["page", "page_size", "sort_by", "sort_order"],
        fixed: OLDEST_FIRST,
        paging: pages("page_size", 100, "users", "/user_id", "total"),
        instead: Some("users_older"),
        ..since(48, "users", "/user/list", "users")
    },
    Endpoint {
        role: Role::Instead,
        query: &["page", "page_size"],
        paging: pages("page_size", 100, "users", "/user_id", "total"),
        ..all("users_older", "/user/get_users", "users")
    },
    Endpoint {
        query: &["page", "size", "return_full_object", "sort_by", "sort_order"],
        fixed: &[("return_full_object", "true"), ("sort_by", "created_at"), ("sort_order", "asc")],
        paging: pages("size", 100, "keys", "/token", "total_count"),
        ..all("keys", "/key/list", "keys")
    },
    // Without a key it tells about the key it is asked with.
    each("key", "/key/info", "a key", &["key"]),
    all("budgets", "/budget/list", "budgets"),
    Endpoint {
        query: &["page", "page_size"],
        // Paged from 1.109 on, without a total; older releases ignore the parameters (`reference/litellm.md` 1.4).
        paging: pages("page_size", 100, "", "/user_id", ""),
        ..all("customers", "/customer/list", "end users")
    },
    since(66, "tags", "/tag/list", "tags"),
    since(82, "access_groups", "/v1/access_group", "access groups"),
    Endpoint {
        instead: Some("guardrails_of_the_file"),
        ..since(70, "guardrails", "/v2/guardrails/list", "guardrails")
    },
    Endpoint { role: Role::Instead, ..all("guardrails_of_the_file", "/guardrails/list", "guardrails") },
    since(69, "mcp_servers", "/v1/mcp/server", "MCP servers"),
    all("pass_through", "/config/pass_through_endpoint", "pass-through endpoints"),
    all("callbacks", "/get/config/callbacks", "callbacks"),
    since(80, "router_settings", "/router/settings", "router settings"),
    Endpoint {
        query: &["config_type"],
        fixed: &[("config_type", "general_settings")],
        ..all("general_settings", "/config/list", "general settings")
    },
    since(75, "prompts", "/prompts/list", "prompts"),
    since(79, "search_tools", "/search_tools/list", "search tools"),
    since(81, "vector_stores", "/vector_store/list", "vector stores"),
    since(82, "projects", "/project/list", "projects"),
    since(80, "agents", "/v1/agents", "agents"),
    since(82, "policies", "/policies/list", "policies"),
    since(82, "policy_attachments", "/policies/attachments/list", "policy attachments"),
    since(80, "cache_settings", "/cache/settings", "cache settings"),
    since(73, "sso_settings", "/get/sso_settings", "SSO settings"),
    since(81, "ui_settings", "/get/ui_settings", "UI settings"),
    since(65, "user_defaults", "/get/internal_user_settings", "defaults for new users"),
    since(65, "team_defaults", "/get/default_team_settings", "defaults for new teams"),
];

/// The read of that id.
pub fn endpoint(id: &str) -> Option<&'static Endpoint> {
    ENDPOINTS.iter().find(|endpoint| endpoint.id == id)
}
