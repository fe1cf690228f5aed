//! Goes through the calls of one account and Region of a log, without writing anything.

use super::input::Input;
use super::{failed, readers, told};
use crate::cli::Error;
use crate::intake::cloudtrail::{Events, Filter, Log, Second};
use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

/// Which calls of which log.
#[derive(Clone, Copy)]
pub struct Wanted<'w> {
    /// Which files.
    pub input: Input<'w>,
    /// Which events count.
    pub filter: &'w Filter,
    /// The Region; the busiest without one.
    pub region: Option<&'w str>,
    /// The account; the busiest without one.
    pub account: Option<&'w str>,
    /// Threads that read.
    pub threads: usize,
    /// Whether progress is left untold.
    pub quiet: bool,
}

/// The Region and the account that are asked about: those wanted, or the busiest.
pub fn place(
    events: &Events,
    region: Option<&str>,
    account: Option<&str>,
) -> (Option<String>, Option<String>) {
    let busiest = events.busiest(region, account);
    let either = |wanted: Option<&str>, found: Option<&str>| wanted.or(found).map(str::to_owned);
    (either(region, busiest.map(|(region, _)| region)), either(account, busiest.map(|(_, account)| account)))
}

/// Hands on the seconds in order. What does not fit into memory meanwhile lies in the system's folder for such things.
///
/// # Errors
/// A file that is no log; no calls at all, with what is there instead.
pub fn go_through(wanted: &Wanted<'_>, each: &mut dyn FnMut(&Second)) -> Result<Log, Error> {
    static LOGS: AtomicU64 = AtomicU64::new(0);
    let name = format!("keystorm-log-{}-{}", std::process::id(), LOGS.fetch_add(1, Ordering::Relaxed));
    let aside = std::env::temp_dir().join(name);
    let log = (|| {
        let Wanted { input, filter, threads, quiet, .. } = *wanted;
        let gathered = readers::gather(&readers::Reading { input, filter, threads, quiet }, &aside)?;
        let mut events = gathered.collector.settle(threads).map_err(|error| failed(&aside, error))?;
        let (region, account) = place(&events, wanted.region, wanted.account);
        let mut add = |second: &Second| {
            each(second);
            Ok(())
        };
        let log = events
            .log(region.as_deref(), account.as_deref(), &mut add)
            .map_err(|error| failed(&aside, error))?;
        if log.calls_counted() == 0 { Err(told::no_calls(&log)) } else { Ok(log) }
    })();
    if aside.exists() {
        fs::remove_dir_all(&aside).map_err(|error| failed(&aside, error))?;
    }
    log
}
