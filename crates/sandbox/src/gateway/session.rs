//! Who may use the management API: the administrator's credentials and sessions (topic 16), and before there is an
//! administrator the lock of 2.2.6 (`reference/bifrost-api.md` 1.3; not recorded).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::State;
use super::body::{Body, Shape};
use super::reply::{Outcome, Refusal, ok};
use super::settings;
use super::state::Admin;
use crate::{Request, Response};

const LOGIN: &[(&str, Shape)] = &[("username", Shape::Text), ("password", Shape::Text)];

const SETUP: &[(&str, Shape)] = &[("setup_token", Shape::Text)];

/// The header that carries the setup token.
const SETUP_HEADER: &str = "x-bifrost-setup-token";

/// The cookie that stands for the setup token.
const SETUP_COOKIE: &str = "bifrost_setup_session";

const NO_TOKEN: &str = "dashboard auth is not configured; send the setup token in the X-Bifrost-Setup-Token header";

const NOWHERE: &str = "dashboard auth is not configured and no setup token is set; set setup_token in config.json (or \
    the BIFROST_SETUP_TOKEN env var) and restart Bifrost";

impl State {
    /// `GET /api/session/is-auth-enabled`.
    pub(super) fn session_state(&self, request: &Request) -> Outcome {
        let admin = self.settings.enabled_admin();
        let mut shown = json!({ "is_auth_enabled": admin.is_some() });
        if self.release.names_auth_type() || admin.is_some() {
            shown["has_valid_token"] = json!(admin.is_some_and(|admin| self.is_shown(admin, request)));
        }
        if self.release.names_auth_type() {
            shown["auth_type"] = json!(if admin.is_some() { "password" } else { "none" });
        }
        if self.release.locks() {
            shown["inference_auth_enforced"] = json!(self.settings.enforces_auth());
            shown["setup_required"] = json!(admin.is_none());
            shown["setup_token_configured"] = json!(self.setup_token.is_some());
        }
        ok(&shown)
    }

    /// `POST /api/session/login`: the token is in the cookie alone.
    pub(super) fn login(&mut self, request: &Request) -> Outcome {
        let body = Body::read(&request.body, LOGIN).map_err(|_| settings::unreadable(self.release))?;
        let admin = self.settings.enabled_admin();
        let admin = admin.ok_or_else(|| Refusal::new(403, "Authentication is not enabled"))?;
        let given = (body.text("username"), body.text("password"));
        if given != (Some(&admin.username), Some(&admin.password)) {
            return Err(Refusal::new(401, "Invalid username or password"));
        }
        let token = self.mint.uuid();
        self.sessions.push(token.clone());
        let answer = Response::json(200, &json!({ "message": "Login successful" }));
        Ok(answer.with_cookie(format!("token={token}")))
    }

    /// `POST /api/session/logout`.
    #[expect(clippy::unnecessary_wraps, reason = "it is what a handler returns")]
    pub(super) fn logout(&mut self, request: &Request) -> Outcome {
        let token = session_token(request).map(str::to_owned);
        self.sessions.retain(|session| Some(session) != token.as_ref());
        let answer = Response::json(200, &json!({ "message": "Logout successful" }));
        Ok(answer.with_cookie("token=".to_owned()))
    }

    /// `POST /api/session/setup`: a cookie for the setup token.
    pub(super) fn set_up(&mut self, request: &Request) -> Outcome {
        let body = Body::read(&request.body, SETUP).unwrap_or_default();
        let sent = request.header_value(SETUP_HEADER).or(body.text("setup_token"));
        self.check_setup_token(sent)?;
        let session = self.mint.uuid();
        self.setup_sessions.push(session.clone());
        let answer = Response::json(200, &json!({ "message": "Setup session created" }));
        Ok(answer.with_cookie(format!("{SETUP_COOKIE}={session}")))
    }

    /// Refuses a management call without the administrator's credentials, once there is one, and before, where the
    /// release is locked, without the setup token.
    pub(super) fn check_admin(&self, request: &Request) -> Result<(), Refusal> {
        match self.settings.enabled_admin() {
            Some(admin) if self.is_shown(admin, request) => Ok(()),
            Some(_) => Err(Refusal::new(401, "Unauthorized")),
            None if !self.release.locks() || self.is_whitelisted(&request.path) => Ok(()),
            None => self.check_setup(request),
        }
    }

    /// Whether the caller holds the setup token of a gateway that is still to be set up.
    pub(super) fn is_setting_up(&self, request: &Request) -> bool {
        self.release.locks() && self.check_setup(request).is_ok()
    }

    /// Whether the path is free of the lock: `client.whitelisted_routes`, each exact or a prefix with a star.
    fn is_whitelisted(&self, path: &str) -> bool {
        let routes = self.settings.client.get("whitelisted_routes").and_then(serde_json::Value::as_array);
        routes.into_iter().flatten().filter_map(serde_json::Value::as_str).any(|route| match route.strip_suffix('*') {
            Some(prefix) => path.starts_with(prefix),
            None => path == route,
        })
    }

    fn check_setup(&self, request: &Request) -> Result<(), Refusal> {
        let session = request.cookie(SETUP_COOKIE);
        if session.is_some_and(|session| self.setup_sessions.iter().any(|known| known == session)) {
            return Ok(());
        }
        self.check_setup_token(request.header_value(SETUP_HEADER))
    }

    fn check_setup_token(&self, sent: Option<&str>) -> Result<(), Refusal> {
        match (&self.setup_token, sent) {
            (None, _) => Err(Refusal::new(403, NOWHERE)),
            (Some(_), None) => Err(Refusal::new(401, NO_TOKEN)),
            (Some(token), Some(sent)) if token == sent => Ok(()),
            (Some(_), Some(_)) => Err(Refusal::new(403, "invalid setup token")),
        }
    }

    /// Whether the request carries the credentials, Basic or the same base64 as a bearer token, or a session.
    fn is_shown(&self, admin: &Admin, request: &Request) -> bool {
        let expected = STANDARD.encode(format!("{}:{}", admin.username, admin.password));
        let sent = request.header_value("authorization").and_then(|value| value.split_once(' '));
        let basic = sent.is_some_and(|(scheme, token)| matches!(scheme, "Basic" | "Bearer") && token == expected);
        basic || session_token(request).is_some_and(|token| self.sessions.iter().any(|session| session == token))
    }
}

/// The session of a request: a bearer token or the cookie.
fn session_token(request: &Request) -> Option<&str> {
    let bearer = request.header_value("authorization").and_then(|value| value.strip_prefix("Bearer "));
    bearer.or_else(|| request.cookie("token"))
}
