//! Every client process and every call in flight, as one machine.

use super::calls::{Call, Calls, LimiterRole, Phase, Waker};
use super::exposure::DataKeyUse;
use super::limiter::QueuedLimiter;
use super::policy::{Accounting, Policy, RetryMode};
use super::process::Client;
use super::retry;
use super::waiting::Queue;
use super::{Action, Done, Input};
use crate::api::{Failure, Job, JobKind, Outcome, Reply, Token};
use crate::rng::{Purpose, Stream};
use crate::time::{NANOS_PER_SECOND, Span, Time};
use foldhash::fast::FixedState;
use hashlink::LinkedHashMap;
use std::collections::VecDeque;

/// What a workload's jobs need on their way.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    /// How its calls retry, wait and cache.
    pub policy: Policy,
    /// Where its clients begin in the fleet's list.
    pub first_client: u32,
    /// The jitter of its backoffs.
    jitter: Stream,
    /// Whether there is any limiter that its calls have to pass.
    has_doors: bool,
}

impl Lane {
    /// Whether the attempt after `number` earlier ones must pass the SDK's adaptive rate.
    const fn asks_rate(&self, number: u32) -> bool {
        match self.policy.retry.mode {
            RetryMode::AwsAdaptive(aws) => number == 0 || aws.generation.asks_again(),
            _ => false,
        }
    }

    /// How long a call waits before its next attempt after `failure`; nothing if there is none.
    #[inline]
    fn delay(&self, client: &mut Client, call: &mut Call, failure: Failure, now: Time) -> Option<Span> {
        let kind = retry::kind(failure)?;
        self.policy.retry.delay(client, call, kind, self.jitter, now)
    }
}

/// The state of every client process and every call in flight.
///
/// Each workload has its policy. Workloads with equal policies share the clients' retry quotas, limiters and caches,
/// as they would in one process; workloads with different policies do not.
#[derive(Debug)]
pub struct Fleet {
    pub(super) lanes: Vec<Lane>,
    /// One block of clients per distinct policy.
    pub(super) clients: Vec<Client>,
    policies: Vec<Policy>,
    per_policy: u32,
    /// How far into a second the clock on the wall was when the trial began.
    clock: Span,
    calls: Calls,
    /// The data key of each message that an EncryptMessage job has named.
    pub(super) written: LinkedHashMap<(u16, u32), u64, FixedState>,
    pub(super) data_keys: DataKeyUse,
}

impl Fleet {
    /// A fleet of `clients` processes that have just started; `policies` holds one per workload.
    pub fn new(policies: &[&Policy], clients: u32, seed: u64, trial: u32) -> Fleet {
        let mut distinct: Vec<Policy> = Vec::new();
        let mut lanes = Vec::new();
        for (workload, policy) in (0u64..).zip(policies) {
            let known = distinct.iter().position(|each| each == *policy);
            let group = known.unwrap_or(distinct.len());
            if known.is_none() {
                distinct.push((*policy).clone());
            }
            let lane = workload | u64::from(policy.salt) << 32;
            let jitter = Stream::new(seed, trial, Purpose::Backoff, lane);
            let has_doors =
                policy.limiter.is_some() || matches!(policy.retry.mode, RetryMode::AwsAdaptive(_));
            let first_client = group as u32 * clients;
            lanes.push(Lane { policy: (*policy).clone(), first_client, jitter, has_doors });
        }
        // The first draw of this purpose is where a window limiter's seconds begin.
        let clock = Stream::new(seed, trial, Purpose::Phase, 1).draw(0).below(NANOS_PER_SECOND);
        let clock = Span::from_nanos(clock);
        let fresh = |policy| (0..clients).map(move |_| Client::new(policy, 0, Time::ZERO, clock));
        Fleet {
            lanes,
            clients: distinct.iter().flat_map(fresh).collect(),
            policies: distinct,
            per_policy: clients,
            clock,
            calls: Calls::new(),
            written: LinkedHashMap::with_hasher(FixedState::default()),
            data_keys: DataKeyUse::default(),
        }
    }

    /// Takes what happened at `now` and appends what is to be done.
    ///
    /// A job's workload and client must be the fleet's own. Replies and wakes whose call has moved on are ignored.
    #[inline(always)]
    pub fn handle(&mut self, input: Input, now: Time, actions: &mut Vec<Action>) {
        match input {
            Input::Job(job) => self.begin(&job, now, actions),
            Input::Reply(token, reply) => {
                self.reply(token, reply, now, actions);
            }
            Input::Wake(token) => match Waker::of(token) {
                Waker::Call(token) => self.wake(token, now, actions),
                Waker::Limiter(role, client, restarts) => self.open(role, client, restarts, now, actions),
            },
            Input::Restart(client) => self.restart(client, now, actions),
        }
    }

