//! The relay beside a gateway that answers at once: how much memory it takes when idle, and what it adds to a call.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::Row;
use crate::home::Home;
use crate::sh::{Done, Failure};

/// Calls that warm both sides up, and calls that are counted.
const WARM_UP: usize = 200;
const COUNTED: usize = 2_000;

/// One cheap read of the gateway, as the console asks the relay for it (`wire::TargetCall`).
const CALL: &str = r#"{"endpoint":"customer_get","params":{"id":"bench"},"query":{},"body":null}"#;

/// What the stand-in for the gateway answers.
const ANSWER: &str = r#"{"customer":{"id":"bench","name":"bench"}}"#;

/// Starts both, measures, stops the relay.
pub(super) fn measure(home: &Home) -> Done<Vec<Row>> {
    let gateway = stand_in()?;
    let relay = relay(home, &format!("http://{gateway}"))?;
    thread::sleep(Duration::from_secs(2));
    let memory = relay.memory();
    let direct = times(&gateway, "GET /api/governance/customers/bench HTTP/1.1", "", "")?;
    let (address, token) = &relay.said;
    let bearer = format!("Authorization: Bearer {token}\r\nContent-Type: application/json\r\n");
    let relayed = times(address, "POST /api/target HTTP/1.1", &bearer, CALL)?;
    drop(relay);
    let added = |share: usize| relayed[share].saturating_sub(direct[share]).as_secs_f64() * 1000.0;
    let (median, p99) = (COUNTED / 2, COUNTED * 99 / 100);
    Ok(vec![
        Row::new("relay, idle memory", memory, "<= 20 MiB"),
        Row::new("relay, median added", format!("{:.2} ms", added(median)), ""),
        Row::new("relay, p99 added", format!("{:.2} ms", added(p99)), "<= 2 ms"),
    ])
}

/// A `gangway` that serves, in a process of its own; gone with it.
pub(super) struct Served<T> {
    child: Child,
    /// What it printed when it was ready.
    pub(super) said: T,
    /// Kept open: a closed pipe is no way to treat a program that logs.
    _output: BufReader<ChildStdout>,
}

impl<T> Served<T> {
    /// Starts it and waits for the line that `read` understands.
    pub(super) fn start(command: &mut Command, read: impl Fn(&str) -> Option<T>) -> Done<Self> {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| Failure::new(format!("gangway could not be started: {error}")))?;
        let mut output = BufReader::new(child.stdout.take().ok_or_else(|| Failure::new("gangway has no output"))?);
        let mut line = String::new();
        while output.read_line(&mut line).is_ok_and(|read| read > 0) {
            if let Some(said) = read(&line) {
                return Ok(Self { child, said, _output: output });
            }
            line.clear();
        }
        drop(child.wait());
        Err(Failure::new("gangway ended without saying where it is"))
    }

    fn memory(&self) -> String {
        memory(self.child.id(), "VmRSS:").unwrap_or_else(|| "unknown".to_owned())
    }
}

/// How much memory a process holds (`VmRSS:`) or held at most (`VmHWM:`); nothing once it is gone.
pub(super) fn memory(process: u32, which: &str) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let value = status.lines().find_map(|line| line.strip_prefix(which))?;
    let kibibytes: u32 = value.trim().trim_end_matches(" kB").parse().ok()?;
    Some(format!("{:.1} MiB", f64::from(kibibytes) / 1024.0))
}

impl<T> Drop for Served<T> {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A relay of our own; its address and token.
fn relay(home: &Home, gateway: &str) -> Done<Served<(String, String)>> {
    let folder = home.notes().join("bench");
    fs::create_dir_all(&folder).map_err(|error| Failure::new(format!("{}: {error}", folder.display())))?;
    let mut serve = home.command(&home.gangway().to_string_lossy());
    serve.current_dir(&folder).args(["serve", "--port", "0"]).env("BIFROST_URL", gateway);
    for upstream in ["LITELLM_URL", "LITELLM_DB_URL", "DATABASE_URL", "LITELLM_CONFIG"] {
        serve.env_remove(upstream);
    }
    Served::start(&mut serve, link)
}

/// `...http://127.0.0.1:4173/#t=TOKEN...` as address and token.
fn link(line: &str) -> Option<(String, String)> {
    let (_, rest) = line.split_once("http://")?;
    let (address, rest) = rest.split_once("/#t=")?;
    Some((address.to_owned(), rest.split_whitespace().next()?.to_owned()))
}

/// Answers every request at once, on as many connections as come.
fn stand_in() -> Done<String> {
    let io = |error: std::io::Error| Failure::new(format!("a listener on loopback: {error}"));
    let listener = TcpListener::bind("127.0.0.1:0").map_err(io)?;
    let address = listener.local_addr().map_err(io)?.to_string();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || {
                // The peer closes; that is the end of it.
                drop(answer(stream));
            });
        }
    });
    Ok(address)
}

