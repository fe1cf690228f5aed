//! `keystorm import cloudwatch`: traces, a scenario and a page from what CloudWatch counts.

use super::{check_free, failed};
use crate::cli::{Common, Error, output};
use crate::intake::cloudwatch::{Burst, Counted, Inferred, Load, Series, read, triage};
use crate::quota::{PoolId, catalogue};
use crate::time::Span;
use crate::units::Rate;
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Options of `import cloudwatch`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Answers of get-metric-data or get-metric-statistics as JSON, or CSV, by the minute or five; `-` for stdin.
    #[cfg_attr(feature = "aws", arg(required_unless_present = "from_aws"))]
    #[cfg_attr(not(feature = "aws"), arg(required = true))]
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Folder that receives scenario.yaml, trace.csv, trace-high.csv and found.md.
    #[arg(short, long = "out", value_name = "DIR", env = "KEYSTORM_OUT", required_unless_present = "triage")]
    output: Option<PathBuf>,
    /// Write nothing; say in five lines which pool grew in the last stretch (such as 15m), since when, and what helps.
    #[arg(long, value_name = "DURATION", env = "KEYSTORM_TRIAGE", conflicts_with_all = ["output", "burst_factor", "quota", "seed", "force"])]
    triage: Option<String>,
    /// The Region of the scenario.
    #[arg(long, default_value = crate::api::partition::DEFAULT_REGION, env = "KEYSTORM_REGION")]
    region: String,
    /// Busiest second ÷ mean of its period, as somebody has measured it: FACTOR, or LOW..HIGH.
    #[arg(long, value_name = "FACTOR", env = "KEYSTORM_BURST_FACTOR")]
    burst_factor: Option<String>,
    /// Seconds of a period, where the points do not tell.
    #[arg(long, value_name = "SECONDS", env = "KEYSTORM_PERIOD")]
    period: Option<i64>,
    /// The account's quota of the pool that was counted, to say how near the load came.
    #[arg(long, value_name = "[POOL=]RATE", env = "KEYSTORM_QUOTA")]
    quota: Option<String>,
    /// Seed of the seconds that are made up.
    #[arg(long, default_value_t = 42, env = "KEYSTORM_SEED")]
    seed: u64,
    /// Overwrite what an import has written.
    #[arg(long, env = "KEYSTORM_FORCE")]
    force: bool,
    #[cfg(feature = "aws")]
    #[command(flatten)]
    asked: super::from_aws::Asked,
}

