//! `keystorm cleanup`: finds keys that a killed run left behind and schedules their deletion.

use super::runtime::runtime;
use super::{Common, Error, consent, output};
use crate::aws::{self, Access, Leftover, Search, Wanted, find_leftovers, give_up, whoami};
use crate::guard::{Agent, Consent, Guard};
use crate::planner::Objection;
use crate::scenario::Transport;
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write as _};
use std::process::ExitCode;

/// Options of `cleanup`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// AWS Region to look in.
    #[arg(long, env = "KEYSTORM_REGION")]
    region: String,
    /// Profile of the shared AWS files whose credentials are used.
    #[arg(long, env = "KEYSTORM_PROFILE")]
    profile: Option<String>,
    /// Endpoint of KMS, instead of the Region's.
    #[arg(long, value_name = "URL", env = "KEYSTORM_ENDPOINT_URL")]
    endpoint_url: Option<String>,
    /// PEM file with the CA certificates to trust instead of the system's.
    #[arg(long, value_name = "FILE", env = "KEYSTORM_CA")]
    ca: Option<String>,
    /// Only say what would be done.
    #[arg(long, conflicts_with = "yes", env = "KEYSTORM_DRY_RUN")]
    dry_run: bool,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    /// Yes, call a real account: looking for keys is calls too.
    #[arg(long)]
    yes_real_aws: bool,
    /// Yes, connect to an --endpoint-url that is neither this machine, a private network nor AWS.
    #[arg(long)]
    yes_remote: bool,
}

/// Runs the command.
///
/// # Errors
/// [`Error::Failed`] when keys cannot be listed or some could not be given up, [`Error::Usage`] when nobody can be asked.
pub fn run(args: Args, common: &Common) -> Result<ExitCode, Error> {
    consent::tell_ignored();
    if !args.yes_real_aws {
        return Err(Error::Usage(format!(
            "cleanup asks a real account for every key in {} and its tags, --dry-run too, which its quotas and CloudTrail \
             count: say --yes-real-aws",
            args.region
        )));
    }
    let denied = consent::denied()?;
    let agent = Agent::new().map_err(|error| Error::Failed(format!("no run can be named: {error}")))?;
    let wanted = Wanted {
        region: args.region.clone(),
        profile: args.profile,
        endpoint_url: args.endpoint_url,
        transport: Transport { ca: args.ca, ..Transport::default() },
        guard: Guard::new(Consent { remote: args.yes_remote, aws: true }, agent),
    };
    let runtime = runtime()?;
    let (access, search) = runtime.block_on(async {
        let access = Access::find(&wanted).await?;
        let account = whoami(&access).await?.account;
        if let Some(file) = denied.by(&account) {
            let file = file.to_owned();
            return Err(aws::Error::Refusal(vec![Objection::Denied { account, file }]));
        }
        let search = find_leftovers(&access).await?;
        Ok::<_, aws::Error>((access, search))
    })?;
    let mut done: Vec<(Leftover, Option<String>)> = Vec::new();
    if !args.dry_run && !search.left.is_empty() {
        if !args.yes && !agreed(&search, &args.region)? {
            return Ok(ExitCode::SUCCESS);
        }
        for key in &search.left {
            let result = runtime.block_on(give_up(&access, key));
            done.push((key.clone(), result.err().map(|error| error.to_string())));
        }
    }
    let shown = if common.json { json(&search, &done) } else { text(&search, &done, &args.region) };
    output::print(shown)?;
    let failed = done.iter().filter(|(_, error)| error.is_some()).count() + search.unseen.len();
    if failed > 0 {
        return Err(Error::Failed(format!("{failed} keys could not be looked at or given up; run it again")));
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether the user agrees.
fn agreed(search: &Search, region: &str) -> Result<bool, Error> {
    if !io::stdin().is_terminal() {
        return Err(Error::Usage(
            "there is nobody to ask: --dry-run shows the keys, --yes gives them up".into(),
        ));
    }
    let failed = |error: io::Error| Error::Failed(format!("cannot ask: {error}"));
    let mut err = io::stderr().lock();
    for key in &search.left {
        writeln!(err, "{} of run {}", key.arn, key.run).map_err(failed)?;
    }
    write!(err, "Schedule {} keys in {region} for deletion in 7 days? [y/N] ", search.left.len())
        .and_then(|()| err.flush())
        .map_err(failed)?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(failed)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// What was done, for people.
fn text(search: &Search, done: &[(Leftover, Option<String>)], region: &str) -> String {
    let mut out = String::new();
    let mut say = |line: String| writeln!(out, "{line}").expect("a String takes every text");
    if search.left.is_empty() {
        say(format!("No run left a key behind in {region}."));
    } else if done.is_empty() {
        for key in &search.left {
            say(format!("{} of run {} would be scheduled for deletion", key.arn, key.run));
        }
    }
    for (key, error) in done {
        match error {
            None => say(format!("{} of run {} is deleted in 7 days", key.arn, key.run)),
            Some(error) => say(format!("{} of run {} stays: {error}", key.arn, key.run)),
        }
    }
    if search.scheduled > 0 {
        say(format!("{} more are scheduled for deletion already.", search.scheduled));
    }
    for (id, why) in &search.unseen {
        say(format!("Key {id} could not be looked at: {why}"));
    }
    out
}

/// The same for programs.
fn json(search: &Search, done: &[(Leftover, Option<String>)]) -> String {
    let error_of =
        |key: &Leftover| done.iter().find(|(each, _)| each == key).and_then(|(_, error)| error.clone());
    let is_done = |key: &Leftover| done.iter().any(|(each, error)| each == key && error.is_none());
    let keys: Vec<_> = search
        .left
        .iter()
        .map(|key| {
            serde_json::json!({ "arn": key.arn, "run": key.run, "scheduled": is_done(key), "error": error_of(key) })
        })
        .collect();
    let unseen: Vec<_> =
        search.unseen.iter().map(|(id, why)| serde_json::json!({ "id": id, "error": why })).collect();
    let document =
        serde_json::json!({ "keys": keys, "scheduledAlready": search.scheduled, "unseen": unseen });
    format!("{document:#}\n")
}
