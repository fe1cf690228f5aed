//! `keystorm run`: every strategy of a scenario on the same load.

use super::load::{self, Loaded};
use super::run_folder::RunFolder;
use super::words::built;
use super::{Common, Error, exit, interrupt, one_liner, saved};
#[cfg(feature = "live")]
use super::{idle, live};
use crate::engine::{Control, simulate, under_other_limiters};
use crate::notice;
use crate::record::Recorder;
use crate::results::Run;
use crate::scenario::{Set, Target};
use crate::time::Span;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Options of `run`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The scenario, `-` for standard input; without one, describe the load with --op and its companions.
    #[arg(required_unless_present = "op", conflicts_with = "op", env = "KEYSTORM_SCENARIO")]
    pub scenario: Option<PathBuf>,
    /// Where attempts go: sim, emulator, a URL, or aws.
    #[arg(long, env = "KEYSTORM_TARGET")]
    pub target: Option<String>,
    /// AWS Region whose default quotas apply.
    #[arg(long, env = "KEYSTORM_REGION")]
    pub region: Option<String>,
    /// Folder for the saved run, which must not be there yet [default: reports/local/<name>-<time>].
    #[arg(short, long, value_name = "DIR", env = "KEYSTORM_OUT")]
    pub out: Option<PathBuf>,
    /// Replace the run that --out holds.
    #[arg(long, env = "KEYSTORM_FORCE")]
    pub force: bool,
    /// Key of every random draw.
    #[arg(long, env = "KEYSTORM_SEED")]
    pub seed: Option<u64>,
    /// Seeded repetitions.
    #[arg(long, env = "KEYSTORM_TRIALS")]
    pub trials: Option<u32>,
    /// Run only this strategy; repeatable.
    #[arg(long = "strategy", value_name = "NAME", value_delimiter = '\n', env = "KEYSTORM_STRATEGY")]
    pub strategies: Vec<String>,
    /// Override any value, such as workloads.checkout.startRate=500/s; repeatable.
    #[arg(long = "set", value_name = "KEY=VALUE", value_delimiter = '\n', env = "KEYSTORM_SET")]
    pub sets: Vec<String>,
    /// Threads to simulate on [default: all cores]; results do not depend on it.
    #[arg(long, env = "KEYSTORM_THREADS")]
    pub threads: Option<usize>,
    /// How often progress is told where stderr is no terminal.
    #[arg(long, value_name = "SPAN", default_value = "10s", value_parser = Span::parse, env = "KEYSTORM_PROGRESS_EVERY")]
    pub progress_every: Span,
    /// Tell every detail, not only the figures and the answer.
    #[arg(short, long, env = "KEYSTORM_VERBOSE")]
    pub verbose: bool,
    #[cfg(feature = "live")]
    #[command(flatten)]
    pub live: live::LiveArgs,
    #[command(flatten)]
    pub load: one_liner::Load,
}

impl Args {
    /// The scenario, from its file or from the options that describe one, and what else they lay over it.
    fn loaded(&self) -> Result<Loaded, Error> {
        self.load.check(self.scenario.as_deref())?;
        let own = |name: &str, value: Option<String>| {
            value.map(|value| Set::option(&[name], &value, &format!("--{name} {value}")))
        };
        let mut over = load::sets(&self.sets)?;
        over.extend(self.load.overlays()?);
        over.extend(own("target", self.target.clone()));
        over.extend(own("region", self.region.clone()));
        over.extend(own("seed", self.seed.map(|n| n.to_string())));
        over.extend(own("trials", self.trials.map(|n| n.to_string())));
        #[cfg(feature = "live")]
        over.extend(own("client", self.live.client.clone()));
        if let Some(path) = &self.scenario {
            return load::load(path, &over);
        }
        let (text, mut sets) = self.load.scenario()?;
        sets.extend(over);
        load::load_text(&text, "command line", Path::new(""), &sets)
    }

    /// Whether nothing is run.
    const fn is_dry_run(&self) -> bool {
        #[cfg(feature = "live")]
        return self.live.dry_run;
        #[cfg(not(feature = "live"))]
        false
    }

    #[cfg(feature = "live")]
    fn wish(&self) -> live::Wish<'_> {
        live::Wish { live: &self.live, threads: self.threads, every: self.progress_every }
    }
}

