//! `keystorm calibrate`: how long a service takes, measured at low load, as a scenario's `serviceTime`.

use super::consent::Credentials;
use super::finished::{Finished, tell_end};
use super::live;
use super::live::args::{LiveArgs, LiveOptions};
use super::{Common, Error, exit, load, output};
use crate::api::Operation;
use crate::results::{Calibration, End, Run};
use crate::runner::Role;
use crate::scenario::{Set, Target};
use crate::time::Span;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Options of `calibrate`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// What is measured: a URL, aws, or emulator.
    #[arg(long, env = "KEYSTORM_TARGET")]
    target: String,
    /// Operation to measure; repeatable.
    #[arg(long, value_name = "OPERATION", value_delimiter = ',', default_values = ["Encrypt", "Decrypt", "GenerateDataKey"], env = "KEYSTORM_OP")]
    op: Vec<String>,
    /// Answers of each operation.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(20..=100_000), env = "KEYSTORM_SAMPLES")]
    samples: u64,
    /// Attempts a second of each operation: low, so that it is the service that is measured and not a queue.
    #[arg(short, long, value_name = "RATE", default_value = "10/s", env = "KEYSTORM_RATE")]
    rate: String,
    /// Do not measure refusals. They are met without touching a quota that anybody lives on: DescribeCustomKeyStores,
    /// which reads and has a quota of its own, is called 12 times a second.
    #[arg(long, env = "KEYSTORM_NO_THROTTLED")]
    no_throttled: bool,
    /// Key to use, by id, ARN or alias; repeatable.
    #[arg(long, value_name = "KEY", value_delimiter = ',', env = "KEYSTORM_KEY")]
    key: Vec<String>,
    /// AWS Region.
    #[arg(long, default_value = crate::api::partition::DEFAULT_REGION, env = "KEYSTORM_REGION")]
    region: String,
    /// Lay a value over the scenario that is run, such as caps.attempts=2000; repeatable.
    #[arg(long = "set", value_name = "KEY=VALUE", value_delimiter = '\n', env = "KEYSTORM_SET")]
    sets: Vec<String>,
    /// Write the block here instead of to stdout.
    #[arg(short, long, value_name = "FILE", env = "KEYSTORM_OUT")]
    out: Option<PathBuf>,
    #[command(flatten)]
    live: LiveArgs,
}

/// Calls a second by which DescribeCustomKeyStores is throttled: its quota is 5 (KMS Developer Guide, request quotas,
/// read 2026-11-23).
const BURST: u64 = 12;

/// Runs the command.
///
/// # Errors
/// [`Error::Usage`] or [`Error::Scenario`] for options that cannot be, [`Error::Failed`] if nothing could be measured.
pub fn run(mut args: Args, common: &Common) -> Result<ExitCode, Error> {
    let operations: Vec<Operation> = args.op.iter().map(|name| operation(name)).collect::<Result<_, _>>()?;
    let mut sets = load::sets(&args.sets)?;
    sets.extend(args.live.client.iter().map(|name| Set::key("client", name)));
    let text = scenario(&args, &operations)?.to_string();
    let loaded = load::load_text(&text, "calibrate", Path::new(""), &sets)?;
    if loaded.scenario.target == Target::Sim {
        return Err(Error::Usage("--target sim has nothing to measure: name a URL, aws or emulator".into()));
    }
    // A URL that leads to AWS is refused, unless AWS's own credentials are asked for. Elsewhere a key costs nothing, and
    // those to measure with are made without being asked for.
    let is_aws = loaded.scenario.target == Target::Aws || args.live.credentials == Some(Credentials::Chain);
    args.live.provision |= !is_aws;
    let options =
        LiveOptions { live: &args.live, threads: Some(1), every: Span::from_secs(10), role: Role::Alone };
    let Some(Finished { run, end, recordings, .. }) = live::run(&loaded, &options, common)? else {
        return Ok(ExitCode::SUCCESS);
    };
    if let End::Failed(sentence) = &end {
        return Err(Error::Failed(sentence.clone()));
    }
    let recording = recordings.into_iter().next().flatten();
    let measured = recording.as_ref().and_then(|recorder| Calibration::of(recorder, &operations));
    let calibration =
        measured.ok_or_else(|| Error::Failed("nothing was answered: nothing is measured".into()))?;
    let assumed = loaded.scenario.service_time.throttled;
    let block = calibration.to_yaml(&provenance(&run, &args.rate, calibration.all.trend.count), assumed);
    match &args.out {
        Some(path) => output::write_file(path, &block)?,
        None if common.json => output::print(format!("{:#}\n", as_json(&block)?))?,
        None => output::print(&block)?,
    }
    if let End::Cap(why) = &end {
        tell_end(why, true);
        return Ok(ExitCode::from(exit::CAP));
    }
    Ok(ExitCode::from(if run.interrupted { exit::INTERRUPTED } else { exit::OK }))
}

fn operation(name: &str) -> Result<Operation, Error> {
    Operation::from_name(name).ok_or_else(|| {
        let near = crate::api::nearest(name, Operation::ALL.iter().map(|each| each.name()));
        let meant = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        Error::Usage(format!("--op {name}: KMS has no such operation{meant}"))
    })
}

/// The load that measures: every operation by itself, evenly, and beside them what is throttled.
fn scenario(args: &Args, operations: &[Operation]) -> Result<Value, Error> {
    let rate = crate::units::Rate::parse(&args.rate)
        .map_err(|error| Error::Usage(format!("--rate: {error}")))?
        .as_per_second();
    if rate <= 0.0 {
        return Err(Error::Usage("--rate: nothing is measured at no rate".into()));
    }
    let duration = format!("{}ms", (args.samples as f64 / rate * 1e3).ceil());
    let keys = if args.key.is_empty() { json!({}) } else { json!({ "ids": args.key }) };
    let mut workloads = serde_json::Map::new();
    for operation in operations {
        workloads.insert(
            operation.name().to_lowercase(),
            json!({
                "executor": "constant-arrival-rate",
                "rate": args.rate,
                "duration": duration,
                "arrivals": "uniform",
                "jobs": { operation.name(): 1 },
                "keys": keys,
            }),
        );
    }
    if !args.no_throttled {
        workloads.insert(
            "throttled".into(),
            json!({
                "executor": "burst",
                "count": BURST,
                "every": "1s",
                "duration": "5s",
                "jobs": { "DescribeCustomKeyStores": 1 },
            }),
        );
    }
    Ok(json!({
        "name": "calibrate",
        "target": args.target,
        "region": args.region,
        "workloads": workloads,
        "strategies": { "no-retry": { "retry": { "mode": "none" } } },
    }))
}

/// When, where, how and on how many answers it was measured, in one line.
fn provenance(run: &Run, rate: &str, answers: u64) -> String {
    let wall = run.wall.as_ref();
    let at = wall.map_or_else(String::new, |wall| wall.started_at.clone());
    let from = wall.map_or_else(String::new, |wall| {
        let vantage = &wall.vantage;
        format!(" from {} by client {} against {}", vantage.host, vantage.client, vantage.endpoint)
    });
    format!("{at}{from}, {}, {answers} answers at {rate} an operation", run.region)
}

fn as_json(block: &str) -> Result<Value, Error> {
    serde_yaml::from_str(block).map_err(|error| Error::Failed(error.to_string()))
}
