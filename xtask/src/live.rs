//! `cargo xtask test --live`: everything that needs a running LiteLLM.

use std::collections::BTreeMap;
use std::env;

use crate::home::Home;
use crate::say;
use crate::sh::{self, Done, Failure};

/// What a running LiteLLM is named by.
const NAMED_BY: &[&str] = &["LITELLM_URL", "LITELLM_MASTER_KEY", "LITELLM_DB_URL", "LITELLM_SALT_KEY"];

/// Fills a LiteLLM with the population of `tests/live`, reads it in every combination of its sources, and asks it who
/// may call what. It is the one that the environment names, or one that a script (`--lab SCRIPT`) starts and stops.
pub(crate) fn live(home: &Home, arguments: &[String]) -> Done {
    let lab = match arguments {
        [] => None,
        [flag, script] if flag == "--lab" => Some(script.as_str()),
        _ => return Err(Failure::new("test --live takes nothing, or --lab SCRIPT")),
    };
    let config = home.root.join("tests/live/config.yaml").to_string_lossy().into_owned();
    let mut named: BTreeMap<String, String> = BTreeMap::new();
    if let Some(script) = lab {
        say::step(format_args!("starting a LiteLLM with {script}"));
        let mut up = home.command(script);
        sh::stream(up.args(["up", &config]).env("LITELLM_LIVE_BASE", "https://beta.example.invalid"))?;
        named = variables(&sh::read(home.command(script).arg("env")).unwrap_or_default());
    }
    named.entry("LITELLM_CONFIG".to_owned()).or_insert_with(|| config.clone());
    if lab.is_some() {
        named.insert("LITELLM_CONFIG".to_owned(), config);
    }
    let missing: Vec<&str> =
        NAMED_BY.iter().copied().filter(|name| !named.contains_key(*name) && env::var_os(name).is_none()).collect();
    let done = if missing.is_empty() {
        ask(home, &named)
    } else {
        Err(Failure::new(format!("no LiteLLM to ask: set {}, or give --lab SCRIPT", missing.join(", "))))
    };
    if let Some(script) = lab {
        sh::stream(home.command(script).arg("down"))?;
    }
    done
}

fn ask(home: &Home, named: &BTreeMap<String, String>) -> Done {
    sh::stream(home.cargo("build").args(["-p", "gangway"]))?;
    say::step("filling it with the population of tests/live");
    sh::stream(home.command("python3").args(["tests/live/drive.py", "populate"]).envs(named))?;
    let gangway = home.target.join("debug").join(format!("gangway{}", env::consts::EXE_SUFFIX));
    let mut test = home.cargo("test");
    test.args(["-p", "support", "--test", "live", "--", "--ignored", "--nocapture", "--test-threads", "1"]);
    sh::stream(test.envs(named).env("GANGWAY", gangway))
}

/// The variables of lines like `export NAME=value`; the shell's quoting of a plain value is a backslash at most.
fn variables(printed: &str) -> BTreeMap<String, String> {
    let lines = printed.lines().filter_map(|line| line.strip_prefix("export ")?.split_once('='));
    lines.map(|(name, value)| (name.to_owned(), value.replace('\\', "").trim_matches('\'').to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::variables;

    #[test]
    fn what_a_lab_prints_is_understood() {
        let found = variables("export A=http://127.0.0.1:4000\nnoise\nexport B=\\?x\nexport C='y z'\n");
        let found: Vec<(&str, &str)> = found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(found, [("A", "http://127.0.0.1:4000"), ("B", "?x"), ("C", "y z")]);
    }
}
