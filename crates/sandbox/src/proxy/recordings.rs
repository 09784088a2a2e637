//! The recorded answers of two LiteLLM releases, embedded.

/// What was recorded of one release.
#[derive(Debug)]
pub(super) struct Recording {
    pub(super) version: &'static str,
    pub(super) files: &'static [(&'static str, &'static str)],
    /// The rows of its database, as `pg_dump --data-only --inserts` wrote them.
    pub(super) tables: &'static str,
    pub(super) config_yaml: &'static str,
    /// The message for a key that the proxy does not know; `{hash}` stands for the key's SHA-256.
    pub(super) unknown_key: &'static str,
    /// Whether `/organization/*` needs a licence.
    pub(super) organizations_licensed: bool,
}

macro_rules! recording {
    ($version:literal, $unknown_key:literal, $licensed:literal, $($file:literal)+) => {
        Recording {
            version: $version,
            files: &[$(($file, fixture!($version, $file, ".json"))),+],
            tables: fixture!($version, "db-data", ".sql"),
            config_yaml: fixture!($version, "config", ".yaml"),
            unknown_key: $unknown_key,
            organizations_licensed: $licensed,
        }
    };
}

macro_rules! fixture {
    ($version:literal, $file:literal, $ending:literal) => {
        include_str!(concat!("../../../../tests/fixtures/litellm/", $version, "/", $file, $ending))
    };
}

macro_rules! recordings {
    ($(($version:literal, $unknown_key:literal, $licensed:literal))+) => {
        /// All of them, the older first.
        pub(super) static RECORDINGS: &[Recording] = &[$(recording!(
            $version, $unknown_key, $licensed,
            "budget_list" "cache_settings" "config_list" "config_pass_through_endpoint" "credentials" "customer_list" "get_config_callbacks"
            "get_default_team_settings" "get_internal_user_settings" "get_sso_settings" "get_ui_settings"
            "guardrails_list"
            "health_license" "health_readiness" "health_readiness_details" "key_info_auto_value"
            "key_info_ci_service" "key_info_dan_laptop" "key_info_ds_notebook" "key_info_old_and_blocked"
            "key_info_platform_prod" "key_info_robot" "key_list" "organization_list" "project_list" "prompts_list"
            "router_settings" "search_tools_list" "tag_list" "team_info_data_science" "team_info_platform"
            "team_info_skunkworks" "team_list" "user_list" "v1_access_group" "v1_agents" "v1_mcp_server" "v2_guardrails_list"
            "v2_model_info" "v2_team_list" "vector_store_list"
        )),+];
    };
}

recordings! {
    ("1.101.6",
     "Authentication Error, Invalid proxy server token passed. Received API Key = sk-..., Key Hash (Token) ={hash}. Unable to find token in cache or `LiteLLM_VerificationTokenTable`",
     false)
    ("1.108.7", "Authentication Error, Invalid API key provided.", true)
}
