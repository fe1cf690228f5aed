//! Between the machines of a live run and who sends for them: attempts leave in order, counted against the caps and the pools
//! they draw from, and what senders report is handed to the machines.

use crate::api::{Attempt, Order, Reply, SenderEvent};
use crate::engine::{Core, charges};
use crate::quota::{ChargeTable, Counter, Enforcement, PoolId, PoolReport, Pools, Quotas, catalogue};
use crate::scenario::{Scenario, Target};
use crate::time::{NANOS_PER_SECOND, Span, Time};
use crate::units::Rate;
use std::collections::BTreeMap;

/// Attempts to be sent, what was sent so far, and what senders said of it.
pub(super) struct Dispatcher {
    orders: Vec<Order>,
    /// By workload, whether answers are waited for only so long; how long is the machines' matter.
    are_timed: Vec<bool>,
    charges: ChargeTable,
    phase: Span,
    region: String,
    quotas: Quotas,
    pools: BTreeMap<PoolId, Met>,
    /// What may be taken of pools that are others' too.
    shares: BTreeMap<PoolId, PerSecond>,
    caps: Left,
    sent: u64,
    /// Whether one throttled answer ends the run, and whether one has.
    stops_on_throttle: bool,
    is_throttled: bool,
    /// What the service said no with: the first message of each code.
    refusals: BTreeMap<String, String>,
}

/// What one pool met, as far as we sent it.
struct Met {
    counter: Counter,
    throttled: u64,
}

/// What the caps still allow.
struct Left {
    attempts: u64,
    rate: PerSecond,
    hit: Option<&'static str>,
}

/// What may go in one second, and has gone.
struct PerSecond {
    most: u64,
    second: u64,
    taken: u64,
}

impl Dispatcher {
    /// Nothing sent yet of this trial of strategy number `strategy`.
    pub(super) fn new(scenario: &Scenario, strategy: usize, trial: u32) -> Dispatcher {
        let phase = match (&scenario.target, scenario.quotas.enforcement) {
            // The emulator draws the same.
            (Target::Emulator, _) => Pools::phase_of(&scenario.quotas, scenario.seed, trial),
            (_, Enforcement::Window { phase }) => phase.unwrap_or(Span::ZERO),
            _ => Span::ZERO,
        };
        Dispatcher {
            orders: Vec::new(),
            are_timed: scenario.workloads.iter().map(|w| w.strategies[strategy].timeout.is_some()).collect(),
            charges: charges(scenario),
            phase,
            region: scenario.region.clone(),
            quotas: scenario.quotas.clone(),
            pools: BTreeMap::new(),
            shares: BTreeMap::new(),
            caps: Left {
                attempts: u64::MAX,
                rate: PerSecond::new(scenario.live.caps.rate.map_or(f64::INFINITY, Rate::as_per_second)),
                hit: None,
            },
            sent: 0,
            stops_on_throttle: false,
            is_throttled: false,
            refusals: BTreeMap::new(),
        }
    }

    /// From now on one throttled answer ends the run.
    pub(super) fn stop_on_throttle(&mut self) {
        self.stops_on_throttle = true;
    }

    /// Whether a throttled answer has ended the run.
    pub(super) const fn is_throttled(&self) -> bool {
        self.is_throttled
    }

    /// What the service said no with so far: the first message of each code.
    pub(super) fn take_refusals(&mut self) -> BTreeMap<String, String> {
        std::mem::take(&mut self.refusals)
    }

    /// Where one-second windows begin, if that is known; otherwise with the run.
    pub(super) const fn phase(&self) -> Span {
        self.phase
    }

    /// Most attempts that this trial may still send.
    pub(super) fn cap(&mut self, attempts: u64) {
        self.caps.attempts = attempts;
    }

    /// Most that may be taken of a pool in one second.
    pub(super) fn share(&mut self, pool: PoolId, per_second: f64) {
        self.shares.insert(pool, PerSecond::new(per_second));
    }

