//! `keystorm report`: a saved run is drawn again, from its `run.json` alone.

use super::{Common, Error, output, stamp};
use crate::report;
use crate::report::html::Stamp;
use crate::results::{Run, SCHEMA, SWEEP_SCHEMA, Sweep};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Options of `report`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// A saved run: its directory, or its run.json.
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Print the report in this format instead of rewriting the run's files.
    #[arg(long, value_enum, env = "KEYSTORM_FORMAT")]
    format: Option<Format>,
    /// Put date, machine and this command on the page, which then is no longer the same each time.
    #[arg(long, env = "KEYSTORM_STAMP")]
    stamp: bool,
    /// With --format text: every detail, not only the figures and the answer.
    #[arg(short, long, env = "KEYSTORM_VERBOSE")]
    verbose: bool,
}

/// What a report is printed as.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// One page that needs no network.
    Html,
    /// A page for a ticket.
    Md,
    /// The summary that `run` prints.
    Text,
    /// One row a strategy, every headline figure.
    Csv,
}

/// A run read from its directory.
#[derive(Debug)]
pub struct Saved {
    /// The directory that its files are written to.
    pub directory: PathBuf,
    /// `run.json` as it is.
    pub json: String,
    /// The run.
    pub run: Run,
}

/// Runs the command.
///
/// # Errors
/// If the run cannot be read, or its files cannot be written.
pub fn run(args: Args, common: &Common) -> Result<ExitCode, Error> {
    if args.format.is_some() && common.is_given("format") {
        common.prints_no_document("--format says what is printed")?;
    }
    let is_page = !common.is_given("json") && matches!(args.format, None | Some(Format::Html));
    if common.is_given("stamp") && !is_page {
        return Err(Error::Usage("--stamp is for the page: without --format, or with --format html".into()));
    }
    let is_text = args.format == Some(Format::Text) && !common.is_given("json");
    if common.is_given("verbose") && !is_text {
        return Err(Error::Usage("--verbose is for --format text, the summary that `run` prints".into()));
    }
    if let Some(file) = sweep_at(&args.run) {
        if common.is_given("stamp") {
            return Err(Error::Usage("--stamp is for the page of a run, and this is a sweep".into()));
        }
        return sweep(&file, args.format.filter(|_| !common.is_given("json")), common);
    }
    let saved = load(&args.run)?;
    let stamp = args.stamp.then(stamp::now);
    if let Some(format) = args.format.filter(|_| !common.is_given("json")) {
        output::print(drawn(&saved.run, format, args.verbose, stamp.as_ref()))?;
    } else if common.json {
        output::print(&saved.json)?;
    } else {
        let written =
            output::write_files(&saved.directory, report::stamped_files(&saved.run, stamp.as_ref()))?;
        if !common.quiet {
            output::print(format!("{written} files written to {}\n", saved.directory.display()))?;
        }
    }
    Ok(ExitCode::from(super::exit::OK))
}

/// The saved sweep at `path`: a folder's, where no run is in it, or the file itself.
fn sweep_at(path: &Path) -> Option<PathBuf> {
    let is_file = path.is_file() && path.file_name().is_some_and(|name| name == "sweep.json");
    let inside = path.join("sweep.json");
    match is_file {
        true => Some(path.to_path_buf()),
        false => (inside.is_file() && !path.join("run.json").is_file()).then_some(inside),
    }
}

/// A saved sweep, drawn again.
fn sweep(file: &Path, format: Option<Format>, common: &Common) -> Result<ExitCode, Error> {
    let failed = |why: String| Error::Failed(format!("{}: {why}", file.display()));
    let json = fs::read_to_string(file).map_err(|error| failed(format!("cannot be read: {error}")))?;
    let sweep: Sweep =
        serde_json::from_str(&json).map_err(|error| failed(format!("this is no sweep: {error}")))?;
    if sweep.schema != SWEEP_SCHEMA {
        return Err(failed(format!(
            "written as {:?}, but this keystorm reads {SWEEP_SCHEMA:?}",
            sweep.schema
        )));
    }
    match format {
        Some(Format::Html) => output::print(report::html::sweep::render(&sweep))?,
        Some(Format::Md) => output::print(report::sweep::markdown(&sweep))?,
        Some(Format::Text) => output::print(report::sweep::text(&sweep, output::look(false)))?,
        Some(Format::Csv) => output::print(report::sweep::csv(&sweep))?,
        None if common.json => output::print(&json)?,
        None => {
            let folder =
                file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let written = output::write_files(folder, report::sweep::files(&sweep))?;
            if !common.quiet {
                output::print(format!("{written} files written to {}\n", folder.display()))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads a saved run, given its directory or its `run.json`.
///
/// # Errors
/// If there is none, if it is not JSON (with the line), or if another version of its names wrote it (with both).
pub fn load(path: &Path) -> Result<Saved, Error> {
    let failed = |message: String| Error::Failed(message);
    if !path.exists() {
        return Err(failed(format!("no saved run at {}: no such file or directory", path.display())));
    }
    let file = if path.is_dir() { path.join("run.json") } else { path.to_path_buf() };
    if !file.is_file() {
        return Err(failed(format!("{} is not a saved run: it has no run.json", path.display())));
    }
    if file.extension().is_some_and(|ending| ending == "yaml" || ending == "yml") {
        let shown = file.display();
        return Err(failed(format!("{shown} is no saved run; `keystorm run {shown}` runs a scenario")));
    }
    let json =
        fs::read_to_string(&file).map_err(|e| failed(format!("cannot read {}: {e}", file.display())))?;
    let run = parsed(&json).map_err(|why| failed(format!("{}: {why}", file.display())))?;
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    Ok(Saved { directory: parent.unwrap_or(Path::new(".")).to_path_buf(), json, run })
}

/// A run from its JSON. The version is looked at first: a run of another version has other names.
fn parsed(json: &str) -> Result<Run, String> {
    #[derive(serde::Deserialize)]
    struct Version {
        schema: Option<String>,
    }
    let version: Version = serde_json::from_str(json).map_err(|e| format!("not a JSON object: {e}"))?;
    match version.schema.as_deref() {
        Some(SCHEMA) => serde_json::from_str(json).map_err(|e| format!("not a run of {SCHEMA}: {e}")),
        Some(other) => Err(format!("written as {other:?}, but this keystorm reads {SCHEMA:?}")),
        None => Err(format!("not a saved run: it has no `schema`, which would be {SCHEMA:?}")),
    }
}

fn drawn(run: &Run, format: Format, verbose: bool, stamp: Option<&Stamp>) -> Vec<u8> {
    match format {
        Format::Html => report::html::stamped(run, stamp).into_bytes(),
        Format::Md => report::markdown::render(run).into_bytes(),
        Format::Text => report::text::render_as(run, output::look(verbose)).into_bytes(),
        Format::Csv => report::csv::strategies(run),
    }
}
