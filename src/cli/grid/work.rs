//! Runs the cells of a share that are not there yet, on all threads.

use super::{Cell, Grid, Shard, Share, store};
use crate::cli::progress::{Progress, timeline};
use crate::cli::{Error, interrupt};
use crate::engine::{Control, run_trial};
use crate::record::Layout;
use crate::time::Span;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// What a share came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Worked {
    /// How many cells the share has.
    pub cells: usize,
    /// How many of them were there before.
    pub were_there: usize,
    /// How many are there now.
    pub are_there: usize,
}

impl Worked {
    /// Whether the share is whole.
    pub const fn is_whole(&self) -> bool {
        self.are_there == self.cells
    }
}

/// How a share is run.
pub struct How {
    /// Threads; all cores if none are named.
    pub threads: Option<usize>,
    /// How often progress is told.
    pub every: Span,
    /// Whether it is not.
    pub quiet: bool,
}

/// Runs `shard` of the run into `share`. Ctrl-C keeps the cells that are whole.
///
/// # Errors
/// [`Error::Failed`] for a cell that cannot be kept.
pub fn run_share(grid: &Grid, shard: Shard, share: &Share, how: &How) -> Result<Worked, Error> {
    let own: Vec<(&String, &Cell)> = grid
        .cells()
        .iter()
        .enumerate()
        .filter(|(position, _)| shard.has(*position))
        .map(|(_, cell)| cell)
        .collect();
    let there = share.store.files()?;
    let missing: Vec<(&String, &Cell)> =
        own.iter().copied().filter(|(key, _)| !there.contains_key(store::short(key))).collect();
    let control = Arc::new(Control::default());
    let stopper = Arc::clone(&control);
    ctrlc::set_handler(move || interrupt::interrupt(&stopper.stop))
        .map_err(|error| Error::Failed(format!("cannot listen for Ctrl-C: {error}")))?;
    let label = match shard {
        Shard::WHOLE => format!("{} cells", missing.len()),
        _ => format!("shard {shard}: {} cells", missing.len()),
    };
    let shown = progress(grid, missing.iter().map(|(_, cell)| *cell), label, how, &control);
    let done = work(grid, &missing, share, how, &control);
    shown.finish();
    let were_there = own.len() - missing.len();
    Ok(Worked { cells: own.len(), were_there, are_there: were_there + done? })
}

/// How long the timeline of a cell is, in virtual nanoseconds.
pub fn length(grid: &Grid, cell: &Cell) -> u64 {
    timeline(&grid.points[cell.point].loaded.scenario).as_nanos()
}

/// Shows how much of these cells is done, of which `control` is told.
pub fn progress<'c>(
    grid: &Grid,
    cells: impl Iterator<Item = &'c Cell>,
    label: String,
    how: &How,
    control: &Arc<Control>,
) -> Progress {
    let total = cells.fold(0u64, |sum, cell| sum.saturating_add(length(grid, cell)));
    Progress::over(
        label,
        &Arc::new(AtomicU64::new(total)),
        false,
        control,
        how.every,
        how.quiet || total == 0,
    )
}

/// Runs cells until none are left or somebody says stop; gives how many were kept.
fn work(
    grid: &Grid,
    cells: &[(&String, &Cell)],
    share: &Share,
    how: &How,
    control: &Control,
) -> Result<usize, Error> {
    let (next, kept) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let failure: Mutex<Option<Error>> = Mutex::new(None);
    let one = || {
        while let Some((key, cell)) = cells.get(next.fetch_add(1, Ordering::Relaxed)) {
            if control.stop.load(Ordering::Relaxed) {
                return;
            }
            let scenario = &grid.points[cell.point].loaded.scenario;
            let layout = Arc::new(Layout::new(&scenario.workloads));
            let trial = run_trial(scenario, &layout, cell.strategy, cell.trial, control);
            // What was cut short is no cell.
            if control.stop.load(Ordering::Relaxed) {
                return;
            }
            match share.store.write(key, &grid.label(cell), &trial) {
                Ok(()) => {
                    kept.fetch_add(1, Ordering::Relaxed);
                }
                Err(error) => {
                    failure.lock().expect("nobody panics holding it").get_or_insert(error);
                    control.stop.store(true, Ordering::Relaxed);
                }
            }
        }
    };
    let threads = crate::cli::threads::threads(how.threads);
    std::thread::scope(|scope| {
        for _ in 1..threads.clamp(1, cells.len().max(1)) {
            scope.spawn(one);
        }
        one();
    });
    match failure.into_inner().expect("nobody panics holding it") {
        Some(error) => Err(error),
        None => Ok(kept.into_inner()),
    }
}
