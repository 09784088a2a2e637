//! Configurations as people write them (`fixtures/configs`), with everything the reader says of each
//! (`NAME.findings.txt`). To write those anew: `GANGWAY_WRITE_FINDINGS=1 cargo test -p support configs`.
#![expect(clippy::disallowed_methods, reason = "the files are named by their folder, not one by one")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use litellm::{Input, Kept, read, wanted_files};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/configs")
}

/// A file and what it includes, by their paths from the folder.
fn with_included(name: &str) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    let mut queue = vec![name.to_owned()];
    while let Some(name) = queue.pop() {
        let Ok(bytes) = std::fs::read(folder().join(&name)) else { continue };
        let beside = Path::new(&name).parent().map(Path::to_path_buf).unwrap_or_default();
        for wanted in wanted_files(&name, &bytes) {
            let path = beside.join(wanted).to_string_lossy().into_owned();
            if files.iter().all(|(known, _)| *known != path) && !queue.contains(&path) && path != name {
                queue.push(path);
            }
        }
        files.push((name, bytes));
    }
    files
}

/// What was read, and what was said of it.
fn told(files: &[(String, Vec<u8>)]) -> String {
    let inputs: Vec<Input<'_>> = files.iter().map(|(name, bytes)| Input::File { name, bytes }).collect();
    let reading = read(&inputs);
    let mut text = String::new();
    for source in &reading.sources {
        let _ = writeln!(text, "{}{}", source.what, if source.complete { "" } else { " (incomplete)" });
    }
    for object in reading.objects.iter().filter(|object| object.dropped.is_some()) {
        let _ = writeln!(text, "dropped: {}", object.id);
    }
    for finding in &reading.findings {
        // How broken YAML is put into words is the YAML reader's affair.
        let _ = match finding.code.as_str() {
            code if code.starts_with("pyyaml.") => writeln!(text, "{code}"),
            _ => writeln!(text, "{finding}"),
        };
    }
    text
}

fn names() -> Vec<String> {
    let inside = std::fs::read_dir(folder()).expect("the folder is there");
    let mut names: Vec<String> = inside
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| Path::new(name).extension().is_some_and(|ending| ending == "yaml" || ending == "json"))
        .collect();
    names.sort();
    names
}

#[test]
fn what_is_said_of_each_configuration() {
    let names = names();
    assert!(names.len() >= 40, "{} files", names.len());
    for name in &names {
        let told = told(&with_included(name));
        let path = folder().join(format!("{}.findings.txt", name.rsplit_once('.').expect("an ending").0));
        if std::env::var("GANGWAY_WRITE_FINDINGS").is_ok() {
            std::fs::write(&path, &told).expect("written");
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(told, expected, "{name}");
    }
}

/// Defaults of templates, literal keys and passwords of the files above.
#[test]
fn no_finding_shows_a_secret() {
    let canaries =
        ["sk-default", "sk-hidden", "sk-proj-set", "sk-at-the-top", "sk-in-the-wrong", "pw-literal", "sk-literal"];
    for name in names() {
        let told = told(&with_included(&name));
        assert!(!canaries.iter().any(|canary| told.contains(canary)), "{name}: {told}");
    }
}

/// Every kind of finding of the reader of configurations is asked for by some file.
#[test]
fn every_kind_of_finding_comes_up() {
    let all: String = names().iter().map(|name| told(&with_included(name))).collect();
    let said: BTreeSet<&str> = all.split('[').filter_map(|rest| rest.split_once("]: ")).map(|(code, _)| code).collect();
    let config: Vec<&str> = said.into_iter().filter(|code| code.starts_with("config.")).collect();
    insta::assert_debug_snapshot!(config, @r#"
    [
        "config.alias",
        "config.cache",
        "config.credential",
        "config.default",
        "config.deployment",
        "config.dropped",
        "config.empty_key",
        "config.environment",
        "config.environment_refused",
        "config.fallback",
        "config.ignored",
        "config.include",
        "config.include_missing",
        "config.include_replaces",
        "config.limit",
        "config.misplaced",
        "config.reference",
        "config.reference_in_list",
        "config.retired_name",
        "config.routing_strategy",
        "config.secret_manager",
        "config.shape",
        "config.template",
    ]
    "#);
}

/// A browser knows only the names of files, not their folders; the order they are dropped in does not matter.
#[test]
fn included_files_are_found_without_their_folders() {
    let files = with_included("13-include.yaml");
    let named = told(&files);
    let mut loose: Vec<(String, Vec<u8>)> = files
        .into_iter()
        .map(|(name, bytes)| (name.rsplit('/').next().unwrap_or_default().to_owned(), bytes))
        .collect();
    for _ in 0..loose.len() {
        loose.rotate_left(1);
        assert_eq!(told(&loose), named.replace("parts/", ""));
    }
}

/// What the running proxy drops is no deployment to be called or moved, unless the proxy itself shows it.
#[test]
fn what_is_dropped_answers_nobody() {
    let files = with_included("11-dropped.yaml");
    let (name, bytes) = &files[0];
    let config = Input::File { name, bytes };
    let names = |inputs: &[Input<'_>]| -> Vec<String> {
        let (inventory, _) = inventory::gather(read(inputs)).open(&[]);
        let world = litellm::access::World::read(inventory.entities.values().map(|entity| &entity.object));
        world.deployments.iter().map(|deployment| deployment.name.clone()).collect()
    };
    assert_eq!(names(&[config]), ["beside", "good", "here", "texts-that-fit"]);
    let body = r#"{"data":[{"model_name":"no-such-provider","litellm_params":{"model":"acme/rocket-1"},
        "model_info":{"id":"abc","db_model":false}}],"total_count":1,"current_page":1,"total_pages":1,"size":50}"#;
    let answer = Input::Answer { endpoint: "/v2/model/info", status: 200, body };
    assert_eq!(names(&[config, answer]), ["beside", "good", "here", "no-such-provider", "texts-that-fit"]);
}

/// A snapshot keeps what the running proxy drops marked, and which placeholder is no secret.
#[test]
fn a_snapshot_keeps_the_marks() {
    for name in ["11-dropped.yaml", "13-include.yaml", "18-shell-template.yaml"] {
        let files = with_included(name);
        let inputs: Vec<Input<'_>> = files.iter().map(|(name, bytes)| Input::File { name, bytes }).collect();
        let reading = read(&inputs);
        let snapshot = litellm::snapshot::write(&reading, &[]).text;
        let beside = |inputs: &[Input<'_>]| {
            let file = Input::File { name: "gangway-snapshot.json", bytes: snapshot.as_bytes() };
            let again = read(&[&[file], inputs].concat());
            assert_eq!(format!("{:#?}", again.objects), format!("{:#?}", reading.objects), "{name}");
            again
        };
        let again = beside(&[]);
        for (slot, kept) in &reading.kept {
            let same = matches!((kept, again.kept.get(slot)), (Kept::NoSecret(left), Some(Kept::NoSecret(right))) if left == right);
            assert!(same || !matches!(kept, Kept::NoSecret(_)), "{slot:?}");
        }
        let _ = beside(&inputs);
    }
}
