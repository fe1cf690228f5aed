//! Every pool of one account in one Region: limits, background traffic and what each pool met.
//!
//! A pool comes into being when something first takes from it. The background's arrivals up to `now` are let in
//! before the attempt of `now`, so pools need no timer.

use super::catalogue::{self, PoolId};
use super::{Charges, Counter, Enforcement, Limiter, Quotas, Take};
use crate::rng::{Purpose, Stream};
use crate::time::{NANOS_PER_SECOND, Span, Time};
use crate::units::Rate;

/// What the pools say about one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolsTake {
    /// Taken from every pool it charges.
    Granted,
    /// Taken from none.
    Refused {
        /// The pool that is ready last (the first of them in a tie).
        pool: PoolId,
        /// When that pool would grant it, if nobody else took anything.
        ready_at: Time,
    },
    /// Taken from none, and waiting will not help: the cost is more than the pool's limit.
    Impossible {
        /// The pool whose limit that is.
        pool: PoolId,
    },
}

/// The pools of one account and Region in one trial of one strategy.
#[derive(Clone, Debug)]
pub struct Pools {
    enforcement: Enforcement,
    phase: Span,
    seed: u64,
    trial: u32,
    /// By pool: its limit and its background.
    rates: Vec<(Rate, Rate)>,
    /// Whether each has a second of its own for weeks.
    for_weeks: bool,
    pools: Vec<Option<Box<Pool>>>,
}

/// One pool at work.
#[derive(Clone, Debug)]
struct Pool {
    limiter: Limiter,
    counter: Counter,
    throttled: u64,
    background: Option<Background>,
}

/// Everybody else's arrivals at a pool: a Poisson process, never retried.
#[derive(Clone, Debug)]
struct Background {
    stream: Stream,
    /// Mean nanoseconds between arrivals.
    gap: f64,
    next: Time,
    drawn: u64,
    total: u64,
    refused: u64,
}

/// What one pool met.
#[derive(Clone, Debug, PartialEq)]
pub struct PoolReport {
    /// Which pool.
    pub pool: PoolId,
    /// Its limit outside faults.
    pub limit: Rate,
    /// Quota units asked of it in total, granted or not, background included.
    pub attempts: u64,
    /// The most asked of it in one second (edges at the phase), background included.
    pub peak_1s: u64,
    /// Attempts refused because of it; background excluded.
    pub throttled: u64,
    /// Background arrivals.
    pub background: u64,
    /// Background arrivals refused.
    pub background_throttled: u64,
    /// Length of an interval of `series`.
    pub interval_s: u64,
    /// Quota units asked per interval, background included; the first holds the run's start and ends at the phase.
    pub series: Vec<u32>,
}

impl Pools {
    /// The pools of `region` as the scenario changes them, for one trial.
    pub fn new(quotas: &Quotas, region: &str, seed: u64, trial: u32) -> Pools {
        let rates: Vec<(Rate, Rate)> = catalogue::all()
            .map(|pool| {
                let limit = quotas.overrides.get(pool.name()).copied();
                let background = quotas.background.get(pool.name()).copied();
                (limit.unwrap_or_else(|| catalogue::limit(region, pool)), background.unwrap_or(Rate::ZERO))
            })
            .collect();
        let mut pools = Pools {
            enforcement: quotas.enforcement,
            phase: Pools::phase_of(quotas, seed, trial),
            seed,
            trial,
            for_weeks: false,
            pools: vec![None; rates.len()],
            rates,
        };
        for pool in catalogue::all().filter(|pool| !pools.rates[pool.index()].1.is_zero()).collect::<Vec<_>>()
        {
            pools.pool(pool);
        }
        pools
    }

    /// The same, whose series have a second each for four weeks instead of an hour: for what ends.
    pub fn for_weeks(mut self) -> Pools {
        self.for_weeks = true;
        for pool in self.pools.iter_mut().flatten() {
            pool.counter = pool.counter.clone().for_weeks();
        }
        self
    }

    /// Where one-second windows begin in a trial, below one second: pinned, or drawn.
    pub fn phase_of(quotas: &Quotas, seed: u64, trial: u32) -> Span {
        let pinned = match quotas.enforcement {
            Enforcement::Window { phase } => phase,
            _ => None,
        };
        let drawn = || Stream::new(seed, trial, Purpose::Phase, 0).draw(0).below(NANOS_PER_SECOND);
        Span::from_nanos(pinned.map_or_else(drawn, |phase| phase.as_nanos() % NANOS_PER_SECOND))
    }

