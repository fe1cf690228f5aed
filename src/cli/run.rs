//! `keystorm run`: every strategy of a scenario on the same load.

use super::built::built;
use super::declared::means;
use super::finished::{Finished, tell_end};
use super::grid::{How, Source, SourceLookup};
use super::load::{self, Loaded};
use super::run_folder::RunFolder;
use super::threads::threads;
use super::{Common, Error, exit, fault_template, gridded, interrupt, memory, one_liner, saved};
#[cfg(feature = "live")]
use super::{idle, live};
use crate::engine::{Control, simulate, under_other_limiters};
use crate::notice;
#[cfg(feature = "live")]
use crate::planner::policy;
use crate::record::Trial;
use crate::results::{End, Run};
#[cfg(feature = "live")]
use crate::runner::Role;
#[cfg(feature = "live")]
use crate::scenario::Scenario;
use crate::scenario::fis::Targets;
use crate::scenario::{Set, Target};
use crate::time::Span;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Options of `run`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The scenario, `-` for standard input; without one, describe the load with --op and its companions.
    #[arg(required_unless_present = "op", conflicts_with = "op", env = "KEYSTORM_SCENARIO")]
    pub scenario: Option<PathBuf>,
    #[arg(long, env = "KEYSTORM_TARGET", help = means("target", ""))]
    pub target: Option<String>,
    #[arg(long, env = "KEYSTORM_REGION", help = means("region", ""))]
    pub region: Option<String>,
    /// Folder for the saved run, which must not be there yet [default: reports/local/<name>-<time>]; of a share or a
    /// sweep that was stopped, to go on. `{shard}` in it becomes 1-of-4.
    #[arg(short, long, value_name = "DIR", env = "KEYSTORM_OUT")]
    pub out: Option<PathBuf>,
    /// Replace the run that --out holds.
    #[arg(long, env = "KEYSTORM_FORCE")]
    pub force: bool,
    #[arg(long, env = "KEYSTORM_SEED", help = means("seed", ""))]
    pub seed: Option<String>,
    #[arg(long, env = "KEYSTORM_TRIALS", help = means("trials", ""))]
    pub trials: Option<String>,
    /// Run only this strategy; repeatable.
    #[arg(long = "strategy", value_name = "NAME", value_delimiter = '\n', env = "KEYSTORM_STRATEGY")]
    pub strategies: Vec<String>,
    /// Override any value, such as workloads.checkout.startRate=500/s; repeatable.
    #[arg(long = "set", value_name = "KEY=VALUE", value_delimiter = '\n', env = "KEYSTORM_SET")]
    pub sets: Vec<String>,
    #[arg(long = "over", value_name = "KEY=VALUES", value_delimiter = '\n', env = "KEYSTORM_OVER",
        help = means("sweep.over", ", such as fleet.clients=10..1000:log or workloads.w.rate=10/s,50/s; repeatable"))]
    pub over: Vec<String>,
    /// Run a share of the cells only: I/N, or auto under Slurm, Kubernetes and AWS Batch; `merge` adds the shares up.
    #[arg(long, value_name = "I/N", env = "KEYSTORM_SHARD")]
    pub shard: Option<String>,
    /// Experiment template of AWS FIS whose faults join the scenario's, for everybody; repeatable.
    #[arg(long, value_name = "FILE", value_delimiter = '\n', env = "KEYSTORM_FAULT_TEMPLATE")]
    pub fault_template: Vec<PathBuf>,
    /// Threads to simulate on [default: all cores]; results do not depend on it.
    #[arg(long, env = "KEYSTORM_THREADS")]
    pub threads: Option<usize>,
    /// How often progress is told where stderr is no terminal.
    #[arg(long, value_name = "SPAN", default_value = "10s", value_parser = Span::parse, env = "KEYSTORM_PROGRESS_EVERY")]
    pub progress_every: Span,
    /// Tell every detail, not only the figures and the answer.
    #[arg(short, long, env = "KEYSTORM_VERBOSE")]
    pub verbose: bool,
    /// Have the cells run by workers on this bus: nats://HOST:4222, or tls://HOST:4222; `keystorm worker --bus URL` is one.
    #[cfg(feature = "bus")]
    #[arg(long, value_name = "URL", env = "KEYSTORM_BUS", conflicts_with = "shard")]
    pub bus: Option<String>,
    #[cfg(feature = "bus")]
    #[command(flatten)]
    pub access: super::bus::Access,
    #[cfg(all(feature = "bus", feature = "live"))]
    #[command(flatten)]
    pub shared: super::bus::SharedArgs,
    #[cfg(feature = "live")]
    #[command(flatten)]
    pub live: live::args::LiveArgs,
    #[command(flatten)]
    pub load: one_liner::Load,
}

