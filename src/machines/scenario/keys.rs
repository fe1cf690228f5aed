//! A scenario, declared: its own keys, in the order in which they are written. What stands under them is declared with its
//! type, or by the forms of [`build`](super::build).

use super::build::{Gate, Own, Strategies, Sweep, Thresholds, Trials, Workloads, fit};
use super::live::{REGION, TARGET};
use super::workload::Defaults;
use super::{Live, Scenario, Strategy, Target, Threshold};
use crate::api::partition::DEFAULT_REGION;
use crate::kms::{Fault, Faults, ServiceTime, Times};
use crate::language::{
    Declared, Fields, Reader, Shape, Shown, Table, Walk, Whole, beside, key, later, record, whole,
};
use crate::quota::Quotas;
use crate::units::Ratio;
use crate::workload::{FleetConfig, Workload};
use std::sync::LazyLock;

/// The name of a run and its folder.
const NAME: Shown<String> = Shown {
    shape: Shape::Text,
    read: |r, item| {
        let name = r.string(item)?;
        r.is_name(item.node.shown, &item.path, &name).then_some(name)
    },
};

/// The key of every random draw.
pub const SEED: Whole<u64> = whole(0, u64::MAX);

/// The account's quotas, in a scenario and in a service alone.
fn quotas() -> impl Declared<Value = Quotas> {
    key("quotas", "Deviations from the Region's default quotas.", record()).or(Quotas::default())
}

/// What goes wrong, in a scenario and in a service alone.
fn faults(is_server: bool) -> impl Declared<Value = Vec<Fault>> {
    key("faults", "What goes wrong (nothing).", Faults { is_server }).or(Vec::new())
}

/// The ways to call KMS.
fn strategies() -> impl Declared<Value = Strategies> {
    key("strategies", "Ways to call KMS that are compared; at least one.", Strategies::FORM).needed()
}

/// The keys of a scenario.
pub fn table() -> &'static Table {
    static TABLE: LazyLock<Table> =
        LazyLock::new(|| Table::described("scenario", |keys| walk(keys, None, "scenario")));
    &TABLE
}

/// Walks through a scenario; `name` is what it is called unless it says so itself. What is read counts only if no problem
/// was reported.
pub(super) fn walk(walk: &mut Walk<'_, '_>, now: Option<&Scenario>, name: &str) -> Option<Scenario> {
    walk.part(key("version", "Version of the language ({}).", whole::<u32>(1, 1)).or(1), now.map(|_| &1));
    let about = "Names the run and its folder (the file's name).";
    let name = walk.part(key("name", about, NAME).or(name.to_owned()), now.map(|now| &now.name));
    let about = "Key of every random draw ({}).";
    let seed = walk.part(key("seed", about, SEED).or(42), now.map(|now| &now.seed));
    let about = "Where attempts go: sim (default), emulator, a URL, or aws.";
    let target = walk.part(key("target", about, TARGET).or(Target::Sim), now.map(|now| &now.target));
    let about = "Region whose default quotas apply ({}).";
    let region = key("region", about, REGION).or(DEFAULT_REGION.to_owned());
    let region = walk.part(region, now.map(|now| &now.region));
    let quotas = walk.part(quotas(), now.map(|now| &now.quotas));
    let about = "How long KMS takes; assumed until calibrated; 0 for no time at all.";
    let times = key("serviceTime", about, Times).or(ServiceTime::assumed());
    let (times, is_timed) = walk.clean(|walk| walk.part(times, now.map(|now| &now.service_time)));
    let faults = walk.part(faults(false), now.map(|now| &now.faults));
    let about = "The processes that make the calls (one).";
    let fleet = walk.part(key("fleet", about, record()).or(FleetConfig::ONE), now.map(|now| &now.fleet));
    let is_for = now.map(|now| &now.target).or(target.as_ref()).unwrap_or(&Target::Sim);
    let rest = rest(walk, now, &Around { target: is_for, times: times.as_ref(), is_timed });
    let Rest { workloads, strategies, trials, thresholds, gate, sweep, live } = rest?;
    Some(Scenario {
        name: name?,
        seed: seed?,
        target: target?,
        region: region?,
        quotas: quotas?,
        service_time: times?,
        faults: faults?,
        fleet: fleet?,
        workloads,
        strategies,
        trials: trials.0,
        until: trials.1,
        thresholds,
        gate,
        sweep: sweep.over,
        live,
    })
}

/// What is told of a scenario before its load.
struct Around<'a> {
    target: &'a Target,
    times: Option<&'a ServiceTime>,
    /// Whether `times` are what the file says.
    is_timed: bool,
}

/// A scenario from its load on.
struct Rest {
    workloads: Vec<Workload>,
    strategies: Vec<Strategy>,
    trials: (u32, Option<Ratio>),
    thresholds: Vec<Threshold>,
    gate: Vec<String>,
    sweep: Sweep,
    live: Live,
}

