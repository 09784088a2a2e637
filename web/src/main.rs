//! The console: five stations in the browser. `pages` show, `state` knows, `host` touches the browser.
#![expect(unreachable_pub, reason = "the component macro makes what it writes public")]

mod app;
mod host;
mod pages;
mod state;
mod ui;

fn main() {
    console_error_panic_hook::set_once();
    leptos::mount::mount_to_body(app::App);
}
