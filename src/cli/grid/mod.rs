//! A run as a set of cells that is known beforehand: (point of the grid, strategy, trial), each a pure function of its key.
//! Sweeps are made of cells, so that a stopped one goes on where it was; shards are a share of them, and over a bus workers
//! run one after the other.
//!
//! ```text
//!  scenario + axes ─▶ points ─▶ cells ──┬─ this share ─▶ work ─▶ DIR/cells/<key>.<sum>.cell ─┐
//!                                       └─ others' shares, elsewhere ───────────────────────┤
//!                        run.json or sweep.json ◀── conclude ◀── merge: each cell once ◀────┘
//! ```
//!
//! The key of a cell names what its outcome follows from and nothing else: version, definitions, the scenario as it is at
//! that point with this strategy alone, the traces, the trial. So points that do not touch a strategy share its cells.

mod folder;
mod shard;
pub mod source;
pub mod store;
mod sweep;
mod work;

#[cfg(feature = "bus")]
pub use folder::{NAME as SHARE, TRACES};
pub use folder::{Opened, Share};
pub use shard::{Shard, named};
pub use source::{Source, SourceLookup};
pub use store::Store;
pub use sweep::{conclude_sweep, files_of, show_sweep};
pub use work::{How, Worked, run_share};
#[cfg(feature = "bus")]
pub use work::{length, progress};

use super::Error;
use super::load::Loaded;
use crate::record::{Layout, Trial};
use crate::results::DEFINITIONS;
use crate::scenario::{Axis, Scenario, Set};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The most points of a grid, and the most cells of a run.
const MOST_POINTS: usize = 10_000;
const MOST_CELLS: usize = 1_000_000;

/// Finds the trial of a cell by its key.
pub type Read<'r> = &'r mut dyn FnMut(&str, &Arc<Layout>) -> Result<Trial, Error>;

/// A run, cut into cells.
#[derive(Debug)]
pub struct Grid {
    /// What it was read from.
    pub source: Source,
    /// The fields it varies; none for a run of one point.
    pub axes: Vec<Axis>,
    /// Every point, the last axis fastest; one without values where there is no axis.
    pub points: Vec<Point>,
    /// The traces of all points: SHA-256 by name.
    pub traces: BTreeMap<String, String>,
    /// The distinct cells by their keys.
    cells: BTreeMap<String, Cell>,
    /// The key of each point's strategies' trials.
    keys: Vec<Vec<Vec<String>>>,
}

/// One point of a grid.
#[derive(Debug)]
pub struct Point {
    /// A value for each axis.
    pub values: Vec<String>,
    /// The scenario there.
    pub loaded: Loaded,
}

/// One trial of one strategy at one point, or at several that it cannot tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The number of the first such point.
    pub point: usize,
    /// The strategy's number.
    pub strategy: usize,
    /// The trial's number from 0.
    pub trial: u32,
}

impl Grid {
    /// The cells of `source` over `axes`; without any, over those that the scenario has itself.
    ///
    /// # Errors
    /// As [`Source::with`] for the first point that cannot be, [`Error::Usage`] for too many.
    pub fn new(source: Source, axes: Vec<Axis>) -> Result<Grid, Error> {
        let base = source.load()?;
        let is_sweep = !axes.is_empty() || !base.scenario.sweep.is_empty();
        source::is_simulated(&base, if is_sweep { "a sweep" } else { "a shard" })?;
        Grid::cut(source, &base, axes)
    }

    /// A live run, which is one point: its cells are its trials, and name what is run, but not what comes of it.
    ///
    /// # Errors
    /// As [`Grid::new`], but for the target.
    #[cfg(all(feature = "bus", feature = "live"))]
    pub fn live(source: Source) -> Result<Grid, Error> {
        let base = source.load()?;
        Grid::cut(source, &base, Vec::new())
    }

    fn cut(source: Source, base: &Loaded, axes: Vec<Axis>) -> Result<Grid, Error> {
        let (axes, given) = match axes.is_empty() {
            true => (base.scenario.sweep.clone(), "sweep.over: "),
            false => (axes, "--over "),
        };
        let many = axes.iter().try_fold(1usize, |many, axis| many.checked_mul(axis.values.len()));
        let Some(many) = many.filter(|many| *many <= MOST_POINTS) else {
            return Err(Error::Usage(format!("the grid has more than {MOST_POINTS} points")));
        };
        source::has_fixed_trials(&base.scenario.to_value())?;
        let mut grid = Grid {
            source,
            axes,
            points: Vec::with_capacity(many),
            traces: BTreeMap::new(),
            cells: BTreeMap::new(),
            keys: Vec::with_capacity(many),
        };
        for number in 0..many {
            grid.add_point(number, given)?;
        }
        Ok(grid)
    }

    /// The values of point `number`, the last axis fastest.
    fn values(&self, number: usize) -> Vec<String> {
        let mut rest = number;
        let mut values: Vec<String> = Vec::new();
        for axis in self.axes.iter().rev() {
            values.push(axis.values[rest % axis.values.len()].clone());
            rest /= axis.values.len();
        }
        values.reverse();
        values
    }

