//! One trial of one strategy: the machines of the clients, the queue between them, and what is written down.
//!
//! The core does not know who answers. Whoever drives it does, at every step:
//!
//! ```text
//!  poll_timeout ──▶ when something is due      handle_timeout ◀── it is done, then or later
//!  poll_output  ──▶ the next attempt to send   sent           ◀── it has left
//!                                              answers_at     ◀── its answer comes then (virtual time), or
//!                                              handle_reply   ◀── has come (real time)
//! ```

use super::dealing::Dealing;
use super::lane::{Lane, Source};
use super::queue::{Event, Queue};
use crate::api::{Attempt, Job, Reply, Token};
use crate::client::{Action, DataKeyUse, Done, Fleet, Input};
use crate::quota::PoolReport;
use crate::record::{Layout, Recorder, Trial};
use crate::scenario::Scenario;
use crate::time::{Span, Time};
use crate::workload::{FleetPlan, OnLimit};
use std::sync::Arc;

/// Who is told of jobs on their way; nobody by default.
pub trait JobObserver {
    /// A job was turned away.
    fn shed(&mut self, _job: &Job, _now: Time) {}
    /// A job was handed to its client.
    fn started(&mut self, _job: &Job, _now: Time) {}
    /// A job ended in time.
    fn ended(&mut self, _done: &Done, _now: Time) {}
}

/// Nobody.
impl JobObserver for () {}

/// The machines of one trial.
pub struct Core<'s, O = ()> {
    scenario: &'s Scenario,
    fleet_plan: FleetPlan,
    lanes: Vec<Lane>,
    /// When the next open job arrives, and in which lane.
    arrival: (Time, usize),
    fleet: Fleet,
    queue: Queue,
    recorder: Recorder,
    observer: O,
    /// What clients asked for; those before `settled` are done.
    actions: Vec<Action>,
    settled: usize,
    /// Live, attempts that got no answer in time, for whoever sends to give them up.
    given_up: Vec<Attempt>,
    /// Nothing is done after this.
    end: Time,
    /// When what is being done was due.
    due: Time,
    /// Whether what is done may be later than it was due, which is then written down.
    is_live: bool,
    /// The number of this share of the clients, and who serves whom; all are served here if there is none.
    share: Option<(u32, Dealing)>,
    /// Whether no more jobs arrive.
    is_closing: bool,
    steps: u64,
}

/// So far ahead arrivals for other shares are passed: what becomes of one's clients later is told before.
pub(super) const PASSED_AHEAD: Span = Span::from_millis(250);

/// Where an attempt is counted, and when it left: what its answer is written down by.
#[derive(Clone, Copy, Debug)]
pub struct Sent {
    cell: (usize, usize),
    at: Time,
}

impl<'s> Core<'s> {
    /// The machines of trial `trial` of strategy number `strategy`, with nothing done yet; one-second windows begin at
    /// `phase`.
    pub fn new(
        scenario: &'s Scenario,
        layout: &Arc<Layout>,
        (strategy, trial): (usize, u32),
        phase: Span,
    ) -> Core<'s> {
        Core::observed_by((), scenario, layout, (strategy, trial), phase)
    }

    /// The same machines on the real clock: how late they are is written down. With a `share`, a number and who serves whom,
    /// nothing is done but the jobs of the clients that it serves.
    pub fn live(
        scenario: &'s Scenario,
        layout: &Arc<Layout>,
        (strategy, trial): (usize, u32),
        phase: Span,
        share: Option<(u32, Dealing)>,
    ) -> Core<'s> {
        let mut core =
            Core { is_live: true, share, ..Core::bare((), scenario, layout, (strategy, trial), phase) };
        core.schedule();
        core
    }
}

