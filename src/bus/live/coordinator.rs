//! Who calls workers to a live load, says when it begins and ends, and hears how it goes; it sends no load itself.

use super::logs::{Fetched, fetch};
use super::members::{LeasePool, Member};
use super::plan::{Assembly, LoadPlan, Loss, OnLoss, Outcome, StopReason};
use super::wire::{
    CALLS, Invitation, Join, Order, Seat, Task, WorkerMessage, WorkerPhase, session_subject, worker_subject,
};
use super::{DEALT_AFTER, LOST_AFTER, ORDER_EVERY, SILENCE};
use crate::bus::objects::RunObjects;
use crate::bus::wire::{Version, bytes};
use crate::bus::{Error, Link, Way, printable};
use crate::clock::{self, Stopwatch};
use crate::notice;
use crate::time::{Span, Time};
use async_nats::Subscriber;
use async_nats::connection::State as Connection;
use futures_util::{FutureExt as _, StreamExt as _};
use std::collections::BTreeSet;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Between two calls for workers.
const CALL_EVERY: Span = Span::from_millis(500);
/// When it is said that workers are missing.
const LONELY: Span = Span::from_secs(10);
/// From the order to begin until the load begins: several orders, so that one may be lost.
const LEAD: Span = Span::from_secs(1);
/// A bus that was away for so long may have cost a worker its orders.
const AWAY: Span = Span::from_secs(1);
/// Between two looks at the trial as a whole.
const LOOK_EVERY: Span = Span::from_secs(1);
/// How long one waits for logs after everything was stopped, if workers have nothing more to finish.
const LOGS_WITHIN: Span = Span::from_secs(20);
/// Different sentences that are told: whoever writes to the bus fills no terminal.
const MOST_TOLD: usize = 100;

struct Coordination<'c> {
    plan: &'c LoadPlan<'c>,
    way: &'c Way,
    link: Link,
    assembly: &'c mut dyn Assembly,
    clock: Stopwatch,
    out: Outcome,
    pool: LeasePool,
    trial: u32,
    /// When the trial began or begins, by this clock.
    began_ns: Option<u64>,
    /// Whether a threshold has ended the trial under way.
    is_ending: bool,
    /// Since when everything is being stopped.
    stopping: Option<Stopwatch>,
    /// Since when the bus is away.
    away: Option<Stopwatch>,
    /// Whether it was, for long enough that workers may have stopped.
    was_away: bool,
    looked: Stopwatch,
    fetches: JoinSet<Fetched>,
    told: BTreeSet<String>,
}

/// Runs a load to its end; `began` hears when all workers are there.
///
/// # Errors
/// [`Error::Usage`] and [`Error::Refused`] as [`Way::connect`]; [`Error::Lost`] if the bus goes before there is a load.
pub async fn coordinate(
    way: &Way,
    plan: &LoadPlan<'_>,
    assembly: &mut dyn Assembly,
    mut stop: watch::Receiver<bool>,
) -> Result<Outcome, Error> {
    let link = tokio::select! {
        link = way.connect("keystorm coordinator") => link?,
        _ = stop.wait_for(|stop| *stop) => return Ok(Outcome::before(StopReason::Person)),
    };
    let lost = |error: async_nats::SubscribeError| Error::lost("nothing can be heard", error);
    let mut upward = link.client.subscribe(session_subject(plan.session)).await.map_err(lost)?;
    let objects = RunObjects::make(&link, plan.session).await?;
    for (name, bytes) in &plan.material {
        objects.put(name, bytes).await?;
    }
    let mut coordination = Coordination {
        plan,
        way,
        link,
        assembly,
        clock: Stopwatch::start(),
        out: Outcome::default(),
        pool: LeasePool::new(plan.attempts),
        trial: 0,
        began_ns: None,
        is_ending: false,
        stopping: None,
        away: None,
        was_away: false,
        looked: Stopwatch::start(),
        fetches: JoinSet::new(),
        told: BTreeSet::new(),
    };
    if !coordination.gather(&mut upward, &mut stop).await? {
        return Ok(Outcome::before(StopReason::Person));
    }
    coordination.run(&mut upward, &mut stop).await?;
    coordination.leave().await;
    // What is left of it goes by itself within a day.
    let _ = clock::within(LEAD, objects.clear()).await;
    Ok(coordination.out)
}

