//! The words of the command line. A secret is never the value of a flag: it would stand in the process list and
//! in the shell's history. It comes from the environment, from a file or from standard input.

mod afterwards;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use afterwards::{AdminArgs, ReportArgs, TokensArgs, UndoArgs, VerifyArgs};

/// Moves everything a LiteLLM proxy holds into a Bifrost gateway.
#[derive(Debug, Parser)]
#[command(name = "gangway", version, about, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Opens the console: a page on this machine, and the relay that makes its calls.
    Serve(ServeArgs),
    /// Serves a made-up LiteLLM and a made-up Bifrost over HTTP, to try things on.
    Practice(PracticeArgs),
    /// Says what can be reached and read, what is missing for a whole plan, and how to get it. Writes nothing.
    Doctor(DoctorArgs),
    /// Prints the SQL that lets a role read what Gangway reads of LiteLLM's database, and nothing else.
    Grants(GrantsArgs),
    /// Reads the sources and the gateway and says what would be done. Writes nothing.
    Plan(PlanArgs),
    /// Writes one file with everything read, to plan from it elsewhere. Encrypted values stay encrypted, values in
    /// clear are left out.
    Snapshot(SnapshotArgs),
    /// Does what a plan says.
    Apply(ApplyArgs),
    /// Makes the first administrator of a gateway that has none, by the name and password given for it. Only says so
    /// without --yes.
    Admin(AdminArgs),
    /// Writes the plan as Bifrost's config.json, to start a new gateway from. Asks no gateway when a version is given.
    Export(ExportArgs),
    /// Compares the gateway with a plan.
    Verify(VerifyArgs),
    /// Takes back what an apply did: removes what it made, puts back what it changed. Only says so without --yes.
    Undo(UndoArgs),
    /// Reads the values of the new keys from the gateway again, and writes which old key each stands for.
    Tokens(TokensArgs),
    /// Writes the report of a plan and its journal.
    Report(ReportArgs),
}

/// Where LiteLLM and Bifrost are.
#[derive(Debug, Default, Args)]
pub(crate) struct ConnectionArgs {
    /// LiteLLM's config.yaml.
    #[arg(long, value_name = "FILE", env = "LITELLM_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// The running LiteLLM proxy, such as http://localhost:4000.
    #[arg(long, value_name = "URL", env = "LITELLM_URL", hide_env_values = true)]
    pub(crate) litellm_url: Option<String>,
    /// File with its master key [or env: LITELLM_MASTER_KEY]; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) litellm_master_key_file: Option<PathBuf>,
    /// File with the URL of its database [or env: LITELLM_DB_URL, DATABASE_URL]; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) litellm_db_url_file: Option<PathBuf>,
    /// The Bifrost gateway, such as http://localhost:8080.
    #[arg(long, value_name = "URL", env = "BIFROST_URL", hide_env_values = true)]
    pub(crate) bifrost_url: Option<String>,
    /// File with a bearer token for its management API [or env: BIFROST_API_KEY]; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) bifrost_api_key_file: Option<PathBuf>,
    /// Its administrator's name.
    #[arg(long, value_name = "NAME", env = "BIFROST_USER")]
    pub(crate) bifrost_user: Option<String>,
    /// File with the administrator's password [or env: BIFROST_PASSWORD]; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) bifrost_password_file: Option<PathBuf>,
    /// File with the setup token [or env: BIFROST_SETUP_TOKEN]; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) bifrost_setup_token_file: Option<PathBuf>,
    /// Allows http:// to other machines: keys travel in clear.
    #[arg(long)]
    pub(crate) insecure_http: bool,
    /// Allows link-local and metadata addresses, which no gateway normally has.
    #[arg(long)]
    pub(crate) allow_link_local: bool,
    /// More certificate authorities, as PEM, for upstreams and the database.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// How to reach a database on another machine.
    #[arg(long, value_enum, default_value_t = DatabaseTls::Verify)]
    pub(crate) database_tls: DatabaseTls,
}

/// How a database on another machine is reached. One on this machine is reached as its URL says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum DatabaseTls {
    /// Encrypted, and the certificate must be right for the host.
    #[default]
    Verify,
    /// Encrypted, whatever the certificate says.
    Unverified,
    /// In clear.
    Off,
}

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) connections: ConnectionArgs,
    /// Port of the console; 0 takes any free one. Without it: 8917, or any free one.
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// Listens on every address of this machine, not on the loopback only.
    #[arg(long)]
    pub(crate) listen_anywhere: bool,
    /// One more name under which browsers reach this relay, as they write it: gangway.example where the port is
    /// the usual one of http or https, gangway.example:8443 elsewhere.
    #[arg(long, value_name = "HOST[:PORT]")]
    pub(crate) allow_host: Vec<String>,
    /// The journal of what is applied. Without it: gangway-journal.jsonl, and when practising one that is thrown
    /// away at the end.
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,
    /// Practises on a made-up company, whatever else is configured.
    #[arg(long)]
    pub(crate) practice: bool,
    /// Which version of Bifrost to practise on.
    #[arg(long, value_name = "VERSION", default_value = PRACTICE_VERSION)]
    pub(crate) practice_version: String,
}

