//! The phases of a run, found in its timeline: healthy, throttled, collapse, drain; and what the scenario says about when
//! each began.
//!
//! ```text
//!  seconds ─▶ a kind each ─▶ stretches of 3 s at least ─▶ neighbours that are alike become one ─▶ phases with a cause
//! ```

use super::StrategyRun;
use super::causes::Cause;
use super::stats::round;
use serde::{Deserialize, Serialize};

/// A refused share from which on attempts are throttled, or fail: one in a hundred.
const REFUSED: f64 = 0.01;
/// Goodput below this share of what load and quota allow is a collapse.
const COLLAPSED: f64 = 0.5;
/// A backlog is so many times the jobs in flight of healthy seconds, and so many seconds of load at least.
const BACKLOG: (f64, f64) = (2.0, 0.25);
/// Stretches below so many seconds belong to their neighbours.
const SHORTEST_S: f64 = 3.0;
/// Neighbours whose refused shares and served shares differ by less are one phase.
const ALIKE: f64 = 0.15;

/// What a stretch of a run is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Fewer than one attempt in a hundred is refused or fails, and no backlog is left of before.
    Healthy,
    /// More are, and what load and quota allow is completed.
    Throttled,
    /// Less than half of what load and quota allow is completed.
    Collapse,
    /// A backlog of before is worked off: more completes than arrives.
    Drain,
}

/// A stretch of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Phase {
    /// What it is like.
    pub kind: Kind,
    /// When it begins, in seconds.
    #[serde(rename = "from_s")]
    pub from_s: f64,
    /// When it ends.
    #[serde(rename = "to_s")]
    pub to_s: f64,
    /// Jobs that arrived a second, mean over trials.
    #[serde(rename = "offered_per_s")]
    pub offered_per_s: f64,
    /// Jobs completed a second.
    #[serde(rename = "goodput_per_s")]
    pub goodput_per_s: f64,
    /// Attempts a second.
    #[serde(rename = "attempts_per_s")]
    pub attempts_per_s: f64,
    /// Share of attempts refused for a quota.
    pub throttled: f64,
    /// Share of attempts that failed or were not answered in time.
    pub faulty: f64,
    /// Jobs in flight when it begins and when it ends.
    pub in_flight: [f64; 2],
    /// What began it, as far as the scenario says.
    pub cause: Option<Cause>,
}

/// What happened in one interval, a second and trial.
#[derive(Clone, Copy, Debug, Default)]
struct Second {
    offered: f64,
    goodput: f64,
    attempts: f64,
    throttled: f64,
    faulty: f64,
    in_flight: f64,
    /// Attempts on pools that never refuse any: their load is allowed whatever the others' limits are.
    free: f64,
}

impl Second {
    /// The share of attempts that were refused or failed.
    fn refused(&self) -> f64 {
        let refused = self.throttled + self.faulty;
        let attempts = self.attempts.max(refused);
        if attempts > 0.0 { refused / attempts } else { 0.0 }
    }

    /// The share of what load and quota allow that was completed; `limit` is that of the pools that refuse.
    fn served(&self, limit: f64) -> f64 {
        let free = self.free.min(self.offered);
        let allowed = free + (self.offered - free).min(limit);
        if allowed > 0.0 { (self.goodput / allowed).min(1.0) } else { 1.0 }
    }
}

/// The phases of a strategy; `causes` are in order of time.
pub fn phases(run: &StrategyRun, causes: &[Cause]) -> Vec<Phase> {
    let timeline = &run.timeline;
    let interval = timeline.interval_s.max(1) as f64;
    let seconds = seconds(run, interval);
    if seconds.is_empty() {
        return Vec::new();
    }
    let refusing = run.pools.values().filter(|pool| pool.throttled > 0).map(|pool| pool.limit_per_s);
    let limit = Some(refusing.sum::<f64>()).filter(|limit| *limit > 0.0).unwrap_or(f64::INFINITY);
    let calm = calm(&seconds);
    let kinds: Vec<Kind> = (0..seconds.len()).map(|at| kind(&seconds, at, limit, calm)).collect();
    let mut stretches = stretches(&kinds);
    absorb(&mut stretches, (SHORTEST_S / interval).ceil() as usize);
    join(&mut stretches, &seconds, limit);
    let mut phases: Vec<Phase> = stretches.iter().map(|stretch| phase(stretch, &seconds, interval)).collect();
    attribute(&mut phases, causes);
    phases
}

