//! Which setting LiteLLM reads where, as a table (`names.txt`: a section a line, then the names it reads there), and
//! what is to be said of one that stands elsewhere. Source: `reference/litellm.md` 4.2 to 4.8, 7.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use model::{Code, Finding, Origin};

/// Settings people write into the file that LiteLLM takes from elsewhere or from nowhere.
const INVENTED: &[(&str, &str)] = &[
    ("log_level", "set LITELLM_LOG in the environment of the proxy"),
    ("ui_username", "set UI_USERNAME and UI_PASSWORD in the environment of the proxy"),
    ("ui_password", "set UI_USERNAME and UI_PASSWORD in the environment of the proxy"),
    ("cors_", "cross-origin rules are set on what stands in front of the proxy"),
    ("port", "it is an option of the command that starts the proxy"),
    ("host", "it is an option of the command that starts the proxy"),
    ("num_workers", "it is an option of the command that starts the proxy"),
    ("detailed_debug", "it is an option of the command that starts the proxy"),
];

/// Settings of the router that LiteLLM also takes from `litellm_settings`, where the router has none.
const DEFAULTS: &[&str] = &["num_retries", "allowed_fails"];

/// Whether LiteLLM reads a name in a section.
pub(super) fn is_read(section: &str, name: &str) -> bool {
    READ.iter().any(|(known, names)| *known == section && names.contains(name))
}

/// Every name LiteLLM reads in its file, each with the section it reads it in; `top` for the sections themselves
/// (`reference/litellm.md` 4.2 to 4.8).
pub fn names_read() -> impl Iterator<Item = (&'static str, &'static str)> {
    READ.iter().flat_map(|(section, names)| names.iter().map(|name| (*section, *name)))
}

/// The section in which LiteLLM reads a name, other than `section`.
pub(super) fn section_of(section: &str, name: &str) -> Option<&'static str> {
    READ.iter().find(|(known, names)| *known != section && names.contains(name)).map(|(known, _)| *known)
}

/// What is to be said of a setting in one of the sections of settings.
pub(super) fn setting(section: &str, name: &str, at: Origin) -> Option<Finding> {
    if section == "litellm_settings" && DEFAULTS.contains(&name) {
        return Some(
            Finding::info(
                Code::new("config.default"),
                format!("{section}.{name}"),
                format!("{name} is a setting of the router; here it only counts where router_settings has none"),
            )
            .at(at),
        );
    }
    if is_read(section, name) || prefixed(section, name) {
        return None;
    }
    let elsewhere = section_of(section, name).filter(|other| of_settings(other));
    match (elsewhere, invented(name)) {
        (Some(other), _) => Some(misplaced(section, name, other, at)),
        (None, Some(hint)) => Some(ignored(section, name, at).hint(hint)),
        // Any attribute of LiteLLM's module can be set there, so an unknown name is nothing to speak of.
        (None, None) if section == "litellm_settings" => None,
        (None, None) => Some(ignored(section, name, at)),
    }
}

/// What is to be said of a section LiteLLM does not read.
pub(super) fn section(name: &str, at: Origin) -> Option<Finding> {
    // Stores of anchors by custom.
    if name.starts_with("x-") || name.starts_with(['.', '_']) {
        return None;
    }
    let elsewhere = section_of("top", name).filter(|other| of_settings(other));
    Some(match (elsewhere, invented(name)) {
        (Some(other), _) => misplaced("at the top level", name, other, at),
        (None, Some(hint)) => ignored("at the top level", name, at).hint(hint),
        (None, None) => ignored("at the top level", name, at),
    })
}

/// What is to be said of a name beside `litellm_params`.
pub(super) fn beside(name: &str, at: Origin) -> Option<Finding> {
    if matches!(name, "model_name" | "litellm_params" | "model_info" | "rpm" | "tpm" | "max_parallel_requests") {
        return None;
    }
    Some(match section_of("top", name).filter(|other| !of_settings(other)) {
        Some(other) => misplaced("beside litellm_params", name, other, at),
        None => ignored("beside litellm_params", name, at),
    })
}

/// What is to be said of a name in `model_info` or `litellm_params`; both take names of the owner's own.
pub(super) fn of_deployment(section: &str, name: &str, at: Origin) -> Option<Finding> {
    if is_read(section, name) {
        return None;
    }
    match (section, name) {
        ("model_info", "api_key" | "api_base" | "base_url" | "model" | "weight" | "order" | "timeout" | "tags") => {
            Some(misplaced(section, name, "litellm_params", at))
        }
        ("litellm_params", "mode" | "access_groups" | "supported_environments" | "team_public_model_name") => {
            Some(misplaced(section, name, "model_info", at))
        }
        ("model_info", "pricing" | "cost" | "price") => {
            Some(ignored(section, name, at).hint(
                "LiteLLM reads prices as input_cost_per_token and output_cost_per_token, in dollars for one token",
            ))
        }
        _ => None,
    }
}

fn misplaced(section: &str, name: &str, other: &str, at: Origin) -> Finding {
    Finding::warning(
        Code::new("config.misplaced"),
        name,
        format!("{name} {} has no effect; LiteLLM reads it under {other}", stands(section)),
    )
    .at(at)
    .hint(format!("the running proxy is without it: move it to {other} only if it should count"))
}

fn ignored(section: &str, name: &str, at: Origin) -> Finding {
    Finding::warning(
        Code::new("config.ignored"),
        name,
        format!("LiteLLM knows no {name} {}; it has no effect and is not moved", stands(section)),
    )
    .at(at)
}

fn stands(section: &str) -> String {
    if section.contains(' ') { section.to_owned() } else { format!("under {section}") }
}

fn invented(name: &str) -> Option<&'static str> {
    let is = |known: &str| known == name || (known.ends_with('_') && name.starts_with(known));
    INVENTED.iter().find(|(known, _)| is(known)).map(|(_, hint)| *hint)
}

/// Families of names that are not listed one by one.
fn prefixed(section: &str, name: &str) -> bool {
    const FAMILIES: &[&str] = &["mcp_", "password_policy_", "maximum_", "database_", "health_check_"];
    section == "general_settings" && FAMILIES.iter().any(|family| name.starts_with(family))
}

fn of_settings(section: &str) -> bool {
    section.ends_with("_settings") || section == "top"
}

/// The table, in its order: a section, and the names LiteLLM reads there.
static READ: LazyLock<Vec<(&str, BTreeSet<&str>)>> = LazyLock::new(|| {
    let lines = include_str!("names.txt").lines().filter_map(|line| line.split_once(' '));
    lines.map(|(section, names)| (section, names.split(' ').collect())).collect()
});
