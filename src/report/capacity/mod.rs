//! A plan for people: what to ask for, who it is for, when it is needed, how sure that is, what comes next.

mod tables;

use super::charts;
use super::format::{counted, factor, fixed, named, number, percent, usd};
use super::look::Look;
use super::page::{Block, Page};
use crate::planner::callers::Callers;
use crate::planner::capacity::{Capacity, PoolNeed, StrategyNeed};
use crate::planner::need::Interval;
use crate::time::Span;
pub use tables::{caches, demand, formula, needs, spreads, swings};

/// Callers of a log that are named in a line.
const CALLERS: usize = 5;
/// The share of a log's calls from which a service's lever is told.
const WORTH_IT: f64 = 0.05;

/// A whole rate: `1,750/s`.
fn per_s(value: f64) -> String {
    format!("{}/s", number(value))
}

/// The recommended strategy of a quota.
pub fn chosen(pool: &PoolNeed) -> Option<&StrategyNeed> {
    pool.strategies.iter().find(|s| Some(&s.name) == pool.recommended.as_ref())
}

/// The strategy without a cache that asks for least, if the recommended one caches.
fn without_cache(pool: &PoolNeed) -> Option<&StrategyNeed> {
    chosen(pool).filter(|s| s.caches)?;
    let plain = pool.strategies.iter().filter(|s| !s.caches && s.formula.is_some());
    plain.min_by(|a, b| ask_of(a).total_cmp(&ask_of(b)))
}

fn ask_of(s: &StrategyNeed) -> f64 {
    s.formula.map_or(f64::INFINITY, |formula| formula.ask)
}

/// A quota with its code: `symmetric (L-6E3AF000)`.
fn called(pool: &PoolNeed) -> String {
    match &pool.code {
        Some(code) => format!("{} ({code})", pool.pool),
        None => pool.pool.clone(),
    }
}

/// The answer for every quota, in sentences.
pub fn answer(plan: &Capacity) -> String {
    let mut sentences: Vec<String> = plan.pools.iter().map(|pool| of_pool(plan, pool)).collect();
    if sentences.is_empty() {
        sentences.push("Ask for nothing: the load draws on no request quota.".into());
    }
    sentences.join(" ")
}

fn of_pool(plan: &Capacity, pool: &PoolNeed) -> String {
    let region = &plan.region;
    let Some(best) = chosen(pool) else {
        let why = pool.strategies.iter().find_map(|s| s.why_none.clone()).unwrap_or_default();
        return format!("No quota of {} makes any strategy meet the thresholds. {why}", pool.pool);
    };
    let need = best.need_per_s.map_or(0.0, |need| need.high);
    let have = per_s(pool.have_per_s);
    match pool.ask_per_s {
        None => match without_cache(pool).filter(|plain| plain.ask_per_s.is_some()) {
            Some(plain) => format!(
                "Ask for nothing: with {} {} suffice of the {have} of {} that you have in {region}; without a cache you \
                 would ask for {}.",
                named(&best.name),
                per_s(need),
                called(pool),
                per_s(ask_of(plain)),
            ),
            None => format!(
                "Nothing to ask: {} needs {}, {} of the {have} of {} that you have in {region}.",
                named(&best.name),
                per_s(need),
                percent(need / pool.have_per_s.max(f64::MIN_POSITIVE)),
                called(pool),
            ),
        },
        Some(ask) => {
            let instead = without_cache(pool).map(|plain| {
                format!(
                    " Without its cache {} would have to ask for {}.",
                    named(&plain.name),
                    per_s(ask_of(plain))
                )
            });
            format!(
                "Ask for {} of {} in {region}, where you have {have}, and run {}.{}",
                per_s(ask),
                called(pool),
                named(&best.name),
                instead.unwrap_or_default(),
            )
        }
    }
}

