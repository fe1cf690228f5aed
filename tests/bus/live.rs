//! Live loads by workers over a bus: the load is the one of one process, and whoever is lost is named.

use crate::hostile::Stranger;
use crate::needs::missing;
use crate::server::{Server, Which};
use crate::socket;
use crate::support::{Process, Workspace, until};
use keystorm::bus::Version;
use keystorm::clock::Stopwatch;
use keystorm::time::Span;
use serde_json::{Value, json};

/// Jobs a second.
const RATE: u64 = 100;

/// A scenario in `place` that loads `target`.
fn write(place: &Workspace, target: &str, seconds: u64, more: &str) {
    let text = format!(
        "version: 1
target: {target}
client: raw
fleet: {{ clients: 30 }}
workloads:
  load: {{ executor: constant-arrival-rate, rate: {RATE}/s, duration: {seconds}s, arrivals: uniform, gracefulStop: 5s, jobs: {{ Decrypt: 1 }} }}
strategies: {{ plain: {{ retry: {{ mode: aws-standard }} }} }}
{more}"
    );
    std::fs::write(place.path("live.yaml"), text).expect("written");
}

fn figure(run: &Value, path: &str) -> f64 {
    let found = path.split('.').fold(&run["strategies"][0], |at, name| &at[name]);
    found.as_f64().unwrap_or_else(|| panic!("no {path} in {run:#}"))
}

fn saved(place: &Workspace, out: &str) -> Value {
    let text = std::fs::read_to_string(place.path(out).join("run.json")).expect("a run was saved");
    serde_json::from_str(&text).expect("JSON")
}

/// Whether every job is accounted for; gives how many there were.
#[track_caller]
fn adds_up(run: &Value) -> f64 {
    let jobs = |name: &str| figure(run, &format!("jobs.{name}"));
    assert_eq!(
        jobs("offered"),
        jobs("completed") + jobs("failed") + jobs("shed") + jobs("unfinished"),
        "{run:#}"
    );
    jobs("offered")
}

/// Everything that a load needs: a bus, a KMS, and workers of one thread.
struct Scene {
    server: Server,
    kms: socket::Server,
    place: Workspace,
    workers: Vec<Process>,
}

impl Scene {
    fn new(which: Which, names: &[&str], seconds: u64, more: &str) -> Result<Scene, String> {
        let server = Server::start(which, &[])?;
        let (kms, place) = (socket::Server::start(socket::ample()), Workspace::new());
        write(&place, &kms.running.url(), seconds, more);
        let workers = names.iter().map(|name| Scene::worker(&place, &server, &kms, name)).collect();
        Ok(Scene { server, kms, place, workers })
    }

    fn worker(place: &Workspace, server: &Server, kms: &socket::Server, name: &str) -> Process {
        place.start(&format!(
            "worker --bus {} --threads 1 --name {name} --target {}",
            server.url(),
            kms.running.url()
        ))
    }

    fn line(&self, more: &str) -> String {
        let line = format!("run live.yaml -o out --no-tui --provision --bus {} {more}", self.server.url());
        line.trim_end().to_owned()
    }

    /// Starts the run; comes back when attempts have reached the KMS.
    fn begun(&self, more: &str) -> Process {
        let mut run = self.place.start(&self.line(&format!("--workers {} {more}", self.workers.len())));
        run.says("workers: ");
        until("the load has begun", || {
            assert!(run.is_alive(), "{}", run.end().1);
            self.served() > RATE / 2
        });
        run
    }

    /// Calls of the load that the KMS has answered.
    fn served(&self) -> u64 {
        let text = self.kms.admin("GET", "metrics", "").text();
        let is_decrypt = |line: &&str| line.starts_with("keystorm_calls_total") && line.contains("Decrypt");
        text.lines().filter(is_decrypt).filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
    }

    /// Waits until nothing more arrives at the KMS for longer than jobs are apart; gives how long it took, that included.
    fn silent(&self) -> Span {
        let begun = Stopwatch::start();
        let (mut last, mut since) = (self.served(), Stopwatch::start());
        until("the load has stopped", || {
            let now = self.served();
            if now != last {
                (last, since) = (now, Stopwatch::start());
            }
            since.elapsed() >= QUIET
        });
        begun.elapsed()
    }