    /// Takes the reply to an attempt; whether anybody waited for it.
    #[inline(always)]
    pub fn reply(&mut self, token: Token, reply: Reply, now: Time, actions: &mut Vec<Action>) -> bool {
        let Some((slot, Phase::Flying)) = self.calls.find(token) else { return false };
        let failure = match reply {
            Reply::Ok => {
                self.succeed(slot, now, actions);
                return true;
            }
            Reply::Throttled => Failure::Throttled,
            Reply::Failed(code) => Failure::Fault(code),
        };
        self.fail(slot, failure, now, actions);
        true
    }

    /// Whether the call that `token` names still waits for that reply; a timed-out attempt's late reply is not.
    #[inline]
    pub fn expects(&self, token: Token) -> bool {
        matches!(self.calls.find(token), Some((_, Phase::Flying)))
    }

    /// Jobs begun and not ended.
    pub const fn in_flight(&self) -> usize {
        self.calls.len()
    }

    /// The jobs begun and not ended, in an order that depends only on the inputs.
    pub fn unfinished(&self) -> impl Iterator<Item = &Job> {
        self.calls.iter().map(|(_, call)| &call.job)
    }

    /// What the data keys were used for so far.
    pub const fn data_keys(&self) -> DataKeyUse {
        self.data_keys
    }

    /// A job starts.
    #[inline(always)]
    pub fn begin(&mut self, job: &Job, now: Time, actions: &mut Vec<Action>) {
        if now > job.deadline {
            let outcome = Outcome::Failed(Failure::Deadline);
            actions.push(Action::Done(Done { job: *job, outcome, from_cache: false }));
            return;
        }
        let is_envelope = !matches!(job.kind, JobKind::Call(_));
        if is_envelope && self.serve(job, now) {
            actions.push(Action::Done(Done { job: *job, outcome: Outcome::Completed, from_cache: true }));
            return;
        }
        let lane = &self.lanes[usize::from(job.workload)];
        let client = lane.first_client + job.client;
        let (slot, call) = self.calls.begin(job, client);
        self.clients[client as usize].deposit(now);
        if lane.has_doors {
            return self.pass_first(slot, now, actions);
        }
        let token = call.fly(slot);
        let timeout = lane.policy.timeout;
        actions.push(Action::Send(call.attempt(token)));
        actions.extend(timeout.map(|timeout| Action::WakeAt(token, now + timeout)));
    }

    /// Brings the call to its next attempt: past the adaptive rate, past the limiter, onto the wire.
    #[inline(always)]
    fn approach(&mut self, slot: u32, now: Time, actions: &mut Vec<Action>) {
        let workload = usize::from(self.calls.at(slot).job.workload);
        if self.lanes[workload].has_doors {
            self.pass_first(slot, now, actions);
        } else {
            self.leave(slot, now, actions);
        }
    }

    /// The same for a retry without delay.
    fn approach_again(&mut self, slot: u32, now: Time, actions: &mut Vec<Action>) {
        self.approach(slot, now, actions);
    }

    /// Brings the call to its first limiter.
    fn pass_first(&mut self, slot: u32, now: Time, actions: &mut Vec<Action>) {
        let call = self.calls.at(slot);
        let lane = &self.lanes[usize::from(call.job.workload)];
        if !lane.asks_rate(call.number) || self.pass(LimiterRole::Rate, slot, now, actions) {
            self.pass_limiter(slot, now, actions);
        }
    }

    fn pass_limiter(&mut self, slot: u32, now: Time, actions: &mut Vec<Action>) {
        let lane = &self.lanes[usize::from(self.calls.at(slot).job.workload)];
        if lane.policy.limiter.is_none() || self.pass(LimiterRole::Limiter, slot, now, actions) {
            self.send(slot, now, actions);
        }
    }

    /// The call's next attempt leaves.
    #[inline(always)]
    fn leave(&mut self, slot: u32, now: Time, actions: &mut Vec<Action>) {
        let call = self.calls.at(slot);
        let token = call.fly(slot);
        let timeout = self.lanes[usize::from(call.job.workload)].policy.timeout;
        actions.push(Action::Send(call.attempt(token)));
        if let Some(timeout) = timeout {
            actions.push(Action::WakeAt(token, now + timeout));
        }
    }

    /// The next attempt leaves of a call that had to wait for a limiter.
    fn send(&mut self, slot: u32, now: Time, actions: &mut Vec<Action>) {
        self.leave(slot, now, actions);
    }

