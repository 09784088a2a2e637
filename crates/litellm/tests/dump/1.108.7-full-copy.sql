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

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: LiteLLM_SpendLogs; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public."LiteLLM_SpendLogs" (
    request_id text NOT NULL,
    call_type text NOT NULL,
    api_key text DEFAULT ''::text NOT NULL,
    spend double precision DEFAULT 0.0 NOT NULL,
    total_tokens integer DEFAULT 0 NOT NULL,
    prompt_tokens integer DEFAULT 0 NOT NULL,
    completion_tokens integer DEFAULT 0 NOT NULL,
    "startTime" timestamp(3) without time zone NOT NULL,
    "endTime" timestamp(3) without time zone NOT NULL,
    "completionStartTime" timestamp(3) without time zone,
    model text DEFAULT ''::text NOT NULL,
    model_id text DEFAULT ''::text,
    model_group text DEFAULT ''::text,
    custom_llm_provider text DEFAULT ''::text,
    api_base text DEFAULT ''::text,
    "user" text DEFAULT ''::text,
    metadata jsonb DEFAULT '{}'::jsonb,
    cache_hit text DEFAULT ''::text,
    cache_key text DEFAULT ''::text,
    request_tags jsonb DEFAULT '[]'::jsonb,
    team_id text,
    end_user text,
    requester_ip_address text,
    messages jsonb DEFAULT '{}'::jsonb,
    response jsonb DEFAULT '{}'::jsonb,
    proxy_server_request jsonb DEFAULT '{}'::jsonb,
    session_id text,
    status text,
    mcp_namespaced_tool_name text,
    organization_id text,
    agent_id text,
    request_duration_ms integer,
    created_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    litellm_call_id text,
    billing_agent_id text
);


--
-- Name: LiteLLM_VerificationToken; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public."LiteLLM_VerificationToken" (
    token text NOT NULL,
    key_name text,
    key_alias text,
    soft_budget_cooldown boolean DEFAULT false NOT NULL,
    spend double precision DEFAULT 0.0 NOT NULL,
    expires timestamp(3) without time zone,
    models text[],
    aliases jsonb DEFAULT '{}'::jsonb NOT NULL,
    config jsonb DEFAULT '{}'::jsonb NOT NULL,
    user_id text,
    team_id text,
    permissions jsonb DEFAULT '{}'::jsonb NOT NULL,
    max_parallel_requests integer,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    blocked boolean,
    tpm_limit bigint,
    rpm_limit bigint,
    max_budget double precision,
    budget_duration text,
    budget_reset_at timestamp(3) without time zone,
    allowed_cache_controls text[] DEFAULT ARRAY[]::text[],
    model_spend jsonb DEFAULT '{}'::jsonb NOT NULL,
    model_max_budget jsonb DEFAULT '{}'::jsonb NOT NULL,
    budget_id text,
    organization_id text,
    created_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP,
    created_by text,
    updated_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP,
    updated_by text,
    allowed_routes text[] DEFAULT ARRAY[]::text[],
    object_permission_id text,
    auto_rotate boolean DEFAULT false,
    key_rotation_at timestamp(3) without time zone,
    last_rotation_at timestamp(3) without time zone,
    rotation_count integer DEFAULT 0,
    rotation_interval text,
    project_id text,
    router_settings jsonb DEFAULT '{}'::jsonb,
    policies text[] DEFAULT ARRAY[]::text[],
    access_group_ids text[] DEFAULT ARRAY[]::text[],
    last_active timestamp(3) without time zone,
    agent_id text,
    budget_limits jsonb,
    budget_fallbacks jsonb DEFAULT '{}'::jsonb NOT NULL,
    key_type text,
    settings_updated_at timestamp(3) without time zone,
    tpd_limit bigint,
    total_spend double precision DEFAULT 0.0 NOT NULL
);


--
-- Name: LiteLLM_AccessGroupTable; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public."LiteLLM_AccessGroupTable" (
    access_group_id text NOT NULL,
    access_group_name text NOT NULL,
    description text,
    access_mcp_server_ids text[] DEFAULT ARRAY[]::text[],
    access_agent_ids text[] DEFAULT ARRAY[]::text[],
    assigned_team_ids text[] DEFAULT ARRAY[]::text[],
    assigned_key_ids text[] DEFAULT ARRAY[]::text[],
    created_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    created_by text,
    updated_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_by text,
    access_model_names text[] DEFAULT ARRAY[]::text[],
    mcp_tool_permissions jsonb,
    access_skill_names text[] DEFAULT ARRAY[]::text[]
);


--
-- Name: LiteLLM_AgentsTable; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public."LiteLLM_AgentsTable" (
    agent_id text NOT NULL,
    agent_name text NOT NULL,
    litellm_params jsonb,
    agent_card_params jsonb NOT NULL,
    created_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    created_by text NOT NULL,
    updated_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_by text NOT NULL,
    agent_access_groups text[] DEFAULT ARRAY[]::text[],
    object_permission_id text,
    spend double precision DEFAULT 0.0 NOT NULL,
    static_headers jsonb DEFAULT '{}'::jsonb,
    extra_headers text[] DEFAULT ARRAY[]::text[],
    tpm_limit integer,
    rpm_limit integer,
    session_tpm_limit integer,
    session_rpm_limit integer,
    access_group_ids text[] DEFAULT ARRAY[]::text[],
    enabled boolean DEFAULT true NOT NULL,
    execution_mode text DEFAULT 'autonomous'::text NOT NULL,
    identity_managed boolean DEFAULT false NOT NULL,
    kill_switch jsonb
);


--
-- Name: LiteLLM_BudgetTable; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public."LiteLLM_BudgetTable" (
    budget_id text NOT NULL,
    max_budget double precision,
    soft_budget double precision,
    max_parallel_requests integer,
    tpm_limit bigint,
    rpm_limit bigint,
    model_max_budget jsonb,
    budget_duration text,
    budget_reset_at timestamp(3) without time zone,
    created_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    created_by text NOT NULL,
    updated_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_by text NOT NULL,
    allowed_models text[] DEFAULT ARRAY[]::text[],
    tpd_limit bigint,
    temp_budget_increase double precision,
    temp_budget_expiry timestamp(3) without time zone
);


--
-- Name: LiteLLM_Config; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public."LiteLLM_Config" (
    param_name text NOT NULL,
    param_value jsonb,
    last_run_at timestamp(3) without time zone,
    reload_revision bigint DEFAULT 0 NOT NULL
);


--
-- Name: LiteLLM_CredentialsTable; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public."LiteLLM_CredentialsTable" (
    credential_id text NOT NULL,
    credential_name text NOT NULL,
    credential_values jsonb NOT NULL,
    credential_info jsonb,
    created_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    created_by text NOT NULL,
    updated_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_by text NOT NULL,
    display_name text
);


--
-- Name: LiteLLM_DeprecatedVerificationToken; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public."LiteLLM_DeprecatedVerificationToken" (
    id text NOT NULL,
    token text NOT NULL,
    active_token_id text NOT NULL,
    revoke_at timestamp(3) without time zone NOT NULL,
    created_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL
);


--
-- Name: LiteLLM_EndUserTable; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public."LiteLLM_EndUserTable" (
    user_id text NOT NULL,
    alias text,
    spend double precision DEFAULT 0.0 NOT NULL,
    allowed_model_region text,
    default_model text,
    budget_id text,
    blocked boolean DEFAULT false NOT NULL,
    object_permission_id text,
    models text[] DEFAULT ARRAY[]::text[]
);


--
-- Name: LiteLLM_GuardrailsTable; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public."LiteLLM_GuardrailsTable" (
    guardrail_id text NOT NULL,
    guardrail_name text NOT NULL,
    litellm_params jsonb NOT NULL,
    guardrail_info jsonb,
    created_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at timestamp(3) without time zone NOT NULL,
    team_id text,
    reviewed_at timestamp(3) without time zone,
    status text DEFAULT 'active'::text NOT NULL,
    submitted_at timestamp(3) without time zone
);


--
-- Name: LiteLLM_MCPServerTable; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public."LiteLLM_MCPServerTable" (
    server_id text NOT NULL,
    server_name text,
    description text,
    url text,
    transport text DEFAULT 'sse'::text NOT NULL,
    auth_type text,
    created_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP,
    created_by text,
    updated_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP,
    updated_by text,
    status text DEFAULT 'unknown'::text,
    last_health_check timestamp(3) without time zone,
    health_check_error text,
    mcp_info jsonb DEFAULT '{}'::jsonb,
    args text[] DEFAULT ARRAY[]::text[],
    command text,
    env jsonb DEFAULT '{}'::jsonb,
    mcp_access_groups text[],
    alias text,
    allowed_tools text[] DEFAULT ARRAY[]::text[],
    extra_headers text[] DEFAULT ARRAY[]::text[],
    static_headers jsonb DEFAULT '{}'::jsonb,
    credentials jsonb DEFAULT '{}'::jsonb,
    authorization_url text,
    registration_url text,
    token_url text,
    allow_all_keys boolean DEFAULT false NOT NULL,
    available_on_public_internet boolean DEFAULT true NOT NULL,
    spec_path text,
    byok_api_key_help_url text,
    byok_description text[] DEFAULT ARRAY[]::text[],
    is_byok boolean DEFAULT false NOT NULL,
    tool_name_to_description jsonb DEFAULT '{}'::jsonb,
    tool_name_to_display_name jsonb DEFAULT '{}'::jsonb,
    approval_status text DEFAULT 'active'::text,
    submitted_by text,
    submitted_at timestamp(3) without time zone,
    reviewed_at timestamp(3) without time zone,
    review_notes text,
    source_url text,
    instructions text,
    delegate_auth_to_upstream boolean DEFAULT false NOT NULL,
    env_vars jsonb DEFAULT '[]'::jsonb,
    oauth_passthrough boolean DEFAULT false NOT NULL,
    oauth2_flow text,
    timeout double precision,
    max_concurrent_requests integer,
    token_exchange_endpoint text,
    audience text,
    subject_token_type text,
    token_exchange_profile text,
    dcr_bridge boolean,
    issuer text,
    per_server_oauth_discovery boolean DEFAULT false NOT NULL,
    pinned_tools jsonb DEFAULT '{}'::jsonb,
    rpm integer
);


