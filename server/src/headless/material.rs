//! Everything the user has of LiteLLM, as bytes: files, answers of the running proxy, rows of its database.
#![expect(clippy::disallowed_methods, reason = "the command line is where files are read")]

use std::path::{Path, PathBuf};

use litellm::fetch::{Fetch, Fetched, Wanted};
use litellm::{Input, Reading, Stored};
use plan::{Choices, ExpiryChoice, Plan, UserChoice, WildcardChoice};

use super::HeadlessError;
use crate::cli::{ExpiringKeys, PlanningArgs, SourceArgs, Users, Wildcards};
use crate::log::say;
use crate::settings::Connections;
use crate::{fetch, included, postgres, source};

/// After how many requests progress is told.
const EVERY: usize = 25;

/// What was read, before anything is made of it.
#[derive(Debug, Default)]
pub(crate) struct Material {
    files: Vec<(String, Vec<u8>)>,
    proxy: Option<Fetched>,
    pub(super) stored: Option<Stored>,
}

impl Material {
    /// Reads files, the proxy and the database, whichever are given.
    pub(crate) async fn read(args: &SourceArgs, connections: &Connections) -> Result<Self, HeadlessError> {
        let mut material = Self::default();
        for path in connections.config.iter().chain(&args.snapshot).chain(&args.dump).chain(&args.api) {
            material.file(path)?;
        }
        if let Some(settings) = &connections.source {
            let proxy = source::Source::proxy(settings.clone(), connections.network.clone());
            let database = connections.database.is_some() || args.dump.is_some();
            let wanted = Wanted { database, ..Wanted::default() };
            material.proxy(&proxy, wanted).await;
        }
        if let Some(dsn) = &connections.database {
            say("reading the database");
            material.stored = Some(postgres::read(dsn, &connections.network).await?);
        }
        if material.files.is_empty() && material.proxy.is_none() && material.stored.is_none() {
            return Err(HeadlessError::NoSource);
        }
        Ok(material)
    }

    /// As objects, read together with what else there is.
    pub(crate) fn reading<'a>(&'a mut self, more: impl IntoIterator<Item = Input<'a>>) -> Reading {
        let stored = self.stored.take();
        let inputs: Vec<Input<'_>> = self.inputs().chain(more).collect();
        litellm::read_stored(&inputs, stored)
    }

    fn inputs(&self) -> impl Iterator<Item = Input<'_>> {
        let files = self.files.iter().map(|(name, bytes)| Input::File { name, bytes });
        let proxy = self.proxy.iter().flat_map(Fetched::inputs);
        files.chain(proxy)
    }

    /// A file, or the JSON files of a folder in the order of their names.
    pub(super) fn file(&mut self, path: &Path) -> Result<(), HeadlessError> {
        let unreadable = |why| HeadlessError::Read { path: path.to_path_buf(), why };
        if !path.is_dir() {
            self.files.extend(included::read(path).map_err(unreadable)?);
            return Ok(());
        }
        let mut inside: Vec<PathBuf> =
            std::fs::read_dir(path).map_err(unreadable)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
        inside.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
        inside.sort();
        inside.iter().try_for_each(|path| self.file(path))
    }

    /// Every read of the running proxy. What cannot be read becomes a finding of the reader.
    async fn proxy(&mut self, proxy: &source::Source, wanted: Wanted) {
        let mut fetch = Fetch::new(wanted);
        let mut heard = 0;
        fetch::drive(proxy, &mut fetch, |fetch| {
            let (done, of) = fetch.progress();
            // A line now and then: a reading of ten thousand keys has a hundred answers.
            if done >= heard + EVERY {
                heard = done;
                say(&format!("{}: {done} of {of} requests, {}", proxy.name(), fetch.now()));
            }
        })
        .await;
        let fetched = fetch.fetched();
        let missing = if fetched.gaps.is_empty() { String::new() } else { format!(", {} gaps", fetched.gaps.len()) };
        say(&format!("{}: {} answers read{missing}", proxy.name(), fetched.answers.len()));
        self.proxy = Some(fetched);
    }
}

