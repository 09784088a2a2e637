//! The tables of LiteLLM's database that hold configuration or secrets, with every column known from 1.60 to
//! 1.109. A reader takes the columns that are really there: the schema moved a lot, so `information_schema`
//! decides, never the version. Source: `reference/litellm.md` 2.2, 2.3.

/// A table to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name; mixed case, so it has to be quoted in SQL.
    pub name: &'static str,
    /// The columns that name a row.
    pub key: &'static [&'static str],
    columns: &'static str,
}

impl Table {
    /// The columns wanted; those missing in a database are left out.
    pub fn columns(&self) -> impl Iterator<Item = &'static str> {
        self.columns.split_ascii_whitespace()
    }
}

/// The table of that name, if it is one to read.
pub fn table(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}

/// Every table that holds configuration or secrets. Spend logs, audit logs and sessions are not among them:
/// tens of gigabytes, and nothing to migrate.
pub const TABLES: &[Table] = &[
    Table {
        name: "LiteLLM_ProxyModelTable",
        key: &["model_id"],
        columns: "model_id model_name litellm_params model_info created_at created_by updated_at updated_by \
            blocked",
    },
    Table {
        name: "LiteLLM_CredentialsTable",
        key: &["credential_name"],
        columns: "credential_id credential_name credential_values credential_info created_at created_by updated_at \
            updated_by display_name",
    },
    Table {
        name: "LiteLLM_OrganizationTable",
        key: &["organization_id"],
        columns: "organization_id organization_alias budget_id metadata models spend model_spend created_at \
            created_by updated_at updated_by object_permission_id",
    },
    Table {
        name: "LiteLLM_TeamTable",
        key: &["team_id"],
        columns: "team_id team_alias admins members metadata max_budget spend models max_parallel_requests \
            tpm_limit rpm_limit budget_duration budget_reset_at created_at updated_at members_with_roles \
            model_spend model_max_budget organization_id model_id blocked team_member_permissions \
            object_permission_id router_settings soft_budget access_group_ids policies \
            allow_team_guardrail_config default_team_member_models budget_limits tpd_limit",
    },
    Table {
        name: "LiteLLM_UserTable",
        key: &["user_id"],
        columns: "user_id team_id max_budget spend user_email models max_parallel_requests tpm_limit rpm_limit \
            budget_duration budget_reset_at user_role allowed_cache_controls teams model_spend \
            model_max_budget user_alias organization_id metadata created_at updated_at sso_user_id \
            object_permission_id policies",
    },
    Table {
        name: "LiteLLM_VerificationToken",
        key: &["token"],
        columns: "token key_name key_alias spend expires models aliases config user_id team_id \
            max_parallel_requests metadata tpm_limit rpm_limit max_budget budget_duration budget_reset_at \
            permissions allowed_cache_controls model_spend model_max_budget soft_budget_cooldown budget_id \
            blocked created_at updated_at organization_id created_by updated_by allowed_routes \
            object_permission_id rotation_count auto_rotate rotation_interval last_rotation_at \
            key_rotation_at router_settings agent_id project_id policies access_group_ids last_active \
            budget_limits budget_fallbacks key_type settings_updated_at total_spend tpd_limit",
    },
    Table {
        name: "LiteLLM_BudgetTable",
        key: &["budget_id"],
        columns: "budget_id max_budget soft_budget max_parallel_requests tpm_limit rpm_limit model_max_budget \
            budget_duration budget_reset_at created_at created_by updated_at updated_by allowed_models \
            tpd_limit temp_budget_increase temp_budget_expiry",
    },
    Table {
        name: "LiteLLM_OrganizationMembership",
        key: &["user_id", "organization_id"],
        columns: "user_id organization_id user_role spend budget_id created_at updated_at",
    },
    Table {
        name: "LiteLLM_TeamMembership",
        key: &["user_id", "team_id"],
        columns: "user_id team_id spend budget_id total_spend",
    },
    Table {
        name: "LiteLLM_ModelTable",
        key: &["id"],
        columns: "id aliases created_at created_by updated_at updated_by",
    },
    Table {
        name: "LiteLLM_EndUserTable",
        key: &["user_id"],
        columns: "user_id alias spend budget_id blocked allowed_model_region default_model object_permission_id \
            models",
    },
    Table {
        name: "LiteLLM_Config",
        key: &["param_name"],
        columns: "param_name param_value last_run_at reload_revision",
    },
    Table {
        name: "LiteLLM_TagTable",
        key: &["tag_name"],
        columns: "tag_name description models model_info spend budget_id created_at created_by updated_at",
    },
    Table {
        name: "LiteLLM_MCPServerTable",
        key: &["server_id"],
        columns: "server_id alias description url transport spec_version auth_type created_at created_by \
            updated_at updated_by server_name mcp_info mcp_access_groups status last_health_check \
            health_check_error command args env allowed_tools extra_headers credentials static_headers \
            authorization_url token_url registration_url allow_all_keys available_on_public_internet \
            spec_path tool_name_to_display_name tool_name_to_description is_byok byok_description \
            byok_api_key_help_url source_url approval_status submitted_by submitted_at reviewed_at \
            review_notes instructions delegate_auth_to_upstream env_vars oauth2_flow oauth_passthrough \
            timeout max_concurrent_requests token_exchange_endpoint audience subject_token_type \
            token_exchange_profile dcr_bridge issuer per_server_oauth_discovery pinned_tools rpm",
    },
    Table {
        name: "LiteLLM_GuardrailsTable",
        key: &["guardrail_id"],
        columns: "guardrail_id guardrail_name litellm_params guardrail_info created_at updated_at team_id status \
            submitted_at reviewed_at",
    },
    Table {
        name: "LiteLLM_AccessGroupTable",
        key: &["access_group_id"],
        columns: "access_group_id access_group_name description access_model_names access_mcp_server_ids \
            access_agent_ids assigned_team_ids assigned_key_ids created_at created_by updated_at updated_by \
            mcp_tool_permissions access_skill_names",
    },
    Table {
        name: "LiteLLM_ProjectTable",
        key: &["project_id"],
        columns: "project_id project_alias description team_id budget_id metadata models spend model_spend \
            model_rpm_limit model_tpm_limit blocked object_permission_id created_at created_by updated_at \
            updated_by",
    },
    Table {
        name: "LiteLLM_ObjectPermissionTable",
        key: &["object_permission_id"],
        columns: "object_permission_id mcp_servers vector_stores mcp_access_groups mcp_tool_permissions agents \
            agent_access_groups models blocked_tools mcp_toolsets search_tools mcp_tool_search_enabled \
            skills",
    },
    Table {
        name: "LiteLLM_SearchToolsTable",
        key: &["search_tool_id"],
        columns: "search_tool_id search_tool_name litellm_params search_tool_info created_at updated_at",
    },
    Table {
        name: "LiteLLM_PromptTable",
        key: &["id"],
        columns: "id prompt_id litellm_params prompt_info created_at updated_at version environment created_by",
    },
    Table {
        name: "LiteLLM_ManagedVectorStoresTable",
        key: &["vector_store_id"],
        columns: "vector_store_id custom_llm_provider vector_store_name vector_store_description \
            vector_store_metadata created_at updated_at litellm_credential_name litellm_params team_id \
            user_id",
    },
    Table {
        name: "LiteLLM_AgentsTable",
        key: &["agent_id"],
        columns: "agent_id agent_name litellm_params agent_card_params created_at created_by updated_at updated_by \
            agent_access_groups object_permission_id static_headers extra_headers spend tpm_limit rpm_limit \
            session_tpm_limit session_rpm_limit kill_switch access_group_ids identity_managed enabled \
            execution_mode",
    },
    Table {
        name: "LiteLLM_PolicyTable",
        key: &["policy_id"],
        columns: "policy_id policy_name version_number version_status parent_version_id is_latest published_at \
            production_at inherit description guardrails_add guardrails_remove condition pipeline created_at \
            created_by updated_at updated_by",
    },
    Table {
        name: "LiteLLM_PolicyAttachmentTable",
        key: &["attachment_id"],
        columns: "attachment_id policy_name scope teams keys models tags created_at created_by updated_at \
            updated_by priority is_default",
    },
    Table {
        name: "LiteLLM_DeprecatedVerificationToken",
        key: &["id"],
        columns: "id token active_token_id revoke_at created_at",
    },
];
