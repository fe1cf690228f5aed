//! What the workers of a live load tell, put together: as far as it is heard while a trial runs, and from their logs in the end.

use super::log::{LogHead, WorkerLog};
use crate::bus::live::{Assembly, Outcome, StopReason, log_name};
use crate::engine::live::{Control, Ended, LiveTrial, Lost, Snapshot, order};
use crate::quota::{Enforcement, PoolReport};
use crate::record::{Layout, Micros, Mirror, Piece, Reading, Recorder, Trial, micros};
use crate::results::{Gauge, Watch, WorkerLost, WorkerWall};
use crate::runner::LiveTrials;
use crate::scenario::Scenario;
use crate::time::{Span, Time};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A load by `workers` workers.
pub struct LoadAssembly<'a> {
    scenario: &'a Scenario,
    control: &'a Control,
    run: &'a str,
    layout: Arc<Layout>,
    phase: Time,
    workers: usize,
    /// Attempts that set-up has sent.
    sent: u64,
    /// The trials in the order in which they are run: number and strategy.
    order: Vec<(u32, usize)>,
    now: Option<Current<'a>>,
    over: Vec<Parts>,
}

/// The trial under way.
struct Current<'a> {
    mirrors: Vec<Mirror>,
    logs: Vec<Option<WorkerLog>>,
    gauge: Gauge<'a>,
    watch: Watch<'a>,
}

/// A trial that is over: of each worker its log, or what was heard of it.
struct Parts {
    mirrors: Vec<Mirror>,
    logs: Vec<Option<WorkerLog>>,
    readings: Vec<Reading>,
}

impl<'a> LoadAssembly<'a> {
    /// Nothing yet of the load of `scenario`, which is `run`; set-up has sent so many attempts.
    pub fn new(
        scenario: &'a Scenario,
        run: &'a str,
        workers: u32,
        sent: u64,
        control: &'a Control,
    ) -> LoadAssembly<'a> {
        let strategies = scenario.strategies.len();
        let of_trial = |trial| order(strategies, trial, scenario.seed).map(move |strategy| (trial, strategy));
        let phase = match scenario.quotas.enforcement {
            Enforcement::Window { phase } => phase.unwrap_or(Span::ZERO),
            _ => Span::ZERO,
        };
        LoadAssembly {
            scenario,
            control,
            run,
            layout: Arc::new(Layout::new(&scenario.workloads)),
            phase: Time::ZERO + phase,
            workers: workers as usize,
            sent,
            order: (0..scenario.trials).flat_map(of_trial).collect(),
            now: None,
            over: Vec::new(),
        }
    }

    /// How many trials there are, of all strategies together.
    pub fn trials(&self) -> u32 {
        u32::try_from(self.order.len()).unwrap_or(u32::MAX)
    }

    /// Files the trial under way.
    fn close(&mut self) {
        if let Some(now) = self.now.take() {
            let readings = now.gauge.into_readings();
            self.over.push(Parts { mirrors: now.mirrors, logs: now.logs, readings });
        }
    }

    /// What is known of the trial under way, all workers together.
    fn whole(&self) -> Option<(Recorder, Vec<PoolReport>)> {
        let now = self.now.as_ref()?;
        let each = now.mirrors.iter().zip(&now.logs).map(|(mirror, log)| match log {
            Some(log) => log.live.trial.clone(),
            None => mirror.so_far(),
        });
        Trial::of_shares(each).map(|whole| (whole.recorder, whole.pools))
    }

    /// What all workers have run, as `outcome` tells how it went.
    pub fn into_lived(mut self, outcome: &Outcome) -> LiveTrials {
        self.close();
        let mut trials: Vec<Vec<LiveTrial>> = self.scenario.strategies.iter().map(|_| Vec::new()).collect();
        let mut tallies: Vec<WorkerTally> = outcome.members.iter().map(|_| WorkerTally::default()).collect();
        for (number, parts) in (0u32..).zip(self.over) {
            for (worker, tally) in tallies.iter_mut().enumerate() {
                tally.add(parts.logs[worker].as_ref(), &parts.mirrors[worker]);
            }
            let strategy = self.order[number as usize].1;
            trials[strategy].extend(parts.into_trial(number, outcome));
        }
        let clients = self.scenario.fleet.clients;
        let many = outcome.members.len() as u32;
        let wall = |(number, (member, tally)): (usize, (&crate::bus::live::Member, WorkerTally))| {
            let loss = outcome.losses.iter().find(|loss| loss.worker == number);
            let lost = loss.map(|loss| WorkerLost {
                trial: loss.trial + 1,
                at_s: loss.at.as_secs_f64(),
                unfinished: tally.unfinished,
                dealt_at_s: loss.dealt.map(Time::as_secs_f64),
            });
            let number = number as u32;
            WorkerWall {
                name: member.name.clone(),
                threads: member.threads,
                clients: (clients + many - 1 - number) / many.max(1),
                offered: tally.offered,
                lateness_p99_ms: tally.lateness.value_at_percentile(99.0) as f64 / 1e3,
                busy_share: tally.busy,
                cpu_s: tally.cpu.map(|cpu| cpu.as_secs_f64()),
                clock_error_ms: member.clock_error().map(|error| error.as_secs_f64() * 1e3),
                lost,
            }
        };
        let workers = outcome.members.iter().zip(tallies).enumerate().map(wall).collect();
        (trials, workers)
    }
}

/// What a worker did in all trials.
struct WorkerTally {
    offered: u64,
    /// Jobs of which nobody knows what became of them.
    unfinished: u64,
    lateness: Micros,
    busy: f64,
    cpu: Option<Span>,
}

impl Default for WorkerTally {
    fn default() -> WorkerTally {
        WorkerTally { offered: 0, unfinished: 0, lateness: micros(), busy: 0.0, cpu: None }
    }
}

