//! The evidence for a request: one page for whoever decides, and an appendix for whoever checks.
//!
//! Every figure on the page is taken from the plan by its path and noted down as it is shown, so that a reader, or a
//! script, finds each of them in `plan.json`.

mod appendix;

use super::format::{factor, fixed, number, percent};
use super::page::{Block, Page};
use crate::planner::capacity::{Capacity, Formula, PoolNeed, StrategyNeed};
use crate::quota::{PoolId, catalogue};
use crate::results::Seconds;
use crate::time::Span;
use serde::Serialize;

/// Most words of a page.
pub const WORDS: usize = 300;
/// Most characters of a page as plain text.
pub const CHARACTERS: usize = 8_000;
/// Workloads and operations that a page names; the appendix has all.
const NAMED: usize = 3;
/// What is left to be filled in.
const BLANK: &str = "____________________";

/// What only the one who asks knows.
#[derive(Clone, Debug, Default)]
pub struct Requester {
    /// The account that asks, then every other one concerned.
    pub accounts: Vec<String>,
    /// When the schedule starts, in UTC: `2026-11-23T22:00:00Z`.
    pub start: Option<Start>,
    /// Until when a temporary increase is needed; permanent if none.
    pub until: Option<String>,
    /// How the load grows to its peak, in words.
    pub ramp: Option<String>,
    /// UTC times and request ids of throttled calls, as they were given.
    pub throttled: Vec<String>,
    /// Where the data come from, in words.
    pub source: Option<String>,
}

/// When a schedule starts.
pub type Start = jiff::Timestamp;

/// A figure on a page, and where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Traced {
    /// As it is shown.
    pub shown: String,
    /// Where it stands in plan.json: a JSON pointer, with the arithmetic if there is any.
    pub from: String,
    /// Its value.
    pub value: f64,
}

/// A request: which quota, where, how much.
struct Request<'p> {
    pool: &'p PoolNeed,
    place: usize,
    strategy: &'p StrategyNeed,
    strategy_place: usize,
    region: &'p str,
    have: (f64, String),
    formula: Formula,
    formula_at: String,
}

/// A page under way: what was shown, and from where.
struct Pen {
    figures: Vec<Traced>,
}

impl Pen {
    /// A figure as `show` writes it.
    fn show(&mut self, value: f64, from: impl Into<String>, show: impl Fn(f64) -> String) -> String {
        let shown = show(value);
        self.figures.push(Traced { shown: shown.clone(), from: from.into(), value });
        shown
    }

    /// A rate.
    fn rate(&mut self, value: f64, from: impl Into<String>) -> String {
        self.show(value, from, |value| format!("{}/s", number(value)))
    }
}

/// The dossier of a plan.
#[derive(Debug)]
pub struct Dossier {
    /// A page for each request.
    pub pages: Vec<Page>,
    /// Where each figure stands.
    pub appendix: Page,
    /// Every figure of the pages.
    pub figures: Vec<Traced>,
}

/// The dossier of `plan`; `None` if it asks for nothing.
pub fn of(plan: &Capacity, requester: &Requester) -> Option<Dossier> {
    let mut pen = Pen { figures: Vec::new() };
    let requests = requests(plan);
    let pages: Vec<Page> = requests.iter().map(|request| page(plan, request, requester, &mut pen)).collect();
    (!pages.is_empty()).then(|| Dossier {
        pages,
        appendix: appendix::appendix(plan, &requests),
        figures: pen.figures,
    })
}

