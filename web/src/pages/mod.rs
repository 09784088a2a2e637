//! The five stations: each shows what one phase gave, and decides nothing.

pub(crate) mod apply;
pub(crate) mod connect;
pub(crate) mod inventory;
pub(crate) mod plan;
pub(crate) mod report;

use std::sync::Arc;

use ::plan::Plan;
use leptos::prelude::*;

use crate::state::Store;

/// A station that shows the plan: its heading, and the plan, or that it is being made, or that there is none.
fn of_plan(store: Store, title: &'static str, lead: &'static str, shown: fn(Store, &Arc<Plan>) -> AnyView) -> AnyView {
    view! {
        <header class="head">
            <h1 id="station" tabindex="-1">{title}</h1>
            <p class="lead">{lead}</p>
        </header>
        {move || match (store.plan.get(), store.busy.get()) {
            (Some(plan), _) => shown(store, &plan),
            (None, Some(what)) => view! { <p class="loading" role="status">{what}"…"</p> }.into_any(),
            (None, None) => inventory::nothing(),
        }}
    }
    .into_any()
}
