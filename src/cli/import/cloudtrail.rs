//! `keystorm import cloudtrail`: traces, two scenarios and a page from the files of a log.

use super::through::{Wanted, go_through, place};
use super::{check_free, crew, failed, told};
use crate::cli::{Common, Error, output};
use crate::intake::cloudtrail::{
    Events, Filter, Log, Reconciled, Replay, Second, Traces, Triage, callers, fitted, page, trace_name,
};
use crate::intake::cloudwatch;
use crate::planner::callers::FILE as CALLERS;
use crate::time::Span;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Options of `import cloudtrail`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Log files; folders searched for .json, .ndjson, .jsonl and .csv files, gzipped or not; patterns with * and **; `-`
    /// for stdin.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Folder that receives scenario.yaml and its traces, fitted.yaml, found.md and callers.json.
    #[arg(short, long = "out", value_name = "DIR", env = "KEYSTORM_OUT", required_unless_present = "triage")]
    output: Option<PathBuf>,
    /// Write nothing; say in five lines who grew in the last stretch of the log (such as 15m), in which pool, since when, and
    /// what helps.
    #[arg(long, value_name = "DURATION", env = "KEYSTORM_TRIAGE", conflicts_with_all = ["output", "counts", "usage", "force"])]
    triage: Option<String>,
    /// The Region to replay: quotas count for each by itself. The busiest by default.
    #[arg(long, env = "KEYSTORM_REGION")]
    region: Option<String>,
    /// The account to replay, by who called: quotas count for each by itself. The busiest by default.
    #[arg(long, value_name = "ID", env = "KEYSTORM_ACCOUNT")]
    account: Option<String>,
    /// Only calls from this time on, such as 2026-11-23T10:00:00Z.
    #[arg(long, value_name = "TIME", env = "KEYSTORM_FROM")]
    from: Option<String>,
    /// Only calls before this time.
    #[arg(long, value_name = "TIME", env = "KEYSTORM_TO")]
    to: Option<String>,
    /// Only calls on this key: ARN, id or alias, with * and ?. Repeatable.
    #[arg(long, value_name = "KEY", env = "KEYSTORM_KEY", value_delimiter = ',')]
    key: Vec<String>,
    /// Only calls by this role, user or service, with * and ?. Repeatable.
    #[arg(long, value_name = "NAME", env = "KEYSTORM_CALLER", value_delimiter = ',')]
    caller: Vec<String>,
    /// Count and replay the calls that keystorm itself made, which are left out by their user agent.
    #[arg(long, env = "KEYSTORM_KEEP_OWN")]
    keep_own: bool,
    /// Also write the calls of each second by operation and caller, as CSV with the callers' names.
    #[arg(long, value_name = "FILE", env = "KEYSTORM_COUNTS")]
    counts: Option<PathBuf>,
    /// An answer of CloudWatch about CallCount of the same time, to say whether the log lacks calls.
    #[arg(long, value_name = "FILE", env = "KEYSTORM_USAGE")]
    usage: Option<PathBuf>,
    /// Threads that read files (one per core).
    #[arg(long, default_value_t = 0, env = "KEYSTORM_THREADS", hide_default_value = true)]
    threads: usize,
    /// Overwrite what an import has written, and begin an interrupted one again.
    #[arg(long, env = "KEYSTORM_FORCE")]
    force: bool,
}

