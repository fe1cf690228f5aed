//! `keystorm onset`: the load at which throttling begins, thresholds are broken, goodput falls.

use super::declared::means;
use super::question::{Asked, Question};
use super::run_folder::RunFolder;
use super::{Common, Error, interrupt, output};
use crate::engine::{Control, TrialRunner, side_by_side};
use crate::notice;
use crate::planner::onset::{
    History, Measure, Onset, Probe, SCHEMA, Search, SearchOptions, StrategyOnset, of_search, terms,
};
use crate::planner::variant;
use crate::quota::Enforcement;
use crate::report;
use crate::results::{Tool, hash};
use crate::scenario::{Scenario, Target};
use crate::time::Span;
use crate::units::Ratio;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// Options of `onset`.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(flatten)]
    question: Question,
    /// How far apart the two sides of an edge may be.
    #[arg(long, value_name = "RATIO", default_value = "1%", value_parser = within, env = "KEYSTORM_WITHIN")]
    within: f64,
    /// How long each load is held in the trials that decide; shorter ones come first.
    #[arg(long, value_name = "SPAN", default_value = "60s", value_parser = length, env = "KEYSTORM_LENGTH")]
    length: Span,
    #[arg(long, value_name = "KIND", value_delimiter = '\n', env = "KEYSTORM_ENFORCEMENT",
        help = means("quotas.enforcement", &format!(": {}; repeatable [default: the scenario's]", Enforcement::shorts())))]
    enforcement: Vec<String>,
    /// How many times the quota, and which part of it, is looked at.
    #[arg(long, value_name = "FACTOR", default_value = "64", value_parser = reach, env = "KEYSTORM_REACH")]
    reach: f64,
    /// End the search of a strategy after so many simulated attempts.
    #[arg(long, value_name = "ATTEMPTS", env = "KEYSTORM_BUDGET")]
    budget: Option<u64>,
    /// Read trials from this file instead of simulating them again, and add those that are new: a search that was
    /// stopped goes on where it was.
    #[arg(long, value_name = "FILE", env = "KEYSTORM_HISTORY")]
    history: Option<PathBuf>,
    /// Folder for what was found, which must not be there yet [default: reports/local/<name>-onset-<time>].
    #[arg(short, long, value_name = "DIR", env = "KEYSTORM_OUT")]
    out: Option<PathBuf>,
    /// Replace what --out holds.
    #[arg(long, env = "KEYSTORM_FORCE")]
    force: bool,
    #[cfg(feature = "live")]
    #[command(flatten)]
    send: super::onset_live::Options,
    #[cfg(feature = "bus")]
    #[command(flatten)]
    bus: super::bus::SearchBus,
}

fn within(text: &str) -> Result<f64, String> {
    let ratio = Ratio::parse(text)?.as_f64();
    if (0.0005..=0.5).contains(&ratio) { Ok(ratio) } else { Err("give a share from 0.05% to 50%".into()) }
}

fn length(text: &str) -> Result<Span, String> {
    let span = Span::parse(text)?;
    if span >= Span::from_secs(1) { Ok(span) } else { Err("a rate needs at least a second".into()) }
}

fn reach(text: &str) -> Result<f64, String> {
    let factor: f64 = text.parse().map_err(|_| "give a number above 1, such as 64".to_owned())?;
    if factor > 1.0 && factor <= 1e4 { Ok(factor) } else { Err("give a number above 1, up to 10000".into()) }
}

/// One search: which strategy, under which kind of limiter.
struct Task<'a> {
    scenario: Scenario,
    strategy: usize,
    kind: &'a str,
    hash: String,
}

/// The history file: what it held, and where new lines go.
struct Book {
    lines: Vec<History>,
    file: Option<Mutex<std::fs::File>>,
    failed: AtomicBool,
}

