//! A scenario from the command line: `run --op Decrypt -r 500/s -d 30s --quota 1000/s`. Beside a file, `--quota` and
//! `--threshold` lay something over it, and the rest is refused.

use super::Error;
use super::declared::{may_be_pool, means};
use crate::scenario::Set;
use crate::workload::ExecutorKind;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;

/// Arrivals where nothing is said of them.
const RATE: &str = "100/s";
/// How long jobs arrive where nothing is said of it.
const DURATION: &str = "30s";

/// The load, without a file.
#[derive(clap::Args, Debug, Default)]
pub struct Load {
    #[arg(long, value_name = "OPERATION[=WEIGHT]", value_delimiter = '\n', env = "KEYSTORM_OP",
        help = means("workloads.*.jobs", ": Decrypt, or Decrypt=80 with its weight; repeatable"))]
    pub op: Vec<String>,
    #[arg(short, long, env = "KEYSTORM_RATE", help = rate())]
    pub rate: Option<String>,
    #[arg(short, long, env = "KEYSTORM_DURATION",
        help = means("workloads.*.duration", &format!(" [default: {DURATION}]")))]
    pub duration: Option<String>,
    #[arg(long, value_name = "[POOL=]RATE", value_delimiter = '\n', env = "KEYSTORM_QUOTA",
        help = means("quotas", QUOTA))]
    pub quota: Vec<String>,
    #[arg(long, value_name = "DURATION:RATE", conflicts_with_all = ["duration", "vus"], value_delimiter = '\n',
        env = "KEYSTORM_STAGE", help = means("workloads.*.stages", ": DURATION:RATE; repeatable, in order"))]
    pub stage: Vec<String>,
    #[arg(short = 'c', long, conflicts_with = "rate", env = "KEYSTORM_VUS", help = means("workloads.*.vus", ""))]
    pub vus: Option<String>,
    #[arg(short = 'n', long, conflicts_with = "duration", env = "KEYSTORM_ITERATIONS",
        help = means("workloads.*.iterations", "; here shared by --vus"))]
    pub iterations: Option<String>,
    #[arg(long, value_name = "KEYSPEC", env = "KEYSTORM_KEY_SPEC",
        help = means("workloads.*.keys.spec", ", such as RSA_2048"))]
    pub key_spec: Option<String>,
    #[arg(long, value_name = "METRIC: EXPRESSION", value_delimiter = '\n', env = "KEYSTORM_THRESHOLD",
        help = means("thresholds", THRESHOLD))]
    pub threshold: Vec<String>,
}

/// How `--quota` is written.
pub const QUOTA: &str = ": RATE for the symmetric pool, or POOL=RATE; repeatable";
/// How `--threshold` is written.
pub const THRESHOLD: &str = ": 'failed: rate<1%' or 'response_time: p(99)<250ms'; repeatable";

/// The help of `--rate`, which is another key beside `--stage`.
fn rate() -> String {
    let more = means("workloads.*.startRate", "");
    means("workloads.*.rate", &format!(", such as 500/s [default: {RATE}]. With --stage: {more}"))
}

impl Load {
    /// Refuses options that say nothing beside others.
    ///
    /// # Errors
    /// [`Error::Usage`], naming each and the way out.
    pub fn check(&self, file: Option<&Path>) -> Result<(), Error> {
        let Some(file) = file else {
            return match self.iterations.is_some() && self.vus.is_none() {
                true => Err(Error::Usage("--iterations needs --vus: who does them?".into())),
                false => Ok(()),
            };
        };
        let given = [
            ("--rate", "rate", self.rate.is_some()),
            ("--duration", "duration", self.duration.is_some()),
            ("--stage", "stages", !self.stage.is_empty()),
            ("--vus", "vus", self.vus.is_some()),
            ("--iterations", "iterations", self.iterations.is_some()),
            ("--key-spec", "keys.spec", self.key_spec.is_some()),
        ];
        let refused = given.iter().filter(|(_, _, is_given)| *is_given);
        let sentences: Vec<String> = refused
            .map(|(option, key, _)| {
                format!(
                    "{option} describes a load without a file, and {} describes its own: write --set \
                     workloads.NAME.{key}=VALUE",
                    file.display()
                )
            })
            .collect();
        if sentences.is_empty() { Ok(()) } else { Err(Error::Usage(sentences.join("\n"))) }
    }

