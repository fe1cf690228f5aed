//! `keystorm quotas --applied` and `--watch`: what an account has, and what it uses of it.

use super::super::account::{AccountArgs, Way};
use super::super::metrics_server::MetricsServer;
use super::super::runtime::runtime;
use super::super::{Common, Error, import, interrupt, output};
use super::alarms;
use crate::aws::{Access, Applied, Minutes, applied, busiest, recent};
use crate::clock::{epoch_millis, sleep};
use crate::emulator::exposition::{self, Metric as Shown};
use crate::intake::cloudtrail::{Filter, Use, Uses};
use crate::intake::cloudwatch::Burst;
use crate::notice;
use crate::planner::{Growth, growth};
use crate::quota::{Metric, PoolId, catalogue};
use crate::report::look::Look;
use crate::report::page::wrapped;
use crate::report::table::{Cell, Table};
use crate::time::Span;
use crate::units::Ratio;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Options of `quotas` that ask an account.
#[derive(clap::Args, Debug)]
pub struct Asked {
    /// The account's applied quotas, from Service Quotas, with their use of the last 14 days, from CloudWatch.
    #[arg(long, env = "KEYSTORM_APPLIED")]
    applied: bool,
    /// CloudTrail logs of the account: --applied tells what each caller uses. Repeatable.
    #[arg(long, value_name = "PATH", requires = "applied", value_delimiter = ',', env = "KEYSTORM_LOG")]
    log: Vec<PathBuf>,
    /// The use of the last minutes, again and again until Ctrl-C.
    #[arg(long, env = "KEYSTORM_WATCH")]
    watch: bool,
    /// How often --watch looks (1m).
    #[arg(long, value_name = "DURATION", requires = "watch", env = "KEYSTORM_EVERY")]
    every: Option<String>,
    /// Serve what --watch sees to Prometheus here, under /metrics.
    #[arg(long, value_name = "ADDRESS", requires = "watch", env = "KEYSTORM_METRICS")]
    metrics: Option<SocketAddr>,
    #[command(flatten)]
    account: AccountArgs,
    /// Yes, call a real account: Service Quotas, CloudWatch and STS, which its CloudTrail records.
    #[arg(long)]
    yes_real_aws: bool,
    /// Yes, connect to an endpoint of the environment that is neither this machine, a private network nor AWS.
    #[arg(long)]
    yes_remote: bool,
}

impl Asked {
    /// Whether an account is asked at all.
    ///
    /// # Errors
    /// An option that only means something then.
    pub fn is_wanted(&self) -> Result<bool, Error> {
        let is_wanted = self.applied || self.watch;
        let idle = [
            (self.account.profile.is_some(), "--profile"),
            (self.account.ca.is_some(), "--ca"),
            (self.yes_real_aws, "--yes-real-aws"),
            (self.yes_remote, "--yes-remote"),
        ];
        match idle.iter().find(|(is_given, _)| *is_given && !is_wanted) {
            Some((_, option)) => {
                Err(Error::Usage(format!("{option} means something with --applied or --watch only")))
            }
            None => Ok(is_wanted),
        }
    }
}

/// Callers of a pool that are named.
const CALLERS: usize = 10;
/// How long Ctrl-C may have to wait.
const STEP: Span = Span::from_millis(200);

/// A pool of the account.
struct Row {
    pool: PoolId,
    applied: Applied,
    minutes: Option<Minutes>,
}

impl Row {
    /// The busiest minute: its number since 1970 and its calls.
    fn peak(&self) -> Option<(i64, f64)> {
        let most = self.minutes.as_ref()?.iter().max_by(|a, b| a.1.total_cmp(b.1))?;
        Some((*most.0, *most.1))
    }

    fn percent(&self, per_s: f64) -> f64 {
        per_s / self.applied.per_s.max(f64::MIN_POSITIVE) * 100.0
    }
}

