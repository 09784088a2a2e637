//! Starting other programs: with their output in view, gathered while it is in view, or behind a ticking line.

use std::error::Error;
use std::ffi::OsStr;
use std::fmt::{self, Display};
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::home::Home;
use crate::say;

/// What every step answers.
pub(crate) type Done<T = ()> = Result<T, Failure>;

/// Why a step stopped, in words for the person at the terminal.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Failure {}

/// Runs a command whose own output is the progress.
pub(crate) fn stream(command: &mut Command) -> Done {
    say::note(format_args!("$ {}", Shown(command)));
    let status = command.status().map_err(|error| not_started(command, &error))?;
    succeeded(command, status)
}

/// Runs a command in view and also returns what it printed, with whether it succeeded.
pub(crate) fn tee(command: &mut Command) -> Done<(bool, String)> {
    say::note(format_args!("$ {}", Shown(command)));
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(|error| not_started(command, &error))?;
    let mut gathered = String::new();
    if let Some(stdout) = child.stdout.take() {
        let mut reader = BufReader::new(stdout);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            say::pass_on(&line);
            gathered.push_str(&String::from_utf8_lossy(&line));
            line.clear();
        }
    }
    let status = child.wait().map_err(|error| not_started(command, &error))?;
    Ok((status.success(), gathered))
}

/// Runs a long command whose output nobody wants to read: it goes to a log file, and a line ticks. When it fails, the
/// end of the log is shown.
pub(crate) fn watch(home: &Home, label: &str, command: &mut Command) -> Done {
    let slug: String = label.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let log = home.notes().join("log").join(format!("{slug}.log"));
    let outputs = open_log(&log).map_err(|error| Failure::new(format!("{}: {error}", log.display())))?;
    let started = Instant::now();
    let mut ticker = say::Ticker::new(label);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(outputs.0)
        .stderr(outputs.1)
        .spawn()
        .map_err(|error| not_started(command, &error))?;
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) => thread::sleep(Duration::from_millis(200)),
            Err(error) => return Err(not_started(command, &error)),
        }
        ticker.tick(started.elapsed(), &last_line(&log));
    };
    if status.success() {
        ticker.end(started.elapsed());
        return Ok(());
    }
    let text = fs::read_to_string(&log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let end = lines[lines.len().saturating_sub(25)..].join("\n    ");
    Err(Failure::new(format!("{label}: `{}` failed ({status})\n    {end}", Shown(command))))
}

/// What a quick command prints, or nothing where it is missing or fails.
pub(crate) fn read(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn open_log(log: &Path) -> std::io::Result<(File, File)> {
    if let Some(folder) = log.parent() {
        fs::create_dir_all(folder)?;
    }
    let file = File::create(log)?;
    let twin = file.try_clone()?;
    Ok((file, twin))
}

fn last_line(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let end = &text[text.len().saturating_sub(400)..];
    String::from_utf8_lossy(end)
        .lines()
        .rev()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default()
        .trim()
        .to_owned()
}

fn succeeded(command: &Command, status: ExitStatus) -> Done {
    if status.success() { Ok(()) } else { Err(Failure::new(format!("`{}` failed ({status})", Shown(command)))) }
}

fn not_started(command: &Command, error: &std::io::Error) -> Failure {
    Failure::new(format!("`{}` could not be run: {error}", Shown(command)))
}

/// A command as one would type it: the program's bare name and its arguments.
struct Shown<'a>(&'a Command);

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let program = Path::new(self.0.get_program());
        write!(f, "{}", program.file_name().unwrap_or(OsStr::new("?")).to_string_lossy())?;
        for argument in self.0.get_args() {
            let text = argument.to_string_lossy();
            if text.contains(' ') { write!(f, " '{text}'")? } else { write!(f, " {text}")? }
        }
        Ok(())
    }
}
