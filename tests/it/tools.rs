//! Which MCP tools a key may call: two statements of it, compared for every key and tool.

use bifrost::Observed;
use inventory::{Inventory, Opened, Vault};
use plan::{Choices, Plan, Verdict};
use serde_json::{Value, json};
use support::{company, fleet};

const TARGET: &str = "2.0.0-prerelease3";

fn company_of_tools() -> (Inventory, Vault<Opened>) {
    let server = |id: &str, more: Value| {
        let mut row = json!({"server_id": id, "server_name": id, "url": format!("https://{id}.example"),
                             "transport": "http", "auth_type": "none", "approval_status": "active"});
        for (field, value) in more.as_object().into_iter().flatten() {
            row[field] = value.clone();
        }
        ("MCPServerTable", row)
    };
    let permission = |id: &str, more: Value| {
        let mut row = json!({"object_permission_id": id});
        for (field, value) in more.as_object().into_iter().flatten() {
            row[field] = value.clone();
        }
        ("ObjectPermissionTable", row)
    };
    let key = |alias: &str, more: Value| {
        let mut row = json!({"token": alias, "key_alias": alias, "models": []});
        for (field, value) in more.as_object().into_iter().flatten() {
            row[field] = value.clone();
        }
        ("VerificationToken", row)
    };
    let rows = [
        server("docs", json!({"mcp_access_groups": ["all"], "allowed_tools": ["search", "read"]})),
        server("mail", json!({})),
        server("clock", json!({"allow_all_keys": true})),
        permission("p-docs", json!({"mcp_servers": ["docs"]})),
        permission("p-search", json!({"mcp_servers": ["docs"], "mcp_tool_permissions": {"docs": ["search"]}})),
        permission("p-mail", json!({"mcp_servers": ["mail"]})),
        permission("p-clock", json!({"mcp_servers": ["clock"], "mcp_tool_permissions": {"clock": ["now"]}})),
        ("TeamTable", json!({"team_id": "red", "team_alias": "red", "models": [], "object_permission_id": "p-search"})),
        ("TeamTable", json!({"team_id": "blue", "team_alias": "blue", "models": [], "object_permission_id": "p-mail"})),
        key("plain", json!({})),
        key("docs", json!({"object_permission_id": "p-docs"})),
        key("inherits", json!({"team_id": "red"})),
        key("within", json!({"team_id": "red", "object_permission_id": "p-docs"})),
        key("apart", json!({"team_id": "blue", "object_permission_id": "p-clock"})),
        key("shut", json!({"object_permission_id": "p-mail", "blocked": true})),
    ];
    fleet::made_up("model_list: []\n", &rows)
}

fn tools(plan: &Plan) -> Vec<String> {
    let keys = plan.ops.iter().filter(|op| op.kind == bifrost::Kind::VirtualKey);
    let told = |op: &plan::Op| {
        let configs = op.after.as_ref()?.get("mcp_configs").and_then(Value::as_array).cloned().unwrap_or_default();
        let configs = configs.iter().map(|config| {
            format!("{}{}", config["mcp_client_name"].as_str().unwrap_or_default(), config["tools_to_execute"])
        });
        Some(format!("{}: {}", op.name, configs.collect::<Vec<_>>().join(" ")))
    };
    keys.filter_map(told).collect()
}

/// A server that is there for every key, and that the key's own permission gives one tool of: that tool, and no other.
#[test]
fn tools_are_those_of_litellm() {
    let (inventory, vault) = company_of_tools();
    let plan = plan::plan(&inventory, &vault, &Observed::fresh(TARGET), &Choices::default(), company::now());
    assert_eq!(
        tools(&plan),
        [
            r#"apart: clock["now"]"#,
            r#"docs: clock["*"] docs["read","search"]"#,
            r#"inherits: clock["*"] docs["search"]"#,
            r#"plain: clock["*"]"#,
            "shut: ",
            r#"within: clock["*"] docs["search"]"#,
        ]
    );
    let unequal: Vec<_> = plan.access.iter().filter(|verdict| verdict.verdict != Verdict::Equal).collect();
    assert!(unequal.is_empty() && plan.applyable, "{unequal:#?}");
}

/// Changes the tools of one key and says what the check finds.
#[track_caller]
fn check(key: &str, tools: Value, expected: &str) {
    let (inventory, vault) = company_of_tools();
    let observed = Observed::fresh(TARGET);
    let mut plan = plan::plan(&inventory, &vault, &observed, &Choices::default(), company::now());
    let op = plan.ops.iter_mut().find(|op| op.id.as_str() == format!("virtual_key/{key}")).expect("the key");
    op.after.as_mut().expect("a body")["mcp_configs"] = tools;
    let verdicts = plan::recheck(&inventory, &vault, &observed, &Choices::default(), company::now(), &plan.ops);
    let verdict = verdicts.iter().find(|verdict| verdict.virtual_key == key).expect("a verdict");
    let told = format!("{:?} {:?} {:?}", verdict.verdict, verdict.only_source, verdict.only_target);
    assert_eq!(told, expected, "{key}");
}