/// Runs the command.
///
/// # Errors
/// As loading the scenario; if it has no steady load; if the folder or the history cannot be written; of a live search, what a
/// load cannot be sent for.
pub fn run(args: Args, common: &Common) -> Result<ExitCode, Error> {
    if common.is_given("force") && args.out.is_none() {
        return Err(Error::Usage("--force replaces what is in --out, which is not given".into()));
    }
    #[cfg(feature = "live")]
    let args = {
        let mut args = args;
        args.question.sets.extend(args.send.sets());
        args
    };
    let mut asked = args.question.asked(&args.enforcement)?;
    let is_live = aim(&args, &mut asked)?;
    let scenario = &asked.loaded.scenario;
    if let Some(why) = variant::not_steady(scenario) {
        return Err(Error::Usage(format!("{}: {why}", args.question.path().display())));
    }
    #[cfg(feature = "bus")]
    let is_on_bus = args.bus.is_given(common)?;
    let book = Book::open(args.history.as_deref())?;
    #[cfg(feature = "bus")]
    if is_on_bus {
        if is_live {
            return Err(Error::Usage(
                "--live sends loads one after another from here: --bus has nothing to deal out".into(),
            ));
        }
        return by_workers(&args, &asked, &book, common);
    }
    let folder = RunFolder::claim(args.out.as_deref(), &format!("{}-onset", scenario.name), args.force)?;
    let control = Arc::new(Control::default());
    let onset = match is_live {
        true => sent(&args, &asked, &book, &control, common)?,
        false => {
            let stopper = Arc::clone(&control);
            listen(move || interrupt::interrupt(&stopper.stop))?;
            searched(&args, &asked, &book, (TrialRunner::here(&control), args.question.threads()), common)
        }
    };
    book.tell_if_failed();
    conclude(&onset, folder, common)
}

/// Has the trials run by workers.
#[cfg(feature = "bus")]
fn by_workers(args: &Args, asked: &Asked, book: &Book, common: &Common) -> Result<ExitCode, Error> {
    use super::bus::{AT_ONCE, Found, Sought};
    let sought = Sought {
        command: "onset",
        scenario: &asked.loaded.scenario,
        dir: &asked.dir,
        terms: format!("{:?} {:?}", options(args), asked.kinds),
        out: args.out.as_deref(),
        force: args.force,
    };
    let search = |runner: TrialRunner<'_>| searched(args, asked, book, (runner, AT_ONCE), common);
    match args.bus.search(&sought, common, &Arc::default(), || None, search)? {
        Found::Whole(onset, folder) => {
            book.tell_if_failed();
            conclude(&onset, folder, common)
        }
        Found::Stopped => Ok(ExitCode::from(super::exit::INTERRUPTED)),
    }
}

fn listen(handler: impl FnMut() + Send + 'static) -> Result<(), Error> {
    ctrlc::set_handler(handler).map_err(|error| Error::Failed(format!("cannot listen for Ctrl-C: {error}")))
}

/// Whether the loads are sent; the scenario's target is then where.
fn aim(args: &Args, asked: &mut Asked) -> Result<bool, Error> {
    #[cfg(feature = "live")]
    if args.send.live {
        if let (Target::Http(url), Some(kind)) = (&asked.loaded.scenario.target, args.enforcement.first()) {
            return Err(Error::Usage(format!(
                "--enforcement {kind}: {url} has a limiter of its own; kinds are for the simulator and the emulator"
            )));
        }
        asked.loaded.scenario = args.send.aimed(&asked.loaded.scenario)?;
        return Ok(true);
    }
    let _ = (args, asked);
    Ok(false)
}

/// Sends the loads of every strategy, one after another: side by side they would meet.
#[cfg(feature = "live")]
fn sent(
    args: &Args,
    asked: &Asked,
    book: &Book,
    control: &Arc<Control>,
    common: &Common,
) -> Result<Onset, Error> {
    let sender = super::onset_live::Sender::new(&args.send, args.question.threads, common);
    let (stopper, sending) = (Arc::clone(control), Arc::clone(&sender.control));
    listen(move || {
        sending.stop.store(true, Ordering::Relaxed);
        interrupt::interrupt(&stopper.stop);
    })?;
    let options = options(args);
    let mut found = Vec::new();
    for task in &tasks(asked) {
        let mut measure = |search: &Search, probe: &Probe| -> Result<Vec<Measure>, Error> {
            let length = search.terms().levels[probe.level].length;
            if !common.quiet {
                notice::tell(format_args!(
                    "{}: {:.1} jobs/s for {length}, then it drains",
                    task.scenario.strategies[task.strategy].name, probe.load_per_s
                ));
            }
            let mut measures = Vec::new();
            for trial in probe.trials.clone() {
                let of = (probe.load_per_s, length);
                measures.extend(sender.probe(&task.scenario, task.strategy, of, trial)?);
            }
            Ok(measures)
        };
        let search = search(task, &options, book, TrialRunner::here(control), &mut measure)?;
        let is_interrupted = control.stop.load(Ordering::Relaxed);
        found.push(of_search(&task.scenario, task.strategy, task.kind, &search, is_interrupted));
    }
    let mut onset = document(args, asked, control.stop.load(Ordering::Relaxed), found);
    let target = match &asked.loaded.scenario.target {
        Target::Http(url) => url.clone(),
        _ => "the emulator in this process".into(),
    };
    onset.left_out.push(format!(
        "Every load was sent to {target} on the real clock; after each it was let drain until nothing was throttled and every job done."
    ));
    onset.sent_to = Some(target);
    Ok(onset)
}