--
-- Name: LiteLLM_ManagedVectorStoresTable; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public."LiteLLM_ManagedVectorStoresTable" (
    vector_store_id text NOT NULL,
    custom_llm_provider text NOT NULL,
    vector_store_name text,
    vector_store_description text,
    vector_store_metadata jsonb,
    created_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at timestamp(3) without time zone NOT NULL,
    litellm_credential_name text,
    litellm_params jsonb,
    team_id text,
    user_id text
);


--
-- Name: LiteLLM_ModelTable; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public."LiteLLM_ModelTable" (
    id integer NOT NULL,
    aliases jsonb,
    created_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    created_by text NOT NULL,
    updated_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_by text NOT NULL
);


--
-- Name: LiteLLM_ModelTable_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public."LiteLLM_ModelTable_id_seq"
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: LiteLLM_ModelTable_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public."LiteLLM_ModelTable_id_seq" OWNED BY public."LiteLLM_ModelTable".id;


--
-- Name: LiteLLM_ObjectPermissionTable; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public."LiteLLM_ObjectPermissionTable" (
    object_permission_id text NOT NULL,
    mcp_servers text[] DEFAULT ARRAY[]::text[],
    vector_stores text[] DEFAULT ARRAY[]::text[],
    mcp_access_groups text[] DEFAULT ARRAY[]::text[],
    mcp_tool_permissions jsonb,
    agents text[] DEFAULT ARRAY[]::text[],
    agent_access_groups text[] DEFAULT ARRAY[]::text[],
    blocked_tools text[] DEFAULT ARRAY[]::text[],
    models text[] DEFAULT ARRAY[]::text[],
    mcp_toolsets text[] DEFAULT ARRAY[]::text[],
    search_tools text[] DEFAULT ARRAY[]::text[],
    mcp_tool_search_enabled boolean,
    skills text[] DEFAULT ARRAY[]::text[]
);


--
-- Name: LiteLLM_OrganizationMembership; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public."LiteLLM_OrganizationMembership" (
    user_id text NOT NULL,
    organization_id text NOT NULL,
    user_role text,
    spend double precision DEFAULT 0.0,
    budget_id text,
    created_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP
);


--
-- Name: LiteLLM_OrganizationTable; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public."LiteLLM_OrganizationTable" (
    organization_id text NOT NULL,
    organization_alias text NOT NULL,
    budget_id text NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    models text[],
    spend double precision DEFAULT 0.0 NOT NULL,
    model_spend jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    created_by text NOT NULL,
    updated_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_by text NOT NULL,
    object_permission_id text
);


--
-- Name: LiteLLM_PolicyAttachmentTable; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public."LiteLLM_PolicyAttachmentTable" (
    attachment_id text NOT NULL,
    policy_name text NOT NULL,
    scope text,
    teams text[] DEFAULT ARRAY[]::text[],
    keys text[] DEFAULT ARRAY[]::text[],
    models text[] DEFAULT ARRAY[]::text[],
    created_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    created_by text,
    updated_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_by text,
    tags text[] DEFAULT ARRAY[]::text[],
    priority integer,
    is_default boolean DEFAULT false NOT NULL
);


--
-- Name: LiteLLM_PolicyTable; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public."LiteLLM_PolicyTable" (
    policy_id text NOT NULL,
    policy_name text NOT NULL,
    inherit text,
    description text,
    guardrails_add text[] DEFAULT ARRAY[]::text[],
    guardrails_remove text[] DEFAULT ARRAY[]::text[],
    condition jsonb DEFAULT '{}'::jsonb,
    created_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    created_by text,
    updated_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_by text,
    pipeline jsonb,
    is_latest boolean DEFAULT true NOT NULL,
    parent_version_id text,
    production_at timestamp(3) without time zone,
    published_at timestamp(3) without time zone,
    version_number integer DEFAULT 1 NOT NULL,
    version_status text DEFAULT 'production'::text NOT NULL
);


--
-- Name: LiteLLM_ProjectTable; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public."LiteLLM_ProjectTable" (
    project_id text NOT NULL,
    project_alias text,
    team_id text,
    budget_id text,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    models text[],
    spend double precision DEFAULT 0.0 NOT NULL,
    model_spend jsonb DEFAULT '{}'::jsonb NOT NULL,
    blocked boolean DEFAULT false NOT NULL,
    object_permission_id text,
    created_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    created_by text NOT NULL,
    updated_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_by text NOT NULL,
    description text,
    model_rpm_limit jsonb DEFAULT '{}'::jsonb NOT NULL,
    model_tpm_limit jsonb DEFAULT '{}'::jsonb NOT NULL
);


--
-- Name: LiteLLM_PromptTable; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public."LiteLLM_PromptTable" (
    id text NOT NULL,
    prompt_id text NOT NULL,
    litellm_params jsonb NOT NULL,
    prompt_info jsonb,
    created_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at timestamp(3) without time zone NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    environment text DEFAULT 'development'::text NOT NULL,
    created_by text
);


--
-- Name: LiteLLM_ProxyModelTable; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public."LiteLLM_ProxyModelTable" (
    model_id text NOT NULL,
    model_name text NOT NULL,
    litellm_params jsonb NOT NULL,
    model_info jsonb,
    created_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    created_by text NOT NULL,
    updated_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_by text NOT NULL,
    blocked boolean DEFAULT false NOT NULL
);


--
-- Name: LiteLLM_SearchToolsTable; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public."LiteLLM_SearchToolsTable" (
    search_tool_id text NOT NULL,
    search_tool_name text NOT NULL,
    litellm_params jsonb NOT NULL,
    search_tool_info jsonb,
    created_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at timestamp(3) without time zone NOT NULL
);


--
-- Name: LiteLLM_TagTable; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public."LiteLLM_TagTable" (
    tag_name text NOT NULL,
    description text,
    models text[],
    model_info jsonb,
    spend double precision DEFAULT 0.0 NOT NULL,
    budget_id text,
    created_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    created_by text,
    updated_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL
);


--
-- Name: LiteLLM_TeamMembership; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public."LiteLLM_TeamMembership" (
    user_id text NOT NULL,
    team_id text NOT NULL,
    spend double precision DEFAULT 0.0 NOT NULL,
    budget_id text,
    total_spend double precision DEFAULT 0.0 NOT NULL
);


--
-- Name: LiteLLM_TeamTable; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public."LiteLLM_TeamTable" (
    team_id text NOT NULL,
    team_alias text,
    organization_id text,
    admins text[],
    members text[],
    members_with_roles jsonb DEFAULT '{}'::jsonb NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    max_budget double precision,
    spend double precision DEFAULT 0.0 NOT NULL,
    models text[],
    max_parallel_requests integer,
    tpm_limit bigint,
    rpm_limit bigint,
    budget_duration text,
    budget_reset_at timestamp(3) without time zone,
    blocked boolean DEFAULT false NOT NULL,
    created_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    model_spend jsonb DEFAULT '{}'::jsonb NOT NULL,
    model_max_budget jsonb DEFAULT '{}'::jsonb NOT NULL,
    model_id integer,
    team_member_permissions text[] DEFAULT ARRAY[]::text[],
    object_permission_id text,
    router_settings jsonb DEFAULT '{}'::jsonb,
    policies text[] DEFAULT ARRAY[]::text[],
    allow_team_guardrail_config boolean DEFAULT false NOT NULL,
    soft_budget double precision,
    access_group_ids text[] DEFAULT ARRAY[]::text[],
    budget_limits jsonb,
    default_team_member_models text[] DEFAULT ARRAY[]::text[],
    tpd_limit bigint
);


--
-- Name: LiteLLM_UserTable; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public."LiteLLM_UserTable" (
    user_id text NOT NULL,
    user_alias text,
    team_id text,
    sso_user_id text,
    organization_id text,
    password text,
    teams text[] DEFAULT ARRAY[]::text[],
    user_role text,
    max_budget double precision,
    spend double precision DEFAULT 0.0 NOT NULL,
    user_email text,
    models text[],
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    max_parallel_requests integer,
    tpm_limit bigint,
    rpm_limit bigint,
    budget_duration text,
    budget_reset_at timestamp(3) without time zone,
    allowed_cache_controls text[] DEFAULT ARRAY[]::text[],
    model_spend jsonb DEFAULT '{}'::jsonb NOT NULL,
    model_max_budget jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP,
    object_permission_id text,
    policies text[] DEFAULT ARRAY[]::text[],
    password_reset_required boolean,
    last_breach_check_at timestamp(3) without time zone
);


--
-- Name: LiteLLM_ModelTable id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_ModelTable" ALTER COLUMN id SET DEFAULT nextval('public."LiteLLM_ModelTable_id_seq"'::regclass);


--
-- Data for Name: LiteLLM_AccessGroupTable; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public."LiteLLM_AccessGroupTable" (access_group_id, access_group_name, description, access_mcp_server_ids, access_agent_ids, assigned_team_ids, assigned_key_ids, created_at, created_by, updated_at, updated_by, access_model_names, mcp_tool_permissions, access_skill_names) FROM stdin;
540d93be-eed5-41d6-b854-8722e1bf781c	eu-only	Models and tools hosted in the EU	{}	{}	{}	{}	2026-11-22 07:41:24.887	default_user_id	2026-11-22 07:41:24.887	default_user_id	{azure-gpt-4o,bedrock-claude}	null	{}
\.


--
-- Data for Name: LiteLLM_AgentsTable; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public."LiteLLM_AgentsTable" (agent_id, agent_name, litellm_params, agent_card_params, created_at, created_by, updated_at, updated_by, agent_access_groups, object_permission_id, spend, static_headers, extra_headers, tpm_limit, rpm_limit, session_tpm_limit, session_rpm_limit, access_group_ids, enabled, execution_mode, identity_managed, kill_switch) FROM stdin;
\.