    /// The text of a scenario without a file, and the load that is laid over it.
    ///
    /// # Errors
    /// [`Error::Usage`] for an option that is not written as it must be.
    pub fn scenario(&self) -> Result<(String, Vec<Set>), Error> {
        let first = self.op.first().map_or("run", |op| op.split('=').next().unwrap_or(op));
        let text = json!({
            "version": 1,
            "name": format!("{first}-load").to_lowercase(),
            "strategies": {
                "no-retry": { "retry": { "mode": "none" } },
                "naive": { "retry": { "mode": "immediate", "maxAttempts": 10 } },
                "full-jitter": { "retry": { "mode": "exponential", "jitter": "full", "maxAttempts": 5 } },
                "sdk-standard": { "retry": { "mode": "aws-standard" } },
                "sdk-adaptive": { "retry": { "mode": "aws-adaptive" } },
            },
        });
        let mut sets = self.arrivals()?;
        let mut seen = BTreeSet::new();
        for op in &self.op {
            let given = format!("--op {op}");
            let (name, weight) = op.split_once('=').unwrap_or((op, "1"));
            if weight.parse::<u32>().is_err() {
                return Err(Error::Usage(format!(
                    "{given}: the weight is a whole number, such as Decrypt=80"
                )));
            }
            once(&mut seen, name, &given)?;
            sets.push(Set::option(&["workloads", "load", "jobs", name], weight, &given));
        }
        if let Some(spec) = &self.key_spec {
            let given = format!("--key-spec {spec}");
            sets.push(Set::option(&["workloads", "load", "keys", "spec"], spec, &given));
        }
        Ok((text.to_string(), sets))
    }

    /// What `--quota` and `--threshold` lay over a scenario, with a file or without.
    ///
    /// # Errors
    /// [`Error::Usage`] for an option that is not written as it must be.
    pub fn overlays(&self) -> Result<Vec<Set>, Error> {
        let mut sets = Vec::new();
        let mut seen = BTreeSet::new();
        for quota in &self.quota {
            let given = format!("--quota {quota}");
            let (pool, rate) = quota.split_once('=').unwrap_or(("symmetric", quota));
            once(&mut seen, pool, &given)?;
            if !may_be_pool(pool) {
                return Err(Error::Usage(format!(
                    "{given}: write RATE or POOL=RATE, such as symmetric=50/s"
                )));
            }
            sets.push(Set::option(&["quotas", pool], rate, &given));
        }
        for threshold in &self.threshold {
            let given = format!("--threshold '{threshold}'");
            let (metric, expression) = metric_of(threshold).ok_or_else(|| {
                let example = match crate::scenario::percentile_of(threshold) {
                    Some(meant) => format!("'response_time: {meant}'"),
                    None => "'failed: rate<1%'".into(),
                };
                Error::Usage(format!("{given}: write METRIC: EXPRESSION, such as {example}"))
            })?;
            // Quoted, it is text whatever it looks like.
            let value = json!(expression).to_string();
            sets.push(Set::option(&["thresholds", metric], &value, &given).joining());
        }
        Ok(sets)
    }

    /// How jobs arrive.
    fn arrivals(&self) -> Result<Vec<Set>, Error> {
        let mut sets = Vec::new();
        let mut put = |key: &str, value: &str, given: &str| {
            sets.push(Set::option(&["workloads", "load", key], value, given));
        };
        let duration = self.duration.as_deref().unwrap_or(DURATION);
        let rate = self.rate.as_deref().unwrap_or(RATE);
        let (for_rate, for_duration) = (format!("--rate {rate}"), format!("--duration {duration}"));
        if let Some(vus) = &self.vus {
            let given = format!("--vus {vus}");
            put("vus", vus, &given);
            match &self.iterations {
                Some(iterations) => {
                    put("executor", ExecutorKind::SharedIterations.name(), &given);
                    put("iterations", iterations, &format!("--iterations {iterations}"));
                }
                None => {
                    put("executor", ExecutorKind::ConstantVus.name(), &given);
                    put("duration", duration, &for_duration);
                }
            }
        } else if self.stage.is_empty() {
            put("rate", rate, &for_rate);
            put("executor", ExecutorKind::ConstantArrivalRate.name(), &for_rate);
            put("duration", duration, &for_duration);
        } else {
            if self.rate.is_some() {
                put("startRate", rate, &for_rate);
            }
            put("executor", ExecutorKind::RampingArrivalRate.name(), "--stage");
            for text in &self.stage {
                let given = format!("--stage {text}");
                let stage = stage(text, &given)?;
                sets.push(Set::option(&["workloads", "load", "stages"], &stage, &given).joining());
            }
        }
        Ok(sets)
    }
}

/// The metric and the expression of `failed: rate<1%`; what stands in braces belongs to the metric.
fn metric_of(threshold: &str) -> Option<(&str, &str)> {
    let tags = threshold.rfind('}').map_or(0, |end| end + 1);
    let at = tags + threshold[tags..].find(':')?;
    let (metric, expression) = (threshold[..at].trim(), threshold[at + 1..].trim());
    (!metric.is_empty() && !expression.is_empty()).then_some((metric, expression))
}

/// Refuses what is said twice: which of the two counts?
fn once<'a>(seen: &mut BTreeSet<&'a str>, name: &'a str, given: &str) -> Result<(), Error> {
    if seen.insert(name) {
        return Ok(());
    }
    Err(Error::Usage(format!("{given}: `{name}` is given twice")))
}

fn stage(text: &str, given: &str) -> Result<String, Error> {
    let (duration, target) = text
        .split_once(':')
        .ok_or_else(|| Error::Usage(format!("{given}: write DURATION:RATE, such as 30s:500/s")))?;
    Ok(json!({ "duration": duration, "target": target }).to_string())
}
