//! `run --bus`: the cells of a run are put on a bus, and gathered from it into the run's own folder.

use super::{Access, runtime, stopped_by_ctrl_c};
use crate::bus::{Judged, QUESTION, Wanted, Way};
use crate::cli::Error;
use crate::cli::grid::{self, Cell, Grid, How, SHARE, Share, TRACES, Worked, store};
use crate::engine::Control;
use crate::record::{Layout, Trial};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// Trials by the keys of their cells, of which those that are gathered were read once already: reading them is most of what a
/// coordinator does.
pub type Read = BTreeMap<String, Trial>;

/// Who gathers cells from a bus, as often as somebody needs more of them.
pub struct Coordinator {
    way: Way,
    control: Arc<Control>,
    stop: watch::Receiver<bool>,
    runtime: Runtime,
}

impl Coordinator {
    /// One for the bus at `url`, whom Ctrl-C stops.
    ///
    /// # Errors
    /// [`Error::Usage`] for a file of secrets that cannot be read.
    pub fn new(url: &str, access: &Access, quiet: bool) -> Result<Coordinator, Error> {
        let way = access.way(url, quiet)?;
        let control = Arc::new(Control::default());
        let stop = stopped_by_ctrl_c(&control)?;
        Ok(Coordinator { way, control, stop, runtime: runtime()? })
    }

    /// Gathers the cells of `grid` that are wanted and that `share` has not; their trials go to `read`, if somebody has room for
    /// them. Ctrl-C keeps those that are there.
    ///
    /// # Errors
    /// [`Error::Usage`] and [`Error::Failed`] for a bus that cannot be used, and for a cell that cannot be kept.
    pub fn gather(
        &self,
        grid: &Grid,
        share: &Share,
        how: &How,
        is_wanted: impl Fn(&Cell) -> bool,
        mut into: Option<&mut Read>,
    ) -> Result<Worked, Error> {
        let there = share.store.files()?;
        let all = grid.cells();
        let is_there = |key: &String| there.contains_key(store::short(key));
        let wanted: Vec<&String> =
            all.iter().filter(|(_, cell)| is_wanted(cell)).map(|(key, _)| key).collect();
        let keys: Vec<String> =
            wanted.iter().filter(|key| !is_there(key)).map(|key| (*key).clone()).collect();
        let were_there = wanted.len() - keys.len();
        if keys.is_empty() {
            return Ok(Worked { cells: wanted.len(), were_there, are_there: were_there });
        }
        self.control.done.store(0, Ordering::Relaxed);
        let label = format!("{} cells on the bus", keys.len());
        let shown = grid::progress(grid, keys.iter().map(|key| &all[key]), label, how, &self.control);
        let read = |name: &str| std::fs::read(at(&share.dir, name));
        let run = grid.id();
        let material = std::iter::once(QUESTION.to_owned()).chain(grid.traces.values().cloned()).collect();
        let sought = Wanted { run: &run, keys, material, read: &read };
        let mut kept = 0;
        let mut keep = |name: &str, bytes: &[u8]| match keep(grid, share, &self.control, name, bytes) {
            Ok((key, trial)) => {
                kept += 1;
                if let Some(read) = &mut into {
                    read.insert(key, trial);
                }
                Judged::Kept
            }
            Err(judged) => judged,
        };
        let stop = self.stop.clone();
        let ended = self.runtime.block_on(crate::bus::gather(&self.way, &sought, None, &mut keep, stop));
        shown.finish();
        ended?;
        Ok(Worked { cells: wanted.len(), were_there, are_there: were_there + kept })
    }
}

/// Where an object that workers need stands in the run's folder.
fn at(dir: &Path, name: &str) -> PathBuf {
    match name {
        QUESTION => dir.join(SHARE),
        sum => dir.join(TRACES).join(sum),
    }
}

/// Keeps a file from the bus, if it is a cell of the run, whole and of this version; gives its key and what it holds.
fn keep(
    grid: &Grid,
    share: &Share,
    control: &Control,
    name: &str,
    bytes: &[u8],
) -> Result<(String, Trial), Judged> {
    let path = Path::new(name);
    let judge = || -> Result<(u64, String, Trial), Error> {
        let (header, rest) = store::unpack(path, bytes)?;
        let key = header.key.clone();
        let foreign = || Error::Failed(format!("{name}: no cell of this run: {}", header.cell));
        // A name that tells another key would be counted as that one.
        let cell =
            grid.cells().get(&key).filter(|_| name.starts_with(store::short(&key))).ok_or_else(foreign)?;
        let layout = Arc::new(Layout::new(&grid.points[cell.point].loaded.scenario.workloads));
        let trial = store::trial(path, &key, &layout, (header.clone(), rest))?;
        Ok((grid::length(grid, cell), key, trial))
    };
    let (length, key, trial) = judge().map_err(|error| Judged::Refused(error.to_string()))?;
    share.store.keep(name, bytes.to_vec()).map_err(|error| Judged::Failed(error.to_string()))?;
    control.done.fetch_add(length, Ordering::Relaxed);
    Ok((key, trial))
}