    /// Where one-second windows begin, below one second: the same for every pool and strategy of a trial.
    pub const fn phase(&self) -> Span {
        self.phase
    }

    /// A pool's limit outside faults.
    pub fn limit(&self, pool: PoolId) -> Rate {
        self.rates[pool.index()].0
    }

    /// The pool, made if nothing has taken from it yet.
    #[inline]
    fn pool(&mut self, id: PoolId) -> &mut Pool {
        if self.pools[id.index()].is_none() {
            self.make(id);
        }
        self.pools[id.index()].as_deref_mut().expect("it was made if it was not there")
    }

    #[cold]
    fn make(&mut self, id: PoolId) {
        let (limit, background) = self.rates[id.index()];
        self.pools[id.index()] = Some(Box::new(Pool {
            limiter: Limiter::new(self.enforcement, limit, self.phase),
            counter: match self.for_weeks {
                true => Counter::new(self.phase).for_weeks(),
                false => Counter::new(self.phase),
            },
            throttled: 0,
            background: Background::new(background, self.seed, self.trial, id),
        }));
    }

    /// Takes every charge at `now`, or none.
    #[inline(always)]
    pub fn take(&mut self, charges: &Charges, now: Time) -> PoolsTake {
        match charges.single() {
            Some((id, cost)) => self.take_one(id, cost, now),
            None => self.take_all(charges, now),
        }
    }

    /// Takes the only charge of an attempt, as nearly all have.
    #[inline(always)]
    fn take_one(&mut self, id: PoolId, cost: u32, now: Time) -> PoolsTake {
        let pool = self.pool(id);
        if pool.background.is_some() {
            pool.let_background_in(now);
        }
        pool.counter.add(cost, now);
        match pool.limiter.take(cost, now) {
            Take::Granted => PoolsTake::Granted,
            Take::Refused { ready_at } => {
                pool.throttled += 1;
                PoolsTake::Refused { pool: id, ready_at }
            }
            Take::Impossible => {
                pool.throttled += 1;
                PoolsTake::Impossible { pool: id }
            }
        }
    }

    fn take_all(&mut self, charges: &Charges, now: Time) -> PoolsTake {
        let answer = self.meet(charges, now);
        match answer {
            PoolsTake::Granted => self.commit(charges, now),
            PoolsTake::Refused { pool, .. } | PoolsTake::Impossible { pool } => self.refuse(pool),
        }
        answer
    }

    /// Counts an attempt in every pool it charges and says what they make of it; takes nothing.
    ///
    /// For charges on the pools of two owners: follow it with [`Pools::commit`] or [`Pools::refuse`].
    pub fn meet(&mut self, charges: &Charges, now: Time) -> PoolsTake {
        let mut answer = PoolsTake::Granted;
        for (id, cost) in charges.iter() {
            answer = worse(answer, id, self.pool(id).meet(cost, now));
        }
        answer
    }

    /// Takes what [`Pools::meet`] has just granted.
    pub fn commit(&mut self, charges: &Charges, now: Time) {
        for (id, cost) in charges.iter() {
            self.pool(id).limiter.commit(cost, now);
        }
    }

    /// Counts a refusal because of a pool.
    pub fn refuse(&mut self, pool: PoolId) {
        self.pool(pool).throttled += 1;
    }

    /// Changes a pool's limit from `now` on; `None` restores its own.
    pub fn set_limit(&mut self, id: PoolId, rate: Option<Rate>, now: Time) {
        let rate = rate.unwrap_or_else(|| self.limit(id));
        let pool = self.pool(id);
        pool.let_background_in(now);
        pool.limiter.set_limit(rate, now);
    }

    /// Changes a pool's own limit from `now` on: what [`Pools::limit`] says and a fault gives back.
    pub fn set_own_limit(&mut self, id: PoolId, rate: Rate, now: Time) {
        self.rates[id.index()].0 = rate;
        self.set_limit(id, None, now);
    }

    /// Lets the background in up to `end` and completes every series.
    pub fn finish(&mut self, end: Time) {
        for pool in self.pools.iter_mut().flatten() {
            pool.let_background_in(end);
            pool.counter.finish(end);
        }
    }

