//! Findings, gravest first.

use leptos::prelude::*;
use model::{Finding, Severity};

use crate::state::Cell;
use crate::state::sheets::severity_badge;
use crate::ui::{badge, place};

/// How many are shown before the rest has to be asked for.
const SHOWN: usize = 200;

/// A list of findings; nothing where there are none.
pub(crate) fn findings_list(findings: &[Finding]) -> AnyView {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let items: Vec<AnyView> = sorted.iter().take(SHOWN).map(|finding| one_finding(finding)).collect();
    let more = sorted.len().saturating_sub(SHOWN);
    view! {
        <ul class="findings">{items}</ul>
        {(more > 0).then(|| view! { <p class="muted">{format!("and {more} more; the report has them all")}</p> })}
    }
    .into_any()
}

/// One finding.
fn one_finding(finding: &Finding) -> AnyView {
    let severity = match finding.severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    let mark = match severity_badge(finding.severity) {
        Cell::Badge(tone, symbol, word) => badge(tone, symbol, word),
        Cell::Text(_) | Cell::Code(_) | Cell::Count(_) => ().into_any(),
    };
    let origin = finding.origin.as_ref().map(|origin| place(origin, None));
    let hints: Vec<AnyView> = finding.hints.iter().map(|hint| view! { <li>{hint.clone()}</li> }.into_any()).collect();
    view! {
        <li class="finding" data-severity=severity>
            {mark}
            <div>
                <p><strong>{finding.subject.clone()}</strong>": "{finding.message.clone()}</p>
                {(!hints.is_empty()).then(|| view! { <ul class="hints">{hints}</ul> })}
                <p class="where">{origin}" "<code class="code">{finding.code.to_string()}</code></p>
            </div>
        </li>
    }
    .into_any()
}