/// Whose calls they are.
pub fn who(plan: &Capacity) -> String {
    let of = |pool: &PoolNeed| {
        let shares =
            chosen(pool).or(pool.strategies.first()).map(|s| s.demand.who.clone()).unwrap_or_default();
        let each: Vec<String> = shares
            .iter()
            .take(5)
            .map(|(name, share)| format!("{} {}", named(name), percent(*share)))
            .collect();
        format!("{}: {}", pool.pool, each.join(", "))
    };
    let all: Vec<String> = plan.pools.iter().map(of).collect();
    let workloads = format!("Workloads by their share of the peak; {}.", all.join("; "));
    match &plan.callers {
        Some(callers) => format!("{} {workloads}", called_by(callers)),
        None => workloads,
    }
}

/// Who made a log's calls, services on the account's behalf told apart.
fn called_by(callers: &Callers) -> String {
    let named = callers.callers.iter().take(CALLERS).map(|caller| {
        let behalf = if caller.lever.is_some() { " on your behalf" } else { "" };
        format!(
            "{}{behalf} {} ({} of its busiest second)",
            caller.name,
            percent(caller.share),
            percent(caller.peak_share)
        )
    });
    let named: Vec<String> = named.collect();
    let rest = (callers.callers.len() as u64).saturating_sub(CALLERS as u64) + callers.others;
    let rest = if rest > 0 { format!(", and {rest} more") } else { String::new() };
    let levers = callers.callers.iter().filter_map(|caller| {
        let lever = caller.lever.as_ref().filter(|_| caller.share >= WORTH_IT)?;
        Some(format!(" {}: {lever}.", caller.name))
    });
    let mut levers: Vec<String> = levers.collect();
    if !levers.is_empty() {
        levers.insert(0, " No cache, retry or limiter of yours acts on calls on your behalf.".into());
    }
    format!("In the log: {}{rest}.{}", named.join(", "), levers.concat())
}

/// When the quota is needed.
pub fn when(plan: &Capacity) -> String {
    let of = |pool: &PoolNeed| {
        let s = chosen(pool).or(pool.strategies.first())?;
        let d = &s.demand.seconds;
        let coarse = match d.resolution_s > 1.0 {
            true => format!(
                " The schedule lasts so long that its seconds are counted {} at a time: but for how much the busiest one has, what \
                 is said of a second is of so many, and of a minute of {} s.",
                number(d.resolution_s),
                number(d.minute_s()),
            ),
            false => String::new(),
        };
        Some(format!(
            "{}: with {} the busiest second comes {} after the start, {}; its minute has {} on average, so the burst \
             factor is {}.{coarse}",
            pool.pool,
            named(&s.name),
            Span::from_secs_f64(d.peak_at_s),
            per_s(d.peak_1s),
            per_s(if d.burst_factor > 0.0 { d.peak_1s / d.burst_factor } else { 0.0 }),
            fixed(d.burst_factor, 2),
        ))
    };
    plan.pools.iter().filter_map(of).collect::<Vec<_>>().join(" ")
}

/// Season and trend of the history that was given.
fn seasonal(plan: &Capacity) -> Option<String> {
    let season = plan.terms.season.as_ref()?;
    let at = jiff::Timestamp::from_second(season.at).map(|at| at.to_string()).unwrap_or_default();
    let mut text = match season.factor > 1.0 {
        true => format!(
            "Season {}: by the year before, the busiest hour to come has {} on average, as at {at}; the busiest of the last four \
             weeks has {}.",
            factor(season.factor),
            per_s(season.to_come_per_s),
            per_s(season.now_per_s)
        ),
        false => format!(
            "Season {}: no hour to come is busier, by the year before, than the busiest of the last four weeks, {}.",
            factor(1.0),
            per_s(season.now_per_s)
        ),
    };
    if season.is_short {
        text += &format!(" The history has {} weeks: a season outside them is not in it.", season.weeks);
    }
    text += &match (season.trend_per_year, plan.terms.months) {
        (None, _) => " Trend: cannot tell, no weeks are a year apart.".to_owned(),
        (Some(trend), None) => format!(" Trend: {} in a year.", factor(trend)),
        (Some(trend), Some(months)) => {
            let until = season.trend_until(months).unwrap_or(1.0);
            let more =
                if until > plan.terms.growth + 0.005 { ", which is more than --growth says" } else { "" };
            format!(
                " Trend: {} in a year, {} by {}{more}.",
                factor(trend),
                factor(until),
                plan.terms.by.as_deref().unwrap_or("then")
            )
        }
    };
    Some(text)
}

