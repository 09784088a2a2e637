//! `cargo xtask bench`: what the house weighs and how fast it is, beside the figures of its design.
//!
//! Three programs add rows if they are there: the `bench` binary of the package `support` (native plan times, and how
//! time and memory grow from 1,000 keys to 100,000), the ignored test `bench` of the relay (a database beside `psql`)
//! and `tests/e2e/bench.mjs` (times in the browser). A row is a line of theirs with three columns separated by tabs:
//! what, what was measured, and the figure it is held to, each of the two with its unit (`210 ms`, `<= 250 ms`).

mod apply;
mod relay;
mod replay;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::console;
use crate::home::Home;
use crate::say;
use crate::setup;
use crate::sh::{self, Done};

/// One figure: a number with its unit, and the most it may be.
pub(crate) struct Row {
    what: String,
    measured: String,
    figure: String,
}

impl Row {
    fn new(what: &str, measured: impl Into<String>, figure: &str) -> Self {
        Self { what: what.to_owned(), measured: measured.into(), figure: figure.to_owned() }
    }

    /// `ok`, `over`, or nothing where the two cannot be compared.
    fn verdict(&self) -> &'static str {
        let number = |text: &str| -> Option<(f64, String)> {
            let (number, unit) = text.trim_start_matches("<=").trim().split_once(' ')?;
            Some((number.replace(',', "").parse().ok()?, unit.to_owned()))
        };
        match (number(&self.measured), number(&self.figure)) {
            (Some((measured, unit)), Some((figure, of))) if unit == of => {
                if measured <= figure {
                    "ok"
                } else {
                    "over"
                }
            }
            _ => "",
        }
    }
}

/// Builds what is shipped, measures it, prints one table.
pub(crate) fn bench(home: &Home) -> Done {
    setup::for_the_console(home)?;
    console::build(home)?;
    console::relay(home)?;
    let mut rows = sizes(home);
    say::step("the relay: idle memory, latency it adds");
    rows.extend(relay::measure(home)?);
    rows.extend(native(home)?);
    say::step("an apply beside a bare writer");
    rows.extend(apply::measure(home)?);
    rows.extend(from_postgres(home)?);
    rows.extend(in_the_browser(home)?);
    say::line(table(&rows));
    Ok(())
}

fn sizes(home: &Home) -> Vec<Row> {
    let dist = home.root.join(console::DIST);
    let gzipped = |extension: &str| format!("{:.1} KB", kilobytes(gzipped(home, &dist, extension)));
    let binary = fs::metadata(home.gangway()).map_or(0, |file| file.len());
    vec![
        Row::new("wasm, gzipped", gzipped("wasm"), "<= 350 KB"),
        Row::new("JavaScript, gzipped", gzipped("js"), "<= 12 KB"),
        Row::new("CSS, gzipped", gzipped("css"), "<= 12 KB"),
        Row::new("binary, console inside", format!("{:.1} MiB", kilobytes(binary) / 1048.576), "<= 15 MiB"),
    ]
}

/// The bytes of all files of a kind, each packed as a web server would.
fn gzipped(home: &Home, folder: &Path, extension: &str) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let files = entries.filter(|path| path.extension().is_some_and(|found| found == extension));
    files.map(|file| packed(home.command("gzip").arg("-9c").arg(file))).sum()
}

fn packed(gzip: &mut Command) -> u64 {
    gzip.stderr(Stdio::null()).output().map_or(0, |output| output.stdout.len() as u64)
}

/// Thousands of bytes. Sizes here are far below where a float gets coarse.
fn kilobytes(bytes: u64) -> f64 {
    u32::try_from(bytes).map_or(f64::INFINITY, f64::from) / 1000.0
}

fn native(home: &Home) -> Done<Vec<Row>> {
    let listed = sh::read(home.cargo("metadata").args(["--no-deps", "--format-version", "1"])).unwrap_or_default();
    let there = listed.contains(r#""kind":["bin"],"crate_types":["bin"],"name":"bench""#);
    if !there {
        say::note("no native plan times: the package `support` has no binary `bench`");
        return Ok(Vec::new());
    }
    say::step("plan times, native");
    let (_, printed) = sh::tee(home.cargo("run").args(["--release", "-p", "support", "--bin", "bench"]))?;
    Ok(rows(&printed))
}

/// Without PostgreSQL on the machine the test says so and gives no rows.
fn from_postgres(home: &Home) -> Done<Vec<Row>> {
    say::step("from PostgreSQL to the inventory, beside psql");
    let mut test = home.cargo("test");
    test.args(["--release", "-p", "gangway", "--bin", "gangway", "--"]);
    let (_, printed) = sh::tee(test.args(["--ignored", "--nocapture", "postgres::tests::bench"]))?;
    Ok(rows(&printed))
}

fn in_the_browser(home: &Home) -> Done<Vec<Row>> {
    let script = "tests/e2e/bench.mjs";
    if !home.root.join(script).is_file() {
        say::note(format_args!("no times in the browser: there is no {script}"));
        return Ok(Vec::new());
    }
    setup::for_the_browser(home)?;
    say::step("plan times, in the browser");
    let mut node = home.command("node");
    node.arg(script).env("CHROMIUM", setup::chromium(home)?).env("GANGWAY", home.gangway());
    let (_, printed) = sh::tee(&mut node)?;
    Ok(rows(&printed))
}

fn rows(printed: &str) -> Vec<Row> {
    let columns = printed.lines().map(|line| line.split('\t').map(str::trim).collect::<Vec<_>>());
    columns.filter_map(|row| Some(Row::new(row.first()?, *row.get(1)?, row.get(2)?))).collect()
}

fn table(rows: &[Row]) -> String {
    let head = format!("\n{:<48} {:>14} {:>14}", "what", "measured", "figure");
    let line = |row: &Row| format!("{:<48} {:>14} {:>14}  {}", row.what, row.measured, row.figure, row.verdict());
    std::iter::once(head).chain(rows.iter().map(line)).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::rows;

    #[test]
    fn rows_are_compared_with_their_figures() {
        let check = |line: &str, want: &[&str]| {
            let got: Vec<&str> = rows(line).iter().map(super::Row::verdict).collect();
            assert_eq!(got, want, "{line}");
        };
        check("plan, 1,000 keys\t210 ms\t<= 250 ms", &["ok"]);
        check("plan, 1,000 keys\t1,210.5 ms\t<= 250 ms", &["over"]);
        check("plan, 1,000 keys\t2 s\t<= 250 ms", &[""]);
        check("memory\tunknown\t<= 20 MiB", &[""]);
        check("a line without columns", &[]);
    }
}
