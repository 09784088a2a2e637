//! Every read Gangway can make of a running LiteLLM proxy, as data. All of them are GET: there is no type here
//! that could describe a write. Source: `reference/litellm.md` 1.4.

/// A management read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The stable name used between console and relay.
    pub id: &'static str,
    /// The path below the proxy's root.
    pub path: &'static str,
    /// The query parameters it may carry.
    pub query: &'static [&'static str],
    /// How its answer is paged.
    pub paging: Paging,
}

/// How an answer is paged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paging {
    /// All at once.
    None,
    /// `page` from 1, with this parameter for the size (at most 100); the answer says how many pages.
    Pages {
        /// The size parameter: `size` or `page_size`.
        size: &'static str,
        /// Where the answer says how many pages there are.
        total: &'static str,
    },
}

const fn all(id: &'static str, path: &'static str) -> Endpoint {
    Endpoint { id, path, query: &[], paging: Paging::None }
}

/// Every read, in the order the reader asks them.
pub const ENDPOINTS: &[Endpoint] = &[
    all("readiness", "/health/readiness"),
    all("readiness_details", "/health/readiness/details"),
    all("license", "/health/license"),
    Endpoint {
        id: "models",
        path: "/v2/model/info",
        query: &["page", "size"],
        paging: Paging::Pages { size: "size", total: "total_pages" },
    },
    all("credentials", "/credentials"),
    all("organizations", "/organization/list"),
    Endpoint {
        id: "teams",
        path: "/v2/team/list",
        query: &["page", "page_size"],
        paging: Paging::Pages { size: "page_size", total: "total_pages" },
    },
    Endpoint { id: "team", path: "/team/info", query: &["team_id"], paging: Paging::None },
    Endpoint {
        id: "users",
        path: "/user/list",
        query: &["page", "page_size"],
        paging: Paging::Pages { size: "page_size", total: "total_pages" },
    },
    Endpoint {
        id: "keys",
        path: "/key/list",
        query: &["page", "size", "return_full_object", "sort_by", "sort_order"],
        paging: Paging::Pages { size: "size", total: "total_pages" },
    },
    all("budgets", "/budget/list"),
    all("customers", "/customer/list"),
    all("tags", "/tag/list"),
    all("access_groups", "/v1/access_group"),
    all("guardrails", "/v2/guardrails/list"),
    all("mcp_servers", "/v1/mcp/server"),
    all("pass_through", "/config/pass_through_endpoint"),
    all("callbacks", "/get/config/callbacks"),
    all("router_settings", "/router/settings"),
    all("prompts", "/prompts/list"),
    all("search_tools", "/search_tools/list"),
    all("vector_stores", "/vector_store/list"),
    all("projects", "/project/list"),
    all("agents", "/v1/agents"),
];

/// The read of that id.
pub fn endpoint(id: &str) -> Option<&'static Endpoint> {
    ENDPOINTS.iter().find(|endpoint| endpoint.id == id)
}
