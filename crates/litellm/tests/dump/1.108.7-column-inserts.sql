--
-- PostgreSQL database dump
--


-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Data for Name: LiteLLM_AccessGroupTable; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public."LiteLLM_AccessGroupTable" (access_group_id, access_group_name, description, access_mcp_server_ids, access_agent_ids, assigned_team_ids, assigned_key_ids, created_at, created_by, updated_at, updated_by, access_model_names, mcp_tool_permissions, access_skill_names) VALUES
	('540d93be-eed5-41d6-b854-8722e1bf781c', 'eu-only', 'Models and tools hosted in the EU', '{}', '{}', '{}', '{}', '2026-11-22 07:41:24.887', 'default_user_id', '2026-11-22 07:41:24.887', 'default_user_id', '{azure-gpt-4o,bedrock-claude}', 'null', '{}');


--
-- Data for Name: LiteLLM_ObjectPermissionTable; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: LiteLLM_AgentsTable; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: LiteLLM_BudgetTable; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public."LiteLLM_BudgetTable" (budget_id, max_budget, soft_budget, max_parallel_requests, tpm_limit, rpm_limit, model_max_budget, budget_duration, budget_reset_at, created_at, created_by, updated_at, updated_by, allowed_models, tpd_limit, temp_budget_increase, temp_budget_expiry) VALUES
	('free-tier', 1.5, NULL, NULL, 1000, 10, NULL, '1d', '2026-11-23 00:00:00', '2026-11-22 07:41:24.961', 'default_user_id', '2026-11-22 07:41:24.961', 'default_user_id', '{}', NULL, NULL, NULL),
	('team-member-default', 20, 15, NULL, NULL, NULL, NULL, '30d', '2026-12-01 00:00:00', '2026-11-22 07:41:24.999', 'default_user_id', '2026-11-22 07:41:24.999', 'default_user_id', '{}', NULL, NULL, NULL),
	('team-platform-budget-10a9321bfac64780866aa82a1b17638c', 10, NULL, NULL, NULL, NULL, NULL, '30d', '2026-12-01 00:00:00', '2026-11-22 07:41:25.386', 'default_user_id', '2026-11-22 07:41:25.386', 'default_user_id', '{}', NULL, NULL, NULL);
