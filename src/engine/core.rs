//! One trial of one strategy: the machines, the queue between them, and what is written down.

use super::lane::{Lane, Source};
use super::queue::{Event, Queue};
use crate::api::{Attempt, Failure, Job, Outcome};
use crate::client::{Action, Done, Fleet, Input};
use crate::kms::{Admission, KeyUse};
use crate::record::{Layout, Recorder, Trial};
use crate::scenario::Scenario;
use crate::time::Time;
use crate::workload::{FleetPlan, OnLimit};
use std::sync::Arc;

/// The machines of one trial.
pub struct Core<'s> {
    scenario: &'s Scenario,
    fleet_plan: FleetPlan,
    lanes: Vec<Lane>,
    fleet: Fleet,
    admission: Admission,
    queue: Queue,
    recorder: Recorder,
    actions: Vec<Action>,
    spare: Vec<Action>,
    /// Nothing is done after this.
    end: Time,
    steps: u64,
}

impl<'s> Core<'s> {
    /// The machines of trial `trial` of strategy number `strategy`, with nothing done yet.
    pub fn new(scenario: &'s Scenario, layout: &Arc<Layout>, strategy: usize, trial: u32) -> Core<'s> {
        let seed = scenario.seed;
        let policies: Vec<_> = scenario.workloads.iter().map(|w| &w.strategies[strategy]).collect();
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
            seed,
            trial,
        );
        let lanes = (0u16..).zip(&scenario.workloads).map(|(n, w)| Lane::new(w, n, seed, trial)).collect();
        let mut core = Core {
            scenario,
            fleet_plan: FleetPlan::new(&scenario.fleet),
            lanes,
            fleet: Fleet::new(&policies, scenario.fleet.clients, seed, trial),
            recorder: Recorder::new(layout, Time::ZERO + admission.phase()),
            admission,
            queue: Queue::default(),
            actions: Vec::new(),
            spare: Vec::new(),
            end: scenario.workloads.iter().map(|w| w.cutoff()).max().unwrap_or(Time::ZERO),
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

    /// Does the next thing, which is due at `now` = [`Core::next_at`].
    #[inline]
    pub fn step(&mut self, now: Time) {
        self.steps += 1;
        match self.lanes.iter().position(|lane| lane.next_at() <= now) {
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
            (true, OnLimit::Shed) => self.recorder.shed(&job, now),
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
        self.recorder.sent(attempt, now);
        let (cell, window) = self.recorder.attempt_cell(attempt);
        let answer = self.admission.handle(attempt, now);
        let cell = (cell as u32, window as u8);
        let event = Event::Reply { token: attempt.token, reply: answer.reply, cell, sent: now };
        self.queue.push(answer.ready_at, event);
    }

    /// A job ended: its slot or VU is free.
    #[inline]
    fn finish(&mut self, done: &Done, now: Time) {
        let lane = &mut self.lanes[done.job.workload as usize];
        lane.running -= 1;
        if now > lane.cutoff {
            return self.recorder.given_up(&done.job);
        }
        self.recorder.ended(&done.job, done.outcome, done.from_cache, now);
        match &mut lane.source {
            Source::Closed(_) => {
                if let Some((vu, at)) = lane.vu_ended(&done.job, now) {
                    self.queue.push(at, Event::Vu { workload: done.job.workload, vu });
                }
            }
            Source::Open(open) => {
                if let Some(arrival) = open.take_waiting() {
                    let job = lane.open_job(arrival, &self.fleet_plan);
                    self.start(job, now);
                }
            }
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
        self.admission.finish(self.recorder.last());
        Trial {
            pools: self.admission.report(),
            data_keys: self.fleet.data_keys(),
            recorder: self.recorder,
            aborted_at,
        }
    }
}
