//! `keystorm dossier`: the evidence for a quota increase, from a plan or a run.

use super::run_folder::RunFolder;
use super::{Common, Error, output};
use crate::notice;
use crate::planner::capacity::{Capacity, SCHEMA};
use crate::report::dossier::{self, CHARACTERS, Dossier, Requester, Start, WORDS};
use crate::report::look::Look;
use crate::report::page::Page;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Options of `dossier`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// A plan or a saved run: its folder, its plan.json or its run.json.
    #[arg(value_name = "PLAN|RUN")]
    of: PathBuf,
    /// The account that asks; repeat for every other one concerned.
    #[arg(long, value_name = "ACCOUNT", required = true, value_delimiter = '\n', value_parser = account, env = "KEYSTORM_ACCOUNT")]
    account: Vec<String>,
    /// When the schedule starts, in UTC, so that Support finds its minutes: 2026-11-23T22:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = time, env = "KEYSTORM_START")]
    start: Option<Start>,
    /// Until when the increase is needed [default: for good].
    #[arg(long, value_name = "DATE", env = "KEYSTORM_UNTIL")]
    until: Option<String>,
    /// How the load grows to its peak, in a few words.
    #[arg(long, value_name = "WORDS", env = "KEYSTORM_RAMP")]
    ramp: Option<String>,
    /// Where the data come from, in a few words [default: simulation of the scenario].
    #[arg(long, value_name = "WORDS", env = "KEYSTORM_SOURCE")]
    source: Option<String>,
    /// UTC time and request id of a throttled call; repeatable.
    #[arg(long, value_name = "TIME ID", value_delimiter = '\n', env = "KEYSTORM_THROTTLED")]
    throttled: Vec<String>,
    /// Folder for the dossier, which must not be there yet [default: reports/local/<name>-dossier-<time>].
    #[arg(short, long, value_name = "DIR", env = "KEYSTORM_OUT")]
    out: Option<PathBuf>,
    /// Replace what --out holds.
    #[arg(long, env = "KEYSTORM_FORCE")]
    force: bool,
    /// Send the request to Service Quotas once the dossier is written; what is sent is printed, and nothing is sent while
    /// another request for the quota is open.
    #[arg(long, requires = "yes_real_aws", group = "desk")]
    request: bool,
    /// Only tell where requests for the quota stand; nothing is written.
    #[arg(long, requires = "yes_real_aws", conflicts_with_all = ["request", "out", "force"], group = "desk", env = "KEYSTORM_STATUS")]
    status: bool,
    /// Yes, ask a real account.
    #[arg(long, requires = "desk")]
    yes_real_aws: bool,
    /// Profile of the shared AWS files whose credentials are used.
    #[arg(long, requires = "desk", env = "KEYSTORM_PROFILE")]
    profile: Option<String>,
    /// PEM file with the CA certificates to trust instead of the system's.
    #[arg(long, value_name = "FILE", requires = "desk", env = "KEYSTORM_CA")]
    ca: Option<String>,
}

fn account(text: &str) -> Result<String, String> {
    let is_id = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_id { Ok(text.to_owned()) } else { Err("an account's id has twelve digits".into()) }
}

fn time(text: &str) -> Result<Start, String> {
    text.parse().map_err(|_| format!("`{text}` is no time; write it like 2026-11-23T22:00:00Z"))
}

/// Runs the command.
///
/// # Errors
/// If there is no plan and no run, if nothing is to be asked for, or if the folder cannot be written.
pub fn run(args: Args, common: &Common) -> Result<ExitCode, Error> {
    if common.is_given("force") && args.out.is_none() {
        return Err(Error::Usage("--force replaces what is in --out, which is not given".into()));
    }
    let plan = load(&args.of)?;
    if args.status {
        return at_desk(&args, &plan);
    }
    let requester = Requester {
        accounts: args.account.clone(),
        start: args.start,
        until: args.until.clone(),
        ramp: args.ramp.clone(),
        throttled: args.throttled.clone(),
        source: args.source.clone(),
    };
    let made = dossier::of(&plan, &requester).ok_or_else(|| {
        Error::Failed(format!(
            "{}: nothing is to be asked for, so there is no request to write: {}",
            args.of.display(),
            plan.answer
        ))
    })?;
    if let Some(long) = made.pages.iter().find_map(too_long) {
        return Err(Error::Failed(long));
    }
    let folder = RunFolder::claim(args.out.as_deref(), &format!("{}-dossier", plan.name), args.force)?;
    conclude(&plan, &made, folder, common)?;
    if args.request { at_desk(&args, &plan) } else { Ok(ExitCode::SUCCESS) }
}

