//! Reading and planning a small company of our own, again and again, while nothing was given yet. The browser compiles
//! code well only after it has run for a while, and asks the system for memory page by page; and the first thing people
//! do here is to drop a large file.

use std::fmt::Write as _;

use bifrost::Observed;
use bifrost::version::NEWEST_KNOWN;
use inventory::gather;
use leptos::prelude::*;
use litellm::Input;
use plan::Choices;

use crate::host::{clock, task};
use crate::state::Store;

/// How often, and how long the page has for itself before and between, in milliseconds.
const ROUNDS: u32 = 36;
const BEFORE: u32 = 200;
const BETWEEN: u32 = 10;

/// How much memory is asked for in each round, in bytes. All of it together is about what a config of 2 MB takes until
/// its inventory is there, and it is given back before that: no memory ever leaves the page again.
const ROOM: usize = 2 << 20;

/// How many deployments the file has: a round stays well below what anybody notices.
const DEPLOYMENTS: u32 = 30;

/// How many keys there are, and in how many of the rounds a plan is made of all.
const KEYS: u32 = 8;
const PLANS: u32 = 8;

/// Stops as soon as there is real work.
pub(crate) async fn warm(store: Store) {
    task::sleep(BEFORE).await;
    let (config, dump) = (config(), dump());
    let config = Input::File { name: "config.yaml", bytes: config.as_bytes() };
    let dump = Input::File { name: "dump.sql", bytes: dump.as_bytes() };
    let mut room = Vec::new();
    for round in 0..ROUNDS {
        if store.held.with_untracked(|held| !held.is_empty()) {
            return;
        }
        let (inventory, vault) = gather(litellm::read(&[config, dump])).open(&[]);
        if ROUNDS - round <= PLANS {
            task::sleep(BETWEEN).await;
            let observed = Observed::fresh(NEWEST_KNOWN);
            drop(plan::plan(&inventory, &vault, &observed, &Choices::default(), clock::now()));
        }
        // Not zero: only what was written to is really there.
        room.push(vec![1_u8; ROOM]);
        task::sleep(BETWEEN).await;
    }
    drop(room);
    clock::mark("gangway:warm");
}

/// What people write: comments, quotes, lists, references, merged defaults.
fn config() -> String {
    const MODELS: [&str; 4] =
        ["openai/gpt-4o", "azure/gpt-4o", "anthropic/claude-sonnet-4-5", "bedrock/us.amazon.nova-pro-v1:0"];
    let mut text = "x-defaults: &defaults {timeout: 60, max_retries: 2}\n\nmodel_list:\n".to_owned();
    for (number, model) in (0..DEPLOYMENTS).zip(MODELS.iter().cycle()) {
        // Writing into a text cannot fail.
        let _ = write!(
            text,
            "  # {number}\n  - model_name: \"group-{number}\"\n    litellm_params:\n      <<: *defaults\n      \
             model: {model}\n      api_key: os.environ/KEY_{number}\n      api_base: https://{number}.example.com/v1\n      \
             rpm: {number}\n    model_info: {{id: \"d-{number}\", mode: chat, access_groups: [tier]}}\n"
        );
    }
    text
}

/// Keys with lists of models, budgets and limits.
fn dump() -> String {
    let mut text = String::new();
    for number in 0..KEYS {
        let _ = writeln!(
            text,
            "INSERT INTO public.\"LiteLLM_VerificationToken\" (\"token\", \"key_alias\", \"models\", \"max_budget\", \
             \"budget_duration\", \"rpm_limit\") VALUES ('{number:064x}', 'key-{number}', \
             '{{group-{number},group-{}}}', 10, '30d', 100);",
            number + 1
        );
    }
    text
}
