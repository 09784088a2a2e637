//! What may stand in a file, as a table. Source: `reference/bifrost-api.md` 8.1 to 8.4, 3.2 to 3.7, 2.11, 2.14.

use Need::{Optional, Required};
use Shape::{
    Above, Any, Between, Flag, List, Map, Names, Object, OneOf, Period, Providers, Secret, Some1, Text, Whole, Word,
};

/// What a place may hold.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// Anything.
    Any,
    /// `true` or `false`.
    Flag,
    /// A text, which may be empty.
    Text,
    /// A text that is not empty.
    Word,
    /// A text, or `env.NAME` for a variable on the gateway's host.
    Secret,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// A reset period.
    Period,
    /// A whole number, and the smallest.
    Whole(i64),
    /// A number above this one.
    Above(f64),
    /// A number from the first to the second.
    Between(f64, f64),
    /// Names, each once whatever its case; `*` stands alone.
    Names,
    /// A list.
    List(&'static Self),
    /// A list of at least one.
    Some1(&'static Self),
    /// An object with free keys.
    Map(&'static Self),
    /// An object with these fields and no others.
    Object(&'static [Field]),
    /// The map of providers.
    Providers,
}

/// Whether a field has to be there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// It does.
    Required,
    /// It does not.
    Optional,
}

/// A field: its name, whether it has to be there, what it may hold, the first release that reads it.
pub(super) type Field = (&'static str, Need, Shape, &'static str);

/// Read by every release a plan is made for.
const EVER: &str = "1.5.0-0";

/// The whole file.
pub(super) const FILE: &[Field] = &[
    ("$schema", Optional, Word, EVER),
    ("version", Required, Whole(2), EVER),
    ("source_of_truth", Optional, OneOf(&["split", "config.json"]), "1.5.9"),
    ("encryption_key", Optional, Secret, EVER),
    ("setup_token", Optional, Secret, "2.0.0-0"),
    ("env_label", Optional, Text, EVER),
    ("server", Optional, Any, EVER),
    ("client", Optional, Object(CLIENT), EVER),
    ("framework", Optional, Any, EVER),
    ("providers", Required, Providers, EVER),
    ("governance", Optional, Object(GOVERNANCE), EVER),
    ("mcp", Optional, Object(MCP), EVER),
    ("config_store", Required, Object(STORE), EVER),
    ("logs_store", Optional, Object(STORE), EVER),
    ("vector_store", Optional, Any, EVER),
    ("plugins", Optional, List(&Any), EVER),
];

const STORE: &[Field] = &[
    ("enabled", Required, Flag, EVER),
    ("type", Required, OneOf(&["sqlite", "postgres"]), EVER),
    ("config", Required, Map(&Any), EVER),
];

const CLIENT: &[Field] = &[
    ("drop_excess_requests", Optional, Flag, EVER),
    ("initial_pool_size", Optional, Whole(1), EVER),
    ("prometheus_labels", Optional, List(&Text), EVER),
    ("allowed_origins", Optional, List(&Word), EVER),
    ("allowed_headers", Optional, List(&Word), EVER),
    ("enable_logging", Optional, Flag, EVER),
    ("disable_content_logging", Optional, Flag, EVER),
    ("log_retention_days", Optional, Whole(1), EVER),
    ("enforce_auth_on_inference", Optional, Flag, EVER),
    ("max_request_body_size_mb", Optional, Whole(1), EVER),
    ("compat", Optional, Object(COMPAT), EVER),
    ("header_filter_config", Optional, Any, EVER),
    ("required_headers", Optional, List(&Word), EVER),
    ("logging_headers", Optional, List(&Word), EVER),
    ("whitelisted_routes", Optional, List(&Word), EVER),
    ("allow_direct_keys", Optional, Flag, EVER),
    ("routing_chain_max_depth", Optional, Whole(1), EVER),
    ("vk_rotation_cooldown", Optional, Any, "2.1.0"),
    ("delete_expired_virtual_keys", Optional, Flag, "1.6.3"),
];

const COMPAT: &[Field] = &[
    ("convert_text_to_chat", Optional, Flag, EVER),
    ("convert_chat_to_responses", Optional, Flag, EVER),
    ("should_drop_params", Optional, Flag, EVER),
    ("should_convert_params", Optional, Flag, EVER),
];

/// A provider; its keys are those of the table of its kind.
pub(super) const PROVIDER: &[Field] = &[
    ("keys", Optional, List(&Object(KEY)), EVER),
    ("network_config", Optional, Object(NETWORK), EVER),
    ("concurrency_and_buffer_size", Optional, Object(SIZES), EVER),
    ("proxy_config", Optional, Object(PROXY), EVER),
    ("send_back_raw_request", Optional, Flag, EVER),
    ("send_back_raw_response", Optional, Flag, EVER),
    ("store_raw_request_response", Optional, Flag, EVER),
    ("custom_provider_config", Optional, Object(CUSTOM), EVER),
    ("openai_config", Optional, Any, EVER),
];

const SIZES: &[Field] = &[("concurrency", Required, Whole(1), EVER), ("buffer_size", Required, Whole(1), EVER)];

const PROXY: &[Field] = &[
    ("type", Required, OneOf(&["none", "http", "socks5", "environment"]), EVER),
    ("url", Optional, Secret, EVER),
    ("username", Optional, Secret, EVER),
    ("password", Optional, Secret, EVER),
    ("ca_cert_pem", Optional, Text, EVER),
];

const CUSTOM: &[Field] = &[
    ("base_provider_type", Required, OneOf(super::references::BASES), EVER),
    ("is_key_less", Optional, Flag, EVER),
    ("allowed_requests", Optional, Map(&Flag), EVER),
    ("request_path_overrides", Optional, Map(&Word), EVER),
    ("does_not_send_done_marker", Optional, Flag, "2.0.0-0"),
    ("wait_for_usage", Optional, Flag, "2.0.0-0"),
];

const NETWORK: &[Field] = &[
    ("base_url", Optional, Word, EVER),
    ("extra_headers", Optional, Map(&Text), EVER),
    ("default_request_timeout_in_seconds", Optional, Whole(1), EVER),
    ("max_retries", Optional, Whole(0), EVER),
    ("retry_backoff_initial", Optional, Whole(100), EVER),
    ("retry_backoff_max", Optional, Whole(100), EVER),
    ("stream_idle_timeout_in_seconds", Optional, Between(5.0, 3600.0), EVER),
    ("keep_alive_timeout_in_seconds", Optional, Whole(1), "1.6.0"),
    ("max_conns_per_host", Optional, Between(1.0, 10_000.0), EVER),
    ("enforce_http2", Optional, Flag, EVER),
    ("http2_ping_interval_in_seconds", Optional, Whole(1), "1.6.9"),
    ("insecure_skip_verify", Optional, Flag, EVER),
    ("ca_cert_pem", Optional, Text, EVER),
    ("allow_private_network", Optional, Flag, "1.5.16"),
    ("beta_header_overrides", Optional, Map(&Any), EVER),
];

const KEY: &[Field] = &[
    ("id", Required, Word, EVER),
    ("name", Required, Word, EVER),
    ("value", Optional, Secret, EVER),
    ("models", Required, Names, EVER),
    ("blacklisted_models", Optional, Names, EVER),
    ("weight", Required, Between(0.0, f64::MAX), EVER),
    ("aliases", Optional, Map(&Any), EVER),
    ("enabled", Optional, Flag, EVER),
    ("description", Optional, Text, EVER),
    ("use_for_batch_api", Optional, Flag, EVER),
    ("use_anthropic_endpoints", Optional, Flag, "1.6.0"),
    ("azure_key_config", Optional, Object(AZURE), EVER),
    ("vertex_key_config", Optional, Object(VERTEX), EVER),
    ("bedrock_key_config", Optional, Object(BEDROCK), EVER),
    ("bedrock_mantle_key_config", Optional, Object(BEDROCK), "1.6.3"),
    ("vllm_key_config", Optional, Object(VLLM), EVER),
    ("ollama_key_config", Optional, Object(ADDRESS), EVER),
    ("sgl_key_config", Optional, Object(ADDRESS), EVER),
    ("replicate_key_config", Optional, Map(&Any), EVER),
    ("databricks_key_config", Optional, Object(DATABRICKS), "2.1.0"),
    ("github_copilot_key_config", Optional, Map(&Any), "2.1.0"),
];

const AZURE: &[Field] = &[
    ("endpoint", Required, Secret, EVER),
    ("client_id", Optional, Secret, EVER),
    ("client_secret", Optional, Secret, EVER),
    ("tenant_id", Optional, Secret, EVER),
    ("scopes", Optional, List(&Word), EVER),
];

const VERTEX: &[Field] = &[
    ("project_id", Required, Secret, EVER),
    ("project_number", Optional, Secret, EVER),
    ("region", Required, Secret, EVER),
    ("auth_credentials", Optional, Secret, EVER),
    ("force_single_region", Optional, Flag, "1.6.0"),
    ("aws_workload_identity", Optional, Any, "2.0.0-0"),
];

const BEDROCK: &[Field] = &[
    ("access_key", Optional, Secret, EVER),
    ("secret_key", Optional, Secret, EVER),
    ("session_token", Optional, Secret, EVER),
    ("region", Optional, Secret, EVER),
    ("arn", Optional, Secret, EVER),
    ("role_arn", Optional, Secret, EVER),
    ("external_id", Optional, Secret, EVER),
    ("session_name", Optional, Secret, EVER),
    ("project_id", Optional, Secret, "1.6.3"),
    ("batch_role_arn", Optional, Secret, EVER),
    ("batch_s3_config", Optional, Any, EVER),
    ("endpoints", Optional, Map(&Secret), "1.6.0"),
];

const VLLM: &[Field] = &[("url", Required, Secret, EVER), ("model_name", Required, Word, EVER)];

const ADDRESS: &[Field] = &[("url", Required, Secret, EVER)];

const DATABRICKS: &[Field] = &[
    ("workspace_url", Required, Secret, EVER),
    ("api_format", Optional, OneOf(&["auto", "model_serving", "ai_gateway"]), EVER),
    ("client_id", Optional, Secret, EVER),
    ("client_secret", Optional, Secret, EVER),
    ("forward_gateway_tags", Optional, Flag, EVER),
];

const GOVERNANCE: &[Field] = &[
    ("budgets", Optional, List(&Object(BUDGET)), EVER),
    ("rate_limits", Optional, List(&Object(RATE_LIMIT)), EVER),
    ("customers", Optional, List(&Object(CUSTOMER)), EVER),
    ("teams", Optional, List(&Object(TEAM)), EVER),
    ("virtual_keys", Optional, List(&Object(VIRTUAL_KEY)), EVER),
    ("model_configs", Optional, List(&Object(MODEL_CONFIG)), EVER),
    ("providers", Optional, List(&Object(PROVIDER_LIMITS)), EVER),
    ("routing_rules", Optional, List(&Object(RULE)), EVER),
    ("pricing_overrides", Optional, List(&Object(OVERRIDE)), EVER),
    ("auth_config", Optional, Map(&Any), EVER),
];

const BUDGET: &[Field] = &[
    ("id", Required, Word, EVER),
    ("max_limit", Required, Above(0.0), EVER),
    ("reset_duration", Required, Period, EVER),
    ("virtual_key_id", Optional, Word, EVER),
    ("team_id", Optional, Word, EVER),
    ("customer_id", Optional, Word, EVER),
];

const RATE_LIMIT: &[Field] = &[
    ("id", Required, Word, EVER),
    ("token_max_limit", Optional, Whole(1), EVER),
    ("token_reset_duration", Optional, Period, EVER),
    ("request_max_limit", Optional, Whole(1), EVER),
    ("request_reset_duration", Optional, Period, EVER),
];

/// A budget inside its owner.
const BUDGET_LINE: &[Field] = &[
    ("id", Required, Word, EVER),
    ("max_limit", Required, Above(0.0), EVER),
    ("reset_duration", Required, Period, EVER),
];

const CUSTOMER: &[Field] = &[
    ("id", Required, Word, EVER),
    ("name", Required, Word, EVER),
    ("budgets", Optional, Some1(&Object(BUDGET_LINE)), "1.5.9"),
    ("budget_id", Optional, Word, EVER),
    ("rate_limit_id", Optional, Word, EVER),
    ("calendar_aligned", Optional, Flag, "1.5.9"),
];

const TEAM: &[Field] = &[
    ("id", Required, Word, EVER),
    ("name", Required, Word, EVER),
    ("customer_id", Optional, Word, EVER),
    ("rate_limit_id", Optional, Word, EVER),
    ("calendar_aligned", Optional, Flag, "1.5.9"),
];

const VIRTUAL_KEY: &[Field] = &[
    ("id", Required, Word, EVER),
    ("name", Required, Word, EVER),
    ("description", Optional, Text, EVER),
    ("value", Optional, Secret, EVER),
    ("is_active", Required, Flag, EVER),
    ("expires_at", Optional, Word, "1.6.3"),
    ("calendar_aligned", Optional, Flag, "1.5.9"),
    ("team_id", Optional, Word, EVER),
    ("customer_id", Optional, Word, EVER),
    ("rate_limit_id", Optional, Word, EVER),
    ("provider_configs", Required, List(&Object(PROVIDER_CONFIG)), EVER),
    ("mcp_configs", Optional, List(&Object(MCP_CONFIG)), EVER),
    ("allow_all_providers", Optional, Flag, "2.1.0"),
];

const PROVIDER_CONFIG: &[Field] = &[
    ("provider", Required, Word, EVER),
    ("weight", Required, Any, EVER),
    ("allowed_models", Required, Names, EVER),
    ("blacklisted_models", Optional, Names, "1.5.4"),
    ("key_ids", Required, Names, EVER),
    ("rate_limit_id", Optional, Word, EVER),
];

const MCP_CONFIG: &[Field] = &[("mcp_client_name", Required, Word, EVER), ("tools_to_execute", Required, Names, EVER)];

const MODEL_CONFIG: &[Field] = &[
    ("id", Required, Word, EVER),
    ("model_name", Required, Word, EVER),
    ("provider", Optional, Word, EVER),
    ("scope", Optional, OneOf(&["global", "virtual_key"]), "1.5.9"),
    ("scope_id", Optional, Word, "1.5.9"),
    ("calendar_aligned", Optional, Flag, "1.5.9"),
    ("budget_id", Optional, Word, EVER),
    ("budget_ids", Optional, Some1(&Word), "1.5.9"),
    ("rate_limit_id", Optional, Word, EVER),
];

const PROVIDER_LIMITS: &[Field] =
    &[("name", Required, Word, EVER), ("budget_id", Optional, Word, EVER), ("rate_limit_id", Optional, Word, EVER)];

const RULE: &[Field] = &[
    ("id", Required, Word, EVER),
    ("name", Required, Word, EVER),
    ("description", Optional, Text, EVER),
    ("enabled", Optional, Flag, EVER),
    ("cel_expression", Optional, Text, EVER),
    ("chain_rule", Optional, Flag, EVER),
    ("targets", Required, Some1(&Object(TARGET)), EVER),
    ("fallbacks", Optional, List(&Word), EVER),
    ("scope", Optional, OneOf(&["global", "team", "customer", "virtual_key"]), EVER),
    ("scope_id", Optional, Word, EVER),
    ("priority", Required, Whole(i64::MIN), EVER),
];

const TARGET: &[Field] = &[
    ("provider", Optional, Word, EVER),
    ("model", Optional, Word, EVER),
    ("provider_key_name", Optional, Word, EVER),
    ("weight", Required, Above(0.0), EVER),
];

const OVERRIDE: &[Field] = &[
    ("id", Required, Word, EVER),
    ("name", Required, Word, EVER),
    (
        "scope_kind",
        Required,
        OneOf(&[
            "global",
            "provider",
            "provider_key",
            "virtual_key",
            "virtual_key_provider",
            "virtual_key_provider_key",
        ]),
        EVER,
    ),
    ("virtual_key_id", Optional, Word, EVER),
    ("provider_id", Optional, Word, EVER),
    ("provider_key_name", Optional, Word, EVER),
    ("match_type", Required, OneOf(&["exact", "wildcard"]), EVER),
    ("pattern", Required, Word, EVER),
    ("request_types", Required, Some1(&Word), EVER),
    ("pricing_patch", Optional, Word, EVER),
];

const MCP: &[Field] =
    &[("client_configs", Optional, List(&Object(MCP_CLIENT)), EVER), ("tool_manager_config", Optional, Any, EVER)];

const MCP_CLIENT: &[Field] = &[
    ("client_id", Required, Word, EVER),
    ("name", Required, Word, EVER),
    ("connection_type", Required, OneOf(&["stdio", "http", "sse", "inprocess", "openapi"]), EVER),
    ("connection_string", Optional, Secret, EVER),
    ("stdio_config", Optional, Map(&Any), EVER),
    (
        "auth_type",
        Optional,
        OneOf(&["none", "headers", "oauth", "per_user_oauth", "per_user_headers", "token_exchange"]),
        EVER,
    ),
    ("headers", Optional, Map(&Secret), EVER),
    ("oauth_config", Optional, Map(&Any), EVER),
    ("tools_to_execute", Required, Names, EVER),
    ("tools_to_auto_execute", Optional, Names, EVER),
    ("allowed_extra_headers", Optional, List(&Word), EVER),
    ("per_user_header_keys", Optional, List(&Word), "1.5.6"),
    ("is_ping_available", Optional, Flag, EVER),
    ("tool_sync_interval", Optional, Any, EVER),
    ("tool_pricing", Optional, Any, EVER),
    ("is_code_mode_client", Optional, Flag, EVER),
    ("allow_on_all_virtual_keys", Optional, Flag, EVER),
    ("disabled", Optional, Flag, EVER),
    ("tls_config", Optional, Any, "1.5.6"),
];
