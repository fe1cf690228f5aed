//! The scenario that a search is asked about: a file, the folder of an import, or a trace by itself, and what options lay
//! over it.

use super::declared::means;
use super::load::{self, Loaded};
use super::one_liner::{Load, QUOTA, THRESHOLD};
use super::{Error, scenario_file};
use crate::quota::Enforcement;
use crate::scenario::Set;
use crate::workload::{TraceRows, trace};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What is asked about.
#[derive(clap::Args, Debug)]
pub struct Question {
    /// A scenario, `-` for standard input, the folder of an import, or a trace (.csv, .csv.gz).
    #[arg(required = true, value_name = "SCENARIO", env = "KEYSTORM_SCENARIO")]
    pub scenario: Option<PathBuf>,
    #[arg(long, env = "KEYSTORM_REGION", help = means("region", ""))]
    pub region: Option<String>,
    #[arg(long, env = "KEYSTORM_SEED", help = means("seed", ""))]
    pub seed: Option<String>,
    #[arg(long, env = "KEYSTORM_TRIALS", help = means("trials", ""))]
    pub trials: Option<String>,
    /// Ask about this strategy only; repeatable.
    #[arg(long = "strategy", value_name = "NAME", value_delimiter = '\n', env = "KEYSTORM_STRATEGY")]
    pub strategies: Vec<String>,
    /// Override any value, such as workloads.checkout.startRate=500/s; repeatable.
    #[arg(long = "set", value_name = "KEY=VALUE", value_delimiter = '\n', env = "KEYSTORM_SET")]
    pub sets: Vec<String>,
    #[arg(long, value_name = "[POOL=]RATE", value_delimiter = '\n', env = "KEYSTORM_QUOTA",
        help = means("quotas", QUOTA))]
    pub quota: Vec<String>,
    #[arg(long, value_name = "METRIC: EXPRESSION", value_delimiter = '\n', env = "KEYSTORM_THRESHOLD",
        help = means("thresholds", THRESHOLD))]
    pub threshold: Vec<String>,
    /// Threads to simulate on [default: all cores]; results do not depend on it.
    #[arg(long, env = "KEYSTORM_THREADS")]
    pub threads: Option<usize>,
}

/// The thresholds of a scenario that has none.
pub const DEFAULT_THRESHOLDS: [(&str, &str); 2] = [("failed", "rate<0.1%"), ("response_time", "p(99)<500ms")];

/// A scenario read, and what is to be known of it.
pub struct Asked {
    /// The scenario.
    pub loaded: Loaded,
    /// Whether its thresholds are [`DEFAULT_THRESHOLDS`].
    pub has_default_thresholds: bool,
    /// Where its traces lie.
    #[cfg(feature = "bus")]
    pub dir: PathBuf,
    /// How each kind of limiter that was asked about is written, and what it is; never empty.
    pub kinds: Vec<(String, Enforcement)>,
}

impl Question {
    /// Reads the scenario, once for each of the `kinds` of limiter; without any, its own counts.
    ///
    /// # Errors
    /// As [`load::load_text`].
    pub fn asked(&self, kinds: &[String]) -> Result<Asked, Error> {
        let source = source(self.path())?;
        let sets = self.sets()?;
        let read = |sets: &[Set]| {
            let mut loaded = load::load_text(&source.text, &source.file, &source.dir, sets)?;
            load::keep_strategies(&mut loaded.scenario, &self.strategies)?;
            Ok::<_, Error>(loaded)
        };
        let mut loaded = read(&sets)?;
        let has_default_thresholds = loaded.scenario.thresholds.is_empty();
        let mut sets = sets;
        if has_default_thresholds {
            sets.extend(DEFAULT_THRESHOLDS.map(|(metric, expression)| {
                Set::option(
                    &["thresholds", metric],
                    &json!([expression]).to_string(),
                    "the default thresholds",
                )
            }));
            loaded = read(&sets)?;
        }
        let mut found = Vec::new();
        for kind in kinds {
            let given = format!("--enforcement {kind}");
            let with = Set::option(&["quotas", "enforcement"], &enforcement(kind).to_string(), &given);
            let all: Vec<Set> = sets.iter().cloned().chain([with]).collect();
            let scenario = read(&all)?.scenario;
            found.push((written(&scenario.to_value()), scenario.quotas.enforcement));
        }
        if found.is_empty() {
            found.push((written(&loaded.scenario.to_value()), loaded.scenario.quotas.enforcement));
        }
        Ok(Asked {
            loaded,
            has_default_thresholds,
            #[cfg(feature = "bus")]
            dir: source.dir,
            kinds: found,
        })
    }