    fn workers(run: &Value) -> Vec<Value> {
        run["wall"]["workers"].as_array().expect("workers").clone()
    }
}

/// As long as ten jobs of a third of the load are apart: if there were one, it would have come.
const QUIET: Span = Span::from_millis(300);

#[test]
fn three_workers_offer_exactly_the_schedule_of_one_process() {
    for which in [Which::Current, Which::Debian] {
        let scene = match Scene::new(which, &["one", "two", "three"], 4, "") {
            Ok(scene) => scene,
            Err(why) => return missing(&why),
        };
        let (code, said) = scene.begun("").end();
        assert_eq!(code, Some(0), "{which:?}: {said}");
        let run = saved(&scene.place, "out");
        assert_eq!(adds_up(&run), (RATE * 4) as f64);
        assert_eq!(figure(&run, "jobs.completed"), (RATE * 4) as f64);
        assert_eq!(scene.served(), RATE * 4, "every attempt is in the figures");
        let workers = Scene::workers(&run);
        let offered: Vec<u64> =
            workers.iter().map(|worker| worker["offered"].as_u64().expect("jobs")).collect();
        assert_eq!(offered.iter().sum::<u64>(), RATE * 4);
        assert!(offered.iter().all(|jobs| *jobs > 50), "{offered:?}");
        assert!(
            workers.iter().all(|worker| worker["clients"] == 10 && worker["lost"].is_null()),
            "{workers:#?}"
        );
        assert!(workers.iter().all(|worker| worker["cpu_s"].as_f64().expect("told") > 0.0), "{workers:#?}");
    }
}

#[test]
fn trials_of_several_strategies_follow_one_another_and_workers_serve_the_next_run_too() {
    let scene = match Scene::new(Which::Current, &["one", "two"], 2, "") {
        Ok(scene) => scene,
        Err(why) => return missing(&why),
    };
    let text = std::fs::read_to_string(scene.place.path("live.yaml")).expect("there");
    let more = text.replace("strategies: {", "trials: 2\nstrategies: { naive: { retry: { mode: none } },");
    std::fs::write(scene.place.path("live.yaml"), more).expect("written");
    for out in ["out", "again"] {
        let line = scene.line("--workers 2").replace("-o out", &format!("-o {out}"));
        let (code, said) = scene.place.ended(&line);
        assert_eq!(code, 0, "{said}");
        let run = saved(&scene.place, out);
        for strategy in run["strategies"].as_array().expect("strategies") {
            assert_eq!(
                (&strategy["trials"], &strategy["jobs"]["completed"]),
                (&json!(2), &json!(RATE * 2 * 2))
            );
        }
    }
}

#[test]
fn a_worker_that_is_killed_is_named_and_every_job_is_accounted_for() {
    let mut scene = match Scene::new(Which::Current, &["one", "two", "three"], 9, "") {
        Ok(scene) => scene,
        Err(why) => return missing(&why),
    };
    let mut run = scene.begun("--on-loss degrade");
    scene.workers[1].kill();
    let (code, said) = run.end();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("is lost: nothing was heard of it"), "{said}");
    let run = saved(&scene.place, "out");
    let (offered, schedule) = (adds_up(&run), (RATE * 9) as f64);
    let workers = Scene::workers(&run);
    let lost: Vec<&Value> = workers.iter().filter(|worker| !worker["lost"].is_null()).collect();
    assert_eq!(lost.len(), 1, "{workers:#?}");
    assert_eq!(lost[0]["name"], "two");
    let by_others: u64 = workers
        .iter()
        .filter(|worker| worker["lost"].is_null())
        .filter_map(|worker| worker["offered"].as_u64())
        .sum();
    assert_eq!(offered as u64, by_others + lost[0]["offered"].as_u64().expect("jobs"));
    // The others have two thirds of the clients, which have about as many jobs.
    assert!(offered > 0.55 * schedule && offered < schedule, "{offered} of {schedule}");
    let named =
        run["cautions"].as_array().expect("cautions").iter().find(|each| each["kind"] == "worker-lost");
    let named = named.expect("a caution")["symptom"].as_str().expect("a sentence").to_owned();
    assert!(named.contains("Worker two was lost") && named.contains("10 clients of 30"), "{named}");
}