--
-- Data for Name: LiteLLM_BudgetTable; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public."LiteLLM_BudgetTable" (budget_id, max_budget, soft_budget, max_parallel_requests, tpm_limit, rpm_limit, model_max_budget, budget_duration, budget_reset_at, created_at, created_by, updated_at, updated_by, allowed_models, tpd_limit, temp_budget_increase, temp_budget_expiry) FROM stdin;
free-tier	1.5	\N	\N	1000	10	\N	1d	2026-11-23 00:00:00	2026-11-22 07:41:24.961	default_user_id	2026-11-22 07:41:24.961	default_user_id	{}	\N	\N	\N
team-member-default	20	15	\N	\N	\N	\N	30d	2026-12-01 00:00:00	2026-11-22 07:41:24.999	default_user_id	2026-11-22 07:41:24.999	default_user_id	{}	\N	\N	\N
team-platform-budget-10a9321bfac64780866aa82a1b17638c	10	\N	\N	\N	\N	\N	30d	2026-12-01 00:00:00	2026-11-22 07:41:25.386	default_user_id	2026-11-22 07:41:25.386	default_user_id	{}	\N	\N	\N
c5e92a41-e763-4b58-8fe0-8989f33f1d4f	5	\N	\N	\N	\N	\N	\N	\N	2026-11-22 07:41:26.019	default_user_id	2026-11-22 07:41:26.019	default_user_id	{}	\N	\N	\N
43d3cbb2-7e53-4e50-a08e-d95068d2d445	\N	3	\N	\N	\N	{}	\N	\N	2026-11-22 07:41:26.229	default_user_id	2026-11-22 07:41:26.229	default_user_id	{}	\N	\N	\N
42973ebf-2757-4fea-9ed3-d196b98b39bb	2	\N	\N	\N	\N	\N	1d	2026-11-23 07:41:26.546	2026-11-22 07:41:26.549	default_user_id	2026-11-22 07:41:26.549	default_user_id	{}	\N	\N	\N
\.


--
-- Data for Name: LiteLLM_Config; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public."LiteLLM_Config" (param_name, param_value, last_run_at, reload_revision) FROM stdin;
auto_router_tuning_baseline_v3	{}	\N	0
general_settings	{"alerting_threshold": 300, "pass_through_endpoints": [{"id": "675e7b91-c47d-41ea-9d8b-85941c4f1f47", "auth": true, "path": "/rerank-proxy", "target": "http://127.0.0.1:9011/rerank", "headers": {"Authorization": "bearer os.environ/RERANK_KEY"}, "methods": null, "timeout": null, "guardrails": null, "include_subpath": false, "cost_per_request": 0.01, "default_query_params": {}}]}	\N	0
environment_variables	{"LANGFUSE_HOST": "Eu_MRnWwQRvxiABgWQaaXlua-cTNyGsM3XCtC5CjVjjlQZJkcef84sqwWfeY__Ri25e7dcfJ9gcr3sRA4g==", "LANGFUSE_PUBLIC_KEY": "6i9EnqqW0x9IlmEUKXYy3JxazXUXi6up3PZCIrf4ryJeKfYreRf6F71c_yR--PI-pouriRuo1tA=", "LANGFUSE_SECRET_KEY": "lQoexP0dAed1xoTJyn6h1sYpBKkkidUr-s8cuca-aBX4Z3sO8XhkGj3jbbag4Yct6yJhh_wiEb4="}	\N	0
litellm_settings	{"success_callback": ["langfuse"]}	\N	0
router_settings	"num_retries: 3\\n"	\N	0
odd	"123"	\N	0
null	null	\N	0
mcp_catalog	\N	\N	2
\.


--
-- Data for Name: LiteLLM_CredentialsTable; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public."LiteLLM_CredentialsTable" (credential_id, credential_name, credential_values, credential_info, created_at, created_by, updated_at, updated_by, display_name) FROM stdin;
d51d9c49-c2e1-4032-bfc7-c10e3466d556	openai-prod	{"api_key": "PqU0deu9hDQmcRTgvc2qWht5JgCeg90eyMt_spLx-WtvbOSBlbOVdfqS1MI-dj6weLBanRUn7gq2HVtAsMa4xt8=", "api_base": "scUQfm6FO8bPfKbVzVktLEO31c8xMAolMO2LHDeC9fsXaxVWwRQnSwKwznf64hbWos9G2hRsTKwGA2N5d040amM="}	{"description": "Production OpenAI account", "custom_llm_provider": "openai"}	2026-11-22 07:41:22.243	default_user_id	2026-11-22 07:41:22.243	default_user_id	\N
e1e99599-151d-4761-b28a-61c2e67c9d78	azure-eu	{"api_key": "dSsAXPxlptButNd2Le1UD73-KMDvQ_WIVgOGKIai3oko8a_HQDEtmQ61-jHbYNvqaG1cCuMITmdt1R2new==", "api_base": "ecK0gzwaIMAeofrov_53rmj4XzV51m0drf4_JrkU9EinAzlqrDLjKErHuS_i5UTQiMjlrMFamkBMboIM0l6Um2X6mgD5jorq4g==", "api_version": "sRpkgJKae5m6yaTR6ddyiv4ltfAkDXN71lYAG4BOOYiRTSlfVtJICmDLmPtq5o0Mx-M="}	{"description": "Azure EU", "custom_llm_provider": "azure"}	2026-11-22 07:41:22.286	default_user_id	2026-11-22 07:41:22.286	default_user_id	\N
\.


--
-- Data for Name: LiteLLM_DeprecatedVerificationToken; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public."LiteLLM_DeprecatedVerificationToken" (id, token, active_token_id, revoke_at, created_at) FROM stdin;
\.


--
-- Data for Name: LiteLLM_EndUserTable; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public."LiteLLM_EndUserTable" (user_id, alias, spend, allowed_model_region, default_model, budget_id, blocked, object_permission_id, models) FROM stdin;
cust-42	Customer forty-two	0	eu	azure-gpt-4o	free-tier	f	\N	{}
cust-43	\N	0.0002225	\N	\N	42973ebf-2757-4fea-9ed3-d196b98b39bb	f	\N	{}
\.


--
-- Data for Name: LiteLLM_GuardrailsTable; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public."LiteLLM_GuardrailsTable" (guardrail_id, guardrail_name, litellm_params, guardrail_info, created_at, updated_at, team_id, reviewed_at, status, submitted_at) FROM stdin;
d52326ae-5131-466e-acd0-4adf4f4e94e6	no-secrets	{"mask": false, "mode": "pre_call", "model": null, "rules": null, "action": "block", "api_id": null, "checks": null, "config": null, "use_v2": false, "api_key": null, "payload": true, "timeout": null, "version": 2, "api_base": null, "asset_id": null, "base_url": null, "dev_info": true, "location": null, "metadata": null, "patterns": null, "breakdown": true, "client_id": null, "detectors": null, "guardrail": "hide-secrets", "pii_check": null, "policy_id": null, "tenant_id": null, "assertions": null, "async_mode": null, "auth_token": null, "categories": null, "default_on": false, "guard_name": null, "on_flagged": "block", "project_id": null, "verify_ssl": true, "api_version": null, "application": null, "credentials": null, "custom_code": null, "detector_id": null, "policy_name": null, "template_id": null, "akto_api_key": null, "api_endpoint": null, "gateway_name": null, "monitor_mode": null, "on_violation": null, "policy_names": null, "stream_scope": null, "akto_base_url": null, "akto_metadata": null, "akto_vxlan_id": null, "aws_role_name": null, "blocked_words": null, "ccr_retrieval": true, "client_secret": null, "evaluation_id": null, "extra_headers": null, "fail_on_error": true, "lasso_user_id": null, "application_id": null, "block_failures": null, "block_on_error": null, "context_source": null, "decision_model": null, "default_action": "deny", "xecguard_model": null, "akto_account_id": null, "anonymize_input": null, "aws_external_id": null, "aws_region_name": null, "deployment_name": null, "grounding_check": null, "max_input_chars": null, "optional_params": null, "persist_session": null, "presidio_run_on": null, "run_in_parallel": null, "singulr_api_key": null, "tracker_api_key": null, "wingback_app_id": null, "aws_profile_name": null, "aws_session_name": null, "aws_sts_endpoint": null, "guardrailVersion": null, "include_evidence": true, "include_scanners": true, "output_parse_pii": null, "scan_raw_request": null, "singulr_api_base": null, "tracker_api_base": null, "aws_access_key_id": null, "aws_session_token": null, "blocked_languages": null, "guardrail_timeout": null, "on_flagged_action": "monitor", "on_sensitive_data": null, "pre_checkpoint_id": null, "presidio_language": "en", "prompt_injections": null, "block_on_violation": true, "blocked_words_file": null, "chunk_budget_chars": 25000, "inspect_embeddings": null, "is_detector_server": true, "logging_only_scope": null, "mock_redacted_text": null, "post_checkpoint_id": null, "severity_threshold": null, "category_thresholds": null, "guardrailIdentifier": null, "pangea_input_recipe": null, "pii_entities_config": null, "confidence_threshold": 0.5, "deepkeep_firewall_id": null, "grounding_strictness": null, "hallucinations_check": null, "mask_request_content": null, "on_disallowed_action": "block", "pangea_output_recipe": null, "singulr_guardrail_id": null, "unreachable_fallback": "fail_closed", "aws_secret_access_key": null, "detect_secrets_config": null, "keyword_redaction_tag": null, "lasso_conversation_id": null, "mask_response_content": null, "presidio_filter_scope": null, "sanitize_error_detail": true, "aws_web_identity_token": null, "file_guardrail_timeout": null, "only_scan_new_messages": false, "scan_only_tool_results": null, "singulr_application_id": null, "sticky_session_routing": true, "advisory_system_message": null, "detect_execution_intent": true, "prompt_attack_threshold": 0.5, "send_user_api_key_alias": false, "content_filter_threshold": 0.5, "content_moderation_check": null, "pattern_redaction_format": null, "pii_confidence_threshold": 0.5, "end_session_after_n_fails": null, "presidio_score_thresholds": null, "send_user_api_key_team_id": false, "send_user_api_key_user_id": false, "disable_exception_on_block": false, "presidio_analyzer_api_base": null, "realtime_violation_message": null, "violation_message_template": null, "presidio_ad_hoc_recognizers": null, "presidio_entities_deny_list": null, "aws_bedrock_runtime_endpoint": null, "presidio_anonymizer_api_base": null, "skip_unscannable_attachments": false, "tool_selection_quality_check": null, "max_concurrent_decision_calls": null, "sensitive_data_route_to_model": null, "skip_tool_message_in_guardrail": null, "skip_system_message_in_guardrail": null, "presidio_analyze_chunk_size_bytes": null, "contextual_grounding_from_messages": false, "additional_provider_specific_params": null, "logging_only_continue_on_input_failure": null, "experimental_use_latest_role_message_only": false}	{"description": "masks secrets"}	2026-11-22 07:41:27.106	2026-11-22 07:41:27.106	\N	\N	active	\N
\.