    /// How much was asked of each pool, without the series of a [`PoolReport`].
    pub fn totals(&self) -> impl Iterator<Item = (PoolId, u64)> + '_ {
        let met = catalogue::all().filter_map(|id| Some((id, self.pools[id.index()].as_deref()?)));
        met.map(|(id, pool)| (id, pool.counter.total())).filter(|(_, asked)| *asked > 0)
    }

    /// What each pool that met anything met, in the order of the catalogue.
    pub fn report(&self) -> Vec<PoolReport> {
        let met = catalogue::all().filter_map(|id| Some((id, self.pools[id.index()].as_deref()?)));
        met.filter(|(_, pool)| pool.counter.total() > 0)
            .map(|(id, pool)| PoolReport {
                pool: id,
                limit: self.limit(id),
                attempts: pool.counter.total(),
                peak_1s: pool.counter.peak(),
                throttled: pool.throttled,
                background: pool.background.as_ref().map_or(0, |other| other.total),
                background_throttled: pool.background.as_ref().map_or(0, |other| other.refused),
                interval_s: pool.counter.interval_s(),
                series: pool.counter.series().to_vec(),
            })
            .collect()
    }
}

/// What several pools say together: impossible if one says so, otherwise ready when the last of them is.
#[inline]
fn worse(so_far: PoolsTake, pool: PoolId, take: Take) -> PoolsTake {
    match (so_far, take) {
        (PoolsTake::Impossible { .. }, _) | (_, Take::Granted) => so_far,
        (_, Take::Impossible) => PoolsTake::Impossible { pool },
        (PoolsTake::Refused { ready_at: before, .. }, Take::Refused { ready_at }) if ready_at <= before => {
            so_far
        }
        (_, Take::Refused { ready_at }) => PoolsTake::Refused { pool, ready_at },
    }
}

impl Pool {
    /// Counts an attempt and says what the limiter makes of it; takes nothing.
    #[inline]
    fn meet(&mut self, cost: u32, now: Time) -> Take {
        self.let_background_in(now);
        self.counter.add(cost, now);
        self.limiter.check(cost, now)
    }

    /// Lets the background's arrivals up to `now` take what they can.
    fn let_background_in(&mut self, now: Time) {
        let Some(background) = &mut self.background else { return };
        while background.next <= now {
            let at = background.next;
            self.counter.add(1, at);
            background.total += 1;
            if self.limiter.take(1, at) != Take::Granted {
                background.refused += 1;
            }
            background.step();
        }
    }
}

impl Background {
    /// The arrivals of `rate` at a pool; none if it is zero.
    fn new(rate: Rate, seed: u64, trial: u32, pool: PoolId) -> Option<Background> {
        if rate.is_zero() {
            return None;
        }
        let stream = Stream::new(seed, trial, Purpose::Background, pool.index() as u64);
        let gap = NANOS_PER_SECOND as f64 / rate.as_per_second();
        let mut background = Background { stream, gap, next: Time::ZERO, drawn: 0, total: 0, refused: 0 };
        background.step();
        Some(background)
    }