#[test]
fn clients_of_a_worker_that_is_killed_are_served_by_the_others_from_one_moment_on() {
    let seconds = 16;
    let mut scene = match Scene::new(Which::Current, &["one", "two", "three"], seconds, "") {
        Ok(scene) => scene,
        Err(why) => return missing(&why),
    };
    let mut run = scene.begun("--on-loss rebalance");
    scene.workers[1].kill();
    run.says("the others serve its clients from");
    let (code, said) = run.end();
    assert_eq!(code, Some(0), "{said}");
    let run = saved(&scene.place, "out");
    let (offered, schedule) = (adds_up(&run), (RATE * seconds) as f64);
    let workers = Scene::workers(&run);
    let lost = workers.iter().find(|worker| !worker["lost"].is_null()).expect("one is lost");
    assert_eq!(lost["name"], "two");
    let [at, dealt] = ["at_s", "dealtAt_s"].map(|name| lost["lost"][name].as_f64().expect("a moment"));
    // Three seconds until it is missed, and three until it has stopped, wherever it is.
    assert!((5.9..7.5).contains(&(dealt - at)), "{at} {dealt}");
    // Arrivals are even, and each of 30 clients has about as many: what a third of them would have had meanwhile is missing, and
    // what the lost one had not told of before.
    let missing = schedule - offered;
    let meanwhile = (dealt - at) * RATE as f64 / 3.0;
    assert!(
        (0.7 * meanwhile..1.3 * meanwhile + RATE as f64 / 2.0).contains(&missing),
        "{missing} of {meanwhile}"
    );
    // A client that was dealt is one, as it is one that had jobs while its worker lived.
    assert_eq!(figure(&run, "units.active"), 30.0);
    // Without their clients two thirds of the load would be left.
    let by_others: f64 = workers
        .iter()
        .filter(|worker| worker["lost"].is_null())
        .filter_map(|worker| worker["offered"].as_f64())
        .sum();
    assert!(by_others > 2.0 / 3.0 * schedule + 0.2 * (seconds as f64 - dealt) * RATE as f64, "{by_others}");
    let named =
        run["cautions"].as_array().expect("cautions").iter().find(|each| each["kind"] == "worker-lost");
    let named = named.expect("a caution")["symptom"].as_str().expect("a sentence").to_owned();
    assert!(
        named.contains("Worker two was lost") && named.contains("until the others served them from"),
        "{named}"
    );
}

#[test]
fn a_gate_ends_the_load_when_a_worker_is_lost() {
    let mut scene =
        match Scene::new(Which::Current, &["one", "two"], 60, "thresholds: { failed: [ \"rate<1%\" ] }") {
            Ok(scene) => scene,
            Err(why) => return missing(&why),
        };
    let mut run = scene.begun("");
    scene.workers[0].kill();
    let (code, said) = run.end();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("worker one was lost and the run was ended"), "{said}");
    let run = saved(&scene.place, "out");
    adds_up(&run);
    let ended = &run["wall"]["strategies"][0]["endedEarly"];
    assert_eq!(*ended, json!({ "why": "workerLost", "worker": "one" }));
}

#[test]
fn a_bus_that_goes_stops_every_worker_within_three_seconds_and_the_verdict_says_so() {
    for is_back in [true, false] {
        let mut scene = match Scene::new(Which::Current, &["one", "two"], 60, "") {
            Ok(scene) => scene,
            Err(why) => return missing(&why),
        };
        let mut run = scene.begun("");
        // Pieces come every second.
        until("a second was told of", || scene.served() > RATE * 5 / 2);
        scene.server.kill();
        let took = scene.silent() - QUIET;
        assert!(took < Span::from_secs(3), "{took}");
        if is_back {
            scene.server.start_again();
        }
        let (code, said) = run.end();
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("the bus was lost, and every worker stopped by itself"), "{said}");
        let run = saved(&scene.place, "out");
        let offered = adds_up(&run);
        assert_eq!(run["wall"]["strategies"][0]["endedEarly"], json!({ "why": "busLost" }));
        // Logs tell everything; without a bus a second may be missing that was not told of.
        let served = scene.served() as f64;
        match is_back {
            true => assert_eq!((offered, figure(&run, "jobs.unfinished")), (served, 0.0)),
            false => assert!(offered <= served && offered > 0.0, "{offered} {served}"),
        }
    }
}