/// Runs the command.
pub fn run(args: Args, common: &Common) -> Result<ExitCode, Error> {
    if common.is_given("force") && args.out.is_none() {
        return Err(Error::Usage("--force replaces the run in --out, which is not given".into()));
    }
    if common.is_given("verbose") && common.json {
        return Err(Error::Usage("--verbose is for the summary; --json prints the whole run instead".into()));
    }
    let mut loaded = args.loaded()?;
    load::keep_strategies(&mut loaded.scenario, &args.strategies)?;
    #[cfg(feature = "live")]
    idle::check(&loaded.scenario.target, common)?;
    #[cfg(feature = "live")]
    if args.live.print_policy {
        return print_policy(&loaded, &args.live);
    }
    #[cfg(not(feature = "live"))]
    if loaded.scenario.target != Target::Sim {
        return Err(super::absent::missing("a run on the real clock", "live"));
    }
    // Whether the results can be kept is known before the first job, not after the last.
    let folder = match args.is_dry_run() {
        true => None,
        false => Some(RunFolder::claim(args.out.as_deref(), &loaded.scenario.name, args.force)?),
    };
    let finished = match loaded.scenario.target {
        #[cfg(feature = "live")]
        Target::Emulator | Target::Http(_) | Target::Aws => live::run(&loaded, &args.wish(), common)?,
        _ => Some(simulated(&loaded, &args, common)?),
    };
    let Some(mut finished) = finished else { return Ok(ExitCode::SUCCESS) };
    let limiters = finished.run.limiter_kinds.take();
    finished.run.settle(args.words(), limiters, built());
    conclude(&finished, folder, &args, common)
}

/// Prints the least IAM policy that the run needs.
#[cfg(feature = "live")]
fn print_policy(loaded: &Loaded, live: &live::LiveArgs) -> Result<ExitCode, Error> {
    #[cfg(feature = "aws")]
    let printed = super::aws::print_policy(&loaded.scenario, live.provision);
    #[cfg(not(feature = "aws"))]
    let printed = {
        let _ = (loaded, live);
        Err(super::absent::missing("--print-policy", "aws"))
    };
    printed.map(|()| ExitCode::SUCCESS)
}

/// Saves the run, shows it and says how it ended. What cannot be saved is shown all the same.
fn conclude(
    finished: &Finished,
    folder: Option<RunFolder>,
    args: &Args,
    common: &Common,
) -> Result<ExitCode, Error> {
    let Finished { run, histograms, end, .. } = finished;
    let report = folder.as_ref().map(|folder| folder.dir().join("report.html"));
    let saved = folder.map_or(Ok(()), |folder| folder.fill(&saved::files(run, histograms)?));
    // Programs read what was saved; people what they can type here.
    let shown = match common.json {
        true => saved::show(run, common, args.verbose),
        false => saved::show(&args.as_here(run), common, args.verbose),
    };
    if let End::Cap(sentence) | End::Failed(sentence) = end {
        notice::tell(format_args!("keystorm: {sentence}"));
    }
    saved.and(shown)?;
    if let (Some(report), false) = (report, common.quiet) {
        notice::tell(format_args!("report: {}", report.display()));
    }
    Ok(ExitCode::from(exit_code(run, end)))
}

/// A run that has ended, with whatever it came to.
pub(super) struct Finished {
    pub(super) run: Run,
    pub(super) histograms: saved::Histograms,
    pub(super) end: End,
    /// Each strategy's recording, all trials in one.
    #[cfg_attr(not(feature = "live"), allow(dead_code, reason = "calibrate measures live only"))]
    pub(super) recordings: Vec<Option<Recorder>>,
}

/// How a run ended, beside what it measured.
#[cfg_attr(not(feature = "live"), allow(dead_code, reason = "only live runs end so"))]
pub(super) enum End {
    /// As it should.
    Done,
    /// By a cap, or what else bounds it; the sentence says which.
    Cap(String),
    /// It measured nothing that was asked; the sentence says why.
    Failed(String),
}

/// Simulates with progress on stderr and Ctrl-C ending it cleanly.
fn simulated(loaded: &Loaded, args: &Args, common: &Common) -> Result<Finished, Error> {
    let threads = args.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let control = Arc::new(Control::default());
    let stopper = Arc::clone(&control);
    // A second Ctrl-C leaves at once.
    ctrlc::set_handler(move || interrupt::interrupt(&stopper.stop))
        .map_err(|error| Error::Failed(format!("cannot listen for Ctrl-C: {error}")))?;
    let progress = super::progress::Progress::start(
        &loaded.scenario,
        threads,
        &control,
        args.progress_every,
        common.quiet,
    );
    let trials = simulate(&loaded.scenario, threads, &control);
    let interrupted = control.stop.load(Ordering::Relaxed);
    let (mut run, merged) = crate::results::conclude(
        &loaded.scenario,
        &loaded.question,
        loaded.scenario.to_value(),
        &trials,
        interrupted,
    );
    run.limiter_kinds = Some(under_other_limiters(&loaded.scenario, &run, threads, &control));
    progress.finish();
    let histograms = saved::Histograms::from_recordings(&run, &merged);
    Ok(Finished { run, histograms, end: End::Done, recordings: merged })
}

/// The first of the documented exit codes that applies.
fn exit_code(run: &Run, end: &End) -> u8 {
    use crate::results::Verdict;
    let gated = |threshold: &&crate::results::ThresholdRun| run.gate.contains(&threshold.strategy);
    if run.interrupted {
        exit::INTERRUPTED
    } else if matches!(end, End::Cap(_)) {
        exit::CAP
    } else if matches!(end, End::Failed(_)) {
        exit::FAILED
    } else if run.thresholds.iter().filter(gated).any(|threshold| threshold.verdict != Verdict::Met) {
        exit::THRESHOLD
    } else {
        exit::OK
    }
}