    fn add_point(&mut self, number: usize, given: &str) -> Result<(), Error> {
        let values = self.values(number);
        let set = |(axis, value): (&Axis, &String)| {
            let steps: Vec<&str> = axis.path.split('.').collect();
            Set::option(&steps, value, &format!("{given}{}={value}", axis.path))
        };
        let sets: Vec<Set> = self.axes.iter().zip(&values).map(set).collect();
        let mut loaded = self.source.with(&sets)?;
        loaded.scenario.sweep = Vec::new();
        let sums = source::trace_sums(&self.source, &loaded, &mut self.traces)?;
        let mut keys = Vec::new();
        for strategy in 0..loaded.scenario.strategies.len() {
            let asked = asked(&loaded.scenario, strategy, &sums);
            let of_trial = |trial: u32| source::sum(format!("{asked}trial: {trial}\n"));
            let trials: Vec<String> = (0..loaded.scenario.trials).map(of_trial).collect();
            for (key, trial) in trials.iter().zip(0..) {
                self.cells.entry(key.clone()).or_insert(Cell { point: number, strategy, trial });
            }
            keys.push(trials);
        }
        if self.cells.len() > MOST_CELLS {
            return Err(Error::Usage(format!("the run has more than {MOST_CELLS} cells")));
        }
        self.keys.push(keys);
        self.points.push(Point { values, loaded });
        Ok(())
    }

    /// The distinct cells by their keys: the order is nobody's, so that every share has a bit of everything.
    pub fn cells(&self) -> &BTreeMap<String, Cell> {
        &self.cells
    }

    /// What people call a cell: `cached, trial 3, at maxAge=10s`.
    pub fn label(&self, cell: &Cell) -> String {
        let point = &self.points[cell.point];
        let name = &point.loaded.scenario.strategies[cell.strategy].name;
        let at: Vec<String> = self
            .axes
            .iter()
            .zip(&point.values)
            .map(|(axis, value)| format!("{}={value}", axis.path))
            .collect();
        let at = if at.is_empty() { String::new() } else { format!(" at {}", at.join(", ")) };
        format!("strategy {name}, trial {}{at}", cell.trial + 1)
    }

    /// What names the run as a whole: its cells, the shape of its grid, and what else stands in its results.
    pub fn id(&self) -> String {
        let mut text = format!("keystorm.grid/1\n{}\n{DEFINITIONS}\n", env!("CARGO_PKG_VERSION"));
        // A run tells its command, a sweep does not.
        if self.axes.is_empty() {
            text += &format!("{:?}\n", self.source.words);
        }
        for axis in &self.axes {
            text += &format!("{}={:?}\n", axis.path, axis.values);
        }
        for (point, keys) in self.points.iter().zip(&self.keys) {
            let loaded = &point.loaded;
            text += &format!("{}\n{}\n{keys:?}\n", loaded.question, loaded.scenario.to_value());
        }
        source::sum(text)
    }

    /// Everything that was recorded at point `number`, by strategy and trial, as `read` finds it by key.
    ///
    /// # Errors
    /// As `read`.
    pub fn trials(&self, number: usize, read: Read<'_>) -> Result<Vec<Vec<Trial>>, Error> {
        self.first_trials(number, usize::MAX, read)
    }

    /// The same of the first `many` trials of each strategy.
    ///
    /// # Errors
    /// As `read`.
    pub fn first_trials(&self, number: usize, many: usize, read: Read<'_>) -> Result<Vec<Vec<Trial>>, Error> {
        let layout = Arc::new(Layout::new(&self.points[number].loaded.scenario.workloads));
        let of_strategy = |keys: &Vec<String>| keys.iter().take(many).map(|key| read(key, &layout)).collect();
        self.keys[number].iter().map(of_strategy).collect()
    }

    /// Whether it varies anything.
    pub fn is_sweep(&self) -> bool {
        !self.axes.is_empty()
    }
}

/// What the outcome of a strategy's trials follows from, as text.
fn asked(scenario: &Scenario, strategy: usize, traces: &[String]) -> String {
    let name = scenario.strategies[strategy].name.clone();
    let mut alone = scenario.clone();
    alone.strategies = vec![scenario.strategies[strategy].clone()];
    for workload in &mut alone.workloads {
        let mut index = 0;
        workload.strategies.retain(|_| {
            index += 1;
            index - 1 == strategy
        });
    }
    // What only says how many there are, what they are called, and how they are judged afterwards.
    (alone.name, alone.trials, alone.gate, alone.sweep) = (String::new(), 1, Vec::new(), Vec::new());
    alone.thresholds.retain(|threshold| threshold.abort_on_fail);
    format!(
        "keystorm.cell/1\nversion: {}\ndefinitions: {DEFINITIONS}\nstrategy: {name}\ntraces: {traces:?}\n{}",
        env!("CARGO_PKG_VERSION"),
        alone.to_yaml()
    )
}