#[cfg(not(feature = "live"))]
fn sent(_: &Args, _: &Asked, _: &Book, _: &Arc<Control>, _: &Common) -> Result<Onset, Error> {
    Err(super::absent::missing("--live", "live"))
}

fn options(args: &Args) -> SearchOptions {
    SearchOptions { within: args.within, length: args.length, reach: args.reach, budget: args.budget }
}

/// Every strategy under every kind of limiter.
fn tasks(asked: &Asked) -> Vec<Task<'_>> {
    let scenario = &asked.loaded.scenario;
    (0..scenario.strategies.len())
        .flat_map(|strategy| {
            asked.kinds.iter().map(move |(kind, enforcement)| (strategy, kind, *enforcement))
        })
        .map(|(strategy, kind, enforcement)| {
            let scenario = variant::enforced(scenario, enforcement);
            let hash = hash(&scenario.to_value().to_string());
            Task { scenario, strategy, kind, hash }
        })
        .collect()
}

/// Searches every strategy under every kind of limiter, side by side.
fn searched(
    args: &Args,
    asked: &Asked,
    book: &Book,
    (runner, threads): (TrialRunner<'_>, usize),
    common: &Common,
) -> Onset {
    let (options, tasks) = (options(args), tasks(asked));
    let inner = (threads / tasks.len().max(1)).max(1);
    let strategies = side_by_side(tasks.len(), threads, |number| {
        let task = &tasks[number];
        let mut simulated = |search: &Search, probe: &Probe| Ok(measure(task, search, probe, runner, inner));
        let search = search(task, &options, book, runner, &mut simulated).expect("simulating cannot fail");
        let is_interrupted = runner.is_stopped();
        of_search(&task.scenario, task.strategy, task.kind, &search, is_interrupted)
    });
    for found in strategies.iter().filter(|_| !common.quiet) {
        notice::tell(format_args!("{} ({}): {}", found.name, found.enforcement, found.stopped_because));
    }
    document(args, asked, runner.is_stopped(), strategies)
}

/// What was found, as a document.
fn document(args: &Args, asked: &Asked, interrupted: bool, strategies: Vec<StrategyOnset>) -> Onset {
    let scenario = &asked.loaded.scenario;
    #[cfg(feature = "live")]
    let is_live = args.send.live;
    #[cfg(not(feature = "live"))]
    let is_live = false;
    Onset {
        schema: SCHEMA.into(),
        tool: Tool { name: "keystorm".into(), version: env!("CARGO_PKG_VERSION").into() },
        name: scenario.name.clone(),
        scenario_hash: hash(&scenario.to_value().to_string()),
        seed: scenario.seed,
        region: scenario.region.clone(),
        length_s: args.length.as_secs_f64(),
        trials: scenario.trials,
        within: args.within,
        strategies,
        left_out: left_out(asked, is_live),
        interrupted,
        sent_to: None,
    }
}

/// What probes show.
type Measuring<'m> = dyn FnMut(&Search, &Probe) -> Result<Vec<Measure>, Error> + 'm;

/// Goes on until the search wants nothing more.
fn search(
    task: &Task,
    options: &SearchOptions,
    book: &Book,
    runner: TrialRunner<'_>,
    measure: &mut Measuring<'_>,
) -> Result<Search, Error> {
    let name = &task.scenario.strategies[task.strategy].name;
    let mut search = Search::new(terms(&task.scenario, task.strategy, options));
    let own = book.lines.iter().filter(|line| line.scenario == task.hash && line.strategy == *name);
    own.for_each(|line| {
        line.tell(&mut search);
    });
    while let Some(probe) = search.next() {
        let measures = measure(&search, &probe)?;
        if runner.is_stopped() {
            // What was cut short shows nothing.
            break;
        }
        for (trial, measure) in probe.trials.clone().zip(measures) {
            book.note(&History::of(&task.hash, name, &search, &probe, trial, &measure));
            search.take(probe.level, probe.place, trial, measure);
        }
    }
    Ok(search)
}

/// Has the trials of a probe run.
fn measure(
    task: &Task,
    search: &Search,
    probe: &Probe,
    runner: TrialRunner<'_>,
    threads: usize,
) -> Vec<Measure> {
    let length = search.terms().levels[probe.level].length;
    let steady = variant::steady(&task.scenario, probe.load_per_s, length);
    side_by_side(probe.trials.len(), threads, |number| {
        let trial = probe.trials.start + number as u32;
        let done = runner.trial(&steady, task.strategy, trial);
        Measure::of(&steady, task.strategy, &done)
    })
}

/// What of a scenario has no part in a steady load.
fn left_out(asked: &Asked, is_live: bool) -> Vec<String> {
    let scenario = &asked.loaded.scenario;
    let mut list = Vec::new();
    let mut put = |is_so: bool, sentence: &str| {
        if is_so {
            list.push(sentence.to_owned());
        }
    };
    put(
        asked.has_default_thresholds,
        "The scenario has no thresholds: failed rate<0.1% and p(99)<500ms are assumed.",
    );
    put(
        scenario.target != Target::Sim && !is_live,
        "Every load was simulated, whatever the scenario's target is.",
    );
    put(!scenario.faults.is_empty(), "The scenario's faults belong to its own course: left out.");
    put(
        scenario.fleet.restart.is_some(),
        "The fleet's restart belongs to the scenario's own course: left out.",
    );
    let has_stage = scenario.thresholds.iter().any(|threshold| {
        threshold.tags.get("stage").is_some_and(|stage| stage != "0" && !stage.ends_with("/0"))
    });
    put(
        has_stage,
        "A steady load has one stage: thresholds on later stages see nothing and cannot be broken.",
    );
    list
}

/// Saves what was found and shows it.
fn conclude(onset: &Onset, folder: RunFolder, common: &Common) -> Result<ExitCode, Error> {
    let mut json = serde_json::to_vec_pretty(onset)
        .map_err(|error| Error::Failed(format!("cannot write onset.json: {error}")))?;
    json.push(b'\n');
    let shown =
        if common.json { json.clone() } else { report::onset::text(onset, output::look(false)).into_bytes() };
    let page = folder.dir().join("onset.html");
    let files: Vec<_> =
        [("onset.json".to_owned(), json)].into_iter().chain(report::onset::files(onset)).collect();
    let saved = folder.fill(&files);
    output::print(shown)?;
    saved?;
    if !common.quiet {
        notice::tell(format_args!("{}; page: {}", report::onset::effort(onset), page.display()));
    }
    let code = if onset.interrupted { super::exit::INTERRUPTED } else { super::exit::OK };
    Ok(ExitCode::from(code))
}

impl Book {
    /// Reads the history at `path`, if there is one, and opens it for more.
    fn open(path: Option<&Path>) -> Result<Book, Error> {
        let Some(path) = path else {
            return Ok(Book { lines: Vec::new(), file: None, failed: AtomicBool::new(false) });
        };
        let wrong =
            |what: &dyn std::fmt::Display| Error::Failed(format!("--history {}: {what}", path.display()));
        let bytes =
            if path.exists() { std::fs::read(path).map_err(|error| wrong(&error))? } else { Vec::new() };
        let mut lines: Vec<History> = Vec::new();
        for (number, line) in
            bytes.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty())
        {
            match serde_json::from_slice(line) {
                Ok(read) => lines.push(read),
                // A line may be cut short where a search was killed, but no file begins so.
                Err(error) if lines.is_empty() => {
                    return Err(wrong(&format!(
                        "line {}: {error}; this is no history of an onset",
                        number + 1
                    )));
                }
                Err(_) => {}
            }
        }
        let file = std::fs::File::options().create(true).append(true).open(path);
        let mut file = file.map_err(|error| wrong(&error))?;
        if bytes.last().is_some_and(|byte| *byte != b'\n') {
            file.write_all(b"\n").map_err(|error| wrong(&error))?;
        }
        Ok(Book { lines, file: Some(Mutex::new(file)), failed: AtomicBool::new(false) })
    }

    /// Says so if it could not be written.
    fn tell_if_failed(&self) {
        if self.failed.load(Ordering::Relaxed) {
            notice::tell("keystorm: the history could not be written to its end");
        }
    }

    /// Adds a line; what cannot be written is told at the end.
    fn note(&self, line: &History) {
        let Some(file) = &self.file else { return };
        let written = serde_json::to_vec(line).map_err(std::io::Error::other).and_then(|mut bytes| {
            bytes.push(b'\n');
            file.lock().expect("nobody panics while writing a line").write_all(&bytes)
        });
        if written.is_err() {
            self.failed.store(true, Ordering::Relaxed);
        }
    }
}
