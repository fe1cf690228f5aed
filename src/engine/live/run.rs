//! Runs a scenario on the real clock, trial by trial.

use super::dispatcher::Dispatcher;
use super::drive::{Driven, Stops, drive};
use super::error::Error;
use super::senders::{Senders, ServedClients};
use super::setup::Setup;
use super::share::{Share, ShareEvent, ShareRun};
use super::snapshot::{Control, Snapshot};
use super::trial::LiveTrial;
use crate::backend::{Backend, Fixtures};
use crate::clock::{Alarm, RunClock, sleep, thread_cpu};
use crate::emulator::{Direct, ServiceSettings};
use crate::engine::Core;
use crate::quota::PoolId;
use crate::record::{Layout, Trial};
use crate::results::{Gauge, Watch};
use crate::scenario::Scenario;
use crate::time::{Span, Time};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What a live run is told beside its scenario.
#[derive(Clone)]
pub struct Options {
    /// Threads that send; at least one.
    pub threads: usize,
    /// The emulated KMS, where attempts go there: begun anew for every trial, and asked what its pools met.
    pub emulator: Option<Direct>,
    /// Whether one throttled answer ends the run.
    pub stop_on_throttle: bool,
    /// Most that may be taken of a pool in one second; of pools that are not named, anything.
    pub shares: Vec<(PoolId, f64)>,
    /// Pause between trials, so that no quota window is shared.
    pub pause: Span,
    /// Whether tokio's clock is paused, as tests do: then its timer is the one that moves time.
    pub is_paused: bool,
    /// The share of the clients that is run here, if it is not all of them.
    pub share: Option<Share>,
}

/// Runs every trial of every strategy, one after another, and gives them by strategy.
///
/// `make` gives each sending thread its backend, anew for each trial. Must run inside a current-thread runtime. After an
/// interruption, a cap or a throttle that ends the run, what is left is not begun.
///
/// # Errors
/// A thread cannot be started.
pub async fn run<B: Backend, M: Fn() -> B + Clone + Send + 'static>(
    scenario: &Scenario,
    fixtures: &Arc<Fixtures>,
    make: impl Fn(usize, u32) -> M,
    setup: &Setup,
    options: &Options,
    control: &Control,
) -> Result<Vec<Vec<LiveTrial>>, Error> {
    let layout = Arc::new(Layout::new(&scenario.workloads));
    let begun = RunClock::start();
    if let Some(emulator) = options.emulator.as_ref().filter(|_| !options.is_paused) {
        emulator.wake_here()?;
    }
    let (mut sent, mut number) = (setup.attempts, 0);
    let mut all: Vec<Vec<LiveTrial>> = scenario.strategies.iter().map(|_| Vec::new()).collect();
    for trial in 0..scenario.trials {
        for strategy in order(scenario.strategies.len(), trial, scenario.seed) {
            if !options.pause.is_zero() && all.iter().any(|trials| !trials.is_empty()) {
                sleep(options.pause).await;
            }
            let context =
                TrialContext { scenario, layout: &layout, strategy, trial, number, sent, run_began: begun };
            let local = tokio::task::LocalSet::new();
            let one = run_trial(&context, fixtures, make(strategy, trial), options, control);
            let Some(done) = local.run_until(one).await? else { return Ok(all) };
            if let Some(share) = &options.share {
                (share.tell)(ShareEvent::Ended(number, Box::new(done.clone())));
            }
            number += 1;
            sent += done.trial.recorder.attempt_totals().attempts;
            let ended = &done.ended;
            let is_last = ended.interrupted || ended.cap.is_some() || ended.throttled;
            all[strategy].push(done);
            if is_last || control.stop.load(Ordering::Relaxed) {
                return Ok(all);
            }
        }
    }
    Ok(all)
}

/// The order of `many` strategies in `trial`: whoever came first comes last in the next, so that nobody has the cold start, or
/// the busy minute, to himself. Who comes first of all follows from the seed.
pub fn order(many: usize, trial: u32, seed: u64) -> impl Iterator<Item = usize> {
    let first = (seed % many.max(1) as u64) as usize + trial as usize;
    (0..many).map(move |turn| (first + turn) % many)
}

/// Which trial, and what came before it.
struct TrialContext<'s> {
    scenario: &'s Scenario,
    layout: &'s Arc<Layout>,
    strategy: usize,
    trial: u32,
    /// Its number among the trials of all strategies, in the order in which they are run.
    number: u32,
    /// Attempts of the run so far.
    sent: u64,
    run_began: RunClock,
}

