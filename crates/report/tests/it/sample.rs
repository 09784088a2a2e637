//! A plan with every action, kind, fidelity, verdict and fate, made by hand; and a journal of it.

use std::collections::BTreeSet;

use apply::{End, Entry, Journal, Line, OpResult};
use bifrost::Kind;
use bifrost::compare::Difference;
use model::{Code, Finding, Moment, OpId, Origin, SourceId};
use plan::{
    AccessVerdict, Action, Choices, Fate, Fidelity, FieldLine, Made, ObjectFate, Op, Plan, Source, SourceKind, Summary,
    Verdict,
};
use serde_json::{Value, json};

/// Every name, id, e-mail and host of [`plan`] and [`journal`].
pub(crate) const NAMES: &[&str] = &[
    "zq-prod-key",
    "zq-ci-key",
    "zq-open-key",
    "zqhash",
    "Zq Platform",
    "zq-platform",
    "zq-team-id",
    "zq-acme",
    "zq.dana@example.org",
    "zq-dana",
    "zq-private-gpt",
    "zq-other-gpt",
    "zq-guard",
    "zq-credential",
    "zq-gateway",
    "zq-internal.example.org",
    "zq-mcp",
    "zq-uuid",
    "zq-cfg.yaml",
];

/// The applyable plan.
pub(crate) fn plan() -> Plan {
    let ops = ops();
    let objects = objects();
    let findings = vec![
        Finding::warning(
            Code::new("plan.spend"),
            "virtual key \"zq-prod-key\"",
            "The first budget window starts at zero; 12.50 of 100 is used.",
        )
        .at(row("LiteLLM_VerificationToken", "zqhash1", "spend"))
        .hint("Lower the first budget by hand if that matters."),
        Finding::info(Code::new("plan.user"), "user zq-dana", "Nothing is lost: zq.dana@example.org has no key."),
        Finding::warning(Code::new("plan.guardrail"), "guardrail zq-guard", "Guardrails run in a plugin.")
            .at(Origin::file("zq-cfg.yaml", 40, 3))
            .hint("Set the guardrail up as a plugin of the gateway."),
    ];
    let mut plan = Plan {
        format: plan::FORMAT.to_owned(),
        made: Made { gangway: "0.1.0".to_owned(), target_version: "1.5.16".to_owned(), sources: sources() },
        complete: true,
        applyable: true,
        summary: Summary::default(),
        ops,
        objects,
        gone: Vec::new(),
        findings,
        access: access(),
        routes: routes(),
        choices: Choices { leave_out: BTreeSet::from([SourceId::new("virtual_key/zqhash3")]), ..Choices::default() },
        roads: None,
    };
    plan.summary = summary(&plan);
    plan
}

/// The same, refused: a key would gain access.
pub(crate) fn refused() -> Plan {
    let mut plan = plan();
    plan.applyable = false;
    plan.complete = false;
    plan.access.push(AccessVerdict {
        virtual_key: "zq-open-key".to_owned(),
        verdict: Verdict::Wider,
        only_source: Vec::new(),
        only_target: vec!["zq-private-gpt".to_owned(), "zq-other-gpt".to_owned()],
    });
    plan.findings.push(Finding::error(
        Code::new("plan.expiry"),
        "2 virtual keys",
        "The gateway drops their expiry, and what to do then is not chosen.",
    ));
    plan
}

fn routes() -> plan::Routes {
    let row = plan::RouteRow {
        name: "zq-other-gpt".to_owned(),
        verdict: plan::RouteVerdict::Share,
        keys: 2,
        note: "zq-other-gpt 50 % instead of 25 %".to_owned(),
    };
    plan::Routes { asked: 2, equal: 1, differing: vec![row] }
}

fn sources() -> Vec<Source> {
    let source = |kind, fingerprint: &str, what: &str| Source {
        kind,
        fingerprint: fingerprint.to_owned(),
        what: what.to_owned(),
    };
    vec![
        source(SourceKind::ConfigFile, "0011223344556677", "zq-cfg.yaml, 2 models"),
        source(SourceKind::Database, "8899aabbccddeeff", "9 tables, 12 rows"),
        source(SourceKind::Target, "0123456789abcdef", "Bifrost 1.5.16, 1 virtual key"),
    ]
}

