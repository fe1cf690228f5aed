//! The workers of a live load, as their coordinator knows them.

use super::wire::{Join, State, WorkerPhase};
use crate::clock::Stopwatch;
use crate::time::Span;

/// Answers after which a worker's clock is known well enough.
const SAMPLES: u32 = 4;

/// What the pace of a worker is counted over.
const SECOND: Span = Span::from_secs(1);

/// One worker of a load.
#[derive(Clone, Debug)]
pub struct Member {
    /// What people call it.
    pub name: String,
    /// Threads that send.
    pub threads: u32,
    /// Its token.
    pub(super) token: String,
    /// When it was last heard.
    pub(super) heard: Stopwatch,
    pub(super) trial: u32,
    pub(super) doing: WorkerPhase,
    /// Attempts that it has sent, and those that it may.
    pub(super) sent: u64,
    pub(super) lease: u64,
    /// Attempts of its last second, and since when and from which number on the next second is counted.
    pace: u64,
    since: (Stopwatch, u64),
    /// How often its pieces were to begin anew, and when last.
    pub(super) anew: u32,
    pub(super) is_lost: bool,
    /// Whether the log of the trial under way was fetched, or is being fetched.
    pub(super) has_log: bool,
    pub(super) is_fetched: bool,
    pub(super) wants_log: bool,
    clock: ClockOffset,
}

/// How far another clock is from ours, by the quickest answer.
#[derive(Clone, Copy, Debug, Default)]
struct ClockOffset {
    samples: u32,
    /// Of the quickest answer: how long it took, and the other clock minus ours at its middle, in nanoseconds.
    best: Option<(u64, i128)>,
}

impl ClockOffset {
    fn sample(&mut self, sent_ns: u64, other_ns: u64, now_ns: u64) {
        let Some(took) = now_ns.checked_sub(sent_ns) else { return };
        self.samples = self.samples.saturating_add(1);
        if self.best.is_none_or(|(best, _)| took < best) {
            let middle = i128::from(sent_ns) + i128::from(took / 2);
            self.best = Some((took, i128::from(other_ns) - middle));
        }
    }
}

impl Member {
    pub(super) fn new(join: &Join) -> Member {
        Member {
            name: join.name.clone(),
            threads: join.threads,
            token: join.worker.clone(),
            heard: Stopwatch::start(),
            trial: 0,
            doing: WorkerPhase::Preparing,
            sent: 0,
            lease: 0,
            pace: 0,
            since: (Stopwatch::start(), 0),
            anew: 0,
            is_lost: false,
            has_log: false,
            is_fetched: false,
            wants_log: false,
            clock: ClockOffset::default(),
        }
    }

    /// Takes an answer that comes at `now_ns` of the coordinator's clock.
    pub(super) fn hear(&mut self, state: State, now_ns: u64) {
        self.heard = Stopwatch::start();
        self.clock.sample(state.echo_ns, state.clock_ns, now_ns);
        // What it has sent only grows; an answer that was overtaken says less.
        self.sent = self.sent.max(state.sent);
        if self.since.0.has_passed(SECOND) {
            self.pace = self.sent - self.since.1;
            self.since.1 = self.sent;
        }
        if state.trial >= self.trial {
            (self.trial, self.doing) = (state.trial, state.doing);
        }
    }

    /// Whether its clock is known.
    pub(super) const fn has_clock(&self) -> bool {
        self.clock.samples >= SAMPLES
    }

    /// What its clock shows when the coordinator's shows `ns`.
    pub(super) fn its_clock(&self, ns: u64) -> u64 {
        let offset = self.clock.best.map_or(0, |(_, offset)| offset);
        u64::try_from((i128::from(ns) + offset).max(0)).unwrap_or(u64::MAX)
    }

    /// By how much the offset between its clock and the coordinator's may be wrong: half the quickest answer.
    pub fn clock_error(&self) -> Option<Span> {
        self.clock.best.map(|(took, _)| Span::from_nanos(took / 2))
    }
}

/// Attempts that may still be leased: a lease that is out counts as spent until its worker says what it has sent, and for ever if
/// the worker is lost.
#[derive(Clone, Copy, Debug)]
pub(super) struct LeasePool {
    left: Option<u64>,
}

impl LeasePool {
    /// Of at most so many attempts; of any number if there is no cap.
    pub(super) const fn new(most: Option<u64>) -> LeasePool {
        LeasePool { left: most }
    }

    /// Gives each of `members` what its own jobs take at least, if that is known and there is enough for all: nobody is to wait for
    /// what another holds.
    pub(super) fn deal(&mut self, members: &mut [Member], jobs: &[u64]) {
        let all = jobs.iter().fold(0, |all: u64, own| all.saturating_add(*own));
        let Some(left) = self.left.as_mut().filter(|left| **left >= all) else { return };
        if members.len() == jobs.len() {
            *left -= all;
            members.iter_mut().zip(jobs).for_each(|(member, own)| member.lease = *own);
        }
    }

