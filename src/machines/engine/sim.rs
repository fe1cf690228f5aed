//! The simulator: virtual time, strategies and trials side by side on all cores.

use super::charges::key_uses;
use super::core::Core;
use crate::kms::Admission;
use crate::record::{Layout, Trial};
use crate::results::{Gauge, Watch, widest};
use crate::scenario::Scenario;
use crate::time::{Span, Time};
use crate::units::Ratio;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// How a run is steered from outside and watched.
#[derive(Debug, Default)]
pub struct Control {
    /// Set to end every trial where it is.
    pub stop: AtomicBool,
    /// Virtual nanoseconds done, over all trials.
    pub done: AtomicU64,
}

/// Steps between two looks at [`Control`].
const LOOK_EVERY: u64 = 1 << 12;

/// Runs every trial of every strategy on `threads` threads; results do not depend on how many.
///
/// Gives each strategy's trials in order. After [`Control::stop`], trials that had begun are cut where they were and
/// those that had not are left out, but for the first of each strategy. Where the scenario says how narrow intervals have
/// to be, trials are added [`STEP`] at a time, of all strategies, until they are.
pub fn simulate(scenario: &Scenario, threads: usize, control: &Control) -> Vec<Vec<Trial>> {
    let layout = Arc::new(Layout::new(&scenario.workloads));
    let mut results: Vec<Vec<Trial>> = scenario.strategies.iter().map(|_| Vec::new()).collect();
    let mut done = 0;
    while done < scenario.trials {
        let next = trials_after(scenario, done);
        let added = some(scenario, &layout, done..next, threads, control);
        results.iter_mut().zip(added).for_each(|(all, more)| all.extend(more));
        done = next;
        // Where every trial starts at once, whoever finishes first, so that threads change nothing.
        if control.stop.load(Ordering::Relaxed) || are_enough(scenario, &results) {
            break;
        }
    }
    results
}

/// How many trials of every strategy there are next, when there are `done`.
pub fn trials_after(scenario: &Scenario, done: u32) -> u32 {
    match scenario.until {
        Some(_) => (done + STEP).min(scenario.trials),
        None => scenario.trials,
    }
}

/// Whether these trials make every interval as narrow as it is to be.
pub fn are_enough(scenario: &Scenario, results: &[Vec<Trial>]) -> bool {
    let is_narrow =
        |until: Ratio| widest(scenario, results).is_none_or(|widest| widest.half_width <= until.as_f64());
    scenario.until.is_some_and(is_narrow)
}

/// Trials that are added at a time where their number depends on how narrow intervals are.
pub const STEP: u32 = 10;

/// Runs these trials of every strategy, and gives them by strategy.
fn some(
    scenario: &Scenario,
    layout: &Arc<Layout>,
    which: Range<u32>,
    threads: usize,
    control: &Control,
) -> Vec<Vec<Trial>> {
    let (strategies, trials) = (scenario.strategies.len(), which.len());
    let slots: Vec<Mutex<Option<Trial>>> = (0..strategies * trials).map(|_| Mutex::new(None)).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        loop {
            let task = next.fetch_add(1, Ordering::Relaxed);
            let Some(slot) = slots.get(task) else { return };
            // Trial by trial over all strategies, so that an interrupted run has something of each.
            let (trial, strategy) = (which.start + (task / strategies) as u32, task % strategies);
            if trial > 0 && control.stop.load(Ordering::Relaxed) {
                return;
            }
            let done = run_trial(scenario, layout, strategy, trial, control);
            *slot.lock().expect("no trial panics while it holds its slot") = Some(done);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.clamp(1, slots.len().max(1)) {
            scope.spawn(work);
        }
        work();
    });
    let mut results: Vec<Vec<Trial>> = (0..strategies).map(|_| Vec::with_capacity(trials)).collect();
    for (task, slot) in slots.into_iter().enumerate() {
        let done = slot.into_inner().expect("no trial panics while it holds its slot");
        results[task % strategies].extend(done);
    }
    results
}

/// Runs trial `trial` of strategy number `strategy` by itself: for searches, which ask for one at a time.
pub fn simulate_one(scenario: &Scenario, strategy: usize, trial: u32, control: &Control) -> Trial {
    run_trial(scenario, &Arc::new(Layout::new(&scenario.workloads)), strategy, trial, control)
}

/// Does `tasks` tasks on `threads` threads; gives what each came to, in their order.
pub fn side_by_side<T: Send>(tasks: usize, threads: usize, task: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let slots: Vec<Mutex<Option<T>>> = (0..tasks).map(|_| Mutex::new(None)).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(slot) = slots.get(number) else { return };
            let done = task(number);
            *slot.lock().expect("no task panics while it holds its slot") = Some(done);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.clamp(1, tasks.max(1)) {
            scope.spawn(work);
        }
        work();
    });
    let done = |slot: Mutex<Option<T>>| slot.into_inner().expect("as above").expect("every task was done");
    slots.into_iter().map(done).collect()
}

/// Runs one trial to its end, to an aborting threshold, or until stopped. It depends on the scenario, the strategy and the
/// trial's number alone: whoever runs it, wherever, gets the same.
pub fn run_trial(
    scenario: &Scenario,
    layout: &Arc<Layout>,
    strategy: usize,
    trial: u32,
    control: &Control,
) -> Trial {
    let mut admission = admission(scenario, trial);
    let mut core = Core::new(scenario, layout, (strategy, trial), admission.phase());
    let watch = Watch::new(scenario, strategy);
    let mut gauge = Gauge::new(scenario, strategy);
    let (mut look, mut told) = (watch.first_look(), Time::ZERO);
    // What comes first of a look and a reading.
    let mut pause = look.min(gauge.next());
    let mut aborted_at = None;
    loop {
        let now = core.poll_timeout();
        if now.is_never() {
            break;
        }
        if now >= pause {
            if now >= gauge.next() {
                gauge.read(core.recorder(), now);
            }
            if now >= look {
                if watch.is_missed(core.recorder()) {
                    core.cut(now);
                    aborted_at = Some(look);
                    break;
                }
                look = now + Span::from_secs(1);
            }
            pause = look.min(gauge.next());
        }
        step(&mut core, &mut admission, now);
        if core.steps().is_multiple_of(LOOK_EVERY) {
            control.done.fetch_add(now.since(told).as_nanos(), Ordering::Relaxed);
            told = now;
            if control.stop.load(Ordering::Relaxed) {
                core.cut(now);
                break;
            }
        }
    }
    let end = core.recorder().last();
    control.done.fetch_add(end.since(told).as_nanos(), Ordering::Relaxed);
    admission.finish(end);
    Trial { readings: gauge.into_readings(), ..core.into_trial(admission.report(), aborted_at) }
}

/// The emulated service that answers in trial `trial`.
pub(super) fn admission(scenario: &Scenario, trial: u32) -> Admission {
    let Scenario { quotas, region, service_time, faults, seed, .. } = scenario;
    Admission::new(quotas, region, service_time, faults, &key_uses(scenario), *seed, trial)
}

/// Does what is due at `now` and has the service answer what is sent.
#[inline]
fn step(core: &mut Core<'_>, admission: &mut Admission, now: Time) {
    core.handle_timeout(now, now);
    while let Some(attempt) = core.poll_output(now) {
        let sent = core.sent(&attempt, now);
        let answer = admission.handle(&attempt, now);
        core.answers_at(answer.ready_at, attempt.token, sent, answer.reply);
    }
}
