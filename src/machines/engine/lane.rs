//! One workload under way: where its next job comes from, and its cap.

use super::dealing::Dealing;
use crate::api::Job;
use crate::time::{Span, Time};
use crate::workload::{
    Arrival, ArrivalCursor, Executor, FleetPlan, OnLimit, Shaper, TraceRows, Vus, Workload,
};
use std::sync::Arc;

/// One workload's jobs.
pub struct Lane {
    pub(super) number: u16,
    pub(super) source: Source,
    /// Jobs running now.
    pub(super) running: u32,
    pub(super) cap: Option<u32>,
    pub(super) on_limit: OnLimit,
    /// When unfinished jobs are given up.
    pub(super) cutoff: Time,
    shaper: Shaper,
    rows: Option<Arc<TraceRows>>,
}

/// Where jobs come from.
pub(super) enum Source {
    Open(Open),
    Closed(Vus),
}

/// An open arrival stream; under a cap a second cursor over the same stream is the backlog.
pub(super) struct Open {
    cursor: ArrivalCursor,
    /// The next arrival.
    pub(super) head: Option<Arrival>,
    backlog: Option<ArrivalCursor>,
    /// Jobs that arrived and wait for a slot.
    pub(super) waiting: u64,
}

impl Open {
    /// Takes the head and looks up the next.
    #[inline]
    pub(super) fn advance(&mut self) {
        self.head = self.cursor.advance();
    }

    /// The head starts at once: the backlog's cursor passes it.
    #[inline]
    pub(super) fn pass(&mut self) {
        if let Some(backlog) = &mut self.backlog {
            backlog.next();
        }
    }

    /// The longest waiting arrival.
    pub(super) fn take_waiting(&mut self) -> Option<Arrival> {
        if self.waiting == 0 {
            return None;
        }
        self.waiting -= 1;
        self.backlog.as_mut()?.next()
    }
}

impl Lane {
    /// That of `workload`, which is number `number` of the scenario, in one trial.
    pub fn new(workload: &Workload, number: u16, seed: u64, trial: u32) -> Lane {
        let start = workload.start();
        let cursor = ArrivalCursor::new(&workload.executor, start, seed, trial, u64::from(number));
        let source = match (cursor, Vus::new(&workload.executor, start)) {
            (Some(mut cursor), _) => {
                let queues = workload.max_in_flight.is_some() && workload.on_limit == OnLimit::Queue;
                let backlog = queues.then(|| cursor.clone());
                let head = cursor.next();
                Source::Open(Open { cursor, head, backlog, waiting: 0 })
            }
            (None, vus) => Source::Closed(vus.expect("an executor is open or closed")),
        };
        let rows = match &workload.executor {
            Executor::Trace(trace) => Some(Arc::clone(&trace.rows)),
            _ => None,
        };
        Lane {
            number,
            source,
            running: 0,
            cap: workload.max_in_flight,
            on_limit: workload.on_limit,
            cutoff: workload.cutoff(),
            shaper: Shaper::new(workload, number, seed, trial),
            rows,
        }
    }

    /// When the next open job arrives.
    #[inline]
    pub(super) fn next_at(&self) -> Time {
        match &self.source {
            Source::Open(Open { head: Some(arrival), .. }) => arrival.at,
            _ => Time::NEVER,
        }
    }

    /// Passes arrivals until `until` that go to the clients of other shares than number `index`. A wake for each of them would
    /// cost every share as much as the whole load; what comes later may be this share's by then.
    pub(super) fn skip(&mut self, fleet: &FleetPlan, (index, dealing): (u32, &Dealing), until: Time) {
        while !self.is_own(fleet, (index, dealing)) {
            let Source::Open(open) = &mut self.source else { return };
            if open.head.is_none_or(|arrival| arrival.at > until) {
                return;
            }
            open.advance();
            open.pass();
        }
    }

    /// Whether the next arrival goes to a client of share number `index`.
    pub(super) fn is_own(&self, fleet: &FleetPlan, (index, dealing): (u32, &Dealing)) -> bool {
        let Source::Open(Open { head: Some(arrival), .. }) = &self.source else { return false };
        dealing.share_of(self.shaper.client(arrival.index, arrival.at, fleet), arrival.at) == index
    }

    /// The client that the next arrival goes to, and when, which is then over; `None` of those whose jobs follow from answers.
    pub fn next_client(&mut self, fleet: &FleetPlan) -> Option<Option<(u32, Time)>> {
        let Source::Open(open) = &mut self.source else { return None };
        let head = open.head;
        open.advance();
        Some(head.map(|arrival| (self.shaper.client(arrival.index, arrival.at, fleet), arrival.at)))
    }

    /// The job that an arrival brings.
    #[inline(always)]
    pub(super) fn open_job(&self, arrival: Arrival, fleet: &FleetPlan) -> Job {
        let client = self.shaper.client(arrival.index, arrival.at, fleet);
        let mut job = self.shaper.job(arrival.index, arrival.at, arrival.stage, client);
        if let Some(row) = arrival.row
            && let Some(TraceRows::Jobs(rows)) = self.rows.as_deref()
        {
            Shaper::overlay(&mut job, &rows[row as usize]);
        }
        job
    }

    /// VU `vu`'s next job when it looks for work at `now`.
    pub(super) fn closed_job(
        &mut self,
        vu: u32,
        now: Time,
        workload: &Workload,
        clients: u32,
    ) -> Option<Job> {
        let Source::Closed(vus) = &mut self.source else { return None };
        let next = vus.begin(vu, now)?;
        let job = self.shaper.job(next.index, next.intended, workload.stage_at(next.intended), vu % clients);
        Some(Job { unit: vu, ..job })
    }

    /// A closed job ended: which VU looks for work again, and when. Never in the same instant as it began, since a
    /// VU without think time whose jobs a cache serves would otherwise do them without end in no time.
    pub(super) fn vu_ended(&mut self, job: &Job, now: Time) -> Option<(u32, Time)> {
        let Source::Closed(vus) = &mut self.source else { return None };
        let (vu, wake) = vus.ended(job.index, now);
        let floor = job.intended + Span::from_micros(1);
        wake.map(|at| (vu, at.max(floor)))
    }
}