/// Sends the requests, or tells where they stand.
fn at_desk(args: &Args, plan: &Capacity) -> Result<ExitCode, Error> {
    #[cfg(feature = "aws")]
    {
        let account = args.account.first().map_or("", String::as_str);
        let client =
            super::increase::IncreaseClient { account, profile: args.profile.clone(), ca: args.ca.clone() };
        let asks = dossier::asks(plan);
        if args.status {
            client.status(&asks)?
        } else {
            client.request(&asks)?
        }
        Ok(ExitCode::SUCCESS)
    }
    #[cfg(not(feature = "aws"))]
    {
        let _ = (plan, &args.profile, &args.ca);
        Err(super::absent::missing(if args.status { "--status" } else { "--request" }, "aws"))
    }
}

/// Why nobody would read a page to its end: names that a user chose may be as long as they like.
fn too_long(page: &Page) -> Option<String> {
    let text = page.to_text(Look::PLAIN);
    let (words, characters) = (dossier::words(&text), text.chars().count());
    (words > WORDS || characters > CHARACTERS).then(|| {
        format!(
            "the page has {words} words and {characters} characters, and {WORDS} and {CHARACTERS} are the most that is read: \
             give shorter words for --ramp, --source or --throttled, or workloads shorter names"
        )
    })
}

/// The plan at `path`, or the one that a saved run there makes.
fn load(path: &Path) -> Result<Capacity, Error> {
    let failed = |message: String| Error::Failed(message);
    let file = if path.is_dir() { path.join("plan.json") } else { path.to_path_buf() };
    if path.is_dir() && !file.is_file() || file.file_name().is_some_and(|name| name == "run.json") {
        let saved = super::report::load(path)?;
        return crate::planner::from_run::capacity(&saved.run, env!("CARGO_PKG_VERSION"))
            .map_err(|why| failed(format!("{}: {why}", path.display())));
    }
    let json =
        std::fs::read_to_string(&file).map_err(|e| failed(format!("cannot read {}: {e}", file.display())))?;
    let value: serde_json::Value =
        serde_json::from_str(&json).map_err(|e| failed(format!("{}: not JSON: {e}", file.display())))?;
    match value["schema"].as_str() {
        Some(SCHEMA) => {
            let plan = serde_json::from_value(value)
                .map_err(|e| failed(format!("{}: not a plan of {SCHEMA}: {e}", file.display())))?;
            settled(plan).map_err(|why| failed(format!("{}: {why}", file.display())))
        }
        Some(other) => {
            Err(failed(format!("{}: written as {other:?}, but a dossier reads {SCHEMA:?}", file.display())))
        }
        None => {
            Err(failed(format!("{} is no plan: `keystorm plan SCENARIO -o DIR` makes one", file.display())))
        }
    }
}

/// A plan whose seconds are what it says they are, whoever wrote it.
fn settled(mut plan: Capacity) -> Result<Capacity, String> {
    let mut needs = plan.pools.iter_mut().flat_map(|pool| &mut pool.strategies);
    match needs.all(|need| need.demand.seconds.settle()) {
        true => Ok(plan),
        false => Err("cannot tell the busiest minute: an older keystorm counted the seconds of so long a schedule together; plan it \
                      again"
            .into()),
    }
}

/// Saves the dossier and shows its page.
fn conclude(plan: &Capacity, made: &Dossier, folder: RunFolder, common: &Common) -> Result<(), Error> {
    let json = |value: serde_json::Result<Vec<u8>>| {
        let mut bytes = value.map_err(|error| Error::Failed(format!("cannot write JSON: {error}")))?;
        bytes.push(b'\n');
        Ok::<_, Error>(bytes)
    };
    let whole = made.whole();
    let text: String = made.pages.iter().map(|page| page.to_text(Look::PLAIN)).collect::<Vec<_>>().join("\n");
    let figures = json(serde_json::to_vec_pretty(&made.figures))?;
    let shown = if common.json { figures.clone() } else { text.clone().into_bytes() };
    let files = vec![
        ("dossier.md".to_owned(), whole.to_markdown().into_bytes()),
        ("dossier.html".to_owned(), whole.to_html().into_bytes()),
        ("dossier.txt".to_owned(), text.into_bytes()),
        ("plan.json".to_owned(), json(serde_json::to_vec_pretty(plan))?),
        ("figures.json".to_owned(), figures),
    ];
    let page = folder.dir().join("dossier.html");
    let saved = folder.fill(&files);
    output::print(shown)?;
    saved?;
    if !common.quiet {
        notice::tell(format_args!("to print: {}", page.display()));
    }
    Ok(())
}