INSERT INTO public."LiteLLM_BudgetTable" (budget_id, max_budget, soft_budget, max_parallel_requests, tpm_limit, rpm_limit, model_max_budget, budget_duration, budget_reset_at, created_at, created_by, updated_at, updated_by, allowed_models, tpd_limit, temp_budget_increase, temp_budget_expiry) VALUES
	('c5e92a41-e763-4b58-8fe0-8989f33f1d4f', 5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-22 07:41:26.019', 'default_user_id', '2026-11-22 07:41:26.019', 'default_user_id', '{}', NULL, NULL, NULL),
	('43d3cbb2-7e53-4e50-a08e-d95068d2d445', NULL, 3, NULL, NULL, NULL, '{}', NULL, NULL, '2026-11-22 07:41:26.229', 'default_user_id', '2026-11-22 07:41:26.229', 'default_user_id', '{}', NULL, NULL, NULL),
	('42973ebf-2757-4fea-9ed3-d196b98b39bb', 2, NULL, NULL, NULL, NULL, NULL, '1d', '2026-11-23 07:41:26.546', '2026-11-22 07:41:26.549', 'default_user_id', '2026-11-22 07:41:26.549', 'default_user_id', '{}', NULL, NULL, NULL);


--
-- Data for Name: LiteLLM_Config; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public."LiteLLM_Config" (param_name, param_value, last_run_at, reload_revision) VALUES
	('auto_router_tuning_baseline_v3', '{}', NULL, 0),
	('general_settings', '{"alerting_threshold": 300, "pass_through_endpoints": [{"id": "675e7b91-c47d-41ea-9d8b-85941c4f1f47", "auth": true, "path": "/rerank-proxy", "target": "http://127.0.0.1:9011/rerank", "headers": {"Authorization": "bearer os.environ/RERANK_KEY"}, "methods": null, "timeout": null, "guardrails": null, "include_subpath": false, "cost_per_request": 0.01, "default_query_params": {}}]}', NULL, 0),
	('environment_variables', '{"LANGFUSE_HOST": "Eu_MRnWwQRvxiABgWQaaXlua-cTNyGsM3XCtC5CjVjjlQZJkcef84sqwWfeY__Ri25e7dcfJ9gcr3sRA4g==", "LANGFUSE_PUBLIC_KEY": "6i9EnqqW0x9IlmEUKXYy3JxazXUXi6up3PZCIrf4ryJeKfYreRf6F71c_yR--PI-pouriRuo1tA=", "LANGFUSE_SECRET_KEY": "lQoexP0dAed1xoTJyn6h1sYpBKkkidUr-s8cuca-aBX4Z3sO8XhkGj3jbbag4Yct6yJhh_wiEb4="}', NULL, 0);
INSERT INTO public."LiteLLM_Config" (param_name, param_value, last_run_at, reload_revision) VALUES
	('litellm_settings', '{"success_callback": ["langfuse"]}', NULL, 0),
	('router_settings', '"num_retries: 3\n"', NULL, 0),
	('odd', '"123"', NULL, 0);
INSERT INTO public."LiteLLM_Config" (param_name, param_value, last_run_at, reload_revision) VALUES
	('null', 'null', NULL, 0),
	('mcp_catalog', NULL, NULL, 2);


--
-- Data for Name: LiteLLM_CredentialsTable; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public."LiteLLM_CredentialsTable" (credential_id, credential_name, credential_values, credential_info, created_at, created_by, updated_at, updated_by, display_name) VALUES
	('d51d9c49-c2e1-4032-bfc7-c10e3466d556', 'openai-prod', '{"api_key": "PqU0deu9hDQmcRTgvc2qWht5JgCeg90eyMt_spLx-WtvbOSBlbOVdfqS1MI-dj6weLBanRUn7gq2HVtAsMa4xt8=", "api_base": "scUQfm6FO8bPfKbVzVktLEO31c8xMAolMO2LHDeC9fsXaxVWwRQnSwKwznf64hbWos9G2hRsTKwGA2N5d040amM="}', '{"description": "Production OpenAI account", "custom_llm_provider": "openai"}', '2026-11-22 07:41:22.243', 'default_user_id', '2026-11-22 07:41:22.243', 'default_user_id', NULL),
	('e1e99599-151d-4761-b28a-61c2e67c9d78', 'azure-eu', '{"api_key": "dSsAXPxlptButNd2Le1UD73-KMDvQ_WIVgOGKIai3oko8a_HQDEtmQ61-jHbYNvqaG1cCuMITmdt1R2new==", "api_base": "ecK0gzwaIMAeofrov_53rmj4XzV51m0drf4_JrkU9EinAzlqrDLjKErHuS_i5UTQiMjlrMFamkBMboIM0l6Um2X6mgD5jorq4g==", "api_version": "sRpkgJKae5m6yaTR6ddyiv4ltfAkDXN71lYAG4BOOYiRTSlfVtJICmDLmPtq5o0Mx-M="}', '{"description": "Azure EU", "custom_llm_provider": "azure"}', '2026-11-22 07:41:22.286', 'default_user_id', '2026-11-22 07:41:22.286', 'default_user_id', NULL);


--
-- Data for Name: LiteLLM_DeprecatedVerificationToken; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: LiteLLM_EndUserTable; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public."LiteLLM_EndUserTable" (user_id, alias, spend, allowed_model_region, default_model, budget_id, blocked, object_permission_id, models) VALUES
	('cust-42', 'Customer forty-two', 0, 'eu', 'azure-gpt-4o', 'free-tier', false, NULL, '{}'),
	('cust-43', NULL, 0.0002225, NULL, NULL, '42973ebf-2757-4fea-9ed3-d196b98b39bb', false, NULL, '{}');


--
-- Data for Name: LiteLLM_GuardrailsTable; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public."LiteLLM_GuardrailsTable" (guardrail_id, guardrail_name, litellm_params, guardrail_info, created_at, updated_at, team_id, reviewed_at, status, submitted_at) VALUES
	('d52326ae-5131-466e-acd0-4adf4f4e94e6', 'no-secrets', '{"mask": false, "mode": "pre_call", "model": null, "rules": null, "action": "block", "api_id": null, "checks": null, "config": null, "use_v2": false, "api_key": null, "payload": true, "timeout": null, "version": 2, "api_base": null, "asset_id": null, "base_url": null, "dev_info": true, "location": null, "metadata": null, "patterns": null, "breakdown": true, "client_id": null, "detectors": null, "guardrail": "hide-secrets", "pii_check": null, "policy_id": null, "tenant_id": null, "assertions": null, "async_mode": null, "auth_token": null, "categories": null, "default_on": false, "guard_name": null, "on_flagged": "block", "project_id": null, "verify_ssl": true, "api_version": null, "application": null, "credentials": null, "custom_code": null, "detector_id": null, "policy_name": null, "template_id": null, "akto_api_key": null, "api_endpoint": null, "gateway_name": null, "monitor_mode": null, "on_violation": null, "policy_names": null, "stream_scope": null, "akto_base_url": null, "akto_metadata": null, "akto_vxlan_id": null, "aws_role_name": null, "blocked_words": null, "ccr_retrieval": true, "client_secret": null, "evaluation_id": null, "extra_headers": null, "fail_on_error": true, "lasso_user_id": null, "application_id": null, "block_failures": null, "block_on_error": null, "context_source": null, "decision_model": null, "default_action": "deny", "xecguard_model": null, "akto_account_id": null, "anonymize_input": null, "aws_external_id": null, "aws_region_name": null, "deployment_name": null, "grounding_check": null, "max_input_chars": null, "optional_params": null, "persist_session": null, "presidio_run_on": null, "run_in_parallel": null, "singulr_api_key": null, "tracker_api_key": null, "wingback_app_id": null, "aws_profile_name": null, "aws_session_name": null, "aws_sts_endpoint": null, "guardrailVersion": null, "include_evidence": true, "include_scanners": true, "output_parse_pii": null, "scan_raw_request": null, "singulr_api_base": null, "tracker_api_base": null, "aws_access_key_id": null, "aws_session_token": null, "blocked_languages": null, "guardrail_timeout": null, "on_flagged_action": "monitor", "on_sensitive_data": null, "pre_checkpoint_id": null, "presidio_language": "en", "prompt_injections": null, "block_on_violation": true, "blocked_words_file": null, "chunk_budget_chars": 25000, "inspect_embeddings": null, "is_detector_server": true, "logging_only_scope": null, "mock_redacted_text": null, "post_checkpoint_id": null, "severity_threshold": null, "category_thresholds": null, "guardrailIdentifier": null, "pangea_input_recipe": null, "pii_entities_config": null, "confidence_threshold": 0.5, "deepkeep_firewall_id": null, "grounding_strictness": null, "hallucinations_check": null, "mask_request_content": null, "on_disallowed_action": "block", "pangea_output_recipe": null, "singulr_guardrail_id": null, "unreachable_fallback": "fail_closed", "aws_secret_access_key": null, "detect_secrets_config": null, "keyword_redaction_tag": null, "lasso_conversation_id": null, "mask_response_content": null, "presidio_filter_scope": null, "sanitize_error_detail": true, "aws_web_identity_token": null, "file_guardrail_timeout": null, "only_scan_new_messages": false, "scan_only_tool_results": null, "singulr_application_id": null, "sticky_session_routing": true, "advisory_system_message": null, "detect_execution_intent": true, "prompt_attack_threshold": 0.5, "send_user_api_key_alias": false, "content_filter_threshold": 0.5, "content_moderation_check": null, "pattern_redaction_format": null, "pii_confidence_threshold": 0.5, "end_session_after_n_fails": null, "presidio_score_thresholds": null, "send_user_api_key_team_id": false, "send_user_api_key_user_id": false, "disable_exception_on_block": false, "presidio_analyzer_api_base": null, "realtime_violation_message": null, "violation_message_template": null, "presidio_ad_hoc_recognizers": null, "presidio_entities_deny_list": null, "aws_bedrock_runtime_endpoint": null, "presidio_anonymizer_api_base": null, "skip_unscannable_attachments": false, "tool_selection_quality_check": null, "max_concurrent_decision_calls": null, "sensitive_data_route_to_model": null, "skip_tool_message_in_guardrail": null, "skip_system_message_in_guardrail": null, "presidio_analyze_chunk_size_bytes": null, "contextual_grounding_from_messages": false, "additional_provider_specific_params": null, "logging_only_continue_on_input_failure": null, "experimental_use_latest_role_message_only": false}', '{"description": "masks secrets"}', '2026-11-22 07:41:27.106', '2026-11-22 07:41:27.106', NULL, NULL, 'active', NULL);


--
-- Data for Name: LiteLLM_MCPServerTable; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public."LiteLLM_MCPServerTable" (server_id, server_name, description, url, transport, auth_type, created_at, created_by, updated_at, updated_by, status, last_health_check, health_check_error, mcp_info, args, command, env, mcp_access_groups, alias, allowed_tools, extra_headers, static_headers, credentials, authorization_url, registration_url, token_url, allow_all_keys, available_on_public_internet, spec_path, byok_api_key_help_url, byok_description, is_byok, tool_name_to_description, tool_name_to_display_name, approval_status, submitted_by, submitted_at, reviewed_at, review_notes, source_url, instructions, delegate_auth_to_upstream, env_vars, oauth_passthrough, oauth2_flow, timeout, max_concurrent_requests, token_exchange_endpoint, audience, subject_token_type, token_exchange_profile, dcr_bridge, issuer, per_server_oauth_discovery, pinned_tools, rpm) VALUES
	('0a812412-ded6-4be1-8c59-21736c2b315e', 'docs_search', 'Internal documentation search', 'http://127.0.0.1:9010/mcp', 'http', 'bearer_token', '2026-11-22 07:41:26.797', 'default_user_id', '2026-11-22 07:41:26.797', 'default_user_id', 'unknown', NULL, NULL, '{"description": "docs", "server_name": "docs_search"}', '{}', NULL, '{}', '{docs}', 'docs', '{search}', '{}', '{}', '{"auth_value": "pf8b2l10M-u366_JwUCA_pCeDXN0xSqXOpnUzQb55UduQVLFIxWoX4a4inig969o5Bq3AVjorz718X0D"}', NULL, NULL, NULL, false, true, NULL, NULL, '{}', false, '{}', '{}', 'active', NULL, NULL, NULL, NULL, NULL, NULL, false, '[]', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false, '{}', NULL),
	('nasty', NULL, NULL, NULL, 'sse', NULL, '2026-11-24 21:52:51.582', NULL, '2026-11-24 21:52:51.582', NULL, 'unknown', NULL, NULL, '{}', '{-c,"a \"b\""}', NULL, '{}', NULL, NULL, '{}', '{}', '"3onkJdtC-Brb6xlw_HPpzepZhl_K8Y6GC8z_yDO1TasMikgBCddI0CDtNxRxyycRVEnlxZBhSI0BkHO_fX9Q_XRSKVvFkoDTVp4GbdNBCKpOyg=="', '{}', NULL, NULL, NULL, true, true, NULL, NULL, '{}', false, '{}', '{}', 'active', NULL, NULL, NULL, NULL, NULL, NULL, false, '[]', false, NULL, 0.1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false, '{}', NULL);


--
-- Data for Name: LiteLLM_ManagedVectorStoresTable; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: LiteLLM_ModelTable; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public."LiteLLM_ModelTable" (id, aliases, created_at, created_by, updated_at, updated_by) VALUES
	(1, '{"fast": "gpt-4o-mini"}', '2026-11-22 07:41:25.378', 'default_user_id', '2026-11-22 07:41:25.378', 'default_user_id');


--
-- Data for Name: LiteLLM_OrganizationTable; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: LiteLLM_UserTable; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public."LiteLLM_UserTable" (user_id, user_alias, team_id, sso_user_id, organization_id, password, teams, user_role, max_budget, spend, user_email, models, metadata, max_parallel_requests, tpm_limit, rpm_limit, budget_duration, budget_reset_at, allowed_cache_controls, model_spend, model_max_budget, created_at, updated_at, object_permission_id, policies, password_reset_required, last_breach_check_at) VALUES
	('u-admin', 'Ada Admin', NULL, NULL, NULL, NULL, '{team-platform}', 'proxy_admin', NULL, 0, 'admin@acme.example', '{}', '{}', NULL, NULL, NULL, NULL, NULL, '{}', '{}', '{}', '2026-11-22 07:41:25.111', '2026-11-22 07:41:25.449', NULL, '{}', NULL, NULL),
	('u-viewer', NULL, NULL, NULL, NULL, NULL, '{team-ds}', 'internal_user_viewer', 5, 0, 'viewer@umbrella.example', '{no-default-models}', '{}', NULL, NULL, NULL, '30d', '2026-12-01 00:00:00', '{}', '{}', '{}', '2026-11-22 07:41:25.231', '2026-11-22 07:41:25.709', NULL, '{}', NULL, NULL),
	('default_user_id', NULL, NULL, NULL, NULL, NULL, '{team-platform,team-ds,8c4984e7-8aa8-4d19-904a-4b1579578028}', 'internal_user', 5, 0, NULL, '{}', '{}', NULL, NULL, NULL, '30d', NULL, '{}', '{}', '{}', '2026-11-22 07:41:25.449', '2026-11-22 07:41:25.869', NULL, '{}', NULL, NULL);
INSERT INTO public."LiteLLM_UserTable" (user_id, user_alias, team_id, sso_user_id, organization_id, password, teams, user_role, max_budget, spend, user_email, models, metadata, max_parallel_requests, tpm_limit, rpm_limit, budget_duration, budget_reset_at, allowed_cache_controls, model_spend, model_max_budget, created_at, updated_at, object_permission_id, policies, password_reset_required, last_breach_check_at) VALUES
	('u-dev', 'Dan Developer', NULL, NULL, NULL, NULL, '{team-platform,team-ds}', 'internal_user', 25, 0.0002225, 'dev@acme.example', '{gpt-4o-mini,gpt-4o}', '{"department": "R&D"}', NULL, 10000, 60, '30d', '2026-12-01 00:00:00', '{}', '{}', '{}', '2026-11-22 07:41:25.179', '2026-11-22 07:41:43.667', NULL, '{}', NULL, NULL),
	('u-noemail', 'service robot', NULL, NULL, NULL, NULL, '{8c4984e7-8aa8-4d19-904a-4b1579578028}', 'internal_user', 5, 0.00014, NULL, '{}', '{}', NULL, NULL, NULL, '30d', '2026-12-01 00:00:00', '{}', '{}', '{}', '2026-11-22 07:41:25.285', '2026-11-22 07:41:43.667', NULL, '{}', NULL, NULL);


--
-- Data for Name: LiteLLM_OrganizationMembership; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: LiteLLM_PolicyAttachmentTable; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: LiteLLM_PolicyTable; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: LiteLLM_TeamTable; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public."LiteLLM_TeamTable" (team_id, team_alias, organization_id, admins, members, members_with_roles, metadata, max_budget, spend, models, max_parallel_requests, tpm_limit, rpm_limit, budget_duration, budget_reset_at, blocked, created_at, updated_at, model_spend, model_max_budget, model_id, team_member_permissions, object_permission_id, router_settings, policies, allow_team_guardrail_config, soft_budget, access_group_ids, budget_limits, default_team_member_models, tpd_limit) VALUES
	('team-platform', 'platform', NULL, '{}', '{}', '[{"role": "admin", "user_id": "u-admin", "user_email": "admin@acme.example"}, {"role": "user", "user_id": "u-dev", "user_email": "dev@acme.example"}, {"role": "admin", "user_id": "default_user_id", "user_email": null}]', '{"slack": "#platform", "nested": {"a": [1, 2]}, "team_member_budget_id": "team-platform-budget-10a9321bfac64780866aa82a1b17638c"}', 200, 0, '{gpt-4o,gpt-4o-mini,db-gpt-4.1}', NULL, 100000, 500, '30d', '2026-12-01 00:00:00', false, '2026-11-22 07:41:25.398', '2026-11-22 07:41:38.922', '{}', '{}', 1, '{}', NULL, '{}', '{}', false, NULL, '{}', NULL, '{}', NULL),
	('8c4984e7-8aa8-4d19-904a-4b1579578028', 'skunkworks', NULL, '{}', '{}', '[{"role": "admin", "user_id": "u-noemail", "user_email": null}, {"role": "admin", "user_id": "default_user_id", "user_email": null}]', '{}', NULL, 0.00014, '{all-proxy-models}', NULL, NULL, NULL, NULL, NULL, false, '2026-11-22 07:41:25.836', '2026-11-22 07:41:43.712', '{}', '{}', NULL, '{}', NULL, '{}', '{}', false, NULL, '{}', NULL, '{}', NULL),
	('team-ds', 'data science', NULL, '{}', '{}', '[{"role": "user", "user_id": "u-viewer", "user_email": "viewer@umbrella.example"}, {"role": "admin", "user_id": "default_user_id", "user_email": null}, {"role": "user", "user_id": "u-dev", "user_email": "dev@acme.example"}]', '{}', 75.25, 0.0002225, '{azure-gpt-4o}', NULL, NULL, NULL, '7d', '2026-11-23 00:00:00', false, '2026-11-22 07:41:25.668', '2026-11-22 07:41:43.712', '{}', '{}', NULL, '{}', NULL, '{}', '{}', false, NULL, '{}', NULL, '{}', NULL);
INSERT INTO public."LiteLLM_TeamTable" (team_id, team_alias, organization_id, admins, members, members_with_roles, metadata, max_budget, spend, models, max_parallel_requests, tpm_limit, rpm_limit, budget_duration, budget_reset_at, blocked, created_at, updated_at, model_spend, model_max_budget, model_id, team_member_permissions, object_permission_id, router_settings, policies, allow_team_guardrail_config, soft_budget, access_group_ids, budget_limits, default_team_member_models, tpd_limit) VALUES
	('nasty;1', 'a ''quoted'' "team"
with; lines
-- no comment
INSERT INTO public."LiteLLM_TeamTable" VALUES (1);	and tab\', NULL, '{"a b","c,d","e\"f","g\\h",NULL,"NULL","","{x}",é}', NULL, '{}', '{"n": 0.0000001, "text": "C:\\dir\nline", "nested": {"list": [1, "two", null, true]}}', 'NaN', 1.5e-07, '{}', NULL, 9223372036854775807, NULL, NULL, NULL, false, '2026-11-24 21:52:51.554', '2026-02-28 23:59:59', '{}', '{}', NULL, '{}', NULL, '{}', '{}', false, NULL, '{}', NULL, '{}', NULL),
	('nasty-2', '', NULL, NULL, NULL, '{}', '"{\"twice\": [\"a\"]}"', -0.5, 'Infinity', NULL, NULL, NULL, NULL, NULL, NULL, false, '2026-11-24 21:52:51.57', '2026-11-24 21:52:51.57', '{}', '{}', NULL, '{}', NULL, '{}', '{}', false, NULL, '{}', NULL, '{}', NULL),
	('nasty-3', '\.', NULL, NULL, NULL, '{}', '"just text"', 0, 3, NULL, NULL, NULL, NULL, NULL, NULL, false, '2026-11-24 21:52:51.57', '2026-11-24 21:52:51.57', '{}', '{}', NULL, '{}', NULL, '{}', '{}', false, NULL, '{}', NULL, '{}', NULL);
INSERT INTO public."LiteLLM_TeamTable" (team_id, team_alias, organization_id, admins, members, members_with_roles, metadata, max_budget, spend, models, max_parallel_requests, tpm_limit, rpm_limit, budget_duration, budget_reset_at, blocked, created_at, updated_at, model_spend, model_max_budget, model_id, team_member_permissions, object_permission_id, router_settings, policies, allow_team_guardrail_config, soft_budget, access_group_ids, budget_limits, default_team_member_models, tpd_limit) VALUES
	('nasty-4', 'v end', NULL, NULL, NULL, '{}', '[1]', NULL, 100, NULL, NULL, NULL, NULL, NULL, NULL, false, '2026-11-24 21:52:51.57', '2026-11-24 21:52:51.57', '{}', '{}', NULL, '{}', NULL, '{}', '{}', false, NULL, '{}', NULL, '{}', NULL);


--
-- Data for Name: LiteLLM_ProjectTable; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: LiteLLM_PromptTable; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: LiteLLM_ProxyModelTable; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public."LiteLLM_ProxyModelTable" (model_id, model_name, litellm_params, model_info, created_at, created_by, updated_at, updated_by, blocked) VALUES
	('db-azure-gpt-4o-1', 'db-azure-gpt-4o', '{"tags": ["eu"], "model": "BH5ZLwxYMKdmLnUt-KKwT6oMImgYklAbI0VwwiIs7lcPiEY0aMZp3Awzt4mGYTdrts9dDd61lA==", "api_key": "U5U59h7dZwHRT84Mhwa0umW_VQDVoKtQiF69E5FSP9LjDFVwkptXBbjb8Zb97WX9HvYQTqW39Pc=", "api_base": "3OasaQcfU71WbckDjqycjsDy7G278UkhAuBkAEdqJCen0oJpDeKHYBFGnef5bS3_0cmxhAw07Xwh0wtmuzSUtA4i_412GsXIthY=", "api_version": "Ni5vDLHkIC_QJ75IkCIqhL4IHFFjnGqJcrRkKQEtaq_e6v-bUzX6cn8Ou3yanL_7vu4=", "mock_response": "g6TY7YEa-cML9JNxNdv-qbwxmkrYJqbZ2dwXzzsLOm-8_aHns7rLwmEDn51vWMruBZQb-rztflmMWzI=", "use_xai_oauth": false, "use_litellm_proxy": false, "use_in_pass_through": false, "allow_client_keepalive_override": false, "merge_reasoning_content_in_choices": false}', '{"id": "db-azure-gpt-4o-1", "db_model": false, "base_model": "azure/gpt-4o", "member_auto_router": false}', '2026-11-22 07:41:23.879', 'default_user_id', '2026-11-22 07:41:23.879', 'default_user_id', false),
	('050df703-0beb-4d8c-bcf0-f242a452fa67', 'db-mistral-large', '{"model": "hr1wxmF-ddvs2sVEXZOHgTotUqH-xiRHHEUpajNMircbpZv7QtJAJX6-Agmd_wYWwbnQlFTxsYBTzNzerB-3BnGdE00=", "api_key": "gwLDBIflCbemQpX1vohuYEBJXVs6ntTjMD9O6q6IOP-X6F_KJNW-EElKU-PwF1lPoOZBYtWTYGCI3Q==", "extra_headers": {"X-Team": "platform"}, "mock_response": "eEVs1-kkibdvnZQB4af8WRMiCvRfohiQtBhAKic4q2JY7dO8RhkHzS6bu_HvYEcGoBW8jER9NQglxTqaag==", "use_xai_oauth": false, "use_litellm_proxy": false, "use_in_pass_through": false, "input_cost_per_token": 0.000002, "output_cost_per_token": 0.000006, "allow_client_keepalive_override": false, "merge_reasoning_content_in_choices": false}', '{"id": "050df703-0beb-4d8c-bcf0-f242a452fa67", "mode": "chat", "db_model": false, "base_model": "mistral/mistral-large-latest", "description": "Mistral Large, direct", "access_groups": ["production-models"], "member_auto_router": false}', '2026-11-22 07:41:23.519', 'default_user_id', '2026-11-22 07:41:24.279', 'default_user_id', false),
	('db-gpt-4.1-cred', 'db-gpt-4.1', '{"rpm": 100, "tpm": 100000, "tags": ["prod"], "model": "SMrSfMhUq3W4scQEl0tgNrnfqU_qvSDkcW7gl8xv4hTYivISd0QzI3f3aqUDk_1-3lGZ_5Ir", "mock_response": "CF-rp86CwrTMMkGiHyl4GG3hGcWKXWzVsNKEkn9PbrlXQLIyW7eltga8xMrlodCwDQUiRGdDX0UxU3lbQQ==", "use_xai_oauth": false, "use_litellm_proxy": false, "use_in_pass_through": false, "litellm_credential_name": "wvdyjfHE_9kGj1tJqECpsT4wE1GNYDOfOP8mcUZAvtJzJHCs5bOINHez2fNj1tUGXE5W", "allow_client_keepalive_override": false, "merge_reasoning_content_in_choices": false}', '{"id": "db-gpt-4.1-cred", "mode": "chat", "db_model": false, "access_groups": ["beta-models", "production-models"], "member_auto_router": false}', '2026-11-22 07:41:23.149', 'default_user_id', '2026-11-22 07:41:26.606', 'default_user_id', false);
INSERT INTO public."LiteLLM_ProxyModelTable" (model_id, model_name, litellm_params, model_info, created_at, created_by, updated_at, updated_by, blocked) VALUES
	('twice', '*', '"{\"model\": \"x\", \"n\": 1}"', NULL, '2026-11-24 21:52:51.571', '$tag$', '2026-11-24 21:52:51.571', '/* no comment */', false);


--
-- Data for Name: LiteLLM_SearchToolsTable; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: LiteLLM_SpendLogs; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public."LiteLLM_SpendLogs" (request_id, call_type, api_key, spend, total_tokens, prompt_tokens, completion_tokens, "startTime", "endTime", "completionStartTime", model, model_id, model_group, custom_llm_provider, api_base, "user", metadata, cache_hit, cache_key, request_tags, team_id, end_user, requester_ip_address, messages, response, proxy_server_request, session_id, status, mcp_namespaced_tool_name, organization_id, agent_id, request_duration_ms, created_at, updated_at, litellm_call_id, billing_agent_id) VALUES
	('chatcmpl-ab23e333-6a4c-489a-a077-faf375f30e2a', 'acompletion', '7dcb0ba03462ced96a323d169f874cf116588e7ac73e207610dadedd040ff04a', 0, 29, 9, 20, '2026-11-22 07:41:28.598', '2026-11-22 07:41:28.635', '2026-11-22 07:41:28.635', 'azure/my-gpt4o-deployment', 'f4dcbf17f6b1b99ce055a5897f1b6f0516094c01f017c023886abe255350d3c8', 'gpt-4o', 'azure', '', '', '{}', 'None', 'Cache OFF', '["User-Agent: Python-urllib", "User-Agent: Python-urllib/3.11"]', 'team-platform', '', '127.0.0.1', '{}', '{}', '{}', 'ea0d73de-6812-47a9-805b-b63326baa30e', 'success', NULL, '', NULL, 37, '2026-11-22 07:41:28.814', '2026-11-22 07:41:28.814', '8249068c-2a2d-4bde-abc2-bb79574b9ac8', NULL),
	('71c2481a-0cf1-44da-bd67-eebc685cea0b', 'acompletion', '7dcb0ba03462ced96a323d169f874cf116588e7ac73e207610dadedd040ff04a', 0, 0, 0, 0, '2026-11-22 07:41:28.725', '2026-11-22 07:41:38.504', '2026-11-22 07:41:38.504', 'gpt-4o-mini', '', 'gpt-4o-mini', 'openai', '', '', '{}', 'False', 'Cache OFF', '["User-Agent: Python-urllib", "User-Agent: Python-urllib/3.11"]', 'team-platform', 'cust-42', '127.0.0.1', '{}', '{}', '{}', 'ef3f1dd6-1450-451b-b4af-fc3feba33581', 'failure', NULL, '', NULL, 9778, '2026-11-22 07:41:39.085', '2026-11-22 07:41:39.085', '71c2481a-0cf1-44da-bd67-eebc685cea0b', NULL),
	('chatcmpl-828ab9b5-cf0c-4efd-9c2f-86cd7a05c112', 'acompletion', 'f0f1e7f22e06d91c741678645486ab252cae2db6fea5f66cd49facaf3a7fa8e1', 0.0002225, 29, 9, 20, '2026-11-22 07:41:38.601', '2026-11-22 07:41:38.605', '2026-11-22 07:41:38.605', 'azure/my-gpt4o-deployment', '70207448ed284be3390e88d642136fce2aef45b9e670e97d034e53a3c4e70af1', 'azure-gpt-4o', 'azure', '', 'u-dev', '{}', 'None', 'Cache OFF', '["User-Agent: Python-urllib", "User-Agent: Python-urllib/3.11"]', 'team-ds', 'cust-43', '127.0.0.1', '{}', '{}', '{}', '7fe58e8d-0128-4012-ae88-8fca6d543c04', 'success', NULL, '', NULL, 3, '2026-11-22 07:41:39.085', '2026-11-22 07:41:39.085', 'dabaf69d-235c-483b-afe0-20e477dbecd5', NULL);
INSERT INTO public."LiteLLM_SpendLogs" (request_id, call_type, api_key, spend, total_tokens, prompt_tokens, completion_tokens, "startTime", "endTime", "completionStartTime", model, model_id, model_group, custom_llm_provider, api_base, "user", metadata, cache_hit, cache_key, request_tags, team_id, end_user, requester_ip_address, messages, response, proxy_server_request, session_id, status, mcp_namespaced_tool_name, organization_id, agent_id, request_duration_ms, created_at, updated_at, litellm_call_id, billing_agent_id) VALUES
	('chatcmpl-ee0ae195-1814-4f76-bba7-2c0e920ac7ec', 'acompletion', 'b7c57b2b15592ae649cdde51c1120a391c61c530bdeef32658a90454e5cce520', 0.00014, 30, 10, 20, '2026-11-22 07:41:38.692', '2026-11-22 07:41:38.705', '2026-11-22 07:41:38.705', 'mistral/mistral-large-latest', '050df703-0beb-4d8c-bcf0-f242a452fa67', 'db-mistral-large', 'mistral', '', 'u-noemail', '{}', 'None', 'Cache OFF', '["User-Agent: Python-urllib", "User-Agent: Python-urllib/3.11"]', '8c4984e7-8aa8-4d19-904a-4b1579578028', '', '127.0.0.1', '{}', '{}', '{}', 'a2f92189-7494-4bbe-bae2-96060ceb4aa5', 'success', NULL, '', NULL, 12, '2026-11-22 07:41:39.085', '2026-11-22 07:41:39.085', '28ccb3e6-cdf8-4d56-bc5f-bdad52810f33', NULL),
	('chatcmpl-c0c236af-e412-4b28-b00d-170f24302091', 'acompletion', 'a256c7fe504ba063f1f30b9fd4ca1a3e0844b65a727658717224037cc78ca86d', 0, 29, 9, 20, '2026-11-22 07:41:38.829', '2026-11-22 07:41:38.834', '2026-11-22 07:41:38.833', 'azure/my-gpt4o-deployment', 'f4dcbf17f6b1b99ce055a5897f1b6f0516094c01f017c023886abe255350d3c8', 'gpt-4o', 'azure', '', 'u-dev', '{}', 'None', 'Cache OFF', '["User-Agent: Python-urllib", "User-Agent: Python-urllib/3.11"]', '', '', '127.0.0.1', '{}', '{}', '{}', '2dd5dab6-188c-4bf2-8753-b6fb3dc7ca50', 'success', NULL, '', NULL, 4, '2026-11-22 07:41:39.085', '2026-11-22 07:41:39.085', '502f0cbb-810f-4968-936b-ac3509207718', NULL),
	('c8c8c83a-4ea8-4ae0-8584-92717c9c5820', 'acompletion', 'f0f1e7f22e06d91c741678645486ab252cae2db6fea5f66cd49facaf3a7fa8e1', 0, 0, 0, 0, '2026-11-22 07:41:38.859', '2026-11-22 07:41:38.873', '2026-11-22 07:41:38.872', 'gpt-4o', '', '', '', '', 'u-dev', '{}', 'False', 'Cache OFF', '[]', 'team-ds', '', '127.0.0.1', '{}', '{}', '{}', 'e39693c9-0eab-4266-a11f-0b51ed319784', 'failure', NULL, '', NULL, 13, '2026-11-22 07:41:39.085', '2026-11-22 07:41:39.085', 'c8c8c83a-4ea8-4ae0-8584-92717c9c5820', NULL);
INSERT INTO public."LiteLLM_SpendLogs" (request_id, call_type, api_key, spend, total_tokens, prompt_tokens, completion_tokens, "startTime", "endTime", "completionStartTime", model, model_id, model_group, custom_llm_provider, api_base, "user", metadata, cache_hit, cache_key, request_tags, team_id, end_user, requester_ip_address, messages, response, proxy_server_request, session_id, status, mcp_namespaced_tool_name, organization_id, agent_id, request_duration_ms, created_at, updated_at, litellm_call_id, billing_agent_id) VALUES
	('d4a86391-8f5a-45b9-b129-d82e334e83e5', '/team/list', '', 0, 0, 0, 0, '2026-11-22 07:42:00.412', '2026-11-22 07:42:00.428', '2026-11-22 07:42:00.427', '', '', '', '', '', '', '{}', 'False', 'Cache OFF', '[]', '', '', '127.0.0.1', '{}', '{}', '{}', 'cbfe52be-58f7-492f-82db-57c76f9baa9b', 'failure', NULL, '', NULL, 15, '2026-11-22 07:42:09.169', '2026-11-22 07:42:09.169', 'd4a86391-8f5a-45b9-b129-d82e334e83e5', NULL),
	('8bc1f329-86fd-41b7-9d08-77fbc52864be', '/team/list', '1a00a2f8f8e73c2ec96644b102e8d26ebecbcda60bd76613d3134b176d546b8e', 0, 0, 0, 0, '2026-11-22 07:42:00.469', '2026-11-22 07:42:00.497', '2026-11-22 07:42:00.497', '', '', '', '', '', '', '{}', 'False', 'Cache OFF', '[]', '', '', '127.0.0.1', '{}', '{}', '{}', 'da8a82cc-72a1-4c24-8348-33f9681de585', 'failure', NULL, '', NULL, 28, '2026-11-22 07:42:09.169', '2026-11-22 07:42:09.169', '8bc1f329-86fd-41b7-9d08-77fbc52864be', NULL),
	('x;
\.
', 'c', 'k', 0, 0, 0, 0, '2026-11-24 21:52:51.59', '2026-11-24 21:52:51.59', NULL, 'it''s;', '', '', '', '', '', '{}', '', '', '[]', NULL, NULL, NULL, '{}', '{}', '{}', NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-24 21:52:51.59', '2026-11-24 21:52:51.59', NULL, NULL);


--
-- Data for Name: LiteLLM_TagTable; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public."LiteLLM_TagTable" (tag_name, description, models, model_info, spend, budget_id, created_at, created_by, updated_at) VALUES
	('prod', 'production traffic', '{db-gpt-4.1-cred}', '{"db-gpt-4.1-cred": "db-gpt-4.1"}', 0, NULL, '2026-11-22 07:41:26.597', 'default_user_id', '2026-11-22 07:41:26.597');


--
-- Data for Name: LiteLLM_TeamMembership; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public."LiteLLM_TeamMembership" (user_id, team_id, spend, budget_id, total_spend) VALUES
	('u-admin', 'team-platform', 0, 'team-platform-budget-10a9321bfac64780866aa82a1b17638c', 0),
	('u-dev', 'team-platform', 0, 'team-platform-budget-10a9321bfac64780866aa82a1b17638c', 0),
	('default_user_id', 'team-platform', 0, 'team-platform-budget-10a9321bfac64780866aa82a1b17638c', 0);
INSERT INTO public."LiteLLM_TeamMembership" (user_id, team_id, spend, budget_id, total_spend) VALUES
	('u-viewer', 'team-ds', 0, NULL, 0),
	('default_user_id', 'team-ds', 0, NULL, 0),
	('default_user_id', '8c4984e7-8aa8-4d19-904a-4b1579578028', 0, NULL, 0);
INSERT INTO public."LiteLLM_TeamMembership" (user_id, team_id, spend, budget_id, total_spend) VALUES
	('u-noemail', '8c4984e7-8aa8-4d19-904a-4b1579578028', 0.00014, NULL, 0.00014),
	('u-dev', 'team-ds', 0.00022250000000000001, 'c5e92a41-e763-4b58-8fe0-8989f33f1d4f', 0.00022250000000000001);


--
-- Data for Name: LiteLLM_VerificationToken; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public."LiteLLM_VerificationToken" (token, key_name, key_alias, soft_budget_cooldown, spend, expires, models, aliases, config, user_id, team_id, permissions, max_parallel_requests, metadata, blocked, tpm_limit, rpm_limit, max_budget, budget_duration, budget_reset_at, allowed_cache_controls, model_spend, model_max_budget, budget_id, organization_id, created_at, created_by, updated_at, updated_by, allowed_routes, object_permission_id, auto_rotate, key_rotation_at, last_rotation_at, rotation_count, rotation_interval, project_id, router_settings, policies, access_group_ids, last_active, agent_id, budget_limits, budget_fallbacks, key_type, settings_updated_at, tpd_limit, total_spend) VALUES
	('c373b914c851a690259a9d354bab49d9817d52e5eb36e946754746289cc2a09f', 'sk-...0005', 'old-and-blocked', false, 0, '2026-11-22 08:41:26.328', '{gpt-4o}', '{}', '{}', NULL, NULL, '{}', NULL, '{}', true, NULL, NULL, NULL, NULL, NULL, '{}', '{}', '{}', NULL, NULL, '2026-11-22 07:41:26.331', 'default_user_id', '2026-11-22 07:41:26.331', 'default_user_id', '{}', NULL, false, NULL, NULL, 0, NULL, NULL, '{}', '{}', '{}', NULL, NULL, NULL, '{}', 'default', NULL, NULL, 0),
	('d5193863719b54cac041bac339cca39df1796c01e9bae1bf43314e6658ee8f63', 'sk-...jwWQ', 'auto-value', false, 0, NULL, '{beta-models,openai/*}', '{}', '{}', NULL, NULL, '{}', NULL, '{"note": "value chosen by the proxy", "model_rpm_limit": {"gpt-4o": 5}, "model_tpm_limit": {"gpt-4o": 500}}', NULL, NULL, NULL, NULL, NULL, NULL, '{}', '{}', '{}', 'free-tier', NULL, '2026-11-22 07:41:26.401', 'default_user_id', '2026-11-22 07:41:26.401', 'default_user_id', '{}', NULL, false, NULL, NULL, 0, NULL, NULL, '{}', '{}', '{}', NULL, NULL, NULL, '{}', 'default', NULL, NULL, 0),
	('225157db6dca3f641136d034bd65d8e062113317025d99301d56d80869601ada', 'sk-...0007', 'ci-service', false, 0, NULL, '{}', '{}', '{}', NULL, 'team-platform', '{}', NULL, '{"service_account_id": "ci"}', NULL, NULL, NULL, NULL, NULL, NULL, '{}', '{}', '{}', NULL, NULL, '2026-11-22 07:41:26.474', 'default_user_id', '2026-11-22 07:41:26.474', 'default_user_id', '{}', NULL, false, NULL, NULL, 0, NULL, NULL, '{}', '{}', '{}', NULL, NULL, NULL, '{}', 'default', NULL, NULL, 0);
INSERT INTO public."LiteLLM_VerificationToken" (token, key_name, key_alias, soft_budget_cooldown, spend, expires, models, aliases, config, user_id, team_id, permissions, max_parallel_requests, metadata, blocked, tpm_limit, rpm_limit, max_budget, budget_duration, budget_reset_at, allowed_cache_controls, model_spend, model_max_budget, budget_id, organization_id, created_at, created_by, updated_at, updated_by, allowed_routes, object_permission_id, auto_rotate, key_rotation_at, last_rotation_at, rotation_count, rotation_interval, project_id, router_settings, policies, access_group_ids, last_active, agent_id, budget_limits, budget_fallbacks, key_type, settings_updated_at, tpd_limit, total_spend) VALUES
	('7dcb0ba03462ced96a323d169f874cf116588e7ac73e207610dadedd040ff04a', 'sk-...0001', 'platform-prod', false, 0, NULL, '{gpt-4o,gpt-4o-mini}', '{}', '{}', NULL, 'team-platform', '{}', NULL, '{"env": "prod"}', NULL, 20000, 100, 50, '30d', '2026-12-01 00:00:00', '{}', '{}', '{}', NULL, NULL, '2026-11-22 07:41:26.146', 'default_user_id', '2026-11-22 07:41:38.875', 'default_user_id', '{}', NULL, false, NULL, NULL, 0, NULL, NULL, '{}', '{}', '{}', '2026-11-22 07:41:38.9', NULL, NULL, '{}', 'default', NULL, NULL, 0),
	('a256c7fe504ba063f1f30b9fd4ca1a3e0844b65a727658717224037cc78ca86d', 'sk-...0002', 'dan-laptop', false, 0, '2027-02-20 07:41:26.188', '{}', '{"mini": "gpt-4o-mini"}', '{}', 'u-dev', NULL, '{}', 3, '{}', NULL, NULL, NULL, 5, NULL, NULL, '{}', '{}', '{}', NULL, NULL, '2026-11-22 07:41:26.194', 'default_user_id', '2026-11-22 07:41:43.688', 'default_user_id', '{}', NULL, false, NULL, NULL, 0, NULL, NULL, '{}', '{}', '{}', '2026-11-22 07:41:43.697', NULL, NULL, '{}', 'default', NULL, NULL, 0),
	('b7c57b2b15592ae649cdde51c1120a391c61c530bdeef32658a90454e5cce520', 'sk-...0004', 'robot', false, 0.00014, NULL, '{all-team-models}', '{}', '{}', 'u-noemail', '8c4984e7-8aa8-4d19-904a-4b1579578028', '{"allow_pii_controls": true}', NULL, '{"guardrails": []}', NULL, NULL, NULL, NULL, NULL, NULL, '{}', '{}', '{}', NULL, NULL, '2026-11-22 07:41:26.289', 'default_user_id', '2026-11-22 07:41:43.688', 'default_user_id', '{llm_api_routes}', NULL, false, NULL, NULL, 0, NULL, NULL, '{}', '{}', '{}', '2026-11-22 07:41:43.697', NULL, NULL, '{}', 'default', NULL, NULL, 0.00014);
INSERT INTO public."LiteLLM_VerificationToken" (token, key_name, key_alias, soft_budget_cooldown, spend, expires, models, aliases, config, user_id, team_id, permissions, max_parallel_requests, metadata, blocked, tpm_limit, rpm_limit, max_budget, budget_duration, budget_reset_at, allowed_cache_controls, model_spend, model_max_budget, budget_id, organization_id, created_at, created_by, updated_at, updated_by, allowed_routes, object_permission_id, auto_rotate, key_rotation_at, last_rotation_at, rotation_count, rotation_interval, project_id, router_settings, policies, access_group_ids, last_active, agent_id, budget_limits, budget_fallbacks, key_type, settings_updated_at, tpd_limit, total_spend) VALUES
	('f0f1e7f22e06d91c741678645486ab252cae2db6fea5f66cd49facaf3a7fa8e1', 'sk-...0003', 'ds-notebook', false, 0.0002225, NULL, '{azure-gpt-4o}', '{}', '{}', 'u-dev', 'team-ds', '{}', NULL, '{}', NULL, NULL, NULL, 4, '1d', '2026-11-23 00:00:00', '{}', '{}', '{}', '43d3cbb2-7e53-4e50-a08e-d95068d2d445', NULL, '2026-11-22 07:41:26.245', 'default_user_id', '2026-11-22 07:41:43.688', 'default_user_id', '{}', NULL, false, NULL, NULL, 0, NULL, NULL, '{}', '{}', '{}', '2026-11-22 07:41:43.697', NULL, NULL, '{}', 'default', NULL, NULL, 0.0002225);


--
-- Name: LiteLLM_ModelTable_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public."LiteLLM_ModelTable_id_seq"', 1, true);


--
-- PostgreSQL database dump complete
--