fn seconds(run: &StrategyRun, interval: f64) -> Vec<Second> {
    let (timeline, trials) = (&run.timeline, f64::from(run.trials.max(1)));
    let per_second = trials * interval;
    let is_free = |name: &String| run.pools.get(name).is_some_and(|pool| pool.throttled == 0);
    let free: Vec<&Vec<u64>> =
        timeline.pools.iter().filter(|(name, _)| is_free(name)).map(|(_, series)| series).collect();
    let many = timeline.offered.len().max(timeline.in_flight.len());
    let at = |series: &[u64], index: usize| series.get(index).copied().unwrap_or(0) as f64;
    let second = |index: usize| Second {
        offered: at(&timeline.offered, index) / per_second,
        goodput: at(&timeline.goodput, index) / per_second,
        attempts: at(&timeline.attempts, index) / per_second,
        throttled: at(&timeline.throttled, index) / per_second,
        faulty: (at(&timeline.faults, index) + at(&timeline.timeouts, index)) / per_second,
        in_flight: at(&timeline.in_flight, index) / trials,
        free: free.iter().map(|series| at(series, index)).sum::<f64>() / per_second,
    };
    (0..many).map(second).collect()
}

/// Jobs in flight when nothing is wrong: the median of seconds in which jobs arrive and hardly any attempt is refused; of
/// all, if there is no such second.
fn calm(seconds: &[Second]) -> f64 {
    let arriving = || seconds.iter().filter(|second| second.offered > 0.0);
    let healthy: Vec<f64> = arriving().filter(|s| s.refused() < REFUSED).map(|s| s.in_flight).collect();
    let mut values = if healthy.is_empty() { arriving().map(|s| s.in_flight).collect() } else { healthy };
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// Seconds over which a backlog is seen to shrink.
const AHEAD: usize = 3;

fn kind(seconds: &[Second], at: usize, limit: f64, calm: f64) -> Kind {
    let second = &seconds[at];
    let load = seconds.iter().map(|each| each.offered).fold(0.0, f64::max);
    let has_backlog = second.in_flight > (BACKLOG.0 * calm).max(calm + BACKLOG.1 * load.min(limit));
    let later = seconds.get(at + AHEAD).or(seconds.last()).map_or(0.0, |each| each.in_flight);
    let shrinks = second.goodput > second.offered && later < second.in_flight;
    if has_backlog && shrinks {
        Kind::Drain
    } else if second.offered > 0.0 && second.served(limit) < COLLAPSED && at > 0 {
        Kind::Collapse
    } else if second.refused() >= REFUSED {
        Kind::Throttled
    } else {
        Kind::Healthy
    }
}

/// Intervals of one kind: from, to, kind.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stretch {
    from: usize,
    to: usize,
    kind: Kind,
}

fn stretches(kinds: &[Kind]) -> Vec<Stretch> {
    let mut all: Vec<Stretch> = Vec::new();
    for (at, kind) in kinds.iter().enumerate() {
        match all.last_mut() {
            Some(last) if last.kind == *kind => last.to = at + 1,
            _ => all.push(Stretch { from: at, to: at + 1, kind: *kind }),
        }
    }
    all
}

/// Gives stretches that are too short to the longer of their neighbours, the shortest first.
fn absorb(all: &mut Vec<Stretch>, shortest: usize) {
    let length = |stretch: &Stretch| stretch.to - stretch.from;
    while all.len() > 1 {
        let Some((at, least)) = all.iter().enumerate().min_by_key(|(_, stretch)| length(stretch)) else {
            return;
        };
        if length(least) >= shortest {
            return;
        }
        let before = at.checked_sub(1).map(|before| length(&all[before]));
        let after = all.get(at + 1).map(length);
        let gone = all.remove(at);
        // What was removed at `at` had its successor there, which is now at `at`.
        let heir = if before >= after { at - 1 } else { at };
        all[heir].from = all[heir].from.min(gone.from);
        all[heir].to = all[heir].to.max(gone.to);
        same_again(all);
    }
}