impl WorkerTally {
    fn add(&mut self, log: Option<&WorkerLog>, mirror: &Mirror) {
        let recorder = log.map_or_else(|| mirror.recorder(), |log| &log.live.trial.recorder);
        let jobs = recorder.job_totals();
        self.offered += jobs.offered;
        self.lateness.add(recorder.lateness()).expect("a resizing histogram takes any other");
        match log {
            Some(log) => {
                self.busy = self.busy.max(log.live.busy);
                self.cpu = log.cpu.map(|cpu| cpu + self.cpu.unwrap_or_default()).or(self.cpu);
            }
            None => self.unfinished += jobs.offered.saturating_sub(jobs.ended()),
        }
    }
}

impl Parts {
    /// The trial that they make; `None` if nothing is known of any part.
    fn into_trial(self, number: u32, outcome: &Outcome) -> Option<LiveTrial> {
        let ended = self.ended(number, outcome);
        let logs = || self.logs.iter().flatten();
        let elapsed = logs().map(|log| log.live.elapsed).max();
        let busy = logs().map(|log| log.live.busy).fold(0.0, f64::max);
        let parts: Vec<Trial> = self
            .mirrors
            .into_iter()
            .zip(self.logs)
            .map(|(mirror, log)| log.map_or_else(|| mirror.into_trial(), |log| log.live.trial))
            .collect();
        let whole = Trial::of_shares(parts)?;
        let trial = Trial { readings: self.readings, aborted_at: ended.aborted_at, ..whole };
        let elapsed = elapsed.unwrap_or_else(|| trial.recorder.last().since(Time::ZERO));
        Some(LiveTrial { trial, ended, elapsed, busy })
    }

    /// How it ended, as whoever sees the whole knows it: what a worker's log says of being told to stop is its own.
    fn ended(&self, number: u32, outcome: &Outcome) -> Ended {
        let mut refusals: BTreeMap<String, String> = BTreeMap::new();
        for (code, message) in self.logs.iter().flatten().flat_map(|log| &log.live.ended.refusals) {
            refusals.entry(code.clone()).or_insert_with(|| message.clone());
        }
        let aborted_at = outcome.aborted.iter().find(|(trial, _)| *trial == number).map(|(_, at)| *at);
        let ended = Ended { aborted_at, refusals, ..Ended::default() };
        let name = |worker: usize| outcome.members[worker].name.clone();
        match &outcome.stopped {
            // What was stopped between two trials was stopped after the one.
            Some((reason, trial, _)) if (*trial).min(outcome.begun.saturating_sub(1)) == number => {
                match reason {
                    StopReason::Person | StopReason::Refused(..) => Ended { interrupted: true, ..ended },
                    StopReason::Loss(worker) => Ended { lost: Some(Lost::Worker(name(*worker))), ..ended },
                    StopReason::Bus => Ended { lost: Some(Lost::Bus), ..ended },
                    StopReason::Worker(worker) => {
                        match self.logs[*worker].as_ref().map(|log| &log.live.ended) {
                            Some(own) if own.cap.is_some() || own.throttled => {
                                Ended { cap: own.cap, throttled: own.throttled, ..ended }
                            }
                            _ => Ended { lost: Some(Lost::Worker(name(*worker))), ..ended },
                        }
                    }
                }
            }
            _ => ended,
        }
    }
}

impl Assembly for LoadAssembly<'_> {
    fn begin(&mut self, trial: u32) {
        self.close();
        let strategy = self.order[trial as usize].1;
        let mirrors = (0..self.workers).map(|_| Mirror::new(&self.layout, self.phase)).collect();
        let (gauge, watch) = (Gauge::new(self.scenario, strategy), Watch::new(self.scenario, strategy));
        self.now = Some(Current { mirrors, logs: vec![None; self.workers], gauge, watch });
    }

    fn piece(&mut self, worker: usize, piece: &Piece) -> Result<bool, String> {
        match &mut self.now {
            Some(now) => now.mirrors[worker].add(piece),
            None => Ok(false),
        }
    }

    fn log(&mut self, trial: u32, worker: usize, name: &str, bytes: &[u8]) -> Result<(), String> {
        let number = worker as u32;
        if name != log_name(trial, number, bytes) {
            return Err("its log is damaged: its bytes are not those that its name tells".into());
        }
        let head = LogHead::new(self.run, trial, number, self.workers as u32);
        let log = head.open(bytes, &self.layout)?;
        if let Some(now) = &mut self.now {
            now.logs[worker] = Some(log);
        }
        Ok(())
    }

    fn look(&mut self, trial: u32, at: Time) -> bool {
        let Some((recorder, pools)) = self.whole() else { return false };
        let place = self.order[trial as usize];
        if self.control.is_watched() {
            let busy = None;
            let sent = self.sent_before() + recorder.attempt_totals().attempts;
            self.control.show(Snapshot::of(self.scenario, place, at, (&recorder, pools), busy, sent));
        }
        let Some(now) = &mut self.now else { return false };
        if at >= now.gauge.next() {
            now.gauge.read(&recorder, at);
        }
        at >= now.watch.first_look() && now.watch.is_missed(&recorder)
    }
}

impl LoadAssembly<'_> {
    /// Attempts before the trial under way, as far as they were heard.
    fn sent_before(&self) -> u64 {
        let attempts = |parts: &Parts| {
            let each = parts.mirrors.iter().zip(&parts.logs).map(|(mirror, log)| {
                let recorder = log.as_ref().map_or_else(|| mirror.recorder(), |log| &log.live.trial.recorder);
                recorder.attempt_totals().attempts
            });
            each.sum::<u64>()
        };
        self.sent + self.over.iter().map(attempts).sum::<u64>()
    }
}
