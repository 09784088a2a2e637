//! The field accounting: where each source field went, and how faithfully.

use leptos::prelude::*;
use plan::FieldLine;

use crate::state::sheets::line_badge;
use crate::ui::{cell, path, place};

/// A table with a row for each field.
pub(crate) fn field_table(lines: &[FieldLine]) -> AnyView {
    if lines.is_empty() {
        return ().into_any();
    }
    let rows: Vec<AnyView> = lines.iter().map(row).collect();
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label="Field accounting">
            <table class="accounting">
                <caption class="hidden">"What becomes of each source field"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Source field"</th>
                        <th scope="col">"On the gateway"</th>
                        <th scope="col">"Arrives"</th>
                        <th scope="col">"Read from"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(line: &FieldLine) -> AnyView {
    let target = line.target.as_ref().map(|target| path(target));
    let note = (!line.note.is_empty()).then(|| view! { <p class="note">{line.note.to_string()}</p> });
    view! {
        <tr>
            <th scope="row">
                {path(&line.source)}
                <span class="of">{line.object.to_string()}</span>
            </th>
            <td>{target.unwrap_or_else(|| view! { <span class="zero">"nowhere"</span> }.into_any())}</td>
            <td>{cell(&line_badge(line))}{note}</td>
            <td>{place(&line.origin, Some(&line.object))}</td>
        </tr>
    }
    .into_any()
}
