//! The relay's token: from the link's fragment to memory, and out of the address bar at once.

use std::cell::RefCell;

use crate::host::{page, storage};

thread_local! {
    static TOKEN: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Takes the token out of the address (`#t=...`), or finds the one kept for this tab. Says whether there is one.
///
/// It is kept in `sessionStorage`, so that a reload does not cut the page off from its relay: it is none of the
/// user's secrets, the relay makes another at each start, and it goes with the tab.
pub(crate) fn take() -> bool {
    let fragment = page::fragment();
    let given = fragment.strip_prefix("#t=").filter(|token| !token.is_empty());
    if let Some(token) = given {
        storage::set(storage::TOKEN, token);
        page::forget_fragment();
    }
    let token = given.map(ToOwned::to_owned).or_else(|| storage::get(storage::TOKEN));
    let there = token.is_some();
    TOKEN.with_borrow_mut(|held| *held = token);
    there
}

/// The value of the `Authorization` header.
pub(crate) fn bearer() -> Option<String> {
    TOKEN.with_borrow(|token| token.as_ref().map(|token| format!("Bearer {token}")))
}
