//! `keystorm merge`: the shares of a run, wherever they were run, become the run; so do those of an import. Nothing is believed
//! but the cells, or partials, that are there.

use super::grid::{self, Grid, Opened, Store, store};
use super::run_folder::RunFolder;
use super::{Common, Error, import, run};
use crate::notice;
use crate::record::Layout;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Options of `merge`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The folders of all shares, in any order, or folders that hold them.
    #[arg(required = true, value_name = "DIR")]
    shares: Vec<PathBuf>,
    /// Folder for the saved run, which must not be there yet [default: reports/local/<name>-<time>]; or for the import.
    #[arg(short, long, value_name = "DIR", env = "KEYSTORM_OUT")]
    out: Option<PathBuf>,
    /// Of an import: also write the calls of each second by operation and caller, as CSV with the callers' names.
    #[arg(long, value_name = "FILE", env = "KEYSTORM_COUNTS")]
    counts: Option<PathBuf>,
    /// Of an import: an answer of CloudWatch about CallCount of the same time, to say whether the log lacks calls.
    #[arg(long, value_name = "FILE", env = "KEYSTORM_USAGE")]
    usage: Option<PathBuf>,
    /// Replace the run or the import that --out holds.
    #[arg(long, env = "KEYSTORM_FORCE")]
    force: bool,
}

/// Problems of one kind that are named before the rest is counted.
const NAMED: usize = 5;

/// Runs the command.
///
/// # Errors
/// [`Error::Failed`] for shares that are not those of one run, and for cells that are missing, foreign, doubled, damaged or
/// of another version, each by its name.
pub fn run(args: Args, common: &Common) -> Result<ExitCode, Error> {
    if common.is_given("force") && args.out.is_none() {
        return Err(Error::Usage("--force replaces the run in --out, which is not given".into()));
    }
    if import::is_import(&args.shares)? {
        let (counts, usage) = (args.counts.as_deref(), args.usage.as_deref());
        let merging = import::Merging {
            dirs: &args.shares,
            out: args.out.as_deref(),
            counts,
            usage,
            force: args.force,
        };
        return import::merge(&merging, common);
    }
    if let Some(option) = ["counts", "usage"].into_iter().find(|option| common.is_given(option)) {
        return Err(Error::Usage(format!(
            "--{option} goes with shares of an import, and these are of a run"
        )));
    }
    let mut shares = Vec::new();
    for dir in &args.shares {
        for share in Opened::within(dir)? {
            shares.push(Opened::read(&share)?);
        }
    }
    let first = &shares[0];
    if let Some(other) = shares.iter().find(|share| share.run != first.run) {
        return Err(Error::Failed(format!(
            "{} is a share of another run ({}) than {} ({})",
            other.dir.display(),
            other.name,
            first.dir.display(),
            first.name
        )));
    }
    let grid = first.grid()?;
    let cells = gathered(&grid, &shares)?;
    let name = &grid.points[0].loaded.scenario.name;
    let folder = RunFolder::claim(args.out.as_deref(), name, args.force)?;
    let mut read = |key: &str, layout: &Arc<Layout>| {
        let path = cells.get(store::short(key)).ok_or_else(|| Error::Failed(format!("no cell {key}")))?;
        store::read(path, key, layout)
    };
    if grid.is_sweep() {
        let sweep = grid::conclude_sweep(&grid, &mut read)?;
        let report = folder.dir().join("sweep.html");
        let saved = folder.fill(&grid::files_of(&sweep)?);
        grid::show_sweep(&sweep, common)?;
        saved?;
        if !common.quiet {
            notice::tell(format_args!("report: {}", report.display()));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let trials = grid.trials(0, &mut read)?;
    run::conclude_trials(&grid.points[0].loaded, &grid.source.words, &trials, folder, common)
}

/// The one file of every cell, by the first digits of its key.
fn gathered(grid: &Grid, shares: &[Opened]) -> Result<BTreeMap<String, PathBuf>, Error> {
    let mut found: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for share in shares {
        for (key, paths) in Store::new(&share.dir).files()? {
            found.entry(key).or_default().extend(paths);
        }
    }
    let wanted: BTreeMap<&str, String> =
        grid.cells().iter().map(|(key, cell)| (store::short(key), grid.label(cell))).collect();
    let mut problems = Problems::default();
    for (key, paths) in &found {
        for path in paths {
            look(path, wanted.contains_key(key.as_str()), &mut problems);
        }
        if let ([one, two, ..], Some(label)) = (paths.as_slice(), wanted.get(key.as_str())) {
            problems.doubled.push(format!("{label}: {} and {}", one.display(), two.display()));
        }
    }
    problems.missing =
        wanted.iter().filter(|(key, _)| !found.contains_key(**key)).map(|(_, l)| l.clone()).collect();
    problems.missing.sort();
    problems.told(shares)?;
    Ok(found.into_iter().filter_map(|(key, paths)| Some((key, paths.into_iter().next()?))).collect())
}

/// What is wrong with the cells, each by its name.
#[derive(Debug, Default)]
struct Problems {
    unreadable: Vec<String>,
    foreign: Vec<String>,
    doubled: Vec<String>,
    missing: Vec<String>,
}

/// Looks at one file: whether it is whole, of this version and of this run.
fn look(path: &Path, is_wanted: bool, problems: &mut Problems) {
    let header = match store::open(path) {
        Ok((header, _)) => header,
        Err(error) => return problems.unreadable.push(error.to_string()),
    };
    if let Err(error) = store::is_of_this_version(path, &header) {
        problems.unreadable.push(error.to_string());
    } else if !is_wanted {
        problems.foreign.push(format!("{}: {}", path.display(), header.cell));
    }
}

impl Problems {
    /// Everything that is wrong, or nothing.
    fn told(self, shares: &[Opened]) -> Result<(), Error> {
        let mut said: Vec<String> = Vec::new();
        let mut tell = |list: &[String], about: &str| {
            said.extend(list.iter().take(NAMED).map(|each| format!("{about}{each}")));
            if list.len() > NAMED {
                said.push(format!("{about}{} more", list.len() - NAMED));
            }
        };
        tell(&self.unreadable, "");
        tell(&self.foreign, "foreign, no cell of this run: ");
        tell(&self.doubled, "doubled: ");
        tell(&self.missing, "missing: ");
        if said.is_empty() {
            return Ok(());
        }
        if !self.missing.is_empty() {
            let there: Vec<String> = shares.iter().map(|share| share.shard.to_string()).collect();
            said.push(format!("there are the shards {}; run what is missing again", there.join(", ")));
        }
        Err(Error::Failed(said.join("\n")))
    }
}