fn answer(stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    let length = ANSWER.len();
    let response =
        format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{ANSWER}");
    while read_message(&mut reader)?.is_some() {
        writer.write_all(response.as_bytes())?;
    }
    Ok(())
}

/// Sends the same request over one connection, one after the other; the sorted times.
fn times(address: &str, head: &str, headers: &str, body: &str) -> Done<Vec<Duration>> {
    let failed = |error: std::io::Error| Failure::new(format!("{address}: {error}"));
    let mut stream = TcpStream::connect(address).map_err(failed)?;
    stream.set_nodelay(true).map_err(failed)?;
    let mut reader = BufReader::new(stream.try_clone().map_err(failed)?);
    let length = body.len();
    let request = format!("{head}\r\nHost: {address}\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
    let mut measured = Vec::with_capacity(COUNTED);
    for round in 0..WARM_UP + COUNTED {
        let started = Instant::now();
        stream.write_all(request.as_bytes()).map_err(failed)?;
        let first = read_message(&mut reader).map_err(failed)?.map(|answer| answer.first).unwrap_or_default();
        if !first.contains(" 200 ") {
            return Err(Failure::new(format!("{head}: answered `{}`", first.trim())));
        }
        if round >= WARM_UP {
            measured.push(started.elapsed());
        }
    }
    measured.sort();
    Ok(measured)
}

/// One request or answer.
pub(super) struct Message {
    /// Its first line.
    pub(super) first: String,
    /// The lines after it, to the empty one.
    headers: String,
    /// What follows them.
    pub(super) body: Vec<u8>,
}

impl Message {
    /// It as it came.
    pub(super) fn bytes(&self) -> Vec<u8> {
        [self.first.as_bytes(), self.headers.as_bytes(), &self.body].concat()
    }
}

/// Reads one request or answer; nothing at the end of the connection.
pub(super) fn read_message(reader: &mut BufReader<TcpStream>) -> std::io::Result<Option<Message>> {
    let mut first = String::new();
    if reader.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    let (mut length, mut headers, mut line) = (0, String::new(), String::new());
    loop {
        line.clear();
        let read = reader.read_line(&mut line)?;
        headers.push_str(&line);
        if read == 0 || line == "\r\n" {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some(Message { first, headers, body }))
}

#[cfg(test)]
mod tests {
    use super::{COUNTED, link, stand_in, times};

    #[test]
    fn the_link_is_read_from_the_line_it_stands_in() {
        let check = |line: &str, want: Option<(&str, &str)>| {
            let got = link(line);
            assert_eq!(got.as_ref().map(|(address, token)| (address.as_str(), token.as_str())), want, "{line}");
        };
        check("http://127.0.0.1:8917/#t=abc\n", Some(("127.0.0.1:8917", "abc")));
        check("  Open http://127.0.0.1:1/#t=x-_y in a browser\n", Some(("127.0.0.1:1", "x-_y")));
        check("warning: http://proxy.example/ is far away\n", None);
        check("", None);
    }

    #[test]
    fn every_counted_call_is_measured() {
        let gateway = stand_in().expect("loopback has a free port");
        let measured = times(&gateway, "GET /anything HTTP/1.1", "", "").expect("the stand-in answers");
        assert_eq!(measured.len(), COUNTED);
        assert!(measured.is_sorted());
        assert!(times(&gateway, "POST /anything HTTP/1.1", "X-A: b\r\n", "a body").is_ok());
    }
}
