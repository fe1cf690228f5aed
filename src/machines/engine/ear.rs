//! Listens to one job: what it asks of the simulated service and what it is answered.

use super::core::JobObserver;
use crate::api::{Attempt, Job};
use crate::client::Done;
use crate::kms::Answer;
use crate::results::story::{self, JobEvent, Story};
use crate::time::Time;

/// What happened to one job.
pub struct Ear {
    workload: u16,
    index: u64,
    job: Option<Job>,
    events: Vec<JobEvent>,
    is_over: bool,
}

impl JobObserver for Ear {
    fn shed(&mut self, job: &Job, now: Time) {
        if self.is_it(job.workload, job.index) {
            self.job = Some(*job);
            self.events.push(JobEvent::Shed(now));
            self.is_over = true;
        }
    }

    fn started(&mut self, job: &Job, now: Time) {
        if self.is_it(job.workload, job.index) {
            self.job = Some(*job);
            self.events.push(JobEvent::Started(now));
        }
    }

    fn ended(&mut self, done: &Done, now: Time) {
        if self.is_it(done.job.workload, done.job.index) {
            self.events.push(JobEvent::Ended { at: now, outcome: done.outcome, from_cache: done.from_cache });
            self.is_over = true;
        }
    }
}

impl Ear {
    /// An ear on job number `index` of workload number `workload`.
    pub fn new(workload: u16, index: u64) -> Ear {
        Ear { workload, index, job: None, events: Vec::new(), is_over: false }
    }

    fn is_it(&self, workload: u16, index: u64) -> bool {
        (workload, index) == (self.workload, self.index)
    }

    /// An attempt was sent at `sent`, and `answer` is on its way.
    pub fn answered(&mut self, attempt: &Attempt, sent: Time, answer: &Answer) {
        if !self.is_it(attempt.workload, attempt.job) {
            return;
        }
        self.events.push(JobEvent::Sent(story::Attempt {
            number: attempt.number,
            operation: attempt.operation,
            sent,
            reply: answer.reply,
            ready_at: answer.ready_at,
            refused_by: answer.refused_by,
            slowed: answer.slowed,
        }));
    }

    /// Whether nothing more can happen to the job.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// The story; a job that is not over by `last` is unfinished.
    pub fn into_story(mut self, last: Time) -> Option<Story> {
        let job = self.job?;
        if !self.is_over {
            self.events.push(JobEvent::Unfinished(last));
        }
        Some(Story { job, events: self.events })
    }
}