impl Coordination<'_> {
    /// Calls until there are as many workers as are wanted; `false` if told to stop before.
    async fn gather(
        &mut self,
        upward: &mut Subscriber,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<bool, Error> {
        let call = Invitation {
            of: Version::own(),
            run: self.plan.run.into(),
            session: self.plan.session.into(),
            target: self.plan.target.into(),
        };
        let (call, wanted) = (bytes(&call), self.plan.workers as usize);
        let (begun, mut called): (Stopwatch, Option<Stopwatch>) = (Stopwatch::start(), None);
        while self.out.members.len() < wanted {
            if called.is_none_or(|called| called.elapsed() >= CALL_EVERY) {
                let called_out = self.link.client.publish(CALLS, call.clone().into()).await;
                called_out.map_err(|error| Error::lost("nobody can be called", error))?;
                called = Some(Stopwatch::start());
            }
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => return Ok(false),
                heard = upward.next() => match WorkerMessage::read(&heard.ok_or_else(ended)?.payload) {
                    Ok(WorkerMessage::Join(join)) => self.join(&join),
                    Ok(_) => {}
                    Err(why) => self.say(&format!("refused from the bus: a worker's word that is none: {why}")),
                },
                () = clock::sleep(CALL_EVERY) => {}
            }
            if begun.elapsed() >= LONELY {
                self.say(&format!(
                    "{} of {wanted} workers are there: `{}` is one",
                    self.out.members.len(),
                    self.plan.worker
                ));
            }
        }
        let names: Vec<&str> = self.out.members.iter().map(|member| member.name.as_str()).collect();
        if !self.way.quiet {
            notice::tell(format_args!("keystorm: workers: {}", names.join(", ")));
        }
        Ok(true)
    }

    fn join(&mut self, join: &Join) {
        let own = Version::own();
        if join.of != own {
            let (name, version) = (printable(&join.name), printable(&join.of.version));
            self.say(&format!(
                "worker {name} is of keystorm {version} with definitions {}, and takes no part in a load of {} with {}",
                join.of.definitions, own.version, own.definitions
            ));
        } else if !self.out.members.iter().any(|member| member.token == join.worker) {
            let name = printable(&join.name);
            self.out.members.push(Member::new(&Join { name, ..join.clone() }));
        }
    }

    /// Says, hears and looks until nothing is left to be done.
    async fn run(&mut self, upward: &mut Subscriber, stop: &mut watch::Receiver<bool>) -> Result<(), Error> {
        // Whoever came first has been told nothing since, and had nothing to say.
        self.out.members.iter_mut().for_each(|member| member.heard = Stopwatch::start());
        self.pool.deal(&mut self.out.members, &self.plan.jobs);
        let mut said = Stopwatch::start();
        self.order_all().await;
        loop {
            let left = ORDER_EVERY - said.elapsed().min(ORDER_EVERY);
            let is_stopped = self.stopping.is_some();
            tokio::select! {
                biased;
                heard = upward.next() => self.hear(&heard.ok_or_else(ended)?.payload),
                Some(fetched) = self.fetches.join_next() => if let Ok(fetched) = fetched { self.fetched(fetched) },
                _ = stop.wait_for(|stop| *stop), if !is_stopped => self.stop(StopReason::Person),
                () = clock::sleep(left) => {}
            }
            // Everything that has come is heard before anybody is missed.
            while let Some(Some(heard)) = upward.next().now_or_never() {
                self.hear(&heard.payload);
            }
            let now = |own: &Self| {
                (own.stopping.is_some(), own.is_ending, own.trial, own.began_ns, own.out.losses.len())
            };
            let before = now(self);
            self.look();
            if self.advance() {
                return Ok(());
            }
            let is_changed = before != now(self) || is_stopped != self.stopping.is_some();
            if is_changed || said.elapsed() >= ORDER_EVERY {
                said = Stopwatch::start();
                self.order_all().await;
            }
        }
    }

    fn now_ns(&self) -> u64 {
        self.clock.elapsed().as_nanos()
    }

    /// Now, on the timeline of the trial under way.
    fn now(&self) -> Time {
        Time::from_nanos(self.began_ns.map_or(0, |began| self.now_ns().saturating_sub(began)))
    }

    fn hear(&mut self, message: &[u8]) {
        let now_ns = self.now_ns();
        let number = |out: &Outcome, token: &str| out.members.iter().position(|member| member.token == token);
        match WorkerMessage::read(message) {
            Ok(WorkerMessage::State(state)) => {
                let Some(worker) = number(&self.out, &state.worker) else { return };
                self.out.members[worker].hear(state, now_ns);
                self.fetch(worker);
            }
            Ok(WorkerMessage::Piece { worker, trial, piece }) if trial == self.trial => {
                let Some(worker) = number(&self.out, &worker) else { return };
                match self.assembly.piece(worker, &piece) {
                    // A piece that follows the first of a new series is one that was asked for.
                    Ok(true) => self.out.members[worker].anew += 1,
                    Ok(false) => {}
                    Err(why) => self.say(&format!(
                        "refused from the bus: worker {}: {}",
                        self.out.members[worker].name,
                        printable(&why)
                    )),
                }
            }
            // One who would take part comes too late; a piece of another trial is of no use.
            Ok(WorkerMessage::Join(_) | WorkerMessage::Piece { .. }) => {}
            Err(why) => self.say(&format!("refused from the bus: a worker's word that is none: {why}")),
        }
    }

    /// Fetches the log that a worker says is there.
    fn fetch(&mut self, worker: usize) {
        let (trial, member) = (self.trial, &mut self.out.members[worker]);
        let WorkerPhase::Sealed { log, .. } = &member.doing else { return };
        if member.trial != trial || member.has_log || member.is_fetched || self.began_ns.is_none() {
            return;
        }
        member.is_fetched = true;
        let (link, session) = (self.link.clone(), self.plan.session.to_owned());
        self.fetches.spawn(fetch((worker, trial, log.clone()), link, session));
    }

    fn fetched(&mut self, fetched: Fetched) {
        let Fetched { worker, trial, name, bytes } = fetched;
        if trial != self.trial {
            return;
        }
        let judged = match bytes {
            Ok(Some(bytes)) => self.assembly.log(trial, worker, &name, &bytes),
            Ok(None) => Err("its log is not on the bus".into()),
            Err(error) => Err(error.to_string()),
        };
        let member = &mut self.out.members[worker];
        member.is_fetched = false;
        member.wants_log = judged.is_err();
        member.has_log = judged.is_ok();
        if let Err(why) = judged {
            let name = member.name.clone();
            self.say(&format!("worker {name}: {}; it is asked for it again", printable(&why)));
        }
    }

    /// Notices who is gone, and whether a threshold of the whole is missed.
    fn look(&mut self) {
        if self.link.client.connection_state() != Connection::Connected {
            let away = *self.away.get_or_insert_with(Stopwatch::start);
            if away.elapsed() >= SILENCE && self.stopping.is_none() {
                self.say("the bus is away: workers stop by themselves");
                self.stop(StopReason::Bus);
            }
            return;
        }
        if let Some(away) = self.away.take() {
            self.was_away |= away.elapsed() >= AWAY;
            // Who could not be heard is not gone for that.
            self.out.members.iter_mut().for_each(|member| member.heard = Stopwatch::start());
        }
        let is_gone = |member: &Member| !member.is_lost && member.heard.elapsed() >= LOST_AFTER;
        for worker in 0..self.out.members.len() {
            if is_gone(&self.out.members[worker]) {
                self.lose(worker);
            }
        }
        if self.began_ns.is_some() && self.looked.has_passed(LOOK_EVERY) {
            let now = self.now();
            if self.assembly.look(self.trial, now) && !self.is_ending && self.stopping.is_none() {
                self.is_ending = true;
                self.out.aborted.push((self.trial, now));
            }
        }
    }

    fn lose(&mut self, worker: usize) {
        let silent = self.out.members[worker].heard.elapsed();
        self.out.members[worker].is_lost = true;
        let at = Time::from_nanos(self.now().as_nanos().saturating_sub(silent.as_nanos()));
        let nobody = self.out.members.iter().all(|member| member.is_lost);
        let is_dealt = self.plan.on_loss == OnLoss::Rebalance && !nobody && self.began_ns.is_some();
        let dealt = is_dealt.then(|| self.now() + DEALT_AFTER);
        self.out.losses.push(Loss { worker, trial: self.trial, at, dealt });
        let what = dealt.map_or_else(String::new, |from| {
            format!("; the others serve its clients from {:.1} s into the trial on", from.as_secs_f64())
        });
        self.say(&format!(
            "worker {} is lost: nothing was heard of it for {LOST_AFTER}{what}",
            self.out.members[worker].name
        ));
        // Before the load has begun there is nothing to go on with.
        if self.plan.on_loss == OnLoss::Abort || nobody || self.began_ns.is_none() {
            self.stop(StopReason::Loss(worker));
        }
    }

    fn stop(&mut self, reason: StopReason) {
        if self.stopping.is_none() {
            self.out.stopped = Some((reason, self.trial, self.now()));
            self.stopping = Some(Stopwatch::start());
        }
    }

    /// Goes on to what comes next, if all are ready for it; gives whether nothing does.
    fn advance(&mut self) -> bool {
        let trial = self.trial;
        let refused = |(number, member): (usize, &Member)| match &member.doing {
            WorkerPhase::Refused { why } => Some((number, printable(why))),
            _ => None,
        };
        if let Some((worker, why)) = self.out.members.iter().enumerate().find_map(refused) {
            self.stop(StopReason::Refused(worker, why));
        }
        let is_early = |member: &Member| {
            member.trial == trial && matches!(&member.doing, WorkerPhase::Sealed { is_early: true, .. })
        };
        if let Some(worker) = self.out.members.iter().position(is_early) {
            // One that has heard nothing for want of a bus has stopped for that.
            let reason = if self.was_away { StopReason::Bus } else { StopReason::Worker(worker) };
            self.stop(reason);
        }
        let present: Vec<&Member> = self.out.members.iter().filter(|member| !member.is_lost).collect();
        if let Some(since) = self.stopping {
            // Who has not begun has no log.
            let has_nothing = |member: &&&Member| {
                member.has_log
                    || self.began_ns.is_none()
                    || matches!(member.doing, WorkerPhase::Refused { .. } | WorkerPhase::Idle)
            };
            // Without a bus workers send nothing more, so that nothing is left to end.
            let is_away = matches!(self.out.stopped, Some((StopReason::Bus, ..)));
            let most = if is_away { LOGS_WITHIN } else { self.plan.drain + LOGS_WITHIN };
            return present.iter().all(|member| has_nothing(&member)) || since.elapsed() >= most;
        }
        match self.began_ns {
            None => {
                let is_ready = |member: &&Member| {
                    member.trial == trial && member.doing == WorkerPhase::Ready && member.has_clock()
                };
                if present.iter().all(is_ready) {
                    self.began_ns = Some(self.now_ns() + LEAD.as_nanos());
                    self.out.begun = trial + 1;
                    self.assembly.begin(trial);
                    self.looked = Stopwatch::start();
                }
                false
            }
            Some(_) if present.iter().all(|member| member.has_log) => {
                (self.trial, self.began_ns, self.is_ending) = (trial + 1, None, false);
                for member in &mut self.out.members {
                    (member.has_log, member.is_fetched, member.wants_log) = (false, false, false);
                }
                self.trial == self.plan.trials
            }
            Some(_) => false,
        }
    }

    /// Tells every worker what to do now. What is lost is said again.
    async fn order_all(&mut self) {
        let many = self.out.members.len();
        for worker in 0..many {
            let task = match self.began_ns {
                _ if self.stopping.is_some() => Task::Stop,
                None => Task::Prepare,
                Some(_) if self.is_ending => Task::End,
                Some(began) => Task::Run { at_ns: self.out.members[worker].its_clock(began) },
            };
            self.order(worker, task).await;
        }
        self.flush().await;
    }

    async fn order(&mut self, worker: usize, task: Task) {
        let many = self.out.members.len();
        let (clock_ns, trial) = (self.now_ns(), self.trial);
        let lost = self.out.losses.iter().filter_map(|loss| loss.seat_in(trial)).collect();
        let member = &mut self.out.members[worker];
        if member.is_lost {
            return;
        }
        let order = Order {
            run: self.plan.run.into(),
            session: self.plan.session.into(),
            seat: Seat { index: worker as u32, of: many as u32 },
            trial: self.trial,
            task,
            clock_ns,
            lease: self.pool.lease(member, many as u64),
            anew: member.anew,
            lost,
            wants_log: member.wants_log,
        };
        // A bus that is away is noticed by its state.
        let _ = self.link.client.publish(worker_subject(&member.token), bytes(&order).into()).await;
    }

    /// Sends what was said; waits no longer than until the next time.
    async fn flush(&self) {
        let _ = clock::within(ORDER_EVERY, self.link.client.flush()).await;
    }

    /// Lets the workers go.
    async fn leave(&mut self) {
        for _ in 0..2 {
            for worker in 0..self.out.members.len() {
                self.order(worker, Task::Leave).await;
            }
            self.flush().await;
        }
    }

    /// Says a sentence once.
    fn say(&mut self, sentence: &str) {
        let is_new = self.told.len() < MOST_TOLD && self.told.insert(sentence.to_owned());
        if is_new && !self.way.quiet {
            notice::tell(format_args!("keystorm: {sentence}"));
        }
    }
}

fn ended() -> Error {
    Error::Lost("the connection has ended".into())
}
