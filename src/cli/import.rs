//! `keystorm import`: finds the files of a log, opens them, and writes a trace and a scenario.

use super::{Common, Error, output};
use crate::intake::cloudtrail::{Collector, Log, Peak, Replay, read};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Options of `import`.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(subcommand)]
    source: Source,
}

#[derive(clap::Subcommand, Debug)]
enum Source {
    /// Replay the KMS calls of CloudTrail logs.
    Cloudtrail(CloudTrail),
}

/// Options of `import cloudtrail`.
#[derive(clap::Args, Debug)]
struct CloudTrail {
    /// Log files, or folders searched for .json, .json.gz, .ndjson and .jsonl files.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Folder that receives scenario.yaml and its traces.
    #[arg(short, long = "out", value_name = "DIR", env = "KEYSTORM_OUT")]
    output: PathBuf,
    /// The Region to replay: quotas count for each by itself. The busiest by default.
    #[arg(long, env = "KEYSTORM_REGION")]
    region: Option<String>,
    /// Count and replay the calls that keystorm itself made, which are left out by their user agent.
    #[arg(long, env = "KEYSTORM_KEEP_OWN")]
    keep_own: bool,
    /// Overwrite scenario.yaml and its traces.
    #[arg(long, env = "KEYSTORM_FORCE")]
    force: bool,
}

/// Runs the command.
pub fn run(args: Args, common: &Common) -> Result<ExitCode, Error> {
    match args.source {
        Source::Cloudtrail(args) => cloudtrail(&args, common),
    }
}

