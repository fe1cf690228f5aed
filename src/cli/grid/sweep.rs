//! From the cells of a grid to `sweep.json` and its drawings.

use super::{Grid, Read};
use crate::cli::{Common, Error, output};
use crate::report;
use crate::results::{Sweep, Sweeping, conclude};
use std::iter;

/// The sweep that the cells make, each of which `read` finds by its key. One point is in memory at a time.
///
/// # Errors
/// As `read`.
pub fn conclude_sweep(grid: &Grid, read: Read<'_>) -> Result<Sweep, Error> {
    let mut sweeping = Sweeping::new(&grid.axes);
    for (number, point) in grid.points.iter().enumerate() {
        let trials = grid.trials(number, read)?;
        let scenario = &point.loaded.scenario;
        let (run, recordings) =
            conclude(scenario, &point.loaded.question, scenario.to_value(), &trials, false);
        sweeping.add(scenario, &point.values, &run, &recordings);
    }
    sweeping.finish().ok_or_else(|| Error::Failed("the grid has no point".into()))
}

/// The saved sweep and everything beside it, by name; `sweep.json` comes last.
///
/// # Errors
/// Never in practice: every figure is finite.
pub fn files_of(sweep: &Sweep) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let json = ("sweep.json".to_owned(), to_json(sweep)?);
    Ok(report::sweep::files(sweep).into_iter().chain(iter::once(json)).collect())
}

/// `sweep.json`, ending in a newline.
///
/// # Errors
/// Never in practice: every figure is finite.
pub fn to_json(sweep: &Sweep) -> Result<Vec<u8>, Error> {
    let mut json = serde_json::to_vec_pretty(sweep)
        .map_err(|error| Error::Failed(format!("cannot write sweep.json: {error}")))?;
    json.push(b'\n');
    Ok(json)
}

/// Shows the summary, or the whole sweep with `--json`.
///
/// # Errors
/// When stdout cannot be written.
pub fn show_sweep(sweep: &Sweep, common: &Common) -> Result<(), Error> {
    match common.json {
        true => output::print(to_json(sweep)?),
        false => output::print(report::sweep::text(sweep, output::look(false))),
    }
}
