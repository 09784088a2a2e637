//! The plan of the house, read from `cargo metadata`: which room may call which, and that the core builds for the
//! browser and depends on nothing that does I/O.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::path::Path;
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};

const BROWSER: &str = "wasm32-unknown-unknown";

/// Every arrow that may be drawn: a room, and the rooms it may call. Rooms in reading order.
const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("pyyaml", &["model"]),
    ("litellm", &["model", "pyyaml"]),
    ("bifrost", &["model"]),
    ("inventory", &["model", "litellm"]),
    ("plan", &["model", "litellm", "bifrost", "inventory"]),
    ("apply", &["model", "litellm", "bifrost", "inventory", "plan"]),
    ("report", &["model", "bifrost", "plan", "apply"]),
    ("sandbox", &["model", "litellm", "bifrost"]),
    ("wire", &["model"]),
];

/// The shells may call every room, and not each other.
const SHELLS: &[&str] = &["web", "gangway"];

/// Packages that are, or bring, I/O, a clock, randomness, threads or the browser's own objects.
const OUTSIDE: &[&str] = &[
    "async-std",
    "axum",
    "chrono",
    "console_error_panic_hook",
    "fastrand",
    "getrandom",
    "gloo-net",
    "gloo-timers",
    "h2",
    "hyper",
    "hyper-rustls",
    "hyper-util",
    "instant",
    "jiff",
    "js-sys",
    "leptos",
    "libc",
    "mio",
    "native-tls",
    "openssl",
    "postgres-protocol",
    "rand",
    "rayon",
    "reqwest",
    "ring",
    "rustix",
    "rustls",
    "socket2",
    "tempfile",
    "time",
    "tokio",
    "tokio-postgres",
    "tower",
    "tower-http",
    "ureq",
    "uuid",
    "walkdir",
    "wasm-bindgen",
    "wasm-bindgen-futures",
    "web-sys",
    "web-time",
    "windows-sys",
];

fn metadata() -> Metadata {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is below the root");
    MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .other_options(["--filter-platform".to_owned(), BROWSER.to_owned()])
        .exec()
        .expect("cargo metadata reads the workspace")
}

fn core() -> BTreeSet<&'static str> {
    ARROWS.iter().map(|(room, _)| *room).collect()
}

/// The members, by name, each with the members it names as dependencies of the given kind.
fn drawn(metadata: &Metadata, kind: DependencyKind) -> BTreeMap<String, BTreeSet<String>> {
    let members = metadata.workspace_packages();
    let names: BTreeSet<String> = members.iter().map(|member| member.name.to_string()).collect();
    let calls = |member: &cargo_metadata::Package| {
        let here = member.dependencies.iter().filter(|dependency| dependency.kind == kind && dependency.path.is_some());
        here.map(|dependency| dependency.name.clone()).filter(|name| names.contains(name)).collect()
    };
    members.iter().map(|member| (member.name.to_string(), calls(member))).collect()
}

#[test]
fn every_room_has_its_place() {
    let metadata = metadata();
    for member in metadata.workspace_packages() {
        let name = member.name.as_str();
        let in_crates = member.manifest_path.components().any(|part| part.as_str() == "crates");
        assert_eq!(
            in_crates,
            core().contains(name),
            "{name}: every crate below crates/ is a room of the table, and no other"
        );
    }
}

#[test]
fn arrows_point_one_way() {
    let drawn = drawn(&metadata(), DependencyKind::Normal);
    for (room, allowed) in ARROWS {
        let allowed: BTreeSet<String> = allowed.iter().map(ToString::to_string).collect();
        let calls = drawn.get(*room).unwrap_or_else(|| panic!("the room {room} is missing"));
        let extra: Vec<&String> = calls.difference(&allowed).collect();
        assert!(extra.is_empty(), "{room} must not call {extra:?}: design.md 1 draws no such arrow");
    }
    for shell in SHELLS {
        let calls = drawn.get(*shell).unwrap_or_else(|| panic!("the shell {shell} is missing"));
        let extra: Vec<&String> = calls.iter().filter(|name| !core().contains(name.as_str())).collect();
        assert!(extra.is_empty(), "{shell} may call rooms only, not {extra:?}");
    }
    assert!(drawn["xtask"].is_empty(), "xtask compiles in seconds, since it calls nothing");
}

/// An arrow of the table points to a room above its own, so that no circle can be drawn at all.
#[test]
fn the_table_has_no_circle() {
    for (at, (room, allowed)) in ARROWS.iter().enumerate() {
        let above: BTreeSet<&str> = ARROWS[..at].iter().map(|(room, _)| *room).collect();
        assert!(allowed.iter().all(|name| above.contains(name)), "{room} stands above a room it calls");
    }
}

#[test]
fn the_core_depends_on_nothing_outside() {
    let metadata = metadata();
    let mut found = Vec::new();
    for (package, path) in closure(&metadata) {
        let name = metadata[&package].name.as_str();
        if OUTSIDE.contains(&name) {
            found.push(path);
        }
    }
    assert!(found.is_empty(), "the core reaches the outside:\n{}", found.join("\n"));
}

/// What the rooms are made of in the browser: every package that is linked in, and the way that leads there. Packages
/// that run while compiling (macros, build scripts) end the way: they do their I/O on the builder's machine.
fn closure(metadata: &Metadata) -> BTreeMap<PackageId, String> {
    let resolve = metadata.resolve.as_ref().expect("cargo metadata resolves");
    let nodes: BTreeMap<&PackageId, &cargo_metadata::Node> =
        resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let rooms = metadata.workspace_packages().into_iter().filter(|member| core().contains(member.name.as_str()));
    let mut waiting: Vec<(PackageId, String)> =
        rooms.map(|member| (member.id.clone(), member.name.to_string())).collect();
    let mut found = BTreeMap::new();
    while let Some((package, path)) = waiting.pop() {
        if metadata[&package].targets.iter().any(cargo_metadata::Target::is_proc_macro) || found.contains_key(&package)
        {
            continue;
        }
        for dependency in &nodes[&package].deps {
            if dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal) {
                let name = &metadata[&dependency.pkg].name;
                waiting.push((dependency.pkg.clone(), format!("{path} -> {name}")));
            }
        }
        found.insert(package, path);
    }
    found
}

/// The closure is really followed, beyond the workspace: an empty one would forbid nothing.
#[test]
fn the_closure_reaches_the_leaves() {
    let metadata = metadata();
    let names: BTreeSet<String> = closure(&metadata).keys().map(|package| metadata[package].name.to_string()).collect();
    for leaf in ["serde_core", "itoa", "cipher", "typenum"] {
        assert!(names.contains(leaf), "{leaf} is not in {names:?}");
    }
}

#[test]
fn the_core_builds_for_the_browser() {
    if !target_installed() {
        assert!(env::var_os("CI").is_none(), "the build server has to have the standard library for {BROWSER}");
        return;
    }
    let mut check = cargo();
    check.args(["check", "--quiet", "--target", BROWSER]);
    for room in core() {
        check.args(["-p", room]);
    }
    let output = check.output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn target_installed() -> bool {
    let output = Command::new("rustc").args(["--print", "sysroot"]).output().expect("rustc runs");
    let sysroot = String::from_utf8(output.stdout).expect("the sysroot is text");
    Path::new(sysroot.trim()).join("lib/rustlib").join(BROWSER).join("lib").is_dir()
}

fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is below the root"));
    command
}
