//! What a reload keeps: the plan (which holds no secret), the theme, the relay's token and the name of the lock. Never what was read,
//! never a key.

use std::sync::Arc;

use plan::Plan;

/// The relay's token, until the tab is closed.
pub(crate) const TOKEN: &str = "gangway.token";
/// Under which name this tab holds the journal's lock, so that it gets it back after a reload.
const HOLDER: &str = "gangway.holder";
/// The plan, until the tab is closed.
const PLAN: &str = "gangway.plan";
/// The theme, for good.
const THEME: &str = "gangway.theme";
/// Whether single-key shortcuts are off, for good.
const KEYS: &str = "gangway.keys";

/// Keeps a plan over a reload; says whether it fitted.
pub(crate) fn keep_plan(plan: &Arc<Plan>) -> bool {
    let Ok(text) = serde_json::to_string(&**plan) else { return false };
    let kept = set(PLAN, &text);
    if !kept {
        // A plan that does not fit must not leave an older one behind.
        remove(PLAN);
    }
    kept
}

/// The plan that was kept.
pub(crate) fn kept_plan() -> Option<Plan> {
    report::read_plan(&get(PLAN)?).ok()
}

/// Forgets the plan.
pub(crate) fn forget_plan() {
    remove(PLAN);
}

/// The name under which this tab holds the journal's lock; `new` makes one the first time.
pub(crate) fn holder(new: impl FnOnce() -> String) -> String {
    get(HOLDER).unwrap_or_else(|| {
        let holder = new();
        set(HOLDER, &holder);
        holder
    })
}

/// The theme: `auto`, `light` or `dark`.
pub(crate) fn theme() -> String {
    local().and_then(|storage| storage.get_item(THEME).ok()?).unwrap_or_else(|| "auto".to_owned())
}

/// Remembers the theme.
pub(crate) fn keep_theme(theme: &str) {
    remember(THEME, theme);
}

/// Whether single-key shortcuts are on.
pub(crate) fn shortcuts() -> bool {
    local().and_then(|storage| storage.get_item(KEYS).ok()?).as_deref() != Some("off")
}

/// Remembers whether single-key shortcuts are on.
pub(crate) fn keep_shortcuts(on: bool) {
    remember(KEYS, if on { "on" } else { "off" });
}

/// Reads a key of this tab.
pub(crate) fn get(key: &str) -> Option<String> {
    session()?.get_item(key).ok()?
}

/// Sets a key of this tab; says whether it fitted.
pub(crate) fn set(key: &str, value: &str) -> bool {
    session().is_some_and(|storage| storage.set_item(key, value).is_ok())
}

fn remove(key: &str) {
    if let Some(storage) = session() {
        // Without storage there is nothing to forget.
        let _ = storage.remove_item(key);
    }
}

fn remember(key: &str, value: &str) {
    if let Some(storage) = local() {
        // A full or forbidden storage costs only the memory of a preference.
        let _ = storage.set_item(key, value);
    }
}

fn session() -> Option<web_sys::Storage> {
    web_sys::window()?.session_storage().ok()?
}

fn local() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok()?
}