/// The text of a file.
pub(crate) fn text(path: &Path) -> Result<String, HeadlessError> {
    std::fs::read_to_string(path).map_err(|why| HeadlessError::Read { path: path.to_path_buf(), why })
}

/// The plan of a file.
pub(crate) fn plan(path: &Path) -> Result<Plan, HeadlessError> {
    report::read_plan(&text(path)?).map_err(HeadlessError::Plan)
}

impl PlanningArgs {
    /// The choices the flags and variables make, over those of an earlier plan.
    pub(crate) fn choices(&self) -> Result<Choices, HeadlessError> {
        let mut choices = match &self.choices_of {
            Some(path) => plan(path)?.choices,
            None => Choices::default(),
        };
        if let Some(provider) = &self.default_provider {
            choices.default_provider.clone_from(provider);
        }
        if let Some(period) = &self.max_budget_period {
            choices.max_budget_period.clone_from(period);
        }
        if let Some(users) = self.users {
            choices.users = match users {
                Users::Manual => UserChoice::Manual,
                Users::Customers => UserChoice::Customers,
            };
        }
        if let Some(choice) = self.expiring_keys {
            choices.expiring_keys = Some(match choice {
                ExpiringKeys::Inactive => ExpiryChoice::Inactive,
                ExpiringKeys::LeaveOut => ExpiryChoice::LeaveOut,
                ExpiringKeys::Open => ExpiryChoice::Open,
            });
        }
        if let Some(choice) = self.wildcards {
            choices.wildcards = match choice {
                Wildcards::Best => WildcardChoice::Best,
                Wildcards::Names => WildcardChoice::Names,
                Wildcards::Manual => WildcardChoice::Manual,
            };
        }
        choices.leave_out.extend(self.leave_out.iter().map(|id| model::SourceId::new(id.as_str())));
        choices.take_over.extend(self.take_over.iter().map(|id| model::OpId::new(id.as_str())));
        choices.leave_alone.extend(self.leave_alone.iter().map(|id| model::OpId::new(id.as_str())));
        choices.accept_partial.extend(self.accept_partial.iter().cloned());
        for renamed in &self.rename {
            let (id, name) = sides(renamed, "--rename virtual_key/HASH=new-name")?;
            choices.rename.insert(model::SourceId::new(id), name.to_owned());
        }
        for renamed in &self.rename_provider {
            let (own, name) = sides(renamed, "--rename-provider together-ai=together")?;
            choices.rename_provider.insert(own.to_owned(), name.to_owned());
        }
        for mapped in &self.map_provider {
            let (from, to) = sides(mapped, "--map-provider my-gateway=openai")?;
            choices.map_provider.insert(from.to_owned(), to.to_owned());
        }
        Ok(choices)
    }
}

/// The two sides of a choice, neither of them empty.
fn sides<'a>(given: &'a str, like: &'static str) -> Result<(&'a str, &'a str), HeadlessError> {
    let sides = given.split_once('=').filter(|(left, right)| !left.is_empty() && !right.is_empty());
    sides.ok_or_else(|| HeadlessError::OneSide { given: given.to_owned(), like })
}

#[cfg(test)]
mod tests {
    use super::sides;

    #[test]
    fn a_choice_of_two_sides_needs_both() {
        assert_eq!(sides("virtual_key/a=b=c", "").expect("two sides"), ("virtual_key/a", "b=c"));
        for given in ["openai", "=openai", "my-gateway="] {
            let error = sides(given, "--map-provider my-gateway=openai").expect_err("one side");
            let expected = format!("{given} does not say for what: write --map-provider my-gateway=openai");
            assert_eq!(error.to_string(), expected);
        }
    }
}