/// How sure it is, a sentence each.
pub fn sure(plan: &Capacity) -> Vec<String> {
    let mut list: Vec<String> = seasonal(plan).into_iter().collect();
    for pool in &plan.pools {
        let Some(s) = chosen(pool) else { continue };
        let Some(need) = s.need_per_s else { continue };
        list.push(format!(
            "{}: {} needs {} over {}: at {} most fresh trials miss, at {} nine of ten meet.",
            pool.pool,
            named(&s.name),
            between(need),
            counted(u64::from(plan.trials), "trial"),
            per_s(need.low),
            per_s(need.high),
        ));
        if !pool.assumed.is_empty() {
            list.push(format!(
                "No threshold speaks of {}: {} is assumed; --threshold says what must hold.",
                pool.pool,
                pool.assumed.join(" and ")
            ));
        }
        if plan.trials < 5 && !list.iter().any(|said| said.starts_with("So few")) {
            list.push("So few trials say little of others: --trials 10 makes the interval good.".into());
        }
        list.extend(kinds(plan, s));
        if let Some(verified) = &pool.verified {
            let all = |needs: &[f64]| needs.iter().map(|need| per_s(*need)).collect::<Vec<_>>().join(" and ");
            list.push(format!(
                "It was searched on the peaks of the schedule. With two seeds the whole of it needs {}, its peaks {}: at \
                 most {} apart.",
                all(&verified.needs_per_s),
                all(&verified.peaks_per_s),
                percent(verified.differ_by),
            ));
        }
    }
    list
}

fn between(need: Interval) -> String {
    format!("{} ({} to {})", per_s(need.value), number(need.low), per_s(need.high))
}

/// The spread over what AWS does not publish.
fn kinds(plan: &Capacity, s: &StrategyNeed) -> Vec<String> {
    let mut list = Vec::new();
    if !s.kinds.is_empty() {
        let each: Vec<String> = s
            .kinds
            .iter()
            .map(|(kind, need)| format!("{kind} {}", need.map_or_else(|| "none helps".into(), per_s)))
            .collect();
        list.push(format!(
            "AWS does not publish how it enforces a quota; this plan assumes `{}`. Others: {}.",
            plan.enforcement,
            each.join(", ")
        ));
    }
    if let Some([least, most]) = s.phases {
        list.push(match (per_s(least), per_s(most)) {
            (least, most) if least == most => format!("Wherever windows begin, it is {most}."),
            (_, most) => format!("Wherever windows begin, it is {} to {most}.", number(least)),
        });
    }
    list
}

