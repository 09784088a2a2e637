//! `gangway tokens`: which old key became which new one, with the new values read from the gateway again.

use std::collections::BTreeMap;

use apply::Journal;
use bifrost::observer::{listed, listing, page};
use bifrost::{Call, Kind, identity};
use litellm::Secret;
use plan::{Op, Plan};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{DONE, HeadlessError, PARTIAL, beside, driver, material, plan_beside, tell, write};
use crate::cli::TokensArgs;
use crate::drive::Driver;
use crate::journal::JournalFile;
use crate::log::say;
use crate::settings::{self, Environment};

/// A new virtual key and the old one that it stands for.
pub(super) struct Token {
    pub(super) name: String,
    /// The old key as LiteLLM shows it.
    pub(super) old: String,
    /// Its id in LiteLLM, which is a hash of it.
    pub(super) hash: String,
    /// None where the key is no longer on the gateway.
    pub(super) value: Option<Secret>,
}

/// `gangway tokens`; the exit code.
pub(crate) async fn tokens(args: TokensArgs, env: &Environment) -> Result<u8, HeadlessError> {
    let connections = settings::connections(&args.connections, env)?;
    let path = args.plan.clone().unwrap_or_else(|| plan_beside(&args.journal));
    let plan = material::plan(&path)?;
    let (journal, findings) = Journal::read(&JournalFile::at(args.journal.clone()).text()?)?;
    tell(&findings);
    let tokens = issued(&driver(connections)?, &plan, &journal).await?;
    let text = Zeroizing::new(if args.json { as_json(&tokens) } else { as_csv(&tokens) });
    if args.print {
        write::print(&text);
    } else {
        let ending = if args.json { "keys.json" } else { "keys.csv" };
        let out = args.out.unwrap_or_else(|| beside(&args.journal, ending));
        write::own(&out, &text, args.force)?;
        say("hand the keys out, then delete this file: it holds secrets");
    }
    let gone: Vec<&str> =
        tokens.iter().filter(|token| token.value.is_none()).map(|token| token.name.as_str()).collect();
    say(&format!("{} new keys, {} of them no longer on the gateway", tokens.len(), gone.len()));
    for name in &gone {
        say(&format!("no longer there: {name}"));
    }
    Ok(if gone.is_empty() { DONE } else { PARTIAL })
}

/// The keys that the journal says were made or are used as they were, with their ids on the gateway.
pub(super) fn made<'a>(plan: &'a Plan, journal: &'a Journal) -> Vec<(&'a Op, &'a str)> {
    let outcomes = journal.outcomes();
    let keys = plan.ops.iter().filter(|op| op.kind == Kind::VirtualKey);
    keys.filter_map(|op| {
        let (result, id, _) = outcomes.get(&op.id)?;
        let id = id.filter(|_| result.is_success())?;
        Some((op, id))
    })
    .collect()
}

/// The same with their values as the gateway shows them now.
pub(super) async fn issued(driver: &Driver, plan: &Plan, journal: &Journal) -> Result<Vec<Token>, HeadlessError> {
    let mut values = values(driver).await?;
    let token = |(op, id): (&Op, &str)| {
        let source = op.fields.iter().map(|line| line.object.as_str()).find_map(|id| id.strip_prefix("virtual_key/"));
        Token {
            name: op.name.clone(),
            old: old_key(op),
            hash: source.unwrap_or_default().to_owned(),
            value: values.remove(id),
        }
    };
    Ok(made(plan, journal).into_iter().map(token).collect())
}

/// How a new virtual key says which old one it stands for.
pub(super) fn old_key(op: &Op) -> String {
    let old = op.after.as_ref().and_then(|body| body.get("description")).and_then(Value::as_str);
    old.unwrap_or_default().to_owned()
}

/// The values of the virtual keys by id.
async fn values(driver: &Driver) -> Result<BTreeMap<String, Secret>, HeadlessError> {
    let Some((endpoint, list, _)) = listing(Kind::VirtualKey) else { return Ok(BTreeMap::new()) };
    let (mut values, mut offset) = (BTreeMap::new(), 0);
    loop {
        let answer = driver.read(&page(Call::new(endpoint), offset)).await;
        let answer = answer.map_err(|loss| unreadable(&loss.to_string()))?;
        let Some((keys, total)) = listed(&answer, list) else {
            return Err(unreadable(&format!("the list of virtual keys was answered with {}", answer.status)));
        };
        for key in &keys {
            if let (Some(found), Some(value)) =
                (identity(Kind::VirtualKey, key), key.get("value").and_then(Value::as_str))
            {
                values.insert(found.id, Secret::new(value.to_owned()));
            }
        }
        offset += keys.len();
        if keys.is_empty() || offset as u64 >= total.unwrap_or(0) {
            return Ok(values);
        }
    }
}

fn unreadable(why: &str) -> HeadlessError {
    HeadlessError::Observe {
        why: why.to_owned(),
        hints: vec!["check that the gateway runs, and the credentials for it".to_owned()],
    }
}

fn as_csv(tokens: &[Token]) -> String {
    let value = |token: &Token| token.value.as_ref().map(|value| value.expose().to_owned()).unwrap_or_default();
    let rows: Vec<_> = tokens.iter().map(|token| (token.name.clone(), token.old.clone(), value(token))).collect();
    report::handover::tokens_csv(&rows)
}

fn as_json(tokens: &[Token]) -> String {
    let row = |token: &Token| {
        json!({
            "virtual_key": token.name,
            "litellm_key": token.old,
            "litellm_id": token.hash,
            "new_value": token.value.as_ref().map(Secret::expose),
        })
    };
    let rows: Value = tokens.iter().map(row).collect();
    serde_json::to_string_pretty(&rows).unwrap_or_default() + "\n"
}
