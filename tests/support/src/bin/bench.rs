//! How long the line takes, for people: read, open, plan, on the recorded company and on generated fleets. Prints
//! medians; asserts nothing. `--fleet KEYS FILE` writes a generated fleet as a dump, for the browser; `--digests`
//! prints a digest for each of a range of plans, to hold against those of another checkout; `--plan KEYS` plans one
//! fleet in this process and prints how long it took, how much memory and how much of a processor; `--growth` plans fleets of three sizes, each
//! in a process of its own, and prints what a key costs in each: where the cost grows linearly, that stays the same.
#![expect(clippy::print_stdout, reason = "a table for people")]
#![expect(clippy::disallowed_methods, reason = "a benchmark looks at the clock")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bifrost::Observed;
use inventory::{Candidate, Inventory, Opened, Vault};
use litellm::fetch::{Fetch, Wanted};
use litellm::{Input, Secret};
use plan::{Choices, Plan};
use support::fleet_proxy::{self, FleetProxy};
use support::{company, fleet};

/// The allocator of the relay and the headless commands, whose times these are.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The version planned for.
const TARGET: &str = "2.0.0-prerelease3";

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, keys, path] = &words[..]
        && flag == "--fleet"
    {
        let size = fleet::Size { keys: keys.parse().unwrap_or(1_000), ..fleet::THOUSAND };
        std::fs::write(path, fleet::dump(size, 1)).expect("the dump could not be written");
        return;
    }
    match &words[..] {
        [flag] if flag == "--digests" => return digests(),
        [flag, keys] if flag == "--plan" => return one(keys.parse().unwrap_or(1_000)),
        [flag] if flag == "--growth" => return growth(),
        [flag, path] if flag == "--config" => return config(path),
        _ => {}
    }
    requests();
    let files = company::files("1.101.6");
    let inputs: Vec<Input<'_>> = files.iter().map(|(name, bytes)| Input::File { name, bytes }).collect();
    row("recorded company (7 keys, 15 deployments)", "-", 15, &inputs, company::SALT_KEY);
    for (name, keys, figure, rounds) in [("1,000", 1_000, "-", 5), ("10,000", 10_000, "<= 250 ms", 9)] {
        let tables = fleet::rows(fleet::Size { keys, ..fleet::THOUSAND }, 1);
        let name = format!("{name} keys, 300 deployments");
        row(&name, figure, rounds, &[Input::Rows { tables: &tables, findings: &[] }], fleet::SALT_KEY);
    }
    growth();
}

/// Reading a file: the first time and the median of the following ones, in steps.
fn config(path: &str) {
    let bytes = std::fs::read(path).expect("the file could not be read");
    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..11 {
        let start = Instant::now();
        let reading = litellm::read(&[Input::File { name: path, bytes: &bytes }]);
        times[0].push(start.elapsed());
        let start = Instant::now();
        let gathered = inventory::gather(reading);
        times[1].push(start.elapsed());
        let start = Instant::now();
        let opened = gathered.open(&[]);
        times[2].push(start.elapsed());
        drop((opened, gathered));
    }
    for (name, times) in ["reading", "gathering", "opening"].into_iter().zip(times) {
        println!("config.yaml, {name}: the first time {:?}\t{}\t-", times[0], median(times.clone()));
    }
}