/// The part of [`walk`] from the load on.
fn rest(walk: &mut Walk<'_, '_>, now: Option<&Scenario>, around: &Around<'_>) -> Option<Rest> {
    let (defaults, has_defaults) = walk.clean(|walk| walk.part(beside::<Defaults>(), None));
    // Workloads refer to strategies, which stand behind them.
    let (known, has_strategies) = walk.clean(|walk| match (now, walk.is_reading()) {
        (Some(now), _) => Some(Strategies::of(&now.strategies)),
        (None, true) => walk.part(strategies(), None),
        (None, false) => None,
    });
    let (defaults, known) = (defaults.unwrap_or_default(), known.unwrap_or_default());
    let (workloads, knows_workloads) = walk.clean(|walk| {
        let form = Workloads { defaults: &defaults, strategies: &known };
        let workloads = key("workloads", "Who works; at least one.", form).needed();
        let (read, is_clean) = walk.clean(|walk| walk.part(workloads, now.map(|now| &now.workloads)));
        if let (Some(read), Some(times), true) = (&read, around.times, is_clean) {
            walk.look(|r, fields| fit::in_time(r, fields, read, times));
        }
        read
    });
    if !walk.is_reading() {
        walk.part(strategies(), now.map(|_| &known));
    }
    let own =
        Own { strategies: &known, workloads: workloads.as_deref().unwrap_or_default(), knows_workloads };
    let about = "Seeded repetitions (5 in the simulator, 1 live); or, in the simulator, until intervals are narrow enough.";
    let trials = Trials { target: around.target };
    let trials = key("trials", about, trials).or(trials.usual());
    let trials = walk.part(trials, now.map(|now| (now.trials, now.until)).as_ref());
    let (judged, is_judged) = walk.clean(|walk| judged(walk, now, own));
    let about = "Runs the scenario over a grid of values (one point: as it stands).";
    let sweep = key("sweep", about, record()).or(Sweep::default()).quiet();
    let sweep = walk.part(sweep, now.map(|now| Sweep { over: now.sweep.clone() }).as_ref());
    later(walk, &LATER);
    // The simulator looks at none of it: a simulated run's record stays as it is.
    let is_told = |live: &&Live| *around.target != Target::Sim || **live != Live::default();
    let told = now.map(|now| &now.live).filter(is_told);
    let (live, is_live) = walk.clean(|walk| walk.part(beside::<Live>(), told));
    if let (Some(live), true) = (&live, knows_workloads && is_judged && is_live) {
        fits_together(walk, around, live, (own, has_defaults && has_strategies));
    }
    let (workloads, (thresholds, gate)) = (workloads, judged.unzip());
    Some(Rest {
        workloads: workloads?,
        strategies: known.list(),
        trials: trials?,
        thresholds: thresholds?,
        gate: gate?,
        sweep: sweep?,
        live: live?,
    })
}

/// What is in the language and not built yet.
const LATER: [(&str, &str); 4] = [
    ("accounts", "Several accounts."),
    ("regions", "Several Regions."),
    ("failover", "Moving to another Region."),
    ("consistency", "How changes spread."),
];

/// What must hold, and whose misses decide the exit code.
fn judged(
    walk: &mut Walk<'_, '_>,
    now: Option<&Scenario>,
    own: Own<'_>,
) -> Option<(Vec<Threshold>, Vec<String>)> {
    let about = "What must hold, in k6's grammar plus units. In response_time every offered job counts, and one that was not \
         completed is slower than any bound; in service_time refusals are left out, and an attempt without an answer is \
         slower than any bound; the tag outcome (completed, failed, all) chooses other populations. units_failed is \
         the share of VUs (closed load) or clients (open load) with at least one job that was not completed. goodput counts \
         what happens inside the window; cost is USD for a million completed jobs.";
    let thresholds = key("thresholds", about, Thresholds { own }).or(Vec::new());
    let thresholds = walk.part(thresholds, now.map(|now| &now.thresholds));
    let about = "Strategies whose missed thresholds make the exit code 99 (all).";
    let gate = Gate { strategies: own.strategies };
    let gate = key("gate", about, gate).or(gate.all());
    let gate = walk.part(gate, now.map(|now| &now.gate));
    Some((thresholds?, gate?))
}

/// What only several keys together make impossible; `is_outer` tells whether what stands around the workloads was understood.
fn fits_together(
    walk: &mut Walk<'_, '_>,
    around: &Around<'_>,
    live: &Live,
    (own, is_outer): (Own<'_>, bool),
) {
    let ((), fits) = walk.clean(|walk| {
        walk.look(|r, fields| fit::target(r, fields, around.target, live, own.workloads));
    });
    let Some(times) = around.times.filter(|_| fits && is_outer && around.is_timed) else { return };
    walk.look(|r, fields| {
        fit::caches(r, fields, own);
        fit::times(r, fields, around.target, times, own.workloads);
    });
}

record! {
    /// `quotas`, `serviceTime` and `faults` without a scenario around them: what an emulated KMS is told by itself.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Service as "service" {
        /// The account's quotas, as far as the text says.
        pub quotas: Quotas = quotas(),
        /// How long answers take, if the text says.
        pub service_time: Option<ServiceTime> = key("serviceTime", "How long KMS takes (no time).", Times).optional(),
        /// What goes wrong.
        pub faults: Vec<Fault> = faults(true),
    }
    then has_no_capacity;
}

fn has_no_capacity(r: &mut Reader, fields: &Fields<'_>, service: &mut Service) {
    fit::no_capacity(r, fields, service.service_time.as_ref());
}
