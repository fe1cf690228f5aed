//! `keystorm explain`: the phases of a saved run and what began each, or one job's story.

use super::load::{self, Loaded};
use super::{Common, Error, output, report};
use crate::engine::{self, Control};
use crate::notice;
use crate::record::Layout;
use crate::report::explain as told;
use crate::results::causes::causes;
use crate::results::phases::{Phase, phases};
use crate::results::story::Story;
use crate::results::{Run, strategy_run};
use crate::scenario::{Scenario, Target};
use crate::workload::Executor;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Options of `explain`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// A saved run: its directory, or its run.json.
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Tell the story of this job instead, run again in virtual time: its number from 1, or VU:NUMBER in closed load.
    #[arg(long, value_name = "N", env = "KEYSTORM_JOB")]
    job: Option<String>,
    /// Explain this strategy only; repeatable.
    #[arg(long = "strategy", value_name = "NAME", value_delimiter = '\n', env = "KEYSTORM_STRATEGY")]
    strategies: Vec<String>,
    /// With --job: whose job it is [default: the first workload].
    #[arg(long, value_name = "NAME", env = "KEYSTORM_WORKLOAD")]
    workload: Option<String>,
    /// With --job: in which trial, from 1 [default: 1].
    #[arg(long, value_name = "N", env = "KEYSTORM_TRIAL")]
    trial: Option<u32>,
    /// With --job: the folder that the scenario's traces lie in [default: this one].
    #[arg(long, value_name = "DIR", env = "KEYSTORM_TRACES")]
    traces: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// [`Error::Usage`] for what the run has not, [`Error::Failed`] if it cannot be read.
pub fn run(args: Args, common: &Common) -> Result<ExitCode, Error> {
    let saved = report::load(&args.run)?;
    let job = args.job.clone();
    let idle = [
        ("workload", args.workload.is_some()),
        ("trial", args.trial.is_some()),
        ("traces", args.traces.is_some()),
    ];
    if let (None, Some((name, _))) = (&job, idle.iter().find(|(_, is_given)| *is_given)) {
        return Err(Error::Usage(format!("--{name} goes with --job")));
    }
    for name in &args.strategies {
        if !saved.run.strategies.iter().any(|strategy| strategy.name == *name) {
            let known: Vec<&str> =
                saved.run.strategies.iter().map(|strategy| strategy.name.as_str()).collect();
            return Err(Error::Usage(format!("--strategy {name}: the run has {}", known.join(", "))));
        }
    }
    match job {
        Some(job) => tell_job(&saved.run, &args, &job, common),
        None => tell_phases(&saved.run, &args.strategies, common),
    }
}

fn is_wanted(wanted: &[String], name: &str) -> bool {
    wanted.is_empty() || wanted.iter().any(|each| each == name)
}

/// The scenario that a run has saved, read again; its traces lie in `traces`.
fn saved_scenario(run: &Run, traces: &Path) -> Result<Loaded, Error> {
    let yaml = serde_yaml::to_string(&run.scenario)
        .map_err(|error| Error::Failed(format!("the saved scenario: {error}")))?;
    load::load_text(&yaml, "the saved scenario", traces, &[])
}

/// What the scenario made happen; nothing, and a word, if it cannot be read again.
fn tell_phases(run: &Run, wanted: &[String], common: &Common) -> Result<ExitCode, Error> {
    let yaml = serde_yaml::to_string(&run.scenario).unwrap_or_default();
    let read = crate::scenario::Scenario::parse(&yaml, &crate::scenario::Options::default());
    let happened = match read {
        Ok(checked) => causes(&checked.scenario),
        Err(_) => {
            notice::tell(
                "keystorm: this keystorm cannot read the saved scenario, so that causes are not known",
            );
            Vec::new()
        }
    };
    let strategies = run.strategies.iter().filter(|strategy| is_wanted(wanted, &strategy.name));
    let found: Vec<_> = strategies.map(|strategy| (strategy, phases(strategy, &happened))).collect();
    if !common.json {
        return output::print(told::phases_text(&run.name, &found, output::look(false)))
            .map(|()| ExitCode::SUCCESS);
    }
    let of = |(strategy, phases): &(&crate::results::StrategyRun, Vec<Phase>)| serde_json::json!({ "name": strategy.name, "phases": phases });
    let document = serde_json::json!({
        "schema": "keystorm.explain/1",
        "name": run.name,
        "scenarioHash": run.scenario_hash,
        "seed": run.seed,
        "strategies": found.iter().map(of).collect::<Vec<_>>(),
    });
    output::print(format!("{document:#}\n")).map(|()| ExitCode::SUCCESS)
}

