//! Who is let in: every row is sent as bytes to a relay that is really bound.

use crate::running::Relay;

/// A request by its head; `{port}` and `{token}` are filled in, and the token header is there unless `-`.
struct Row(&'static str, &'static str, &'static str, u16);

/// `GET` of the status with this Host line.
const fn host(lines: &'static str, status: u16) -> Row {
    Row("GET /api/status HTTP/1.1", lines, "Authorization: Bearer {token}", status)
}

/// With this Authorization line.
const fn token(line: &'static str, status: u16) -> Row {
    Row("GET /api/status HTTP/1.1", OURS, line, status)
}

/// With these lines beside the right ones.
const fn also(lines: &'static str, status: u16) -> Row {
    Row("GET /api/status HTTP/1.1", OURS, lines, status)
}

/// With this request line.
const fn line(line: &'static str, status: u16) -> Row {
    Row(line, OURS, "Authorization: Bearer {token}", status)
}

const OURS: &str = "Host: 127.0.0.1:{port}";

const ROWS: &[Row] = &[
    // The names this relay goes by, to the letter.
    host("Host: 127.0.0.1:{port}", 200),
    host("Host: localhost:{port}", 200),
    host("Host: [::1]:{port}", 200),
    host("Host: 127.0.0.1", 403),
    host("Host: localhost", 403),
    host("Host: localhost:80", 403),
    host("Host: localhost:0{port}", 403),
    host("Host: LOCALHOST:{port}", 403),
    host("Host: localhost.:{port}", 403),
    host("Host: localhost.evil.example:{port}", 403),
    host("Host: evil.example:{port}", 403),
    host("Host: evil.example", 403),
    host("Host: 127.0.0.1.nip.io:{port}", 403),
    host("Host: 127.0.0.1.:{port}", 403),
    host("Host: 0.0.0.0:{port}", 403),
    host("Host: 127.0.0.2:{port}", 403),
    host("Host: 127.1:{port}", 403),
    host("Host: 2130706433:{port}", 403),
    host("Host: 0x7f000001:{port}", 403),
    host("Host: 0177.0.0.1:{port}", 403),
    host("Host: [::ffff:127.0.0.1]:{port}", 403),
    host("Host: [0:0:0:0:0:0:0:1]:{port}", 403),
    host("Host: [::]:{port}", 403),
    host("Host: ::1:{port}", 403),
    host("Host: user@127.0.0.1:{port}", 403),
    host("Host: 127.0.0.1:{port}@evil.example", 403),
    host("Host: 127.0.0.1:{port}, evil.example", 403),
    host("Host: 127.0.0.1:{port}/", 403),
    host("Host: 127.0.0.1:{port}#", 403),
    host("Host: ", 403),
    host("X-Nothing: 1", 403),
    host("X-Forwarded-Host: 127.0.0.1:{port}", 403),
    host("Host: evil.example\r\nX-Forwarded-Host: 127.0.0.1:{port}", 403),
    host("Host: evil.example\r\nForwarded: host=127.0.0.1:{port}", 403),
    host("Host: 127.0.0.1:{port}\r\nHost: 127.0.0.1:{port}", 403),
    host("Host: 127.0.0.1:{port}\r\nHost: evil.example", 403),
    host("Host: evil.example\r\nHost: 127.0.0.1:{port}", 403),
    // A whole URL in the request line is for a proxy.
    line("GET http://127.0.0.1:{port}/api/status HTTP/1.1", 403),
    line("GET http://evil.example/api/status HTTP/1.1", 403),
    line("GET http://169.254.169.254/latest/meta-data HTTP/1.1", 403),
    line("CONNECT 127.0.0.1:{port} HTTP/1.1", 403),
    Row("GET http://127.0.0.1:{port}/api/status HTTP/1.1", "Host: evil.example", "Authorization: Bearer {token}", 403),
    // The token.
    token("X-Nothing: 1", 401),
    token("Authorization: Bearer {token}0", 401),
    token("Authorization: Bearer {token} ", 200),
    token("Authorization: Bearer  {token}", 401),
    token("Authorization: bearer {token}", 401),
    token("Authorization: {token}", 401),
    token("Authorization: Basic {token}", 401),
    token("Authorization: Bearer", 401),
    token("Cookie: t={token}", 401),
    token("X-Token: {token}", 401),
    token("Authorization: Bearer {token}\r\nAuthorization: Bearer {token}", 401),
    Row("GET /api/status?t={token} HTTP/1.1", OURS, "X-Nothing: 1", 401),
    Row("GET /api/nothing HTTP/1.1", OURS, "X-Nothing: 1", 401),
    Row("GET /api HTTP/1.1", OURS, "X-Nothing: 1", 401),
    // What a browser says about the page a call comes from.
    also("Authorization: Bearer {token}\r\nOrigin: http://127.0.0.1:{port}", 200),
    also("Authorization: Bearer {token}\r\nOrigin: http://localhost:{port}", 403),
    also("Authorization: Bearer {token}\r\nOrigin: http://evil.example", 403),
    also("Authorization: Bearer {token}\r\nOrigin: null", 403),
    also("Authorization: Bearer {token}\r\nOrigin: ", 403),
    also("Authorization: Bearer {token}\r\nOrigin: http://127.0.0.1", 403),
    also("Authorization: Bearer {token}\r\nOrigin: http://127.0.0.1:{port}.evil.example", 403),
    also("Authorization: Bearer {token}\r\nOrigin: http://127.0.0.1:{port}\r\nOrigin: http://evil.example", 403),
    also("Authorization: Bearer {token}\r\nSec-Fetch-Site: same-origin", 200),
    also("Authorization: Bearer {token}\r\nSec-Fetch-Site: none", 200),
    also("Authorization: Bearer {token}\r\nSec-Fetch-Site: same-site", 403),
    also("Authorization: Bearer {token}\r\nSec-Fetch-Site: cross-site", 403),
    // Verbs and paths: the table, as it came, and nothing else.
    line("GET /api/status HTTP/1.1", 200),
    line("GET /api/status HTTP/1.0", 200),
    line("POST /api/status HTTP/1.1", 405),
    line("GET /api/target HTTP/1.1", 405),
    line("OPTIONS /api/target HTTP/1.1", 405),
    line("OPTIONS * HTTP/1.1", 405),
    line("HEAD /api/status HTTP/1.1", 405),
    line("PUT /api/journal HTTP/1.1", 405),
    line("DELETE /api/journal HTTP/1.1", 405),
    line("PATCH /api/journal HTTP/1.1", 405),
    line("TRACE /api/status HTTP/1.1", 405),
    line("BREW /api/status HTTP/1.1", 405),
    line("get /api/status HTTP/1.1", 405),
    line("GET /api/status/ HTTP/1.1", 404),
    line("GET /api/status/x HTTP/1.1", 404),
    line("GET /api/Status HTTP/1.1", 404),
    line("GET /api//status HTTP/1.1", 404),
    line("GET //api/status HTTP/1.1", 404),
    line("GET /API/status HTTP/1.1", 404),
    line("GET /%61pi/status HTTP/1.1", 404),
    line("GET /api/%73tatus HTTP/1.1", 404),
    line("GET /api%2Fstatus HTTP/1.1", 404),
    line("GET /api/../api/status HTTP/1.1", 404),
    line("GET /x/../api/status HTTP/1.1", 404),
    line("GET /api/status%00 HTTP/1.1", 404),
    line("GET /api/status;x HTTP/1.1", 404),
    line("GET /api/status?x=1 HTTP/1.1", 400),
    line("GET /../../etc/passwd HTTP/1.1", 404),
    line("GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1", 404),
    line("GET /..%5c..%5cetc HTTP/1.1", 404),
    line("GET /Cargo.toml HTTP/1.1", 404),
    line("GET /index.html HTTP/1.1", 404),
    line("POST / HTTP/1.1", 405),
    line("GET /nowhere HTTP/1.1", 404),
    // Sizes, and forms of body that a page can send without asking.
    also("Authorization: Bearer {token}\r\nContent-Length: 999999999", 413),
    also("Authorization: Bearer {token}\r\nContent-Length: 4194305", 413),
    Row("POST /api/journal/rotate HTTP/1.1", OURS, "Authorization: Bearer {token}\r\nContent-Length: 0", 415),
    Row(
        "POST /api/journal/rotate HTTP/1.1",
        OURS,
        "Authorization: Bearer {token}\r\nContent-Type: text/plain\r\nContent-Length: 0",
        415,
    ),
    Row(
        "POST /api/journal/rotate HTTP/1.1",
        OURS,
        "Authorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: 0",
        400,
    ),
];

#[test]
fn the_door_opens_for_its_own_page_and_for_nobody_else() {
    let relay = Relay::start("door", &[]);
    assert!(ROWS.len() >= 60);
    let mut wrong = Vec::new();
    for Row(line, host, rest, status) in ROWS {
        let fill = |text: &str| text.replace("{port}", &relay.port.to_string()).replace("{token}", &relay.token);
        let request = format!("{}\r\n{}\r\n{}\r\nConnection: close\r\n\r\n", fill(line), fill(host), fill(rest));
        let answer = relay.raw(&request);
        if answer.status != *status {
            wrong.push(format!("{} instead of {status}: {line} | {host} | {rest}", answer.status));
        }
        for forbidden in ["access-control-", "set-cookie"] {
            assert!(!answer.head.to_ascii_lowercase().contains(forbidden), "{line}: {}", answer.head);
        }
        assert!(!answer.body.contains(&relay.token), "{line}: the token came back");
    }
    assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), ROWS.len(), wrong.join("\n"));
    assert!(!relay.process.log().contains(&relay.token));
}

