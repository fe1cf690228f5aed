//! A share of a live run: the jobs of every N-th client, begun, ended and watched from elsewhere.
//!
//! A job follows its client, so that retry quotas, limiters and caches stay whole; what a job is and when it is due follows
//! from its key, so that the shares of a run add up to its one schedule, however many they are.

use super::dispatcher::Dispatcher;
use super::trial::{Ended, LiveTrial};
use crate::clock::RunClock;
use crate::engine::{Core, Dealing, Lane};
use crate::record::{LONGEST_SHARED_S, Layout, Piece, Pieces};
use crate::scenario::{Scenario, Target};
use crate::time::{Span, Time};
use crate::units::Rate;
use crate::workload::FleetPlan;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::watch;

/// How often is told what came to the recording.
const PIECE_EVERY: Span = Span::from_secs(1);

/// Which share, who gives orders, and who hears of it.
#[derive(Clone)]
pub struct Share {
    /// Its number, from 0: its clients are those whose number has this remainder.
    pub index: u32,
    /// How many shares there are.
    pub of: u32,
    /// What is to be done, as it stands.
    pub orders: watch::Receiver<ShareOrders>,
    /// Hears what happens, on the thread that drives the load: it must not wait.
    pub tell: Arc<dyn Fn(ShareEvent) + Send + Sync>,
    /// Attempts sent so far, all trials together.
    pub sent: Arc<AtomicU64>,
}

/// What is to be done now. Trials are numbered in the order in which they are run, all strategies' together, from 0.
#[derive(Clone, Debug, Default)]
pub struct ShareOrders {
    /// The trial that is begun, and its clock, whose zero may lie ahead.
    pub start: Option<(u32, RunClock)>,
    /// The trial that a threshold of the whole has ended.
    pub end: Option<u32>,
    /// Whether the run is to end, with what flies.
    pub stop: bool,
    /// Whether nothing is sent any more.
    pub halt: bool,
    /// Attempts that all trials together may send.
    pub lease: Option<u64>,
    /// Grows whenever pieces are to begin anew.
    pub anew: u32,
    /// Whose clients go to the others.
    pub lost: LostShares,
}

/// Shares that were lost and whose clients go to the others, in that order, as they are told of in a trial.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LostShares {
    /// The trial.
    pub trial: u32,
    /// Their numbers, and from when on in that trial others serve their clients.
    pub shares: Vec<(u32, Time)>,
}

impl LostShares {
    /// The same as trial `trial` has them: in one that comes later they are lost from its beginning.
    fn in_trial(&self, trial: u32) -> impl Iterator<Item = (u32, Time)> {
        let is_later = trial > self.trial;
        self.shares.iter().map(move |(share, from)| (*share, if is_later { Time::ZERO } else { *from }))
    }
}

impl ShareOrders {
    /// Whether anything is to be done that was not.
    pub fn is_other(&self, before: &ShareOrders) -> bool {
        let plain = |orders: &ShareOrders| {
            let ShareOrders { start, end, stop, halt, lease, anew, lost } = orders.clone();
            (start.map(|(trial, _)| trial), end, stop, halt, lease, anew, lost)
        };
        plain(self) != plain(before)
    }
}

/// What happens to a share.
pub enum ShareEvent {
    /// All is ready for the trial of this number.
    Ready(u32),
    /// This came to the recording of the trial.
    Piece(u32, Box<Piece>),
    /// The trial is over.
    Ended(u32, Box<LiveTrial>),
}

impl Share {
    /// Waits until the trial of this number is begun; `None` if the run ends before.
    pub(super) async fn begun(&self, trial: u32) -> Option<RunClock> {
        (self.tell)(ShareEvent::Ready(trial));
        let mut orders = self.orders.clone();
        let is_told = |orders: &ShareOrders| {
            orders.stop || orders.halt || orders.start.is_some_and(|(begun, _)| begun == trial)
        };
        // Whoever gives no orders any more begins nothing.
        let told = orders.wait_for(is_told).await.ok()?.clone();
        let (_, clock) = told.start.filter(|(begun, _)| *begun == trial && !told.stop && !told.halt)?;
        tokio::select! {
            () = clock.reach_zero() => Some(clock),
            _ = orders.wait_for(|orders| orders.stop || orders.halt) => None,
        }
    }

    /// Who serves whom in the trial of this number, as far as it is known now.
    pub(super) fn dealing(&self, trial: u32) -> Dealing {
        let mut dealing = Dealing::new(self.of);
        let orders = self.orders.borrow();
        orders.lost.in_trial(trial).for_each(|(share, from)| dealing.lose(share, from));
        dealing
    }
}

/// A share's trial under way.
pub(super) struct ShareRun<'s> {
    share: &'s Share,
    orders: watch::Receiver<ShareOrders>,
    trial: u32,
    /// Attempts of the trials before.
    sent_before: u64,
    pieces: Pieces,
    anew: u32,
    next: Time,
    /// How many of the lost the core knows.
    dealt: usize,
}

