//! `keystorm worker`: runs cells of whoever coordinates a run on the same bus, or shares of live loads of one target.

use super::grind::Grinder;
#[cfg(feature = "live")]
use super::load::LoadEngine;
use super::{Access, runtime, stopped_by_ctrl_c};
#[cfg(feature = "live")]
use crate::bus::live::LoadWorker;
use crate::bus::{self, printable};
use crate::cli::{Common, Error, threads};
use crate::engine::Control;
use crate::notice;
use crate::report::format::counted;
use crate::time::Span;
use std::process::ExitCode;
use std::sync::Arc;

/// Options of `worker`.
#[derive(clap::Args, Debug)]
pub struct WorkerArgs {
    /// The bus: nats://HOST:4222, or tls://HOST:4222.
    #[arg(long, value_name = "URL", env = "KEYSTORM_BUS")]
    bus: String,
    /// Take part in live loads of this URL, and of no other, instead of running cells; scheme, host and port count.
    #[cfg(feature = "live")]
    #[arg(long, value_name = "URL", env = "KEYSTORM_TARGET")]
    target: Option<String>,
    /// Yes, the target may be neither this machine nor on a private network.
    #[cfg(feature = "live")]
    #[arg(long, requires = "target")]
    yes_remote: bool,
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
    let name = args.name.unwrap_or_else(|| format!("worker-{}", std::process::id()));
    #[cfg(feature = "live")]
    if let Some(target) = &args.target {
        let engine = LoadEngine::new(target, args.yes_remote, threads)?;
        let worker =
            LoadWorker { name: printable(&name), threads, target: engine.target.clone(), idle: args.idle };
        if !common.quiet {
            let shown = way.shown();
            notice::tell(format_args!(
                "worker {}: {shown}, loads {} on {threads} threads",
                worker.name, worker.target
            ));
        }
        let done = runtime()?.block_on(bus::live::serve(&way, worker, engine, stop))?;
        if !common.quiet {
            notice::tell(format_args!("took part in {}", counted(done, "load")));
        }
        return Ok(ExitCode::SUCCESS);
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