/// The version practised on unless another is named.
pub(crate) const PRACTICE_VERSION: &str = "2.0.0-prerelease3";

/// Arguments of `practice`.
#[derive(Debug, Args)]
pub(crate) struct PracticeArgs {
    /// Port of the made-up gateway; 0 takes any free one.
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// Port of the made-up LiteLLM proxy; 0 takes any free one.
    #[arg(long, default_value_t = 0)]
    pub(crate) proxy_port: u16,
    /// Keeps the gateway's state in this file from one start to the next. More than 1 MiB is written once a second
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// How long the gateway takes for each write, in milliseconds, one after the other. A real one took 4.
    #[arg(long, value_name = "MILLIS", default_value_t = 0)]
    pub(crate) write_millis: u64,
    /// Which version of Bifrost to practise on.
    #[arg(long, value_name = "VERSION", default_value = PRACTICE_VERSION)]
    pub(crate) practice_version: String,
}

/// What to read.
#[derive(Debug, Default, Args)]
pub(crate) struct SourceArgs {
    #[command(flatten)]
    pub(crate) connections: ConnectionArgs,
    /// A saved answer of LiteLLM's API, or a folder of them.
    #[arg(long, value_name = "FILE|DIR")]
    pub(crate) api: Vec<PathBuf>,
    /// A text dump of its database (pg_dump).
    #[arg(long, value_name = "FILE")]
    pub(crate) dump: Option<PathBuf>,
    /// A snapshot made with `gangway snapshot`. Sources given beside it fill what it leaves out.
    #[arg(long, value_name = "FILE")]
    pub(crate) snapshot: Option<PathBuf>,
    /// File with a salt key to try [or env: LITELLM_SALT_KEY]; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) salt_key_file: Vec<PathBuf>,
}

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    pub(crate) sources: SourceArgs,
    /// Says it as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `grants`.
#[derive(Debug, Args)]
pub(crate) struct GrantsArgs {
    /// The role that is to read.
    #[arg(long, value_name = "NAME")]
    pub(crate) role: String,
    /// The schema of LiteLLM's tables.
    #[arg(long, value_name = "NAME", default_value = "public")]
    pub(crate) schema: String,
}

/// Arguments of `snapshot`.
#[derive(Debug, Args)]
pub(crate) struct SnapshotArgs {
    #[command(flatten)]
    pub(crate) sources: SourceArgs,
    /// Writes the snapshot here, for its owner's eyes only.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Replaces a file that is there already.
    #[arg(long)]
    pub(crate) force: bool,
}

/// What to read and what to decide, for every command that makes a plan.
#[derive(Debug, Default, Args)]
pub(crate) struct PlanningArgs {
    #[command(flatten)]
    pub(crate) sources: SourceArgs,
    /// Plans for this version of Bifrost without asking a gateway.
    #[arg(long, value_name = "VERSION")]
    pub(crate) target_version: Option<String>,
    /// Provider of models whose provider LiteLLM itself would not name.
    #[arg(long, value_name = "NAME", env = "DEFAULT_PROVIDER")]
    pub(crate) default_provider: Option<String>,
    /// The window of budgets that never reset.
    #[arg(long, value_name = "PERIOD", env = "MAX_BUDGET_PERIOD")]
    pub(crate) max_budget_period: Option<String>,
    /// What becomes of users on a gateway without users.
    #[arg(long, value_enum)]
    pub(crate) users: Option<Users>,
    /// What becomes of keys with an expiry on a gateway that drops it.
    #[arg(long, value_enum)]
    pub(crate) expiring_keys: Option<ExpiringKeys>,
    /// What becomes of models whose name is a pattern, such as openai/*.
    #[arg(long, value_enum)]
    pub(crate) wildcards: Option<Wildcards>,
    /// A source object to leave out, as kind/id.
    #[arg(long, value_name = "KIND/ID")]
    pub(crate) leave_out: Vec<String>,
    /// Another name on the gateway for a virtual key, team, organization or user.
    #[arg(long, value_name = "KIND/ID=NAME")]
    pub(crate) rename: Vec<String>,
    /// Another name for a custom provider, by the name the plan gives it.
    #[arg(long, value_name = "PROVIDER=NAME")]
    pub(crate) rename_provider: Vec<String>,
    /// A provider of the gateway's own for models of one it does not know, by LiteLLM's name of that or the plan's. Their
    /// keys are sent there.
    #[arg(long, value_name = "PROVIDER=PROVIDER")]
    pub(crate) map_provider: Vec<String>,
    /// A virtual key of the gateway that Gangway did not make and that is to become the moved one of its name. Whoever
    /// holds its value may call what the plan says from then on.
    #[arg(long, value_name = "virtual_key/NAME")]
    pub(crate) take_over: Vec<String>,
    /// A provider, customer or team of the gateway that differs and is to stay as it is, as kind/name.
    #[arg(long, value_name = "KIND/NAME")]
    pub(crate) leave_alone: Vec<String>,
    /// A source to use although only a part of it could be read: api, database, or the name of a file. What is missing
    /// will be missing on the gateway.
    #[arg(long, value_name = "SOURCE")]
    pub(crate) accept_partial: Vec<String>,
    /// A plan whose choices are taken again; flags go before them.
    #[arg(long, value_name = "FILE")]
    pub(crate) choices_of: Option<PathBuf>,
}

