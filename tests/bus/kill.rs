//! Whoever is killed, the bytes are those of one process: only time is lost.

use crate::needs::missing;
use crate::server::{Server, Which};
use crate::support::{OVER, Workspace, assert_same, cells, until, whole};

/// Who is killed in the middle.
#[derive(Clone, Copy, Debug)]
enum Killed {
    Nobody,
    Worker,
    Server,
    Coordinator,
    All,
}

/// What is run.
#[derive(Clone, Copy, Debug)]
enum What {
    Run,
    Sweep,
}

/// Runs it with two workers, kills somebody when the first cells are there, and compares.
fn holds(which: Which, what: What, killed: Killed) {
    let mut server = match Server::start(which, &[]) {
        Ok(server) => server,
        Err(why) => return missing(&why),
    };
    let (place, url) = (Workspace::new(), server.url());
    let over = match what {
        What::Run => String::new(),
        What::Sweep => format!(" --over {OVER}"),
    };
    let line = format!("run s.yaml -o out --bus {url}{over}");
    let mut workers = [place.worker(&url, "one"), place.worker(&url, "two")];
    let mut coordinator = place.start(&line);
    until("the first cells are there", || {
        assert!(coordinator.is_alive(), "{}", coordinator.end().1);
        cells(&place.path("out")) >= 2
    });
    if matches!(killed, Killed::Worker | Killed::All) {
        workers[0].kill();
    }
    if matches!(killed, Killed::Server | Killed::All) {
        server.kill();
        coordinator.says("the bus is lost");
        server.start_again();
    }
    if matches!(killed, Killed::Coordinator | Killed::All) {
        coordinator.kill();
        let were_there = cells(&place.path("out"));
        coordinator = place.start(&line);
        coordinator.says(&format!("{were_there} of "));
    }
    let (code, said) = coordinator.end();
    assert_eq!(code, Some(0), "{which:?} {what:?} {killed:?}: {said}");
    let [run, sweep] = whole();
    assert_same(
        &place.files("out"),
        match what {
            What::Run => run,
            What::Sweep => sweep,
        },
    );
}

#[test]
fn a_run_by_two_workers_is_that_of_one_process() {
    holds(Which::Current, What::Run, Killed::Nobody);
    holds(Which::Debian, What::Run, Killed::Nobody);
}

#[test]
fn a_sweep_by_two_workers_is_that_of_one_process() {
    holds(Which::Current, What::Sweep, Killed::Nobody);
}

#[test]
fn a_worker_that_is_killed_costs_time_only() {
    holds(Which::Current, What::Sweep, Killed::Worker);
    holds(Which::Debian, What::Run, Killed::Worker);
}

#[test]
fn a_server_that_is_killed_and_has_lost_everything_costs_time_only() {
    holds(Which::Current, What::Sweep, Killed::Server);
    holds(Which::Debian, What::Run, Killed::Server);
}

#[test]
fn a_coordinator_that_is_killed_goes_on_where_it_was() {
    holds(Which::Current, What::Sweep, Killed::Coordinator);
    holds(Which::Debian, What::Run, Killed::Coordinator);
}

#[test]
fn all_of_them_killed_at_once_cost_time_only() {
    holds(Which::Current, What::Run, Killed::All);
    holds(Which::Debian, What::Sweep, Killed::All);
}

#[test]
fn trials_are_added_over_a_bus_until_intervals_are_narrow_as_in_one_process() {
    let server = match Server::start(Which::Current, &[]) {
        Ok(server) => server,
        Err(why) => return missing(&why),
    };
    let (place, url) = (Workspace::new(), server.url());
    let text = std::fs::read_to_string(place.path("s.yaml")).expect("there");
    let until =
        text.replace("trials: 5", "trials: { until: 30%, max: 60 }").replace("duration: 40s", "duration: 4s");
    assert_ne!(until, text);
    std::fs::write(place.path("s.yaml"), until).expect("written");
    let _workers = [place.worker(&url, "one"), place.worker(&url, "two")];
    assert_eq!(place.ended("run s.yaml -q -o whole").0, 0);
    let (code, said) = place.ended(&format!("run s.yaml -q -o out --bus {url}"));
    assert_eq!(code, 0, "{said}");
    let run = std::fs::read_to_string(place.path("out/run.json")).expect("a run");
    let run: serde_json::Value = serde_json::from_str(&run).expect("JSON");
    let trials = run["strategies"][0]["trials"].as_u64().expect("a number");
    assert!((20..60).contains(&trials), "more than one step, and fewer than all: {trials}");
    assert_same(&place.files("out"), &place.files("whole"));
}

#[test]
fn a_worker_ends_when_there_is_nothing_to_do_for_long() {
    let server = match Server::start(Which::Current, &[]) {
        Ok(server) => server,
        Err(why) => return missing(&why),
    };
    let (code, said) =
        Workspace::new().ended(&format!("worker --bus {} --idle 1s --threads 1", server.url()));
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("ran 0 cells"), "{said}");
}
