//! One line per request on standard error: verb, route, status, milliseconds, bytes, request. Never a path as it
//! came, a query, a body, a token or an upstream's words.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::HttpBody;
use axum::extract::Request;
use axum::http::{HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use tokio::time::Instant;

/// The name a request goes by in the log: a route of the table, `page`, `asset` or, by default, `unknown`.
#[derive(Clone, Debug)]
pub(crate) struct RouteId(pub(crate) String);

static REQUESTS: AtomicU64 = AtomicU64::new(1);

/// Says something on standard error. Nobody listening is no reason to stop.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Logs what passes.
pub(crate) async fn requests(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = format!("{:08x}", REQUESTS.fetch_add(1, Ordering::Relaxed));
    let method = verb(request.method());
    let mut response = next.run(request).await;
    let route = response.extensions().get::<RouteId>().map_or("unknown", |route| route.0.as_str());
    let bytes = response.body().size_hint().exact().unwrap_or(0);
    let status = response.status().as_u16();
    say(&format!("{method} {route} {status} {}ms {bytes}B {id}", started.elapsed().as_millis()));
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}

/// The verb, if it is a usual one: any text can stand there.
fn verb(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "PATCH" => "PATCH",
        "HEAD" => "HEAD",
        "OPTIONS" => "OPTIONS",
        _ => "OTHER",
    }
}

/// Panics say where, never what: the message may hold anything.
pub(crate) fn quiet_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, |place| format!(" at {}:{}", place.file(), place.line()));
        say(&format!("fault{place}"));
    }));
}
