//! The check of tools: LiteLLM's statement of which tools of MCP servers a key may call against the gateway's, tool by
//! tool. A key that would gain one makes the plan not applyable. Policy: `design` 3.4.

use std::collections::{BTreeMap, BTreeSet};

use bifrost::tools::{Clients, Granted};
use bifrost::{Kind, Observed};
use litellm::Kind as Source;
use litellm::tools::{Caller, Tools};

use crate::draft::Planner;
use crate::types::{AccessVerdict, Action, Op, Verdict};
use crate::virtual_keys::{PROBE, PlannedKey};

/// What stands for a tool that nobody names.
const OTHERS: &str = "other tools";

/// Both sides, and what they speak of.
struct Sides<'a> {
    source: Tools,
    target: Clients,
    /// The servers, by the client that stands for each.
    servers: BTreeMap<&'a str, &'a str>,
    tools: BTreeSet<String>,
}

impl Planner<'_> {
    /// Adds to the verdicts what keys gain or lose of tools.
    pub(crate) fn check_tools(&self, ops: &[Op], keys: &[PlannedKey], verdicts: &mut [AccessVerdict]) {
        let bodies = |kind: Kind| {
            let wanted = ops.iter().filter(move |op| op.kind == kind && op.action != Action::Skip);
            wanted.filter_map(|op| Some((op.name.as_str(), op.after.as_ref()?)))
        };
        let mut target = there(self.observed);
        bodies(Kind::McpClient).for_each(|(_, body)| target.put(body.value()));
        let source = Tools::read(self.inventory.entities.values().map(|entity| &entity.object));
        if target.names().next().is_none() && source.servers().next().is_none() {
            return;
        }
        let granted: BTreeMap<&str, (Granted, bool)> = bodies(Kind::VirtualKey)
            .map(|(name, body)| {
                let shut = body.get("is_active") == Some(&serde_json::Value::Bool(false));
                (name, (Granted::read(body.get("mcp_configs")), shut))
            })
            .collect();
        let named = granted.values().flat_map(|(granted, _)| granted.named());
        let tools = source.named().into_iter().chain(target.named()).chain(named).chain([PROBE]);
        let tools: BTreeSet<String> = tools.map(str::to_owned).collect();
        let sides = Sides { source, target, servers: self.clients.servers(), tools };
        let by_name: BTreeMap<&str, &PlannedKey> = keys.iter().map(|key| (key.name.as_str(), key)).collect();
        let mut seen = BTreeMap::new();
        for verdict in verdicts {
            let Some(key) = by_name.get(verdict.virtual_key.as_str()) else { continue };
            let Some((granted, shut)) = granted.get(key.name.as_str()) else { continue };
            let Some(entity) = self.entity(Source::VirtualKey, &key.id) else { continue };
            let caller = Caller::read(&entity.object);
            let found = seen.entry((caller, granted, *shut)).or_insert_with_key(|(caller, granted, shut)| {
                if *shut { (Vec::new(), Vec::new()) } else { sides.compare(caller, granted) }
            });
            verdict.add(&found.0, &found.1);
        }
    }
}

impl Sides<'_> {
    /// What only LiteLLM lets the caller call, and what only the gateway does.
    fn compare(&self, caller: &Caller, granted: &Granted) -> (Vec<String>, Vec<String>) {
        let (mut lost, mut gained) = (Vec::new(), Vec::new());
        let mut moved = BTreeSet::new();
        for client in self.target.names() {
            let server = self.servers.get(client).copied();
            moved.extend(server);
            for tool in &self.tools {
                let ours = server.is_some_and(|server| self.source.may_call(caller, server, tool));
                let theirs = self.target.may_call(granted, client, tool);
                let side = match (ours, theirs) {
                    (true, false) => &mut lost,
                    (false, true) => &mut gained,
                    _ => continue,
                };
                side.push(told(client, tool));
            }
        }
        for server in self.source.servers().filter(|server| !moved.contains(server)) {
            let may = |tool: &&String| self.source.may_call(caller, server, tool);
            lost.extend(self.tools.iter().find(may).map(|_| format!("MCP {server}")));
        }
        (lost, gained)
    }
}

impl AccessVerdict {
    /// With names that only one side allows.
    fn add(&mut self, lost: &[String], gained: &[String]) {
        self.only_source.extend_from_slice(lost);
        self.only_target.extend_from_slice(gained);
        self.verdict = Verdict::of(&self.only_source, &self.only_target);
    }
}

fn told(client: &str, tool: &str) -> String {
    let tool = if tool == PROBE { OTHERS } else { tool };
    format!("MCP {client}: {tool}")
}

fn there(observed: &Observed) -> Clients {
    let mut clients = Clients::default();
    for client in &observed.mcp_clients {
        clients.put(client.get("config").unwrap_or(client));
    }
    clients
}