fn row(table: &str, row: &str, column: &str) -> Origin {
    Origin::row(table, row, column)
}

fn line(object: &str, source: &str, target: Option<&str>, fidelity: Fidelity, note: &str) -> FieldLine {
    FieldLine {
        object: SourceId::new(object),
        source: source.into(),
        target: target.map(Into::into),
        fidelity,
        note: note.into(),
        origin: row("LiteLLM_VerificationToken", object.rsplit('/').next().unwrap_or(object), source),
    }
}

fn op(kind: Kind, name: &str, action: Action, reason: &str) -> Op {
    Op {
        id: OpId::new(format!("{}/{name}", kind.id())),
        kind,
        name: name.to_owned(),
        action,
        reason: reason.to_owned(),
        after_ops: Vec::new(),
        target_id: None,
        before: None,
        after: None,
        origins: vec![Origin::file("zq-cfg.yaml", 3, 5)],
        fields: Vec::new(),
    }
}

fn ops() -> Vec<Op> {
    let absent = "It is not on the gateway.";
    let mut ops: Vec<Op> = vec![op(Kind::Provider, "openai", Action::Same, "It is there as it should be.")];
    let mut key = op(Kind::ProviderKey, "zq-credential", Action::Create, absent);
    key.after_ops = vec![OpId::new("provider/openai")];
    key.after = Some(
        json!({
            "provider": "openai", "name": "zq-credential", "value": {"$secret": "credential/zq-credential/api_key"},
            "models": ["zq-private-gpt"], "weight": number("1.0"), "aliases": {"zq-private-gpt": "gpt-4o"},
            "base_url": "https://zq-internal.example.org/v1",
        })
        .into(),
    );
    key.fields = vec![
        line("deployment/zq-d1", "litellm_params.api_key", Some("value"), Fidelity::Exact, ""),
        line(
            "deployment/zq-d1",
            "litellm_params.rpm",
            None,
            Fidelity::Unsupported,
            "Limits of a deployment do not exist.",
        ),
    ];
    ops.push(key);
    ops.push(op(Kind::PricingOverride, "zq-private-gpt", Action::Create, absent));
    ops.push(op(Kind::Customer, "zq-acme", Action::Create, absent));
    let mut team = op(Kind::Team, "zq-platform", Action::Change, "Its budget differs.");
    team.target_id = Some("zq-uuid-1".to_owned());
    team.before = Some(json!({
        "id": "zq-uuid-1", "name": "zq-platform", "budgets": [{"max_limit": number("50"), "reset_duration": "30d"}],
    }));
    team.after = Some(
        json!({
            "name": "zq-platform", "customer_id": {"$ref": "customer/zq-acme"},
            "budgets": [{"max_limit": number("11.50"), "reset_duration": "30d"}],
        })
        .into(),
    );
    team.fields = vec![
        line("team/zq-team-id", "max_budget", Some("budgets[30d].max_limit"), Fidelity::Exact, ""),
        line("team/zq-team-id", "budget_duration", Some("budgets[30d]"), Fidelity::Approximate, "A month is 30 days."),
    ];
    ops.push(team);
    ops.push(op(Kind::User, "zq-dana", Action::Skip, "An open-source gateway has no users."));
    ops.push(op(Kind::TeamMember, "zq-platform/zq-dana", Action::Skip, "An open-source gateway has no members."));
    ops.push(op(Kind::McpClient, "zq-mcp", Action::Create, absent));
    ops.extend(key_ops(absent));
    ops.push(op(Kind::ModelConfig, "zq-other-gpt", Action::Create, absent));
    ops.push(op(Kind::RoutingRule, "zq-private-gpt fallbacks", Action::Create, absent));
    let mut door = op(Kind::ClientConfig, "client", Action::Change, "Calls without a key are let in.");
    door.before = Some(json!({"enforce_auth_on_inference": false, "log_retention_days": number("365")}));
    door.after = Some(json!({"enforce_auth_on_inference": true}).into());
    ops.push(door);
    ops
}

