//! `keystorm plan`: the quota to ask for.

use super::progress::Progress;
use super::question::{Asked, Question};
use super::run_folder::RunFolder;
use super::{Common, Error, interrupt, output};
use crate::engine::Control;
use crate::engine::planning::{self, PoolFound};
use crate::format::counted;
use crate::notice;
use crate::planner::capacity::{
    Capacity, Failover, FailoverAsk, Formula, PoolNeed, SCHEMA, Terms, months_left,
};
use crate::planner::spoken::{speaks_of, with_assumed};
use crate::quota::{Enforcement, PoolId, catalogue, price};
use crate::report;
use crate::results::{Tool, assumptions, hash};
use crate::scenario::Scenario;
use crate::time::Span;
use crate::units::{Rate, Ratio};
use jiff::civil::Date;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Options of `plan`.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(flatten)]
    question: Question,
    /// How much more load there will be: the total until --by, such as 40%.
    #[arg(long, value_name = "PERCENT", requires = "by", value_parser = growth, env = "KEYSTORM_GROWTH")]
    growth: Option<f64>,
    /// Until when: YYYY-MM or YYYY-MM-DD.
    #[arg(long, value_name = "DATE", requires = "growth", value_parser = date, env = "KEYSTORM_BY")]
    by: Option<Date>,
    /// The day that counts as today [default: today].
    #[arg(long, value_name = "DATE", value_parser = date, env = "KEYSTORM_TODAY")]
    today: Option<Date>,
    /// Which share of the quota the busiest second may use.
    #[arg(long, value_name = "RATIO", default_value = "80%", value_parser = utilisation, env = "KEYSTORM_UTILISATION")]
    utilisation: f64,
    /// A Region that takes this one's load if it fails, with what it carries itself at its busiest second, which then comes
    /// here too; a request of its own; repeatable.
    #[arg(long, value_name = "REGION[=RATE]", value_delimiter = '\n', value_parser = failover, env = "KEYSTORM_FAILOVER")]
    failover: Vec<Failover>,
    /// Tell costs after the free tier: 20,000 symmetric requests a month, of all Regions together.
    #[arg(long, env = "KEYSTORM_FREE_TIER")]
    free_tier: bool,
    /// How often progress is told where stderr is no terminal.
    #[arg(long, value_name = "SPAN", default_value = "10s", value_parser = Span::parse, env = "KEYSTORM_PROGRESS_EVERY")]
    progress_every: Span,
    /// Folder for the plan, which must not be there yet [default: reports/local/<name>-plan-<time>].
    #[arg(short, long, value_name = "DIR", env = "KEYSTORM_OUT")]
    out: Option<PathBuf>,
    /// Replace what --out holds.
    #[arg(long, env = "KEYSTORM_FORCE")]
    force: bool,
}

/// `40%` as a factor of 1.4.
fn growth(text: &str) -> Result<f64, String> {
    let wrong = || format!("`{text}` is no growth; write it like 40% or 150%, from 0% to 10000%");
    let percent: f64 = text.trim().strip_suffix('%').and_then(|n| n.trim().parse().ok()).ok_or_else(wrong)?;
    if (0.0..=10_000.0).contains(&percent) { Ok(1.0 + percent / 100.0) } else { Err(wrong()) }
}

fn date(text: &str) -> Result<Date, String> {
    let whole = if text.len() == 7 { format!("{text}-01") } else { text.to_owned() };
    whole.parse().map_err(|_| format!("`{text}` is no date; write it like 2027-06 or 2027-06-30"))
}

fn utilisation(text: &str) -> Result<f64, String> {
    let share = Ratio::parse(text)?.as_f64();
    if share > 0.0 { Ok(share) } else { Err("nothing of a quota is no use of it".into()) }
}

fn failover(text: &str) -> Result<Failover, String> {
    let (region, rate) = match text.split_once('=') {
        Some((region, rate)) => (region.trim(), Rate::parse(rate.trim())?.as_per_second()),
        None => (text.trim(), 0.0),
    };
    if !catalogue::is_region(region) {
        let meant = crate::api::nearest(region, catalogue::regions());
        let meant = meant.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
        return Err(format!("no quotas known for Region `{region}`{meant}"));
    }
    Ok(Failover { region: region.to_owned(), carries_per_s: rate })
}

/// Kinds of limiter that AWS may have, beside the scenario's own.
fn kinds(own: Enforcement) -> Vec<(String, Enforcement)> {
    let second = Span::from_secs(1);
    let all = [
        ("window", Enforcement::Window { phase: None }),
        ("sliding", Enforcement::Sliding),
        ("bucket 1s", Enforcement::Bucket { burst: second }),
        ("bucket 1s 1s", Enforcement::LateBucket { burst: second, lag: second }),
    ];
    all.into_iter().filter(|(_, kind)| *kind != own).map(|(name, kind)| (name.to_owned(), kind)).collect()
}

