//! The console inside the binary, and the headers it is served with.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use crate::log::RouteId;
use crate::refuse::Refused;

/// What Trunk built; nothing where the console has not been built.
#[derive(RustEmbed)]
#[folder = "../web/dist"]
#[allow_missing = true]
struct Console;

/// The page of a build without the console.
const WITHOUT_CONSOLE: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Gangway</title>\
    <p>This relay was built without the console. Build it with <code>cargo xtask dist</code>.</p></html>\n";

/// The console's files and the policy they are served under.
#[derive(Debug)]
pub(crate) struct Assets {
    headers: HeaderMap,
}

impl Assets {
    /// Reads the page once, to name its inline scripts in the policy.
    pub(crate) fn new() -> Self {
        let page = Console::get("index.html").map(|file| file.data.into_owned()).unwrap_or_default();
        Self { headers: headers(&String::from_utf8_lossy(&page)) }
    }

    /// The headers every answer carries.
    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// A station's page or a file, by the path as it came: nothing is decoded, nothing is guessed.
    pub(crate) fn get(path: &str) -> Response {
        if wire::STATIONS.contains(&path) {
            return page();
        }
        let name = path.strip_prefix('/').unwrap_or_default();
        match Console::get(name).filter(|_| name != "index.html" && Console::iter().any(|known| known == name)) {
            Some(file) => answer(StatusCode::OK, "asset", media_type(name), file.data.into_owned()),
            None => Refused::request(StatusCode::NOT_FOUND, "There is nothing here.").into_response(),
        }
    }
}

fn page() -> Response {
    match Console::get("index.html") {
        Some(file) => answer(StatusCode::OK, "page", media_type("index.html"), file.data.into_owned()),
        None => answer(StatusCode::SERVICE_UNAVAILABLE, "page", media_type("index.html"), WITHOUT_CONSOLE.into()),
    }
}

fn answer(status: StatusCode, route: &str, media_type: &'static str, data: Vec<u8>) -> Response {
    let mut response =
        (status, [(CONTENT_TYPE, media_type), (CACHE_CONTROL, "no-cache")], Body::from(data)).into_response();
    response.extensions_mut().insert(RouteId(route.to_owned()));
    response
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "json" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn headers(page: &str) -> HeaderMap {
    let hashes =
        inline_scripts(page).fold(String::new(), |hashes, script| hashes + " 'sha256-" + &sha256(script) + "'");
    let policy = format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{hashes}; style-src 'self'; img-src 'self' data:; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let fixed = [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ];
    let mut headers: HeaderMap = fixed
        .into_iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert("content-security-policy", policy);
    }
    headers
}

/// The text of every script that stands in the page itself. Trunk writes one, a loader.
fn inline_scripts(page: &str) -> impl Iterator<Item = &str> {
    page.split("<script").skip(1).filter_map(|rest| {
        let (attributes, rest) = rest.split_once('>')?;
        let (text, _) = rest.split_once("</script>")?;
        (!attributes.contains("src=") && !text.trim().is_empty()).then_some(text)
    })
}

fn sha256(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_names_the_inline_loader_and_nothing_looser() {
        let page = "<script type=\"module\">import init from '/x.js';</script><script src=\"/y.js\"></script>";
        let headers = headers(page);
        let policy = headers["content-security-policy"].to_str().expect("ASCII");
        // printf "import init from '/x.js';" | openssl dgst -sha256 -binary | base64
        assert!(policy.contains("'sha256-dDeiJ8+z0+Kuw0x0+TpDhzT1pOxaSCEpsCbdBR+E4Kk='"), "{policy}");
        assert_eq!(policy.matches("sha256-").count(), 1);
        for loose in ["unsafe-inline", "'unsafe-eval'", "*", "http:", "https:"] {
            assert!(!policy.contains(loose), "{policy}");
        }
    }

    #[test]
    fn wasm_streams_only_under_its_own_type() {
        assert_eq!(media_type("web-0123_bg.wasm"), "application/wasm");
        assert_eq!(media_type("web-0123.js"), "text/javascript; charset=utf-8");
        assert_eq!(media_type("LICENSE"), "application/octet-stream");
    }
}