    /// The scenario's path: a search without one is refused before it is asked.
    pub fn path(&self) -> &Path {
        self.scenario.as_deref().unwrap_or(Path::new("-"))
    }

    /// How many threads to simulate on.
    pub fn threads(&self) -> usize {
        super::threads::threads(self.threads)
    }

    fn sets(&self) -> Result<Vec<Set>, Error> {
        let own = |name: &str, value: Option<String>| value.map(|value| Set::key(name, &value));
        let mut sets = load::sets(&self.sets)?;
        let over = Load { quota: self.quota.clone(), threshold: self.threshold.clone(), ..Load::default() };
        sets.extend(over.overlays()?);
        sets.extend(own("region", self.region.clone()));
        sets.extend(own("seed", self.seed.clone()));
        sets.extend(own("trials", self.trials.clone()));
        Ok(sets)
    }
}

/// The kind of limiter in use, as it is written: `window`, `bucket 1s`.
fn written(scenario: &Value) -> String {
    match &scenario["quotas"]["enforcement"] {
        Value::String(kind) => kind.clone(),
        Value::Object(map) => {
            let one = |(kind, more): (&String, &Value)| {
                let values = more.as_object().into_iter().flatten().filter_map(|(_, value)| value.as_str());
                [kind.as_str()].into_iter().chain(values).collect::<Vec<_>>().join(" ")
            };
            map.iter().map(one).collect::<Vec<_>>().join(" ")
        }
        _ => "window".into(),
    }
}

/// `window`, `bucket:1s:500ms`, `lagging:1s` as a scenario writes them.
pub fn enforcement(text: &str) -> Value {
    Enforcement::in_short(text)
}

/// A scenario's text, what messages call it, and where its traces lie.
struct Source {
    text: String,
    file: String,
    dir: PathBuf,
}

/// The text at `path`: a scenario, that of an import's folder, or one made for a trace.
fn source(path: &Path) -> Result<Source, Error> {
    let in_folder = path.join("scenario.yaml");
    let path = if path.is_dir() && in_folder.is_file() { &in_folder } else { path };
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let dir = path.parent().unwrap_or(Path::new("")).to_path_buf();
    let text = match name.ends_with(".csv") || name.ends_with(".csv.gz") {
        true => of_trace(path)?,
        false => scenario_file::text(path)?,
    };
    let file = if scenario_file::is_stdin(path) { "stdin".into() } else { path.display().to_string() };
    let dir = if scenario_file::is_stdin(path) { PathBuf::new() } else { dir };
    Ok(Source { text, file, dir })
}

/// A scenario that replays a trace: its own kinds of job, or Decrypt where it names none.
fn of_trace(path: &Path) -> Result<String, Error> {
    let wrong = |reason: String| Error::Failed(format!("{}: {reason}", path.display()));
    let bytes = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
    let rows = trace::read(&bytes, &BTreeMap::new()).map_err(|error| wrong(error.to_string()))?;
    let mut jobs = BTreeMap::<&str, u64>::new();
    if let TraceRows::Jobs(rows) = &rows {
        rows.iter().filter_map(|row| row.kind).for_each(|kind| *jobs.entry(kind.name()).or_default() += 1);
    }
    if jobs.is_empty() {
        jobs.insert("Decrypt", 1);
    }
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = file.split('.').next().unwrap_or("trace");
    let name: String = stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    Ok(json!({
        "version": 1,
        "name": if name.trim_matches('-').is_empty() { "trace".into() } else { format!("t-{name}") },
        "workloads": { "recorded": { "executor": "trace", "file": file, "jobs": jobs } },
        "strategies": {
            "no-retry": { "retry": { "mode": "none" } },
            "sdk-standard": { "retry": { "mode": "aws-standard" } },
        },
    })
    .to_string())
}
