//! Searches whose trials workers run: what is found is, to the byte, what one process finds.

use crate::needs::missing;
use crate::server::{Server, Which};
use crate::support::{Workspace, assert_same, cells, until};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;

type Files = BTreeMap<PathBuf, Vec<u8>>;

/// The searches, short enough for a test and long enough that somebody is killed in the middle.
const ONSET: &str = "onset s.yaml --length 4s --within 5% --trials 2";
const PLAN: &str = "plan s.yaml --trials 2 --today 2026-11-30 --growth 10% --by 2027-11";

/// What one process finds: the onset, and the plan.
fn whole() -> &'static [Files; 2] {
    static WHOLE: OnceLock<[Files; 2]> = OnceLock::new();
    WHOLE.get_or_init(|| {
        let place = Workspace::new();
        [("onset", ONSET), ("plan", PLAN)].map(|(out, line)| {
            let (code, said) = place.ended(&format!("{line} -q -o {out}"));
            assert_eq!(code, 0, "{said}");
            place.files(out)
        })
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Killed {
    Worker,
    Server,
    Coordinator,
}

/// Searches with two workers, kills somebody when the first trials are there, and compares.
fn holds(line: &str, killed: &[Killed], whole: &Files) {
    let mut server = match Server::start(Which::Current, &[]) {
        Ok(server) => server,
        Err(why) => return missing(&why),
    };
    let (place, url) = (Workspace::new(), server.url());
    let line = format!("{line} -o out --bus {url}");
    let mut workers = [place.worker(&url, "one"), place.worker(&url, "two")];
    let mut coordinator = place.start(&line);
    until("the first trials are there", || {
        assert!(coordinator.is_alive(), "{}", coordinator.end().1);
        cells(&place.path("out")) >= 2
    });
    if killed.contains(&Killed::Worker) {
        workers[0].kill();
    }
    if killed.contains(&Killed::Server) {
        server.kill();
        coordinator.says("the bus is lost");
        server.start_again();
    }
    if killed.contains(&Killed::Coordinator) {
        coordinator.kill();
        let were_there = cells(&place.path("out"));
        coordinator = place.start(&line);
        coordinator.says(&format!("{were_there} cells were there already"));
    }
    let (code, said) = coordinator.end();
    assert_eq!(code, Some(0), "{killed:?}: {said}");
    assert_same(&place.files("out"), whole);
}

#[test]
fn an_onset_by_two_workers_one_of_which_is_killed_is_that_of_one_process() {
    holds(ONSET, &[Killed::Worker], &whole()[0]);
}

#[test]
fn a_plan_by_two_workers_one_of_which_is_killed_is_that_of_one_process() {
    holds(PLAN, &[Killed::Worker], &whole()[1]);
}

#[test]
fn a_search_loses_only_time_when_server_and_coordinator_are_killed() {
    holds(ONSET, &[Killed::Server], &whole()[0]);
    holds(PLAN, &[Killed::Server, Killed::Coordinator], &whole()[1]);
}

#[test]
fn a_search_that_is_stopped_says_how_it_goes_on_and_another_does_not_take_its_folder() {
    let server = match Server::start(Which::Current, &[]) {
        Ok(server) => server,
        Err(why) => return missing(&why),
    };
    let (place, url) = (Workspace::new(), server.url());
    let line = format!("{ONSET} -o out --bus {url}");
    let worker = place.worker(&url, "one");
    let mut coordinator = place.start(&line);
    until("the first trials are there", || cells(&place.path("out")) >= 2);
    coordinator.interrupt();
    let (code, said) = coordinator.end();
    assert_eq!(code, Some(105), "{said}");
    assert!(said.contains("the same command with -o out goes on"), "{said}");
    let (code, said) = place.ended(&line.replace("--within 5%", "--within 4%"));
    assert!(code == 2 && said.contains("trials of another search"), "{said}");
    drop(worker);
    let _worker = place.worker(&url, "two");
    let (code, said) = place.ended(&line);
    assert_eq!(code, 0, "{said}");
    assert_same(&place.files("out"), &whole()[0]);
}

#[test]
fn options_that_a_bus_leaves_without_use_are_refused() {
    let place = Workspace::new();
    let bus = "--bus nats://127.0.0.1:4222";
    for (line, part) in [
        (format!("{ONSET} --threads 2 {bus}"), "give it to each `keystorm worker`"),
        (format!("{PLAN} --threads 2 {bus}"), "give it to each `keystorm worker`"),
        (format!("{ONSET} --bus-token t"), "it goes with --bus URL"),
        (format!("plan --backtest a b {bus}"), "--bus has nothing to deal out"),
    ] {
        let (code, said) = place.ended(&line);
        assert!(code == 2 && said.contains(part), "{line}: {said}");
    }
}
