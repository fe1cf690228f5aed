//! `keystorm plan --backtest`: a limiter fitted to one log's throttles, held against another log.

use super::import::{Input, Wanted, go_through};
use super::{Common, Error, output};
use crate::intake::cloudtrail::{Filter, Log, pool};
use crate::planner::backtest::{Score, Second, fit};
use crate::quota::{PoolId, catalogue};
use crate::report::backtest::{Backtest, Tested, document, text};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::ExitCode;

/// Seconds of each pool.
type Pools = BTreeMap<PoolId, Vec<Second>>;

/// Runs the command on two logs of the account in the Region; the first log's busiest without one.
///
/// # Errors
/// As reading a log; if the second has no calls of that account in that Region.
pub fn run(
    [first, second]: [&PathBuf; 2],
    (region, account): (Option<&str>, Option<&str>),
    threads: usize,
    common: &Common,
) -> Result<ExitCode, Error> {
    let read = |path: &PathBuf, region: Option<&str>, account: Option<&str>| {
        let (paths, filter) = ([path.clone()], Filter::default());
        let wanted = Wanted {
            input: Input::all(&paths),
            filter: &filter,
            region,
            account,
            threads,
            quiet: common.quiet,
        };
        seconds(&wanted)
    };
    let (log, fitted) = read(first, region, account)?;
    let (region, account) = (log.region.clone().unwrap_or_default(), log.account.clone().unwrap_or_default());
    let (_, told) = read(second, Some(&region), Some(&account))?;
    let ids: BTreeSet<PoolId> = fitted.keys().chain(told.keys()).copied().collect();
    let backtest = Backtest {
        first: first.display().to_string(),
        second: second.display().to_string(),
        pools: ids.into_iter().map(|id| tested(&region, id, &fitted, &told)).collect(),
        region,
        account,
    };
    output::print(match common.json {
        true => format!("{:#}\n", document(&backtest)),
        false => text(&backtest, output::look(false)),
    })?;
    Ok(ExitCode::SUCCESS)
}

fn tested(region: &str, id: PoolId, first: &Pools, second: &Pools) -> Tested {
    let of = |pools: &Pools| pools.get(&id).cloned().unwrap_or_default();
    let (first, second) = (of(first), of(second));
    let counts = |seconds: &[Second]| {
        (seconds.len() as u64, seconds.iter().filter(|second| second.refused > 0).count() as u64)
    };
    let is_known = catalogue::is_region(region) && catalogue::has(region, id);
    let fit = fit(&first, is_known.then(|| catalogue::limit(region, id)));
    let score = fit.as_ref().filter(|_| !second.is_empty()).map(|fit| Score::of(&second, &fit.limit));
    Tested { pool: id.name().into(), first: counts(&first), second: counts(&second), fit, score }
}

fn seconds(wanted: &Wanted<'_>) -> Result<(Log, Pools), Error> {
    let mut pools = Pools::new();
    let log = go_through(wanted, &mut |second| {
        let at = second.at.as_second();
        for call in second.calls {
            let seconds = pools.entry(pool(call)).or_default();
            if seconds.last().is_none_or(|last| last.at != at) {
                seconds.push(Second { at, ..Second::default() });
            }
            if let Some(last) = seconds.last_mut() {
                let count = if call.is_throttled { &mut last.refused } else { &mut last.admitted };
                *count += 1;
            }
        }
    })?;
    Ok((log, pools))
}
