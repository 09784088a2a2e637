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

INSERT INTO public."LiteLLM_AccessGroupTable" VALUES ('d9cb6d64-3463-47d8-9971-7e1ad7476fc1', 'eu-only', 'Models and tools hosted in the EU', '{}', '{}', '{}', '{}', '2026-11-22 07:27:45.951', 'default_user_id', '2026-11-22 07:27:45.951', 'default_user_id', '{azure-gpt-4o,bedrock-claude}');


--
-- Data for Name: LiteLLM_ObjectPermissionTable; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: LiteLLM_AgentsTable; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: LiteLLM_BudgetTable; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public."LiteLLM_BudgetTable" VALUES ('free-tier', 1.5, NULL, NULL, 1000, 10, NULL, '1d', '2026-11-23 00:00:00', '2026-11-22 07:27:45.99', 'default_user_id', '2026-11-22 07:27:45.99', 'default_user_id', '{}');
INSERT INTO public."LiteLLM_BudgetTable" VALUES ('team-member-default', 20, 15, NULL, NULL, NULL, NULL, '30d', '2026-12-01 00:00:00', '2026-11-22 07:27:46.016', 'default_user_id', '2026-11-22 07:27:46.016', 'default_user_id', '{}');
INSERT INTO public."LiteLLM_BudgetTable" VALUES ('a711f372-b78a-4872-a4eb-256ddf679299', 1000, 800, NULL, 500000, 1000, NULL, '30d', NULL, '2026-11-22 07:27:46.038', 'default_user_id', '2026-11-22 07:27:46.038', 'default_user_id', '{}');
INSERT INTO public."LiteLLM_BudgetTable" VALUES ('35ae3e14-0271-49a3-a543-4fc41b2a66b3', 250.5, NULL, NULL, NULL, NULL, NULL, '7d', NULL, '2026-11-22 07:27:46.066', 'default_user_id', '2026-11-22 07:27:46.066', 'default_user_id', '{}');
INSERT INTO public."LiteLLM_BudgetTable" VALUES ('team-platform-budget-6b744c239b0f45658c40484321b750c1', 10, NULL, NULL, NULL, NULL, NULL, '30d', '2026-12-01 00:00:00', '2026-11-22 07:27:46.291', 'default_user_id', '2026-11-22 07:27:46.291', 'default_user_id', '{}');
INSERT INTO public."LiteLLM_BudgetTable" VALUES ('54e68bc8-382d-4ca9-880b-d6609c43958a', 10, NULL, NULL, NULL, NULL, NULL, '30d', '2026-12-01 00:00:00', '2026-11-22 07:27:46.322', 'default_user_id', '2026-11-22 07:27:46.322', 'default_user_id', '{}');
INSERT INTO public."LiteLLM_BudgetTable" VALUES ('0b2a7117-4c73-4534-baaf-63ead557000b', 10, NULL, NULL, NULL, NULL, NULL, '30d', '2026-12-01 00:00:00', '2026-11-22 07:27:46.322', 'default_user_id', '2026-11-22 07:27:46.322', 'default_user_id', '{}');
INSERT INTO public."LiteLLM_BudgetTable" VALUES ('34fb6f02-1cb5-47e9-8c19-9ad9e4605382', 10, NULL, NULL, NULL, NULL, NULL, '30d', '2026-12-01 00:00:00', '2026-11-22 07:27:46.322', 'default_user_id', '2026-11-22 07:27:46.322', 'default_user_id', '{}');
INSERT INTO public."LiteLLM_BudgetTable" VALUES ('8d4a686a-8d21-4475-a377-d4e5ce984a05', 5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-22 07:27:46.918', 'default_user_id', '2026-11-22 07:27:46.918', 'default_user_id', '{}');
INSERT INTO public."LiteLLM_BudgetTable" VALUES ('4a5a8449-d8b9-4876-80e6-2a631be04a01', NULL, 3, NULL, NULL, NULL, '{}', NULL, NULL, '2026-11-22 07:27:47.15', 'default_user_id', '2026-11-22 07:27:47.15', 'default_user_id', '{}');
INSERT INTO public."LiteLLM_BudgetTable" VALUES ('13dda994-32fb-4479-aa4b-bcac83241ee1', 2, NULL, NULL, NULL, NULL, NULL, '1d', '2026-11-23 07:27:47.473', '2026-11-22 07:27:47.479', 'default_user_id', '2026-11-22 07:27:47.479', 'default_user_id', '{}');


--
-- Data for Name: LiteLLM_Config; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public."LiteLLM_Config" VALUES ('general_settings', '{"ui_access_mode": "all", "alerting_threshold": 300, "health_check_interval": 300, "pass_through_endpoints": [{"id": "16f80692-cfd7-4dbb-8dba-4d4da346e1ff", "auth": true, "path": "/rerank-proxy", "target": "http://127.0.0.1:9011/rerank", "headers": {"Authorization": "bearer os.environ/RERANK_KEY"}, "methods": null, "timeout": null, "guardrails": null, "include_subpath": false, "cost_per_request": 0.01, "default_query_params": {}}], "enable_public_model_hub": false, "database_connection_timeout": 60, "database_connection_pool_limit": 10, "admission_queue_timeout_seconds": 1.0, "proxy_config_reload_interval_seconds": 30, "database_max_idle_connection_lifetime": 60, "health_check_skip_disabled_background_models": false}', NULL, 0);
INSERT INTO public."LiteLLM_Config" VALUES ('environment_variables', '{"LANGFUSE_HOST": "69YQ1ktt_aJT6grKW0lwCAagAWkLfwgGlXq4pvtACnLCitL8PVjOy-Gu8JUSgAliX-dyZo3wT9SAIVVrEA==", "LANGFUSE_PUBLIC_KEY": "XURb2J_VGms3mSrYGn_oOUGBg762XxrvyOzS6-qRAada_K1plRZ0CQ1MlGJU5kFQwmQY-4aQws8=", "LANGFUSE_SECRET_KEY": "E_nf8rHEnwoa2dHIHFt5zMkBTQthi3rawDEQTAphuyqAjYkcwuH0ahg5x3s-uMoF1cz1NfBBTUU="}', NULL, 0);
INSERT INTO public."LiteLLM_Config" VALUES ('litellm_settings', '{"success_callback": ["langfuse"]}', NULL, 0);
INSERT INTO public."LiteLLM_Config" VALUES ('router_settings', '"num_retries: 3\n"', NULL, 0);
INSERT INTO public."LiteLLM_Config" VALUES ('odd', '"123"', NULL, 0);
INSERT INTO public."LiteLLM_Config" VALUES ('null', 'null', NULL, 0);


--
-- Data for Name: LiteLLM_CredentialsTable; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public."LiteLLM_CredentialsTable" VALUES ('e27f89b7-7810-4baf-8ba3-15058ce6f819', 'openai-prod', '{"api_key": "oZm5Ld0yshE3n81nEpnO5K4hQ24EKgePjR66BhfMVm5CyseDYjMyTebz7I3WAGuH2z2IOZHYrcHKYXuamva67iA=", "api_base": "vxgaltofspWB2x2Q8dpogxh7ptU24g5ERs3QTiyMrZBaNq6qwndSO8e_7ft7OC8MlZnPaIKxylJTOXhuUMbS9Gw="}', '{"description": "Production OpenAI account", "custom_llm_provider": "openai"}', '2026-11-22 07:27:44.707', 'default_user_id', '2026-11-22 07:27:44.707', 'default_user_id');
INSERT INTO public."LiteLLM_CredentialsTable" VALUES ('eb0a4bc2-8c09-469c-81d3-b44301eb74b3', 'azure-eu', '{"api_key": "EZ-7dnISNIpDTPiKpqSpdUO0SMht51oFZ4HGihL_nX76TlpAk6lZHMJcHV6-W-x4IbqBEMsr6KurYQQa8Q==", "api_base": "NtyjmOd7XNDkQ20Rcs5Almsw91jjjaFLexVoU3JxFCB2v6yRiSzrwkEQ9o7CBiP5ayMwYhfIXzR-xIhOxTKzdCn2aYRL2FBazQ==", "api_version": "A9T6ywCQgotW-0fVyCJtv9p9N8bFVXBtUl0TmrfYEm5ir1N_-kIy9-PcKnZdc-9yPjg="}', '{"description": "Azure EU", "custom_llm_provider": "azure"}', '2026-11-22 07:27:44.737', 'default_user_id', '2026-11-22 07:27:44.737', 'default_user_id');


--
-- Data for Name: LiteLLM_DeprecatedVerificationToken; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: LiteLLM_EndUserTable; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public."LiteLLM_EndUserTable" VALUES ('cust-42', 'Customer forty-two', 0, 'eu', 'azure-gpt-4o', 'free-tier', false, NULL);
INSERT INTO public."LiteLLM_EndUserTable" VALUES ('cust-43', NULL, 0.000225, NULL, NULL, '13dda994-32fb-4479-aa4b-bcac83241ee1', false, NULL);


--
-- Data for Name: LiteLLM_GuardrailsTable; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public."LiteLLM_GuardrailsTable" VALUES ('11f4d8f9-4108-4b8a-ba9b-9a3bb7856dfa', 'no-secrets', '{"mask": false, "mode": "pre_call", "model": null, "rules": null, "action": "block", "api_id": null, "checks": null, "config": null, "use_v2": false, "api_key": null, "payload": true, "timeout": null, "version": 2, "api_base": null, "asset_id": null, "base_url": null, "dev_info": true, "location": null, "metadata": null, "patterns": null, "breakdown": true, "detectors": null, "guardrail": "hide-secrets", "pii_check": null, "policy_id": null, "assertions": null, "async_mode": null, "auth_token": null, "categories": null, "default_on": false, "guard_name": null, "on_flagged": "block", "project_id": null, "verify_ssl": true, "api_version": null, "application": null, "credentials": null, "custom_code": null, "detector_id": null, "policy_name": null, "template_id": null, "akto_api_key": null, "api_endpoint": null, "monitor_mode": null, "on_violation": null, "policy_names": null, "akto_base_url": null, "akto_vxlan_id": null, "aws_role_name": null, "blocked_words": null, "evaluation_id": null, "extra_headers": null, "fail_on_error": true, "lasso_user_id": null, "application_id": null, "block_failures": null, "block_on_error": null, "default_action": "deny", "xecguard_model": null, "akto_account_id": null, "anonymize_input": null, "aws_external_id": null, "aws_region_name": null, "deployment_name": null, "grounding_check": null, "optional_params": null, "persist_session": null, "presidio_run_on": null, "run_in_parallel": null, "singulr_api_key": null, "tracker_api_key": null, "aws_profile_name": null, "aws_session_name": null, "aws_sts_endpoint": null, "guardrailVersion": null, "include_evidence": true, "include_scanners": true, "output_parse_pii": null, "scan_raw_request": null, "singulr_api_base": null, "tracker_api_base": null, "aws_access_key_id": null, "aws_session_token": null, "blocked_languages": null, "guardrail_timeout": null, "on_flagged_action": "monitor", "on_sensitive_data": null, "pre_checkpoint_id": null, "presidio_language": "en", "prompt_injections": null, "block_on_violation": true, "blocked_words_file": null, "chunk_budget_chars": 25000, "is_detector_server": true, "mock_redacted_text": null, "post_checkpoint_id": null, "severity_threshold": null, "category_thresholds": null, "guardrailIdentifier": null, "pangea_input_recipe": null, "pii_entities_config": null, "confidence_threshold": 0.5, "deepkeep_firewall_id": null, "grounding_strictness": null, "hallucinations_check": null, "mask_request_content": null, "on_disallowed_action": "block", "pangea_output_recipe": null, "singulr_guardrail_id": null, "unreachable_fallback": "fail_closed", "aws_secret_access_key": null, "detect_secrets_config": null, "keyword_redaction_tag": null, "lasso_conversation_id": null, "mask_response_content": null, "presidio_filter_scope": null, "sanitize_error_detail": true, "aws_web_identity_token": null, "only_scan_new_messages": false, "scan_only_tool_results": null, "singulr_application_id": null, "sticky_session_routing": true, "advisory_system_message": null, "detect_execution_intent": true, "prompt_attack_threshold": 0.5, "send_user_api_key_alias": false, "content_filter_threshold": 0.5, "content_moderation_check": null, "pattern_redaction_format": null, "pii_confidence_threshold": 0.5, "end_session_after_n_fails": null, "presidio_score_thresholds": null, "send_user_api_key_team_id": false, "send_user_api_key_user_id": false, "disable_exception_on_block": false, "presidio_analyzer_api_base": null, "realtime_violation_message": null, "violation_message_template": null, "presidio_ad_hoc_recognizers": null, "presidio_entities_deny_list": null, "aws_bedrock_runtime_endpoint": null, "presidio_anonymizer_api_base": null, "skip_unscannable_attachments": false, "tool_selection_quality_check": null, "sensitive_data_route_to_model": null, "skip_tool_message_in_guardrail": null, "skip_system_message_in_guardrail": null, "presidio_analyze_chunk_size_bytes": null, "additional_provider_specific_params": null, "experimental_use_latest_role_message_only": false}', '{"description": "masks secrets"}', '2026-11-22 07:27:47.932', '2026-11-22 07:27:47.932', NULL, NULL, 'active', NULL);


--
-- Data for Name: LiteLLM_MCPServerTable; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public."LiteLLM_MCPServerTable" VALUES ('0c8910b7-2473-4eaa-a3c6-0462cf17e08f', 'docs_search', 'Internal documentation search', 'http://127.0.0.1:9010/mcp', 'http', 'bearer_token', '2026-11-22 07:27:47.692', 'default_user_id', '2026-11-22 07:27:47.692', 'default_user_id', 'unknown', NULL, NULL, '{"description": "docs", "server_name": "docs_search"}', '{}', NULL, '{}', '{docs}', 'docs', '{search}', '{}', '{}', '{"auth_value": "EM8PYj--VQHcJttl1oa_vrTBEuy877FO3u4UqAwYs1QO2o6MKFmieip4nX-nFHeFpcxp7pAJP8_HNxyz"}', NULL, NULL, NULL, false, true, NULL, NULL, '{}', false, '{}', '{}', 'active', NULL, NULL, NULL, NULL, NULL, NULL, false, '[]', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public."LiteLLM_MCPServerTable" VALUES ('nasty', NULL, NULL, NULL, 'sse', NULL, '2026-11-24 21:52:28.078', NULL, '2026-11-24 21:52:28.078', NULL, 'unknown', NULL, NULL, '{}', '{-c,"a \"b\""}', NULL, '{}', NULL, NULL, '{}', '{}', '"3onkJdtC-Brb6xlw_HPpzepZhl_K8Y6GC8z_yDO1TasMikgBCddI0CDtNxRxyycRVEnlxZBhSI0BkHO_fX9Q_XRSKVvFkoDTVp4GbdNBCKpOyg=="', '{}', NULL, NULL, NULL, true, true, NULL, NULL, '{}', false, '{}', '{}', 'active', NULL, NULL, NULL, NULL, NULL, NULL, false, '[]', false, NULL, 0.1, NULL, NULL, NULL, NULL, NULL, NULL, NULL);


--
-- Data for Name: LiteLLM_ManagedVectorStoresTable; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: LiteLLM_ModelTable; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public."LiteLLM_ModelTable" VALUES (1, '{"fast": "gpt-4o-mini"}', '2026-11-22 07:27:46.287', 'default_user_id', '2026-11-22 07:27:46.287', 'default_user_id');


--
-- Data for Name: LiteLLM_OrganizationTable; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public."LiteLLM_OrganizationTable" VALUES ('341c4f2b-4ca5-4be5-9096-286020af474d', 'Acme Corp', 'a711f372-b78a-4872-a4eb-256ddf679299', '{"cost_center": "CC-100"}', '{gpt-4o,gpt-4o-mini,claude-sonnet,db-gpt-4.1}', 0, '{}', '2026-11-22 07:27:46.042', 'default_user_id', '2026-11-22 07:27:58.66', 'default_user_id', NULL);
INSERT INTO public."LiteLLM_OrganizationTable" VALUES ('03edc45f-e2fb-4692-a52d-e0fcee8a53f1', 'Umbrella GmbH', '35ae3e14-0271-49a3-a543-4fc41b2a66b3', '{}', '{azure-gpt-4o,bedrock-claude}', 0.000225, '{}', '2026-11-22 07:27:46.071', 'default_user_id', '2026-11-22 07:28:08.647', 'default_user_id', NULL);


--
-- Data for Name: LiteLLM_UserTable; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public."LiteLLM_UserTable" VALUES ('u-admin', 'Ada Admin', NULL, NULL, NULL, NULL, '{team-platform}', 'proxy_admin', NULL, 0, 'admin@acme.example', '{}', '{}', NULL, NULL, NULL, NULL, NULL, '{}', '{}', '{}', '2026-11-22 07:27:46.108', '2026-11-22 07:27:46.322', NULL, '{}');
INSERT INTO public."LiteLLM_UserTable" VALUES ('u-viewer', NULL, NULL, NULL, NULL, NULL, '{team-ds}', 'internal_user_viewer', 5, 0, 'viewer@umbrella.example', '{no-default-models}', '{}', NULL, NULL, NULL, '30d', '2026-12-01 00:00:00', '{}', '{}', '{}', '2026-11-22 07:27:46.195', '2026-11-22 07:27:46.512', NULL, '{}');
INSERT INTO public."LiteLLM_UserTable" VALUES ('default_user_id', NULL, NULL, NULL, NULL, NULL, '{team-platform,team-ds,5c29fefa-7d2d-4a75-95e1-e2740ce08f92}', 'internal_user', 5, 0, NULL, '{}', '{}', NULL, NULL, NULL, '30d', NULL, '{}', '{}', '{}', '2026-11-22 07:27:46.322', '2026-11-22 07:27:46.647', NULL, '{}');
INSERT INTO public."LiteLLM_UserTable" VALUES ('u-dev', 'Dan Developer', NULL, NULL, NULL, NULL, '{team-platform,team-ds}', 'internal_user', 25, 0.000225, 'dev@acme.example', '{gpt-4o-mini,gpt-4o}', '{"department": "R&D"}', NULL, 10000, 60, '30d', '2026-12-01 00:00:00', '{}', '{}', '{}', '2026-11-22 07:27:46.151', '2026-11-22 07:28:08.515', NULL, '{}');
INSERT INTO public."LiteLLM_UserTable" VALUES ('u-noemail', 'service robot', NULL, NULL, NULL, NULL, '{5c29fefa-7d2d-4a75-95e1-e2740ce08f92}', 'internal_user', 5, 0.00014, NULL, '{}', '{}', NULL, NULL, NULL, '30d', '2026-12-01 00:00:00', '{}', '{}', '{}', '2026-11-22 07:27:46.229', '2026-11-22 07:28:08.515', NULL, '{}');


--
-- Data for Name: LiteLLM_OrganizationMembership; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public."LiteLLM_OrganizationMembership" VALUES ('u-admin', '341c4f2b-4ca5-4be5-9096-286020af474d', 'org_admin', 0, NULL, '2026-11-22 07:27:46.777', '2026-11-22 07:27:46.777');
INSERT INTO public."LiteLLM_OrganizationMembership" VALUES ('u-dev', '341c4f2b-4ca5-4be5-9096-286020af474d', 'internal_user', 0, NULL, '2026-11-22 07:27:46.84', '2026-11-22 07:27:46.84');


--
-- Data for Name: LiteLLM_PolicyAttachmentTable; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: LiteLLM_PolicyTable; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: LiteLLM_TeamTable; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public."LiteLLM_TeamTable" VALUES ('team-platform', 'platform', '341c4f2b-4ca5-4be5-9096-286020af474d', '{}', '{}', '[{"role": "admin", "user_id": "u-admin", "user_email": "admin@acme.example"}, {"role": "user", "user_id": "u-dev", "user_email": "dev@acme.example"}, {"role": "admin", "user_id": "default_user_id", "user_email": null}]', '{"slack": "#platform", "nested": {"a": [1, 2]}, "team_member_budget_id": "team-platform-budget-6b744c239b0f45658c40484321b750c1"}', 200, 0, '{gpt-4o,gpt-4o-mini,db-gpt-4.1}', NULL, 100000, 500, '30d', '2026-12-01 00:00:00', false, '2026-11-22 07:27:46.295', '2026-11-22 07:27:58.604', '{}', '{}', 1, '{}', NULL, '{}', '{}', false, NULL, '{}', NULL, '{}');
INSERT INTO public."LiteLLM_TeamTable" VALUES ('5c29fefa-7d2d-4a75-95e1-e2740ce08f92', 'skunkworks', NULL, '{}', '{}', '[{"role": "admin", "user_id": "u-noemail", "user_email": null}, {"role": "admin", "user_id": "default_user_id", "user_email": null}]', '{}', NULL, 0.00014, '{all-proxy-models}', NULL, NULL, NULL, NULL, NULL, false, '2026-11-22 07:27:46.601', '2026-11-22 07:28:08.595', '{}', '{}', NULL, '{}', NULL, '{}', '{}', false, NULL, '{}', NULL, '{}');
INSERT INTO public."LiteLLM_TeamTable" VALUES ('team-ds', 'data science', '03edc45f-e2fb-4692-a52d-e0fcee8a53f1', '{}', '{}', '[{"role": "user", "user_id": "u-viewer", "user_email": "viewer@umbrella.example"}, {"role": "admin", "user_id": "default_user_id", "user_email": null}, {"role": "user", "user_id": "u-dev", "user_email": "dev@acme.example"}]', '{}', 75.25, 0.000225, '{azure-gpt-4o}', NULL, NULL, NULL, '7d', '2026-11-23 00:00:00', false, '2026-11-22 07:27:46.464', '2026-11-22 07:28:08.595', '{}', '{}', NULL, '{}', NULL, '{}', '{}', false, NULL, '{}', NULL, '{}');
INSERT INTO public."LiteLLM_TeamTable" VALUES ('nasty;1', 'a ''quoted'' "team"
with; lines
-- no comment
INSERT INTO public."LiteLLM_TeamTable" VALUES (1);	and tab\', NULL, '{"a b","c,d","e\"f","g\\h",NULL,"NULL","","{x}",é}', NULL, '{}', '{"n": 0.0000001, "text": "C:\\dir\nline", "nested": {"list": [1, "two", null, true]}}', 'NaN', 1.5e-07, '{}', NULL, 9223372036854775807, NULL, NULL, NULL, false, '2026-11-24 21:52:28.066', '2026-02-28 23:59:59', '{}', '{}', NULL, '{}', NULL, '{}', '{}', false, NULL, '{}', NULL, '{}');
INSERT INTO public."LiteLLM_TeamTable" VALUES ('nasty-2', '', NULL, NULL, NULL, '{}', '"{\"twice\": [\"a\"]}"', -0.5, 'Infinity', NULL, NULL, NULL, NULL, NULL, NULL, false, '2026-11-24 21:52:28.07', '2026-11-24 21:52:28.07', '{}', '{}', NULL, '{}', NULL, '{}', '{}', false, NULL, '{}', NULL, '{}');
INSERT INTO public."LiteLLM_TeamTable" VALUES ('nasty-3', '\.', NULL, NULL, NULL, '{}', '"just text"', 0, 3, NULL, NULL, NULL, NULL, NULL, NULL, false, '2026-11-24 21:52:28.07', '2026-11-24 21:52:28.07', '{}', '{}', NULL, '{}', NULL, '{}', '{}', false, NULL, '{}', NULL, '{}');
INSERT INTO public."LiteLLM_TeamTable" VALUES ('nasty-4', 'v end', NULL, NULL, NULL, '{}', '[1]', NULL, 100, NULL, NULL, NULL, NULL, NULL, NULL, false, '2026-11-24 21:52:28.07', '2026-11-24 21:52:28.07', '{}', '{}', NULL, '{}', NULL, '{}', '{}', false, NULL, '{}', NULL, '{}');


--
-- Data for Name: LiteLLM_ProjectTable; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: LiteLLM_PromptTable; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: LiteLLM_ProxyModelTable; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public."LiteLLM_ProxyModelTable" VALUES ('db-azure-gpt-4o-1', 'db-azure-gpt-4o', '{"tags": ["eu"], "model": "nf4bNlfEptV4g3HgCn9p69vZcjEv0Kb7ugZf_rMXw1EUL2Nitp6jIf0pF3rjSXGDp9E6K_1w_g==", "api_key": "K4o5LrBpq7yegiBocpS-Mwwfr2-LJJ17PYZT6emLxbLkz_g4MaESJ6etQ23bPlqbrsEXnUna6d8=", "api_base": "lu_LhhOO-0GkYXEpw9yyTyDqm6y5UuViJTyXqumxNzdM9B4qwQyYxxosu-CUteDQeF4s_J73CK3Q2CQfMpq6l4Sa-xWbR5S6GMc=", "api_version": "DrcRzsbB_wn_61LUaXFRKlfQF77Cdj5Kf29ceD2VVKL9l8K1CZxZmziPVCL8WsuIMJQ=", "mock_response": "z1COlY25Mx2iW7M96E0mHjoGt-rYBfZpa3sQH9YjcKFb2SUeEd-Up7bBEgaCjq7qmfI8ghLE0tWt9MA=", "use_xai_oauth": false, "use_litellm_proxy": false, "use_in_pass_through": false, "allow_client_keepalive_override": false, "merge_reasoning_content_in_choices": false}', '{"id": "db-azure-gpt-4o-1", "db_model": false, "base_model": "azure/gpt-4o"}', '2026-11-22 07:27:45.406', 'default_user_id', '2026-11-22 07:27:45.406', 'default_user_id', false);
INSERT INTO public."LiteLLM_ProxyModelTable" VALUES ('e145fbf2-bf81-4056-800d-c1e1402f9f12', 'db-mistral-large', '{"model": "Dkxr_dAfYLTSkw517VscF1ongjx1dFwRx5ztMMCfw7BmQ1BLR9LlaMXwnLdDQemiDz-O_m2TIxfFon--op0_cFR_1PY=", "api_key": "HFLT8UOmgRdvQeouTMmobPGEKrN_VrzzFwKt70el-XOOM_GFvY8kskqD7DaYjRM5mIrHJVrCuiOaWw==", "extra_headers": {"X-Team": "platform"}, "mock_response": "KbC413D4cRokYVs9I1u7-QpMAqk9lXw1ViV2hHOvgw3pyQXPBZjkzNrTuYqkTgkqWJEwlZripoePW0D6Ig==", "use_xai_oauth": false, "use_litellm_proxy": false, "use_in_pass_through": false, "input_cost_per_token": 0.000002, "output_cost_per_token": 0.000006, "allow_client_keepalive_override": false, "merge_reasoning_content_in_choices": false}', '{"id": "e145fbf2-bf81-4056-800d-c1e1402f9f12", "mode": "chat", "db_model": false, "base_model": "mistral/mistral-large-latest", "description": "Mistral Large, direct", "access_groups": ["production-models"]}', '2026-11-22 07:27:45.212', 'default_user_id', '2026-11-22 07:27:45.675', 'default_user_id', false);
INSERT INTO public."LiteLLM_ProxyModelTable" VALUES ('db-gpt-4.1-cred', 'db-gpt-4.1', '{"rpm": 100, "tpm": 100000, "tags": ["prod"], "model": "dyal74r3kcPU4GEnEBI2f0txhDmWQPNzhyYY0s2aZJrMhWh0h5wX3_QgWb3veHrLTEXE459J", "mock_response": "LQjUoVcrWqeYJ9iZomqbE23BIOp1xrYB0Cg5HHgIkuri8Gd2eCLRByNBqSEDxa_XFalahzFn6VAu32XJyw==", "use_xai_oauth": false, "use_litellm_proxy": false, "use_in_pass_through": false, "litellm_credential_name": "L8CVcOPbdHmhIqqAdnjNPdrOFfmNLWIVZp1-dWmnA2liFvWDU2PYDaVUH-lY2aOxeZCA", "allow_client_keepalive_override": false, "merge_reasoning_content_in_choices": false}', '{"id": "db-gpt-4.1-cred", "mode": "chat", "db_model": false, "access_groups": ["beta-models", "production-models"]}', '2026-11-22 07:27:45.039', 'default_user_id', '2026-11-22 07:27:47.542', 'default_user_id', false);
INSERT INTO public."LiteLLM_ProxyModelTable" VALUES ('twice', '*', '"{\"model\": \"x\", \"n\": 1}"', NULL, '2026-11-24 21:52:28.07', '$tag$', '2026-11-24 21:52:28.07', '/* no comment */', false);


--
-- Data for Name: LiteLLM_SearchToolsTable; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: LiteLLM_SpendLogs; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public."LiteLLM_SpendLogs" VALUES ('chatcmpl-5dcec60d-8962-45f5-bdd1-fb153a993e07', 'acompletion', '7dcb0ba03462ced96a323d169f874cf116588e7ac73e207610dadedd040ff04a', 0, 30, 10, 20, '2026-11-22 07:27:49.06', '2026-11-22 07:27:49.072', '2026-11-22 07:27:49.071', 'azure/my-gpt4o-deployment', 'f4dcbf17f6b1b99ce055a5897f1b6f0516094c01f017c023886abe255350d3c8', 'gpt-4o', 'azure', '', '', '{}', 'None', 'Cache OFF', '["User-Agent: Python-urllib", "User-Agent: Python-urllib/3.11"]', 'team-platform', '', '127.0.0.1', '{}', '{}', '{}', '936824d2-6d64-43a2-aa0e-edcec75ffe76', 'success', NULL, '341c4f2b-4ca5-4be5-9096-286020af474d', NULL, 11, '2026-11-22 07:27:55.813', '2026-11-22 07:27:55.813');
INSERT INTO public."LiteLLM_SpendLogs" VALUES ('9284280c-b32a-4fec-b342-2bdb4c037370', '', '7dcb0ba03462ced96a323d169f874cf116588e7ac73e207610dadedd040ff04a', 0, 0, 0, 0, '2026-11-22 07:27:58.321', '2026-11-22 07:27:58.321', '2026-11-22 07:27:58.321', 'gpt-4o-mini', '', 'gpt-4o-mini', '', '', '', '{}', 'False', 'Cache OFF', '["User-Agent: Python-urllib", "User-Agent: Python-urllib/3.11"]', 'team-platform', 'cust-42', '127.0.0.1', '{}', '{}', '{}', '7db39fa7-cb55-44bf-a28f-d58e28a9c36c', 'failure', NULL, '341c4f2b-4ca5-4be5-9096-286020af474d', NULL, 0, '2026-11-22 07:27:58.718', '2026-11-22 07:27:58.718');
INSERT INTO public."LiteLLM_SpendLogs" VALUES ('chatcmpl-68fc967e-22cf-4d5b-89d8-fc07341caf36', 'acompletion', 'f0f1e7f22e06d91c741678645486ab252cae2db6fea5f66cd49facaf3a7fa8e1', 0.000225, 30, 10, 20, '2026-11-22 07:27:58.456', '2026-11-22 07:27:58.46', '2026-11-22 07:27:58.459', 'azure/my-gpt4o-deployment', '70207448ed284be3390e88d642136fce2aef45b9e670e97d034e53a3c4e70af1', 'azure-gpt-4o', 'azure', '', 'u-dev', '{}', 'None', 'Cache OFF', '["User-Agent: Python-urllib", "User-Agent: Python-urllib/3.11"]', 'team-ds', 'cust-43', '127.0.0.1', '{}', '{}', '{}', '56f020db-b202-4541-a8c8-24430683c235', 'success', NULL, '03edc45f-e2fb-4692-a52d-e0fcee8a53f1', NULL, 3, '2026-11-22 07:27:58.718', '2026-11-22 07:27:58.718');
INSERT INTO public."LiteLLM_SpendLogs" VALUES ('chatcmpl-9aae73d2-7404-442b-acb3-15925cbc63c7', 'acompletion', 'b7c57b2b15592ae649cdde51c1120a391c61c530bdeef32658a90454e5cce520', 0.00014, 30, 10, 20, '2026-11-22 07:27:58.534', '2026-11-22 07:27:58.538', '2026-11-22 07:27:58.538', 'mistral/mistral-large-latest', 'e145fbf2-bf81-4056-800d-c1e1402f9f12', 'db-mistral-large', 'mistral', '', 'u-noemail', '{}', 'None', 'Cache OFF', '["User-Agent: Python-urllib", "User-Agent: Python-urllib/3.11"]', '5c29fefa-7d2d-4a75-95e1-e2740ce08f92', '', '127.0.0.1', '{}', '{}', '{}', '9b886f72-93c4-4562-979e-fb40d11f0f9e', 'success', NULL, '', NULL, 4, '2026-11-22 07:27:58.718', '2026-11-22 07:27:58.718');
INSERT INTO public."LiteLLM_SpendLogs" VALUES ('chatcmpl-7b45f14d-d266-4fce-a23f-4c9e2832e768', 'acompletion', 'a256c7fe504ba063f1f30b9fd4ca1a3e0844b65a727658717224037cc78ca86d', 0, 30, 10, 20, '2026-11-22 07:27:58.616', '2026-11-22 07:27:58.619', '2026-11-22 07:27:58.619', 'azure/my-gpt4o-deployment', 'f4dcbf17f6b1b99ce055a5897f1b6f0516094c01f017c023886abe255350d3c8', 'gpt-4o', 'azure', '', 'u-dev', '{}', 'None', 'Cache OFF', '["User-Agent: Python-urllib", "User-Agent: Python-urllib/3.11"]', '', '', '127.0.0.1', '{}', '{}', '{}', '498da32b-5b09-4e55-b007-596417a641ed', 'success', NULL, '', NULL, 2, '2026-11-22 07:27:58.718', '2026-11-22 07:27:58.718');
INSERT INTO public."LiteLLM_SpendLogs" VALUES ('8506c54f-36cc-40e1-b730-db8568c657df', '', 'f0f1e7f22e06d91c741678645486ab252cae2db6fea5f66cd49facaf3a7fa8e1', 0, 0, 0, 0, '2026-11-22 07:27:58.638', '2026-11-22 07:27:58.638', '2026-11-22 07:27:58.638', 'gpt-4o', '', '', '', '', 'u-dev', '{}', 'False', 'Cache OFF', '[]', 'team-ds', '', '127.0.0.1', '{}', '{}', '{}', 'be953fa0-4263-4063-b69a-d5456a8f300a', 'failure', NULL, '03edc45f-e2fb-4692-a52d-e0fcee8a53f1', NULL, 0, '2026-11-22 07:27:58.718', '2026-11-22 07:27:58.718');
INSERT INTO public."LiteLLM_SpendLogs" VALUES ('78ca3208-f38d-4415-8301-3fd84555e094', '', '', 0, 0, 0, 0, '2026-11-22 07:28:20.64', '2026-11-22 07:28:20.64', '2026-11-22 07:28:20.639', '', '', '', '', '', '', '{}', 'False', 'Cache OFF', '[]', '', '', '127.0.0.1', '{}', '{}', '{}', '363ce6fe-75f0-4e92-b6bf-3da35fc71a7c', 'failure', NULL, '', NULL, 0, '2026-11-22 07:28:21.153', '2026-11-22 07:28:21.153');
INSERT INTO public."LiteLLM_SpendLogs" VALUES ('89ea666a-a9f4-4242-971f-1fc129e30c1e', '', '1a00a2f8f8e73c2ec96644b102e8d26ebecbcda60bd76613d3134b176d546b8e', 0, 0, 0, 0, '2026-11-22 07:28:20.692', '2026-11-22 07:28:20.692', '2026-11-22 07:28:20.692', '', '', '', '', '', '', '{}', 'False', 'Cache OFF', '[]', '', '', '127.0.0.1', '{}', '{}', '{}', '0a4c39b2-608f-49eb-95ee-5699b14977e4', 'failure', NULL, '', NULL, 0, '2026-11-22 07:28:21.153', '2026-11-22 07:28:21.153');
INSERT INTO public."LiteLLM_SpendLogs" VALUES ('x;
\.
', 'c', 'k', 0, 0, 0, 0, '2026-11-24 21:52:28.082', '2026-11-24 21:52:28.082', NULL, 'it''s;', '', '', '', '', '', '{}', '', '', '[]', NULL, NULL, NULL, '{}', '{}', '{}', NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-24 21:52:28.082', '2026-11-24 21:52:28.082');


--
-- Data for Name: LiteLLM_TagTable; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public."LiteLLM_TagTable" VALUES ('prod', 'production traffic', '{db-gpt-4.1-cred}', '{"db-gpt-4.1-cred": "db-gpt-4.1"}', 0, NULL, '2026-11-22 07:27:47.532', 'default_user_id', '2026-11-22 07:27:47.532');


--
-- Data for Name: LiteLLM_TeamMembership; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public."LiteLLM_TeamMembership" VALUES ('u-admin', 'team-platform', 0, '54e68bc8-382d-4ca9-880b-d6609c43958a', 0);
INSERT INTO public."LiteLLM_TeamMembership" VALUES ('u-dev', 'team-platform', 0, '0b2a7117-4c73-4534-baaf-63ead557000b', 0);
INSERT INTO public."LiteLLM_TeamMembership" VALUES ('default_user_id', 'team-platform', 0, '34fb6f02-1cb5-47e9-8c19-9ad9e4605382', 0);
INSERT INTO public."LiteLLM_TeamMembership" VALUES ('u-dev', 'team-ds', 0.000225, '8d4a686a-8d21-4475-a377-d4e5ce984a05', 0.000225);


--
-- Data for Name: LiteLLM_VerificationToken; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public."LiteLLM_VerificationToken" VALUES ('c373b914c851a690259a9d354bab49d9817d52e5eb36e946754746289cc2a09f', 'sk-...0005', 'old-and-blocked', false, 0, '2026-11-22 08:27:47.276', '{gpt-4o}', '{}', '{}', NULL, NULL, '{}', NULL, '{}', true, NULL, NULL, NULL, NULL, NULL, '{}', '{}', '{}', NULL, NULL, '2026-11-22 07:27:47.283', 'default_user_id', '2026-11-22 07:27:47.283', 'default_user_id', '{}', NULL, false, NULL, NULL, 0, NULL, NULL, '{}', '{}', '{}', NULL, NULL, NULL, '{}', 'default', NULL);
INSERT INTO public."LiteLLM_VerificationToken" VALUES ('d77328f1cc5b8cfdfbcfeec977b7f7251e1586ad5b3241cbea76b538c844bb47', 'sk-...GDpQ', 'auto-value', false, 0, NULL, '{beta-models,openai/*}', '{}', '{}', NULL, NULL, '{}', NULL, '{"note": "value chosen by the proxy", "model_rpm_limit": {"gpt-4o": 5}, "model_tpm_limit": {"gpt-4o": 500}}', NULL, NULL, NULL, NULL, NULL, NULL, '{}', '{}', '{}', 'free-tier', NULL, '2026-11-22 07:27:47.331', 'default_user_id', '2026-11-22 07:27:47.331', 'default_user_id', '{}', NULL, false, NULL, NULL, 0, NULL, NULL, '{}', '{}', '{}', NULL, NULL, NULL, '{}', 'default', NULL);
INSERT INTO public."LiteLLM_VerificationToken" VALUES ('225157db6dca3f641136d034bd65d8e062113317025d99301d56d80869601ada', 'sk-...0007', 'ci-service', false, 0, NULL, '{}', '{}', '{}', NULL, 'team-platform', '{}', NULL, '{"service_account_id": "ci"}', NULL, NULL, NULL, NULL, NULL, NULL, '{}', '{}', '{}', NULL, '341c4f2b-4ca5-4be5-9096-286020af474d', '2026-11-22 07:27:47.4', 'default_user_id', '2026-11-22 07:27:47.4', 'default_user_id', '{}', NULL, false, NULL, NULL, 0, NULL, NULL, '{}', '{}', '{}', NULL, NULL, NULL, '{}', 'default', NULL);
INSERT INTO public."LiteLLM_VerificationToken" VALUES ('7dcb0ba03462ced96a323d169f874cf116588e7ac73e207610dadedd040ff04a', 'sk-...0001', 'platform-prod', false, 0, NULL, '{gpt-4o,gpt-4o-mini}', '{}', '{}', NULL, 'team-platform', '{}', NULL, '{"env": "prod"}', NULL, 20000, 100, 50, '30d', '2026-12-01 00:00:00', '{}', '{}', '{}', NULL, '341c4f2b-4ca5-4be5-9096-286020af474d', '2026-11-22 07:27:47.045', 'default_user_id', '2026-11-22 07:27:58.56', 'default_user_id', '{}', NULL, false, NULL, NULL, 0, NULL, NULL, '{}', '{}', '{}', '2026-11-22 07:27:58.564', NULL, NULL, '{}', 'default', NULL);
INSERT INTO public."LiteLLM_VerificationToken" VALUES ('a256c7fe504ba063f1f30b9fd4ca1a3e0844b65a727658717224037cc78ca86d', 'sk-...0002', 'dan-laptop', false, 0, '2027-02-20 07:27:47.101', '{}', '{"mini": "gpt-4o-mini"}', '{}', 'u-dev', NULL, '{}', 3, '{}', NULL, NULL, NULL, 5, NULL, NULL, '{}', '{}', '{}', NULL, NULL, '2026-11-22 07:27:47.11', 'default_user_id', '2026-11-22 07:28:08.562', 'default_user_id', '{}', NULL, false, NULL, NULL, 0, NULL, NULL, '{}', '{}', '{}', '2026-11-22 07:28:08.564', NULL, NULL, '{}', 'default', NULL);
INSERT INTO public."LiteLLM_VerificationToken" VALUES ('b7c57b2b15592ae649cdde51c1120a391c61c530bdeef32658a90454e5cce520', 'sk-...0004', 'robot', false, 0.00014, NULL, '{all-team-models}', '{}', '{}', 'u-noemail', '5c29fefa-7d2d-4a75-95e1-e2740ce08f92', '{"allow_pii_controls": true}', NULL, '{"guardrails": []}', NULL, NULL, NULL, NULL, NULL, NULL, '{}', '{}', '{}', NULL, NULL, '2026-11-22 07:27:47.235', 'default_user_id', '2026-11-22 07:28:08.562', 'default_user_id', '{llm_api_routes}', NULL, false, NULL, NULL, 0, NULL, NULL, '{}', '{}', '{}', '2026-11-22 07:28:08.565', NULL, NULL, '{}', 'default', NULL);
INSERT INTO public."LiteLLM_VerificationToken" VALUES ('f0f1e7f22e06d91c741678645486ab252cae2db6fea5f66cd49facaf3a7fa8e1', 'sk-...0003', 'ds-notebook', false, 0.000225, NULL, '{azure-gpt-4o}', '{}', '{}', 'u-dev', 'team-ds', '{}', NULL, '{}', NULL, NULL, NULL, 4, '1d', '2026-11-23 00:00:00', '{}', '{}', '{}', '4a5a8449-d8b9-4876-80e6-2a631be04a01', '03edc45f-e2fb-4692-a52d-e0fcee8a53f1', '2026-11-22 07:27:47.181', 'default_user_id', '2026-11-22 07:28:08.562', 'default_user_id', '{}', NULL, false, NULL, NULL, 0, NULL, NULL, '{}', '{}', '{}', '2026-11-22 07:28:08.565', NULL, NULL, '{}', 'default', NULL);


--
-- Name: LiteLLM_ModelTable_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public."LiteLLM_ModelTable_id_seq"', 1, true);


--
-- PostgreSQL database dump complete
--