/// Everything that is asked for: here, and in Regions that stand in.
fn requests(plan: &Capacity) -> Vec<Request<'_>> {
    let mut all = Vec::new();
    for (place, pool) in plan.pools.iter().enumerate() {
        let at = pool.strategies.iter().position(|s| Some(&s.name) == pool.recommended.as_ref());
        let Some((strategy_place, strategy)) = at.map(|at| (at, &pool.strategies[at])) else { continue };
        let base = format!("/pools/{place}");
        let request = |region, have: (f64, String), formula, formula_at| Request {
            pool,
            place,
            strategy,
            strategy_place,
            region,
            have,
            formula,
            formula_at,
        };
        if let (Some(_), Some(formula)) = (pool.ask_per_s, strategy.formula) {
            let have = (pool.have_per_s, format!("{base}/have_per_s"));
            all.push(request(
                &plan.region,
                have,
                formula,
                format!("{base}/strategies/{strategy_place}/formula"),
            ));
        }
        for (number, each) in pool.failover.iter().enumerate().filter(|(_, each)| each.ask_per_s.is_some()) {
            let own = format!("{base}/failover/{number}");
            all.push(request(
                &each.region,
                (each.have_per_s, format!("{own}/have_per_s")),
                each.formula,
                format!("{own}/formula"),
            ));
        }
    }
    all
}

/// A value that is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct QuotaRequest {
    /// Our name of the quota.
    pub pool: String,
    /// Its code; none where none is published.
    pub code: Option<String>,
    /// The Region.
    pub region: String,
    /// How much.
    pub value: f64,
}

/// Everything that `plan` asks for.
pub fn asks(plan: &Capacity) -> Vec<QuotaRequest> {
    let ask = |request: &Request| QuotaRequest {
        pool: request.pool.pool.clone(),
        code: request.pool.code.clone(),
        region: request.region.to_owned(),
        value: request.formula.ask,
    };
    requests(plan).iter().map(ask).collect()
}

/// The AWS CLI's line for a request; none where no code is published.
fn command(request: &Request) -> Option<String> {
    let code = request.pool.code.as_ref()?;
    Some(format!(
        "aws service-quotas request-service-quota-increase --service-code kms --quota-code {code} --region {} \
         --desired-value {}",
        request.region, request.formula.ask
    ))
}

fn page(plan: &Capacity, request: &Request, requester: &Requester, pen: &mut Pen) -> Page {
    let account = requester.accounts.first().map_or(BLANK, String::as_str);
    let quota = request.pool.quota.as_deref().unwrap_or(&request.pool.pool);
    let code = request.pool.code.as_deref().unwrap_or("no published code");
    let mut page = Page::new(format!("KMS quota increase: {account}, {}", request.region));
    opening(plan, request, requester, pen, &mut page);
    let (have, ask) = (request.have.0, request.formula.ask);
    let have = pen.rate(have, &request.have.1);
    let ask = pen.rate(ask, format!("{}/ask", request.formula_at));
    page.put(Block::Text(format!("Service: AWS KMS. Quota: {quota} ({code}). Region: {}.", request.region)));
    page.put(Block::Text(format!(
        "Current value: {have}. Desired value: {ask}. {}",
        lasting(plan, requester, pen)
    )));
    if let Some(command) = command(request) {
        page.put(Block::Code(command));
    }
    page.put(Block::Text(formula(request, pen)));
    page.put(Block::Text(load(plan, request, requester, pen)));
    page.put(Block::Text(keys_and_callers(plan, request, pen)));
    page.put(Block::Text(tried(plan, request, pen)));
    let throttled = match requester.throttled.is_empty() {
        true => BLANK.to_owned(),
        false => requester.throttled.iter().take(5).cloned().collect::<Vec<_>>().join("; "),
    };
    let others: Vec<&str> = requester.accounts.iter().skip(1).map(String::as_str).collect();
    page.put(Block::List(vec![
        format!("Throttled calls (UTC, request id): {throttled}"),
        format!(
            "Other accounts concerned: {}",
            if others.is_empty() { "none".into() } else { others.join(", ") }
        ),
        format!("Business impact: {BLANK}"),
        format!("Lowest acceptable interim value: {BLANK}"),
        format!("Contact: {BLANK}"),
    ]));
    page
}

