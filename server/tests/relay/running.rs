//! Starting the relay, and speaking to it byte by byte.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use wire::{Method, Refusal, Route};

/// A folder of a test's own, removed at the end.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    /// An empty folder.
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("gangway-relay-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a temporary folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Places to strike at, drawn from a seed.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % bound
    }
}

/// Everything that a practice gateway holds by its file, without ids, times and values.
#[expect(clippy::disallowed_methods, reason = "tests read files")]
pub(crate) fn gateway_state(file: &std::path::Path) -> Value {
    let text = std::fs::read_to_string(file).expect("the state");
    sandbox::Gateway::from_json(&serde_json::from_str(&text).expect("JSON")).expect("a gateway").state()
}

/// A process of the binary with no environment but the given one.
pub(crate) struct Process {
    child: Child,
    /// The lines of standard output that came while starting.
    pub(crate) said: Vec<String>,
    log: Arc<Mutex<String>>,
}

impl Process {
    /// Starts it and waits for `lines` lines of output.
    pub(crate) fn start(args: &[&str], env: &[(&str, &str)], lines: usize) -> Self {
        let mut child = command(args, env).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary");
        let log = Arc::new(Mutex::new(String::new()));
        let (mut err, shared) = (child.stderr.take().expect("standard error"), log.clone());
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read) = err.read(&mut buffer) {
                if read == 0 {
                    break;
                }
                shared.lock().expect("the log").push_str(&String::from_utf8_lossy(&buffer[..read]));
            }
        });
        let out = BufReader::new(child.stdout.take().expect("standard output"));
        let said: Vec<String> = out.lines().take(lines).map(|line| line.expect("a line")).collect();
        assert_eq!(said.len(), lines, "the binary ended: {}", log.lock().expect("the log"));
        Self { child, said, log }
    }

    /// What it wrote to standard error so far.
    pub(crate) fn log(&self) -> String {
        std::thread::sleep(Duration::from_millis(100));
        self.log.lock().expect("the log").clone()
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Ctrl-C; whether it ended by itself with success.
    pub(crate) fn interrupt(&mut self) -> bool {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().expect("kill").success());
        self.child.wait().expect("its end").success()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The binary, not started yet.
pub(crate) fn command(args: &[&str], env: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gangway"));
    command.args(args).env_clear().envs(env.iter().copied()).stdin(Stdio::null());
    command
}

/// A running relay.
pub(crate) struct Relay {
    /// Its process.
    pub(crate) process: Process,
    /// Its port.
    pub(crate) port: u16,
    /// Its token.
    pub(crate) token: String,
    /// Kept until the relay is gone.
    folder: Option<Folder>,
}

impl Relay {
    /// Starts a relay on a free port, with a journal of its own.
    pub(crate) fn start(name: &str, env: &[(&str, &str)]) -> Self {
        let folder = Folder::new(name);
        let journal = folder.0.join("journal.jsonl").display().to_string();
        let mut relay = Self::with(&["--journal", &journal], env);
        relay.folder = Some(folder);
        relay
    }

    /// Starts a relay on a free port with these arguments.
    pub(crate) fn with(args: &[&str], env: &[(&str, &str)]) -> Self {
        let args: Vec<&str> = ["serve", "--port", "0"].iter().chain(args).copied().collect();
        let process = Process::start(&args, env, 1);
        let link = process.said[0].strip_prefix("http://127.0.0.1:").expect("one link").to_owned();
        let (port, token) = link.split_once("/#t=").expect("a token in the fragment");
        let (port, token) = (port.parse().expect("a port"), token.to_owned());
        Self { process, port, token, folder: None }
    }

    /// Sends bytes as they are and reads until the relay closes.
    pub(crate) fn raw(&self, request: &str) -> Answer {
        raw(self.port, request)
    }

    /// Calls a route as the page does.
    pub(crate) fn call<R: Route>(&self, input: &R::In) -> Result<R::Out, (u16, Refusal)> {
        let body = serde_json::to_string(input).unwrap_or_default();
        let answer = self.raw(&self.request::<R>(&body));
        let unreadable = |error: serde_json::Error| -> ! { panic!("{error}: {} {}", answer.head, answer.body) };
        match answer.status {
            200 => Ok(serde_json::from_str(&answer.body).unwrap_or_else(|error| unreadable(error))),
            status => Err((status, serde_json::from_str(&answer.body).unwrap_or_else(|error| unreadable(error)))),
        }
    }

    /// A request as the page sends it.
    pub(crate) fn request<R: Route>(&self, body: &str) -> String {
        let (verb, body) = match R::METHOD {
            Method::Get => ("GET", ""),
            Method::Post => ("POST", body),
        };
        format!(
            "{verb} {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            R::PATH,
            self.port,
            self.token,
            body.len()
        )
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status; 0 where the relay hung up without one.
    pub(crate) status: u16,
    /// The head, as it came.
    pub(crate) head: String,
    /// The body.
    pub(crate) body: String,
}

impl Answer {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

/// Sends bytes to a port and reads until the other side closes.
pub(crate) fn raw(port: u16, request: &str) -> Answer {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a listener");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    // A relay that has seen enough may hang up before all of it is sent.
    let _ = stream.write_all(request.as_bytes());
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

/// A request that reached a [`Double`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The verb.
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    /// The head, as it came.
    pub(crate) head: String,
    /// The body.
    pub(crate) body: String,
}

impl Seen {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// An upstream that writes down what reaches it and answers what it is told, as bytes.
pub(crate) struct Double {
    /// Its root.
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Double {
    /// Answers every request with what `answer` makes of it.
    pub(crate) fn start(answer: impl Fn(&Seen) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (written, answer) = (seen.clone(), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (written, answer) = (written.clone(), answer.clone());
                std::thread::spawn(move || serve(stream, &written, answer.as_ref()));
            }
        });
        Self { url, seen }
    }

    /// Answers everything with a JSON text.
    pub(crate) fn saying(body: &'static str) -> Self {
        Self::start(move |_| ok(body))
    }

    /// What reached it, in order.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("the list").clone()
    }
}

/// A JSON answer as bytes.
pub(crate) fn ok(body: &str) -> String {
    with_status("200 OK", body)
}

/// A JSON answer with a status line of its own.
pub(crate) fn with_status(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn serve(stream: TcpStream, written: &Mutex<Vec<Seen>>, answer: &dyn Fn(&Seen) -> String) {
    let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
    let (mut head, mut line) = (String::new(), String::new());
    while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
        head.push_str(&std::mem::take(&mut line));
    }
    let mut words = head.split(' ');
    let (method, target) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
    if method.is_empty() {
        return;
    }
    let mut seen = Seen { method, target, head: head.clone(), body: String::new() };
    let length = seen.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    let _ = reader.read_exact(&mut body);
    seen.body = String::from_utf8_lossy(&body).into_owned();
    // One request a connection, and the other side is told so: a kept connection that closes is a lost answer.
    let bytes = answer(&seen).replacen("\r\n", "\r\nConnection: close\r\n", 1);
    written.lock().expect("the list").push(seen);
    let mut stream = stream;
    let _ = stream.write_all(bytes.as_bytes());
    let _ = stream.shutdown(Shutdown::Both);
}
