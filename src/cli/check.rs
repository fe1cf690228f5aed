//! `keystorm check`: every problem of a scenario, or what it will ask for and every default.

use super::declared::means;
use super::{Common, Error, fault_template, load, memory, output};
use crate::report::format::{counted, fixed, percent};
use crate::scenario::fis::Targets;
use crate::scenario::{Plan, Scenario, Set};
use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Options of `check`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The scenario file; `-` is standard input.
    #[arg(value_name = "SCENARIO", env = "KEYSTORM_SCENARIO")]
    scenario: PathBuf,
    /// Lay a value over the file: `--set workloads.checkout.startRate=500/s`.
    #[arg(long = "set", value_name = "KEY=VALUE", value_delimiter = '\n', env = "KEYSTORM_SET")]
    sets: Vec<String>,
    /// Experiment template of AWS FIS whose faults join the scenario's, for everybody; repeatable.
    #[arg(long, value_name = "FILE", value_delimiter = '\n', env = "KEYSTORM_FAULT_TEMPLATE")]
    fault_template: Vec<PathBuf>,
    #[arg(long, env = "KEYSTORM_TARGET", help = means("target", "; nothing is sent"))]
    target: Option<String>,
}

/// Runs the command.
pub fn run(args: Args, common: &Common) -> Result<ExitCode, Error> {
    let mut sets = load::sets(&args.sets)?;
    sets.extend(args.target.map(|name| Set::key("target", &name)));
    sets.extend(fault_template::sets(&args.fault_template, Targets::Everybody)?);
    let loaded = load::load(&args.scenario, &sets)?;
    let threads = super::threads::threads(None);
    memory::fits(&loaded.scenario, threads, &args.scenario.display().to_string())?;
    let plan = Plan::of(&loaded.scenario);
    let shown = if common.json {
        let document = serde_json::json!({ "plan": plan, "scenario": loaded.scenario.to_value() });
        format!("{document:#}\n")
    } else if common.quiet {
        String::new()
    } else {
        text(&loaded.scenario, &loaded.question, &plan)
    };
    output::print(shown)?;
    Ok(ExitCode::SUCCESS)
}

/// The plan and the scenario, for people; the plan is a comment, so the whole is a scenario again.
fn text(scenario: &Scenario, question: &str, plan: &Plan) -> String {
    let mut out = String::new();
    let mut say = |line: String| {
        let _ = writeln!(out, "{}", format!("# {line}").trim_end());
    };
    if !question.is_empty() {
        say(question.to_owned());
        say(String::new());
    }
    let about = if plan.is_estimate { "about " } else { "" };
    let strategies = counted(scenario.strategies.len() as u64, "strategy");
    let trials = match scenario.until {
        Some(until) => format!(
            "up to {}, until every interval is within ±{until}",
            counted(scenario.trials.into(), "trial")
        ),
        None => counted(scenario.trials.into(), "trial"),
    };
    say(format!(
        "One trial of one strategy offers {about}{}; {strategies}, {trials}.",
        counted(plan.jobs.round() as u64, "job")
    ));
    if !scenario.sweep.is_empty() {
        let points: usize = scenario.sweep.iter().map(|axis| axis.values.len()).product();
        let paths: Vec<&str> = scenario.sweep.iter().map(|axis| axis.path.as_str()).collect();
        say(format!(
            "Swept over {}: {}; what follows is of the file as it stands.",
            paths.join(" and "),
            counted(points as u64, "point")
        ));
    }
    for name in &plan.unforeseen {
        say(format!("Not counted: `{name}`, whose trace is not loaded."));
    }
    say("Calls, first attempts without any cache:".into());
    for (operation, calls) in &plan.calls {
        say(format!("  {operation:<36} {:>16}", count(*calls)));
    }
    peaks(plan).into_iter().for_each(&mut say);
    say(format!("On AWS these calls cost {:.2} USD ({}).", plan.cost_usd, plan.cost_source));
    if scenario.target == crate::scenario::Target::Sim {
        let threads = super::threads::threads(None);
        say(format!("Simulating it takes about {} of memory.", memory::told(scenario, threads)));
    }
    say(String::new());
    say("The scenario with every default:".into());
    out.push_str(&scenario.to_yaml());
    out
}

/// What each pool is asked for at the peak, and by whom.
fn peaks(plan: &Plan) -> Vec<String> {
    let mut lines = vec!["Peak of each pool, every workload at its own peak at once:".to_owned()];
    for pool in &plan.pools {
        let limit = match pool.limit_per_s {
            Some(limit) if limit > 0.0 => {
                let over = if pool.peak_per_s > limit { ", over the limit" } else { "" };
                format!("of {}/s = {}{over}", count(limit), percent(pool.peak_per_s / limit))
            }
            _ => "limit not known".into(),
        };
        lines.push(format!("  {:<36} {:>14}/s {limit}", pool.pool, count(pool.peak_per_s)));
        for (workload, asked) in pool.workloads.iter().filter(|_| pool.workloads.len() > 1) {
            lines.push(format!("    {workload:<34} {:>14}/s", count(*asked)));
        }
    }
    lines
}

/// A number with thousands separated, one decimal where it is small and not whole.
fn count(value: f64) -> String {
    let rounded = (value * 10.0).round() / 10.0;
    fixed(rounded, usize::from(rounded < 100.0 && rounded.fract() > 0.0))
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn numbers_are_grouped_for_people() {
        assert_eq!(["0", "12.5", "100", "1,234,567"], [0.0, 12.5, 99.99, 1_234_567.2].map(count)[..]);
    }
}
