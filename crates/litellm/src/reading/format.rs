//! Telling what a file is from its content.

use model::{Code, Finding, Origin};
use serde_json::{Map, Value};

use crate::snapshot;

/// The largest JSON or SQL text taken: above it a browser tab runs out of room.
const MAX_BYTES: usize = 256 << 20;

/// What a file is.
pub(super) enum Format<'a> {
    /// Text that may be a `config.yaml`.
    Yaml,
    /// A `pg_dump` text.
    Dump(&'a str),
    /// A snapshot that Gangway wrote.
    Snapshot(&'a str),
    /// JSON.
    Json(Value),
}

/// Recognises a file, or says why it cannot be used.
pub(super) fn recognise<'a>(name: &str, bytes: &'a [u8]) -> Result<Format<'a>, Box<Finding>> {
    if bytes.len() > MAX_BYTES {
        return Err(finding(name, "input.too_large", "the file is larger than 256 MiB; it is not read")
            .hint("dump only the tables of LiteLLM, without spend logs: pg_dump --exclude-table='*Spend*'")
            .into());
    }
    if bytes.starts_with(b"PGDMP") {
        return Err(finding(
            name,
            "input.binary",
            "this is a binary pg_dump archive; Gangway reads the plain text form",
        )
        .hint("run pg_dump without -Fc, or pg_restore -f dump.sql on this file")
        .into());
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        // UTF-16 with a byte order mark is valid for PyYAML, which says more about the rest than we could.
        Err(_) if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) => return Ok(Format::Yaml),
        Err(error) => return Err(binary(name, bytes, error.valid_up_to()).into()),
    };
    if let Some(at) = text.find('\0') {
        return Err(binary(name, bytes, at).into());
    }
    let start = text.trim_start_matches('\u{feff}').trim_start();
    if start.is_empty() {
        return Err(empty(name).into());
    }
    if start.starts_with('<') {
        return Err(html(name).into());
    }
    if let Some(format) = own_format(start) {
        return if snapshot::is_format(format) {
            Ok(Format::Snapshot(text))
        } else {
            Err(no_source(name, format).into())
        };
    }
    if start.starts_with(['{', '[']) {
        return json(name, text).map(Format::Json);
    }
    Ok(if is_sql(start) { Format::Dump(text) } else { Format::Yaml })
}

/// Parses JSON, or says where it breaks off.
pub(super) fn json(name: &str, text: &str) -> Result<Value, Box<Finding>> {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    if start.starts_with('<') {
        return Err(html(name).into());
    }
    serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| {
        let (message, hint) = if error.is_eof() {
            ("the JSON breaks off here: the file is cut short", "save or download it again")
        } else {
            ("this is not valid JSON", "save the answer exactly as the proxy gave it")
        };
        let line = u32::try_from(error.line()).unwrap_or(u32::MAX);
        let column = u32::try_from(error.column()).unwrap_or(u32::MAX);
        let mut finding = finding(name, "input.json", message).hint(hint);
        finding.origin = Some(Origin::file(name, line, column.max(1)));
        Box::new(finding)
    })
}

/// Whether a JSON object is a `config.yaml` written as JSON, which LiteLLM takes as well.
pub(super) fn is_config(map: &Map<String, Value>) -> bool {
    SECTIONS.iter().any(|section| map.contains_key(*section) && !map.contains_key("status"))
}

/// Whether a JSON text could be one, before it is parsed.
pub(super) fn mentions_a_section(bytes: &[u8]) -> bool {
    let mentions = |section: &&str| bytes.windows(section.len()).any(|window| window == section.as_bytes());
    SECTIONS.iter().any(mentions)
}

/// Sections that no answer of the API has at its top.
const SECTIONS: [&str; 4] = ["model_list", "general_settings", "litellm_settings", "credential_list"];

pub(super) fn empty(name: &str) -> Finding {
    let mut finding =
        Finding::warning(Code::new("input.empty"), name, "the file is empty: there is nothing to move in it");
    finding.origin = Some(Origin::whole(name));
    finding.hint("check that the right file was given")
}

pub(super) fn not_a_config(name: &str) -> Finding {
    finding(name, "input.not_a_config", "no section of this file is one that LiteLLM reads")
        .hint("give the config.yaml the proxy is started with; it has a model_list, or at least general_settings")
}

fn html(name: &str) -> Finding {
    finding(name, "input.html", "this is a web page, not JSON, YAML or SQL")
        .hint("a login page was saved in place of the answer: ask the API with the master key")
}

fn binary(name: &str, bytes: &[u8], at: usize) -> Finding {
    let before = &bytes[..at];
    let line = before.split(|byte| *byte == b'\n').count();
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
    let mut finding = finding(name, "input.binary", "this is not text: there is a byte here that no text file has");
    finding.origin =
        Some(Origin::file(name, u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX)));
    finding.hint("give config.yaml, a saved API answer (JSON), or a plain-text pg_dump")
}

/// The name of the format of a file that Gangway wrote: always its first field.
fn own_format(start: &str) -> Option<&str> {
    let start = start.strip_prefix('{')?.trim_start().strip_prefix("\"format\"")?.trim_start();
    let (format, _) = start.strip_prefix(':')?.trim_start().strip_prefix('"')?.split_once('"')?;
    (format.starts_with("gangway.") && format.len() < 40).then_some(format)
}

fn no_source(name: &str, format: &str) -> Finding {
    finding(name, "input.own_file", &format!("this file is a {format}, which says nothing about LiteLLM itself"))
        .hint("give LiteLLM's own files, or a snapshot made with gangway snapshot")
}

fn is_sql(start: &str) -> bool {
    const STARTS: &[&str] = &["INSERT INTO ", "COPY ", "CREATE ", "SET ", "SELECT pg_catalog", "\\restrict"];
    start
        .lines()
        .take(200)
        .any(|line| line.contains("PostgreSQL database dump") || STARTS.iter().any(|prefix| line.starts_with(prefix)))
}

fn finding(name: &str, code: &'static str, message: &str) -> Finding {
    Finding::error(Code::new(code), name, message).at(Origin::whole(name))
}
