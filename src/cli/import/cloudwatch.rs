//! `keystorm import cloudwatch`: traces, a scenario and a page from what CloudWatch counts.

use super::{check_free, failed};
use crate::cli::{Common, Error, output};
use crate::intake::cloudwatch::{Burst, Inferred, Load, read};
use crate::quota::catalogue;
use crate::units::Rate;
use serde_json::json;
use std::fs;
use std::io::{self, Read as _};
use std::path::PathBuf;
use std::process::ExitCode;

/// Options of `import cloudwatch`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Answers of get-metric-data or get-metric-statistics as JSON, or CSV, by the minute or five; `-` for stdin.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Folder that receives scenario.yaml, trace.csv, trace-high.csv and found.md.
    #[arg(short, long = "out", value_name = "DIR", env = "KEYSTORM_OUT")]
    output: PathBuf,
    /// The Region of the scenario.
    #[arg(long, default_value = "us-east-1", env = "KEYSTORM_REGION")]
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
}

/// Runs the command.
pub fn run(args: &Args, common: &Common) -> Result<ExitCode, Error> {
    if !catalogue::is_region(&args.region) {
        return Err(Error::Usage(format!("--region: no quotas are known for `{}`", args.region)));
    }
    let burst = args.burst_factor.as_deref().map(burst).transpose()?;
    // The pool is the one that was counted, whatever it is called.
    let rate = |text: &str| Rate::parse(text.rsplit_once('=').map_or(text, |(_, rate)| rate));
    let quota = args.quota.as_deref().map(rate).transpose();
    let quota = quota.map_err(|why| Error::Usage(format!("--quota: {why}")))?.map(Rate::as_per_second);
    if args.period.is_some_and(|period| ![60, 300].contains(&period)) {
        return Err(Error::Usage("--period is 60 or 300".into()));
    }
    check_free(&args.output, &["scenario.yaml", "found.md", "trace.csv", "trace-high.csv"], args.force)?;
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
        series.extend(read(&bytes, args.period).map_err(|error| failed(file, error))?);
    }
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

fn write(args: &Args, load: &Load, inferred: &Inferred, quota: Option<f64>) -> Result<Vec<String>, Error> {
    let of = |second: f64| if inferred.mean > 0.0 { second / inferred.mean } else { 1.0 };
    let mut written = Vec::new();
    for (name, second) in [("trace.csv", inferred.likely), ("trace-high.csv", inferred.high)] {
        let path = args.output.join(name);
        output::write_with(&path, |out| load.write_trace(of(second), args.seed, out))?;
        written.push(path.display().to_string());
    }
    let texts =
        [("found.md", load.page(inferred, quota)), ("scenario.yaml", load.scenario(inferred, &args.region))];
    for (name, text) in texts {
        let path = args.output.join(name);
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
        "by_operation": load.mix.iter().map(|(name, calls)| (name.name(), calls)).collect::<std::collections::BTreeMap<_, _>>(),
        "written": written,
    })
}