fn key_ops(absent: &str) -> Vec<Op> {
    let mut keys = Vec::new();
    for (name, hash) in [("zq-prod-key", "virtual_key/zqhash1"), ("zq-ci-key", "virtual_key/zqhash2")] {
        let mut key = op(Kind::VirtualKey, name, Action::Create, absent);
        key.origins = vec![row("LiteLLM_VerificationToken", &hash[12..], "")];
        key.after_ops = vec![OpId::new("team/zq-platform")];
        key.after = Some(
            json!({
                "name": name, "team_id": {"$ref": "team/zq-platform"}, "is_active": true,
                "provider_configs": [{"provider": "openai", "allowed_models": ["zq-private-gpt"],
                    "key_ids": [{"$ref": "provider_key/zq-credential"}]}],
                "budgets": [{"max_limit": number("12345678901234567890.10"), "reset_duration": "10Y"}],
            })
            .into(),
        );
        key.fields = vec![
            line(hash, "models", Some("provider_configs[openai].allowed_models"), Fidelity::Exact, ""),
            line(
                hash,
                "max_budget",
                Some("budgets[10Y]"),
                Fidelity::Approximate,
                "It never resets in LiteLLM; here after 10 years.",
            ),
            line(
                hash,
                "max_parallel_requests",
                None,
                Fidelity::Unsupported,
                "The gateway does not limit parallel calls.",
            ),
            line(hash, "created_at", None, Fidelity::Unsupported, "history of LiteLLM"),
            line(hash, "created_by", None, Fidelity::Unsupported, "history of LiteLLM"),
            line(
                hash,
                "token",
                Some("value"),
                Fidelity::Manual,
                "The key gets a new value: hand it to whoever uses it.",
            ),
        ];
        keys.push(key);
    }
    keys.push(op(Kind::VirtualKey, "zq-open-key", Action::Skip, "It is left out by choice."));
    keys
}

/// A number with just these digits.
pub(crate) fn number(digits: &str) -> Value {
    serde_json::from_str(digits).unwrap()
}

fn objects() -> Vec<ObjectFate> {
    let object = |kind: &str, id: &str, name: &str, fate, note: &str, ops: &[&str]| ObjectFate {
        id: SourceId::new(format!("{kind}/{id}")),
        kind: kind.to_owned(),
        name: name.to_owned(),
        fate,
        note: note.to_owned(),
        made_at: None,
        ops: ops.iter().map(|op| OpId::new(*op)).collect(),
        origins: vec![row("LiteLLM", id, "")],
        fields: Vec::new(),
    };
    let mut guard = object(
        "guardrail",
        "zq-guard-1",
        "zq-guard",
        Fate::Unsupported,
        "The gateway has no guardrails; a plugin can do it.",
        &[],
    );
    guard.origins = vec![Origin::file("zq-cfg.yaml", 40, 3)];
    guard.fields = vec![line("guardrail/zq-guard-1", "mode", None, Fidelity::Unsupported, "Part of the guardrail.")];
    let mut dana = object(
        "user",
        "zq-dana",
        "zq.dana@example.org",
        Fate::Manual,
        "Ask zq.dana@example.org to use the team's key.",
        &[],
    );
    dana.origins = vec![Origin::file("zq-cfg.yaml", 40, 3)];
    vec![
        object("deployment", "zq-d1", "zq-private-gpt", Fate::Moved, "", &["provider_key/zq-credential"]),
        object("deployment", "zq-d2", "zq-other-gpt", Fate::Moved, "", &["model_config/zq-other-gpt"]),
        object("organization", "zq-acme-id", "zq-acme", Fate::Moved, "", &["customer/zq-acme"]),
        object("team", "zq-team-id", "Zq Platform", Fate::Moved, "", &["team/zq-platform"]),
        dana,
        object("virtual_key", "zqhash1", "zq-prod-key", Fate::Moved, "", &["virtual_key/zq-prod-key"]),
        object("virtual_key", "zqhash2", "zq-ci-key", Fate::Moved, "", &["virtual_key/zq-ci-key"]),
        object(
            "virtual_key",
            "zqhash3",
            "zq-open-key",
            Fate::Skipped,
            "Left out by choice.",
            &["virtual_key/zq-open-key"],
        ),
        object(
            "budget",
            "zq-budget",
            "zq-budget",
            Fate::Folded,
            "Part of the keys linked to it.",
            &["virtual_key/zq-ci-key"],
        ),
        guard,
        object("settings", "router_settings", "router_settings", Fate::Folded, "Part of the routing rules.", &[]),
    ]
}

