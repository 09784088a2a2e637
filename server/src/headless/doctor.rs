//! `gangway doctor`: what can be reached and read, what is missing, what that means, and what to do about it.

use inventory::{Candidate, Inventory};

use super::material::Material;
use super::{DONE, HeadlessError, PARTIAL, write};
use crate::cli::DoctorArgs;
use crate::settings::{self, Environment};

mod check;
mod database;
mod files;
mod gateway;
mod key;
mod proxy;

use check::{Check, Mark, Part};

/// Nothing of LiteLLM could be used, and no gateway answers.
const NOTHING: u8 = 1;

/// `gangway doctor`; the exit code.
pub(crate) async fn doctor(args: DoctorArgs, env: &Environment) -> Result<u8, HeadlessError> {
    let connections = settings::connections(&args.sources.connections, env)?;
    let keys = settings::salt_keys(&args.sources.salt_key_file, env)?;
    let mut material = Material::default();
    let mut checks: Vec<Check> = connections.notes.iter().map(|note| Check::note(note)).collect();
    checks.extend(files::read(&args.sources, &connections, &mut material));
    let proxy = proxy::ask(&connections).await;
    let stored = database::read(&connections, &mut material).await;
    let (gathered, reading_says) = read(&mut material, &proxy);
    let mut candidates: Vec<Candidate> = keys.into_iter().map(|(name, secret)| Candidate { name, secret }).collect();
    candidates.extend(gathered.master_key());
    let (inventory, _) = gathered.open(&candidates);
    checks.extend(proxy.checks(!args.sources.api.is_empty() || args.sources.snapshot.is_some()));
    checks.extend(database::checks(&stored, &inventory, &connections));
    checks.extend(files::checks(&inventory, &connections, &args.sources));
    checks.push(key::check(&inventory, &candidates));
    checks.extend(unknown(&inventory, &proxy));
    let gateway = gateway::checks(&connections).await;
    let grants = database::grants(&stored, &inventory, &connections);
    let usable = reading_says || proxy.answers() || gateway.iter().any(|check| check.mark == Mark::Ok);
    checks.extend(gateway);
    write::print(&if args.json { check::json(&checks, usable, grants) } else { check::text(&checks, grants) });
    Ok(match (usable, checks.iter().all(|check| matches!(check.mark, Mark::Ok | Mark::Note))) {
        (false, _) => NOTHING,
        (true, true) => DONE,
        (true, false) => PARTIAL,
    })
}

/// Everything that came, and whether there is anything in it.
fn read(material: &mut Material, proxy: &proxy::Proxy) -> (inventory::Gathered, bool) {
    let mut reading = material.reading(proxy.inputs());
    if let Some(version) = proxy.version() {
        reading.version = Some(version.to_owned());
    }
    let any = !reading.objects.is_empty();
    (inventory::gather(reading), any)
}

/// What stays unknown with what there is. What the parts say of themselves is not said twice.
fn unknown(inventory: &Inventory, proxy: &proxy::Proxy) -> Vec<Check> {
    let said = |code: &str| match code {
        "gap.version" => proxy.answers(),
        "gap.api" | "gap.closed" | "gap.partial" | "gap.team_members" => true,
        _ => false,
    };
    let gaps = inventory.gaps.iter().filter(|gap| !said(gap.code.as_str()));
    gaps.map(|gap| Check::new(Part::Unknown, Mark::Missing, gap.what, gap.means.clone()).next(gap.hint)).collect()
}
