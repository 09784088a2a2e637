//! What is not read, each with the reason: nothing is left out without a word.

const LOG: &str = "a log or a counter of traffic, often tens of gigabytes; nothing of it can be moved";
const STATE: &str = "what LiteLLM's own processes note for themselves";
const ARCHIVE: &str = "what was deleted; it opens nothing any more";
const FILES: &str = "files and jobs of users at the providers; they stay there";
const SESSION: &str = "a login of a person; everybody logs in anew";
const AGENTS: &str = "belongs to LiteLLM's agents, which are listed; the gateway runs none";
const LENS: &str = "LiteLLM's evaluation of recorded traffic; nothing of it decides who may call what";
const HANDED_OUT: &str = "texts and files LiteLLM hands out to clients; the gateway hands out none";
const MEMORY: &str = "what users or tools stored through LiteLLM's own API; the gateway keeps none";

/// Tables of LiteLLM's that are not read, with the reason.
pub const NOT_READ: &[(&str, &str)] = &[
    ("LiteLLM_SpendLogs", LOG),
    ("LiteLLM_SpendLogGuardrailIndex", LOG),
    ("LiteLLM_SpendLogToolIndex", LOG),
    ("LiteLLM_AuditLog", LOG),
    ("LiteLLM_ErrorLogs", LOG),
    ("LiteLLM_HealthCheckTable", LOG),
    ("LiteLLM_DailyAgentSpend", LOG),
    ("LiteLLM_DailyEndUserSpend", LOG),
    ("LiteLLM_DailyGatewayFailedRequests", LOG),
    ("LiteLLM_DailyGatewayRequests", LOG),
    ("LiteLLM_DailyGlobalSpend", LOG),
    ("LiteLLM_DailyGuardrailMetrics", LOG),
    ("LiteLLM_DailyGuardrailUsageUnits", LOG),
    ("LiteLLM_DailyModelUsage", LOG),
    ("LiteLLM_DailyOrganizationSpend", LOG),
    ("LiteLLM_DailyPolicyMetrics", LOG),
    ("LiteLLM_DailyRequestErrors", LOG),
    ("LiteLLM_DailyTagSpend", LOG),
    ("LiteLLM_DailyTeamSpend", LOG),
    ("LiteLLM_DailyToolSpend", LOG),
    ("LiteLLM_DailyUserSpend", LOG),
    ("LiteLLM_AutoRouterDailySpend", LOG),
    ("LiteLLM_ToolTable", LOG),
    ("LiteLLM_TelemetryReport", LOG),
    ("LiteLLM_AdaptiveRouterSession", STATE),
    ("LiteLLM_AdaptiveRouterState", STATE),
    ("LiteLLM_AutoRouterBaselineComparison", STATE),
    ("LiteLLM_AutoRouterBaselineObservation", STATE),
    ("LiteLLM_AutoRouterSession", STATE),
    ("LiteLLM_AutoRouterUserSession", STATE),
    ("LiteLLM_BackgroundInteractionSettlement", STATE),
    ("LiteLLM_CronJob", STATE),
    ("LiteLLM_ProxyWorkerHeartbeat", STATE),
    ("_prisma_migrations", STATE),
    ("LiteLLM_DeletedTeamTable", ARCHIVE),
    ("LiteLLM_DeletedVerificationToken", ARCHIVE),
    ("LiteLLM_RetiredAgent", ARCHIVE),
    ("LiteLLM_RetiredAgentIdentity", ARCHIVE),
    ("LiteLLM_ManagedFileContentTable", FILES),
    ("LiteLLM_ManagedFileTable", FILES),
    ("LiteLLM_ManagedObjectTable", FILES),
    ("LiteLLM_ManagedVectorStoreIndexTable", FILES),
    ("LiteLLM_ManagedVectorStoreTable", FILES),
    ("LiteLLM_InvitationLink", SESSION),
    ("LiteLLM_SSOIdentityAssertion", SESSION),
    ("LiteLLM_VerifiedSubject", SESSION),
    ("LiteLLM_UserNotifications", SESSION),
    ("LiteLLM_AgentIdentity", AGENTS),
    ("LiteLLM_WorkflowEvent", AGENTS),
    ("LiteLLM_WorkflowMessage", AGENTS),
    ("LiteLLM_WorkflowRun", AGENTS),
    ("LiteLLM_Lens", LENS),
    ("LiteLLM_LensDataset", LENS),
    ("LiteLLM_LensIngestionKey", LENS),
    ("LiteLLM_LensReview", LENS),
    ("LiteLLM_LensRun", LENS),
    ("LiteLLM_LensSignalConfig", LENS),
    ("LiteLLM_LensTraceSignal", LENS),
    ("LiteLLM_LensWorker", LENS),
    ("LiteLLM_ShadowEvalAttempt", LENS),
    ("LiteLLM_ShadowEvalFunnel", LENS),
    ("LiteLLM_ShadowEvalJob", LENS),
    ("LiteLLM_ClaudeCodePluginTable", HANDED_OUT),
    ("LiteLLM_SkillsTable", HANDED_OUT),
    ("LiteLLM_MemoryTable", MEMORY),
];

/// Columns of tables that are read which are not, with the reason.
pub const COLUMNS_NOT_READ: &[(&str, &str, &str)] = &[
    ("LiteLLM_UserTable", "password", "a password's hash; nobody may carry it away (`reference/litellm.md` 2.5)"),
    ("LiteLLM_UserTable", "password_reset_required", "about the password of LiteLLM's own dashboard"),
    ("LiteLLM_UserTable", "last_breach_check_at", "about the password of LiteLLM's own dashboard"),
    ("LiteLLM_MCPUserCredentials", "credential_b64", PERSONAL),
    ("LiteLLM_MCPUserEnvVars", "values_b64", PERSONAL),
    ("LiteLLM_UserProviderCredentials", "credential_b64", PERSONAL),
];

const PERSONAL: &str = "a person's own secret: that there is one is told, what it is stays where it is";

/// Why a table is not read; nothing for one that is, and for one nobody knows.
pub fn reason(table: &str) -> Option<&'static str> {
    NOT_READ.iter().find(|(name, _)| *name == table).map(|(_, reason)| *reason)
}
