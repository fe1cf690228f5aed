//! One page on what a log holds: the busiest second against its minute first, then who calls and what can be done.

use super::fit::{aliases, zipf};
use super::log::Log;
use crate::planner::callers::{Caller, Callers, NAMED, SCHEMA};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What lowers the calls that an AWS service makes on an account's behalf: no cache, retry or limiter of the caller does.
///
/// Sources: the services' own guides on their use of KMS (read 2026-11-30); for others nothing is documented.
pub fn lever(service: &str) -> &'static str {
    let name = service.split('.').next().unwrap_or(service);
    match name {
        "s3" => "S3 Bucket Keys: one call for many objects, instead of one for each",
        "secretsmanager" => "Secrets Manager's caching clients: each GetSecretValue is a Decrypt",
        "ssm" => "read SecureString parameters once and keep them, or by path: each read one is a Decrypt",
        "sqs" => "KmsDataKeyReusePeriodSeconds of the queue, up to 24 hours",
        "sns" | "events" => "fewer, larger messages; each published one may take a data key",
        "dynamodb" => "reuse clients: each connection has a table-key cache of its own; or an AWS owned key",
        "kinesis" | "firehose" => "fewer shards and consumers: each keeps its own data key for minutes",
        "lambda" => "reuse execution environments: each cold start decrypts its variables",
        "ec2" | "autoscaling" => {
            "launch instances in smaller groups: each encrypted volume takes a grant and a data key"
        }
        "rds" | "redshift" | "elasticfilesystem" | "fsx" => {
            "nothing by call: such services ask once for each volume or restart"
        }
        "logs" => "nothing by call: CloudWatch Logs keeps its data keys",
        "glue" | "athena" | "elasticmapreduce" => "fewer, larger files, and S3 Bucket Keys where they lie",
        "AWS Internal" => "unknown: the log does not say which service; look at what else happened then",
        _ => "none is documented; look at how the service uses KMS",
    }
}

/// Who calls, for whoever plans with the log.
pub fn callers(log: &Log) -> Callers {
    let (all, peak) = (log.calls_counted(), log.peak_second);
    let of = |part: u64, all: u64| if all > 0 { part as f64 / all as f64 } else { 0.0 };
    let peak_1s = peak.map_or(0, |peak| peak.calls);
    let named = log.callers.iter().take(NAMED).map(|share| Caller {
        name: share.name.clone(),
        calls: share.calls,
        share: of(share.calls, all),
        peak_share: of(share.at_peak, peak_1s),
        lever: share.is_service.then(|| lever(&share.name).to_owned()),
    });
    Callers {
        schema: SCHEMA.into(),
        calls: all,
        peak_1s,
        peak_at: told(peak.map(|peak| peak.at)),
        callers: named.collect(),
        others: log.callers.len().saturating_sub(NAMED) as u64,
    }
}

/// The page, in Markdown.
pub fn page(log: &Log) -> String {
    let mut text = String::from("# What the log holds\n\n");
    first(&mut text, log);
    who_calls(&mut text, log);
    services(&mut text, log);
    keys(&mut text, log);
    bounds(&mut text, log);
    text
}

/// The answer: the busiest second, and what its minute makes of it.
fn first(text: &mut String, log: &Log) {
    let (Some(second), Some(minute), Some(factor)) = (log.peak_second, log.peak_minute, log.burst_factor())
    else {
        text.push_str("No calls.\n");
        return;
    };
    let mean = log.minute_of_peak as f64 / 60.0;
    let _ = writeln!(
        text,
        "**The busiest second has {} calls ({}). Its minute has {}, a mean of {mean:.1} a second: {factor:.1} times less. A metric \
         by the minute hides that.**\n",
        second.calls, second.at, log.minute_of_peak
    );
    let rows = [
        (
            "busiest minute",
            format!("{} calls, {:.1}/s ({})", minute.calls, minute.calls as f64 / 60.0, minute.at),
        ),
        ("99.9 % of all seconds have at most", format!("{} calls", log.p999_second)),
        ("calls in all", log.calls_counted().to_string()),
        ("from, to", format!("{}, {}", told(log.first), told(log.last))),
        ("Region, account", {
            let name = |name: &Option<String>| name.clone().unwrap_or_else(|| "all".into());
            format!("{}, {}", name(&log.region), name(&log.account))
        }),
        ("operations", list(&log.by_operation)),
        (
            "burstiness",
            log.dispersion.map_or("cannot tell".into(), |spread| {
                format!("{spread:.2} (variance ÷ mean of the seconds of a minute; 1 at random)")
            }),
        ),
        ("throttled", format!("{} recorded; throttled calls may be missing from a log", log.throttled)),
    ];
    text.push_str("| | |\n|---|---|\n");
    for (name, value) in rows {
        let _ = writeln!(text, "| {name} | {value} |");
    }
}

