//! What the live tests share: runs of the binary, and the figures of their saved runs.

use assert_cmd::cargo::CommandCargoExt;
use keystorm::backend::Emulated;
use keystorm::clock::RunClock;
use keystorm::emulator::{Direct, Settings};
use keystorm::engine::live::{
    self, Control, LostShares, Options, Provision, Setup, Share, ShareEvent, ShareOrders,
};
use keystorm::record::{Layout, Mirror, Trial};
use keystorm::scenario::Scenario;
use keystorm::time::{Span, Time};
use serde_json::Value;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use tempfile::TempDir;
use tokio::sync::watch;

static QUIET: RwLock<()> = RwLock::new(());

/// Held by whoever measures milliseconds on the real clock: nobody else loads the machine meanwhile.
pub fn alone() -> RwLockWriteGuard<'static, ()> {
    QUIET.write().unwrap_or_else(PoisonError::into_inner)
}

/// Held by whoever runs for seconds on the real clock and bears others who do.
pub fn among_others() -> RwLockReadGuard<'static, ()> {
    QUIET.read().unwrap_or_else(PoisonError::into_inner)
}

/// The scenario that `text` describes.
pub fn read(text: &str) -> Scenario {
    match Scenario::parse(text, &keystorm::scenario::Options::default()) {
        Ok(checked) => checked.scenario,
        Err(problems) => panic!("{problems}"),
    }
}

/// Its live run in this process, on a clock that stands still until somebody waits; each strategy's trials.
pub fn lived(scenario: &Scenario) -> Vec<Vec<Trial>> {
    lived_in_order(scenario).0
}

/// The same, and the order in which (trial, strategy) began.
pub fn lived_in_order(scenario: &Scenario) -> (Vec<Vec<Trial>>, Vec<(u32, usize)>) {
    paused(|| lived_here(scenario, None))
}

/// The trials of a share of the clients, by strategy, and of each trial how many jobs were told of piece by piece, in how many.
pub fn lived_shares(scenario: &Scenario, index: u32, of: u32) -> (Vec<Vec<Trial>>, Vec<(u64, u32)>) {
    lived_shares_losing(scenario, (index, of), &[])
}

/// The same, where others are lost in each trial: told of when so many pieces of the trial have come, and from when on the others
/// serve their clients.
pub fn lived_shares_losing(
    scenario: &Scenario,
    (index, of): (u32, u32),
    losing: &[(u32, u32, Time)],
) -> (Vec<Vec<Trial>>, Vec<(u64, u32)>) {
    let losing = losing.to_vec();
    let lost = move |trial, pieces: u32| {
        let told = losing.iter().filter(|(after, ..)| *after <= pieces);
        LostShares { trial, shares: told.map(|(_, share, from)| (*share, *from)).collect() }
    };
    let (begin, orders) = watch::channel(ShareOrders::default());
    let layout = Arc::new(Layout::new(&scenario.workloads));
    let mirrors: Arc<Mutex<Vec<Mirror>>> = Arc::default();
    let heard = Arc::clone(&mirrors);
    let tell = move |event| match event {
        ShareEvent::Ready(trial) => {
            heard.lock().unwrap().push(Mirror::new(&layout, Time::ZERO));
            begin.send_modify(|orders| {
                orders.start = Some((trial, RunClock::start()));
                orders.lost = lost(trial, 0);
            });
        }
        ShareEvent::Piece(trial, piece) => {
            let mirror = &mut heard.lock().unwrap()[trial as usize];
            assert_eq!(mirror.add(&piece), Ok(false), "none is missing");
            begin.send_modify(|orders| orders.lost = lost(trial, mirror.heard()));
        }
        ShareEvent::Ended(..) => {}
    };
    let share = Share { index, of, orders, tell: Arc::new(tell), sent: Arc::default() };
    let (trials, _) = paused(|| lived_here(scenario, Some(share)));
    let heard = mirrors.lock().unwrap();
    let told = heard.iter().map(|mirror| (mirror.recorder().job_totals().offered, mirror.heard())).collect();
    (trials, told)
}

/// What `work` comes to on a clock that stands still until somebody waits.
fn paused<F: Future>(work: impl FnOnce() -> F) -> F::Output {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, work())
}

async fn lived_here(scenario: &Scenario, share: Option<Share>) -> (Vec<Vec<Trial>>, Vec<(u32, usize)>) {
    let server = Direct::start(Settings::default()).unwrap();
    let provision = Provision::Made { tag: "paused".into(), given_up: false, policy: None };
    let mut setup = Setup::default();
    let fixtures = setup.fixtures(&Emulated::new(server.clone()), scenario, &provision).await.unwrap();
    let options = Options {
        threads: 1,
        emulator: Some(server.clone()),
        stop_on_throttle: false,
        shares: Vec::new(),
        pause: Span::ZERO,
        is_paused: true,
        share,
    };
    let order = std::cell::RefCell::new(Vec::new());
    let make = |strategy, trial| {
        order.borrow_mut().push((trial, strategy));
        let server = server.clone();
        move || Emulated::new(server.clone())
    };
    let control = Control::default();
    let done = live::run(scenario, &Arc::new(fixtures), make, &setup, &options, &control).await.unwrap();
    let trials = done.into_iter().map(|trials| trials.into_iter().map(|live| live.trial).collect());
    (trials.collect(), order.into_inner())
}

/// The clients that attempts can go through, as options of `run`.
pub const IN_PROCESS: &[&str] = &["--set", "transport=in-process"];
pub const RAW: &[&str] = &["--client", "raw"];
#[cfg(feature = "aws")]
pub const SDK: &[&str] = &["--client", "aws-sdk"];

/// `keystorm run` of a scenario with more options: its exit code, its saved run and what it said on stderr.
pub fn run(scenario: &str, options: &[&str]) -> (i32, Value, String) {
    let folder = TempDir::new().expect("a temporary folder");
    let (path, out) = (folder.path().join("scenario.yaml"), folder.path().join("out"));
    std::fs::write(&path, scenario).expect("written");
    let mut command = Command::cargo_bin("keystorm").expect("the binary is built");
    command.arg("run").arg(&path).arg("-q").arg("-o").arg(&out).args(options);
    let output = command.output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let code = output.status.code().unwrap_or_else(|| panic!("{options:?} was ended by a signal: {said}"));
    let run = std::fs::read(out.join("run.json")).map(|json| serde_json::from_slice(&json).expect("JSON"));
    (code, run.unwrap_or_default(), said)
}

/// The same, which must end well.
pub fn done(scenario: &str, options: &[&str]) -> Value {
    let (code, run, said) = run(scenario, options);
    assert_eq!(code, 0, "{options:?}: {said}");
    run
}

/// A figure of a strategy of a saved run, by its path: `jobs.offered`.
pub fn figure(run: &Value, strategy: usize, path: &str) -> f64 {
    let strategy = &run["strategies"][strategy];
    let found = path.split('.').fold(strategy, |at, name| &at[name]);
    found.as_f64().unwrap_or_else(|| panic!("no {path} in {strategy:#}"))
}

/// Whether every job of every strategy is accounted for.
pub fn adds_up(run: &Value) {
    for number in 0..run["strategies"].as_array().expect("strategies").len() {
        let jobs = |name: &str| figure(run, number, &format!("jobs.{name}"));
        assert_eq!(
            jobs("offered"),
            jobs("completed") + jobs("failed") + jobs("shed") + jobs("unfinished"),
            "strategy {number}"
        );
    }
}