/// What comes next, a sentence each; `folder` is where plan.json lies, with a slash behind it, or empty beside it.
pub fn next(plan: &Capacity, folder: &str) -> Vec<String> {
    let mut list = Vec::new();
    let asks = plan.pools.iter().any(|pool| pool.ask_per_s.is_some())
        || plan.pools.iter().any(|pool| pool.failover.iter().any(|each| each.ask_per_s.is_some()));
    if asks {
        list.push(format!(
            "keystorm dossier {folder}plan.json --account ACCOUNT -o DIR writes the request and its evidence."
        ));
    }
    let is_symmetric = plan.pools.iter().any(|pool| pool.pool == "symmetric" && pool.ask_per_s.is_some());
    if is_symmetric && plan.pools.iter().all(|pool| pool.strategies.iter().all(|s| !s.caches)) {
        list.push(
            "No strategy caches data keys. Give one a `cache`, with jobs EncryptMessage or DecryptMessage, to see whether the \
             increase is needed at all."
                .into(),
        );
    }
    for pool in &plan.pools {
        match pool.months_left {
            Some(0.0) => list.push(format!(
                "{}: the busiest second already reaches the {} you have.",
                pool.pool,
                per_s(pool.have_per_s)
            )),
            Some(months) => list.push(format!(
                "{}: at this growth the {} you have last {} more months.",
                pool.pool,
                per_s(pool.have_per_s),
                fixed(months, 1)
            )),
            None => {}
        }
        for each in &pool.failover {
            list.push(match each.ask_per_s {
                Some(ask) => format!(
                    "{}: ask for {} of {} there too, where the default is {}.",
                    each.region,
                    per_s(ask),
                    pool.pool,
                    per_s(each.have_per_s)
                ),
                None => format!(
                    "{}: nothing to ask there, its default of {} suffices for {}.",
                    each.region,
                    per_s(each.have_per_s),
                    per_s(each.formula.ask)
                ),
            });
        }
    }
    if list.is_empty() {
        list.push("Nothing has to be done; --growth and --by tell how long that holds.".into());
    }
    list
}

/// What stdout shows.
pub fn text(plan: &Capacity, folder: &str, look: Look) -> String {
    let mut page = Page::new(format!("The quota for {}", plan.name));
    said(&mut page, plan, folder);
    for pool in &plan.pools {
        page.tabulate(needs(pool));
        page.tabulate(formula(pool));
    }
    page.to_text(look)
}

/// The first lines.
fn said(page: &mut Page, plan: &Capacity, folder: &str) {
    page.put(Block::Said("ANSWER", plan.answer.clone()));
    page.put(Block::Said("WHO", who(plan)));
    page.put(Block::Said("WHEN", when(plan)));
    sure(plan).into_iter().for_each(|sentence| page.put(Block::Said("SURE", sentence)));
    next(plan, folder).into_iter().for_each(|sentence| page.put(Block::Said("NEXT", sentence)));
}

/// The whole page; `folder` is where plan.json lies, with a slash behind it, or empty beside it.
pub fn page(plan: &Capacity, folder: &str) -> Page {
    let mut page = Page::new(format!("The quota for {}", plan.name));
    said(&mut page, plan, folder);
    for pool in &plan.pools {
        page.tabulate(needs(pool));
        page.tabulate(formula(pool));
        page.tabulate(demand(pool));
        page.tabulate(spreads(pool));
        page.tabulate(caches(pool));
        page.tabulate(swings(pool));
        let need = chosen(pool).and_then(|s| s.need_per_s).map_or(0.0, |need| need.value);
        if let Some(chart) = charts::tornado::chart(&pool.pool, need, &pool.sensitivity) {
            page.put(Block::Chart(Box::new(chart)));
        }
    }
    page.put(Block::Text(format!(
        "{} cost {} a month with every strategy.",
        counted(u64::from(plan.keys), "customer managed key"),
        usd(plan.keys_usd)
    )));
    let assumed = if plan.thresholds_assumed { "Assumed thresholds" } else { "Thresholds" };
    page.put(Block::Heading(assumed.into()));
    page.put(Block::List(plan.thresholds.clone()));
    page.put(Block::Heading("Assumptions".into()));
    page.put(Block::List(plan.assumptions.clone()));
    page.put(Block::Text(foot(plan)));
    page
}

/// What makes a plan reproducible.
pub fn foot(plan: &Capacity) -> String {
    format!(
        "keystorm {} · scenario {} · seed {} · {} · {}",
        plan.tool.version, plan.scenario_hash, plan.seed, plan.region, plan.date
    )
}

/// Every file of the folder: the document itself is not among them.
pub fn files(plan: &Capacity, folder: &str) -> Vec<(String, Vec<u8>)> {
    let page = page(plan, folder);
    let mut files = vec![
        ("plan.md".to_owned(), page.to_markdown().into_bytes()),
        ("plan.html".to_owned(), page.to_html().into_bytes()),
    ];
    files.extend(page.charts());
    files
}