/// What Support can look up itself.
fn opening(plan: &Capacity, request: &Request, requester: &Requester, pen: &mut Pen, page: &mut Page) {
    let account = requester.accounts.first().map_or(BLANK, String::as_str);
    let d = &request.strategy.demand.seconds;
    let seconds = d.minute_s();
    let from = format!("{}/peak_1m_per_s × {seconds}", demand_at(request));
    let sum = pen.show((d.peak_1m_per_s * seconds).round(), from, number);
    let minute = match requester.start {
        Some(start) => utc_minute(start, d),
        None => {
            let from = format!("{}/peak_minute_at_s", demand_at(request));
            let after = pen.show(d.peak_minute_at_s, from, |s| Span::from_secs_f64(s).to_string());
            format!("UTC minute: {BLANK} (it begins {after} after the start of {}).", plan.name)
        }
    };
    page.put(Block::Text(format!(
        "To look up: account {account}, {}, AWS/Usage CallCount of {}, Sum of the peak minute: {sum}. {minute}",
        plan.region,
        resource(&request.pool.pool),
    )));
}

/// Where CloudWatch, whose minutes are those of the clock, has the busiest minute of a schedule that starts at `start`.
fn utc_minute(start: Start, seconds: &Seconds) -> String {
    let (from, lasts) = (seconds.peak_minute_at_s, seconds.minute_s());
    let in_minute = start.as_millisecond().rem_euclid(60_000) as f64 / 1e3 + from;
    let before = in_minute.rem_euclid(60.0);
    match before + lasts <= 60.0 {
        true => format!("UTC minute: {}.", at(start, from - before)),
        false => format!(
            "It lasts from {} to {}, no minute of the clock: CloudWatch has no Sum of it.",
            at(start, from),
            at(start, from + lasts)
        ),
    }
}