/// Asks the account and prints what it says.
///
/// # Errors
/// Access, and whatever a service says no to.
pub fn run(
    asked: &Asked,
    region: &str,
    alarms_in: Option<(&Path, Ratio)>,
    common: &Common,
) -> Result<ExitCode, Error> {
    let every = asked.every.as_deref().map_or(Ok(Span::from_secs(60)), Span::parse);
    let every = every.map_err(|why| Error::Usage(format!("--every: {why}")))?;
    let way = Way {
        region,
        profile: asked.account.profile.as_deref(),
        ca: asked.account.ca.as_deref(),
        is_permitted: asked.yes_real_aws,
        is_remote: asked.yes_remote,
        what: "Service Quotas, CloudWatch and STS",
    };
    let (runtime, access, account) = way.open()?;
    let pools: Vec<PoolId> = catalogue::all().filter(|pool| catalogue::has(region, *pool)).collect();
    let applied = runtime.block_on(applied(&access, &pools))?;
    if let Some((folder, share)) = alarms_in {
        let limits: Vec<(PoolId, f64, Option<Metric>)> =
            applied.iter().map(|(pool, applied)| (*pool, applied.per_s, applied.metric.clone())).collect();
        let commands = alarms::write(folder, region, share, &limits)?;
        output::print(commands.join("\n") + "\n")?;
    }
    if asked.watch {
        return watch(&access, applied, every, asked.metrics, common);
    }
    let now = epoch_millis();
    let used = runtime.block_on(busiest(&access, &metrics(&applied), now))?;
    let rows = rows(applied, &used);
    let callers = callers(&asked.log, region, &account, common)?;
    let text = if common.json {
        format!("{:#}\n", document(&account, region, &rows, &callers))
    } else {
        let look = output::look(false);
        table(&account, region, &rows, look) + &who(&rows, &callers, look)
    };
    output::print(text)?;
    Ok(ExitCode::SUCCESS)
}

/// What each caller of the account uses, by its logs.
fn callers(log: &[PathBuf], region: &str, account: &str, common: &Common) -> Result<Vec<Use>, Error> {
    if log.is_empty() {
        return Ok(Vec::new());
    }
    let wanted = import::Wanted {
        input: import::Input::all(log),
        filter: &Filter::default(),
        region: Some(region),
        account: Some(account),
        threads: crate::cli::threads::threads(None),
        quiet: common.quiet,
    };
    let mut uses = Uses::default();
    let log = import::go_through(&wanted, &mut |second| uses.add(second))?;
    Ok(uses.list(&log))
}

/// The callers of each pool, those with the most calls first.
fn who(rows: &[Row], callers: &[Use], look: Look) -> String {
    let mut text = String::new();
    for row in rows {
        let own: Vec<&Use> = callers.iter().filter(|each| each.pool == row.pool).collect();
        let all: u64 = own.iter().map(|each| each.calls).sum();
        if all == 0 {
            continue;
        }
        let _ = writeln!(text, "\n{} by caller, in the log\n", row.pool.name());
        let mut table = Table::new("", &["caller", "calls", "share", "<its busiest second"]);
        for each in own.iter().take(CALLERS) {
            let behalf = if each.is_service { " (on your behalf)" } else { "" };
            let cells = [
                format!("{}{behalf}", each.name),
                each.calls.to_string(),
                format!("{:.1} %", each.calls as f64 / all as f64 * 100.0),
                format!("{}/s ({:.1} %)", each.peak_1s, row.percent(each.peak_1s as f64)),
            ];
            table.row(cells.map(Cell::from));
        }
        text += &table.to_text(look);
        if let Some(more) = own.len().checked_sub(CALLERS).filter(|more| *more > 0) {
            let _ = writeln!(text, "and {more} more");
        }
    }
    text
}

fn metrics(applied: &BTreeMap<PoolId, Applied>) -> BTreeMap<PoolId, Metric> {
    applied.iter().filter_map(|(pool, applied)| Some((*pool, applied.metric.clone()?))).collect()
}

fn rows(applied: BTreeMap<PoolId, Applied>, used: &BTreeMap<PoolId, Minutes>) -> Vec<Row> {
    let row = |(pool, applied)| Row { pool, applied, minutes: used.get(&pool).cloned() };
    applied.into_iter().map(row).collect()
}