#[test]
fn a_coordinator_that_is_killed_leaves_no_load_behind_and_its_workers_serve_the_next() {
    let scene = match Scene::new(Which::Current, &["one", "two"], 60, "") {
        Ok(scene) => scene,
        Err(why) => return missing(&why),
    };
    scene.begun("").kill();
    let took = scene.silent() - QUIET;
    assert!(took < Span::from_secs(3), "{took}");
    write(&scene.place, &scene.kms.running.url(), 2, "");
    let (code, said) = scene.place.ended(&scene.line("--workers 2 --force"));
    assert_eq!(code, 0, "{said}");
    assert_eq!(adds_up(&saved(&scene.place, "out")), (RATE * 2) as f64);
}

#[test]
fn a_stop_reaches_every_worker_within_a_second_and_a_threshold_of_the_whole_ends_the_trial() {
    let scene = match Scene::new(Which::Current, &["one", "two", "three"], 60, "") {
        Ok(scene) => scene,
        Err(why) => return missing(&why),
    };
    let mut run = scene.begun("");
    run.interrupt();
    let took = scene.silent() - QUIET;
    assert!(took < Span::from_secs(1), "{took}");
    let (code, said) = run.end();
    assert_eq!(code, Some(105), "{said}");
    adds_up(&saved(&scene.place, "out"));
    // The service fails for all of them: no worker alone has as many jobs as it takes to tell.
    write(
        &scene.place,
        &scene.kms.running.url(),
        60,
        "thresholds: { failed: [ { threshold: \"rate<10%\", abortOnFail: true } ] }",
    );
    let mut run = scene.place.start(&scene.line("--workers 3 --force"));
    run.says("workers: ");
    scene.kms.told(
        "PUT",
        "faults",
        json!([{ "kind": "error", "at": "0s", "for": "1h", "operation": "Decrypt" }]),
    );
    let (code, said) = run.end();
    assert_eq!(code, Some(99), "{said}");
    let run = saved(&scene.place, "out");
    assert!(adds_up(&run) < (RATE * 30) as f64);
    assert_eq!(run["wall"]["strategies"][0]["endedEarly"], json!({ "why": "threshold" }));
}

#[test]
fn three_workers_hide_no_stall_of_the_service() {
    let scene = match Scene::new(Which::Current, &["one", "two", "three"], 20, "") {
        Ok(scene) => scene,
        Err(why) => return missing(&why),
    };
    let mut run = scene.begun("--set strategies.plain.retry.mode=none");
    scene.kms.told("PUT", "faults", json!([{ "kind": "freeze", "at": "3s", "for": "3s" }]));
    let (code, said) = run.end();
    assert_eq!(code, Some(0), "{said}");
    let run = saved(&scene.place, "out");
    let schedule = (RATE * 20) as f64;
    assert!((adds_up(&run) / schedule - 1.0).abs() <= 0.001, "{run:#}");
    for (percentile, truth) in [("p90", 1_000.0), ("p95", 2_000.0), ("p99", 2_800.0)] {
        let met = figure(&run, &format!("responseTime_ms.{percentile}"));
        println!("{percentile} {met:.0} ms, the truth {truth:.0} ms");
        assert!((met / truth - 1.0).abs() <= 0.05, "{percentile} is {met} ms, the truth {truth} ms");
    }
}

#[test]
fn attempts_never_exceed_the_cap_that_workers_lease_of() {
    let scene = match Scene::new(
        Which::Current,
        &["one", "two"],
        30,
        "caps: { attempts: 400, rate: 150/s, duration: 1m }",
    ) {
        Ok(scene) => scene,
        Err(why) => return missing(&why),
    };
    let (code, said) = scene.begun("").end();
    assert_eq!(code, Some(120), "{said}");
    let run = saved(&scene.place, "out");
    adds_up(&run);
    let served = scene.served();
    assert!(served <= 400 && served > 300, "{served}");
    assert_eq!(run["wall"]["strategies"][0]["endedEarly"]["cap"], "attempts");
}

