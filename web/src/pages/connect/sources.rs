//! What was given, and what each of it turned out to be.

use leptos::prelude::*;
use litellm::SourceRead;
use model::{Finding, Severity};
use report::words;

use crate::host::{storage, task};
use crate::pages::inventory::gaps;
use crate::pages::plan::{BEGUN, read_again};
use crate::state::recognised::Recognised;
use crate::state::{Held, Store, Tone, flow};
use crate::ui::{badge, findings_list, notice};

/// How many sources are listed without a bar to scroll them.
const LONG: usize = 12;

/// The section; nothing while nothing was given.
pub(super) fn section(store: Store) -> Option<AnyView> {
    let held = store.held.get();
    if held.is_empty() {
        return store.restored.get().then(|| restored(store));
    }
    let seen = store.seen.get();
    let busy = store.busy.get();
    let items: Vec<AnyView> = held
        .iter()
        .filter_map(|held| match held {
            Held::File { name, .. } => Some(file(store, name, seen.as_ref().and_then(|seen| seen.files.get(name)))),
            Held::Answer(_) | Held::Gaps(_) | Held::Rows(_) => None,
        })
        .chain(seen.iter().flat_map(|seen| seen.others.iter().map(other)))
        .collect();
    let long = items.len() > LONG;
    let version = seen.as_ref().and_then(|seen| seen.version.clone());
    let loose: Vec<Finding> = seen.map(|seen| seen.loose.clone()).unwrap_or_default();
    let needed = also_needed(store);
    let gaps = store.inventory.with(|inventory| inventory.as_ref().map(|inventory| gaps(&inventory.gaps)));
    Some(
        view! {
            <section class="card" aria-labelledby="sources-title" aria-busy=busy.is_some().to_string()>
                <h2 id="sources-title">"What was read"</h2>
                {version.map(|version| view! { <p>"LiteLLM "<strong>{version}</strong></p> })}
                {needed}
                <ul class="sources" class:long=long>{items}</ul>
                {gaps}
                {(!loose.is_empty()).then(|| findings_list(&loose))}
                {busy.map(|what| view! { <p class="muted">{what}"…"</p> })}
            </section>
        }
        .into_any(),
    )
}

/// Files that a file that was given includes, and that were not given.
fn also_needed(store: Store) -> Option<AnyView> {
    let names: Vec<String> = store.gathered.with(|gathered| {
        let findings = gathered.iter().flat_map(|gathered| gathered.findings());
        let missing = findings.filter(|finding| finding.code.as_str() == "config.include_missing");
        // The hint names the file: `give models.yaml as well`.
        let name = |hint: &String| Some(hint.strip_prefix("give ")?.strip_suffix(" as well")?.to_owned());
        missing.filter_map(|finding| finding.hints.iter().find_map(name)).collect()
    });
    (!names.is_empty()).then(|| {
        let text = view! {
            <p id="needed"><strong>{names.join(", ")}</strong>". Give them too: what stands in them is not known yet."</p>
        };
        notice(Tone::Warn, "Also needed:", text)
    })
}

fn file(store: Store, name: &str, seen: Option<&Recognised>) -> AnyView {
    let seen = seen.cloned();
    let (mark, what, findings) = match seen {
        None => (badge(Tone::Quiet, "…", "Reading"), String::new(), Vec::new()),
        Some(seen) => {
            let worst = model::worst(&seen.findings);
            let mark = match (&seen.what, worst) {
                (None, _) => badge(Tone::Bad, "✗", "Not usable"),
                (Some(_), Some(Severity::Error)) => badge(Tone::Warn, "!", "Read in part"),
                (Some(_), _) => badge(Tone::Ok, "✓", "Read"),
            };
            (mark, seen.what.unwrap_or_else(|| "Nothing in it could be used.".to_owned()), seen.findings)
        }
    };
    let removed = name.to_owned();
    let remove = move |_| {
        let name = removed.clone();
        store.hold(Vec::new(), |held| matches!(held, Held::File { name: other, .. } if *other == name));
        task::spawn(async move {
            flow::reread(store).await;
            if store.held.with_untracked(|held| held.is_empty()) {
                store.plan.set(None);
                storage::forget_plan();
            }
        });
    };
    view! {
        <li class="source">
            <div class="line">
                {mark}
                <strong>{name.to_owned()}</strong>
                <span>{what}</span>
                <button type="button" class="small" on:click=remove aria-label=format!("Remove {name}")>"Remove"</button>
            </div>
            {(!findings.is_empty()).then(|| findings_list(&findings))}
        </li>
    }
    .into_any()
}

/// What did not come as a file.
fn other(source: &SourceRead) -> AnyView {
    let (tone, symbol, word) =
        if source.complete { (Tone::Ok, "✓", "Read") } else { (Tone::Warn, "!", "Read in part") };
    let name = match source.kind {
        litellm::SourceKind::Api => "LiteLLM API",
        litellm::SourceKind::Database => "LiteLLM database",
        litellm::SourceKind::ConfigFile => "config.yaml",
    };
    let what = source.what.split_once(": ").map_or(source.what.as_str(), |(_, what)| what).to_owned();
    view! {
        <li class="source">
            <div class="line">{badge(tone, symbol, word)}<strong>{name}</strong><span>{what}</span></div>
        </li>
    }
    .into_any()
}

/// After a reload: the plan is here, the secrets are not.
fn restored(store: Store) -> AnyView {
    let sources: Vec<AnyView> = store.plan.with(|plan| {
        let sources = plan.iter().flat_map(|plan| plan.made.sources.iter());
        sources.map(|source| view! { <li>{source.what.clone()}</li> }.into_any()).collect()
    });
    let objects = store.plan.with(|plan| plan.as_ref().map_or(0, |plan| plan.objects.len()));
    let counted = words::counted(objects, "source object");
    let (title, what) = if store.shows_relays() {
        let what = format!(
            "Another tab or command began to apply the plan of {counted}, and the relay kept it. Secrets are not kept: read the same sources again to go on with it."
        );
        (BEGUN, what)
    } else {
        let what =
            format!("The plan of {counted} is still here. Secrets are not kept: read the sources again to apply it.");
        ("This page was loaded again.", what)
    };
    let text = view! {
        <p>{what}</p>
        <ul>{sources}</ul>
        {read_again(store)}
    };
    notice(Tone::Warn, title, text)
}