/// The table for people: pools that are used or changed, the others are counted.
fn table(account: &str, region: &str, rows: &[Row], look: Look) -> String {
    let title =
        format!("AWS KMS request quotas of account {account} in {region}, and their use in the last 14 days");
    let mut table = Table::new(
        "",
        &["pool", "limit/s", "<from", "busiest minute/s", "busiest second, inferred", "days left"],
    );
    let is_shown = |row: &&Row| row.applied.is_applied || row.peak().is_some_and(|(_, calls)| calls > 0.0);
    for row in rows.iter().filter(is_shown) {
        let basis = if row.applied.is_applied { "applied" } else { "default" };
        let (minute, second, left) = used(row);
        let cells = [row.pool.name().into(), number(row.applied.per_s), basis.into(), minute, second, left];
        table.row(cells.map(Cell::from));
    }
    let hidden = rows.iter().filter(|row| !is_shown(row)).count();
    let notes = format!(
        "{hidden} more pools have the published default and no use that CloudWatch tells of (keystorm quotas --region \
         {region}). Use is the Sum of CallCount by the minute ÷ 60; Maximum and Average of it are 1 whatever the load. The \
         busiest second is inferred by a burst factor assumed from public traces; import cloudtrail measures yours. Days \
         left are told where the busiest minutes of the days grow by more than chance."
    );
    format!("{}\n{}\n{}", wrapped(&title, "", look), table.to_text(look), wrapped(&notes, "", look))
}

/// The use of a pool in three columns.
fn used(row: &Row) -> (String, String, String) {
    if row.applied.metric.is_none() {
        return ("cannot tell".into(), "no metric is known".into(), String::new());
    }
    let Some((_, calls)) = row.peak().filter(|(_, calls)| *calls > 0.0) else {
        return ("none".into(), String::new(), String::new());
    };
    let mean = calls / 60.0;
    let burst = Burst::assumed(mean, 60);
    let (low, high) = (row.percent(mean * burst.low), row.percent(mean * burst.high));
    (
        format!("{} ({:.0} %)", number(mean), row.percent(mean)),
        format!("{} ({low:.0} to {high:.0} %)", number(mean * burst.likely)),
        left(row),
    )
}

fn left(row: &Row) -> String {
    let Some(minutes) = &row.minutes else { return String::new() };
    match growth(minutes, row.applied.per_s * 60.0) {
        Growth::Left { days, soonest, .. } => format!("{days:.0} ({soonest:.0} at the soonest)"),
        Growth::Reached => "none: a minute has reached it".into(),
        Growth::None => "no growth beyond chance".into(),
        Growth::TooFewDays(days) => format!("cannot tell from {days} days"),
    }
}

fn number(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{:.1}", value) }
}

fn caller(each: &Use) -> Value {
    json!({ "name": each.name, "on_your_behalf": each.is_service, "calls": each.calls, "peak_1s": each.peak_1s })
}