    /// What `member`, one of so many, may send now: more, if what it has left is less than half of what one gets at once, or than
    /// it sends in a second, since it is told four times a second.
    pub(super) fn lease(&mut self, member: &mut Member, many: u64) -> Option<u64> {
        let left = self.left.as_mut()?;
        // The retries that an SDK makes itself nobody keeps back: they are spent, whoever may have them.
        let beyond = member.sent.saturating_sub(member.lease).min(*left);
        (member.lease, *left) = (member.lease + beyond, *left - beyond);
        let portion = (*left / (2 * many.max(1))).max(member.pace).max(1).min(*left);
        if member.lease.saturating_sub(member.sent) <= (portion / 2).max(member.pace) {
            member.lease += portion;
            *left -= portion;
        }
        Some(member.lease)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::Version;

    fn member() -> Member {
        Member::new(&Join { of: Version::own(), worker: "w".into(), name: "w".into(), threads: 1 })
    }

    fn heard(echo_ns: u64, clock_ns: u64) -> State {
        State { worker: "w".into(), trial: 0, doing: WorkerPhase::Ready, echo_ns, clock_ns, sent: 0 }
    }

    #[test]
    fn the_offset_of_a_clock_is_that_of_the_quickest_answer() {
        let mut member = member();
        assert!(!member.has_clock());
        // The other clock is 1,000 ahead; answers take 300, 20 and 900.
        for (sent, its, now) in
            [(100, 1_350, 400), (500, 1_510, 520), (600, 1_700, 1_500), (2_000, 3_000, 2_400)]
        {
            member.hear(heard(sent, its), now);
        }
        assert!(member.has_clock());
        assert_eq!((member.its_clock(10_000), member.clock_error()), (11_000, Some(Span::from_nanos(10))));
        // An answer from before it was asked tells nothing.
        member.hear(heard(9_000, 0), 8_000);
        assert_eq!(member.its_clock(10_000), 11_000);
    }

    #[test]
    fn leases_never_add_up_to_more_than_the_cap_and_those_of_the_lost_stay_spent() {
        let mut pool = LeasePool::new(Some(1_000));
        let mut members = [member(), member(), member()];
        let mut sent = 0;
        for round in 0..10_000u64 {
            for (number, member) in members.iter_mut().enumerate() {
                // The third is lost after a while: it asks for nothing more, and gives nothing back.
                if number == 2 && round > 3 {
                    continue;
                }
                let lease = pool.lease(member, 3).expect("a cap");
                let sends = (lease - member.sent).min(7);
                member.sent += sends;
                sent += sends;
            }
        }
        let lost = members[2].lease - members[2].sent;
        assert!(lost > 0 && sent + lost <= 1_000, "{sent} {lost}");
        assert_eq!(members.iter().map(|member| member.lease).sum::<u64>(), 1_000);
        assert_eq!(members[0].sent + members[1].sent, 1_000 - members[2].lease, "nothing else is held back");
        assert_eq!(LeasePool::new(None).lease(&mut member(), 3), None);
    }

    #[test]
    fn whose_jobs_are_known_has_them_from_the_beginning_and_a_cap_is_met_exactly() {
        let jobs = [120, 30, 50];
        for (cap, reserve) in [(200, 0), (260, 60)] {
            let mut pool = LeasePool::new(Some(cap));
            let mut members = [member(), member(), member()];
            pool.deal(&mut members, &jobs);
            assert_eq!(members.each_ref().map(|member| member.lease), jobs);
            // However uneven their pace, everybody sends all of its own.
            for (number, member) in (0u64..).zip(&mut members) {
                while member.sent < jobs[number as usize] {
                    let lease = pool.lease(member, 3).expect("a cap");
                    assert!(lease > member.sent, "{number} waits with {} sent of {cap}", member.sent);
                    member.sent = (member.sent + 1 + 9 * number).min(jobs[number as usize]);
                }
            }
            let leased: u64 = members.iter().map(|member| member.lease).sum();
            assert!(leased <= cap && leased >= 200 && leased <= 200 + reserve, "{leased} of {cap}");
        }
        // With less than that nobody has it all: portions are dealt as they are asked for.
        let mut pool = LeasePool::new(Some(199));
        let mut members = [member(), member(), member()];
        pool.deal(&mut members, &jobs);
        assert!(members.iter().all(|member| member.lease == 0));
    }

    #[test]
    fn what_was_sent_beyond_a_lease_is_taken_from_what_is_left() {
        let mut pool = LeasePool::new(Some(100));
        let mut members = [member(), member()];
        let first = pool.lease(&mut members[0], 2).expect("a cap");
        members[0].sent = first + 30;
        for _ in 0..1_000 {
            for member in &mut members {
                member.sent = pool.lease(member, 2).expect("a cap").max(member.sent);
            }
        }
        assert_eq!(members.iter().map(|member| member.sent).sum::<u64>(), 100);
    }
}