/// The number that keys a job's draws: `17`, from 1, or `3:17`, the 17th of VU 3.
fn index(text: &str, is_open: bool) -> Option<u64> {
    let from_one = |text: &str| text.parse::<u64>().ok()?.checked_sub(1);
    match (text.split_once(':'), is_open) {
        (None, true) => from_one(text),
        (Some((vu, number)), false) => {
            let (vu, number) = (from_one(vu)?, from_one(number)?);
            (vu <= u64::from(u32::MAX) && number <= u64::from(u32::MAX)).then_some(vu << 32 | number)
        }
        _ => None,
    }
}

fn tell_job(run: &Run, args: &Args, job: &str, common: &Common) -> Result<ExitCode, Error> {
    if run.target != "sim" || run.wall.is_some() {
        return Err(Error::Usage(
            "--job: a live run cannot be run again; nothing but the simulator repeats itself".into(),
        ));
    }
    let loaded = saved_scenario(run, args.traces.as_deref().unwrap_or(Path::new("")))?;
    let scenario = in_order(loaded.scenario, run);
    if scenario.target != Target::Sim {
        return Err(Error::Usage("--job needs a simulated run".into()));
    }
    let has_trace = |workload: &crate::workload::Workload| matches!(workload.executor, Executor::Trace(_));
    if args.traces.is_some() && !scenario.workloads.iter().any(has_trace) {
        return Err(Error::Usage("--traces: the scenario has no trace".into()));
    }
    let names: Vec<&str> = scenario.workloads.iter().map(|workload| workload.name.as_str()).collect();
    let workload = match &args.workload {
        None => 0,
        Some(name) => names
            .iter()
            .position(|each| each == name)
            .ok_or_else(|| Error::Usage(format!("--workload {name}: the run has {}", names.join(", "))))?,
    };
    let is_open = scenario.workloads[workload].executor.is_open();
    let number = index(job, is_open).ok_or_else(|| {
        let how = if is_open {
            "the job's number from 1, such as 17"
        } else {
            "VU:NUMBER, both from 1, such as 3:17"
        };
        Error::Usage(format!("--job {job}: of `{}` write {how}", names[workload]))
    })?;
    let trial = args.trial.unwrap_or(1);
    if !(1..=scenario.trials).contains(&trial) {
        return Err(Error::Usage(format!("--trial {trial}: the run has trials 1 to {}", scenario.trials)));
    }
    let wanted =
        (0..scenario.strategies.len()).filter(|n| is_wanted(&args.strategies, &scenario.strategies[*n].name));
    let wanted: Vec<usize> = wanted.collect();
    let scenario = agreeing(&scenario, run, wanted[0], trial - 1)?;
    let stories: Vec<(String, Option<Story>)> = wanted
        .into_iter()
        .map(|strategy| {
            let story = engine::story(&scenario, strategy, trial - 1, workload as u16, number);
            (scenario.strategies[strategy].name.clone(), story)
        })
        .collect();
    if stories.iter().all(|(_, story)| story.is_none()) {
        return Err(Error::Usage(format!(
            "--job {job}: no such job of `{}` came in trial {trial}",
            names[workload]
        )));
    }
    show(&format!("job {job} of {}, trial {trial}", names[workload]), &stories, common)
}

