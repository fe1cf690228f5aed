//! Listens to one job: what it asks of the simulated service and what it is answered.

use crate::api::{Attempt, Job};
use crate::client::Done;
use crate::kms::{Admission, Answer};
use crate::results::story::{self, Story, Told};
use crate::time::Time;

/// The simulated service, and what it had to do with one job.
pub struct Ear {
    admission: Box<Admission>,
    workload: u16,
    index: u64,
    job: Option<Job>,
    events: Vec<Told>,
    /// The attempt that is being answered, if it is the job's.
    asked: Option<(Attempt, Time)>,
    is_over: bool,
}

impl Ear {
    /// An ear on job number `index` of workload number `workload`.
    pub fn new(admission: Box<Admission>, workload: u16, index: u64) -> Ear {
        Ear { admission, workload, index, job: None, events: Vec::new(), asked: None, is_over: false }
    }

    fn is_it(&self, workload: u16, index: u64) -> bool {
        (workload, index) == (self.workload, self.index)
    }

    /// The service itself.
    pub fn admission(&mut self) -> &mut Admission {
        &mut self.admission
    }

    pub fn into_admission(self) -> Box<Admission> {
        self.admission
    }

    pub fn shed(&mut self, job: &Job, now: Time) {
        if self.is_it(job.workload, job.index) {
            self.job = Some(*job);
            self.events.push(Told::Shed(now));
            self.is_over = true;
        }
    }

    pub fn started(&mut self, job: &Job, now: Time) {
        if self.is_it(job.workload, job.index) {
            self.job = Some(*job);
            self.events.push(Told::Started(now));
        }
    }

    pub fn asked(&mut self, attempt: &Attempt, now: Time) {
        self.asked = self.is_it(attempt.workload, attempt.job).then_some((*attempt, now));
    }

    pub fn answered(&mut self, answer: &Answer) {
        let Some((attempt, sent)) = self.asked.take() else { return };
        self.events.push(Told::Sent(story::Attempt {
            number: attempt.number,
            operation: attempt.operation,
            sent,
            reply: answer.reply,
            ready_at: answer.ready_at,
            refused_by: answer.refused_by,
            slowed: answer.slowed,
        }));
    }

    pub fn ended(&mut self, done: &Done, now: Time) {
        if self.is_it(done.job.workload, done.job.index) {
            self.events.push(Told::Ended { at: now, outcome: done.outcome, from_cache: done.from_cache });
            self.is_over = true;
        }
    }

    /// Whether nothing more can happen to the job.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// The story; a job that is not over by `last` is unfinished.
    pub fn into_story(mut self, last: Time) -> Option<Story> {
        let job = self.job?;
        if !self.is_over {
            self.events.push(Told::Unfinished(last));
        }
        Some(Story { job, events: self.events })
    }
}
