//! One trial of one strategy: the machines, the queue between them, and what is written down.

use super::ear::Ear;
use super::lane::{Lane, Source};
use super::outbox::Outbox;
use super::queue::{Event, Queue};
use crate::api::{Attempt, Failure, Job, Order, Outcome, Reply, Word};
use crate::client::{Action, Done, Fleet, Input};
use crate::kms::{Admission, KeyUse};
use crate::record::{Layout, Recorder, Trial};
use crate::results::story::Story;
use crate::scenario::Scenario;
use crate::time::{Span, Time};
use crate::workload::{FleetPlan, OnLimit};
use std::sync::Arc;

/// The machines of one trial.
pub struct Core<'s> {
    scenario: &'s Scenario,
    fleet_plan: FleetPlan,
    lanes: Vec<Lane>,
    fleet: Fleet,
    service: Service,
    queue: Queue,
    recorder: Recorder,
    actions: Vec<Action>,
    spare: Vec<Action>,
    /// Nothing is done after this.
    end: Time,
    /// When what is being done was due.
    due: Time,
    /// Whether no more jobs arrive.
    is_closing: bool,
    steps: u64,
}

/// Who answers attempts.
enum Service {
    /// The emulated service, in virtual time.
    Simulated(Box<Admission>),
    /// Somebody outside: attempts are put out, answers are brought in.
    Outside(Box<Outbox>),
    /// The emulated service, with an ear on one job.
    Told(Box<Ear>),
}