/// Makes one of neighbours of one kind.
fn same_again(all: &mut Vec<Stretch>) {
    all.dedup_by(|next, kept| {
        let is_same = next.kind == kept.kind;
        if is_same {
            kept.to = next.to;
        }
        is_same
    });
}

/// Makes one of neighbours that hardly differ: around the edge of a quota seconds of both kinds come and go.
fn join(all: &mut Vec<Stretch>, seconds: &[Second], limit: f64) {
    loop {
        let alike = all.windows(2).enumerate().filter_map(|(at, pair)| {
            let apart = apart(&sum(seconds, &pair[0]), &sum(seconds, &pair[1]), limit);
            let drains = pair.iter().any(|stretch| stretch.kind == Kind::Drain);
            (apart < ALIKE && !drains).then_some((at, apart))
        });
        let Some((at, _)) = alike.min_by(|a, b| a.1.total_cmp(&b.1)) else { return };
        let next = all.remove(at + 1);
        all[at].to = next.to;
        let whole = sum(seconds, &all[at]);
        all[at].kind = match () {
            () if whole.offered > 0.0 && whole.served(limit) < COLLAPSED => Kind::Collapse,
            () if whole.refused() >= REFUSED => Kind::Throttled,
            () => Kind::Healthy,
        };
        same_again(all);
    }
}

/// By how much two stretches differ in what is refused and in what is served.
fn apart(one: &Second, other: &Second, limit: f64) -> f64 {
    (one.refused() - other.refused()).abs().max((one.served(limit) - other.served(limit)).abs())
}

/// The means of a stretch.
fn sum(seconds: &[Second], stretch: &Stretch) -> Second {
    let of = &seconds[stretch.from..stretch.to];
    let mean = |pick: fn(&Second) -> f64| of.iter().map(pick).sum::<f64>() / of.len().max(1) as f64;
    Second {
        offered: mean(|s| s.offered),
        goodput: mean(|s| s.goodput),
        attempts: mean(|s| s.attempts),
        throttled: mean(|s| s.throttled),
        faulty: mean(|s| s.faulty),
        in_flight: mean(|s| s.in_flight),
        free: mean(|s| s.free),
    }
}

fn phase(stretch: &Stretch, seconds: &[Second], interval: f64) -> Phase {
    let mean = sum(seconds, stretch);
    let share = |part: f64| if mean.attempts > 0.0 { round((part / mean.attempts).min(1.0)) } else { 0.0 };
    let before = stretch.from.checked_sub(1).map_or(0.0, |before| seconds[before].in_flight);
    Phase {
        kind: stretch.kind,
        from_s: stretch.from as f64 * interval,
        to_s: stretch.to as f64 * interval,
        offered_per_s: round(mean.offered),
        goodput_per_s: round(mean.goodput),
        attempts_per_s: round(mean.attempts),
        throttled: share(mean.throttled),
        faulty: share(mean.faulty),
        in_flight: [round(before), round(seconds[stretch.to - 1].in_flight)],
        cause: None,
    }
}

/// How long before a boundary its cause may lie, and how long after: a second's edges are where the quota's are.
const BEFORE_S: f64 = 4.0;
const AFTER_S: f64 = 1.5;

/// Gives each boundary the cause that is nearest to it in time; what the backlog does by itself needs none.
fn attribute(phases: &mut [Phase], causes: &[Cause]) {
    for phase in phases.iter_mut().skip(1) {
        let boundary = phase.from_s;
        let distance = |cause: &Cause| match () {
            () if boundary < cause.from_s => cause.from_s - boundary,
            () if boundary > cause.to_s => boundary - cause.to_s,
            () => 0.0,
        };
        let is_near =
            |cause: &&Cause| boundary >= cause.from_s - AFTER_S && boundary <= cause.to_s + BEFORE_S;
        let near = causes.iter().filter(is_near);
        // Of several the one that began last.
        let found =
            near.min_by(|a, b| distance(a).total_cmp(&distance(b)).then(b.from_s.total_cmp(&a.from_s)));
        phase.cause = found.cloned();
    }
}

#[cfg(test)]
mod tests;
