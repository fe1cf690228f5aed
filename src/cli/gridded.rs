//! `keystorm run` as far as it is made of cells: `--over` and `sweep:`, `--shard`, and `--bus`.

use super::grid::{self, Grid, Shard, Share, Source, named, store};
use super::{Common, Error, exit, output};
use crate::notice;
use crate::record::Layout;
#[cfg(feature = "bus")]
use crate::record::Trial;
use crate::scenario::Axis;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// What `run` was asked for.
pub struct GridOptions<'a> {
    /// `--over`, in order.
    pub over: &'a [String],
    /// `--shard`.
    pub shard: Option<&'a str>,
    /// `--out`.
    pub out: Option<&'a Path>,
    /// `--force`.
    pub force: bool,
    /// Threads and progress.
    pub how: grid::How,
}

/// Runs a sweep, or a share of a run or of a sweep.
///
/// # Errors
/// As [`Grid::new`], [`Share::claim`] and [`grid::run_share`].
pub fn run(source: Source, options: &GridOptions<'_>, common: &Common) -> Result<ExitCode, Error> {
    let axes = axes(options.over)?;
    let told = options.shard.map(|text| Shard::parse(text, &super::load::environment)).transpose()?;
    let grid = Grid::new(source, axes)?;
    let shard = told.as_ref().map_or(Shard::WHOLE, |told| told.shard);
    let out = options.out.map(|out| named(out, told.is_some().then_some(shard)));
    let share = Share::claim(out.as_deref(), &grid, shard, options.force)?;
    if let (Some(by), false) = (told.as_ref().and_then(|told| told.by.as_ref()), common.quiet) {
        notice::tell(format_args!("shard {shard}, by {by}"));
    }
    let worked = grid::run_share(&grid, shard, &share, &options.how)?;
    if !is_whole(&worked, &share, common) {
        return Ok(ExitCode::from(exit::INTERRUPTED));
    }
    match told {
        Some(_) => show_share(&grid, shard, &share, worked.cells, common),
        None => finish(&grid, &share, common),
    }
}

/// Whether all cells that were wanted are there; says so if they are not.
pub fn is_whole(worked: &grid::Worked, share: &Share, common: &Common) -> bool {
    let shown = share.dir.display();
    if worked.were_there > 0 && !common.quiet {
        notice::tell(format_args!("{} of {} cells were there already", worked.were_there, worked.cells));
    }
    if !worked.is_whole() {
        notice::tell(format_args!(
            "keystorm: stopped with {} of {} cells, which are kept in {shown}: the same command with -o {shown} goes on",
            worked.are_there, worked.cells
        ));
    }
    worked.is_whole()
}

/// The fields to vary.
/// The axes of `--over`.
///
/// # Errors
/// [`Error::Usage`] for one that is none, or is given twice.
pub fn axes(over: &[String]) -> Result<Vec<Axis>, Error> {
    let mut axes: Vec<Axis> = Vec::new();
    for text in over {
        let axis = Axis::parse(text).map_err(|why| Error::Usage(format!("--over {text}: {why}")))?;
        if axes.iter().any(|known| known.path == axis.path) {
            return Err(Error::Usage(format!("--over {text}: `{}` is given twice", axis.path)));
        }
        axes.push(axis);
    }
    Ok(axes)
}

/// Says what a share came to, and what makes a run of it.
fn show_share(
    grid: &Grid,
    shard: Shard,
    share: &Share,
    cells: usize,
    common: &Common,
) -> Result<ExitCode, Error> {
    let all = grid.cells().len();
    if common.json {
        let document = serde_json::json!({
            "schema": "keystorm.share/1",
            "name": grid.points[0].loaded.scenario.name,
            "run": grid.id(),
            "shard": shard.to_string(),
            "cells": cells,
            "of": all,
            "out": share.dir.display().to_string(),
        });
        output::print(format!("{document:#}\n"))?;
    } else {
        output::print(format!(
            "shard {shard}: {cells} of {all} cells, in {}\n`keystorm merge DIR… -o OUT` makes the run of all {} shards.\n",
            share.dir.display(),
            shard.of
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The first `many` trials of every strategy of a run without axes, whose cells are all there; those in `known` were read
/// already.
///
/// # Errors
/// [`Error::Failed`] for a cell that has gone or was changed meanwhile.
#[cfg(feature = "bus")]
pub fn trials(
    grid: &Grid,
    share: &Share,
    many: usize,
    known: &BTreeMap<String, Trial>,
) -> Result<Vec<Vec<Trial>>, Error> {
    let there = share.store.files()?;
    let mut read = |key: &str, layout: &Arc<Layout>| match known.get(key) {
        Some(trial) => Ok(trial.clone()),
        None => store::read(&there_now(share, &there, key)?, key, layout),
    };
    grid.first_trials(0, many, &mut read)
}

/// Concludes a sweep whose cells are all there.
///
/// # Errors
/// As [`grid::conclude_sweep`], and [`Error::Failed`] for files that cannot be written.
pub fn finish(grid: &Grid, share: &Share, common: &Common) -> Result<ExitCode, Error> {
    let there = share.store.files()?;
    let mut read =
        |key: &str, layout: &Arc<Layout>| store::read(&there_now(share, &there, key)?, key, layout);
    let sweep = grid::conclude_sweep(grid, &mut read)?;
    let saved = output::write_files(&share.dir, grid::files_of(&sweep)?);
    grid::show_sweep(&sweep, common)?;
    saved?;
    if !common.quiet {
        notice::tell(format_args!("report: {}", share.dir.join("sweep.html").display()));
    }
    Ok(ExitCode::SUCCESS)
}

/// The file of the cell of this key.
fn there_now(share: &Share, there: &BTreeMap<String, Vec<PathBuf>>, key: &str) -> Result<PathBuf, Error> {
    let found = there.get(store::short(key)).and_then(|paths| paths.first());
    found.cloned().ok_or_else(|| Error::Failed(format!("a cell has gone from {}", share.dir.display())))
}