/// Runs the command.
///
/// # Errors
/// As loading the scenario; [`Error::Usage`] for a date that is past or a Region that stands in for itself.
pub fn run(args: Args, common: &Common) -> Result<ExitCode, Error> {
    if common.is_given("force") && args.out.is_none() {
        return Err(Error::Usage("--force replaces what is in --out, which is not given".into()));
    }
    let asked = args.question.asked(&[])?;
    let terms = terms(&args, &asked)?;
    let folder =
        RunFolder::claim(args.out.as_deref(), &format!("{}-plan", asked.loaded.scenario.name), args.force)?;
    let control = Arc::new(Control::default());
    let stopper = Arc::clone(&control);
    ctrlc::set_handler(move || interrupt::interrupt(&stopper.stop))
        .map_err(|error| Error::Failed(format!("cannot listen for Ctrl-C: {error}")))?;
    let found = simulated(&args, &asked, &terms, &control, common);
    if control.stop.load(Ordering::Relaxed) {
        notice::tell("keystorm: interrupted; half a plan is none, and nothing was saved");
        return Ok(ExitCode::from(super::exit::INTERRUPTED));
    }
    let mut plan = document(&asked, &args, terms, found);
    plan.answer = report::capacity::answer(&plan);
    conclude(&plan, folder, common)
}

/// The day that counts as today.
fn today(args: &Args) -> Date {
    args.today.unwrap_or_else(|| {
        let now = crate::clock::iso();
        now.get(..10).and_then(|day| day.parse().ok()).unwrap_or_default()
    })
}

fn terms(args: &Args, asked: &Asked) -> Result<Terms, Error> {
    let today = today(args);
    let days = |by: Date| i64::from(by.since(today).map_or(0, |span| span.get_days()));
    if let Some(by) = args.by.filter(|by| days(*by) <= 0) {
        return Err(Error::Usage(format!("--by {by}: that is not after {today}; give a date to come")));
    }
    let own = &asked.loaded.scenario.region;
    if let Some(same) = args.failover.iter().find(|each| each.region == *own) {
        return Err(Error::Usage(format!(
            "--failover {}: this is the Region that fails; give another",
            same.region
        )));
    }
    let months = args.by.map(|by| (days(by) as f64 / 365.25 * 12.0 * 10.0).round() / 10.0);
    Ok(Terms {
        growth: args.growth.unwrap_or(1.0),
        by: args.by.map(|by| by.to_string()),
        months,
        utilisation: args.utilisation,
        failover: args.failover.clone(),
    })
}

/// This Region's load if the busiest of the others fails, as a multiple of its own.
fn failover_factor(asked: &Asked, terms: &Terms) -> f64 {
    let own = crate::scenario::Plan::of(&asked.loaded.scenario).peak_per_s;
    let most = terms.failover.iter().map(|each| each.carries_per_s).fold(0.0, f64::max);
    if own > 0.0 { crate::planner::capacity::tidy((own + most) / own) } else { 1.0 }
}

fn simulated(
    args: &Args,
    asked: &Asked,
    terms: &Terms,
    control: &Arc<Control>,
    common: &Common,
) -> Vec<PoolFound> {
    let scenario = &asked.loaded.scenario;
    let wanted = planning::Asked {
        scenario,
        growth: terms.growth,
        failover: failover_factor(asked, terms),
        utilisation: terms.utilisation,
        kinds: kinds(scenario.quotas.enforcement),
        free_tier: args.free_tier,
        threads: args.question.threads(),
    };
    let label = format!(
        "plan of {} x {}",
        counted(scenario.strategies.len() as u64, "strategy"),
        counted(scenario.trials.into(), "trial")
    );
    let total = Arc::new(AtomicU64::new(0));
    let progress = Progress::over(label, &total, true, control, args.progress_every, common.quiet);
    let found = planning::plan(&wanted, control, &total);
    progress.finish();
    found
}

/// Everything that was found, as a document.
fn document(asked: &Asked, args: &Args, terms: Terms, found: Vec<PoolFound>) -> Capacity {
    let scenario = &asked.loaded.scenario;
    let resolved = scenario.to_value();
    let threshold = |t: &crate::scenario::Threshold| format!("{}: {}", t.name, t.expression);
    Capacity {
        schema: SCHEMA.into(),
        tool: Tool { name: "keystorm".into(), version: env!("CARGO_PKG_VERSION").into() },
        name: scenario.name.clone(),
        question: asked.loaded.question.clone(),
        answer: String::new(),
        scenario_hash: hash(&resolved.to_string()),
        scenario: resolved,
        seed: scenario.seed,
        region: scenario.region.clone(),
        date: today(args).to_string(),
        thresholds: scenario.thresholds.iter().map(threshold).collect(),
        thresholds_assumed: asked.has_default_thresholds,
        trials: scenario.trials,
        enforcement: asked.kinds.first().map(|(name, _)| name.clone()).unwrap_or_default(),
        pools: found.into_iter().map(|pool| pool_need(asked, &terms, pool)).collect(),
        keys: keys(scenario),
        keys_usd: f64::from(keys(scenario)) * price::KEY.usd,
        assumptions: assumed(scenario, args.free_tier),
        interrupted: false,
        terms,
    }
}