/// The same for programs.
fn document(account: &str, region: &str, rows: &[Row], callers: &[Use]) -> Value {
    let pools: Vec<Value> = rows
        .iter()
        .map(|row| {
            let peak = row.peak().filter(|(_, calls)| *calls > 0.0);
            let second = peak.map(|(_, calls)| {
                let (mean, burst) = (calls / 60.0, Burst::assumed(calls / 60.0, 60));
                json!({ "low": mean * burst.low, "likely": mean * burst.likely, "high": mean * burst.high })
            });
            let left = match row.minutes.as_ref().map(|minutes| growth(minutes, row.applied.per_s * 60.0)) {
                Some(Growth::Left { per_day, days, soonest }) => {
                    json!({ "callsPerMinuteAndDay": per_day, "days": days, "soonest": soonest })
                }
                Some(Growth::Reached) => json!({ "days": 0 }),
                _ => Value::Null,
            };
            json!({
                "pool": row.pool.name(),
                "code": catalogue::entry(row.pool).code,
                "limit_per_s": row.applied.per_s,
                "applied": row.applied.is_applied,
                "busiest_minute": peak.map(|(minute, calls)| json!({ "at": minute * 60, "calls": calls, "per_s": calls / 60.0 })),
                "busiest_second": second,
                "left": left,
                "callers": callers.iter().filter(|each| each.pool == row.pool).map(caller).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({ "account": account, "region": region, "quotas": pools })
}

/// Looks at the last minutes again and again.
fn watch(
    access: &Access,
    applied: BTreeMap<PoolId, Applied>,
    every: Span,
    metrics_on: Option<SocketAddr>,
    common: &Common,
) -> Result<ExitCode, Error> {
    let stop = Arc::new(AtomicBool::new(false));
    let stopper = Arc::clone(&stop);
    ctrlc::set_handler(move || interrupt::interrupt(&stopper))
        .map_err(|error| Error::Failed(format!("cannot listen for Ctrl-C: {error}")))?;
    let page = Arc::new(Mutex::new(String::new()));
    let shown = Arc::clone(&page);
    let show = move || shown.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let server = metrics_on.map(|address| MetricsServer::showing(Arc::new(show), address)).transpose();
    let server = server.map_err(|error| Error::Failed(format!("--metrics: {error}")))?;
    if let Some(server) = &server {
        if let Some(warning) = server.warning() {
            notice::tell(warning);
        }
        notice::tell(format_args!("metrics on http://{}/metrics", server.address()));
    }
    let runtime = runtime()?;
    let metrics = metrics(&applied);
    while !stop.load(Ordering::Relaxed) {
        let now = epoch_millis();
        match runtime.block_on(recent(access, &metrics, now)) {
            Ok(found) => {
                *page.lock().unwrap_or_else(PoisonError::into_inner) =
                    exposition::text(Watched::of(&applied, &found));
                output::print(lines(&applied, &found, now, common.json))?;
            }
            // It may come back, and whoever watches wants to know then.
            Err(error) => notice::tell(format_args!("keystorm: {error}")),
        }
        // In steps, so that Ctrl-C need not wait.
        let steps = every.as_nanos().div_ceil(STEP.as_nanos()).max(1);
        for _ in 0..steps {
            if !stop.load(Ordering::Relaxed) {
                runtime.block_on(sleep(STEP.min(every)));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The latest minute that CloudWatch has told of each pool with calls.
fn latest<'f>(
    applied: &'f BTreeMap<PoolId, Applied>,
    found: &'f BTreeMap<PoolId, Minutes>,
) -> impl Iterator<Item = (PoolId, &'f Applied, i64, f64)> {
    found.iter().filter_map(|(pool, minutes)| {
        let (minute, calls) = minutes.last_key_value()?;
        Some((*pool, applied.get(pool)?, *minute, *calls))
    })
}

fn lines(
    applied: &BTreeMap<PoolId, Applied>,
    found: &BTreeMap<PoolId, Minutes>,
    now: i64,
    is_json: bool,
) -> String {
    let mut text = String::new();
    for (pool, quota, minute, calls) in latest(applied, found) {
        let (per_s, share) = (calls / 60.0, calls / 60.0 / quota.per_s.max(f64::MIN_POSITIVE));
        let at = jiff::Timestamp::from_second(minute * 60).map(|at| at.to_string()).unwrap_or_default();
        let line = if is_json {
            json!({ "at": at, "pool": pool.name(), "calls": calls, "per_s": per_s, "limit_per_s": quota.per_s }).to_string()
        } else {
            format!(
                "{at}  {:<28}  {}/s of {}/s ({:.1} %)",
                pool.name(),
                number(per_s),
                number(quota.per_s),
                share * 100.0
            )
        };
        text += &(line + "\n");
    }
    if text.is_empty() && !is_json {
        let at = jiff::Timestamp::from_millisecond(now).map(|at| at.to_string()).unwrap_or_default();
        text = format!("{at}  no use in the last ten minutes\n");
    }
    text
}

/// What --watch shows to Prometheus.
#[derive(Debug)]
struct Watched {
    limits: Vec<(PoolId, f64)>,
    /// Pools with calls: when their latest minute began, in seconds since 1970, and its calls a second.
    used: Vec<(PoolId, i64, f64)>,
}

impl Watched {
    fn of(applied: &BTreeMap<PoolId, Applied>, found: &BTreeMap<PoolId, Minutes>) -> Watched {
        let used = latest(applied, found).map(|(pool, _, minute, calls)| (pool, minute * 60, calls / 60.0));
        let limits = applied.iter().map(|(pool, quota)| (*pool, quota.per_s));
        Watched { limits: limits.collect(), used: used.collect() }
    }
}

impl Collector for Watched {
    fn encode(&self, mut page: DescriptorEncoder<'_>) -> fmt::Result {
        let name = |pool: &PoolId| [("pool", pool.name())];
        let limits = self.limits.iter().map(|(pool, per_s)| (name(pool), *per_s));
        Shown {
            name: "keystorm_quota_limit_per_second",
            help: "The applied quota, or the published default.",
        }
        .gauges(&mut page, limits)?;
        let used = self.used.iter().map(|(pool, _, per_s)| (name(pool), *per_s));
        Shown {
            name: "keystorm_quota_used_per_second",
            help: "Sum of CallCount in the latest minute told of, divided by 60.",
        }
        .gauges(&mut page, used)?;
        let began = self.used.iter().map(|(pool, at, _)| (name(pool), *at));
        Shown {
            name: "keystorm_quota_minute_seconds",
            help: "When that minute began, in seconds since 1970.",
        }
        .gauges(&mut page, began)
    }
}