#[test]
fn a_tool_too_many_shows_and_so_does_one_that_is_lost() {
    let grant = |client: &str, tools: &[&str]| json!([{"mcp_client_name": client, "tools_to_execute": tools}]);
    let both = json!([{"mcp_client_name": "clock", "tools_to_execute": ["*"]}, {"mcp_client_name": "docs", "tools_to_execute": ["*"]}]);
    check("inherits", both, r#"Wider [] ["MCP docs: read"]"#);
    check(
        "plain",
        grant("mail", &["send"]),
        r#"Wider ["MCP clock: other tools", "MCP clock: now", "MCP clock: read", "MCP clock: search", "MCP clock: send"] ["MCP mail: send"]"#,
    );
    check(
        "apart",
        grant("clock", &["*"]),
        r#"Wider [] ["MCP clock: other tools", "MCP clock: read", "MCP clock: search"]"#,
    );
    check("apart", json!([]), r#"Narrower ["MCP clock: now"] []"#);
    // A client lets through what it names, whatever a key is given.
    check(
        "docs",
        json!([{"mcp_client_name": "clock", "tools_to_execute": ["*"]}, {"mcp_client_name": "docs", "tools_to_execute": ["*"]}]),
        "Equal [] []",
    );
    check("shut", grant("mail", &["*"]), "Equal [] []");
}

/// A client that is on the gateway already and open to every virtual key is open to the moved ones too.
#[test]
fn a_client_that_is_open_to_all_keys_is_found() {
    let (inventory, vault) = company_of_tools();
    let mut observed = Observed::fresh(TARGET);
    let client = |open: bool| {
        json!({"config": {"client_id": "c9", "name": "shell", "tools_to_execute": ["run"],
                          "allow_on_all_virtual_keys": open}, "state": "healthy"})
    };
    observed.mcp_clients.push(client(true));
    let plan = plan::plan(&inventory, &vault, &observed, &Choices::default(), company::now());
    let wider: Vec<&str> = plan
        .access
        .iter()
        .filter(|verdict| verdict.only_target == ["MCP shell: run"])
        .map(|verdict| verdict.virtual_key.as_str())
        .collect();
    assert_eq!(wider, ["apart", "docs", "inherits", "plain", "within"]);
    assert!(!plan.applyable);
    observed.mcp_clients = vec![client(false)];
    assert!(plan::plan(&inventory, &vault, &observed, &Choices::default(), company::now()).applyable);
}

/// What switches of LiteLLM's and what is blocked leave of the tools: as LiteLLM says, for every key.
#[test]
fn switches_and_blocks_decide_about_tools() {
    let server = |id: &str, all: bool| {
        let row = json!({"server_id": id, "server_name": id, "url": format!("https://{id}.example"), "transport": "http",
            "auth_type": "none", "approval_status": "active", "allow_all_keys": all, "allowed_tools": ["search", "read"]});
        ("MCPServerTable", row)
    };
    let permission = |id: &str, fields: Value| {
        let mut row = fields;
        row["object_permission_id"] = json!(id);
        ("ObjectPermissionTable", row)
    };
    let key = |alias: &str, team: Option<&str>, permission: Option<&str>, user: Option<&str>| {
        let row = json!({"token": alias, "key_alias": alias, "models": [], "team_id": team, "user_id": user, "object_permission_id": permission});
        ("VerificationToken", row)
    };
    let rows = [
        server("docs", false),
        server("clock", true),
        permission("docs", json!({"mcp_servers": ["docs"]})),
        permission(
            "read",
            json!({"mcp_servers": ["docs"], "mcp_tool_permissions": {"docs": ["search", "read"]}, "blocked_tools": ["search"]}),
        ),
        permission("only-tools", json!({"mcp_tool_permissions": {"docs": ["read"]}})),
        permission("blocks", json!({"blocked_tools": ["read"]})),
        permission("clock-read", json!({"mcp_tool_permissions": {"clock": ["read"]}})),
        ("TeamTable", json!({"team_id": "t", "team_alias": "t", "models": [], "object_permission_id": "docs"})),
        ("UserTable", json!({"user_id": "u", "user_email": "u@example.com", "object_permission_id": "read"})),
        key("blocks", None, Some("blocks"), None),
        key("clock-read", None, Some("clock-read"), None),
        key("docs", None, Some("docs"), None),
        key("in-team", Some("t"), None, None),
        key("only-tools", None, Some("only-tools"), None),
        key("personal", None, Some("docs"), Some("u")),
        key("plain", None, None, None),
        key("read", None, Some("read"), None),
    ];
    let told = |settings: &str, narrower: &[&str]| {
        let config = format!("model_list: []\ngeneral_settings: {{{settings}}}\n");
        let (inventory, vault) = fleet::made_up(&config, &rows);
        let plan = plan::plan(&inventory, &vault, &Observed::fresh(TARGET), &Choices::default(), company::now());
        // The gateway cannot be told all tools but one, so a key that some are blocked for loses more.
        let unequal = plan.access.iter().filter(|verdict| verdict.verdict != Verdict::Equal);
        let told: Vec<_> = unequal.map(|verdict| (verdict.virtual_key.as_str(), verdict.verdict)).collect();
        let narrower: Vec<_> = narrower.iter().map(|key| (*key, Verdict::Narrower)).collect();
        assert_eq!(told, narrower, "{settings}");
        tools(&plan)
    };
    let (clock, docs) = (r#"clock["read","search"]"#, r#"docs["read","search"]"#);
    let plain = [
        "blocks: ".to_owned(),
        r#"clock-read: clock["read"]"#.to_owned(),
        format!("docs: {clock} {docs}"),
        format!("in-team: {clock} {docs}"),
        format!("only-tools: {clock}"),
        r#"personal: docs["read"]"#.to_owned(),
        format!("plain: {clock}"),
        r#"read: docs["read"]"#.to_owned(),
    ];
    assert_eq!(told("require_key_mcp_access_defined: false", &["blocks", "read"]), plain);
    let mut strict = plain.clone();
    strict[3] = format!("in-team: {clock}");
    assert_eq!(told("require_key_mcp_access_defined: true", &["blocks", "read"]), strict);
    let mut scoped = plain.clone();
    for (place, told) in [
        (1, "clock-read: "),
        (2, r#"docs: docs["read","search"]"#),
        (3, r#"in-team: docs["read","search"]"#),
        (4, "only-tools: "),
    ] {
        told.clone_into(&mut scoped[place]);
    }
    assert_eq!(told("mcp_allow_all_keys_respects_mcp_scope: true", &["blocks"]), scoped);
}

/// A server that signs in with a word in front of its credential is left to a person, who is told the header.
#[test]
fn the_header_of_a_server_that_is_left_is_told() {
    for (kind, why) in [
        ("bearer_token", "its header is Authorization: Bearer CREDENTIAL"),
        ("token", "its header is Authorization: token CREDENTIAL"),
        ("basic", "its header is Authorization: Basic CREDENTIAL"),
        ("oauth2", "a person has to sign in or set up oauth2 on the gateway"),
        ("api_key", "its credential is not in what was read"),
    ] {
        let row = json!({"server_id": "s", "server_name": "s", "url": "https://s.example", "transport": "http",
            "auth_type": kind, "approval_status": "active"});
        let (inventory, vault) = fleet::made_up("model_list: []\n", &[("MCPServerTable", row)]);
        let plan = plan::plan(&inventory, &vault, &Observed::fresh(TARGET), &Choices::default(), company::now());
        let server = plan.objects.iter().find(|object| object.kind == "mcp_server").expect("the server");
        assert_eq!(server.fate, plan::Fate::Manual, "{kind}");
        assert!(server.note.ends_with(why), "{kind}: {}", server.note);
    }
}

/// A server whose name the gateway takes is called so, and of another one that is said.
#[test]
fn what_a_client_is_called_is_told() {
    let told = |name: &str| {
        let row = json!({"server_id": "s", "server_name": name, "url": "https://s.example", "transport": "http",
            "auth_type": "none", "approval_status": "active"});
        let (inventory, vault) = fleet::made_up("model_list: []\n", &[("MCPServerTable", row)]);
        let plan = plan::plan(&inventory, &vault, &Observed::fresh(TARGET), &Choices::default(), company::now());
        let op = plan.ops.iter().find(|op| op.kind == bifrost::Kind::McpClient).expect("a client");
        let line = op.fields.iter().find(|line| &*line.source == "server_name").expect("a line");
        format!("{}: {} {}", op.name, line.fidelity.word(), line.note)
    };
    let note = "approximate clients see its tools under this name; the gateway takes letters, digits and underscores";
    assert_eq!(told("docs"), "docs: exact ");
    assert_eq!(told("docs-search"), format!("docs_search: {note}"));
    assert_eq!(told("9docs"), format!("mcp_9docs: {note}"));
}
