//! `keystorm worker`: runs cells of whoever coordinates a run on the same bus, or shares of live loads of one target.

use super::grind::Grinder;
#[cfg(feature = "live")]
use super::load::{AWS, LoadEngine, Started};
use super::{Access, runtime, stopped_by_ctrl_c};
#[cfg(feature = "live")]
use crate::bus::Way;
#[cfg(feature = "live")]
use crate::bus::live::LoadWorker;
use crate::bus::{self, printable};
#[cfg(feature = "live")]
use crate::cli::consent;
use crate::cli::{Common, Error, threads};
use crate::engine::Control;
use crate::notice;
use crate::report::format::counted;
use crate::time::Span;
use std::process::ExitCode;
use std::sync::Arc;
#[cfg(feature = "live")]
use tokio::sync::watch;

/// Options of `worker`.
#[derive(clap::Args, Debug)]
pub struct WorkerArgs {
    /// The bus: nats://HOST:4222, or tls://HOST:4222.
    #[arg(long, value_name = "URL", env = "KEYSTORM_BUS")]
    bus: String,
    /// Take part in live loads of this URL, of which scheme, host and port count, or of aws, and of no other target, instead of
    /// running cells.
    #[cfg(feature = "live")]
    #[arg(long, value_name = "URL", env = "KEYSTORM_TARGET")]
    target: Option<String>,
    /// Yes, the target may be neither this machine nor on a private network.
    #[cfg(feature = "live")]
    #[arg(long, requires = "target")]
    yes_remote: bool,
    /// Yes, call the real account that whoever coordinates names, if it is that of this worker's own credentials.
    #[cfg(feature = "live")]
    #[arg(long, requires = "target")]
    yes_real_aws: bool,
    /// Profile of the shared AWS files whose credentials are used, for target aws.
    #[cfg(feature = "live")]
    #[arg(long, env = "KEYSTORM_PROFILE")]
    profile: Option<String>,
    /// Cells to run at once, or threads to send on [default: all cores].
    #[arg(long, env = "KEYSTORM_THREADS")]
    threads: Option<usize>,
    /// End when there was no cell, or no load, for so long [default: never].
    #[arg(long, value_name = "SPAN", value_parser = Span::parse, env = "KEYSTORM_IDLE")]
    idle: Option<Span>,
    /// What coordinators call this worker [default: worker-PID].
    #[arg(long, value_name = "NAME", env = "KEYSTORM_NAME")]
    name: Option<String>,
    #[command(flatten)]
    access: Access,
}

/// Runs the command.
///
/// # Errors
/// [`Error::Usage`] and [`Error::Failed`] for a bus that cannot be used.
pub fn worker(args: WorkerArgs, common: &Common) -> Result<ExitCode, Error> {
    common.prints_no_document("a worker has no result of its own; the run that it works for has")?;
    let way = args.access.way(&args.bus, common.quiet)?;
    let control = Arc::new(Control::default());
    let stop = stopped_by_ctrl_c(&control)?;
    let threads = threads::threads(args.threads);
    let name = args.name.clone().unwrap_or_else(|| format!("worker-{}", std::process::id()));
    #[cfg(feature = "live")]
    if let Some(started) = args.started(threads, common)? {
        return load(&way, started, (&name, args.idle), common, stop);
    }
    let how = bus::How { name: printable(&name), threads, idle: args.idle };
    if !common.quiet {
        notice::tell(format_args!("worker {}: {} on {threads} threads", how.name, way.shown()));
    }
    let mill = Grinder { threads, control };
    let done = runtime()?.block_on(bus::work(&way, how, mill, stop))?;
    if !common.quiet {
        notice::tell(format_args!("ran {}", counted(done, "cell")));
    }
    Ok(ExitCode::SUCCESS)
}

/// Takes part in live loads.
#[cfg(feature = "live")]
fn load(
    way: &Way,
    started: Started,
    (name, idle): (&str, Option<Span>),
    common: &Common,
    stop: watch::Receiver<bool>,
) -> Result<ExitCode, Error> {
    consent::tell_ignored();
    let (threads, is_idle) = (started.threads, started.target == AWS && !started.may_be_aws);
    let engine = LoadEngine::new(started)?;
    let worker = LoadWorker { name: printable(name), threads, target: engine.target().to_owned(), idle };
    if !common.quiet {
        let shown = way.shown();
        notice::tell(format_args!(
            "worker {}: {shown}, loads {} on {threads} threads",
            worker.name, worker.target
        ));
    }
    if is_idle {
        notice::tell("keystorm: without --yes-real-aws this worker calls no account: it refuses every load");
    }
    let done = runtime()?.block_on(bus::live::serve(way, worker, engine, stop))?;
    if !common.quiet {
        notice::tell(format_args!("took part in {}", counted(done, "load")));
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(feature = "live")]
impl WorkerArgs {
    /// What it is started for, if that is live loads.
    ///
    /// # Errors
    /// [`Error::Usage`] for options that would do nothing.
    fn started(&self, threads: usize, common: &Common) -> Result<Option<Started>, Error> {
        if self.target.as_deref() != Some(AWS) {
            let of_aws = ["yes_real_aws", "profile"].into_iter().find(|id| common.is_given(id));
            if let Some(id) = of_aws {
                let option = id.replace('_', "-");
                return Err(Error::Usage(format!("--{option} does nothing here: it goes with --target aws")));
            }
        }
        let started = |target: &String| Started {
            target: target.clone(),
            may_be_remote: self.yes_remote,
            may_be_aws: self.yes_real_aws,
            profile: self.profile.clone(),
            threads,
        };
        Ok(self.target.as_ref().map(started))
    }
}
