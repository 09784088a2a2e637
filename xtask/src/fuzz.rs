//! The fuzzers of `fuzz/`: every reader of what a stranger wrote, 60 s each. They need the nightly compiler; where it is
//! missing they are left out, and said to be.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Stdio};

use crate::home::Home;
use crate::say;
use crate::sh::{self, Done, Failure};

/// A fuzzer and where its first inputs come from.
struct Fuzzer(&'static str, &'static [&'static str]);

const FUZZERS: &[Fuzzer] = &[
    Fuzzer("yaml", &["tests/fixtures/configs", "tests/fixtures/litellm/1.101.6"]),
    Fuzzer("config", &["tests/fixtures/configs", "tests/fixtures/litellm/1.101.6"]),
    Fuzzer("answer", &["tests/fixtures/litellm/1.101.6"]),
    Fuzzer("dump", &["tests/fixtures/litellm/1.101.6"]),
    Fuzzer("dsn", &[]),
    Fuzzer("ciphertext", &[]),
];

/// How long each runs, in seconds.
const EACH: u32 = 60;

/// How many run at once.
const AT_ONCE: usize = 2;

/// What libFuzzer needs of the compiler: counters at every edge, and what is compared with what.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing";

/// How many fuzzers found nothing, and how many found something; `None` where there is no nightly compiler.
pub(crate) fn fuzz(home: &Home) -> Done<Option<(u32, u32)>> {
    let version = sh::read(home.command("rustup").args(["run", "nightly", "rustc", "-vV"])).unwrap_or_default();
    let Some(host) = version.lines().find_map(|line| line.strip_prefix("host: ")) else {
        say::note("there is no nightly compiler: the fuzzers are left out");
        return Ok(None);
    };
    let target = home.target.join("fuzz");
    let mut build = home.command("rustup");
    build.args(["run", "nightly", "cargo", "build", "--release", "--locked", "--manifest-path", "fuzz/Cargo.toml"]);
    // With a target named, build scripts are not instrumented.
    build.args(["--target", host]).env("RUSTFLAGS", FLAGS).env("CARGO_TARGET_DIR", &target);
    sh::watch(home, "building the fuzzers", &mut build)?;
    let programs = target.join(host).join("release");
    let mut count = (0, 0);
    for pair in FUZZERS.chunks(AT_ONCE) {
        let started: Vec<_> = pair.iter().map(|fuzzer| start(home, &programs, fuzzer)).collect::<Done<_>>()?;
        for (Fuzzer(name, _), (child, log)) in pair.iter().zip(started) {
            if ended(name, child, &log)? { count.0 += 1 } else { count.1 += 1 }
        }
    }
    Ok(Some(count))
}

/// What it finds new is kept below `target`, so that the next run goes on from there; what broke it once stands in
/// `fuzz/found` and is tried first.
fn start(home: &Home, programs: &std::path::Path, Fuzzer(name, seeds): &Fuzzer) -> Done<(Child, PathBuf)> {
    let failed = |error: std::io::Error| Failure::new(format!("fuzzer {name}: {error}"));
    let grown = home.target.join("fuzz-corpus").join(name);
    fs::create_dir_all(&grown).map_err(failed)?;
    let log = home.target.join("fuzz-corpus").join(format!("{name}.log"));
    let output = fs::File::create(&log).map_err(failed)?;
    let mut command = home.command(&programs.join(name).to_string_lossy());
    command.args([format!("-max_total_time={EACH}"), format!("-artifact_prefix={}/broken-", grown.display())]);
    command.args(["-timeout=1", "-rss_limit_mb=1024", "-max_len=16384", "-print_final_stats=1"]).arg(&grown);
    let found = format!("fuzz/found/{name}");
    command.args(seeds.iter().copied().chain([found.as_str()]).filter(|folder| home.root.join(folder).is_dir()));
    let child = command.stdout(Stdio::null()).stderr(output).spawn().map_err(failed)?;
    Ok((child, log))
}

fn ended(name: &str, mut child: Child, log: &std::path::Path) -> Done<bool> {
    let failed = |error: std::io::Error| Failure::new(format!("fuzzer {name}: {error}"));
    let status = child.wait().map_err(failed)?;
    let said = String::from_utf8_lossy(&fs::read(log).map_err(failed)?).into_owned();
    let figure = |of: &str| said.lines().find_map(|line| Some(line.strip_prefix(of)?.trim().to_owned()));
    if status.success() {
        let (runs, slowest) = (figure("stat::number_of_executed_units:"), figure("stat::slowest_unit_time_sec:"));
        let (runs, slowest) = (runs.unwrap_or_default(), slowest.unwrap_or_default());
        say::note(format_args!("{name}: {runs} inputs in {EACH} s, none broke it; the slowest took {slowest} s"));
        return Ok(true);
    }
    let lines: Vec<&str> = said.lines().filter(|line| !line.starts_with('#')).collect();
    say::failure(Failure::new(format!(
        "fuzzer {name}\n    {}",
        lines[lines.len().saturating_sub(20)..].join("\n    ")
    )));
    Ok(false)
}