impl<'s> Core<'s> {
    /// The machines of trial `trial` of strategy number `strategy` in virtual time, with nothing done yet.
    pub fn new(scenario: &'s Scenario, layout: &Arc<Layout>, strategy: usize, trial: u32) -> Core<'s> {
        let keys: Vec<KeyUse> = scenario
            .workloads
            .iter()
            .map(|w| KeyUse { spec: w.keys.spec, pair_spec: w.keys.pair_spec, store: w.keys.store })
            .collect();
        let admission = Admission::new(
            &scenario.quotas,
            &scenario.region,
            &scenario.service_time,
            &scenario.faults,
            &keys,
            scenario.seed,
            trial,
        );
        let phase = admission.phase();
        Core::with(scenario, layout, strategy, trial, Service::Simulated(Box::new(admission)), phase)
    }

    /// The same machines with an answer to every attempt coming from outside, as [`Core::hear`] brings it.
    pub fn live(scenario: &'s Scenario, layout: &Arc<Layout>, strategy: usize, trial: u32) -> Core<'s> {
        let outbox = Outbox::new(scenario, strategy, trial);
        let phase = outbox.phase();
        Core::with(scenario, layout, strategy, trial, Service::Outside(Box::new(outbox)), phase)
    }

    fn with(
        scenario: &'s Scenario,
        layout: &Arc<Layout>,
        strategy: usize,
        trial: u32,
        service: Service,
        phase: Span,
    ) -> Core<'s> {
        let seed = scenario.seed;
        let policies: Vec<_> = scenario.workloads.iter().map(|w| &w.strategies[strategy]).collect();
        let lanes = (0u16..).zip(&scenario.workloads).map(|(n, w)| Lane::new(w, n, seed, trial)).collect();
        let mut core = Core {
            scenario,
            fleet_plan: FleetPlan::new(&scenario.fleet),
            lanes,
            fleet: Fleet::new(&policies, scenario.fleet.clients, seed, trial),
            recorder: Recorder::new(layout, Time::ZERO + phase),
            service,
            queue: Queue::default(),
            actions: Vec::new(),
            spare: Vec::new(),
            end: scenario.workloads.iter().map(|w| w.cutoff()).max().unwrap_or(Time::ZERO),
            due: Time::ZERO,
            is_closing: false,
            steps: 0,
        };
        core.schedule();
        core
    }

    /// Puts VUs and restarts into the queue.
    fn schedule(&mut self) {
        for lane in &self.lanes {
            let Source::Closed(vus) = &lane.source else { continue };
            for vu in 0..vus.count() {
                let ready = self.fleet_plan.start_of(vu % self.fleet_plan.clients());
                if let Some(at) = vus.first(vu, ready) {
                    self.queue.push(at, Event::Vu { workload: lane.number, vu });
                }
            }
        }
        for (at, first, end) in self.fleet_plan.restarts() {
            self.queue.push(at, Event::Restart { first, end });
        }
    }

    /// When the next thing happens; [`Time::NEVER`] when the trial is over.
    #[inline]
    pub fn next_at(&self) -> Time {
        let arrival = self.lanes.iter().map(Lane::next_at).min().unwrap_or(Time::NEVER);
        let next = arrival.min(self.queue.next_at());
        if next > self.end { Time::NEVER } else { next }
    }

    /// Does the next thing, due at [`Core::next_at`], at `now`: that moment in virtual time, or a little later live.
    #[inline]
    pub fn step(&mut self, due: Time, now: Time) {
        self.steps += 1;
        self.due = due;
        match self.lanes.iter().position(|lane| lane.next_at() <= due) {
            Some(lane) => self.arrive(lane, now),
            None => self.happen(now),
        }
        self.settle(now);
    }

    /// An open job arrives.
    #[inline]
    fn arrive(&mut self, number: usize, now: Time) {
        let lane = &mut self.lanes[number];
        let Source::Open(open) = &mut lane.source else { return };
        let Some(arrival) = open.head else { return };
        open.advance();
        let job = lane.open_job(arrival, &self.fleet_plan);
        self.recorder.offered(&job, now);
        let full = lane.is_full();
        let Source::Open(open) = &mut lane.source else { return };
        match (full, lane.on_limit) {
            (false, _) => {
                open.pass();
                self.start(job, now);
            }
            (true, OnLimit::Queue) => open.waiting += 1,
            (true, OnLimit::Shed) => {
                self.recorder.shed(&job, now);
                if let Service::Told(ear) = &mut self.service {
                    ear.shed(&job, now);
                }
            }
        }
    }

    /// The head of the queue happens.
    #[inline]
    fn happen(&mut self, now: Time) {
        match self.queue.pop() {
            Some((_, Event::Reply { token, reply, cell, sent })) if self.fleet.expects(token) => {
                self.recorder.replied((cell.0 as usize, cell.1 as usize), reply, now.since(sent), now);
                self.fleet.handle(Input::Reply(token, reply), now, &mut self.actions);
            }
            // Nobody waits for it any longer: the attempt timed out, or its client restarted.
            Some((_, Event::Reply { .. })) => {}
            Some((_, Event::Wake(token))) => self.fleet.handle(Input::Wake(token), now, &mut self.actions),
            Some((_, Event::Vu { workload, vu })) => self.begin(workload, vu, now),
            Some((_, Event::Restart { first, end })) => {
                for client in first..end {
                    self.fleet.handle(Input::Restart(client), now, &mut self.actions);
                }
            }
            None => {}
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
        self.start(job, now);
    }

    /// Hands a job to its client.
    #[inline]
    fn start(&mut self, job: Job, now: Time) {
        let lane = &mut self.lanes[job.workload as usize];
        lane.running += 1;
        let queued = lane.cap.map(|_| now.since(job.intended));
        self.recorder.started(&job, queued);
        if let Service::Told(ear) = &mut self.service {
            ear.started(&job, now);
        }
        if now > job.deadline {
            let outcome = Outcome::Failed(Failure::Deadline);
            self.actions.push(Action::Done(Done { job, outcome, from_cache: false }));
        } else {
            self.fleet.handle(Input::Job(job), now, &mut self.actions);
        }
    }

    /// Does what clients asked for, until they ask for nothing more.
    #[inline]
    fn settle(&mut self, now: Time) {
        while !self.actions.is_empty() {
            let mut batch = std::mem::replace(&mut self.actions, std::mem::take(&mut self.spare));
            for action in batch.drain(..) {
                match action {
                    Action::Send(attempt) => self.send(&attempt, now),
                    Action::WakeAt(token, at) => self.queue.push(at, Event::Wake(token)),
                    Action::TimedOut(attempt) => self.recorder.timed_out(&attempt, now),
                    Action::Done(done) => self.finish(&done, now),
                }
            }
            self.spare = batch;
        }
    }

    /// Sends an attempt, unless its workload was already given up.
    #[inline]
    fn send(&mut self, attempt: &Attempt, now: Time) {
        if now > self.lanes[attempt.workload as usize].cutoff {
            return;
        }
        let admission = match &mut self.service {
            Service::Simulated(admission) => admission,
            Service::Outside(outbox) => {
                if outbox.put(attempt, self.due, now) {
                    self.recorder.sent(attempt, now);
                }
                return;
            }
            Service::Told(ear) => {
                ear.asked(attempt, now);
                ear.admission()
            }
        };
        self.recorder.sent(attempt, now);
        let (cell, window) = self.recorder.attempt_cell(attempt);
        let answer = admission.handle(attempt, now);
        if let Service::Told(ear) = &mut self.service {
            ear.answered(&answer);
        }
        let cell = (cell as u32, window as u8);
        let event = Event::Reply { token: attempt.token, reply: answer.reply, cell, sent: now };
        self.queue.push(answer.ready_at, event);
    }

    /// Takes in what a thread that sends reports, at `now`.
    pub fn hear(&mut self, word: &Word, now: Time) {
        match *word {
            Word::Answered { order, number, sent, at, reply } if self.fleet.expects(order.attempt.token) => {
                self.due = now;
                self.met(&order, number, (sent, at), reply, now);
                self.fleet.handle(Input::Reply(order.attempt.token, reply), now, &mut self.actions);
                self.settle(now);
            }
            Word::Retried { order, number, met, sent, at } if self.fleet.expects(order.attempt.token) => {
                self.met(&order, number - 1, (sent, at), met, now);
                let attempt = Attempt { number, ..order.attempt };
                self.recorder.sent(&attempt, now);
                if let Service::Outside(outbox) = &mut self.service {
                    outbox.went(&attempt, now);
                }
            }
            // Nobody waits for it any longer, or it is no answer.
            Word::Answered { .. } | Word::Retried { .. } | Word::Refused { .. } => {}
        }
    }

    /// Writes down what try `number` of an attempt met. Only the first leaves when the harness is told to: when others
    /// leave is the SDK's business.
    fn met(&mut self, order: &Order, number: u32, (sent, at): (Time, Time), reply: Reply, now: Time) {
        if number == 1 {
            self.recorder.late(sent.since(order.due));
        }
        let attempt = &order.attempt;
        self.recorder.replied(self.recorder.attempt_cell(attempt), reply, at.since(sent), now);
        if let (Service::Outside(outbox), Reply::Throttled) = (&mut self.service, reply) {
            outbox.throttled(attempt);
        }
    }

    /// What is to be sent now; live only.
    pub fn outbox(&mut self) -> Option<&mut Outbox> {
        match &mut self.service {
            Service::Outside(outbox) => Some(outbox),
            Service::Simulated(_) | Service::Told(_) => None,
        }
    }

    /// Listens to one job of a trial in virtual time that has not begun.
    pub fn listen(&mut self, workload: u16, index: u64) {
        let outside = Service::Outside(Box::new(Outbox::new(self.scenario, 0, 0)));
        self.service = match std::mem::replace(&mut self.service, outside) {
            Service::Simulated(admission) => Service::Told(Box::new(Ear::new(admission, workload, index))),
            other => other,
        };
    }

    /// Whether the job that is listened to is over.
    pub fn is_told(&self) -> bool {
        matches!(&self.service, Service::Told(ear) if ear.is_over())
    }

    /// The story of the job that was listened to; `None` if it never came.
    pub fn into_story(self) -> Option<Story> {
        match self.service {
            Service::Told(ear) => ear.into_story(self.recorder.last()),
            _ => None,
        }
    }

    /// What the pools have met so far; live only, series left out.
    pub fn pools(&self) -> Vec<crate::quota::PoolReport> {
        match &self.service {
            Service::Outside(outbox) => outbox.so_far(),
            Service::Simulated(_) | Service::Told(_) => Vec::new(),
        }
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
        self.end = self.lanes.iter().map(|lane| lane.cutoff).max().unwrap_or(now);
    }

    /// Whether nothing is left to be done or waited for at `now`; live only, since answers may still be under way.
    pub fn is_over(&self, now: Time) -> bool {
        now > self.end || self.next_at().is_never() && self.fleet.in_flight() == 0
    }

    /// After this nothing is done.
    pub const fn end(&self) -> Time {
        self.end
    }

    /// A job ended: its slot or VU is free.
    #[inline]
    fn finish(&mut self, done: &Done, now: Time) {
        let lane = &mut self.lanes[done.job.workload as usize];
        lane.running -= 1;
        if done.from_cache && matches!(self.service, Service::Outside(_)) {
            self.recorder.late(now.since(self.due));
        }
        if now > lane.cutoff {
            return self.recorder.given_up(&done.job);
        }
        self.recorder.ended(&done.job, done.outcome, done.from_cache, now);
        if let Service::Told(ear) = &mut self.service {
            ear.ended(done, now);
        }
        match &mut lane.source {
            Source::Closed(_) => {
                if let Some((vu, at)) = lane.vu_ended(&done.job, now) {
                    self.queue.push(at, Event::Vu { workload: done.job.workload, vu });
                }
            }
            // After a stop, who waits for a slot does not begin any more.
            Source::Open(open) if !self.is_closing => {
                if let Some(arrival) = open.take_waiting() {
                    let job = lane.open_job(arrival, &self.fleet_plan);
                    self.start(job, now);
                }
            }
            Source::Open(_) => {}
        }
    }

    /// Steps taken so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// What was written down so far.
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// Ends the trial: whatever still waits or runs is unfinished.
    pub fn into_trial(mut self, aborted_at: Option<Time>) -> Trial {
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
        self.recorder.finish();
        let last = self.recorder.last();
        let pools = match self.service {
            Service::Simulated(mut admission) => {
                admission.finish(last);
                admission.report()
            }
            Service::Outside(mut outbox) => outbox.finish(last),
            Service::Told(ear) => {
                let mut admission = ear.into_admission();
                admission.finish(last);
                admission.report()
            }
        };
        let (recorder, data_keys) = (self.recorder, self.fleet.data_keys());
        Trial { pools, data_keys, recorder, aborted_at, readings: Vec::new() }
    }
}

#[cfg(test)]
#[path = "core_tests.rs"]
mod tests;