/// Runs the command.
pub fn run(args: &Args, common: &Common) -> Result<ExitCode, Error> {
    let filter = filter(args)?;
    if let Some(window) = &args.triage {
        return triage(args, &filter, window, common);
    }
    let output = args.output.as_deref().unwrap_or(Path::new("."));
    check_free(output, &["scenario.yaml", "fitted.yaml", "found.md", CALLERS], args.force)?;
    if let Some(counts) = args.counts.as_deref().filter(|path| path.exists() && !args.force) {
        let counts = counts.display();
        return Err(Error::Usage(format!(
            "--counts: {counts} is there already; give another file, or --force"
        )));
    }
    let mut usage = args.usage.as_deref().map(usage).transpose()?;
    let aside = output.join(".import");
    if args.force && aside.exists() {
        fs::remove_dir_all(&aside).map_err(|error| failed(&aside, error))?;
    }
    let gathered = crew::gather(&args.paths, &filter, &aside, threads(args), common.quiet)?;
    let mut events = gathered.collector.settle().map_err(|error| failed(&aside, error))?;
    let (log, mut written) = trace(&mut events, args, output, usage.as_mut())?;
    if log.files == 0 {
        let looked = "no .json, .ndjson, .jsonl or .csv file, gzipped or not, in the given folders";
        return Err(Error::Failed(format!("{looked} ({} others)", gathered.passed_over)));
    }
    let Some(replay) = Replay::of(&log) else { return Err(told::no_calls(&log)) };
    let compared = usage.map(|usage| usage.line());
    let who = serde_json::to_string_pretty(&callers(&log))
        .map_err(|error| Error::Failed(format!("{CALLERS} cannot be written: {error}")))?
        + "\n";
    let found = page(&log) + &compared.as_ref().map(|line| format!("- {line}.\n")).unwrap_or_default();
    for (name, text) in [
        ("found.md", found),
        (CALLERS, who),
        ("fitted.yaml", fitted(&log).unwrap_or_default()),
        ("scenario.yaml", replay.scenario()),
    ] {
        let path = output.join(name);
        output::write_file(&path, text)?;
        written.push(path.display().to_string());
    }
    if aside.exists() {
        fs::remove_dir_all(&aside).map_err(|error| failed(&aside, error))?;
    }
    let beside = (gathered.passed_over, gathered.resumed);
    if common.json {
        output::print(told::json(&log, &written, beside, compared.as_deref())? + "\n")?;
    } else if !common.quiet {
        let summary = told::summary(&log, beside);
        let compared = compared.map(|line| format!("compared  {line}\n")).unwrap_or_default();
        output::print(format!("{summary}{compared}wrote     {}\n", written.join(", ")))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What CloudWatch has counted, to be held against the log.
fn usage(path: &Path) -> Result<Reconciled, Error> {
    let bytes = fs::read(path).map_err(|error| failed(path, error))?;
    let series = cloudwatch::read(&bytes, None).map_err(|error| failed(path, error))?;
    Reconciled::with(&series).ok_or_else(|| failed(path, "it has no CallCount; --usage needs one"))
}

fn filter(args: &Args) -> Result<Filter, Error> {
    let time = |option: &str, text: &Option<String>| {
        let Some(text) = text else { return Ok(None) };
        let whole = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.clone() };
        let parsed: Result<jiff::Timestamp, _> = whole.parse();
        parsed.map(|at| Some(at.as_second())).map_err(|_| {
            Error::Usage(format!(
                "{option} `{text}` is no time; write it like 2026-11-23 or 2026-11-23T10:00:00Z"
            ))
        })
    };
    Ok(Filter {
        from: time("--from", &args.from)?,
        to: time("--to", &args.to)?,
        keys: args.key.clone(),
        callers: args.caller.clone(),
        keeps_own: args.keep_own,
    })
}

fn threads(args: &Args) -> usize {
    match args.threads {
        0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        threads => threads,
    }
}

/// Five lines about the end of a log.
fn triage(args: &Args, filter: &Filter, window: &str, common: &Common) -> Result<ExitCode, Error> {
    let span = Span::parse(window).map_err(|why| Error::Usage(format!("--triage: {why}")))?;
    let mut triage = Triage::of(span.as_nanos().div_ceil(1_000_000_000));
    let wanted = Wanted {
        paths: &args.paths,
        filter,
        region: args.region.as_deref(),
        account: args.account.as_deref(),
        threads: threads(args),
        quiet: common.quiet,
    };
    let log = go_through(&wanted, &mut |second| triage.add(second))?;
    let lines = triage.lines(&log);
    let text = if common.json {
        format!("{:#}\n", serde_json::json!({ "lines": lines }))
    } else {
        lines.join("\n") + "\n"
    };
    output::print(text)?;
    Ok(ExitCode::SUCCESS)
}

/// Goes through the events of one account and Region, and writes their traces beside what they are counted for; gives the
/// paths written.
fn trace(
    events: &mut Events,
    args: &Args,
    folder: &Path,
    mut usage: Option<&mut Reconciled>,
) -> Result<(Log, Vec<String>), Error> {
    let (region, account) = place(events, args.region.as_deref(), args.account.as_deref());
    let mut drafts = BTreeMap::new();
    let mut traces = Traces::new(|spec| {
        fs::create_dir_all(folder)?;
        let path = folder.join(trace_name(spec));
        if path.exists() && !args.force {
            let what = format!("{} is there already; give another folder, or --force", path.display());
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, what));
        }
        let draft = output::beside(&path, "part");
        let file = File::create(&draft)?;
        drafts.insert(draft, path);
        Ok(BufWriter::new(file))
    });
    let mut counts = match &args.counts {
        None => None,
        Some(path) => Some(Counts::create(path).map_err(|error| failed(path, error))?),
    };
    let log = events.log(region.as_deref(), account.as_deref(), &mut |second| {
        traces.add(second)?;
        if let Some(usage) = &mut usage {
            usage.add(second);
        }
        counts.as_mut().map_or(Ok(()), |counts| counts.add(second))
    });
    let finished = log.and_then(|log| traces.finish().map(|_| log));
    let renamed = finished.and_then(|log| {
        drafts.iter().try_for_each(|(draft, path)| fs::rename(draft, path))?;
        Ok(log)
    });
    if renamed.is_err() {
        // They say nothing; were they not there, all the better.
        drafts.keys().for_each(|draft| _ = fs::remove_file(draft));
    }
    let log = renamed.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Error::Usage(error.to_string()),
        _ => failed(folder, error),
    })?;
    let mut written: Vec<String> = drafts.values().map(|path| path.display().to_string()).collect();
    if let (Some(counts), Some(path)) = (counts, &args.counts) {
        counts.finish().map_err(|error| failed(path, error))?;
        written.push(path.display().to_string());
    }
    Ok((log, written))
}

/// A table of the calls of each second, by operation and caller.
struct Counts(csv::Writer<BufWriter<File>>);

impl Counts {
    fn create(path: &Path) -> io::Result<Counts> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut out = csv::Writer::from_writer(BufWriter::new(File::create(path)?));
        out.write_record(["time", "operation", "caller", "calls"])?;
        Ok(Counts(out))
    }

    fn add(&mut self, second: &Second) -> io::Result<()> {
        let mut counts = BTreeMap::<(&str, &str), u64>::new();
        for call in second.calls {
            let caller = second.callers.get(call.caller as usize).map_or("", |name| &**name);
            *counts.entry((call.operation.name(), caller)).or_default() += 1;
        }
        let at = second.at.to_string();
        for ((operation, caller), calls) in counts {
            self.0.write_record([&at, operation, caller, &calls.to_string()])?;
        }
        Ok(())
    }

    fn finish(self) -> io::Result<()> {
        let mut out = self.0.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
        out.flush()
    }
}
