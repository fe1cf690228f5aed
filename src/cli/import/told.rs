//! What `import cloudtrail` says: a summary for people, and the same as JSON.

use crate::cli::Error;
use crate::intake::cloudtrail::{Log, Peak, lever};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Records of other services after which the lack of KMS events is no chance.
const MANY: u64 = 1_000;

/// Why a log cannot be replayed, with what to look at.
pub fn no_calls(log: &Log) -> Error {
    let place = log.region.as_deref().map(|name| format!(" in {name}")).unwrap_or_default();
    let account = log.account.as_deref().map(|id| format!(" by account {id}")).unwrap_or_default();
    let others = match log.by_region.is_empty() {
        true if log.own > 0 => format!(
            "{} of them are keystorm's own calls, which are left out (--keep-own keeps them)",
            log.own
        ),
        true if log.filtered > 0 => {
            format!(
                "{} KMS events are there, but not of those that --from, --to, --key and --caller ask for",
                log.filtered
            )
        }
        true if !log.exclusions.is_empty() => format!(
            "at {} a trail was changed so that it leaves KMS events out: change its event selectors, or take the events from \
             CloudTrail's event history (lookup-events)",
            log.exclusions[0]
        ),
        true if log.digests > 0 && log.records == 0 => {
            "digest files tell of other files only; give the log files beside them".into()
        }
        true if log.insights > 0 && log.insights == log.records => {
            "Insights files are summaries; give the trail's log files".into()
        }
        true if log.records >= MANY => format!(
            "of {} records not one is of KMS, so this trail very likely leaves KMS events out \
             (ExcludeManagementEventSources); take them from CloudTrail's event history (lookup-events) or change its event \
             selectors",
            log.records
        ),
        true => "a trail can leave KMS events out (ExcludeManagementEventSources)".into(),
        false if log.kms_events > 0 => format!("only what KMS did by itself: {}", list(&log.not_calls)),
        false if log.by_account.is_empty() => format!("its Regions are {}", list(&log.by_region)),
        false => {
            format!("its Regions are {}, its accounts there {}", list(&log.by_region), list(&log.by_account))
        }
    };
    let flaws = match log.flaws.first() {
        Some(flaw) => format!("; {} records could not be read, the first being {flaw}", log.skipped),
        None => String::new(),
    };
    Error::Failed(format!("no KMS calls{place}{account} among {} records; {others}{flaws}", log.records))
}

/// `Decrypt 178, Encrypt 42`, most first; the first twenty of many.
fn list(counts: &BTreeMap<String, u64>) -> String {
    let mut counts = counts.iter().collect::<Vec<_>>();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let more = counts.len().saturating_sub(20);
    let mut text =
        counts.iter().take(20).map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ");
    if more > 0 {
        let _ = write!(text, " and {more} more");
    }
    text
}

/// Takes a line of the summary: what it is about, and the rest.
type Line<'l> = &'l mut dyn FnMut(&str, String);

/// What the log says, for people.
pub fn summary(log: &Log, (passed_over, resumed): (u64, u64)) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| _ = writeln!(text, "{name:<9} {value}");
    what(log, &mut line);
    beside(log, (passed_over, resumed), &mut line);
    cautions(log, &mut line);
    text
}

/// When, how much, what and by whom.
fn what(log: &Log, line: Line<'_>) {
    let peak = |peak: Option<Peak>| {
        peak.map(|peak| format!("{} calls at {}", peak.calls, peak.at)).unwrap_or_default()
    };
    let time = |at: Option<jiff::Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    if let Some(factor) = log.burst_factor() {
        let mean = log.minute_of_peak as f64 / 60.0;
        line("peak", format!("second: {}; its minute has {mean:.1} a second", peak(log.peak_second)));
        line("burst", format!("{factor:.1} (peak second ÷ mean second of its minute)"));
    }
    line("", format!("minute: {}", peak(log.peak_minute)));
    line("files", format!("{} with {} records of all services", log.files, log.records));
    line(
        "calls",
        format!("{} to KMS in {}", log.calls_counted(), log.region.as_deref().unwrap_or("all Regions")),
    );
    line("from", format!("{} to {}", time(log.first), time(log.last)));
    line("operation", list(&log.by_operation));
    line("invoker", list(&log.by_invoker));
    line("keys", format!("{}, encryption contexts {}", log.keys, log.contexts));
    for (service, calls) in &log.services {
        line("service", format!("{calls} calls by {service} on your behalf: {}", lever(service)));
    }
    line("throttles", format!("{} recorded; throttled calls may be missing from a log", log.throttled));
    if !log.by_error.is_empty() {
        line("errors", list(&log.by_error));
    }
    if !log.not_calls.is_empty() {
        line("no calls", format!("{}: done by KMS itself, not replayed", list(&log.not_calls)));
    }
}

/// What was left out, and why.
fn beside(log: &Log, (passed_over, resumed): (u64, u64), line: Line<'_>) {
    for (count, name, what) in [
        (log.own, "left out", "calls that keystorm itself made; --keep-own keeps them"),
        (log.filtered, "left out", "KMS events that were not asked for"),
        (log.duplicates, "copies", "events told of more than once, counted once"),
        (log.twins, "twins", "calls that a VPC endpoint told of too (network activity), counted once"),
        (log.stopped, "refused", "calls that a VPC endpoint's policy refused: KMS never saw them"),
        (log.insights, "insights", "summaries by CloudTrail Insights, which are no calls"),
        (log.digests, "digests", "digest files, which hold no events"),
        (passed_over, "ignored", "files that are no logs by their names"),
        (resumed, "resumed", "files that were read before the import was interrupted"),
    ] {
        if count > 0 {
            line(name, format!("{count} {what}"));
        }
    }
}

/// What the log may lack, or what else is in it.
fn cautions(log: &Log, line: Line<'_>) {
    for at in &log.exclusions {
        line(
            "caution",
            format!(
                "at {at} a trail was changed so that it leaves KMS events out: later calls may be missing"
            ),
        );
    }
    if log.by_region.len() > 1 {
        let what = format!("only one Region is replayed of {}; choose with --region", list(&log.by_region));
        line("caution", what);
    }
    if log.by_account.len() > 1 {
        let what = format!(
            "only one account is replayed of {}, since each has quotas of its own; choose with --account",
            list(&log.by_account)
        );
        line("caution", what);
    }
    if log.skipped > 0 {
        line("skipped", format!("{} records could not be read:", log.skipped));
        log.flaws.iter().for_each(|flaw| line("", flaw.clone()));
    }
}

/// The same as one JSON document.
pub fn json(
    log: &Log,
    written: &[String],
    (passed_over, resumed): (u64, u64),
    compared: Option<&str>,
) -> Result<String, Error> {
    let internal =
        |error: serde_json::Error| Error::Failed(format!("the summary cannot be written: {error}"));
    let mut document = serde_json::to_value(log).map_err(internal)?;
    document["burst_factor"] = log.burst_factor().into();
    document["ignored_files"] = passed_over.into();
    document["resumed_files"] = resumed.into();
    document["compared"] = compared.into();
    document["written"] = written.into();
    serde_json::to_string_pretty(&document).map_err(internal)
}
