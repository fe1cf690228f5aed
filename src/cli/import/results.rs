//! What an import of CloudTrail's logs writes: traces, two scenarios, a page and who calls.

use super::readers::Gathered;
use super::through::place;
use super::{check_free, failed, told};
use crate::cli::{Common, Error, output};
use crate::intake::cloudtrail::{
    Events, Log, Reconciled, Replay, Second, Traces, callers, fitted, page, trace_name,
};
use crate::intake::cloudwatch;
use crate::planner::callers::FILE as CALLERS;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What is wanted of the events.
#[derive(Clone, Copy, Debug)]
pub struct ImportOutput<'m> {
    /// Folder that receives all.
    pub output: &'m Path,
    /// The Region to replay; the busiest without one.
    pub region: Option<&'m str>,
    /// The account to replay, likewise.
    pub account: Option<&'m str>,
    /// File of the calls of each second.
    pub counts: Option<&'m Path>,
    /// What CloudWatch has counted of the same time.
    pub usage: Option<&'m Path>,
    /// Whether what is there is overwritten.
    pub force: bool,
}

/// Files that an import writes beside its traces.
const FILES: [&str; 4] = ["scenario.yaml", "fitted.yaml", "found.md", CALLERS];

impl ImportOutput<'_> {
    /// Where what does not fit lies until the end.
    pub fn aside(&self) -> PathBuf {
        self.output.join(".import")
    }

    /// Looks whether all can be written, before anything is read; throws away what a forced import begins anew.
    ///
    /// # Errors
    /// Something is there already.
    pub fn check(&self) -> Result<(), Error> {
        check_free(self.output, &FILES, self.force)?;
        if let Some(counts) = self.counts.filter(|path| path.exists() && !self.force) {
            let counts = counts.display();
            return Err(Error::Usage(format!(
                "--counts: {counts} is there already; give another file, or --force"
            )));
        }
        self.usage.map(usage).transpose()?;
        let aside = self.aside();
        if self.force && aside.exists() {
            fs::remove_dir_all(&aside).map_err(|error| failed(&aside, error))?;
        }
        Ok(())
    }

    /// Writes all, and says what was found.
    ///
    /// # Errors
    /// No calls; something cannot be written or read back.
    pub fn make(&self, gathered: Gathered, common: &Common) -> Result<ExitCode, Error> {
        let aside = self.aside();
        let beside = (gathered.passed_over, gathered.resumed);
        let mut usage = self.usage.map(usage).transpose()?;
        let mut events =
            gathered.collector.settle(gathered.threads).map_err(|error| failed(&aside, error))?;
        let (log, mut written) = trace(&mut events, self, usage.as_mut())?;
        if log.files == 0 {
            let looked = "no .json, .ndjson, .jsonl or .csv file, gzipped or not, in the given folders";
            return Err(Error::Failed(format!("{looked} ({} others)", beside.0)));
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
            let path = self.output.join(name);
            output::write_file(&path, text)?;
            written.push(path.display().to_string());
        }
        if aside.exists() {
            fs::remove_dir_all(&aside).map_err(|error| failed(&aside, error))?;
        }
        if common.json {
            output::print(told::json(&log, &written, beside, compared.as_deref())? + "\n")?;
        } else if !common.quiet {
            let summary = told::summary(&log, beside);
            let compared = compared.map(|line| format!("compared  {line}\n")).unwrap_or_default();
            output::print(format!("{summary}{compared}wrote     {}\n", written.join(", ")))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// What CloudWatch has counted, to be held against the log.
fn usage(path: &Path) -> Result<Reconciled, Error> {
    let bytes = fs::read(path).map_err(|error| failed(path, error))?;
    let series = cloudwatch::read(&bytes, None).map_err(|error| failed(path, error))?;
    Reconciled::with(&series).ok_or_else(|| failed(path, "it has no CallCount; --usage needs one"))
}

/// Goes through the events of one account and Region, and writes their traces beside what they are counted for; gives the
/// paths written.
fn trace(
    events: &mut Events,
    wanted: &ImportOutput<'_>,
    mut usage: Option<&mut Reconciled>,
) -> Result<(Log, Vec<String>), Error> {
    let folder = wanted.output;
    let (region, account) = place(events, wanted.region, wanted.account);
    let mut drafts = BTreeMap::new();
    let mut traces = Traces::new(|spec| {
        fs::create_dir_all(folder)?;
        let path = folder.join(trace_name(spec));
        if path.exists() && !wanted.force {
            let what = format!("{} is there already; give another folder, or --force", path.display());
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, what));
        }
        let draft = output::beside(&path, "part");
        let file = File::create(&draft)?;
        drafts.insert(draft, path);
        Ok(BufWriter::new(file))
    });
    let create = |path: &Path| Counts::create(path).map_err(|error| failed(path, error));
    let mut counts = wanted.counts.map(create).transpose()?;
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
    if let (Some(counts), Some(path)) = (counts, wanted.counts) {
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