impl<'s, O: JobObserver> Core<'s, O> {
    /// The same machines with somebody who is told of jobs.
    pub fn observed_by(
        observer: O,
        scenario: &'s Scenario,
        layout: &Arc<Layout>,
        (strategy, trial): (usize, u32),
        phase: Span,
    ) -> Core<'s, O> {
        let mut core = Core::bare(observer, scenario, layout, (strategy, trial), phase);
        core.schedule();
        core
    }

    /// The same machines, of which nobody knows yet when they have something to do.
    fn bare(
        observer: O,
        scenario: &'s Scenario,
        layout: &Arc<Layout>,
        (strategy, trial): (usize, u32),
        phase: Span,
    ) -> Core<'s, O> {
        let seed = scenario.seed;
        let policies: Vec<_> = scenario.workloads.iter().map(|w| &w.strategies[strategy]).collect();
        let lanes = (0u16..).zip(&scenario.workloads).map(|(n, w)| Lane::new(w, n, seed, trial)).collect();
        Core {
            scenario,
            fleet_plan: FleetPlan::new(&scenario.fleet),
            lanes,
            arrival: (Time::NEVER, 0),
            fleet: Fleet::new(&policies, scenario.fleet.clients, seed, trial),
            queue: Queue::default(),
            recorder: Recorder::new(layout, Time::ZERO + phase),
            observer,
            actions: Vec::new(),
            settled: 0,
            given_up: Vec::new(),
            end: scenario.workloads.iter().map(|w| w.cutoff()).max().unwrap_or(Time::ZERO),
            due: Time::ZERO,
            is_live: false,
            share: None,
            is_closing: false,
            steps: 0,
        }
    }

    /// Puts VUs and restarts into the queue.
    fn schedule(&mut self) {
        if let Some((index, dealing)) = &self.share {
            let until = Time::ZERO + PASSED_AHEAD;
            self.lanes.iter_mut().for_each(|lane| lane.skip(&self.fleet_plan, (*index, dealing), until));
        }
        for lane in &self.lanes {
            let Source::Closed(vus) = &lane.source else { continue };
            for vu in 0..vus.count() {
                let client = vu % self.fleet_plan.clients();
                let ready = self.fleet_plan.start_of(client);
                let is_own =
                    |(index, dealing): &(u32, Dealing)| dealing.share_of(client, Time::ZERO) == *index;
                if !self.share.as_ref().is_none_or(is_own) {
                    continue;
                }
                if let Some(at) = vus.first(vu, ready) {
                    self.queue.push(at, Event::Vu { workload: lane.number, vu });
                }
            }
        }
        for (at, first, end) in self.fleet_plan.restarts() {
            self.queue.push(at, Event::Restart { first, end });
        }
        self.look_for_arrival();
    }

    /// The clients of share `lost` are the others' from `from` on, as if they had begun anew: this share serves those that are
    /// dealt to it. What it has passed already, `PASSED_AHEAD` of now, stays passed.
    pub fn deal(&mut self, lost: u32, from: Time) {
        let Some((index, dealing)) = &mut self.share else { return };
        let (index, before) = (*index, dealing.clone());
        dealing.lose(lost, from);
        for lane in &self.lanes {
            let Source::Closed(vus) = &lane.source else { continue };
            for vu in 0..vus.count() {
                let client = vu % self.fleet_plan.clients();
                let is_new =
                    before.share_of(client, from) != index && dealing.share_of(client, from) == index;
                let ready = self.fleet_plan.start_of(client).max(from);
                if let Some(at) = vus.first(vu, ready).filter(|_| is_new) {
                    self.queue.push(at, Event::Vu { workload: lane.number, vu });
                }
            }
        }
    }

    /// Notes which lane's job arrives next; the first of them in a tie.
    #[inline]
    fn look_for_arrival(&mut self) {
        let arrivals = self.lanes.iter().map(Lane::next_at).zip(0..);
        self.arrival = arrivals.min().unwrap_or((Time::NEVER, 0));
    }

    /// When the next thing happens; [`Time::NEVER`] when the trial is over.
    #[inline]
    pub fn poll_timeout(&self) -> Time {
        let next = self.arrival.0.min(self.queue.next_at());
        if next > self.end { Time::NEVER } else { next }
    }

    /// Does the next thing, due at [`Core::poll_timeout`], at `now`: that moment in virtual time, or a little later live.
    /// Then [`Core::poll_output`] gives what is to be sent.
    #[inline]
    pub fn handle_timeout(&mut self, due: Time, now: Time) {
        self.steps += 1;
        self.due = due;
        match self.arrival {
            (at, lane) if at <= due => self.arrive(lane, now),
            _ => self.happen(now),
        }
    }

    /// An open job arrives.
    #[inline]
    fn arrive(&mut self, number: usize, now: Time) {
        let lane = &mut self.lanes[number];
        if let Some((index, dealing)) = &self.share
            && !lane.is_own(&self.fleet_plan, (*index, dealing))
        {
            lane.skip(&self.fleet_plan, (*index, dealing), now + PASSED_AHEAD);
            return self.look_for_arrival();
        }
        let Source::Open(open) = &mut lane.source else { return };
        let Some(arrival) = open.head else { return };
        open.advance();
        let is_full = lane.cap.is_some_and(|cap| lane.running >= cap);
        match (is_full, lane.on_limit) {
            (false, _) => open.pass(),
            (true, OnLimit::Queue) => open.waiting += 1,
            (true, OnLimit::Shed) => {}
        }
        let on_limit = lane.on_limit;
        let job = lane.open_job(arrival, &self.fleet_plan);
        if let Some((index, dealing)) = &self.share {
            lane.skip(&self.fleet_plan, (*index, dealing), now + PASSED_AHEAD);
        }
        self.look_for_arrival();
        self.recorder.offered(&job, now);
        match (is_full, on_limit) {
            (false, _) => self.start_now(&job, now),
            (true, OnLimit::Queue) => {}
            (true, OnLimit::Shed) => {
                self.recorder.shed(&job, now);
                self.observer.shed(&job, now);
            }
        }
    }

    /// The head of the queue happens.
    #[inline]
    fn happen(&mut self, now: Time) {
        match self.queue.pop() {
            Some(Event::Reply { token, reply, cell, sent }) => {
                let sent = Sent { cell: (cell.0 as usize, cell.1 as usize), at: sent };
                self.take_reply(token, reply, sent, now);
            }
            Some(Event::Wake(token)) => self.fleet.handle(Input::Wake(token), now, &mut self.actions),
            Some(Event::Vu { workload, vu }) => self.begin(workload, vu, now),
            Some(Event::Restart { first, end }) => {
                for client in first..end {
                    self.fleet.handle(Input::Restart(client), now, &mut self.actions);
                }
            }
            None => {}
        }
    }

    /// Hands a reply to its client, if the client waits for it still: its attempt may have timed out, or it restarted.
    #[inline]
    fn take_reply(&mut self, token: Token, reply: Reply, sent: Sent, now: Time) {
        if self.fleet.reply(token, reply, now, &mut self.actions) {
            self.recorder.replied(sent.cell, reply, now.since(sent.at), now);
        }
    }

    /// A VU begins its next job.
    fn begin(&mut self, workload: u16, vu: u32, now: Time) {
        if self.is_closing {
            return;
        }
        let clients = self.fleet_plan.clients();
        let lane = &mut self.lanes[workload as usize];
        let Some(job) = lane.closed_job(vu, now, &self.scenario.workloads[workload as usize], clients) else {
            return;
        };
        self.recorder.offered(&job, now);
        self.start(&job, now);
    }

    /// Hands a job to its client: one of a VU, or one that has waited.
    fn start(&mut self, job: &Job, now: Time) {
        self.start_now(job, now);
    }

    /// The same in the place of who asks, where that is nearly every job.
    #[inline(always)]
    fn start_now(&mut self, job: &Job, now: Time) {
        let lane = &mut self.lanes[job.workload as usize];
        lane.running += 1;
        let queued = lane.cap.map(|_| now.since(job.intended));
        self.recorder.started(job, queued);
        self.observer.started(job, now);
        self.fleet.begin(job, now, &mut self.actions);
    }

    /// The next attempt to be sent, with what clients asked for before it done; `None` once they ask for nothing more.
    /// To be called after every `handle_…` until then.
    #[inline]
    pub fn poll_output(&mut self, now: Time) -> Option<Attempt> {
        while let Some(action) = self.actions.get(self.settled) {
            self.settled += 1;
            match action {
                // Of a workload that was given up nothing is sent any more.
                Action::Send(attempt) if now > self.lanes[attempt.workload as usize].cutoff => {}
                Action::Send(attempt) => return Some(*attempt),
                Action::WakeAt(token, at) => self.queue.push(*at, Event::Wake(*token)),
                Action::TimedOut(attempt) => {
                    self.recorder.timed_out(attempt, now);
                    if self.is_live {
                        self.given_up.push(*attempt);
                    }
                }
                Action::Done(done) => {
                    if self.is_live && done.from_cache {
                        self.recorder.late(now.since(self.due));
                    }
                    let (workload, recorder) = (done.job.workload, &mut self.recorder);
                    let lane = &mut self.lanes[workload as usize];
                    // After a stop, who waits for a slot does not begin any more.
                    if finish(done, now, lane, (recorder, &mut self.observer), &mut self.queue)
                        && !self.is_closing
                    {
                        self.start_waiting(workload, now);
                    }
                }
            }
        }
        self.actions.clear();
        self.settled = 0;
        None
    }

    /// Takes the attempts that got no answer in time since this was last asked; live only.
    pub fn take_given_up(&mut self) -> std::vec::Drain<'_, Attempt> {
        self.given_up.drain(..)
    }

    /// An attempt leaves at `now`.
    #[inline]
    pub fn sent(&mut self, attempt: &Attempt, now: Time) -> Sent {
        Sent { cell: self.recorder.sent(attempt, now), at: now }
    }

    /// An attempt that has left is answered with `reply` at `at`, which lies ahead.
    #[inline]
    pub fn answers_at(&mut self, at: Time, token: Token, sent: Sent, reply: Reply) {
        let cell = (sent.cell.0 as u32, sent.cell.1 as u8);
        let event = Event::Reply { token, reply, cell, sent: sent.at };
        match reply {
            // A refusal takes the same time whenever it comes.
            Reply::Throttled => self.queue.push_in_turn(at, event),
            _ => self.queue.push(at, event),
        }
    }

    /// Whether anybody still waits for the answer to this attempt.
    pub fn expects(&self, token: Token) -> bool {
        self.fleet.expects(token)
    }

    /// The answer that ends an attempt has come; what it is and how long it took was told to [`Core::met`].
    pub fn handle_reply(&mut self, token: Token, reply: Reply, now: Time) {
        self.due = now;
        self.fleet.reply(token, reply, now, &mut self.actions);
    }

    /// Writes down what one try of an attempt met after `service`, whether it ends the attempt or not.
    pub fn met(&mut self, attempt: &Attempt, reply: Reply, service: Span, now: Time) {
        self.recorder.replied(self.recorder.attempt_cell(attempt), reply, service, now);
    }

    /// The harness did something this much later than it was due.
    pub fn late(&mut self, by: Span) {
        self.recorder.late(by);
    }

    /// When what is being done was due.
    pub const fn due(&self) -> Time {
        self.due
    }

    /// The trial ends at `now`, before its time: what happens later is no longer measured.
    pub fn cut(&mut self, now: Time) {
        self.recorder.cut(now);
    }

    /// No more jobs arrive or begin, and what flies has at most its graceful stop to finish.
    pub fn close(&mut self, now: Time) {
        self.cut(now);
        self.is_closing = true;
        for (lane, workload) in self.lanes.iter_mut().zip(&self.scenario.workloads) {
            if let Source::Open(open) = &mut lane.source {
                open.head = None;
            }
            lane.cutoff = lane.cutoff.min(now + workload.graceful_stop);
        }
        self.look_for_arrival();
        self.end = self.lanes.iter().map(|lane| lane.cutoff).max().unwrap_or(now);
    }

    /// Whether nothing is left to be done or waited for at `now`; live only, since answers may still be under way.
    pub fn is_over(&self, now: Time) -> bool {
        now > self.end || self.poll_timeout().is_never() && self.fleet.in_flight() == 0
    }

    /// After this nothing is done.
    pub const fn end(&self) -> Time {
        self.end
    }

    /// The job that has waited longest for a slot starts.
    fn start_waiting(&mut self, workload: u16, now: Time) {
        let lane = &mut self.lanes[workload as usize];
        if let Source::Open(open) = &mut lane.source
            && let Some(arrival) = open.take_waiting()
        {
            let job = lane.open_job(arrival, &self.fleet_plan);
            self.start(&job, now);
        }
    }

    /// What data keys were exposed to so far.
    pub fn data_keys(&self) -> DataKeyUse {
        self.fleet.data_keys()
    }

    /// Steps taken so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// What was written down so far.
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// Who was told of jobs.
    pub fn observer(&mut self) -> &mut O {
        &mut self.observer
    }

    /// Gives back who was told of jobs.
    pub fn into_observer(self) -> O {
        self.observer
    }

    /// Ends the trial, whose pools met `pools`: whatever still waits or runs is unfinished.
    pub fn into_trial(mut self, pools: Vec<PoolReport>, aborted_at: Option<Time>) -> Trial {
        for job in self.fleet.unfinished() {
            self.recorder.given_up(job);
        }
        for lane in &mut self.lanes {
            while let Source::Open(open) = &mut lane.source
                && let Some(arrival) = open.take_waiting()
            {
                let job = lane.open_job(arrival, &self.fleet_plan);
                self.recorder.unfinished(&job);
            }
        }
        let finish = if self.share.is_some() { Recorder::finish_share } else { Recorder::finish };
        finish(&mut self.recorder);
        let (recorder, data_keys) = (self.recorder, self.fleet.data_keys());
        Trial { pools, data_keys, recorder, aborted_at, readings: Vec::new() }
    }
}

/// A job ended: its slot or VU is free. Whether another waits for it.
#[inline(always)]
fn finish(
    done: &Done,
    now: Time,
    lane: &mut Lane,
    (recorder, observer): (&mut Recorder, &mut impl JobObserver),
    queue: &mut Queue,
) -> bool {
    lane.running -= 1;
    if now > lane.cutoff {
        recorder.given_up(&done.job);
        return false;
    }
    recorder.ended(&done.job, done.outcome, done.from_cache, now);
    observer.ended(done, now);
    match &lane.source {
        Source::Open(open) => open.waiting > 0,
        Source::Closed(_) => {
            if let Some((vu, at)) = lane.vu_ended(&done.job, now) {
                queue.push(at, Event::Vu { workload: done.job.workload, vu });
            }
            false
        }
    }
}