/// A point of the schedule in UTC.
fn at(start: Start, after_s: f64) -> String {
    let nanos = (after_s * 1e9) as i64;
    let at = start.checked_add(jiff::SignedDuration::from_nanos(nanos)).unwrap_or(start);
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The `Resource` of CloudWatch's usage metric.
fn resource(pool: &str) -> &str {
    PoolId::from_name(pool).and_then(catalogue::usage_resource).unwrap_or("this quota")
}

fn strategy_at(request: &Request) -> String {
    format!("/pools/{}/strategies/{}", request.place, request.strategy_place)
}

fn demand_at(request: &Request) -> String {
    format!("{}/demand", strategy_at(request))
}

/// Whether for good, and from when.
fn lasting(plan: &Capacity, requester: &Requester, pen: &mut Pen) -> String {
    let growth = plan.terms.by.as_ref().map(|by| {
        let more = pen.show(plan.terms.growth - 1.0, "/terms/growth − 1", percent);
        format!(" The load grows by {more} until {by}.")
    });
    let ramp = requester.ramp.as_ref().map(|ramp| format!(" Ramp: {ramp}."));
    let lasts = match &requester.until {
        Some(until) => format!("Temporary, until {until}."),
        None => "Permanent.".into(),
    };
    format!("{lasts}{}{}", growth.unwrap_or_default(), ramp.unwrap_or_default())
}

/// Desired value = …, every factor shown.
fn formula(request: &Request, pen: &mut Pen) -> String {
    let (f, at) = (request.formula, &request.formula_at);
    let own = f.peak_1s * f.growth * f.season * f.failover / f.utilisation;
    let peak = pen.rate(f.peak_1s, format!("{at}/peak_1s"));
    let growth = pen.show(f.growth, format!("{at}/growth"), factor);
    let season = match f.season > 1.0 {
        true => format!(" × season {}", pen.show(f.season, format!("{at}/season"), factor)),
        false => String::new(),
    };
    let failover = pen.show(f.failover, format!("{at}/failover"), factor);
    let utilisation = pen.show(f.utilisation, format!("{at}/utilisation"), percent);
    let need = pen.rate(f.need_high, format!("{at}/need_high"));
    let over = pen.show(f.ask_over_peak, format!("{at}/ask_over_peak"), factor);
    let which = if own >= f.need_high { "the first" } else { "the second" };
    format!(
        "Desired value: the larger of peak second {peak} × growth {growth}{season} × failover {failover} ÷ utilisation \
         {utilisation}, and {need}, the least that keeps our thresholds; here {which}. It is {over} the peak second."
    )
}

/// What the load is, and how it is known.
fn load(plan: &Capacity, request: &Request, requester: &Requester, pen: &mut Pen) -> String {
    let (demand, at) = (&request.strategy.demand, demand_at(request));
    let d = &demand.seconds;
    let mean = pen.rate(d.mean_per_s, format!("{at}/mean_per_s"));
    let peak = pen.rate(d.peak_1s, format!("{at}/peak_1s"));
    let p99_9 = pen.rate(d.p99_9_1s, format!("{at}/p99_9_1s"));
    let minute = pen.rate(d.peak_1m_per_s, format!("{at}/peak_1m_per_s"));
    let burst = pen.show(d.burst_factor, format!("{at}/burst_factor"), |value| fixed(value, 2));
    let lasts =
        pen.show(d.peak_lasts_s, format!("{at}/peak_lasts_s"), |s| Span::from_secs_f64(s).to_string());
    let window = pen.show(d.window_s, format!("{at}/window_s"), |s| Span::from_secs_f64(s).to_string());
    let mut operations: Vec<(&String, &[f64; 2])> = demand.by_operation.iter().collect();
    operations.sort_by(|a, b| b.1[1].total_cmp(&a.1[1]));
    let each: Vec<String> = operations
        .into_iter()
        .take(NAMED)
        .map(|(name, [mean, peak])| {
            let mean = pen.show(*mean, format!("{at}/by_operation/{name}/0"), number);
            let peak = pen.rate(*peak, format!("{at}/by_operation/{name}/1"));
            format!("{name} {mean}, peak {peak}")
        })
        .collect();
    let source = requester.source.clone().unwrap_or_else(|| format!("simulation of {}", plan.name));
    let resolution =
        pen.show(d.resolution_s, format!("{at}/resolution_s"), |s| Span::from_secs_f64(s).to_string());
    format!(
        "Calls: mean {mean}, peak second {peak}, p99.9 second {p99_9}, peak minute {minute} on average, lasting {lasts}. \
         Burst factor {burst} ({source}, window {window}, resolution {resolution}). By operation: {}.",
        each.join("; ")
    )
}

/// Keys, and whose calls they are.
fn keys_and_callers(plan: &Capacity, request: &Request, pen: &mut Pen) -> String {
    let empty = serde_json::Map::new();
    let workloads = plan.scenario["workloads"].as_object().unwrap_or(&empty);
    let who = &request.strategy.demand.who;
    let mut parts: Vec<String> = Vec::new();
    for (number, (name, share)) in who.iter().take(NAMED).enumerate() {
        let share = pen.show(*share, format!("{}/who/{number}/1", demand_at(request)), percent);
        let keys = workloads.get(name).map(|workload| &workload["keys"]);
        let count = keys.and_then(|keys| keys["count"].as_f64()).unwrap_or(0.0);
        let count = pen.show(count, format!("/scenario/workloads/{name}/keys/count"), number_of);
        let spec = keys.and_then(|keys| keys["spec"].as_str()).unwrap_or("SYMMETRIC_DEFAULT");
        let popularity = keys.and_then(|keys| keys["popularity"].as_str()).unwrap_or("uniform");
        parts.push(format!("{name}: {share} of the peak, keys: {count} {spec}, popularity {popularity}"));
    }
    let callers = plan.callers.as_ref().map(|callers| {
        let each = callers.callers.iter().take(NAMED).enumerate().map(|(number, caller)| {
            let share = pen.show(caller.share, format!("/callers/callers/{number}/share"), percent);
            let behalf = if caller.lever.is_some() { " (an AWS service on our behalf)" } else { "" };
            format!("{}{behalf}: {share}", caller.name)
        });
        format!(" Callers in the log, by their share of all calls: {}.", each.collect::<Vec<_>>().join("; "))
    });
    format!("Callers by workload: {}.{}", parts.join("; "), callers.unwrap_or_default())
}

fn number_of(value: f64) -> String {
    number(value)
}

/// What was done before asking, and why it does not suffice.
fn tried(plan: &Capacity, request: &Request, pen: &mut Pen) -> String {
    let s = request.strategy;
    let policy = &plan.scenario["strategies"][&s.name];
    let retry = policy["retry"]["mode"].as_str().unwrap_or("none");
    let mut done = vec![format!("retries are {retry}{}", jitter(&policy["retry"]))];
    let plain = request.pool.strategies.iter().enumerate().filter(|(_, other)| !other.caches);
    let without = plain
        .filter_map(|(place, other)| Some((place, other.formula?)))
        .min_by(|a, b| a.1.ask.total_cmp(&b.1.ask));
    match (&s.exposure, without) {
        (Some(exposure), Some((place, other))) => {
            let at = format!("/pools/{}/strategies/{place}/formula/ask", request.place);
            let other = pen.rate(other.ask, at);
            let messages = pen.show(
                exposure.messages_max as f64,
                format!("{}/exposure/messages_max", strategy_at(request)),
                number,
            );
            done.push(format!(
                "data keys are cached (up to {messages} messages each); without that we would ask for {other}"
            ));
        }
        (Some(_), None) => done.push("data keys are cached".into()),
        (None, _) if has_envelopes(plan) => done.push("data keys are not cached".into()),
        (None, _) => done.push("no call is one that a data-key cache could serve".into()),
    }
    let thresholds: Vec<&str> =
        plan.thresholds.iter().chain(&request.pool.assumed).map(String::as_str).collect();
    let need = s.need_per_s.map_or(0.0, |need| need.low);
    let low = pen.rate(need, format!("{}/need_per_s/low", strategy_at(request)));
    let have = pen.rate(request.have.0, &request.have.1);
    let why = match need > request.have.0 {
        true => format!("It does not suffice: below {low} our thresholds are missed, and we have {have}."),
        false => {
            format!("The thresholds need {low} at the date; the headroom above does not fit into {have}.")
        }
    };
    format!("Done first: {}. {why} Thresholds: {}.", done.join("; "), thresholds.join(", "))
}

/// Whether any workload has jobs that a data-key cache serves.
fn has_envelopes(plan: &Capacity) -> bool {
    let workloads = plan.scenario["workloads"].as_object();
    workloads.into_iter().flatten().any(|(_, workload)| {
        let jobs = workload["jobs"].as_object();
        jobs.into_iter().flatten().any(|(kind, _)| kind.ends_with("Message"))
    })
}

fn jitter(retry: &serde_json::Value) -> &'static str {
    let mode = retry["mode"].as_str().unwrap_or_default();
    let is_jittered =
        mode.starts_with("aws-") || retry["jitter"].as_str().is_some_and(|jitter| jitter != "none");
    if is_jittered { " with jittered backoff" } else { "" }
}

/// The words of a text.
pub fn words(text: &str) -> usize {
    text.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).count()
}

impl Dossier {
    /// Pages and appendix as one.
    pub fn whole(&self) -> Page {
        let mut whole = Page::new(self.pages.first().map(|page| page.title.clone()).unwrap_or_default());
        for (number, page) in self.pages.iter().enumerate() {
            if number > 0 {
                whole.put(Block::Break);
                whole.put(Block::Heading(page.title.clone()));
            }
            page.blocks.iter().for_each(|block| whole.put(block.clone()));
        }
        whole.put(Block::Break);
        whole.put(Block::Heading(self.appendix.title.clone()));
        self.appendix.blocks.iter().for_each(|block| whole.put(block.clone()));
        whole
    }
}
