//! A scenario from the command line: `run --op Decrypt -r 500/s -d 30s --quota 1000/s`.

use super::Error;
use serde_json::{Map, Value, json};

/// The load, without a file.
#[derive(clap::Args, Debug, Default)]
pub struct Load {
    /// Operation to call, such as Decrypt; repeat for a mix, Decrypt=80 gives a weight.
    #[arg(long, value_name = "OPERATION[=WEIGHT]", value_delimiter = '\n', env = "KEYSTORM_OP")]
    pub op: Vec<String>,
    /// Arrivals, such as 500/s; with --stage the rate to start from [default: 100/s, with --stage 0/s].
    #[arg(short, long, value_name = "RATE", requires = "op", env = "KEYSTORM_RATE")]
    pub rate: Option<String>,
    /// How long [default: 30s].
    #[arg(short, long, requires = "op", env = "KEYSTORM_DURATION")]
    pub duration: Option<String>,
    /// Quota: RATE for the symmetric pool, or POOL=RATE; repeatable.
    #[arg(long, value_name = "[POOL=]RATE", requires = "op", value_delimiter = '\n', env = "KEYSTORM_QUOTA")]
    pub quota: Vec<String>,
    /// Ramp: DURATION:RATE; repeatable, in order.
    #[arg(long, value_name = "DURATION:RATE", requires = "op", conflicts_with_all = ["duration", "vus"], value_delimiter = '\n', env = "KEYSTORM_STAGE")]
    pub stage: Vec<String>,
    /// Closed model: so many VUs.
    #[arg(
        short = 'c',
        long,
        value_name = "VUS",
        requires = "op",
        conflicts_with = "rate",
        env = "KEYSTORM_VUS"
    )]
    pub vus: Option<u32>,
    /// Closed model: so many jobs in all, shared by the VUs.
    #[arg(
        short = 'n',
        long,
        value_name = "ITERATIONS",
        requires = "vus",
        conflicts_with = "duration",
        env = "KEYSTORM_ITERATIONS"
    )]
    pub iterations: Option<u64>,
    /// Key spec, such as RSA_2048.
    #[arg(long, value_name = "KEYSPEC", requires = "op", env = "KEYSTORM_KEY_SPEC")]
    pub key_spec: Option<String>,
    /// Threshold, such as 'failed: rate<1%' or 'response_time: p(99)<250ms'; repeatable.
    #[arg(
        long,
        value_name = "METRIC: EXPRESSION",
        requires = "op",
        value_delimiter = '\n',
        env = "KEYSTORM_THRESHOLD"
    )]
    pub threshold: Vec<String>,
}

impl Load {
    /// The same question as a scenario file; JSON, which is YAML too.
    ///
    /// # Errors
    /// A usage error for what the scenario's own checks could not name well.
    pub fn to_yaml(&self) -> Result<String, Error> {
        let mut scenario = json!({
            "version": 1,
            "name": format!("{}-{}", self.op.first().map_or("run", |op| op.split('=').next().unwrap_or(op)), "load")
                .to_lowercase(),
            "workloads": { "load": self.workload()? },
            "strategies": {
                "none": { "retry": { "mode": "none" } },
                "naive": { "retry": { "mode": "immediate", "maxAttempts": 10 } },
                "full-jitter": { "retry": { "mode": "exponential", "jitter": "full", "maxAttempts": 5 } },
                "sdk-standard": { "retry": { "mode": "aws-standard" } },
                "sdk-adaptive": { "retry": { "mode": "aws-adaptive" } },
            },
        });
        for quota in &self.quota {
            let (pool, rate) = quota.split_once('=').unwrap_or(("symmetric", quota));
            scenario["quotas"][pool] = json!(rate);
        }
        for threshold in &self.threshold {
            let (metric, expression) =
                threshold.rsplit_once(": ").or_else(|| threshold.rsplit_once(':')).ok_or_else(|| {
                    Error::Usage(format!(
                        "--threshold `{threshold}`: write METRIC: EXPRESSION, such as 'failed: rate<1%'"
                    ))
                })?;
            let list = &mut scenario["thresholds"][metric.trim()];
            match list.as_array_mut() {
                Some(list) => list.push(json!(expression.trim())),
                None => *list = json!([expression.trim()]),
            }
        }
        Ok(scenario.to_string())
    }

    fn workload(&self) -> Result<Value, Error> {
        let mut jobs = Map::new();
        for op in &self.op {
            let (name, weight) = op.split_once('=').unwrap_or((op, "1"));
            let weight: u32 = weight.parse().map_err(|_| {
                Error::Usage(format!("--op `{op}`: the weight is a whole number, such as Decrypt=80"))
            })?;
            jobs.insert(name.to_owned(), json!(weight));
        }
        let duration = self.duration.as_deref().unwrap_or("30s");
        let rate = self.rate.as_deref().unwrap_or(if self.stage.is_empty() { "100/s" } else { "0/s" });
        let mut workload = match (self.vus, self.iterations, self.stage.is_empty()) {
            (Some(vus), Some(iterations), _) => {
                json!({ "executor": "shared-iterations", "vus": vus, "iterations": iterations })
            }
            (Some(vus), None, _) => json!({ "executor": "constant-vus", "vus": vus, "duration": duration }),
            (None, _, true) => {
                json!({ "executor": "constant-arrival-rate", "rate": rate, "duration": duration })
            }
            (None, _, false) => {
                let stages: Result<Vec<Value>, Error> = self.stage.iter().map(|text| stage(text)).collect();
                json!({ "executor": "ramping-arrival-rate", "startRate": rate, "stages": stages? })
            }
        };
        workload["jobs"] = Value::Object(jobs);
        if let Some(spec) = &self.key_spec {
            workload["keys"] = json!({ "spec": spec });
        }
        Ok(workload)
    }
}

fn stage(text: &str) -> Result<Value, Error> {
    let wrong = || Error::Usage(format!("--stage `{text}`: write DURATION:RATE, such as 30s:500/s"));
    let (duration, target) = text.split_once(':').ok_or_else(wrong)?;
    Ok(json!({ "duration": duration, "target": target }))
}