impl<'s> ShareRun<'s> {
    /// Whoever is to follow orders knows already of so many that are lost.
    pub(super) fn new(
        share: &'s Share,
        trial: u32,
        layout: &Layout,
        (sent_before, dealt): (u64, usize),
    ) -> ShareRun<'s> {
        let orders = share.orders.clone();
        let anew = orders.borrow().anew;
        let (pieces, next) = (Pieces::new(layout), Time::ZERO + PIECE_EVERY);
        ShareRun { share, orders, trial, sent_before, pieces, anew, next, dealt }
    }

    /// Comes back when orders have changed; never if nobody gives any.
    pub(super) async fn changed(&mut self) {
        if self.orders.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Tells what came, and does what orders say at `now`; gives whether the trial is to be closed, if it is not already.
    pub(super) fn follow(
        &mut self,
        core: &mut Core<'_>,
        dispatcher: &mut Dispatcher,
        (now, is_closed): (Time, bool),
        ended: &mut Ended,
    ) -> bool {
        self.tell(core, dispatcher, now);
        let orders = self.orders.borrow_and_update().clone();
        let sent = self.sent_before + dispatcher.sent();
        self.share.sent.store(sent, Ordering::Relaxed);
        if let Some(lease) = orders.lease
            && !dispatcher.is_throttled()
        {
            dispatcher.cap(lease.saturating_sub(sent));
        }
        if orders.halt {
            dispatcher.cap(0);
        }
        if is_closed {
            return false;
        }
        for (lost, from) in orders.lost.in_trial(self.trial).skip(self.dealt) {
            core.deal(lost, from);
            self.dealt += 1;
        }
        if orders.stop || orders.halt {
            ended.interrupted = true;
            return true;
        }
        if orders.end == Some(self.trial) {
            ended.aborted_at = Some(now);
            return true;
        }
        false
    }

    /// Tells what came, once a second.
    fn tell(&mut self, core: &Core<'_>, dispatcher: &Dispatcher, now: Time) {
        let anew = self.orders.borrow().anew;
        if anew != self.anew {
            (self.anew, self.pieces) = (anew, Pieces::new(core.recorder().layout()));
        } else if now < self.next {
            return;
        }
        self.next = now + PIECE_EVERY;
        let pools = dispatcher.until(now);
        let piece = self.pieces.take(core.recorder(), &pools, core.data_keys());
        (self.share.tell)(ShareEvent::Piece(self.trial, Box::new(piece)));
    }
}

/// Why the clients of a run cannot be shared by `many`, each with what helps; nothing if they can.
pub fn objections_to_shares(scenario: &Scenario, many: u32) -> Vec<String> {
    let mut objections = Vec::new();
    let clients = scenario.fleet.clients;
    if clients < many {
        objections.push(format!(
            "fleet.clients is {clients}, and {many} workers need a client each: fewer workers, or more clients"
        ));
    }
    if scenario.target == Target::Emulator {
        objections.push(
            "each worker would load an emulator of its own: start one by `keystorm serve` and give its URL as target".into(),
        );
    }
    for workload in &scenario.workloads {
        let name = &workload.name;
        if workload.max_in_flight.is_some() {
            objections.push(format!(
                "workloads.{name}.maxInFlight is kept over the jobs of all clients, which no worker sees: leave it out"
            ));
        }
        if workload.executor.work().is_some() {
            objections.push(format!(
                "workloads.{name} ends with its last job, which no worker sees: give it a rate or VUs for a duration"
            ));
        }
        let lasts = workload.cutoff().since(Time::ZERO);
        if lasts > Span::from_secs(LONGEST_SHARED_S) {
            objections.push(format!(
                "workloads.{name} lasts {lasts} with its gracefulStop, and shares add up exactly for {LONGEST_SHARED_S} seconds at \
                 most: shorten it"
            ));
        }
    }
    if let Some(rate) = scenario.live.caps.rate
        && shared_rate(rate, many).as_per_second() < 1.0
    {
        objections.push(format!(
            "caps.rate of {rate} leaves {many} workers less than one attempt a second each: raise it"
        ));
    }
    objections
}

/// How many jobs each of `many` shares has, all strategies and trials together, as long as nobody is lost; `None` if jobs follow
/// from answers, as those of VUs do.
pub fn shared_jobs(scenario: &Scenario, many: u32) -> Option<Vec<u64>> {
    let (fleet, dealing) = (FleetPlan::new(&scenario.fleet), Dealing::new(many));
    let mut jobs = vec![0; many as usize];
    for trial in 0..scenario.trials {
        for (workload, number) in scenario.workloads.iter().zip(0..) {
            let mut lane = Lane::new(workload, number, scenario.seed, trial);
            while let Some((client, at)) = lane.next_client(&fleet)? {
                jobs[dealing.share_of(client, at) as usize] += 1;
            }
        }
    }
    let strategies = scenario.strategies.len() as u64;
    jobs.iter_mut().for_each(|jobs: &mut u64| *jobs *= strategies);
    Some(jobs)
}

/// The part of a cap on the rate of all that one of `many` may use: an equal one.
pub fn shared_rate(rate: Rate, many: u32) -> Rate {
    Rate::new(rate.count(), rate.seconds() * u64::from(many))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Options;

    fn scenario(executor: &str) -> Scenario {
        let text = format!(
            "fleet: {{ clients: 10 }}\ntrials: 2\nworkloads: {{ w: {{ {executor}, duration: 20s, jobs: {{ Decrypt: 1 }} }} }}\n\
             strategies: {{ a: {{}}, b: {{}} }}\n"
        );
        Scenario::parse(&text, &Options::default()).unwrap_or_else(|problems| panic!("{problems}")).scenario
    }

    #[test]
    fn the_jobs_of_shares_are_those_that_the_schedule_has() {
        let open = scenario("executor: constant-arrival-rate, rate: 50/s, arrivals: uniform");
        for many in [1, 3, 10] {
            let jobs = shared_jobs(&open, many).expect("they are known");
            assert_eq!((jobs.len(), jobs.iter().sum::<u64>()), (many as usize, 50 * 20 * 2 * 2));
            assert!(jobs.iter().all(|jobs| *jobs > 0), "{jobs:?}");
        }
        assert_eq!(shared_jobs(&scenario("executor: constant-vus, vus: 20"), 3), None);
    }
}
