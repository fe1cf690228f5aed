//! `keystorm worker`: runs cells of whoever coordinates a run on the same bus.

use super::grind::Grinder;
use super::{Access, runtime, stopped_by_ctrl_c};
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
    /// Cells to run at once [default: all cores].
    #[arg(long, env = "KEYSTORM_THREADS")]
    threads: Option<usize>,
    /// End when there was no cell for so long [default: never].
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
