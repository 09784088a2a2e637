//! `gangway export`: the plan as files to start a gateway from.

use std::path::Path;

use model::Severity;
use plan::export::{Export, Files, TokenSeed};

use super::{DONE, HeadlessError, REFUSED, read, write};
use crate::cli::ExportArgs;
use crate::log::say;
use crate::settings::{self, Environment};

/// `gangway export`; the exit code.
pub(crate) async fn export(args: ExportArgs, env: &Environment) -> Result<u8, HeadlessError> {
    let connections = settings::connections(&args.planning.sources.connections, env)?;
    let line = read(&args.planning, &connections, env).await?;
    let plan = line.plan();
    let seed = args.new_keys.as_ref().map(|_| seed()).transpose()?;
    let Export { files, findings } = plan::export::export(&plan, &line.vault, seed.as_ref());
    let told = plan.findings.iter().filter(|finding| finding.severity != Severity::Info);
    told.chain(&findings).for_each(|finding| say(&finding.to_string()));
    let Some(files) = files else {
        say("refused: no file is written");
        return Ok(REFUSED);
    };
    write::folder(&args.out)?;
    write::shared(&args.out.join("config.json"), &files.config, args.force)?;
    write::shared(&args.out.join("env.template"), &files.template(), args.force)?;
    if let Some(path) = &args.values {
        write::own(path, files.values(&line.vault).expose(), args.force)?;
    }
    if let Some(path) = &args.new_keys {
        write::own(path, &report::handover::tokens_csv(&files.hand_over(&plan)), args.force)?;
    }
    warn_of(&args.out, &files);
    write::incomplete(&line.inventory);
    Ok(DONE)
}

fn seed() -> Result<TokenSeed, HeadlessError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| HeadlessError::NoRandomness)?;
    Ok(TokenSeed::new(bytes))
}

/// What has to be in the gateway's environment before it starts.
fn warn_of(folder: &Path, files: &Files) {
    let count = report::words::counted(files.variables.len(), "variable");
    say(&format!("{count} to set before the gateway starts: see {}", folder.join("env.template").display()));
}