impl Args {
    /// Refuses options that do nothing beside others.
    fn are_of_use(&self, common: &Common) -> Result<(), Error> {
        if common.is_given("force") && self.out.is_none() {
            return Err(Error::Usage("--force replaces the run in --out, which is not given".into()));
        }
        if common.is_given("verbose") && common.json {
            return Err(Error::Usage(
                "--verbose is for the summary; --json prints the whole run instead".into(),
            ));
        }
        Ok(())
    }

    /// The scenario, from its file or from the options that describe one, and what else they lay over it.
    fn source(&self) -> Result<Source, Error> {
        self.load.check(self.scenario.as_deref())?;
        let own = |name: &str, value: Option<String>| value.map(|value| Set::key(name, &value));
        let mut over = load::sets(&self.sets)?;
        over.extend(self.load.overlays()?);
        over.extend(fault_template::sets(&self.fault_template, Targets::Everybody)?);
        over.extend(own("target", self.target.clone()));
        over.extend(own("region", self.region.clone()));
        over.extend(own("seed", self.seed.clone()));
        over.extend(own("trials", self.trials.clone()));
        #[cfg(feature = "live")]
        over.extend(own("client", self.live.client.clone()));
        let strategies = self.strategies.clone();
        if let Some(path) = &self.scenario {
            return Source::read(path, over, strategies);
        }
        let (text, mut sets) = self.load.scenario()?;
        sets.extend(over);
        let lookup = SourceLookup::Here(PathBuf::new());
        Ok(Source { text, file: "command line".into(), sets, strategies, lookup, words: Vec::new() })
    }

    /// The run as far as it is made of cells.
    fn gridded(&self) -> gridded::GridOptions<'_> {
        gridded::GridOptions {
            over: &self.over,
            shard: self.shard.as_deref(),
            out: self.out.as_deref(),
            force: self.force,
            how: How { threads: self.threads, every: self.progress_every, quiet: false },
        }
    }

    /// The live run that workers share, if one is asked for; `source` is there where nothing is varied.
    #[cfg(all(feature = "bus", feature = "live"))]
    fn load(
        &self,
        loaded: &Loaded,
        source: Option<&Source>,
        common: &Common,
    ) -> Result<Option<super::bus::Load<'_>>, Error> {
        match (self.bus.as_deref(), source) {
            (Some(url), Some(source)) if loaded.scenario.target != Target::Sim => {
                let bus = (url, &self.access);
                self.shared.load(bus, &loaded.scenario, source.clone(), common).map(Some)
            }
            _ => self.shared.are_idle(common).map(|()| None),
        }
    }

    /// Without live runs there is none.
    #[cfg(all(feature = "bus", not(feature = "live")))]
    fn load(&self, _: &Loaded, _: Option<&Source>, _: &Common) -> Result<Option<()>, Error> {
        Ok(None)
    }

    /// Whether nothing is run.
    const fn is_dry_run(&self) -> bool {
        #[cfg(feature = "live")]
        return self.live.dry_run;
        #[cfg(not(feature = "live"))]
        false
    }

    #[cfg(feature = "live")]
    fn options(&self) -> live::args::LiveOptions<'_> {
        live::args::LiveOptions {
            live: &self.live,
            threads: self.threads,
            every: self.progress_every,
            role: Role::Alone,
        }
    }
}

/// Runs the command.
pub fn run(args: Args, common: &Common) -> Result<ExitCode, Error> {
    args.are_of_use(common)?;
    let mut source = args.source()?;
    source.words = args.words();
    let loaded = source.load()?;
    #[cfg(feature = "live")]
    idle::check(&loaded.scenario.target, common)?;
    #[cfg(feature = "live")]
    if args.live.print_policy {
        return print_policy(&loaded.scenario, args.live.provision);
    }
    #[cfg(not(feature = "live"))]
    if loaded.scenario.target != Target::Sim {
        return Err(super::absent::missing("a run on the real clock", "live"));
    }
    #[cfg(feature = "bus")]
    if args.bus.is_none() {
        super::bus::idle(common)?;
    }
    let is_sweep = !args.over.is_empty() || !loaded.scenario.sweep.is_empty();
    #[cfg(feature = "bus")]
    let load = args.load(&loaded, (!is_sweep).then_some(&source), common)?;
    let mut options = args.gridded();
    options.how.quiet = common.quiet;
    #[cfg(feature = "bus")]
    if let (Some(url), None) = (&args.bus, &load) {
        use super::bus::Came;
        return match super::bus::run(source, (url, &args.access), &options, common)? {
            Came::Done(code) => Ok(code),
            Came::Trials(trials, folder) => gathered(&loaded, &args, &trials, folder, common),
        };
    }
    if args.shard.is_some() || is_sweep {
        return gridded::run(source, &options, common);
    }
    // Whether the results can be kept is known before the first job, not after the last.
    let folder = match args.is_dry_run() {
        true => None,
        false => Some(RunFolder::claim(args.out.as_deref(), &loaded.scenario.name, args.force)?),
    };
    let finished = match loaded.scenario.target {
        #[cfg(feature = "live")]
        Target::Emulator | Target::Http(_) | Target::Aws => {
            #[allow(unused_mut, reason = "only a bus gives another role")]
            let mut options = args.options();
            #[cfg(feature = "bus")]
            if let Some(load) = &load {
                options.role = Role::Coordinator(load);
            }
            live::run(&loaded, &options, common)?
        }
        _ => Some(simulated(&loaded, &args, common)?),
    };
    let Some(mut finished) = finished else { return Ok(ExitCode::SUCCESS) };
    let limiters = finished.run.limiter_kinds.take();
    finished.run.settle(args.words(), limiters, built());
    conclude(&finished, folder, &args.as_here(&finished.run), args.verbose, common)
}