/// Runs a trial; `None` if it is a share that was told to end before it began.
async fn run_trial<B: Backend>(
    context: &TrialContext<'_>,
    fixtures: &Arc<Fixtures>,
    make: impl Fn() -> B + Clone + Send + 'static,
    options: &Options,
    control: &Control,
) -> Result<Option<LiveTrial>, Error> {
    let TrialContext { scenario, layout, strategy, trial, .. } = *context;
    let dispatcher = dispatcher(context, options);
    let share = options.share.as_ref();
    let dealt = || share.map(|share| (share.index, share.dealing(context.number)));
    let core = |dealt| Core::live(scenario, layout, (strategy, trial), dispatcher.phase(), dealt);
    let known = dealt();
    let mut made = core(known.clone());
    let begin = async || {
        begin_service(context, options);
        match share {
            Some(share) => share.begun(context.number).await,
            None => Some(RunClock::start()),
        }
    };
    let (first, every) = share.map_or((0, 1), |share| (share.index, share.of));
    let clients = ServedClients { first, every, of: scenario.fleet.clients };
    let started = Senders::start((options.threads, clients), make, fixtures, begin).await?;
    let Some((mut senders, clock)) = started else { return Ok(None) };
    // Who was lost while this one had made ready already is lost from the beginning.
    let known = match dealt() {
        now if now == known => known,
        now => {
            made = core(now.clone());
            now
        }
    };
    let mut alarm = if options.is_paused { Alarm::coarse(clock) } else { Alarm::fine(clock)? };
    let cpu = thread_cpu();
    let stops = Stops { watch: Watch::new(scenario, strategy), control, until: context.until() };
    let show = |driven: &Driven<'_>, now| context.snapshot(driven, now, cpu);
    let mut gauge = Gauge::new(scenario, strategy);
    let mut driven = Driven { core: made, dispatcher };
    let knows = (context.sent, known.map_or(0, |(_, dealing)| dealing.lost()));
    let share = share.map(|share| ShareRun::new(share, context.number, layout, knows));
    let ended =
        drive(&mut driven, &mut senders, (clock, &mut alarm), (&stops, &mut gauge), share, show).await?;
    senders.end();
    let Driven { core, mut dispatcher } = driven;
    let elapsed = clock.now().since(Time::ZERO);
    let busy = busy(cpu, elapsed).unwrap_or(0.0);
    let pools = match &options.emulator {
        Some(emulator) => emulator.pools(),
        None => dispatcher.finish(core.recorder().last()),
    };
    let trial = Trial { readings: gauge.into_readings(), ..core.into_trial(pools, ended.aborted_at) };
    Ok(Some(LiveTrial { trial, ended, elapsed, busy }))
}

/// What sends the attempts of a trial, as far as they may be sent.
fn dispatcher(context: &TrialContext<'_>, options: &Options) -> Dispatcher {
    let mut dispatcher = Dispatcher::new(context.scenario, context.strategy, context.trial);
    if let Some(cap) = context.scenario.live.caps.attempts {
        dispatcher.cap(cap.saturating_sub(context.sent));
    }
    if options.stop_on_throttle {
        dispatcher.stop_on_throttle();
    }
    options.shares.iter().for_each(|(pool, per_second)| dispatcher.share(*pool, *per_second));
    dispatcher
}

/// Begins the emulated KMS anew, where attempts go there.
fn begin_service(context: &TrialContext<'_>, options: &Options) {
    let scenario = context.scenario;
    if let Some(emulator) = &options.emulator {
        emulator.begin(ServiceSettings {
            quotas: scenario.quotas.clone(),
            service_time: scenario.service_time.clone(),
            faults: scenario.faults.clone(),
            seed: scenario.seed,
            trial: context.trial,
        });
    }
}

/// The share of `elapsed` that this thread was computing, which had computed for `before` when it began.
fn busy(before: Option<Span>, elapsed: Span) -> Option<f64> {
    let spent = thread_cpu()?.as_nanos().saturating_sub(before?.as_nanos());
    (!elapsed.is_zero()).then(|| spent as f64 / elapsed.as_nanos() as f64)
}

impl TrialContext<'_> {
    /// When a trial that begins now has used up the time that the run may take.
    fn until(&self) -> Time {
        let spent = self.run_began.now().since(Time::ZERO);
        let left = |most: Span| Time::from_nanos(most.as_nanos().saturating_sub(spent.as_nanos()));
        self.scenario.live.caps.duration.map_or(Time::NEVER, left)
    }

    /// What somebody who watches sees now.
    fn snapshot(&self, driven: &Driven<'_>, now: Time, cpu: Option<Span>) -> Snapshot {
        let recorder = driven.core.recorder();
        let sent = self.sent + recorder.attempt_totals().attempts;
        let busy = busy(cpu, now.since(Time::ZERO));
        let seen = (recorder, driven.dispatcher.so_far());
        Snapshot::of(self.scenario, (self.trial, self.strategy), now, seen, busy, sent)
    }
}