/// What becomes of users on a gateway without users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Users {
    /// Those whose keys carry a budget or a limit become customers.
    Customers,
    /// All are left to you.
    Manual,
}

/// What becomes of models whose name is a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Wildcards {
    /// The best form the gateway has: the whole provider, a pattern, a rule, else the names that are known.
    Best,
    /// The names that are known, whole providers too.
    Names,
    /// All are left to you.
    Manual,
}

/// What becomes of keys with an expiry on a gateway that drops it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExpiringKeys {
    /// Made, but not active.
    Inactive,
    /// Not made.
    LeaveOut,
    /// Made open; the hand-over says when to close each.
    Open,
}

/// Where a report goes.
#[derive(Debug, Args)]
pub(crate) struct ReportFiles {
    /// Writes the report here, as JSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Writes the report here, as one page.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
}

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) planning: PlanningArgs,
    /// The journal of the applies so far, if there is one: what they made is known again, whatever it is called now.
    /// It is only read, with those put aside beside it.
    #[arg(long, value_name = "FILE", default_value = "gangway-journal.jsonl")]
    pub(crate) journal: PathBuf,
    /// The journal of an earlier apply that lies elsewhere, with its plan beside it; the oldest first.
    #[arg(long, value_name = "FILE")]
    pub(crate) after: Vec<PathBuf>,
    /// Writes the plan here.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Writes the report here, as one page.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Exits with 2 when there is something to do.
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
    /// Says on standard output, as JSON lines, what is done.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `apply`.
#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    #[command(flatten)]
    pub(crate) planning: PlanningArgs,
    /// The plan that was read and approved; refused when it is stale.
    #[arg(long, value_name = "FILE")]
    pub(crate) plan: Option<PathBuf>,
    /// The journal of what is applied.
    #[arg(long, value_name = "FILE", default_value = "gangway-journal.jsonl")]
    pub(crate) journal: PathBuf,
    /// The journal of an earlier apply that lies elsewhere, with its plan beside it; the oldest first.
    #[arg(long, value_name = "FILE")]
    pub(crate) after: Vec<PathBuf>,
    /// Removes, after the plan, what earlier applies made and LiteLLM no longer has, as the plan names it: only what a
    /// journal proves that Gangway made, nobody changed since, and nothing uses.
    #[arg(long)]
    pub(crate) delete_gone: bool,
    #[command(flatten)]
    pub(crate) files: ReportFiles,
    /// Only plans.
    #[arg(long, env = "DRY_RUN", value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) dry_run: bool,
    /// Says on standard output, as JSON lines, what is done.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `export`.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    pub(crate) planning: PlanningArgs,
    /// Folder for config.json and env.template, which names the variables it refers to.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Writes the values of those variables here, for its owner's eyes only: provider keys in clear.
    #[arg(long, value_name = "FILE")]
    pub(crate) values: Option<PathBuf>,
    /// Makes up the new virtual keys now, and writes them here to be handed out; they go into the values file too.
    #[arg(long, value_name = "FILE", requires = "values")]
    pub(crate) new_keys: Option<PathBuf>,
    /// Replaces files that are there already.
    #[arg(long)]
    pub(crate) force: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_variable_of_the_vendor_s_tool_has_a_flag_and_no_flag_takes_a_secret() {
        Cli::command().debug_assert();
        let mut help = String::new();
        for mut command in Cli::command().get_subcommands().cloned() {
            help.push_str(&command.render_long_help().to_string());
        }
        for name in [
            "LITELLM_URL",
            "LITELLM_MASTER_KEY",
            "LITELLM_CONFIG",
            "LITELLM_DB_URL",
            "LITELLM_SALT_KEY",
            "BIFROST_URL",
            "BIFROST_API_KEY",
            "DEFAULT_PROVIDER",
            "MAX_BUDGET_PERIOD",
            "DRY_RUN",
        ] {
            assert!(help.contains(name), "{name} is not in the help");
        }
        for flag in ["--litellm-master-key ", "--bifrost-api-key ", "--bifrost-password ", "--salt-key "] {
            assert!(!help.contains(flag), "{flag}takes a secret as its value");
        }
    }
}