    /// Moves on to the next arrival.
    #[inline]
    fn step(&mut self) {
        let gap = self.stream.draw(self.drawn).exponential() * self.gap;
        self.drawn += 1;
        self.next += Span::from_nanos(gap.round() as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn quotas(limits: &[(&str, u64)], background: &[(&str, u64)]) -> Quotas {
        let rates = |rows: &[(&str, u64)]| {
            rows.iter()
                .map(|(pool, rate)| (pool.to_string(), Rate::per_second(*rate)))
                .collect::<BTreeMap<_, _>>()
        };
        Quotas {
            overrides: rates(limits),
            enforcement: Enforcement::Window { phase: Some(Span::from_millis(250)) },
            background: rates(background),
            re_encrypt_cost: 1,
        }
    }

    fn at(millis: u64) -> Time {
        Time::ZERO + Span::from_millis(millis)
    }

    #[test]
    fn a_refusal_by_one_pool_takes_from_none() {
        let mut pools = Pools::new(&quotas(&[("symmetric", 5), ("cloudhsm", 2)], &[]), "us-east-1", 1, 0);
        let both = Charges::one(PoolId::SYMMETRIC, 1).and(PoolId::CLOUDHSM, 1);
        let alone = Charges::one(PoolId::SYMMETRIC, 1);
        assert_eq!(pools.take(&both, at(300)), PoolsTake::Granted);
        assert_eq!(pools.take(&both, at(300)), PoolsTake::Granted);
        for _ in 0..4 {
            let refused = PoolsTake::Refused { pool: PoolId::CLOUDHSM, ready_at: at(1250) };
            assert_eq!(pools.take(&both, at(300)), refused);
        }
        for _ in 0..3 {
            assert_eq!(pools.take(&alone, at(300)), PoolsTake::Granted, "the refused ones took nothing here");
        }
        assert!(matches!(pools.take(&alone, at(300)), PoolsTake::Refused { pool: PoolId::SYMMETRIC, .. }));
        pools.finish(at(1000));
        let report = pools.report();
        assert_eq!(
            report.iter().map(|p| (p.pool, p.peak_1s, p.throttled)).collect::<Vec<_>>(),
            [(PoolId::SYMMETRIC, 10, 1), (PoolId::CLOUDHSM, 6, 4)]
        );
        assert_eq!(report[0].series, [0, 10]);
    }

    #[test]
    fn a_cost_above_the_limit_is_impossible_and_counts_as_throttled() {
        let mut pools = Pools::new(&quotas(&[("rsa", 1)], &[]), "us-east-1", 1, 0);
        assert_eq!(
            pools.take(&Charges::one(PoolId::RSA, 2), at(0)),
            PoolsTake::Impossible { pool: PoolId::RSA }
        );
        assert_eq!(pools.report()[0].throttled, 1);
    }

    #[test]
    fn background_takes_its_share_and_is_counted_apart() {
        let mut pools = Pools::new(&quotas(&[("symmetric", 1000)], &[("symmetric", 400)]), "us-east-1", 7, 0);
        let one = Charges::one(PoolId::SYMMETRIC, 1);
        let granted = (0..100_000u64) // 1000/s for 100 s
            .filter(|i| pools.take(&one, at(*i)) == PoolsTake::Granted)
            .count() as u64;
        pools.finish(at(100_000));
        let report = &pools.report()[0];
        assert!((report.background as f64 - 40_000.0).abs() < 4.0 * 200.0, "{}", report.background);
        let background_granted = report.background - report.background_throttled;
        assert_eq!(report.throttled, 100_000 - granted);
        assert_eq!(report.attempts, 100_000 + report.background);
        assert!(granted + background_granted <= 101 * 1000);
        assert!(granted + background_granted >= 99 * 1000, "an overloaded window gives its whole limit");
        assert_eq!(report.series.iter().map(|n| u64::from(*n)).sum::<u64>(), report.attempts);
    }

    #[test]
    fn background_is_the_same_whoever_asks_and_however_often() {
        let run = |step: u64| {
            let mut pools = Pools::new(&quotas(&[], &[("symmetric", 300)]), "us-east-1", 7, 3);
            let one = Charges::one(PoolId::SYMMETRIC, 1);
            (0..10_000)
                .step_by(step as usize)
                .for_each(|t| assert_eq!(pools.take(&one, at(t)), PoolsTake::Granted));
            pools.finish(at(10_000));
            pools.report()[0].background
        };
        assert_eq!(run(1), run(977));
    }

    #[test]
    fn the_phase_is_drawn_once_per_trial_unless_pinned() {
        let mut drawn = quotas(&[], &[]);
        drawn.enforcement = Enforcement::Window { phase: None };
        let phase = |trial| Pools::new(&drawn, "us-east-1", 42, trial).phase();
        assert_eq!(phase(0), phase(0));
        assert_ne!(phase(0), phase(1));
        assert!(phase(0) < Span::from_secs(1));
        assert_eq!(Pools::new(&quotas(&[], &[]), "us-east-1", 42, 0).phase(), Span::from_millis(250));
    }

    #[test]
    fn pools_of_one_run_have_series_of_one_shape() {
        let mut pools = Pools::new(&quotas(&[], &[]), "us-east-1", 1, 0);
        pools.take(&Charges::one(PoolId::RSA, 1), at(0));
        (0..5_000).for_each(|s| {
            pools.take(&Charges::one(PoolId::SYMMETRIC, 1), Time::from_secs(s));
        });
        pools.finish(Time::from_secs(5_000));
        let shapes: Vec<_> = pools.report().iter().map(|p| (p.interval_s, p.series.len())).collect();
        assert_eq!(shapes, [(2, 2501), (2, 2501)], "5000 s touch 5001 seconds when the phase is not zero");
    }
}
