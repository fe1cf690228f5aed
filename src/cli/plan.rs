//! `keystorm plan`: the quota to ask for.

use super::progress::Progress;
use super::question::{Asked, Question};
use super::run_folder::RunFolder;
use super::{Common, Error, backtest, interrupt, output};
use crate::engine::planning::{self, PoolFound};
use crate::engine::{Control, TrialRunner};
use crate::format::counted;
use crate::intake::cloudwatch;
use crate::notice;
use crate::planner::callers::{self, Callers};
use crate::planner::capacity::{
    Capacity, Failover, FailoverAsk, Formula, PoolNeed, SCHEMA, Terms, months_left,
};
use crate::planner::season::{self as seasons, Season};
use crate::planner::spoken::{speaks_of, with_assumed};
use crate::quota::{Enforcement, PoolId, catalogue, price};
use crate::report;
use crate::results::{Tool, assumptions, hash};
use crate::scenario::Scenario;
use crate::time::Span;
use crate::units::{Rate, Ratio};
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Options of `plan`.
#[derive(clap::Args, Debug)]
#[command(mut_arg("scenario", |arg| arg.required(false).required_unless_present("backtest")))]
pub struct Args {
    #[command(flatten)]
    question: Question,
    /// No plan: fit a limiter to the throttles of the first CloudTrail log, and say how it tells the throttled seconds of the
    /// second: hits, misses, false alarms, beside a coin.
    #[arg(
        long,
        num_args = 2,
        value_delimiter = '\n',
        env = "KEYSTORM_BACKTEST",
        value_names = ["LOG1", "LOG2"],
        conflicts_with_all = ["scenario", "seed", "trials", "strategies", "sets", "quota", "threshold", "growth", "by", "season", "today",
                              "utilisation", "failover", "free_tier", "progress_every", "out", "force"]
    )]
    backtest: Option<Vec<PathBuf>>,
    /// The account of --backtest's logs [default: the busiest].
    #[arg(long, value_name = "ID", env = "KEYSTORM_ACCOUNT")]
    account: Option<String>,
    /// How much more load there will be: the total until --by, such as 40%.
    #[arg(long, value_name = "PERCENT", requires = "by", value_parser = growth, env = "KEYSTORM_GROWTH")]
    growth: Option<f64>,
    /// Until when: YYYY-MM or YYYY-MM-DD.
    #[arg(long, value_name = "DATE", requires = "growth", value_parser = date, env = "KEYSTORM_BY")]
    by: Option<Date>,
    /// Hourly sums of CallCount, of 455 days if there are, as `import cloudwatch` reads them: season and trend; repeatable.
    #[arg(long, value_name = "FILE", value_delimiter = '\n', env = "KEYSTORM_SEASON")]
    season: Vec<PathBuf>,
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
    #[cfg(feature = "bus")]
    #[command(flatten)]
    bus: super::bus::SearchBus,
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
    #[cfg(feature = "bus")]
    let is_on_bus = args.bus.is_given(common)?;
    if let Some([first, second]) = args.backtest.as_deref() {
        #[cfg(feature = "bus")]
        if is_on_bus {
            return Err(Error::Usage("--backtest reads logs here: --bus has nothing to deal out".into()));
        }
        let threads = args.question.threads();
        let place = (args.question.region.as_deref(), args.account.as_deref());
        return backtest::run([first, second], place, threads, common);
    }
    // The scenario, which --backtest refuses beside it, makes clap forget what --account needs.
    if common.is_given("account") {
        return Err(Error::Usage(
            "--account says whose logs --backtest reads; a plan has its scenario's".into(),
        ));
    }
    if common.is_given("force") && args.out.is_none() {
        return Err(Error::Usage("--force replaces what is in --out, which is not given".into()));
    }
    let asked = args.question.asked(&[])?;
    let terms = terms(&args, &asked)?;
    let callers = callers(args.question.path())?;
    let control = Arc::new(Control::default());
    let total = Arc::new(AtomicU64::new(0));
    #[cfg(feature = "bus")]
    if is_on_bus {
        use super::bus::{AT_ONCE, Found, Sought};
        let sought = Sought {
            command: "plan",
            scenario: &asked.loaded.scenario,
            dir: &asked.dir,
            terms: format!("{terms:?} {:?}", asked.kinds),
            out: args.out.as_deref(),
            force: args.force,
        };
        let search = |runner: TrialRunner<'_>| found(&args, &asked, &terms, (runner, AT_ONCE), &total);
        let shown = || Some(progress(&args, &asked, &total, &control, common));
        return match args.bus.search(&sought, common, &control, shown, search)? {
            Found::Whole(found, folder) => {
                conclude(&whole(&asked, &args, terms, found, callers), folder, common)
            }
            Found::Stopped => Ok(ExitCode::from(super::exit::INTERRUPTED)),
        };
    }
    let folder =
        RunFolder::claim(args.out.as_deref(), &format!("{}-plan", asked.loaded.scenario.name), args.force)?;
    let stopper = Arc::clone(&control);
    ctrlc::set_handler(move || interrupt::interrupt(&stopper.stop))
        .map_err(|error| Error::Failed(format!("cannot listen for Ctrl-C: {error}")))?;
    let shown = progress(&args, &asked, &total, &control, common);
    let found = found(&args, &asked, &terms, (TrialRunner::here(&control), args.question.threads()), &total);
    shown.finish();
    if control.stop.load(Ordering::Relaxed) {
        notice::tell("keystorm: interrupted; half a plan is none, and nothing was saved");
        return Ok(ExitCode::from(super::exit::INTERRUPTED));
    }
    conclude(&whole(&asked, &args, terms, found, callers), folder, common)
}