/// Concludes a run whose trials others have run, as if they had been run here.
#[cfg(feature = "bus")]
fn gathered(
    loaded: &Loaded,
    args: &Args,
    trials: &[Vec<Trial>],
    folder: RunFolder,
    common: &Common,
) -> Result<ExitCode, Error> {
    let mut finished = finished(loaded, trials, false, threads(args.threads), &Control::default());
    let limiters = finished.run.limiter_kinds.take();
    finished.run.settle(args.words(), limiters, built());
    conclude(&finished, Some(folder), &args.as_here(&finished.run), args.verbose, common)
}

/// Prints the least IAM policy that the run needs; whatever account, if none is on `allow`.
#[cfg(feature = "live")]
fn print_policy(scenario: &Scenario, provisions: bool) -> Result<ExitCode, Error> {
    let unnamed =
        scenario.workloads.iter().find(|workload| workload.keys.ids.is_empty() && workload.needs_keys());
    if let Some(workload) = unnamed.filter(|_| !provisions) {
        let error = crate::engine::live::Error::NoKeys(workload.name.clone());
        return Err(crate::runner::Error::from(error).into());
    }
    let account = scenario.live.allow.accounts.first().map_or("*", String::as_str);
    super::output::print(format!("{:#}\n", policy::identity_policy(scenario, account, provisions)))?;
    Ok(ExitCode::SUCCESS)
}

/// Saves the run, shows it and says how it ended. What cannot be saved is shown all the same. `here` is the run with what
/// people can type here.
fn conclude(
    finished: &Finished,
    folder: Option<RunFolder>,
    here: &Run,
    verbose: bool,
    common: &Common,
) -> Result<ExitCode, Error> {
    let Finished { run, histograms, end, .. } = finished;
    let report = folder.as_ref().map(|folder| folder.dir().join("report.html"));
    let saved = folder.map_or(Ok(()), |folder| folder.fill(&saved::files(run, histograms)?));
    // Programs read what was saved; people what they can type here.
    let shown = match common.json {
        true => saved::show(run, common, verbose),
        false => saved::show(here, common, verbose),
    };
    if let End::Cap(why) | End::Failed(why) = end {
        tell_end(why, saved.is_ok());
    }
    saved.and(shown)?;
    if let (Some(report), false) = (report, common.quiet) {
        notice::tell(format_args!("report: {}", report.display()));
    }
    Ok(ExitCode::from(exit_code(run, end)))
}

/// Simulates with progress on stderr and Ctrl-C ending it cleanly.
fn simulated(loaded: &Loaded, args: &Args, common: &Common) -> Result<Finished, Error> {
    let threads = threads(args.threads);
    let file =
        args.scenario.as_ref().map_or_else(|| "command line".into(), |path| path.display().to_string());
    memory::fits(&loaded.scenario, threads, &file)?;
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
    let finished = finished(loaded, &trials, interrupted, threads, &control);
    progress.finish();
    Ok(finished)
}

/// The run that its trials make.
fn finished(
    loaded: &Loaded,
    trials: &[Vec<Trial>],
    interrupted: bool,
    threads: usize,
    control: &Control,
) -> Finished {
    let (mut run, merged) = crate::results::conclude(
        &loaded.scenario,
        &loaded.question,
        loaded.scenario.to_value(),
        trials,
        interrupted,
    );
    run.limiter_kinds = Some(under_other_limiters(&loaded.scenario, &run, threads, control));
    let histograms = saved::Histograms::from_recordings(&run, &merged);
    Finished { run, histograms, end: End::Done, recordings: merged }
}

/// Saves and shows the run that trials make which were run elsewhere, as if they had been run here.
///
/// # Errors
/// If the run cannot be saved or shown.
pub(super) fn conclude_trials(
    loaded: &Loaded,
    words: &[String],
    trials: &[Vec<Trial>],
    folder: RunFolder,
    common: &Common,
) -> Result<ExitCode, Error> {
    let mut finished = finished(loaded, trials, false, threads(None), &Control::default());
    let limiters = finished.run.limiter_kinds.take();
    finished.run.settle(words.to_vec(), limiters, built());
    conclude(&finished, Some(folder), &finished.run, false, common)
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