    /// Whether the call may pass at once; if not, it queues, or ends if its turn cannot come in time.
    fn pass(&mut self, role: LimiterRole, slot: u32, now: Time, actions: &mut Vec<Action>) -> bool {
        let call = self.calls.at(slot);
        let (at, deadline) = (call.client, call.job.deadline);
        let client = &mut self.clients[at as usize];
        let restarts = client.restarts;
        let Some(QueuedLimiter { limiter, waiting }) = client.limiter_mut(role) else { return true };
        if let Queue::InTurn(waiting) = waiting
            && !waiting.is_empty()
        {
            waiting.push_back(slot);
            self.calls.enter(slot, Phase::Queued);
            return false;
        }
        match limiter.take(now) {
            Ok(()) => return true,
            Err(when) if when >= deadline => {
                self.end(slot, Outcome::Failed(Failure::Deadline), actions);
                return false;
            }
            Err(when) => {
                let timer = waiting.push(slot, when, deadline);
                actions.extend(timer.map(|when| Action::WakeAt(role.token(at, restarts), when)));
            }
        }
        self.calls.enter(slot, Phase::Queued);
        false
    }

    /// A limiter's timer has come: lets pass whoever may, drops whoever's turn comes too late, asks for the next timer.
    fn open(&mut self, role: LimiterRole, at: u32, restarts: u32, now: Time, actions: &mut Vec<Action>) {
        loop {
            let Some(client) = self.clients.get_mut(at as usize) else { return };
            if client.restarts != restarts {
                return;
            }
            let Some(queued) = client.limiter_mut(role) else { return };
            let waiting = match &mut queued.waiting {
                Queue::InTurn(waiting) => waiting,
                Queue::Asleep(_) => return self.rise(role, at, now, actions),
            };
            let Some(&slot) = waiting.front() else { return };
            let deadline = self.calls.at(slot).job.deadline;
            let turn = if now >= deadline { Err(now) } else { queued.limiter.take(now) };
            if let Err(when) = turn
                && when < deadline
            {
                actions.push(Action::WakeAt(role.token(at, restarts), when));
                return;
            }
            if let Queue::InTurn(waiting) = &mut queued.waiting {
                waiting.pop_front();
            }
            match (turn, role) {
                (Err(_), _) => self.end(slot, Outcome::Failed(Failure::Deadline), actions),
                (Ok(()), LimiterRole::Rate) => self.pass_limiter(slot, now, actions),
                (Ok(()), LimiterRole::Limiter) => self.send(slot, now, actions),
            }
        }
    }

    /// Those whose sleep before a limiter is over look whether there is a token; who finds none sleeps again.
    fn rise(&mut self, role: LimiterRole, at: u32, now: Time, actions: &mut Vec<Action>) {
        while let Some(Queue::Asleep(sleepers)) = self.queue(role, at)
            && let Some(mut crowd) = sleepers.rise(now)
        {
            let has_deadlines = sleepers.has_deadlines;
            while let Some(slot) = crowd.pop_front() {
                // What one finds all find who look at the same moment.
                if let Some(when) = self.look(role, slot, now, actions)
                    && !has_deadlines
                    && let Some(Queue::Asleep(sleepers)) = self.queue(role, at)
                {
                    sleepers.lie_down(when, std::mem::take(&mut crowd));
                }
            }
        }
        self.arm(role, at, actions);
    }

    /// The rate has changed: where that wakes somebody, the one who has waited longest looks whether there is a token.
    fn notify(&mut self, at: u32, now: Time, actions: &mut Vec<Action>) {
        let Some(Queue::Asleep(sleepers)) = self.queue(LimiterRole::Rate, at) else { return };
        if sleepers.is_woken
            && let Some(slot) = sleepers.wake()
        {
            self.look(LimiterRole::Rate, slot, now, actions);
            self.arm(LimiterRole::Rate, at, actions);
        }
    }

    /// A call that waited looks whether it may pass: it does, has no time left, or sleeps until the moment that is given.
    fn look(&mut self, role: LimiterRole, slot: u32, now: Time, actions: &mut Vec<Action>) -> Option<Time> {
        let call = self.calls.at(slot);
        let (at, deadline) = (call.client, call.job.deadline);
        let queued = self.clients[at as usize].limiter_mut(role)?;
        let turn = if now >= deadline { Err(deadline) } else { queued.limiter.take(now) };
        match turn {
            Ok(()) if role == LimiterRole::Rate => self.pass_limiter(slot, now, actions),
            Ok(()) => self.send(slot, now, actions),
            Err(when) if when >= deadline => self.end(slot, Outcome::Failed(Failure::Deadline), actions),
            Err(when) => {
                if let Queue::Asleep(sleepers) = &mut queued.waiting {
                    sleepers.lie_down(when, VecDeque::from([slot]));
                }
                return Some(when);
            }
        }
        None
    }

    /// Asks for the timer of whoever wakes first before a limiter.
    fn arm(&mut self, role: LimiterRole, at: u32, actions: &mut Vec<Action>) {
        let restarts = self.clients[at as usize].restarts;
        if let Some(Queue::Asleep(sleepers)) = self.queue(role, at) {
            let timer = sleepers.arm();
            actions.extend(timer.map(|when| Action::WakeAt(role.token(at, restarts), when)));
        }
    }