fn who_calls(text: &mut String, log: &Log) {
    text.push_str("\n## Who calls\n\n| in fitted.yaml | caller | calls | share |\n|---|---|--:|--:|\n");
    let all = log.calls_counted().max(1) as f64;
    let aliases = aliases(log);
    for (alias, share) in &aliases {
        let part = share.calls as f64 / all * 100.0;
        let _ = writeln!(text, "| {alias} | {} | {} | {part:.1} % |", share.name, share.calls);
    }
    let rest = log.callers.get(aliases.len()..).unwrap_or_default();
    if !rest.is_empty() {
        let calls: u64 = rest.iter().map(|share| share.calls).sum();
        let _ = writeln!(
            text,
            "| others | {} more | {calls} | {:.1} % |",
            rest.len(),
            calls as f64 / all * 100.0
        );
    }
}

fn services(text: &mut String, log: &Log) {
    if log.services.is_empty() {
        return;
    }
    let calls: u64 = log.services.values().sum();
    let part = calls as f64 / log.calls_counted().max(1) as f64 * 100.0;
    let _ = writeln!(
        text,
        "\n## On the account's behalf\n\n{calls} calls ({part:.1} %) come from AWS services. They count against the account's quota, \
         and no cache, retry or limiter of yours acts on them; each has a lever of its own.\n\n| service | calls | lever |\n|---|--:|---|"
    );
    let mut services: Vec<(&String, &u64)> = log.services.iter().collect();
    services.sort_by_key(|(_, calls)| std::cmp::Reverse(**calls));
    for (service, calls) in services {
        let _ = writeln!(text, "| {service} | {calls} | {} |", lever(service));
    }
}

fn keys(text: &mut String, log: &Log) {
    text.push_str("\n## Keys and contexts\n\n");
    for (what, popular, count) in
        [("keys", &log.key_use, log.keys), ("encryption contexts", &log.context_use, log.contexts)]
    {
        let more = if popular.is_more { "more than " } else { "" };
        let law = zipf(&popular.uses).map_or("used alike, or too few to tell".into(), |s| {
            format!("used by Zipf's law, exponent {s:.2}")
        });
        let _ = writeln!(text, "- {more}{count} {what}, {law}");
    }
    for (name, uses) in &log.key_use.most {
        let _ = writeln!(text, "- {uses} calls on {name}");
    }
}

/// What the figures are not.
fn bounds(text: &mut String, log: &Log) {
    text.push_str("\n## What to know of these figures\n\n");
    text.push_str("- They are attempts that KMS saw, retries included, never demand: what gave up or waited is not in them.\n");
    if log.throttled > 0 {
        let _ = writeln!(
            text,
            "- {} were throttled: demand lies between the {} that were admitted and the {} that were tried.",
            log.throttled,
            log.calls_counted() - log.throttled,
            log.calls_counted()
        );
    }
    for (count, what) in [
        (log.duplicates, "events were told of more than once and count once"),
        (log.twins, "calls were told of by a VPC endpoint too (network-activity twins) and count once"),
        (log.stopped, "calls were refused by a VPC endpoint's policy: KMS never saw them"),
        (log.insights, "records are summaries of CloudTrail Insights, no calls"),
        (log.digests, "files are digests, which hold no events"),
        (log.filtered, "KMS events were filtered out"),
        (log.own, "calls are keystorm's own and left out"),
        (log.skipped, "records could not be read"),
    ] {
        if count > 0 {
            let _ = writeln!(text, "- {count} {what}.");
        }
    }
    for at in &log.exclusions {
        let _ = writeln!(
            text,
            "- At {at} a trail was changed so that it leaves KMS events out: later calls may be missing."
        );
    }
}

fn told(at: Option<jiff::Timestamp>) -> String {
    at.map(|at| at.to_string()).unwrap_or_default()
}

/// `Decrypt 178, Encrypt 42`, most first.
fn list(counts: &BTreeMap<String, u64>) -> String {
    let mut counts = counts.iter().collect::<Vec<_>>();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    counts.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
}