--
-- Data for Name: LiteLLM_MCPServerTable; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public."LiteLLM_MCPServerTable" (server_id, server_name, description, url, transport, auth_type, created_at, created_by, updated_at, updated_by, status, last_health_check, health_check_error, mcp_info, args, command, env, mcp_access_groups, alias, allowed_tools, extra_headers, static_headers, credentials, authorization_url, registration_url, token_url, allow_all_keys, available_on_public_internet, spec_path, byok_api_key_help_url, byok_description, is_byok, tool_name_to_description, tool_name_to_display_name, approval_status, submitted_by, submitted_at, reviewed_at, review_notes, source_url, instructions, delegate_auth_to_upstream, env_vars, oauth_passthrough, oauth2_flow, timeout, max_concurrent_requests, token_exchange_endpoint, audience, subject_token_type, token_exchange_profile, dcr_bridge, issuer, per_server_oauth_discovery, pinned_tools, rpm) FROM stdin;
0a812412-ded6-4be1-8c59-21736c2b315e	docs_search	Internal documentation search	http://127.0.0.1:9010/mcp	http	bearer_token	2026-11-22 07:41:26.797	default_user_id	2026-11-22 07:41:26.797	default_user_id	unknown	\N	\N	{"description": "docs", "server_name": "docs_search"}	{}	\N	{}	{docs}	docs	{search}	{}	{}	{"auth_value": "pf8b2l10M-u366_JwUCA_pCeDXN0xSqXOpnUzQb55UduQVLFIxWoX4a4inig969o5Bq3AVjorz718X0D"}	\N	\N	\N	f	t	\N	\N	{}	f	{}	{}	active	\N	\N	\N	\N	\N	\N	f	[]	f	\N	\N	\N	\N	\N	\N	\N	\N	\N	f	{}	\N
nasty	\N	\N	\N	sse	\N	2026-11-24 21:52:51.582	\N	2026-11-24 21:52:51.582	\N	unknown	\N	\N	{}	{-c,"a \\"b\\""}	\N	{}	\N	\N	{}	{}	"3onkJdtC-Brb6xlw_HPpzepZhl_K8Y6GC8z_yDO1TasMikgBCddI0CDtNxRxyycRVEnlxZBhSI0BkHO_fX9Q_XRSKVvFkoDTVp4GbdNBCKpOyg=="	{}	\N	\N	\N	t	t	\N	\N	{}	f	{}	{}	active	\N	\N	\N	\N	\N	\N	f	[]	f	\N	0.1	\N	\N	\N	\N	\N	\N	\N	f	{}	\N
\.


--
-- Data for Name: LiteLLM_ManagedVectorStoresTable; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public."LiteLLM_ManagedVectorStoresTable" (vector_store_id, custom_llm_provider, vector_store_name, vector_store_description, vector_store_metadata, created_at, updated_at, litellm_credential_name, litellm_params, team_id, user_id) FROM stdin;
\.


--
-- Data for Name: LiteLLM_ModelTable; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public."LiteLLM_ModelTable" (id, aliases, created_at, created_by, updated_at, updated_by) FROM stdin;
1	{"fast": "gpt-4o-mini"}	2026-11-22 07:41:25.378	default_user_id	2026-11-22 07:41:25.378	default_user_id
\.


--
-- Data for Name: LiteLLM_ObjectPermissionTable; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public."LiteLLM_ObjectPermissionTable" (object_permission_id, mcp_servers, vector_stores, mcp_access_groups, mcp_tool_permissions, agents, agent_access_groups, blocked_tools, models, mcp_toolsets, search_tools, mcp_tool_search_enabled, skills) FROM stdin;
\.


--
-- Data for Name: LiteLLM_OrganizationMembership; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public."LiteLLM_OrganizationMembership" (user_id, organization_id, user_role, spend, budget_id, created_at, updated_at) FROM stdin;
\.


--
-- Data for Name: LiteLLM_OrganizationTable; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public."LiteLLM_OrganizationTable" (organization_id, organization_alias, budget_id, metadata, models, spend, model_spend, created_at, created_by, updated_at, updated_by, object_permission_id) FROM stdin;
\.


--
-- Data for Name: LiteLLM_PolicyAttachmentTable; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public."LiteLLM_PolicyAttachmentTable" (attachment_id, policy_name, scope, teams, keys, models, created_at, created_by, updated_at, updated_by, tags, priority, is_default) FROM stdin;
\.


--
-- Data for Name: LiteLLM_PolicyTable; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public."LiteLLM_PolicyTable" (policy_id, policy_name, inherit, description, guardrails_add, guardrails_remove, condition, created_at, created_by, updated_at, updated_by, pipeline, is_latest, parent_version_id, production_at, published_at, version_number, version_status) FROM stdin;
\.


--
-- Data for Name: LiteLLM_ProjectTable; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public."LiteLLM_ProjectTable" (project_id, project_alias, team_id, budget_id, metadata, models, spend, model_spend, blocked, object_permission_id, created_at, created_by, updated_at, updated_by, description, model_rpm_limit, model_tpm_limit) FROM stdin;
\.


--
-- Data for Name: LiteLLM_PromptTable; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public."LiteLLM_PromptTable" (id, prompt_id, litellm_params, prompt_info, created_at, updated_at, version, environment, created_by) FROM stdin;
\.


--
-- Data for Name: LiteLLM_ProxyModelTable; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public."LiteLLM_ProxyModelTable" (model_id, model_name, litellm_params, model_info, created_at, created_by, updated_at, updated_by, blocked) FROM stdin;
db-azure-gpt-4o-1	db-azure-gpt-4o	{"tags": ["eu"], "model": "BH5ZLwxYMKdmLnUt-KKwT6oMImgYklAbI0VwwiIs7lcPiEY0aMZp3Awzt4mGYTdrts9dDd61lA==", "api_key": "U5U59h7dZwHRT84Mhwa0umW_VQDVoKtQiF69E5FSP9LjDFVwkptXBbjb8Zb97WX9HvYQTqW39Pc=", "api_base": "3OasaQcfU71WbckDjqycjsDy7G278UkhAuBkAEdqJCen0oJpDeKHYBFGnef5bS3_0cmxhAw07Xwh0wtmuzSUtA4i_412GsXIthY=", "api_version": "Ni5vDLHkIC_QJ75IkCIqhL4IHFFjnGqJcrRkKQEtaq_e6v-bUzX6cn8Ou3yanL_7vu4=", "mock_response": "g6TY7YEa-cML9JNxNdv-qbwxmkrYJqbZ2dwXzzsLOm-8_aHns7rLwmEDn51vWMruBZQb-rztflmMWzI=", "use_xai_oauth": false, "use_litellm_proxy": false, "use_in_pass_through": false, "allow_client_keepalive_override": false, "merge_reasoning_content_in_choices": false}	{"id": "db-azure-gpt-4o-1", "db_model": false, "base_model": "azure/gpt-4o", "member_auto_router": false}	2026-11-22 07:41:23.879	default_user_id	2026-11-22 07:41:23.879	default_user_id	f
050df703-0beb-4d8c-bcf0-f242a452fa67	db-mistral-large	{"model": "hr1wxmF-ddvs2sVEXZOHgTotUqH-xiRHHEUpajNMircbpZv7QtJAJX6-Agmd_wYWwbnQlFTxsYBTzNzerB-3BnGdE00=", "api_key": "gwLDBIflCbemQpX1vohuYEBJXVs6ntTjMD9O6q6IOP-X6F_KJNW-EElKU-PwF1lPoOZBYtWTYGCI3Q==", "extra_headers": {"X-Team": "platform"}, "mock_response": "eEVs1-kkibdvnZQB4af8WRMiCvRfohiQtBhAKic4q2JY7dO8RhkHzS6bu_HvYEcGoBW8jER9NQglxTqaag==", "use_xai_oauth": false, "use_litellm_proxy": false, "use_in_pass_through": false, "input_cost_per_token": 0.000002, "output_cost_per_token": 0.000006, "allow_client_keepalive_override": false, "merge_reasoning_content_in_choices": false}	{"id": "050df703-0beb-4d8c-bcf0-f242a452fa67", "mode": "chat", "db_model": false, "base_model": "mistral/mistral-large-latest", "description": "Mistral Large, direct", "access_groups": ["production-models"], "member_auto_router": false}	2026-11-22 07:41:23.519	default_user_id	2026-11-22 07:41:24.279	default_user_id	f
db-gpt-4.1-cred	db-gpt-4.1	{"rpm": 100, "tpm": 100000, "tags": ["prod"], "model": "SMrSfMhUq3W4scQEl0tgNrnfqU_qvSDkcW7gl8xv4hTYivISd0QzI3f3aqUDk_1-3lGZ_5Ir", "mock_response": "CF-rp86CwrTMMkGiHyl4GG3hGcWKXWzVsNKEkn9PbrlXQLIyW7eltga8xMrlodCwDQUiRGdDX0UxU3lbQQ==", "use_xai_oauth": false, "use_litellm_proxy": false, "use_in_pass_through": false, "litellm_credential_name": "wvdyjfHE_9kGj1tJqECpsT4wE1GNYDOfOP8mcUZAvtJzJHCs5bOINHez2fNj1tUGXE5W", "allow_client_keepalive_override": false, "merge_reasoning_content_in_choices": false}	{"id": "db-gpt-4.1-cred", "mode": "chat", "db_model": false, "access_groups": ["beta-models", "production-models"], "member_auto_router": false}	2026-11-22 07:41:23.149	default_user_id	2026-11-22 07:41:26.606	default_user_id	f
twice	*	"{\\"model\\": \\"x\\", \\"n\\": 1}"	\N	2026-11-24 21:52:51.571	$tag$	2026-11-24 21:52:51.571	/* no comment */	f
\.


--
-- Data for Name: LiteLLM_SearchToolsTable; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public."LiteLLM_SearchToolsTable" (search_tool_id, search_tool_name, litellm_params, search_tool_info, created_at, updated_at) FROM stdin;
\.


