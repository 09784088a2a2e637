//! The plan of an apply beside its journal: the relay keeps it, so that another tab can go on with it.

use std::sync::Arc;

use leptos::prelude::*;
use plan::Plan;
use wire::{GetPlan, KeepPlan, Nothing, PlanToKeep, code};

use crate::host::relay::{CallError, call};
use crate::state::Store;

/// Keeps the plan of the apply that begins or goes on. One that is too large is applied all the same, and said.
pub(super) async fn keep(store: Store, plan: &Plan, holder: &str) -> Result<(), String> {
    let text = serde_json::to_string(plan).map_err(|error| error.to_string())?;
    match call::<KeepPlan>(&PlanToKeep { holder: holder.to_owned(), text }).await {
        Ok(_) => {
            store.beside.set(None);
            Ok(())
        }
        Err(CallError::Refused(_, refusal)) if refusal.code == code::TOO_LARGE => {
            store.beside.set(Some(format!(
                "The plan is too large to be kept beside the journal ({}) If this tab is closed before the end, no other one \
                 can go on with it: download plan.json on Plan, and go on with gangway apply --plan.",
                refusal.message
            )));
            Ok(())
        }
        Err(error) => Err(error.words()),
    }
}

/// The plan that the relay kept, if it is the one that the journal was begun with; or why it cannot be read.
pub(super) async fn plan_of(is_its: impl Fn(&Plan) -> bool) -> Result<Option<Arc<Plan>>, String> {
    let text = call::<GetPlan>(&Nothing {}).await.map_err(|error| error.words())?.text;
    Ok(text.and_then(|text| report::read_plan(&text).ok()).filter(is_its).map(Arc::new))
}

/// Takes up the plan that the relay kept.
pub(super) async fn take_up(store: Store, is_its: impl Fn(&Plan) -> bool) {
    let plan = match plan_of(is_its).await {
        Ok(Some(plan)) => plan,
        Ok(None) => return,
        Err(why) => {
            return store.beside.set(Some(format!("The plan of an apply that was not finished cannot be read. {why}")));
        }
    };
    store.stopped.set(Some(Arc::clone(&plan)));
    store.relays.set(true);
    // Where something was given already, that is what the person is at; Apply offers to go on all the same.
    if store.plan.with_untracked(Option::is_none) && store.held.with_untracked(|held| held.is_empty()) {
        store.choices.set(plan.choices.clone());
        store.plan.set(Some(plan));
        store.restored.set(true);
        store.say("An apply that was not finished was found, with its plan.");
    }
}