fn access() -> Vec<AccessVerdict> {
    let verdict = |key: &str, verdict, lost: &[&str]| AccessVerdict {
        virtual_key: key.to_owned(),
        verdict,
        only_source: lost.iter().map(|name| (*name).to_owned()).collect(),
        only_target: Vec::new(),
    };
    vec![
        verdict("(no key)", Verdict::Equal, &[]),
        verdict("zq-prod-key", Verdict::Equal, &[]),
        verdict("zq-ci-key", Verdict::Narrower, &["zq-other-gpt", "zq-private-gpt"]),
    ]
}

/// The counts of a plan.
pub(crate) fn summary(plan: &Plan) -> Summary {
    let ops = |action| plan.ops.iter().filter(|op| op.action == action).count();
    let fields = |fidelity| plan.lines().filter(|line| line.fidelity == fidelity).count();
    Summary {
        create: ops(Action::Create),
        change: ops(Action::Change),
        same: ops(Action::Same),
        skip: ops(Action::Skip),
        exact: fields(Fidelity::Exact),
        approximate: fields(Fidelity::Approximate),
        manual: fields(Fidelity::Manual),
        unsupported: fields(Fidelity::Unsupported),
        history: plan.lines().filter(|line| line.is_history()).count(),
    }
}

/// A journal of [`plan`]: every result, one difference, one op of unknown outcome, one never reached; stopped.
pub(crate) fn journal() -> Journal {
    let outcome = |op: &str, result, target_id: Option<&str>, note: &str| Entry::Outcome {
        op: OpId::new(op),
        result,
        target_id: target_id.map(str::to_owned),
        note: note.to_owned(),
    };
    let verified = |op: &str, differences| Entry::Verified { op: OpId::new(op), differences, shown: None };
    let intent =
        |op: &str| Entry::Intent { op: OpId::new(op), call: "create".to_owned(), target_id: None, before: None };
    let differing = Difference {
        path: "budgets[10Y].max_limit".to_owned(),
        intended: number("12345678901234567890.10"),
        observed: number("12345678901234567000"),
    };
    journal_of(vec![
        Entry::Opened {
            format: apply::journal::FORMAT.to_owned(),
            plan: "p".to_owned(),
            target: "zq-gateway".to_owned(),
            gangway: "0.1.0".to_owned(),
        },
        outcome("provider/openai", OpResult::Same, Some("openai"), ""),
        intent("provider_key/zq-credential"),
        outcome("provider_key/zq-credential", OpResult::Created, Some("zq-uuid-2"), ""),
        verified("provider_key/zq-credential", Vec::new()),
        outcome(
            "pricing_override/zq-private-gpt",
            OpResult::Failed,
            None,
            "The gateway answered 400: bad pattern zq-private-gpt.",
        ),
        outcome(
            "customer/zq-acme",
            OpResult::Conflict,
            Some("zq-uuid-3"),
            "A customer zq-acme is there and has no budget.",
        ),
        outcome("team/zq-platform", OpResult::Changed, Some("zq-uuid-1"), ""),
        verified("team/zq-platform", Vec::new()),
        outcome("virtual_key/zq-prod-key", OpResult::Created, Some("zq-uuid-4"), ""),
        verified("virtual_key/zq-prod-key", vec![differing]),
        outcome("virtual_key/zq-ci-key", OpResult::Blocked, None, "It waits for customer/zq-acme."),
        intent("mcp_client/zq-mcp"),
        Entry::Closed { end: End::Stopped },
    ])
}

/// Lines a second apart.
pub(crate) fn journal_of(entries: Vec<Entry>) -> Journal {
    let at = |seq: usize| Moment::from_millis(1_795_000_000_000 + 1_000 * i64::try_from(seq).unwrap());
    let lines = entries.into_iter().enumerate().map(|(seq, entry)| Line {
        seq: u64::try_from(seq).unwrap(),
        at: at(seq),
        prev: String::new(),
        entry,
    });
    Journal { lines: lines.collect() }
}