/// The plan, with its answer.
fn whole(
    asked: &Asked,
    args: &Args,
    terms: Terms,
    found: Vec<PoolFound>,
    callers: Option<Callers>,
) -> Capacity {
    let mut plan = document(asked, args, terms, found);
    plan.callers = callers;
    plan.answer = report::capacity::answer(&plan);
    plan
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
        season: season(args, months)?,
        months,
        utilisation: args.utilisation,
        failover: args.failover.clone(),
    })
}

/// What the histories given say of the time until the date.
fn season(args: &Args, months: Option<f64>) -> Result<Option<Season>, Error> {
    let mut hours = BTreeMap::new();
    for path in &args.season {
        let wrong =
            |why: &dyn std::fmt::Display| Error::Failed(format!("--season {}: {why}", path.display()));
        let bytes = std::fs::read(path).map_err(|error| wrong(&error))?;
        for (hour, calls) in cloudwatch::hours(&bytes).map_err(|error| wrong(&error))? {
            hours.insert(hour, calls);
        }
    }
    let found = (!args.season.is_empty()).then(|| seasons::season(&hours, months)).transpose();
    found.map_err(|why| Error::Failed(format!("--season: {why}")))
}

/// Who calls, where the scenario lies beside what an import found of its log.
fn callers(scenario: &Path) -> Result<Option<Callers>, Error> {
    let folder = if scenario.is_dir() { scenario } else { scenario.parent().unwrap_or(Path::new("")) };
    let path = folder.join(callers::FILE);
    let imported = scenario.is_dir()
        || ["scenario.yaml", "fitted.yaml"]
            .iter()
            .any(|name| scenario.file_name().is_some_and(|own| own == *name));
    if !imported || !path.is_file() {
        return Ok(None);
    }
    let wrong = |why: &dyn std::fmt::Display| {
        Error::Failed(format!("{}: {why}; import the log again, or take the file away", path.display()))
    };
    let bytes = std::fs::read(&path).map_err(|error| wrong(&error))?;
    let found: Callers = serde_json::from_slice(&bytes).map_err(|error| wrong(&error))?;
    if found.schema != callers::SCHEMA {
        return Err(wrong(&format!("its schema is `{}` and not `{}`", found.schema, callers::SCHEMA)));
    }
    Ok(Some(found))
}

/// This Region's load if the busiest of the others fails, as a multiple of its own.
fn failover_factor(asked: &Asked, terms: &Terms) -> f64 {
    let own = crate::scenario::Plan::of(&asked.loaded.scenario).peak_per_s;
    let most = terms.failover.iter().map(|each| each.carries_per_s).fold(0.0, f64::max);
    if own > 0.0 { crate::results::tidy((own + most) / own) } else { 1.0 }
}

/// Finds the needs, with trials of `runner`, of which as many are asked for at once.
fn found(
    args: &Args,
    asked: &Asked,
    terms: &Terms,
    (runner, threads): (TrialRunner<'_>, usize),
    total: &AtomicU64,
) -> Vec<PoolFound> {
    let scenario = &asked.loaded.scenario;
    let wanted = planning::Asked {
        scenario,
        growth: terms.growth,
        season: terms.season.as_ref().map_or(1.0, |season| season.factor),
        failover: failover_factor(asked, terms),
        utilisation: terms.utilisation,
        kinds: kinds(scenario.quotas.enforcement),
        free_tier: args.free_tier,
        threads,
    };
    planning::plan(&wanted, runner, total)
}

/// Shows how far the plan is.
fn progress(
    args: &Args,
    asked: &Asked,
    total: &Arc<AtomicU64>,
    control: &Arc<Control>,
    common: &Common,
) -> Progress {
    let scenario = &asked.loaded.scenario;
    let label = format!(
        "plan of {} x {}",
        counted(scenario.strategies.len() as u64, "strategy"),
        counted(scenario.trials.into(), "trial")
    );
    Progress::over(label, total, true, control, args.progress_every, common.quiet)
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
        callers: None,
        keys: keys(scenario),
        keys_usd: f64::from(keys(scenario)) * price::KEY.usd,
        assumptions: assumed(scenario, args.free_tier, terms.season.is_some()),
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

/// What is taken for granted; the free tier as it was asked for, and what a season rests on.
fn assumed(scenario: &Scenario, free_tier: bool, has_season: bool) -> Vec<String> {
    let say = |sentence: String| match free_tier {
        true => sentence.replace("without the free tier", "after the free tier of 20,000 requests a month"),
        false => sentence,
    };
    let season = has_season.then(|| {
        "The scenario's load is that of the last four weeks of the history given: a load of the season itself would be counted twice."
            .to_owned()
    });
    assumptions(scenario).into_iter().map(say).chain(season).collect()
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
    let factor = crate::results::tidy(factor);
    let need = here.need_high / here.failover * factor;
    let growth = (here.growth, here.season);
    let formula = Formula::new(need, here.peak_1s, growth, factor, here.utilisation);
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
