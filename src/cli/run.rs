//! `keystorm run`: every strategy of a scenario on the same load.

#[cfg(feature = "live")]
use super::live;
use super::load::{self, Loaded};
use super::{Common, Error, exit, interrupt, one_liner, saved};
use crate::engine::{Control, simulate};
use crate::record::Recorder;
use crate::results::Run;
use crate::scenario::Target;
use crate::time::Span;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Options of `run`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The scenario; without one, describe the load with --op and its companions.
    #[arg(required_unless_present = "op", conflicts_with = "op", env = "KEYSTORM_SCENARIO")]
    pub scenario: Option<PathBuf>,
    /// Where attempts go: sim, emulator, a URL, or aws.
    #[arg(long, env = "KEYSTORM_TARGET")]
    pub target: Option<String>,
    /// AWS Region whose default quotas apply.
    #[arg(long, env = "KEYSTORM_REGION")]
    pub region: Option<String>,
    /// Folder for the saved run [default: reports/local/<name>-<time>].
    #[arg(short, long, value_name = "DIR", env = "KEYSTORM_OUT")]
    pub out: Option<PathBuf>,
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
    #[cfg(feature = "live")]
    #[command(flatten)]
    pub live: live::LiveArgs,
    #[command(flatten)]
    pub load: one_liner::Load,
}

#[cfg(feature = "live")]
impl Args {
    fn wish(&self) -> live::Wish<'_> {
        live::Wish { live: &self.live, threads: self.threads, every: self.progress_every }
    }
}

/// Runs the command.
pub fn run(args: Args, common: &Common) -> Result<ExitCode, Error> {
    let mut sets = args.sets.clone();
    let set = |name: &str, value: Option<String>| value.map(|v| format!("{name}={v}"));
    sets.extend(set("target", args.target.clone()));
    sets.extend(set("region", args.region.clone()));
    sets.extend(set("seed", args.seed.map(|n| n.to_string())));
    sets.extend(set("trials", args.trials.map(|n| n.to_string())));
    #[cfg(feature = "live")]
    sets.extend(set("client", args.live.client.clone()));
    let mut loaded = match &args.scenario {
        Some(path) => load::load(path, &sets)?,
        None => load::load_text(&args.load.to_yaml()?, "command line", Path::new(""), &sets)?,
    };
    load::keep_strategies(&mut loaded.scenario, &args.strategies)?;
    #[cfg(feature = "aws")]
    if args.live.print_policy {
        super::aws::print_policy(&loaded.scenario, args.live.provision)?;
        return Ok(ExitCode::SUCCESS);
    }
    let Finished { run, histograms, end, .. } = match loaded.scenario.target {
        Target::Sim => simulated(&loaded, &args, common)?,
        #[cfg(feature = "live")]
        _ => match live::run(&loaded, &args.wish(), common)? {
            Some(finished) => finished,
            None => return Ok(ExitCode::SUCCESS),
        },
        #[cfg(not(feature = "live"))]
        _ => return Err(super::absent::missing("a run on the real clock", "live")),
    };
    let dir = args.out.unwrap_or_else(|| saved::default_dir(&run.name));
    saved::write(&dir, &run, &histograms)?;
    saved::show(&run, Some(&dir), common)?;
    if let End::Cap(sentence) | End::Failed(sentence) = &end {
        eprintln!("keystorm: {sentence}");
    }
    Ok(ExitCode::from(exit_code(&run, &end)))
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
    let progress =
        super::progress::Progress::start(&loaded.scenario, &control, args.progress_every, common.quiet);
    let trials = simulate(&loaded.scenario, threads, &control);
    progress.finish();
    let interrupted = control.stop.load(Ordering::Relaxed);
    let (run, merged) = crate::results::conclude(
        &loaded.scenario,
        &loaded.question,
        loaded.scenario.to_value(),
        &trials,
        interrupted,
    );
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