/// One size of fleet: how it is written, how large it is, the figures for the time of its plan and the memory.
type Step = (&'static str, u32, &'static str, &'static str);

/// The sizes whose costs are held against each other.
const GROWTH: [Step; 3] = [
    ("1,000 keys", 1_000, "-", "-"),
    ("10,000 keys", 10_000, "<= 250 ms", "-"),
    ("100,000 keys", 100_000, "<= 3000 ms", "<= 1024 MiB"),
];

/// Three rows for each size. A key of a larger fleet may cost half as much again as one of the smallest: more is no
/// linear growth.
fn growth() {
    let mut most = String::from("-");
    for (name, keys, time, memory) in GROWTH {
        let Some((took, held)) = apart(keys) else {
            println!("growth, plan: {name}\tunknown\t{time}");
            continue;
        };
        let each = took * 1000.0 / f64::from(keys);
        println!("growth, plan: {name}\t{took:.1} ms\t{time}");
        println!("growth, plan, each of {name}\t{each:.1} us\t{most}");
        println!("growth, memory at most: {name}\t{held} MiB\t{memory}");
        if most == "-" {
            most = format!("<= {:.1} us", each * 1.5);
        }
    }
}

/// Plans a fleet in a process of its own, so that no other takes part in what it holds: milliseconds and MiB.
fn apart(keys: u32) -> Option<(f64, u64)> {
    let program = std::env::current_exe().ok()?;
    let output = std::process::Command::new(program).args(["--plan", &keys.to_string()]).output().ok()?;
    let printed = String::from_utf8(output.stdout).ok()?;
    let columns: Vec<&str> = printed.trim().split('\t').collect();
    let took = columns.get(1)?.strip_suffix(" ms")?.parse().ok()?;
    let held = columns.get(3)?.strip_suffix(" MiB at most")?.parse().ok()?;
    Some((took, held))
}

/// Reading a proxy of 10,000 keys through its API, and how many requests that takes.
fn requests() {
    let proxy = FleetProxy::new(fleet::Size { keys: 10_000, deployments: 300, teams: 1_000 }, 1_000, 0);
    let mut fetch = Fetch::new(Wanted::default());
    let start = Instant::now();
    fleet_proxy::drive(&proxy, &mut fetch);
    let driving = start.elapsed();
    let fetched = fetch.fetched();
    let start = Instant::now();
    let reading = litellm::read(&fetched.inputs().collect::<Vec<_>>());
    let reading_took = start.elapsed();
    let keys = reading.objects.iter().filter(|object| object.kind == litellm::Kind::VirtualKey).count();
    let pages = fetched.answers.iter().filter(|answer| answer.name.starts_with("/key/list")).count();
    let what = "10,000 keys, 1,000 teams, 1,000 users";
    println!("API, requests in all: {what}\t{} requests\t<= 150 requests", fetched.requests);
    println!("API, requests for {keys} keys (ten a page: 1,000)\t{pages} requests\t<= 125 requests");
    println!("API, what is missing: {what}\t{} gaps\t<= 0 gaps", fetched.gaps.len());
    println!("API, answering and following pages, in memory: {what}\t{}\t-", median(vec![driving]));
    println!("API, answers to objects: {what}\t{}\t-", median(vec![reading_took]));
}

/// Lines of `what, measured, figure`, separated by tabs.
fn row(name: &str, figure: &str, rounds: usize, inputs: &[Input<'_>], salt_key: &str) {
    let mut opening = Vec::new();
    let mut planning = Vec::new();
    let mut last = None;
    for _ in 0..rounds {
        let start = Instant::now();
        let (inventory, vault) = opened(inputs, salt_key);
        opening.push(start.elapsed());
        let start = Instant::now();
        let plan = plan::plan(&inventory, &vault, &Observed::fresh(TARGET), &Choices::default(), company::now());
        planning.push(start.elapsed());
        last = Some(plan);
    }
    let Some(plan) = last else { return };
    println!("native, read and open: {name}\t{}\t-", median(opening));
    println!("native, plan: {name}\t{}\t{figure}", median(planning));
    println!("native, access verdicts: {name}\t{}\t0 wider", access(&plan));
}

/// Plans one fleet; the milliseconds, and the MiB that the process held before and at most while planning.
fn one(keys: u32) {
    let tables = fleet::rows(fleet::Size { keys, ..fleet::THOUSAND }, 1);
    let (inventory, vault) = opened(&[Input::Rows { tables: &tables, findings: &[] }], fleet::SALT_KEY);
    drop(tables);
    let before = memory("VmRSS:");
    // What the process held at most is counted from here on.
    std::fs::write("/proc/self/clear_refs", "5").unwrap_or_default();
    let (start, used) = (Instant::now(), processor());
    let plan = plan::plan(&inventory, &vault, &Observed::fresh(TARGET), &Choices::default(), company::now());
    let took = median(vec![start.elapsed()]);
    let used = median(vec![processor().saturating_sub(used)]);
    let most = memory("VmHWM:");
    println!("{keys} keys\t{took}\t{before} MiB before\t{most} MiB at most\t{}\t{used} of a processor", access(&plan));
}

/// The time processors worked for this process, whatever else they had to do meanwhile; of threads that are over as
/// well, so in hundredths of a second.
fn processor() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let behind_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = behind_name.split(' ').skip(12).take(2).filter_map(|ticks| ticks.parse::<u64>().ok());
    Duration::from_millis(10 * ticks.sum::<u64>())
}

fn memory(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let found =
        status.lines().find_map(|text| text.strip_prefix(line)?.trim().strip_suffix(" kB")?.trim().parse().ok());
    found.map_or(0, |kibibytes: u64| kibibytes / 1024)
}

/// One line for each plan: what was planned, and the SHA-256 of its JSON.
fn digests() {
    for release in ["1.101.6", "1.108.7"] {
        let (inventory, vault) = company::recorded(release);
        for target in ["1.5.2", "1.5.16", "1.6.3", "2.0.0-prerelease3", "2.2.6"] {
            digest(&format!("company {release} for {target}"), &inventory, &vault, target);
        }
    }
    for (keys, deployments, teams, seed) in
        [(200, 40, 10, 7), (400, 90, 30, 8), (1_000, 300, 100, 1), (2_000, 100, 400, 2)]
    {
        let tables = fleet::rows(fleet::Size { keys, deployments, teams }, seed);
        let (inventory, vault) = opened(&[Input::Rows { tables: &tables, findings: &[] }], fleet::SALT_KEY);
        for target in ["1.5.2", "2.2.6"] {
            digest(&format!("fleet {keys} for {target}"), &inventory, &vault, target);
        }
    }
}

fn digest(name: &str, inventory: &Inventory, vault: &Vault<Opened>, target: &str) {
    let plan = plan::plan(inventory, vault, &Observed::fresh(target), &Choices::default(), company::now());
    let text = serde_json::to_string(&plan).unwrap_or_default();
    println!("{name}\t{}\t{}", litellm::seal::sha256_hex(&text), text.len());
}

fn opened(inputs: &[Input<'_>], salt_key: &str) -> (Inventory, Vault<Opened>) {
    let candidate = Candidate { name: "salt key".to_owned(), secret: Secret::new(salt_key.to_owned()) };
    inventory::gather(litellm::read(inputs)).open(&[candidate])
}

fn access(plan: &Plan) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for verdict in &plan.access {
        *counts.entry(format!("{:?}", verdict.verdict).to_lowercase()).or_default() += 1;
    }
    counts.iter().map(|(verdict, count)| format!("{count} {verdict}")).collect::<Vec<_>>().join(", ")
}

fn median(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let middle = times.get(times.len() / 2).copied().unwrap_or_default();
    format!("{:.1} ms", middle.as_secs_f64() * 1000.0)
}
