//! The tables that are read. Source: `reference/litellm.md` 2.2, 2.3.

use super::Table;

/// Every table that holds configuration or secrets, with every column known from 1.60 to 1.109. A word such as
/// `@1.82` says from which release on the columns behind it are there.
pub const TABLES: &[Table] = &[
    Table {
        name: "LiteLLM_ProxyModelTable",
        key: &["model_id"],
        columns: "@1.35 model_id model_name litellm_params model_info created_at created_by updated_at \
            updated_by @1.87 blocked",
    },
    Table {
        name: "LiteLLM_CredentialsTable",
        key: &["credential_name"],
        columns: "@1.64 credential_id credential_name credential_values credential_info created_at \
            created_by updated_at updated_by @1.106 display_name",
    },
    Table {
        name: "LiteLLM_OrganizationTable",
        key: &["organization_id"],
        columns: "@1.30 organization_id organization_alias budget_id metadata models spend model_spend \
            created_at created_by updated_at updated_by @1.69 object_permission_id",
    },
    Table {
        name: "LiteLLM_TeamTable",
        key: &["team_id"],
        columns: "@1.25 team_id team_alias admins members metadata max_budget spend models \
            max_parallel_requests tpm_limit rpm_limit budget_duration budget_reset_at created_at \
            updated_at @1.27 members_with_roles model_spend model_max_budget @1.30 organization_id \
            model_id @1.35 blocked @1.66 team_member_permissions @1.69 object_permission_id @1.81 \
            router_settings @1.82 soft_budget access_group_ids policies allow_team_guardrail_config \
            @1.84 default_team_member_models budget_limits @1.103 tpd_limit",
    },
    Table {
        name: "LiteLLM_UserTable",
        key: &["user_id"],
        columns: "@1.20 user_id team_id max_budget spend user_email models max_parallel_requests tpm_limit \
            rpm_limit budget_duration budget_reset_at @1.25 user_role allowed_cache_controls @1.27 \
            teams model_spend model_max_budget @1.35 user_alias organization_id @1.48 metadata \
            @1.55 created_at updated_at @1.61 sso_user_id @1.69 object_permission_id @1.82 policies",
    },
    Table {
        name: "LiteLLM_VerificationToken",
        key: &["token"],
        columns: "@1.20 token key_name key_alias spend expires models aliases config user_id team_id \
            max_parallel_requests metadata tpm_limit rpm_limit max_budget budget_duration \
            budget_reset_at @1.25 permissions allowed_cache_controls @1.27 model_spend \
            model_max_budget @1.30 soft_budget_cooldown budget_id @1.47 blocked @1.51 created_at \
            updated_at @1.61 organization_id @1.62 created_by updated_by @1.67 allowed_routes @1.69 \
            object_permission_id @1.78 rotation_count auto_rotate rotation_interval last_rotation_at \
            key_rotation_at @1.81 router_settings @1.82 agent_id project_id policies \
            access_group_ids last_active @1.84 budget_limits @1.92 budget_fallbacks @1.94 key_type \
            @1.98 settings_updated_at @1.103 total_spend tpd_limit",
    },
    Table {
        name: "LiteLLM_BudgetTable",
        key: &["budget_id"],
        columns: "@1.30 budget_id max_budget soft_budget max_parallel_requests tpm_limit rpm_limit \
            model_max_budget budget_duration budget_reset_at created_at created_by updated_at \
            updated_by @1.84 allowed_models @1.103 tpd_limit temp_budget_increase temp_budget_expiry",
    },
    Table {
        name: "LiteLLM_OrganizationMembership",
        key: &["user_id", "organization_id"],
        columns: "@1.49 user_id organization_id user_role spend budget_id created_at updated_at",
    },
    Table {
        name: "LiteLLM_TeamMembership",
        key: &["user_id", "team_id"],
        columns: "@1.38 user_id team_id spend budget_id @1.84 total_spend",
    },
    Table {
        name: "LiteLLM_ModelTable",
        key: &["id"],
        columns: "@1.30 id aliases created_at created_by updated_at updated_by",
    },
    Table {
        name: "LiteLLM_EndUserTable",
        key: &["user_id"],
        columns: "@1.32 user_id alias spend budget_id blocked @1.37 allowed_model_region default_model \
            @1.82 object_permission_id @1.106 models",
    },
    Table {
        name: "LiteLLM_Config",
        key: &["param_name"],
        columns: "@1.20 param_name param_value @1.97 last_run_at reload_revision",
    },
    Table {
        name: "LiteLLM_TagTable",
        key: &["tag_name"],
        columns: "@1.78 tag_name description models model_info spend budget_id created_at created_by \
            updated_at",
    },
    Table {
        name: "LiteLLM_MCPServerTable",
        key: &["server_id"],
        columns: "@1.69 server_id alias description url transport spec_version auth_type created_at \
            created_by updated_at updated_by @1.75 server_name mcp_info mcp_access_groups status \
            last_health_check health_check_error command args env @1.78 allowed_tools extra_headers \
            @1.80 credentials static_headers @1.81 authorization_url token_url registration_url \
            allow_all_keys @1.82 available_on_public_internet @1.83 spec_path \
            tool_name_to_display_name tool_name_to_description is_byok byok_description \
            byok_api_key_help_url source_url approval_status submitted_by submitted_at reviewed_at \
            review_notes @1.84 instructions @1.85 delegate_auth_to_upstream @1.89 env_vars \
            oauth2_flow oauth_passthrough timeout @1.92 max_concurrent_requests @1.93 \
            token_exchange_endpoint audience subject_token_type token_exchange_profile dcr_bridge \
            @1.94 issuer @1.102 per_server_oauth_discovery @1.105 pinned_tools @1.106 rpm",
    },
    Table {
        name: "LiteLLM_GuardrailsTable",
        key: &["guardrail_id"],
        columns: "@1.70 guardrail_id guardrail_name litellm_params guardrail_info created_at updated_at \
            @1.82 team_id @1.83 status submitted_at reviewed_at",
    },
    Table {
        name: "LiteLLM_AccessGroupTable",
        key: &["access_group_id"],
        columns: "@1.82 access_group_id access_group_name description access_model_names \
            access_mcp_server_ids access_agent_ids assigned_team_ids assigned_key_ids created_at \
            created_by updated_at updated_by @1.108 mcp_tool_permissions access_skill_names \
            access_model_ids",
    },
    Table {
        name: "LiteLLM_ProjectTable",
        key: &["project_id"],
        columns: "@1.82 project_id project_alias description team_id budget_id metadata models spend \
            model_spend model_rpm_limit model_tpm_limit blocked object_permission_id created_at \
            created_by updated_at updated_by",
    },
    Table {
        name: "LiteLLM_ObjectPermissionTable",
        key: &["object_permission_id"],
        columns: "@1.69 object_permission_id mcp_servers @1.72 vector_stores @1.75 mcp_access_groups @1.78 \
            mcp_tool_permissions @1.81 agents agent_access_groups @1.83 models blocked_tools @1.84 \
            mcp_toolsets search_tools @1.92 mcp_tool_search_enabled @1.102 skills",
    },
    Table {
        name: "LiteLLM_SearchToolsTable",
        key: &["search_tool_id"],
        columns: "@1.79 search_tool_id search_tool_name litellm_params search_tool_info created_at \
            updated_at",
    },
    Table {
        name: "LiteLLM_PromptTable",
        key: &["id"],
        columns: "@1.75 id prompt_id litellm_params prompt_info created_at updated_at @1.81 version @1.84 \
            environment created_by",
    },
    Table {
        name: "LiteLLM_ManagedVectorStoresTable",
        key: &["vector_store_id"],
        columns: "@1.68 vector_store_id custom_llm_provider vector_store_name vector_store_description \
            vector_store_metadata created_at updated_at litellm_credential_name @1.75 litellm_params \
            @1.82 team_id user_id",
    },
    Table {
        name: "LiteLLM_AgentsTable",
        key: &["agent_id"],
        columns: "@1.80 agent_id agent_name litellm_params agent_card_params created_at created_by \
            updated_at updated_by @1.81 agent_access_groups @1.82 object_permission_id @1.83 \
            static_headers extra_headers spend tpm_limit rpm_limit session_tpm_limit \
            session_rpm_limit @1.104 kill_switch access_group_ids @1.105 identity_managed enabled \
            execution_mode",
    },
    Table {
        name: "LiteLLM_PolicyTable",
        key: &["policy_id"],
        columns: "@1.82 policy_id policy_name version_number version_status parent_version_id is_latest \
            published_at production_at inherit description guardrails_add guardrails_remove \
            condition pipeline created_at created_by updated_at updated_by",
    },
    Table {
        name: "LiteLLM_PolicyAttachmentTable",
        key: &["attachment_id"],
        columns: "@1.82 attachment_id policy_name scope teams keys models tags created_at created_by \
            updated_at updated_by @1.103 priority @1.104 is_default",
    },
    Table {
        name: "LiteLLM_DeprecatedVerificationToken",
        key: &["id"],
        columns: "@1.82 id token active_token_id revoke_at created_at",
    },
    Table {
        name: "LiteLLM_ModelAccessGroupBudgetTable",
        key: &["access_group_name"],
        columns: "@1.100 access_group_name spend budget_id created_at created_by updated_at updated_by",
    },
    Table {
        name: "LiteLLM_BudgetWindowSpend",
        key: &["entity_type", "entity_id", "window_duration"],
        columns: "@1.100 entity_type entity_id window_duration window_start spend created_at updated_at",
    },
    Table {
        name: "LiteLLM_JWTKeyMapping",
        key: &["id"],
        columns: "@1.83 id jwt_claim_name jwt_claim_value token description is_active created_at \
            created_by updated_at updated_by @1.103 jwt_issuer",
    },
    Table {
        name: "LiteLLM_MCPServerOAuthClient",
        key: &["server_id"],
        columns: "@1.94 server_id credentials created_at updated_at",
    },
    Table {
        name: "LiteLLM_MCPToolsetTable",
        key: &["toolset_id"],
        columns: "@1.84 toolset_id toolset_name description tools created_at created_by updated_at \
            updated_by",
    },
    Table {
        name: "LiteLLM_MCPUserCredentials",
        key: &["user_id", "server_id"],
        columns: "@1.83 id user_id server_id created_at updated_at",
    },
    Table {
        name: "LiteLLM_MCPUserEnvVars",
        key: &["user_id", "server_id"],
        columns: "@1.89 id user_id server_id created_at updated_at",
    },
    Table {
        name: "LiteLLM_UserProviderCredentials",
        key: &["user_id", "credential_name"],
        columns: "@1.108 id user_id credential_name provider created_at updated_at",
    },
    Table { name: "LiteLLM_SSOConfig", key: &["id"], columns: "@1.80 id sso_settings created_at updated_at" },
    Table { name: "LiteLLM_CacheConfig", key: &["id"], columns: "@1.80 id cache_settings created_at updated_at" },
    Table {
        name: "LiteLLM_ConfigOverrides",
        key: &["config_type"],
        columns: "@1.83 config_type config_value created_at updated_at",
    },
    Table { name: "LiteLLM_UISettings", key: &["id"], columns: "@1.81 id ui_settings created_at updated_at" },
    Table {
        name: "LiteLLM_SubscriptionAccountTable",
        key: &["subscription_account_id"],
        columns: "@1.109 subscription_account_id custom_llm_provider account_id label monthly_fee currency \
            billing_period_start created_at created_by updated_at updated_by",
    },
];