fn cloudtrail(args: &CloudTrail, common: &Common) -> Result<ExitCode, Error> {
    let mut found = Found::default();
    for path in &args.paths {
        found.look(path, true)?;
    }
    if found.files.is_empty() {
        let looked = "no .json, .json.gz, .ndjson or .jsonl file in the given folders";
        return Err(Error::Failed(format!("{looked} ({} others)", found.passed_over)));
    }
    let collector = collect(&found.files, args.keep_own)?;
    let region = args.region.as_deref().or(collector.busiest_region());
    let log = collector.log(region);
    let Some(replay) = Replay::of(&log) else { return Err(no_calls(&log)) };
    let written = write(replay, args)?;
    if common.json {
        output::print(json(&log, &written, found.passed_over)? + "\n")?;
    } else if !common.quiet {
        let summary = summary(&log, found.passed_over);
        output::print(format!("{summary}wrote     {}\n", written.join(", ")))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes traces and scenario into the folder asked for; gives their paths, the scenario last.
fn write(replay: Replay, args: &CloudTrail) -> Result<Vec<String>, Error> {
    let traces = replay.specs().into_iter().map(|spec| (spec, args.output.join(Replay::trace_name(spec))));
    let traces = traces.collect::<Vec<_>>();
    let scenario = args.output.join("scenario.yaml");
    let mut files = traces.iter().map(|(_, file)| file).chain([&scenario]);
    if let Some(file) = files.find(|file| file.exists() && !args.force) {
        let file = file.display();
        return Err(Error::Usage(format!("{file} is there already; give another folder, or --force")));
    }
    for (spec, path) in &traces {
        output::write_with(path, |out| replay.write_trace(*spec, out))?;
    }
    output::write_file(&scenario, replay.scenario())?;
    let paths = traces.iter().map(|(_, file)| file).chain([&scenario]);
    Ok(paths.map(|path| path.display().to_string()).collect())
}

fn failed(path: &Path, error: impl std::fmt::Display) -> Error {
    Error::Failed(format!("{}: {error}", path.display()))
}

/// Why a log cannot be replayed, with what to look at.
fn no_calls(log: &Log) -> Error {
    let place = log.region.as_deref().map(|name| format!(" in {name}")).unwrap_or_default();
    let others = match log.by_region.is_empty() {
        true if log.own > 0 => {
            format!(
                "{} of them are keystorm's own calls, which are left out (--keep-own keeps them)",
                log.own
            )
        }
        true => "a trail can leave KMS events out (ExcludeManagementEventSources)".into(),
        false => format!("its Regions are {}", list(&log.by_region)),
    };
    let flaws = match log.flaws.first() {
        Some(flaw) => format!("; {} records could not be read, the first being {flaw}", log.skipped),
        None => String::new(),
    };
    Error::Failed(format!("no KMS calls{place} among {} records; {others}{flaws}", log.records))
}

/// The files of a log.
#[derive(Default)]
struct Found {
    files: Vec<PathBuf>,
    /// Files in folders that are no logs by their names.
    passed_over: u64,
}

impl Found {
    /// Adds `path` if it is a file, or the logs below it; what was `named` is a log whatever its name.
    fn look(&mut self, path: &Path, named: bool) -> Result<(), Error> {
        let kind = fs::metadata(path).map_err(|error| failed(path, error))?;
        if !kind.is_dir() {
            if named || is_log(path) {
                self.files.push(path.into());
            } else {
                self.passed_over += 1;
            }
            return Ok(());
        }
        let entries = fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let mut entries = entries.map_err(|error| failed(path, error))?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            // A link to a folder might lead in a circle, and to a file that is found anyway.
            let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
            if is_link && entry.path().is_dir() {
                self.passed_over += 1;
            } else {
                self.look(&entry.path(), false)?;
            }
        }
        Ok(())
    }
}

/// Whether a file's name is that of a log. Digests, which CloudTrail delivers beside logs, hold no events.
fn is_log(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let is_json = [".json", ".ndjson", ".jsonl"].iter().any(|ending| name.ends_with(ending));
    is_json && !name.contains("_cloudtrail-digest_")
}

fn collect(files: &[PathBuf], keeps_own: bool) -> Result<Collector, Error> {
    let mut collector = Collector::default();
    if keeps_own {
        collector = collector.keeping_own();
    }
    for file in files {
        let bytes = fs::read(file).map_err(|error| failed(file, error))?;
        let events = read(&bytes).map_err(|error| failed(file, error))?;
        collector.record(&file.display().to_string(), events);
    }
    Ok(collector)
}

/// `Decrypt 178, Encrypt 42`, most first.
fn list(counts: &BTreeMap<String, u64>) -> String {
    let mut counts = counts.iter().collect::<Vec<_>>();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    counts.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
}

/// What the log says, for people.
fn summary(log: &Log, passed_over: u64) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| _ = writeln!(text, "{name:<9} {value}");
    let peak = |peak: Option<Peak>| {
        peak.map(|peak| format!("{} calls at {}", peak.calls, peak.at)).unwrap_or_default()
    };
    let time = |at: Option<jiff::Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    line("files", format!("{} with {} records of all services", log.files, log.records));
    line(
        "calls",
        format!("{} to KMS in {}", log.calls_counted(), log.region.as_deref().unwrap_or("all Regions")),
    );
    line("from", format!("{} to {}", time(log.first), time(log.last)));
    line("operation", list(&log.by_operation));
    line("invoker", list(&log.by_invoker));
    line("keys", format!("{}, encryption contexts {}", log.keys, log.contexts));
    line("peak", format!("second: {}", peak(log.peak_second)));
    line("", format!("minute: {}", peak(log.peak_minute)));
    if let Some(factor) = log.burst_factor() {
        line("burst", format!("{factor:.1} (peak second ÷ mean second of its minute)"));
    }
    line("throttles", format!("{} recorded; throttled calls may be missing from a log", log.throttled));
    if !log.by_error.is_empty() {
        line("errors", list(&log.by_error));
    }
    if !log.not_calls.is_empty() {
        line("no calls", format!("{}: done by KMS itself, not replayed", list(&log.not_calls)));
    }
    if log.own > 0 {
        line("left out", format!("{} calls that keystorm itself made; --keep-own keeps them", log.own));
    }
    if log.duplicates > 0 {
        line("copies", format!("{} events told of more than once, counted once", log.duplicates));
    }
    if log.by_region.len() > 1 {
        line(
            "caution",
            format!("only one Region is replayed of {}; choose with --region", list(&log.by_region)),
        );
    }
    if log.accounts > 1 {
        line("caution", format!("{} accounts called, and each has quotas of its own", log.accounts));
    }
    if passed_over > 0 {
        line("ignored", format!("{passed_over} files that are no logs by their names"));
    }
    if log.skipped > 0 {
        line("skipped", format!("{} records could not be read:", log.skipped));
        log.flaws.iter().for_each(|flaw| line("", flaw.clone()));
    }
    text
}

/// The same as one JSON document.
fn json(log: &Log, written: &[String], passed_over: u64) -> Result<String, Error> {
    let internal =
        |error: serde_json::Error| Error::Failed(format!("the summary cannot be written: {error}"));
    let mut document = serde_json::to_value(log).map_err(internal)?;
    document["burst_factor"] = log.burst_factor().into();
    document["ignored_files"] = passed_over.into();
    document["written"] = written.into();
    serde_json::to_string_pretty(&document).map_err(internal)
}