    /// The cap that was reached, if one was.
    pub(super) const fn cap_hit(&self) -> Option<&'static str> {
        self.caps.hit
    }

    /// Whether nothing may leave any more.
    pub(super) const fn is_shut(&self) -> bool {
        self.caps.attempts == 0 || self.caps.hit.is_some()
    }

    /// Takes all that the machines want to be sent at `now`.
    pub(super) fn collect(&mut self, core: &mut Core<'_>, now: Time) {
        while let Some(attempt) = core.poll_output(now) {
            if self.put(&attempt, core.due(), now) {
                core.sent(&attempt, now);
            }
        }
    }

    /// Hands what a sender reports to the machines, at `now`.
    pub(super) fn hear(&mut self, core: &mut Core<'_>, event: SenderEvent, now: Time) {
        match event {
            SenderEvent::Answered { order, number, sent, at, reply } => {
                self.heed(reply);
                // Otherwise nobody waits for it any longer.
                let token = order.attempt.token;
                if core.expects(token) {
                    self.met(core, &order, number, (sent, at), reply, now);
                    core.handle_reply(token, reply, now);
                    self.collect(core, now);
                }
            }
            SenderEvent::Retried { order, number, met, sent, at } => {
                self.heed(met);
                if core.expects(order.attempt.token) {
                    self.met(core, &order, number - 1, (sent, at), met, now);
                    let attempt = Attempt { number, ..order.attempt };
                    core.sent(&attempt, now);
                    self.went(&attempt, now);
                }
            }
            SenderEvent::Refused { code, message } => {
                self.refusals.entry(code).or_insert(message);
            }
        }
    }

    /// Ends the run on a throttled answer, if one is to: nothing more leaves, its own retry included, since whoever shares the
    /// quota needs it now.
    fn heed(&mut self, reply: Reply) {
        if self.stops_on_throttle && reply == Reply::Throttled {
            self.is_throttled = true;
            self.cap(0);
        }
    }

    /// Writes down what try `number` of an attempt met. Only the first leaves when the harness is told to: when others
    /// leave is the SDK's business.
    fn met(
        &mut self,
        core: &mut Core<'_>,
        order: &Order,
        number: u32,
        (sent, at): (Time, Time),
        reply: Reply,
        now: Time,
    ) {
        if number == 1 {
            core.late(sent.since(order.due));
        }
        core.met(&order.attempt, reply, at.since(sent), now);
        if reply == Reply::Throttled {
            self.throttled(&order.attempt);
        }
    }

    /// Puts an attempt out that was due at `due`; `false` if a cap keeps it back.
    fn put(&mut self, attempt: &Attempt, due: Time, now: Time) -> bool {
        if !self.allow(attempt, now) {
            return false;
        }
        let is_timed = self.are_timed[usize::from(attempt.workload)];
        self.orders.push(Order { attempt: *attempt, due, is_timed });
        self.count(attempt, now);
        true
    }

    /// An attempt has left that nobody here could keep back, a retry of the SDK's own: it counts against the caps like
    /// any other, and one that goes over them ends the run.
    fn went(&mut self, attempt: &Attempt, now: Time) {
        self.allow(attempt, now);
        self.count(attempt, now);
    }

    /// Whether one more attempt may go at `now`; if not, which cap keeps it back is noted.
    fn allow(&mut self, attempt: &Attempt, now: Time) -> bool {
        let charges = *self.charges.of(attempt);
        let shares = &mut self.shares;
        let mut has_room = |(pool, cost): (PoolId, u32)| {
            shares.get_mut(&pool).is_none_or(|share| share.has_room(u64::from(cost), now))
        };
        let caps = &mut self.caps;
        if caps.attempts == 0 {
            caps.hit = Some("attempts");
        } else if !caps.rate.has_room(1, now) {
            caps.hit = Some("rate");
        } else if !charges.iter().all(&mut has_room) {
            caps.hit = Some("maxQuotaShare");
        }
        caps.hit.is_none()
    }

    /// Counts an attempt that goes against the caps and the pools it draws from.
    fn count(&mut self, attempt: &Attempt, now: Time) {
        let phase = self.phase;
        self.sent += 1;
        self.caps.attempts = self.caps.attempts.saturating_sub(1);
        self.caps.rate.taken += 1;
        for (pool, cost) in self.charges.of(attempt).iter() {
            if let Some(share) = self.shares.get_mut(&pool) {
                share.taken += u64::from(cost);
            }
            let met = self
                .pools
                .entry(pool)
                .or_insert_with(|| Met { counter: Counter::new(phase).for_weeks(), throttled: 0 });
            met.counter.add(cost, now);
        }
    }

    /// An attempt was throttled: which of its pools refused it is not known, so it counts for the first.
    fn throttled(&mut self, attempt: &Attempt) {
        let first = self.charges.of(attempt).iter().next();
        if let Some(met) = first.and_then(|(pool, _)| self.pools.get_mut(&pool)) {
            met.throttled += 1;
        }
    }

    /// Takes what is to be sent.
    pub(super) fn take(&mut self) -> std::vec::Drain<'_, Order> {
        self.orders.drain(..)
    }

    /// Attempts sent so far.
    pub(super) const fn sent(&self) -> u64 {
        self.sent
    }

    /// What each pool met until `now`, in the order of the catalogue; it goes on.
    pub(super) fn until(&self, now: Time) -> Vec<PoolReport> {
        let each = self.pools.iter().map(|(pool, met)| {
            let mut counter = met.counter.clone();
            counter.finish(now);
            PoolReport { series: counter.series().to_vec(), ..self.report(*pool, met) }
        });
        each.collect()
    }

    /// What each pool met, in the order of the catalogue.
    pub(super) fn finish(&mut self, end: Time) -> Vec<PoolReport> {
        self.pools.values_mut().for_each(|met| met.counter.finish(end));
        let with_series = |(pool, met): (&PoolId, &Met)| PoolReport {
            series: met.counter.series().to_vec(),
            ..self.report(*pool, met)
        };
        self.pools.iter().map(with_series).collect()
    }

    /// The same up to now, without series.
    pub(super) fn so_far(&self) -> Vec<PoolReport> {
        self.pools.iter().map(|(pool, met)| self.report(*pool, met)).collect()
    }

    fn report(&self, pool: PoolId, met: &Met) -> PoolReport {
        let limit = self.quotas.overrides.get(pool.name()).copied();
        PoolReport {
            pool,
            limit: limit.unwrap_or_else(|| catalogue::limit(&self.region, pool)),
            attempts: met.counter.total(),
            peak_1s: met.counter.peak(),
            throttled: met.throttled,
            background: 0,
            background_throttled: 0,
            interval_s: met.counter.interval_s(),
            series: Vec::new(),
        }
    }
}

impl PerSecond {
    /// As much as a rate allows, at least one.
    fn new(per_second: f64) -> PerSecond {
        PerSecond { most: (per_second as u64).max(1), second: 0, taken: 0 }
    }

    /// Whether `more` may go in the second of `now`.
    const fn has_room(&mut self, more: u64, now: Time) -> bool {
        let second = now.as_nanos() / NANOS_PER_SECOND;
        if second != self.second {
            (self.second, self.taken) = (second, 0);
        }
        self.taken + more <= self.most
    }
}

#[cfg(test)]
mod tests;
