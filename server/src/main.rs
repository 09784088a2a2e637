//! The relay and the commands of Gangway, one binary.

mod address;
mod assets;
mod cli;
mod clock;
mod drive;
mod dsn;
mod earlier;
mod fetch;
mod guard;
mod headless;
mod hex;
mod included;
mod journal;
mod log;
mod postgres;
mod practice;
mod refuse;
mod routes;
mod serve;
mod settings;
mod source;
mod stop;
mod target;
mod tls;
mod upstream;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use mimalloc::MiMalloc;

use crate::cli::{Cli, Command};

/// A deployment is millions of small texts, which the system's allocator takes twice as long for.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// The exit code of an error. 2 means that a plan has changes, so the usual code of a wrong flag is not used.
const ERROR: u8 = 1;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    tls::install_provider();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    // On a worker, where the connections are looked after too: no call waits for another thread to wake up.
    let ended = runtime.block_on(runtime.spawn(run(cli.command)));
    let code = ended.unwrap_or_else(|error| match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(error) => failed(&error),
    });
    // A lookup of a name that does not come back must not hold the end up.
    runtime.shutdown_background();
    code
}

/// Enough for one person and one gateway; more only cost memory.
const WORKERS: usize = 2;

async fn run(command: Command) -> ExitCode {
    let env = settings::environment();
    let done = match command {
        Command::Serve(args) => return ended(serve::serve(args, &env).await.map(|()| 0)),
        Command::Practice(args) => return ended(practice::serve(args).await.map(|()| 0)),
        Command::Doctor(args) => headless::doctor(args, &env).await,
        Command::Grants(args) => Ok(headless::grants(&args)),
        Command::Plan(args) => headless::plan(args, &env).await,
        Command::Snapshot(args) => headless::snapshot(args, &env).await,
        Command::Apply(args) => headless::apply(args, &env).await,
        Command::Admin(args) => headless::admin(args, &env).await,
        Command::Export(args) => headless::export(args, &env).await,
        Command::Verify(args) => headless::verify(args, &env).await,
        Command::Undo(args) => headless::undo(args, &env).await,
        Command::Tokens(args) => headless::tokens(args, &env).await,
        Command::Report(args) => headless::report(&args),
    };
    if let Err(error) = &done {
        let code = failed(error);
        error.hints().iter().for_each(|hint| log::say(&format!("  hint: {hint}")));
        return code;
    }
    ended(done)
}

fn ended(done: Result<u8, impl std::error::Error>) -> ExitCode {
    match done {
        Ok(code) => ExitCode::from(code),
        Err(error) => failed(&error),
    }
}

fn failed(error: &impl std::error::Error) -> ExitCode {
    log::say(&format!("error: {error}"));
    ExitCode::from(ERROR)
}

/// Help is no error, and no arguments ask for help.
fn usage(error: &clap::Error) -> ExitCode {
    // Nobody reading it is no reason to do anything else.
    let _ = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            ExitCode::SUCCESS
        }
        _ => ExitCode::from(ERROR),
    }
}