/// Runs the command.
pub fn run(args: &Args, common: &Common) -> Result<ExitCode, Error> {
    if !catalogue::is_region(&args.region) {
        return Err(Error::Usage(format!("--region: no quotas are known for `{}`", args.region)));
    }
    #[cfg(feature = "aws")]
    args.asked.check(common)?;
    let burst = args.burst_factor.as_deref().map(burst).transpose()?;
    // The pool is the one that was counted, whatever it is called.
    let rate = |text: &str| Rate::parse(text.rsplit_once('=').map_or(text, |(_, rate)| rate));
    let quota = args.quota.as_deref().map(rate).transpose();
    let quota = quota.map_err(|why| Error::Usage(format!("--quota: {why}")))?.map(Rate::as_per_second);
    if args.period.is_some_and(|period| ![60, 300].contains(&period)) {
        return Err(Error::Usage("--period is 60 or 300".into()));
    }
    if let Some(window) = &args.triage {
        return triaged(args, window, common);
    }
    check_free(folder(args), &["scenario.yaml", "found.md", "trace.csv", "trace-high.csv"], args.force)?;
    let series: Vec<Series> =
        counted(args, false, Span::ZERO)?.into_iter().map(|(_, series)| series).collect();
    let load = Load::of(&series).map_err(|error| Error::Failed(error.to_string()))?;
    let inferred = load.inferred(burst);
    let written = write(args, &load, &inferred, quota)?;
    if common.json {
        output::print(format!("{:#}\n", document(&load, &inferred, &written)))?;
    } else if !common.quiet {
        let lines = load.lines(&inferred, quota);
        output::print(format!("{}\nwrote {}\n", lines.join("\n"), written.join(", ")))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn folder(args: &Args) -> &Path {
    args.output.as_deref().unwrap_or(Path::new("."))
}

/// What was counted, by files or by CloudWatch itself, with the pool where it is known; of all pools, and `at_least` so much of
/// it, where CloudWatch is asked.
fn counted(args: &Args, all: bool, at_least: Span) -> Result<Vec<(Option<PoolId>, Series)>, Error> {
    #[cfg(feature = "aws")]
    if args.asked.from_aws {
        let series = args.asked.series(&args.region, all, at_least)?;
        return Ok(series.into_iter().map(|(pool, series)| (Some(pool), series)).collect());
    }
    let _ = (all, at_least);
    let mut series = Vec::new();
    for file in &args.files {
        let bytes = match file.as_os_str() == "-" {
            true => {
                let mut bytes = Vec::new();
                io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
            }
            false => fs::read(file),
        };
        let bytes = bytes.map_err(|error| failed(file, error))?;
        series.extend(
            read(&bytes, args.period)
                .map_err(|error| failed(file, error))?
                .into_iter()
                .map(|each| (None, each)),
        );
    }
    Ok(series)
}

/// Five lines about the end of what was counted.
fn triaged(args: &Args, window: &str, common: &Common) -> Result<ExitCode, Error> {
    let span = Span::parse(window).map_err(|why| Error::Usage(format!("--triage: {why}")))?;
    let window = span.as_nanos().div_ceil(60_000_000_000).clamp(1, 3 * 24 * 60) as i64;
    // Four windows before the last one are compared with it.
    let series = counted(args, true, Span::from_secs(60 * 5 * window as u64))?;
    let pools: Vec<Counted> = series
        .into_iter()
        .map(|(pool, series)| Counted {
            name: pool.map_or(series.label, |pool| pool.name().to_owned()),
            limit_per_s: pool.map(|pool| catalogue::limit(&args.region, pool).as_per_second()),
            minutes: by_minute(&series.sums, series.period),
        })
        .collect();
    let ends =
        |end: fn(&BTreeMap<i64, f64>) -> Option<i64>| pools.iter().filter_map(move |pool| end(&pool.minutes));
    let first = ends(|minutes| minutes.keys().next().copied()).min().unwrap_or(0);
    let last = ends(|minutes| minutes.keys().next_back().copied()).max().unwrap_or(0);
    let lines = triage(&pools, window, (first, last));
    output::print(match common.json {
        true => format!("{:#}\n", json!({ "lines": lines })),
        false => lines.join("\n") + "\n",
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Calls by the minute: those of a longer period are spread evenly over its minutes.
fn by_minute(sums: &BTreeMap<i64, f64>, period: i64) -> BTreeMap<i64, f64> {
    let minutes = (period / 60).max(1);
    let spread = |(at, sum): (&i64, &f64)| {
        let (begins, each) = (at.div_euclid(60), sum / minutes as f64);
        (0..minutes).map(move |more| (begins + more, each))
    };
    sums.iter().flat_map(spread).collect()
}

fn write(args: &Args, load: &Load, inferred: &Inferred, quota: Option<f64>) -> Result<Vec<String>, Error> {
    let of = |second: f64| if inferred.mean > 0.0 { second / inferred.mean } else { 1.0 };
    let mut written = Vec::new();
    for (name, second) in [("trace.csv", inferred.likely), ("trace-high.csv", inferred.high)] {
        let path = folder(args).join(name);
        output::write_with(&path, |out| load.write_trace(of(second), args.seed, out))?;
        written.push(path.display().to_string());
    }
    let texts =
        [("found.md", load.page(inferred, quota)), ("scenario.yaml", load.scenario(inferred, &args.region))];
    for (name, text) in texts {
        let path = folder(args).join(name);
        output::write_file(&path, text)?;
        written.push(path.display().to_string());
    }
    Ok(written)
}

/// `1.4`, or `1.2..1.8`, whose middle is taken where one figure is needed.
fn burst(text: &str) -> Result<Burst, Error> {
    let wrong = || {
        Error::Usage(format!(
            "--burst-factor `{text}`: write a factor of at least 1, such as 1.4, or two: 1.2..1.8"
        ))
    };
    let factor = |text: &str| text.trim().parse::<f64>().ok().filter(|factor| (1.0..=1e6).contains(factor));
    match text.split_once("..") {
        None => factor(text).map(|one| Burst::given(one, one, one)).ok_or_else(wrong),
        Some((low, high)) => match (factor(low), factor(high)) {
            (Some(low), Some(high)) if low <= high => Ok(Burst::given(low, f64::midpoint(low, high), high)),
            _ => Err(wrong()),
        },
    }
}

fn document(load: &Load, inferred: &Inferred, written: &[String]) -> serde_json::Value {
    json!({
        "calls": load.sums.values().sum::<f64>(),
        "period_s": load.period,
        "periods": load.sums.len(),
        "busiest_period": { "at": inferred.at, "calls": inferred.sum, "mean_per_s": inferred.mean },
        "busiest_second": { "low": inferred.low, "likely": inferred.likely, "high": inferred.high },
        "burst_factor": { "low": inferred.burst.low, "likely": inferred.burst.likely, "high": inferred.burst.high },
        "admitted_and_attempts": load.refused().map(|(admitted, attempts)| [admitted, attempts]),
        "by_operation": load.mix.iter().map(|(name, calls)| (name.name(), calls)).collect::<BTreeMap<_, _>>(),
        "written": written,
    })
}