/// Customer managed keys that the workloads use.
fn keys(scenario: &Scenario) -> u32 {
    scenario
        .workloads
        .iter()
        .filter(|workload| workload.needs_keys())
        .map(|workload| workload.keys.count)
        .sum()
}

/// What is taken for granted; the free tier as it was asked for.
fn assumed(scenario: &Scenario, free_tier: bool) -> Vec<String> {
    let say = |sentence: String| match free_tier {
        true => sentence.replace("without the free tier", "after the free tier of 20,000 requests a month"),
        false => sentence,
    };
    assumptions(scenario).into_iter().map(say).collect()
}

fn pool_need(asked: &Asked, terms: &Terms, found: PoolFound) -> PoolNeed {
    let scenario = &asked.loaded.scenario;
    let entry = PoolId::from_name(&found.pool).map(catalogue::entry);
    let is_given = scenario.quotas.overrides.contains_key(&found.pool);
    let best = found.recommended.map(|place| &found.strategies[place]);
    let months = terms.months.unwrap_or(0.0);
    let left = best.and_then(|s| months_left(s.peak_1s, found.have_per_s, terms.growth, months));
    let failover = best.and_then(|s| s.formula).map_or_else(Vec::new, |formula| {
        terms.failover.iter().map(|each| elsewhere(each, &found.pool, &formula)).collect()
    });
    let (spoken, own) = with_assumed(scenario);
    let id = PoolId::from_name(&found.pool);
    let extra = spoken.thresholds.iter().skip(own).filter(|t| id.is_some_and(|id| speaks_of(&spoken, t, id)));
    PoolNeed {
        assumed: extra.map(|t| format!("{}: {}", t.name, t.expression)).collect(),
        quota: entry.and_then(|entry| entry.quota).map(Into::into),
        code: entry.and_then(|entry| entry.code).map(Into::into),
        adjustable: entry.map_or("unknown", |entry| entry.adjustable.name()).into(),
        have_per_s: found.have_per_s,
        have_from: if is_given {
            "given".into()
        } else {
            format!("default published by AWS, read {}", catalogue::DATE)
        },
        recommended: best.map(|s| s.name.clone()),
        ask_per_s: best.and_then(|s| s.ask_per_s),
        months_left: if terms.growth > 1.0 { left } else { None },
        failover,
        sensitivity: found.sensitivity,
        verified: found.verified,
        outcomes: found.outcomes,
        strategies: found.strategies,
        pool: found.pool,
    }
}

/// What a Region needs that takes this one's load on top of its own: in proportion, for its own mix is not known.
fn elsewhere(each: &Failover, pool: &str, here: &Formula) -> FailoverAsk {
    let has = PoolId::from_name(pool).map_or(0.0, |id| catalogue::limit(&each.region, id).as_per_second());
    let factor = if here.peak_1s > 0.0 { (here.peak_1s + each.carries_per_s) / here.peak_1s } else { 1.0 };
    let factor = crate::planner::capacity::tidy(factor);
    let need = here.need_high / here.failover * factor;
    let formula = Formula::new(need, here.peak_1s, here.growth, factor, here.utilisation);
    FailoverAsk {
        region: each.region.clone(),
        have_per_s: has,
        ask_per_s: Some(formula.ask).filter(|ask| *ask > has),
        formula,
    }
}

/// Saves the plan and shows it.
fn conclude(plan: &Capacity, folder: RunFolder, common: &Common) -> Result<ExitCode, Error> {
    let mut json = serde_json::to_vec_pretty(plan)
        .map_err(|error| Error::Failed(format!("cannot write plan.json: {error}")))?;
    json.push(b'\n');
    let dir = format!("{}/", folder.dir().display());
    let shown = match common.json {
        true => json.clone(),
        false => report::capacity::text(plan, &dir, output::look(false)).into_bytes(),
    };
    let page = folder.dir().join("plan.html");
    let files: Vec<_> =
        [("plan.json".to_owned(), json)].into_iter().chain(report::capacity::files(plan, "")).collect();
    let saved = folder.fill(&files);
    output::print(shown)?;
    saved?;
    if !common.quiet {
        notice::tell(format_args!("page: {}", page.display()));
    }
    Ok(ExitCode::SUCCESS)
}