#[test]
fn guessing_is_slowed_down_and_the_right_token_is_not() {
    let relay = Relay::start("guessing", &[]);
    let ask = |token: &str| {
        let head =
            format!("GET /api/status HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAuthorization: Bearer {token}", relay.port);
        relay.raw(&format!("{head}\r\nConnection: close\r\n\r\n")).status
    };
    let guesses: Vec<u16> = (0..30).map(|guess| ask(&format!("{guess:064x}"))).collect();
    assert_eq!(guesses[..10], [401; 10]);
    let looked_at = guesses[10..].iter().filter(|status| **status == 401).count();
    assert!(looked_at <= 3, "{guesses:?}");
    assert_eq!(ask(&relay.token), 200);
}

#[test]
fn another_name_is_served_only_when_it_was_allowed() {
    let relay = Relay::with(&["--allow-host", "gangway.example", "--allow-host", "gangway.example:8443"], &[]);
    let ask = |host: &str, origin: &str| {
        let head = format!("GET /api/status HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}");
        relay.raw(&format!("{head}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n", relay.token)).status
    };
    assert_eq!(ask("gangway.example", "https://gangway.example"), 200);
    assert_eq!(ask("gangway.example:8443", "https://gangway.example:8443"), 200);
    assert_eq!(ask("gangway.example", "https://evil.example"), 403);
    assert_eq!(ask("gangway.example:443", "https://gangway.example"), 403);
    assert_eq!(ask("evil.example", "https://evil.example"), 403);
}

#[test]
fn a_body_that_grows_too_large_on_the_way_is_refused() {
    let relay = Relay::start("grows", &[]);
    let head = format!(
        "POST /api/target HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
        relay.port, relay.token
    );
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    assert_eq!(relay.raw(&format!("{head}{}0\r\n\r\n", chunk.repeat(65))).status, 413);
}