#[test]
fn what_cannot_be_shared_and_what_a_worker_may_not_load_is_refused_in_words() {
    let scene = match Scene::new(Which::Current, &["one"], 2, "") {
        Ok(scene) => scene,
        Err(why) => return missing(&why),
    };
    let refused = |more: &str| {
        let (code, said) = scene.place.ended(&scene.line(more));
        assert_eq!(code, 2, "{more}: {said}");
        said
    };
    assert!(refused("").contains("--workers N"));
    assert!(refused("--workers 31").contains("31 workers need a client each"));
    assert!(refused("--workers 1 --set workloads.load.maxInFlight=5").contains("maxInFlight is kept over"));
    assert!(refused("--workers 1 --target emulator").contains("an emulator of its own"));
    assert!(refused("--workers 1 --on-loss wait").contains("abort, degrade, or rebalance"));
    assert!(refused("--workers 1 --threads 2").contains("each worker has its own --threads"));
    let (code, said) = scene
        .place
        .ended(&format!("run live.yaml -o out --target sim --bus {} --workers 1", scene.server.url()));
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("--workers does nothing here"), "{said}");
    // A worker loads what it was started for, whatever the bus asks: nobody comes to another target.
    let other = socket::Server::start(socket::ample());
    let mut run = scene.place.start(&scene.line(&format!("--workers 1 --target {}", other.running.url())));
    run.says("0 of 1 workers are there");
    run.interrupt();
    let (code, said) = run.end();
    assert_eq!(code, Some(105), "{said}");
    assert!(said.contains("nothing was measured"), "{said}");
}

#[test]
fn what_strangers_say_of_a_load_is_refused_and_told_and_changes_nothing() {
    let mut scene = match Scene::new(Which::Current, &["one", "two"], 4, "") {
        Ok(scene) => scene,
        Err(why) => return missing(&why),
    };
    let mut stranger = Stranger::at(scene.server.address());
    let (calls, hash) = ("keystorm.live.calls", "e".repeat(64));
    let own = format!("keystorm.live.session.{}", &hash[..32]);
    let call = |session: &str, target: &str| {
        json!({ "of": Version::own(), "run": hash, "session": session, "target": target }).to_string()
    };
    let target = scene.kms.running.url();
    // A worker answers who calls it to its target, and nobody else; what it answers tells where it hears.
    let (_, join) = stranger.hears(&own, |stranger| {
        for junk in [&b""[..], b"\x00\xff\x1b[2J", b"{\"of\":", call("../x", &target).as_bytes()] {
            stranger.write_quietly(calls, junk);
        }
        stranger.write_quietly(calls, call(&hash, "http://127.0.0.1:1").as_bytes());
        stranger.write_quietly(calls, call(&hash, &target).as_bytes());
    });
    let join: Value = serde_json::from_slice(&join).expect("JSON");
    let token = join["join"]["worker"].as_str().expect("a token").to_owned();
    scene.workers[0].says("refused from the bus: a call that is none");
    // A load that has no store: the worker says so, hears nothing more, and serves others again.
    let order = json!({
        "run": hash, "session": hash, "seat": { "index": 0, "of": 1 }, "trial": 0, "task": "prepare",
        "clock_ns": 1, "lease": null, "anew": 0, "lost": [], "wants_log": false
    });
    let hears = format!("keystorm.live.worker.{token}");
    for order in [b"\x1b".to_vec(), order.to_string().into_bytes(), b"{}".to_vec()] {
        stranger.publish(&hears, &order);
    }
    let mut run = scene.place.start(&scene.line("--workers 2"));
    // Whoever coordinates hears what nobody of its load has said.
    let (session, _) = stranger.hears("keystorm.live.session.*", |_| ());
    for junk in [&b""[..], b"\x00\xff", b"{\"join\":{}}", b"{\"state\":{\"worker\":\"a.b\"}}"] {
        stranger.publish(&session, junk);
    }
    let foreign = json!({ "join": {
        "of": { "version": "9.9.9", "definitions": 1 }, "worker": "w9", "name": "nine\u{1b}[2J", "threads": 1
    } });
    stranger.publish(&session, foreign.to_string().as_bytes());
    let (code, said) = run.end();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("refused from the bus: a worker's word that is none"), "{said}");
    assert!(said.contains("takes no part in a load of") && !said.contains('\u{1b}'), "{said}");
    assert_eq!(adds_up(&saved(&scene.place, "out")), (RATE * 4) as f64);
}