--
-- Data for Name: LiteLLM_SpendLogs; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public."LiteLLM_SpendLogs" (request_id, call_type, api_key, spend, total_tokens, prompt_tokens, completion_tokens, "startTime", "endTime", "completionStartTime", model, model_id, model_group, custom_llm_provider, api_base, "user", metadata, cache_hit, cache_key, request_tags, team_id, end_user, requester_ip_address, messages, response, proxy_server_request, session_id, status, mcp_namespaced_tool_name, organization_id, agent_id, request_duration_ms, created_at, updated_at, litellm_call_id, billing_agent_id) FROM stdin;
chatcmpl-ab23e333-6a4c-489a-a077-faf375f30e2a	acompletion	7dcb0ba03462ced96a323d169f874cf116588e7ac73e207610dadedd040ff04a	0	29	9	20	2026-11-22 07:41:28.598	2026-11-22 07:41:28.635	2026-11-22 07:41:28.635	azure/my-gpt4o-deployment	f4dcbf17f6b1b99ce055a5897f1b6f0516094c01f017c023886abe255350d3c8	gpt-4o	azure			{}	None	Cache OFF	["User-Agent: Python-urllib", "User-Agent: Python-urllib/3.11"]	team-platform		127.0.0.1	{}	{}	{}	ea0d73de-6812-47a9-805b-b63326baa30e	success	\N		\N	37	2026-11-22 07:41:28.814	2026-11-22 07:41:28.814	8249068c-2a2d-4bde-abc2-bb79574b9ac8	\N
71c2481a-0cf1-44da-bd67-eebc685cea0b	acompletion	7dcb0ba03462ced96a323d169f874cf116588e7ac73e207610dadedd040ff04a	0	0	0	0	2026-11-22 07:41:28.725	2026-11-22 07:41:38.504	2026-11-22 07:41:38.504	gpt-4o-mini		gpt-4o-mini	openai			{}	False	Cache OFF	["User-Agent: Python-urllib", "User-Agent: Python-urllib/3.11"]	team-platform	cust-42	127.0.0.1	{}	{}	{}	ef3f1dd6-1450-451b-b4af-fc3feba33581	failure	\N		\N	9778	2026-11-22 07:41:39.085	2026-11-22 07:41:39.085	71c2481a-0cf1-44da-bd67-eebc685cea0b	\N
chatcmpl-828ab9b5-cf0c-4efd-9c2f-86cd7a05c112	acompletion	f0f1e7f22e06d91c741678645486ab252cae2db6fea5f66cd49facaf3a7fa8e1	0.0002225	29	9	20	2026-11-22 07:41:38.601	2026-11-22 07:41:38.605	2026-11-22 07:41:38.605	azure/my-gpt4o-deployment	70207448ed284be3390e88d642136fce2aef45b9e670e97d034e53a3c4e70af1	azure-gpt-4o	azure		u-dev	{}	None	Cache OFF	["User-Agent: Python-urllib", "User-Agent: Python-urllib/3.11"]	team-ds	cust-43	127.0.0.1	{}	{}	{}	7fe58e8d-0128-4012-ae88-8fca6d543c04	success	\N		\N	3	2026-11-22 07:41:39.085	2026-11-22 07:41:39.085	dabaf69d-235c-483b-afe0-20e477dbecd5	\N
chatcmpl-ee0ae195-1814-4f76-bba7-2c0e920ac7ec	acompletion	b7c57b2b15592ae649cdde51c1120a391c61c530bdeef32658a90454e5cce520	0.00014	30	10	20	2026-11-22 07:41:38.692	2026-11-22 07:41:38.705	2026-11-22 07:41:38.705	mistral/mistral-large-latest	050df703-0beb-4d8c-bcf0-f242a452fa67	db-mistral-large	mistral		u-noemail	{}	None	Cache OFF	["User-Agent: Python-urllib", "User-Agent: Python-urllib/3.11"]	8c4984e7-8aa8-4d19-904a-4b1579578028		127.0.0.1	{}	{}	{}	a2f92189-7494-4bbe-bae2-96060ceb4aa5	success	\N		\N	12	2026-11-22 07:41:39.085	2026-11-22 07:41:39.085	28ccb3e6-cdf8-4d56-bc5f-bdad52810f33	\N
chatcmpl-c0c236af-e412-4b28-b00d-170f24302091	acompletion	a256c7fe504ba063f1f30b9fd4ca1a3e0844b65a727658717224037cc78ca86d	0	29	9	20	2026-11-22 07:41:38.829	2026-11-22 07:41:38.834	2026-11-22 07:41:38.833	azure/my-gpt4o-deployment	f4dcbf17f6b1b99ce055a5897f1b6f0516094c01f017c023886abe255350d3c8	gpt-4o	azure		u-dev	{}	None	Cache OFF	["User-Agent: Python-urllib", "User-Agent: Python-urllib/3.11"]			127.0.0.1	{}	{}	{}	2dd5dab6-188c-4bf2-8753-b6fb3dc7ca50	success	\N		\N	4	2026-11-22 07:41:39.085	2026-11-22 07:41:39.085	502f0cbb-810f-4968-936b-ac3509207718	\N
c8c8c83a-4ea8-4ae0-8584-92717c9c5820	acompletion	f0f1e7f22e06d91c741678645486ab252cae2db6fea5f66cd49facaf3a7fa8e1	0	0	0	0	2026-11-22 07:41:38.859	2026-11-22 07:41:38.873	2026-11-22 07:41:38.872	gpt-4o					u-dev	{}	False	Cache OFF	[]	team-ds		127.0.0.1	{}	{}	{}	e39693c9-0eab-4266-a11f-0b51ed319784	failure	\N		\N	13	2026-11-22 07:41:39.085	2026-11-22 07:41:39.085	c8c8c83a-4ea8-4ae0-8584-92717c9c5820	\N
d4a86391-8f5a-45b9-b129-d82e334e83e5	/team/list		0	0	0	0	2026-11-22 07:42:00.412	2026-11-22 07:42:00.428	2026-11-22 07:42:00.427							{}	False	Cache OFF	[]			127.0.0.1	{}	{}	{}	cbfe52be-58f7-492f-82db-57c76f9baa9b	failure	\N		\N	15	2026-11-22 07:42:09.169	2026-11-22 07:42:09.169	d4a86391-8f5a-45b9-b129-d82e334e83e5	\N
8bc1f329-86fd-41b7-9d08-77fbc52864be	/team/list	1a00a2f8f8e73c2ec96644b102e8d26ebecbcda60bd76613d3134b176d546b8e	0	0	0	0	2026-11-22 07:42:00.469	2026-11-22 07:42:00.497	2026-11-22 07:42:00.497							{}	False	Cache OFF	[]			127.0.0.1	{}	{}	{}	da8a82cc-72a1-4c24-8348-33f9681de585	failure	\N		\N	28	2026-11-22 07:42:09.169	2026-11-22 07:42:09.169	8bc1f329-86fd-41b7-9d08-77fbc52864be	\N
x;\n\\.\n	c	k	0	0	0	0	2026-11-24 21:52:51.59	2026-11-24 21:52:51.59	\N	it's;						{}			[]	\N	\N	\N	{}	{}	{}	\N	\N	\N	\N	\N	\N	2026-11-24 21:52:51.59	2026-11-24 21:52:51.59	\N	\N
\.


--
-- Data for Name: LiteLLM_TagTable; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public."LiteLLM_TagTable" (tag_name, description, models, model_info, spend, budget_id, created_at, created_by, updated_at) FROM stdin;
prod	production traffic	{db-gpt-4.1-cred}	{"db-gpt-4.1-cred": "db-gpt-4.1"}	0	\N	2026-11-22 07:41:26.597	default_user_id	2026-11-22 07:41:26.597
\.


--
-- Data for Name: LiteLLM_TeamMembership; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public."LiteLLM_TeamMembership" (user_id, team_id, spend, budget_id, total_spend) FROM stdin;
u-admin	team-platform	0	team-platform-budget-10a9321bfac64780866aa82a1b17638c	0
u-dev	team-platform	0	team-platform-budget-10a9321bfac64780866aa82a1b17638c	0
default_user_id	team-platform	0	team-platform-budget-10a9321bfac64780866aa82a1b17638c	0
u-viewer	team-ds	0	\N	0
default_user_id	team-ds	0	\N	0
default_user_id	8c4984e7-8aa8-4d19-904a-4b1579578028	0	\N	0
u-noemail	8c4984e7-8aa8-4d19-904a-4b1579578028	0.00014	\N	0.00014
u-dev	team-ds	0.00022250000000000001	c5e92a41-e763-4b58-8fe0-8989f33f1d4f	0.00022250000000000001
\.


