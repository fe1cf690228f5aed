//! `run --bus`: a run, a sweep, or a run that adds trials until its intervals are narrow, by workers on a bus.

use super::coordinate::Read;
use super::{Access, Coordinator};
use crate::cli::grid::{Grid, Shard, Share, Source};
use crate::cli::gridded::{self, GridOptions};
use crate::cli::run_folder::RunFolder;
use crate::cli::{Common, Error, exit};
use crate::engine::{are_enough, trials_after};
use crate::record::Trial;
use crate::scenario::Set;
use std::process::ExitCode;

/// What it came to.
pub enum Came {
    /// Everything is said.
    Done(ExitCode),
    /// All trials of a run without axes, by strategy, and the folder for the run.
    Trials(Vec<Vec<Trial>>, RunFolder),
}

/// Has it run by workers on the bus at `url`.
///
/// # Errors
/// As [`Grid::new`], [`Share::claim`] and [`Coordinator::gather`].
pub fn run(
    mut source: Source,
    (url, access): (&str, &Access),
    options: &GridOptions<'_>,
    common: &Common,
) -> Result<Came, Error> {
    let axes = gridded::axes(options.over)?;
    let asked = source.load()?.scenario;
    // As many trials as there may be are known beforehand; which of them are wanted turns out as it goes.
    let chooses = axes.is_empty() && asked.sweep.is_empty() && asked.until.is_some();
    if chooses {
        source.sets.push(Set::option(&["trials"], &asked.trials.to_string(), "trials.max"));
    }
    let coordinator = Coordinator::new(url, access, common.quiet)?;
    let grid = Grid::new(source, axes)?;
    let share = Share::claim(options.out, &grid, Shard::WHOLE, options.force)?;
    let mut read = Read::new();
    let mut many = if chooses { trials_after(&asked, 0) } else { u32::MAX };
    loop {
        // A run keeps its trials until it is concluded, as one process does; a sweep has one point at a time.
        let into = (!grid.is_sweep()).then_some(&mut read);
        let worked = coordinator.gather(&grid, &share, &options.how, |cell| cell.trial < many, into)?;
        if !gridded::is_whole(&worked, &share, common) {
            return Ok(Came::Done(ExitCode::from(exit::INTERRUPTED)));
        }
        if grid.is_sweep() {
            return gridded::finish(&grid, &share, common).map(Came::Done);
        }
        let trials = gridded::trials(&grid, &share, many as usize, &read)?;
        if !chooses || many >= asked.trials || are_enough(&asked, &trials) {
            // The cells make room for the run when it is whole, and not before.
            return Ok(Came::Trials(trials, RunFolder::claim(Some(&share.dir), &asked.name, true)?));
        }
        many = trials_after(&asked, many);
    }
}
