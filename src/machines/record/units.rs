//! Who does the work, and who of them had a job that was not completed.
//!
//! A unit is a VU of a closed workload, or a client of an open one: 99.6 % of jobs completed can be every unit well but a few,
//! or none.

use super::layout::Layout;
use super::marks::Marks;
use serde::{Deserialize, Serialize};
use std::ops::AddAssign;

/// The unit had a job.
const ACTIVE: u8 = 1;
/// One of its jobs was not completed.
const FAILED: u8 = 2;

/// How many units worked, and how many of them failed at something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitCounts {
    /// Those that had a job in the window.
    pub active: u64,
    /// Those of them with at least one that failed, was shed or is unfinished.
    pub failed: u64,
}

impl UnitCounts {
    fn count(mut self, flags: u8) -> UnitCounts {
        self.active += u64::from(flags & ACTIVE != 0);
        self.failed += u64::from(flags & FAILED != 0);
        self
    }
}

impl AddAssign for UnitCounts {
    fn add_assign(&mut self, other: UnitCounts) {
        self.active += other.active;
        self.failed += other.failed;
    }
}

/// The units of one trial, or the counts of several. Shares of a trial tell their units one by one: a client that was dealt to
/// another share in the middle is one all the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Units {
    /// By workload, then by unit; grows as units come.
    flags: Vec<Vec<u8>>,
    /// Of finished trials, by workload, and behind them of all workloads.
    counts: Vec<UnitCounts>,
}

impl Units {
    pub(super) fn new(layout: &Layout) -> Units {
        let many = layout.parts().len();
        Units { flags: vec![Vec::new(); many], counts: vec![UnitCounts::default(); many + 1] }
    }

    /// Those of a finished trial, or of a share, from its [`Units::counts`] and [`Units::marks`].
    pub(super) fn told(layout: &Layout, counts: Vec<UnitCounts>, marks: &[Marks]) -> Units {
        let mut units = Units { counts, ..Units::new(layout) };
        units.note(marks);
        units
    }

    /// What is known one by one, by workload; nothing of a finished trial.
    pub(super) fn marks(&self) -> Vec<Marks> {
        let mut before = vec![Vec::new(); self.flags.len()];
        match self.flags.iter().all(Vec::is_empty) {
            true => Vec::new(),
            false => self.marks_since(&mut before, usize::MAX),
        }
    }

    /// What became known since it was like `before`, which is then like it, by workload; of so many units at most, and of the rest the
    /// next time.
    pub(super) fn marks_since(&self, before: &mut [Vec<u8>], mut most: usize) -> Vec<Marks> {
        let mut since = |(now, before): (&Vec<u8>, &mut Vec<u8>)| {
            let marks = Marks::since(now, before, most);
            most -= marks.len();
            marks
        };
        self.flags.iter().zip(before).map(&mut since).collect()
    }

    /// Notes what became known, by workload.
    pub(super) fn note(&mut self, marks: &[Marks]) {
        self.flags.iter_mut().zip(marks).for_each(|(flags, marks)| marks.note(flags));
    }

    /// Of finished trials, by workload, and behind them of all workloads.
    pub(super) fn counts(&self) -> &[UnitCounts] {
        &self.counts
    }

    /// A unit of workload number `workload` has a job.
    #[inline]
    pub(super) fn had(&mut self, workload: u16, unit: u32) {
        self.mark(workload, unit, ACTIVE);
    }

    /// A job of a unit was not completed.
    #[inline]
    pub(super) fn failed(&mut self, workload: u16, unit: u32) {
        self.mark(workload, unit, FAILED);
    }

    #[inline]
    fn mark(&mut self, workload: u16, unit: u32, flag: u8) {
        let flags = &mut self.flags[usize::from(workload)];
        match flags.get_mut(unit as usize) {
            Some(flags) => *flags |= flag,
            None => Units::grow(flags, unit, flag),
        }
    }

    #[cold]
    fn grow(flags: &mut Vec<u8>, unit: u32, flag: u8) {
        flags.resize(unit as usize + 1, 0);
        flags[unit as usize] |= flag;
    }

    /// Counts the trial's units and forgets which they were.
    pub(super) fn finish(&mut self, layout: &Layout) {
        let workloads = 0..layout.parts().len();
        self.counts = workloads.map(|number| self.of(number)).chain([self.of_all(layout)]).collect();
        self.flags = vec![Vec::new(); layout.parts().len()];
    }

    /// Adds another trial's.
    pub(super) fn merge(&mut self, other: &Units, layout: &Layout) {
        let workloads = 0..layout.parts().len();
        let theirs = workloads.map(|number| other.of(number)).chain([other.of_all(layout)]);
        self.counts.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine += theirs);
    }

    /// Adds those of another share of the same trial; one that both served is one.
    pub(super) fn join(&mut self, other: &Units) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(mine, theirs)| *mine += *theirs);
        for (mine, theirs) in self.flags.iter_mut().zip(&other.flags) {
            mine.resize(mine.len().max(theirs.len()), 0);
            mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine |= theirs);
        }
    }

    /// The units of workload number `number`.
    pub(super) fn of(&self, number: usize) -> UnitCounts {
        let flags = self.flags.get(number).into_iter().flatten();
        flags.fold(self.counts[number], |counts, flags| counts.count(*flags))
    }

    /// The units of all workloads. VUs belong to their workload; a client that serves several open ones is one.
    pub(super) fn of_all(&self, layout: &Layout) -> UnitCounts {
        let mut counts = *self.counts.last().expect("there is one behind those of the workloads");
        let mut clients: Vec<u8> = Vec::new();
        for (part, flags) in layout.parts().iter().zip(&self.flags) {
            if !part.is_open {
                counts = flags.iter().fold(counts, |counts, flags| counts.count(*flags));
                continue;
            }
            clients.resize(clients.len().max(flags.len()), 0);
            clients.iter_mut().zip(flags).for_each(|(all, own)| *all |= own);
        }
        clients.into_iter().fold(counts, UnitCounts::count)
    }
}