/// Workloads and strategies as the file had them: a saved scenario has its keys in alphabetical order, and results have
/// the file's.
fn in_order(mut scenario: Scenario, run: &Run) -> Scenario {
    let names: Vec<&String> = run
        .strategies
        .iter()
        .take(1)
        .flat_map(|strategy| &strategy.workloads)
        .map(|part| &part.name)
        .collect();
    scenario.workloads.sort_by_key(|workload| names.iter().position(|name| **name == workload.name));
    let place = |name: &str| run.strategies.iter().position(|strategy| strategy.name == name);
    let mut order: Vec<usize> = (0..scenario.strategies.len()).collect();
    order.sort_by_key(|number| place(&scenario.strategies[*number].name));
    scenario.strategies = order.iter().map(|number| scenario.strategies[*number].clone()).collect();
    for workload in &mut scenario.workloads {
        workload.strategies = order.iter().map(|number| workload.strategies[*number].clone()).collect();
    }
    scenario
}

/// The most orders of jobs that are tried.
const MOST_ORDERS: usize = 120;

/// The scenario whose trial is the saved one. Which job of a mix a draw means follows from the order in which the file names
/// them, which a saved scenario does not have: the one is taken with which the trial comes out as it was saved.
fn agreeing(scenario: &Scenario, run: &Run, strategy: usize, trial: u32) -> Result<Scenario, Error> {
    let saved = &run.strategies[strategy].trial_values;
    let layout = Arc::new(Layout::new(&scenario.workloads));
    let control = Control::default();
    let agrees = |scenario: &Scenario| {
        let trials = [engine::run_trial(scenario, &layout, strategy, trial, &control)];
        let own = strategy_run(scenario, strategy, &trials, &trials[0].recorder).trial_values;
        let is_same = |(name, values): (&String, &Vec<f64>)| match own.get(name) {
            Some(found) => found.first() == values.get(trial as usize),
            None => false,
        };
        !saved.is_empty() && saved.iter().all(is_same)
    };
    let mut orders = vec![scenario.clone()];
    for workload in 0..scenario.workloads.len() {
        orders = orders
            .into_iter()
            .flat_map(|scenario| reordered(&scenario, workload))
            .take(MOST_ORDERS)
            .collect();
    }
    orders.into_iter().find(|scenario| agrees(scenario)).ok_or_else(|| {
        Error::Failed(format!(
            "cannot tell: run again, trial {} is not the saved one (made by keystorm {}, told by {}{}); run the scenario anew",
            trial + 1,
            run.tool.version,
            env!("CARGO_PKG_VERSION"),
            if run.interrupted { "; it was interrupted" } else { "" }
        ))
    })
}

/// The scenario with the jobs of one workload in every order.
fn reordered(scenario: &Scenario, workload: usize) -> Vec<Scenario> {
    let mut orders = vec![Vec::new()];
    let jobs = &scenario.workloads[workload].jobs;
    for job in jobs {
        let with = |order: &Vec<_>| {
            (0..=order.len())
                .rev()
                .map(|at| {
                    let mut order = order.clone();
                    order.insert(at, *job);
                    order
                })
                .collect::<Vec<_>>()
        };
        orders = orders.iter().flat_map(with).take(MOST_ORDERS).collect();
    }
    let with = |jobs| {
        let mut scenario = scenario.clone();
        scenario.workloads[workload].jobs = jobs;
        scenario
    };
    orders.into_iter().map(with).collect()
}

fn show(title: &str, stories: &[(String, Option<Story>)], common: &Common) -> Result<ExitCode, Error> {
    if !common.json {
        return output::print(told::stories_text(title, stories, output::look(false)))
            .map(|()| ExitCode::SUCCESS);
    }
    let line = |(at, what): (crate::time::Time, String)| serde_json::json!({ "at_s": at.as_secs_f64(), "what": what });
    let of = |(name, story): &(String, Option<Story>)| {
        let lines: Option<Vec<_>> =
            story.as_ref().map(|story| told::lines(story).into_iter().map(line).collect());
        serde_json::json!({ "name": name, "events": lines, "summary": story.as_ref().map(told::summary) })
    };
    let document = serde_json::json!({
        "schema": "keystorm.story/1",
        "job": title,
        "strategies": stories.iter().map(of).collect::<Vec<_>>(),
    });
    output::print(format!("{document:#}\n")).map(|()| ExitCode::SUCCESS)
}