    fn queue(&mut self, role: LimiterRole, at: u32) -> Option<&mut Queue> {
        self.clients[at as usize].limiter_mut(role).map(|queued| &mut queued.waiting)
    }

    #[inline]
    fn succeed(&mut self, slot: u32, now: Time, actions: &mut Vec<Action>) {
        let call = self.calls.at(slot);
        let (held, deadline) = (call.held, call.job.deadline);
        let is_envelope = !matches!(call.job.kind, JobKind::Call(_));
        let client = &mut self.clients[call.client as usize];
        match self.lanes[usize::from(call.job.workload)].policy.retry.mode {
            RetryMode::AwsStandard(aws) => client.quota.reward(aws.accounting, held),
            RetryMode::Tokens { .. } => client.refund(),
            RetryMode::AwsLegacy(_) => client.quota.reward(Accounting::PerCall, held),
            RetryMode::AwsAdaptive(aws) => {
                let at = call.client;
                client.note(false, now);
                client.quota.reward(aws.accounting, held);
                self.notify(at, now, actions);
            }
            _ => {}
        }
        if is_envelope {
            let job = self.calls.at(slot).job;
            self.keep(&job, now);
        }
        let late = now > deadline;
        let outcome = if late { Outcome::Failed(Failure::Deadline) } else { Outcome::Completed };
        self.end(slot, outcome, actions);
    }

    #[inline(always)]
    fn fail(&mut self, slot: u32, failure: Failure, now: Time, actions: &mut Vec<Action>) {
        let call = self.calls.at(slot);
        let lane = &self.lanes[usize::from(call.job.workload)];
        if lane.has_doors {
            return self.fail_at_doors(slot, failure, now, actions);
        }
        let delay = lane.delay(&mut self.clients[call.client as usize], call, failure, now);
        let deadline = call.job.deadline;
        self.go_on(slot, failure, (delay, deadline), now, actions);
    }

    /// The same where an SDK's adaptive rate may hear of it.
    fn fail_at_doors(&mut self, slot: u32, failure: Failure, now: Time, actions: &mut Vec<Action>) {
        let at = self.calls.at(slot).client;
        if self.clients[at as usize].note(failure == Failure::Throttled, now) {
            self.notify(at, now, actions);
        }
        let call = self.calls.at(slot);
        let lane = &self.lanes[usize::from(call.job.workload)];
        let delay = lane.delay(&mut self.clients[at as usize], call, failure, now);
        let deadline = call.job.deadline;
        self.go_on(slot, failure, (delay, deadline), now, actions);
    }

    /// A call whose attempt failed tries again after `delay`, if there is one and the deadline allows it.
    #[inline(always)]
    fn go_on(
        &mut self,
        slot: u32,
        failure: Failure,
        (delay, deadline): (Option<Span>, Time),
        now: Time,
        actions: &mut Vec<Action>,
    ) {
        match delay {
            None => self.end(slot, Outcome::Failed(failure), actions),
            Some(delay) if now + delay >= deadline => {
                self.end(slot, Outcome::Failed(Failure::Deadline), actions);
            }
            Some(delay) if delay.is_zero() => self.approach_again(slot, now, actions),
            Some(delay) => {
                let token = self.calls.enter(slot, Phase::Waiting);
                actions.push(Action::WakeAt(token, now + delay));
            }
        }
    }

    fn wake(&mut self, token: Token, now: Time, actions: &mut Vec<Action>) {
        match self.calls.find(token) {
            Some((slot, Phase::Waiting)) => self.approach(slot, now, actions),
            Some((slot, Phase::Flying)) => {
                actions.push(Action::TimedOut(self.calls.at(slot).attempt(token)));
                self.fail(slot, Failure::Timeout, now, actions);
            }
            _ => {}
        }
    }

    fn restart(&mut self, client: u32, now: Time, actions: &mut Vec<Action>) {
        for (policy, block) in
            self.policies.iter().zip(self.clients.chunks_mut(self.per_policy.max(1) as usize))
        {
            if let Some(state) = block.get_mut(client as usize) {
                *state = Client::new(policy, state.restarts.wrapping_add(1), now, self.clock);
            }
        }
        let lost: Vec<u32> =
            self.calls.iter().filter(|(_, call)| call.job.client == client).map(|(slot, _)| slot).collect();
        for slot in lost {
            self.end(slot, Outcome::Failed(Failure::Restart), actions);
        }
    }

    #[inline]
    fn end(&mut self, slot: u32, outcome: Outcome, actions: &mut Vec<Action>) {
        let job = *self.calls.end(slot);
        actions.push(Action::Done(Done { job, outcome, from_cache: false }));
    }
}

#[cfg(test)]
mod tests;