--
-- Data for Name: LiteLLM_TeamTable; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public."LiteLLM_TeamTable" (team_id, team_alias, organization_id, admins, members, members_with_roles, metadata, max_budget, spend, models, max_parallel_requests, tpm_limit, rpm_limit, budget_duration, budget_reset_at, blocked, created_at, updated_at, model_spend, model_max_budget, model_id, team_member_permissions, object_permission_id, router_settings, policies, allow_team_guardrail_config, soft_budget, access_group_ids, budget_limits, default_team_member_models, tpd_limit) FROM stdin;
team-platform	platform	\N	{}	{}	[{"role": "admin", "user_id": "u-admin", "user_email": "admin@acme.example"}, {"role": "user", "user_id": "u-dev", "user_email": "dev@acme.example"}, {"role": "admin", "user_id": "default_user_id", "user_email": null}]	{"slack": "#platform", "nested": {"a": [1, 2]}, "team_member_budget_id": "team-platform-budget-10a9321bfac64780866aa82a1b17638c"}	200	0	{gpt-4o,gpt-4o-mini,db-gpt-4.1}	\N	100000	500	30d	2026-12-01 00:00:00	f	2026-11-22 07:41:25.398	2026-11-22 07:41:38.922	{}	{}	1	{}	\N	{}	{}	f	\N	{}	\N	{}	\N
8c4984e7-8aa8-4d19-904a-4b1579578028	skunkworks	\N	{}	{}	[{"role": "admin", "user_id": "u-noemail", "user_email": null}, {"role": "admin", "user_id": "default_user_id", "user_email": null}]	{}	\N	0.00014	{all-proxy-models}	\N	\N	\N	\N	\N	f	2026-11-22 07:41:25.836	2026-11-22 07:41:43.712	{}	{}	\N	{}	\N	{}	{}	f	\N	{}	\N	{}	\N
team-ds	data science	\N	{}	{}	[{"role": "user", "user_id": "u-viewer", "user_email": "viewer@umbrella.example"}, {"role": "admin", "user_id": "default_user_id", "user_email": null}, {"role": "user", "user_id": "u-dev", "user_email": "dev@acme.example"}]	{}	75.25	0.0002225	{azure-gpt-4o}	\N	\N	\N	7d	2026-11-23 00:00:00	f	2026-11-22 07:41:25.668	2026-11-22 07:41:43.712	{}	{}	\N	{}	\N	{}	{}	f	\N	{}	\N	{}	\N
nasty;1	a 'quoted' "team"\nwith; lines\n-- no comment\nINSERT INTO public."LiteLLM_TeamTable" VALUES (1);\tand tab\\	\N	{"a b","c,d","e\\"f","g\\\\h",NULL,"NULL","","{x}",é}	\N	{}	{"n": 0.0000001, "text": "C:\\\\dir\\nline", "nested": {"list": [1, "two", null, true]}}	NaN	1.5e-07	{}	\N	9223372036854775807	\N	\N	\N	f	2026-11-24 21:52:51.554	2026-02-28 23:59:59	{}	{}	\N	{}	\N	{}	{}	f	\N	{}	\N	{}	\N
nasty-2		\N	\N	\N	{}	"{\\"twice\\": [\\"a\\"]}"	-0.5	Infinity	\N	\N	\N	\N	\N	\N	f	2026-11-24 21:52:51.57	2026-11-24 21:52:51.57	{}	{}	\N	{}	\N	{}	{}	f	\N	{}	\N	{}	\N
nasty-3	\\.	\N	\N	\N	{}	"just text"	0	3	\N	\N	\N	\N	\N	\N	f	2026-11-24 21:52:51.57	2026-11-24 21:52:51.57	{}	{}	\N	{}	\N	{}	{}	f	\N	{}	\N	{}	\N
nasty-4	\b\f\rv end	\N	\N	\N	{}	[1]	\N	100	\N	\N	\N	\N	\N	\N	f	2026-11-24 21:52:51.57	2026-11-24 21:52:51.57	{}	{}	\N	{}	\N	{}	{}	f	\N	{}	\N	{}	\N
\.


--
-- Data for Name: LiteLLM_UserTable; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public."LiteLLM_UserTable" (user_id, user_alias, team_id, sso_user_id, organization_id, password, teams, user_role, max_budget, spend, user_email, models, metadata, max_parallel_requests, tpm_limit, rpm_limit, budget_duration, budget_reset_at, allowed_cache_controls, model_spend, model_max_budget, created_at, updated_at, object_permission_id, policies, password_reset_required, last_breach_check_at) FROM stdin;
u-admin	Ada Admin	\N	\N	\N	\N	{team-platform}	proxy_admin	\N	0	admin@acme.example	{}	{}	\N	\N	\N	\N	\N	{}	{}	{}	2026-11-22 07:41:25.111	2026-11-22 07:41:25.449	\N	{}	\N	\N
u-viewer	\N	\N	\N	\N	\N	{team-ds}	internal_user_viewer	5	0	viewer@umbrella.example	{no-default-models}	{}	\N	\N	\N	30d	2026-12-01 00:00:00	{}	{}	{}	2026-11-22 07:41:25.231	2026-11-22 07:41:25.709	\N	{}	\N	\N
default_user_id	\N	\N	\N	\N	\N	{team-platform,team-ds,8c4984e7-8aa8-4d19-904a-4b1579578028}	internal_user	5	0	\N	{}	{}	\N	\N	\N	30d	\N	{}	{}	{}	2026-11-22 07:41:25.449	2026-11-22 07:41:25.869	\N	{}	\N	\N
u-dev	Dan Developer	\N	\N	\N	\N	{team-platform,team-ds}	internal_user	25	0.0002225	dev@acme.example	{gpt-4o-mini,gpt-4o}	{"department": "R&D"}	\N	10000	60	30d	2026-12-01 00:00:00	{}	{}	{}	2026-11-22 07:41:25.179	2026-11-22 07:41:43.667	\N	{}	\N	\N
u-noemail	service robot	\N	\N	\N	\N	{8c4984e7-8aa8-4d19-904a-4b1579578028}	internal_user	5	0.00014	\N	{}	{}	\N	\N	\N	30d	2026-12-01 00:00:00	{}	{}	{}	2026-11-22 07:41:25.285	2026-11-22 07:41:43.667	\N	{}	\N	\N
\.


--
-- Data for Name: LiteLLM_VerificationToken; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public."LiteLLM_VerificationToken" (token, key_name, key_alias, soft_budget_cooldown, spend, expires, models, aliases, config, user_id, team_id, permissions, max_parallel_requests, metadata, blocked, tpm_limit, rpm_limit, max_budget, budget_duration, budget_reset_at, allowed_cache_controls, model_spend, model_max_budget, budget_id, organization_id, created_at, created_by, updated_at, updated_by, allowed_routes, object_permission_id, auto_rotate, key_rotation_at, last_rotation_at, rotation_count, rotation_interval, project_id, router_settings, policies, access_group_ids, last_active, agent_id, budget_limits, budget_fallbacks, key_type, settings_updated_at, tpd_limit, total_spend) FROM stdin;
c373b914c851a690259a9d354bab49d9817d52e5eb36e946754746289cc2a09f	sk-...0005	old-and-blocked	f	0	2026-11-22 08:41:26.328	{gpt-4o}	{}	{}	\N	\N	{}	\N	{}	t	\N	\N	\N	\N	\N	{}	{}	{}	\N	\N	2026-11-22 07:41:26.331	default_user_id	2026-11-22 07:41:26.331	default_user_id	{}	\N	f	\N	\N	0	\N	\N	{}	{}	{}	\N	\N	\N	{}	default	\N	\N	0
d5193863719b54cac041bac339cca39df1796c01e9bae1bf43314e6658ee8f63	sk-...jwWQ	auto-value	f	0	\N	{beta-models,openai/*}	{}	{}	\N	\N	{}	\N	{"note": "value chosen by the proxy", "model_rpm_limit": {"gpt-4o": 5}, "model_tpm_limit": {"gpt-4o": 500}}	\N	\N	\N	\N	\N	\N	{}	{}	{}	free-tier	\N	2026-11-22 07:41:26.401	default_user_id	2026-11-22 07:41:26.401	default_user_id	{}	\N	f	\N	\N	0	\N	\N	{}	{}	{}	\N	\N	\N	{}	default	\N	\N	0
225157db6dca3f641136d034bd65d8e062113317025d99301d56d80869601ada	sk-...0007	ci-service	f	0	\N	{}	{}	{}	\N	team-platform	{}	\N	{"service_account_id": "ci"}	\N	\N	\N	\N	\N	\N	{}	{}	{}	\N	\N	2026-11-22 07:41:26.474	default_user_id	2026-11-22 07:41:26.474	default_user_id	{}	\N	f	\N	\N	0	\N	\N	{}	{}	{}	\N	\N	\N	{}	default	\N	\N	0
7dcb0ba03462ced96a323d169f874cf116588e7ac73e207610dadedd040ff04a	sk-...0001	platform-prod	f	0	\N	{gpt-4o,gpt-4o-mini}	{}	{}	\N	team-platform	{}	\N	{"env": "prod"}	\N	20000	100	50	30d	2026-12-01 00:00:00	{}	{}	{}	\N	\N	2026-11-22 07:41:26.146	default_user_id	2026-11-22 07:41:38.875	default_user_id	{}	\N	f	\N	\N	0	\N	\N	{}	{}	{}	2026-11-22 07:41:38.9	\N	\N	{}	default	\N	\N	0
a256c7fe504ba063f1f30b9fd4ca1a3e0844b65a727658717224037cc78ca86d	sk-...0002	dan-laptop	f	0	2027-02-20 07:41:26.188	{}	{"mini": "gpt-4o-mini"}	{}	u-dev	\N	{}	3	{}	\N	\N	\N	5	\N	\N	{}	{}	{}	\N	\N	2026-11-22 07:41:26.194	default_user_id	2026-11-22 07:41:43.688	default_user_id	{}	\N	f	\N	\N	0	\N	\N	{}	{}	{}	2026-11-22 07:41:43.697	\N	\N	{}	default	\N	\N	0
b7c57b2b15592ae649cdde51c1120a391c61c530bdeef32658a90454e5cce520	sk-...0004	robot	f	0.00014	\N	{all-team-models}	{}	{}	u-noemail	8c4984e7-8aa8-4d19-904a-4b1579578028	{"allow_pii_controls": true}	\N	{"guardrails": []}	\N	\N	\N	\N	\N	\N	{}	{}	{}	\N	\N	2026-11-22 07:41:26.289	default_user_id	2026-11-22 07:41:43.688	default_user_id	{llm_api_routes}	\N	f	\N	\N	0	\N	\N	{}	{}	{}	2026-11-22 07:41:43.697	\N	\N	{}	default	\N	\N	0.00014
f0f1e7f22e06d91c741678645486ab252cae2db6fea5f66cd49facaf3a7fa8e1	sk-...0003	ds-notebook	f	0.0002225	\N	{azure-gpt-4o}	{}	{}	u-dev	team-ds	{}	\N	{}	\N	\N	\N	4	1d	2026-11-23 00:00:00	{}	{}	{}	43d3cbb2-7e53-4e50-a08e-d95068d2d445	\N	2026-11-22 07:41:26.245	default_user_id	2026-11-22 07:41:43.688	default_user_id	{}	\N	f	\N	\N	0	\N	\N	{}	{}	{}	2026-11-22 07:41:43.697	\N	\N	{}	default	\N	\N	0.0002225
\.


--
-- Name: LiteLLM_ModelTable_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public."LiteLLM_ModelTable_id_seq"', 1, true);


--
-- Name: LiteLLM_AccessGroupTable LiteLLM_AccessGroupTable_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_AccessGroupTable"
    ADD CONSTRAINT "LiteLLM_AccessGroupTable_pkey" PRIMARY KEY (access_group_id);


--
-- Name: LiteLLM_AgentsTable LiteLLM_AgentsTable_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_AgentsTable"
    ADD CONSTRAINT "LiteLLM_AgentsTable_pkey" PRIMARY KEY (agent_id);


--
-- Name: LiteLLM_BudgetTable LiteLLM_BudgetTable_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_BudgetTable"
    ADD CONSTRAINT "LiteLLM_BudgetTable_pkey" PRIMARY KEY (budget_id);


--
-- Name: LiteLLM_Config LiteLLM_Config_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_Config"
    ADD CONSTRAINT "LiteLLM_Config_pkey" PRIMARY KEY (param_name);


--
-- Name: LiteLLM_CredentialsTable LiteLLM_CredentialsTable_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_CredentialsTable"
    ADD CONSTRAINT "LiteLLM_CredentialsTable_pkey" PRIMARY KEY (credential_id);


--
-- Name: LiteLLM_DeprecatedVerificationToken LiteLLM_DeprecatedVerificationToken_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_DeprecatedVerificationToken"
    ADD CONSTRAINT "LiteLLM_DeprecatedVerificationToken_pkey" PRIMARY KEY (id);


--
-- Name: LiteLLM_EndUserTable LiteLLM_EndUserTable_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_EndUserTable"
    ADD CONSTRAINT "LiteLLM_EndUserTable_pkey" PRIMARY KEY (user_id);


--
-- Name: LiteLLM_GuardrailsTable LiteLLM_GuardrailsTable_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_GuardrailsTable"
    ADD CONSTRAINT "LiteLLM_GuardrailsTable_pkey" PRIMARY KEY (guardrail_id);


--
-- Name: LiteLLM_MCPServerTable LiteLLM_MCPServerTable_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_MCPServerTable"
    ADD CONSTRAINT "LiteLLM_MCPServerTable_pkey" PRIMARY KEY (server_id);


--
-- Name: LiteLLM_ManagedVectorStoresTable LiteLLM_ManagedVectorStoresTable_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_ManagedVectorStoresTable"
    ADD CONSTRAINT "LiteLLM_ManagedVectorStoresTable_pkey" PRIMARY KEY (vector_store_id);


--
-- Name: LiteLLM_ModelTable LiteLLM_ModelTable_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_ModelTable"
    ADD CONSTRAINT "LiteLLM_ModelTable_pkey" PRIMARY KEY (id);


--
-- Name: LiteLLM_ObjectPermissionTable LiteLLM_ObjectPermissionTable_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_ObjectPermissionTable"
    ADD CONSTRAINT "LiteLLM_ObjectPermissionTable_pkey" PRIMARY KEY (object_permission_id);


--
-- Name: LiteLLM_OrganizationMembership LiteLLM_OrganizationMembership_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_OrganizationMembership"
    ADD CONSTRAINT "LiteLLM_OrganizationMembership_pkey" PRIMARY KEY (user_id, organization_id);


--
-- Name: LiteLLM_OrganizationTable LiteLLM_OrganizationTable_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_OrganizationTable"
    ADD CONSTRAINT "LiteLLM_OrganizationTable_pkey" PRIMARY KEY (organization_id);


--
-- Name: LiteLLM_PolicyAttachmentTable LiteLLM_PolicyAttachmentTable_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_PolicyAttachmentTable"
    ADD CONSTRAINT "LiteLLM_PolicyAttachmentTable_pkey" PRIMARY KEY (attachment_id);


--
-- Name: LiteLLM_PolicyTable LiteLLM_PolicyTable_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_PolicyTable"
    ADD CONSTRAINT "LiteLLM_PolicyTable_pkey" PRIMARY KEY (policy_id);


--
-- Name: LiteLLM_ProjectTable LiteLLM_ProjectTable_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_ProjectTable"
    ADD CONSTRAINT "LiteLLM_ProjectTable_pkey" PRIMARY KEY (project_id);


--
-- Name: LiteLLM_PromptTable LiteLLM_PromptTable_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_PromptTable"
    ADD CONSTRAINT "LiteLLM_PromptTable_pkey" PRIMARY KEY (id);


--
-- Name: LiteLLM_ProxyModelTable LiteLLM_ProxyModelTable_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_ProxyModelTable"
    ADD CONSTRAINT "LiteLLM_ProxyModelTable_pkey" PRIMARY KEY (model_id);


--
-- Name: LiteLLM_SearchToolsTable LiteLLM_SearchToolsTable_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_SearchToolsTable"
    ADD CONSTRAINT "LiteLLM_SearchToolsTable_pkey" PRIMARY KEY (search_tool_id);


--
-- Name: LiteLLM_SpendLogs LiteLLM_SpendLogs_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_SpendLogs"
    ADD CONSTRAINT "LiteLLM_SpendLogs_pkey" PRIMARY KEY (request_id);


--
-- Name: LiteLLM_TagTable LiteLLM_TagTable_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_TagTable"
    ADD CONSTRAINT "LiteLLM_TagTable_pkey" PRIMARY KEY (tag_name);


--
-- Name: LiteLLM_TeamMembership LiteLLM_TeamMembership_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_TeamMembership"
    ADD CONSTRAINT "LiteLLM_TeamMembership_pkey" PRIMARY KEY (user_id, team_id);


--
-- Name: LiteLLM_TeamTable LiteLLM_TeamTable_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_TeamTable"
    ADD CONSTRAINT "LiteLLM_TeamTable_pkey" PRIMARY KEY (team_id);


--
-- Name: LiteLLM_UserTable LiteLLM_UserTable_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_UserTable"
    ADD CONSTRAINT "LiteLLM_UserTable_pkey" PRIMARY KEY (user_id);


--
-- Name: LiteLLM_VerificationToken LiteLLM_VerificationToken_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_VerificationToken"
    ADD CONSTRAINT "LiteLLM_VerificationToken_pkey" PRIMARY KEY (token);


--
-- Name: LiteLLM_AccessGroupTable_access_group_name_key; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX "LiteLLM_AccessGroupTable_access_group_name_key" ON public."LiteLLM_AccessGroupTable" USING btree (access_group_name);


--
-- Name: LiteLLM_AgentsTable_agent_name_key; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX "LiteLLM_AgentsTable_agent_name_key" ON public."LiteLLM_AgentsTable" USING btree (agent_name);


--
-- Name: LiteLLM_CredentialsTable_credential_name_key; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX "LiteLLM_CredentialsTable_credential_name_key" ON public."LiteLLM_CredentialsTable" USING btree (credential_name);


--
-- Name: LiteLLM_DeprecatedVerificationToken_revoke_at_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX "LiteLLM_DeprecatedVerificationToken_revoke_at_idx" ON public."LiteLLM_DeprecatedVerificationToken" USING btree (revoke_at);


--
-- Name: LiteLLM_DeprecatedVerificationToken_token_key; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX "LiteLLM_DeprecatedVerificationToken_token_key" ON public."LiteLLM_DeprecatedVerificationToken" USING btree (token);


--
-- Name: LiteLLM_DeprecatedVerificationToken_token_revoke_at_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX "LiteLLM_DeprecatedVerificationToken_token_revoke_at_idx" ON public."LiteLLM_DeprecatedVerificationToken" USING btree (token, revoke_at);


--
-- Name: LiteLLM_GuardrailsTable_guardrail_name_key; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX "LiteLLM_GuardrailsTable_guardrail_name_key" ON public."LiteLLM_GuardrailsTable" USING btree (guardrail_name);


--
-- Name: LiteLLM_GuardrailsTable_status_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX "LiteLLM_GuardrailsTable_status_idx" ON public."LiteLLM_GuardrailsTable" USING btree (status);


--
-- Name: LiteLLM_MCPServerTable_approval_status_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX "LiteLLM_MCPServerTable_approval_status_idx" ON public."LiteLLM_MCPServerTable" USING btree (approval_status);


--
-- Name: LiteLLM_ManagedVectorStoresTable_team_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX "LiteLLM_ManagedVectorStoresTable_team_id_idx" ON public."LiteLLM_ManagedVectorStoresTable" USING btree (team_id);


--
-- Name: LiteLLM_ManagedVectorStoresTable_user_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX "LiteLLM_ManagedVectorStoresTable_user_id_idx" ON public."LiteLLM_ManagedVectorStoresTable" USING btree (user_id);


--
-- Name: LiteLLM_OrganizationMembership_user_id_organization_id_key; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX "LiteLLM_OrganizationMembership_user_id_organization_id_key" ON public."LiteLLM_OrganizationMembership" USING btree (user_id, organization_id);


--
-- Name: LiteLLM_PolicyTable_policy_name_version_number_key; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX "LiteLLM_PolicyTable_policy_name_version_number_key" ON public."LiteLLM_PolicyTable" USING btree (policy_name, version_number);


--
-- Name: LiteLLM_PolicyTable_policy_name_version_status_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX "LiteLLM_PolicyTable_policy_name_version_status_idx" ON public."LiteLLM_PolicyTable" USING btree (policy_name, version_status);


--
-- Name: LiteLLM_PromptTable_prompt_id_environment_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX "LiteLLM_PromptTable_prompt_id_environment_idx" ON public."LiteLLM_PromptTable" USING btree (prompt_id, environment);


--
-- Name: LiteLLM_PromptTable_prompt_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX "LiteLLM_PromptTable_prompt_id_idx" ON public."LiteLLM_PromptTable" USING btree (prompt_id);


--
-- Name: LiteLLM_PromptTable_prompt_id_version_environment_key; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX "LiteLLM_PromptTable_prompt_id_version_environment_key" ON public."LiteLLM_PromptTable" USING btree (prompt_id, version, environment);


--
-- Name: LiteLLM_SearchToolsTable_search_tool_name_key; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX "LiteLLM_SearchToolsTable_search_tool_name_key" ON public."LiteLLM_SearchToolsTable" USING btree (search_tool_name);


--
-- Name: LiteLLM_SpendLogs_api_key_startTime_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX "LiteLLM_SpendLogs_api_key_startTime_idx" ON public."LiteLLM_SpendLogs" USING btree (api_key, "startTime");


--
-- Name: LiteLLM_SpendLogs_end_user_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX "LiteLLM_SpendLogs_end_user_idx" ON public."LiteLLM_SpendLogs" USING btree (end_user);


--
-- Name: LiteLLM_SpendLogs_litellm_call_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX "LiteLLM_SpendLogs_litellm_call_id_idx" ON public."LiteLLM_SpendLogs" USING btree (litellm_call_id);


--
-- Name: LiteLLM_SpendLogs_session_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX "LiteLLM_SpendLogs_session_id_idx" ON public."LiteLLM_SpendLogs" USING btree (session_id);


--
-- Name: LiteLLM_SpendLogs_startTime_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX "LiteLLM_SpendLogs_startTime_idx" ON public."LiteLLM_SpendLogs" USING btree ("startTime");


--
-- Name: LiteLLM_SpendLogs_startTime_request_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX "LiteLLM_SpendLogs_startTime_request_id_idx" ON public."LiteLLM_SpendLogs" USING btree ("startTime", request_id);


--
-- Name: LiteLLM_TeamTable_created_at_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX "LiteLLM_TeamTable_created_at_idx" ON public."LiteLLM_TeamTable" USING btree (created_at);


--
-- Name: LiteLLM_TeamTable_model_id_key; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX "LiteLLM_TeamTable_model_id_key" ON public."LiteLLM_TeamTable" USING btree (model_id);


--
-- Name: LiteLLM_TeamTable_organization_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX "LiteLLM_TeamTable_organization_id_idx" ON public."LiteLLM_TeamTable" USING btree (organization_id);


--
-- Name: LiteLLM_TeamTable_team_alias_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX "LiteLLM_TeamTable_team_alias_idx" ON public."LiteLLM_TeamTable" USING btree (team_alias);


--
-- Name: LiteLLM_UserTable_sso_user_id_key; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX "LiteLLM_UserTable_sso_user_id_key" ON public."LiteLLM_UserTable" USING btree (sso_user_id);


--
-- Name: LiteLLM_UserTable_user_email_lower_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX "LiteLLM_UserTable_user_email_lower_idx" ON public."LiteLLM_UserTable" USING btree (lower(user_email));


--
-- Name: LiteLLM_VerificationToken_budget_reset_at_expires_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX "LiteLLM_VerificationToken_budget_reset_at_expires_idx" ON public."LiteLLM_VerificationToken" USING btree (budget_reset_at, expires);


--
-- Name: LiteLLM_VerificationToken_team_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX "LiteLLM_VerificationToken_team_id_idx" ON public."LiteLLM_VerificationToken" USING btree (team_id);


--
-- Name: LiteLLM_VerificationToken_user_id_team_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX "LiteLLM_VerificationToken_user_id_team_id_idx" ON public."LiteLLM_VerificationToken" USING btree (user_id, team_id);


--
-- Name: LiteLLM_MCPServerTable litellm_mcp_catalog_revision; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER litellm_mcp_catalog_revision AFTER INSERT OR DELETE OR UPDATE ON public."LiteLLM_MCPServerTable" FOR EACH STATEMENT EXECUTE FUNCTION public.litellm_bump_mcp_catalog_revision();


--
-- Name: LiteLLM_AgentsTable LiteLLM_AgentsTable_object_permission_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_AgentsTable"
    ADD CONSTRAINT "LiteLLM_AgentsTable_object_permission_id_fkey" FOREIGN KEY (object_permission_id) REFERENCES public."LiteLLM_ObjectPermissionTable"(object_permission_id) ON UPDATE CASCADE ON DELETE SET NULL;


--
-- Name: LiteLLM_EndUserTable LiteLLM_EndUserTable_budget_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_EndUserTable"
    ADD CONSTRAINT "LiteLLM_EndUserTable_budget_id_fkey" FOREIGN KEY (budget_id) REFERENCES public."LiteLLM_BudgetTable"(budget_id) ON UPDATE CASCADE ON DELETE SET NULL;


--
-- Name: LiteLLM_EndUserTable LiteLLM_EndUserTable_object_permission_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_EndUserTable"
    ADD CONSTRAINT "LiteLLM_EndUserTable_object_permission_id_fkey" FOREIGN KEY (object_permission_id) REFERENCES public."LiteLLM_ObjectPermissionTable"(object_permission_id) ON UPDATE CASCADE ON DELETE SET NULL;


--
-- Name: LiteLLM_OrganizationMembership LiteLLM_OrganizationMembership_budget_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_OrganizationMembership"
    ADD CONSTRAINT "LiteLLM_OrganizationMembership_budget_id_fkey" FOREIGN KEY (budget_id) REFERENCES public."LiteLLM_BudgetTable"(budget_id) ON UPDATE CASCADE ON DELETE SET NULL;


--
-- Name: LiteLLM_OrganizationMembership LiteLLM_OrganizationMembership_organization_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_OrganizationMembership"
    ADD CONSTRAINT "LiteLLM_OrganizationMembership_organization_id_fkey" FOREIGN KEY (organization_id) REFERENCES public."LiteLLM_OrganizationTable"(organization_id) ON UPDATE CASCADE ON DELETE RESTRICT;


--
-- Name: LiteLLM_OrganizationMembership LiteLLM_OrganizationMembership_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_OrganizationMembership"
    ADD CONSTRAINT "LiteLLM_OrganizationMembership_user_id_fkey" FOREIGN KEY (user_id) REFERENCES public."LiteLLM_UserTable"(user_id) ON UPDATE CASCADE ON DELETE RESTRICT;


--
-- Name: LiteLLM_OrganizationTable LiteLLM_OrganizationTable_budget_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_OrganizationTable"
    ADD CONSTRAINT "LiteLLM_OrganizationTable_budget_id_fkey" FOREIGN KEY (budget_id) REFERENCES public."LiteLLM_BudgetTable"(budget_id) ON UPDATE CASCADE ON DELETE RESTRICT;


--
-- Name: LiteLLM_OrganizationTable LiteLLM_OrganizationTable_object_permission_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_OrganizationTable"
    ADD CONSTRAINT "LiteLLM_OrganizationTable_object_permission_id_fkey" FOREIGN KEY (object_permission_id) REFERENCES public."LiteLLM_ObjectPermissionTable"(object_permission_id) ON UPDATE CASCADE ON DELETE SET NULL;


--
-- Name: LiteLLM_ProjectTable LiteLLM_ProjectTable_budget_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_ProjectTable"
    ADD CONSTRAINT "LiteLLM_ProjectTable_budget_id_fkey" FOREIGN KEY (budget_id) REFERENCES public."LiteLLM_BudgetTable"(budget_id) ON UPDATE CASCADE ON DELETE SET NULL;


--
-- Name: LiteLLM_ProjectTable LiteLLM_ProjectTable_object_permission_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_ProjectTable"
    ADD CONSTRAINT "LiteLLM_ProjectTable_object_permission_id_fkey" FOREIGN KEY (object_permission_id) REFERENCES public."LiteLLM_ObjectPermissionTable"(object_permission_id) ON UPDATE CASCADE ON DELETE SET NULL;


--
-- Name: LiteLLM_ProjectTable LiteLLM_ProjectTable_team_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_ProjectTable"
    ADD CONSTRAINT "LiteLLM_ProjectTable_team_id_fkey" FOREIGN KEY (team_id) REFERENCES public."LiteLLM_TeamTable"(team_id) ON UPDATE CASCADE ON DELETE SET NULL;


--
-- Name: LiteLLM_TagTable LiteLLM_TagTable_budget_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_TagTable"
    ADD CONSTRAINT "LiteLLM_TagTable_budget_id_fkey" FOREIGN KEY (budget_id) REFERENCES public."LiteLLM_BudgetTable"(budget_id) ON UPDATE CASCADE ON DELETE SET NULL;


--
-- Name: LiteLLM_TeamMembership LiteLLM_TeamMembership_budget_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_TeamMembership"
    ADD CONSTRAINT "LiteLLM_TeamMembership_budget_id_fkey" FOREIGN KEY (budget_id) REFERENCES public."LiteLLM_BudgetTable"(budget_id) ON UPDATE CASCADE ON DELETE SET NULL;


--
-- Name: LiteLLM_TeamTable LiteLLM_TeamTable_model_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_TeamTable"
    ADD CONSTRAINT "LiteLLM_TeamTable_model_id_fkey" FOREIGN KEY (model_id) REFERENCES public."LiteLLM_ModelTable"(id) ON UPDATE CASCADE ON DELETE SET NULL;


--
-- Name: LiteLLM_TeamTable LiteLLM_TeamTable_object_permission_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_TeamTable"
    ADD CONSTRAINT "LiteLLM_TeamTable_object_permission_id_fkey" FOREIGN KEY (object_permission_id) REFERENCES public."LiteLLM_ObjectPermissionTable"(object_permission_id) ON UPDATE CASCADE ON DELETE SET NULL;


--
-- Name: LiteLLM_TeamTable LiteLLM_TeamTable_organization_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_TeamTable"
    ADD CONSTRAINT "LiteLLM_TeamTable_organization_id_fkey" FOREIGN KEY (organization_id) REFERENCES public."LiteLLM_OrganizationTable"(organization_id) ON UPDATE CASCADE ON DELETE SET NULL;


--
-- Name: LiteLLM_UserTable LiteLLM_UserTable_object_permission_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_UserTable"
    ADD CONSTRAINT "LiteLLM_UserTable_object_permission_id_fkey" FOREIGN KEY (object_permission_id) REFERENCES public."LiteLLM_ObjectPermissionTable"(object_permission_id) ON UPDATE CASCADE ON DELETE SET NULL;


--
-- Name: LiteLLM_UserTable LiteLLM_UserTable_organization_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_UserTable"
    ADD CONSTRAINT "LiteLLM_UserTable_organization_id_fkey" FOREIGN KEY (organization_id) REFERENCES public."LiteLLM_OrganizationTable"(organization_id) ON UPDATE CASCADE ON DELETE SET NULL;


--
-- Name: LiteLLM_VerificationToken LiteLLM_VerificationToken_budget_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_VerificationToken"
    ADD CONSTRAINT "LiteLLM_VerificationToken_budget_id_fkey" FOREIGN KEY (budget_id) REFERENCES public."LiteLLM_BudgetTable"(budget_id) ON UPDATE CASCADE ON DELETE SET NULL;


--
-- Name: LiteLLM_VerificationToken LiteLLM_VerificationToken_object_permission_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_VerificationToken"
    ADD CONSTRAINT "LiteLLM_VerificationToken_object_permission_id_fkey" FOREIGN KEY (object_permission_id) REFERENCES public."LiteLLM_ObjectPermissionTable"(object_permission_id) ON UPDATE CASCADE ON DELETE SET NULL;


--
-- Name: LiteLLM_VerificationToken LiteLLM_VerificationToken_organization_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_VerificationToken"
    ADD CONSTRAINT "LiteLLM_VerificationToken_organization_id_fkey" FOREIGN KEY (organization_id) REFERENCES public."LiteLLM_OrganizationTable"(organization_id) ON UPDATE CASCADE ON DELETE SET NULL;


--
-- Name: LiteLLM_VerificationToken LiteLLM_VerificationToken_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."LiteLLM_VerificationToken"
    ADD CONSTRAINT "LiteLLM_VerificationToken_project_id_fkey" FOREIGN KEY (project_id) REFERENCES public."LiteLLM_ProjectTable"(project_id) ON UPDATE CASCADE ON DELETE SET NULL;


--
-- PostgreSQL database dump complete
--


