//! A live load by workers on `target: aws`: one process's guards around it, and each worker's own before it. AWS is the house that
//! stands for it in `tests/live/aws`; nothing beyond loopback is called.

use crate::house::{ACCOUNT, House, REGION};
use crate::needs::missing;
use crate::server::{Server, Which};
use crate::socket::ample;
use crate::support::{Process, until};
use keystorm::units::Rate;
use serde_json::{Value, json};
use std::process::Command;

/// Jobs a second, once the load has grown.
const RATE: u64 = 40;
/// What a run says yes to, and what a worker does.
const YES: &str = "--yes-real-aws";

/// Variables that are other than the house's; without a value they are not set.
type Changed<'a> = &'a [(&'a str, &'a str)];

/// A bus, and a house for AWS.
struct Scene {
    server: Server,
    house: House,
}

impl Scene {
    fn new(house: impl FnOnce() -> House) -> Result<Scene, String> {
        let server = Server::start(Which::Current, &[])?;
        Ok(Scene { server, house: house() })
    }

    /// Writes a scenario of so many seconds with these keys, the house's if there are none, and these caps.
    fn write(&self, seconds: u64, keys: &str, caps: &str) {
        let (key, ca) = (&self.house.key, self.house.ca());
        let keys = if keys.is_empty() { format!("{{ ids: [{key}] }}") } else { keys.to_owned() };
        let text = format!(
            "version: 1
name: shared
target: aws
region: {REGION}
transport: {{ ca: '{}' }}
caps: {{ duration: 90s, {caps} }}
allow: {{ accounts: ['{ACCOUNT}'], regions: [{REGION}] }}
fleet: {{ clients: 20 }}
workloads:
  w: {{ executor: constant-arrival-rate, rate: {RATE}/s, arrivals: uniform, duration: {seconds}s, gracefulStop: 5s, jobs: {{ GenerateDataKey: 3, Decrypt: 1 }}, keys: {keys} }}
strategies: {{ plain: {{ retry: {{ mode: none }} }} }}
",
            ca.display()
        );
        std::fs::write(self.house.folder.path().join("shared.yaml"), text).expect("written");
    }

    /// A worker of one thread, whose environment `changed` changes.
    fn worker(&self, name: &str, more: &str, changed: Changed<'_>) -> Process {
        let line =
            format!("worker --bus {} --threads 1 --name {name} --target aws {more}", self.server.url());
        let mut command = self.house.command();
        command.args(line.split_whitespace());
        for (name, value) in changed {
            if value.is_empty() {
                command.env_remove(name)
            } else {
                command.env(name, value)
            };
        }
        Process::start(&mut command)
    }

    /// Two of them, as they are to be.
    fn workers(&self) -> [Process; 2] {
        ["one", "two"].map(|name| self.worker(name, YES, &[]))
    }

    fn command(&self, more: &str) -> Command {
        let line = format!("run shared.yaml -o out --force --no-tui {YES} {more}");
        let mut command = self.house.command();
        command.args(line.split_whitespace());
        command
    }

    fn run(&self, more: &str) -> Process {
        Process::start(&mut self.command(more))
    }

    fn shared(&self, more: &str) -> Process {
        self.run(&format!("--bus {} --workers 2 {more}", self.server.url()))
    }

    /// Calls of an operation that the house has answered, however.
    fn answered(&self, operation: &str) -> u64 {
        let text = self.house.metrics();
        let is_one = |line: &&str| {
            line.starts_with("keystorm_calls_total") && line.contains(&format!("operation=\"{operation}\""))
        };
        let figure = |line: &str| line.rsplit(' ').next().and_then(|figure| figure.parse::<f64>().ok());
        text.lines().filter(is_one).filter_map(figure).sum::<f64>() as u64
    }

    /// Calls of the load; set-up calls Encrypt.
    fn served(&self) -> u64 {
        self.answered("GenerateDataKey") + self.answered("Decrypt")
    }
}

fn strategy(run: &Value) -> &Value {
    &run["strategies"][0]
}

fn count(run: &Value, path: &str) -> u64 {
    let found = path.split('.').fold(strategy(run), |at, name| &at[name]);
    found.as_u64().unwrap_or_else(|| panic!("no {path} in {run:#}"))
}

/// What each worker offered.
fn offered(run: &Value) -> Vec<u64> {
    let workers = run["wall"]["workers"].as_array().expect("workers");
    assert!(workers.iter().all(|worker| worker["lost"].is_null()), "{workers:#?}");
    workers.iter().map(|worker| worker["offered"].as_u64().expect("jobs")).collect()
}

fn is_secret_kept(said: &str) {
    assert!(!said.contains("hush"), "{said}");
}

#[test]
fn two_workers_load_an_account_as_one_process_does() {
    let scene = match Scene::new(House::new) {
        Ok(scene) => scene,
        Err(why) => return missing(&why),
    };
    scene.write(3, "", "attempts: 400, rate: 150/s");
    let (code, said) = scene.run("").end();
    assert_eq!(code, Some(0), "{said}");
    let alone = scene.house.saved();
    // Each has a chain of credentials of its own: the one its environment, the other a profile.
    let profile = "[profile ann]\naws_access_key_id = AKIAANN\naws_secret_access_key = hush\n";
    std::fs::write(scene.house.folder.path().join("config"), profile).expect("written");
    let unset = [("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")];
    let _workers =
        [scene.worker("one", YES, &[]), scene.worker("two", &format!("{YES} --profile ann"), &unset)];
    for client in ["raw", "aws-sdk"] {
        let before = scene.served();
        let (code, said) = scene.shared(&format!("--client {client}")).end();
        assert_eq!(code, Some(0), "{client}: {said}");
        assert!(said.contains(&format!("On AWS: account {ACCOUNT}")), "{said}");
        is_secret_kept(&said);
        let run = scene.house.saved();
        let jobs = count(&run, "jobs.completed");
        assert_eq!((jobs, jobs), (count(&run, "jobs.offered"), count(&alone, "jobs.offered")), "{client}");
        assert_eq!(scene.served() - before, count(&run, "attempts"), "every call is in the figures");
        let offered = offered(&run);
        assert!(
            offered.iter().sum::<u64>() == jobs && offered.iter().all(|own| *own > jobs / 5),
            "{offered:?}"
        );
        // The account's own quota is where the report draws the line.
        assert_eq!(strategy(&run)["pools"]["symmetric"]["limit_per_s"], 10_000.0);
        assert_eq!(run["wall"]["setUp"], alone["wall"]["setUp"]);
    }
}

#[test]
fn keys_that_are_made_are_used_by_all_and_given_up() {
    let scene = match Scene::new(House::new) {
        Ok(scene) => scene,
        Err(why) => return missing(&why),
    };
    scene.write(1, "{ count: 2 }", "attempts: 200, rate: 150/s");
    let [_one, two] = scene.workers();
    let (code, said) = scene.shared("--provision").end();
    assert_eq!(code, Some(0), "{said}");
    let run = scene.house.saved();
    assert_eq!(count(&run, "jobs.completed"), count(&run, "jobs.offered"));
    assert_eq!(run["wall"]["setUp"]["keysMade"], 3, "the two, and the first that is given up at once");
    assert_eq!(scene.answered("ScheduleKeyDeletion"), 3);
    // Such a key admits whoever made it, and no other user of the account.
    drop(two);
    let _bob = scene.worker("bob", YES, &[("AWS_ACCESS_KEY_ID", "AKIABOB")]);
    let before = scene.served();
    let (code, said) = scene.shared("--provision").end();
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("worker bob cannot take part: it calls as") && said.contains("user/ann only"),
        "{said}"
    );
    assert_eq!((scene.served(), scene.answered("ScheduleKeyDeletion")), (before, 6));
}

#[test]
fn a_dry_run_asks_no_worker_and_what_leaves_too_little_for_each_is_refused() {
    let scene = match Scene::new(House::new) {
        Ok(scene) => scene,
        Err(why) => return missing(&why),
    };
    scene.write(1, "", "attempts: 200, rate: 150/s");
    let (code, said) = scene.shared("--dry-run").end();
    assert_eq!((code, said.as_str()), (Some(0), ""));
    scene.house.standin.says.lock().expect("no panic").quota = 250.0;
    // A fifth of what is free of 250/s, and ten of it for each of five workers.
    let dealt = |workers: u32, more: &str| {
        let line = format!("--bus {} --workers {workers} {more}", scene.server.url());
        scene.run(&line).end()
    };
    let slow = "--set workloads.w.rate=1/s";
    let said = dealt(20, &format!("{slow} --set caps.maxQuotaShare=5%")).1;
    assert!(said.contains("which leaves 20 workers less than one a second each"), "{said}");
    let (code, said) = dealt(2, "--credentials chain");
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("with their own chain at target aws"), "{said}");
    assert_eq!(scene.served(), 0);
}

#[test]
fn a_worker_that_may_not_load_the_account_says_why_and_nothing_is_sent() {
    let other = "  - arn: arn:aws:iam::999988887777:user/eve
    accessKeys: [ { id: AKIAEVE, secret: hush } ]
    policies: [ { Version: \"2012-10-17\", Statement: [ { Effect: Allow, Action: \"*\", Resource: \"*\" } ] } ]
";
    let scene = match Scene::new(|| House::with(other, ample())) {
        Ok(scene) => scene,
        Err(why) => return missing(&why),
    };
    scene.write(1, "", "attempts: 200, rate: 150/s");
    let list = scene.house.folder.path().join("denied");
    std::fs::write(&list, format!("{ACCOUNT}\n")).expect("written");
    let list = list.display().to_string();
    let _one = scene.worker("one", YES, &[]);
    let cases: [(&str, Changed<'_>, &str); 4] = [
        ("", &[("KEYSTORM_YES_REAL_AWS", "1")], "it was not started with --yes-real-aws"),
        (YES, &[("AWS_ACCESS_KEY_ID", "AKIAEVE")], "its credentials belong to account 999988887777"),
        (YES, &[("KEYSTORM_DENIED_ACCOUNTS", &list)], "is denied by"),
        (YES, &[("AWS_SECRET_ACCESS_KEY", "loud")], "does not belong to the access key"),
    ];
    for (flags, changed, why) in cases {
        let mut two = scene.worker("two", flags, changed);
        if flags.is_empty() {
            two.says("KEYSTORM_YES_REAL_AWS is set and ignored");
            two.says("it refuses every load");
        }
        let (code, said) = scene.shared("").end();
        assert_eq!(code, Some(1), "{why}: {said}");
        assert!(said.contains("worker two cannot take part: ") && said.contains(why), "{why}: {said}");
        is_secret_kept(&said);
        assert_eq!(scene.served(), 0, "{why}");
    }
    // Flags for AWS mean nothing at another target.
    let mut near = scene.house.command();
    let line = format!("worker --bus {} --target http://127.0.0.1:1 {YES}", scene.server.url());
    let (code, said) = Process::start(near.args(line.split_whitespace())).end();
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("--yes-real-aws does nothing here: it goes with --target aws"), "{said}");
}

#[test]
fn a_cap_that_is_just_enough_is_met_exactly_by_both_together() {
    let scene = match Scene::new(House::new) {
        Ok(scene) => scene,
        Err(why) => return missing(&why),
    };
    scene.write(3, "", "attempts: 400, rate: 150/s");
    let (code, said) = scene.run("").end();
    assert_eq!(code, Some(0), "{said}");
    let alone = scene.house.saved();
    let set_up = alone["wall"]["setUp"]["attempts"].as_u64().expect("attempts");
    let cap = set_up + count(&alone, "attempts");
    scene.write(3, "", &format!("attempts: {cap}, rate: 150/s"));
    let _workers = scene.workers();
    let before = scene.served() + scene.answered("Encrypt");
    let (code, said) = scene.shared("").end();
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(scene.served() + scene.answered("Encrypt") - before, cap);
    assert_eq!(count(&scene.house.saved(), "jobs.completed"), count(&alone, "jobs.offered"));
}

/// A house whose symmetric quota is ten calls a second, whatever Service Quotas says.
fn narrow() -> House {
    let mut settings = ample();
    settings.emulator.quotas.overrides.insert("symmetric".into(), Rate::per_second(10));
    House::with("", settings)
}

#[test]
fn both_together_send_no_more_than_the_cap_and_one_throttle_ends_the_load_of_both() {
    let scene = match Scene::new(narrow) {
        Ok(scene) => scene,
        Err(why) => return missing(&why),
    };
    scene.write(5, "", "attempts: 260, rate: 1500/s");
    let _workers = scene.workers();
    let asked = |more: &[&str]| {
        let mut command = scene.command(&format!("--bus {} --workers 2", scene.server.url()));
        command.args(["--set", "strategies.plain.retry={mode: immediate, maxAttempts: 50}"]).args(more);
        let before = scene.served();
        let (code, said) = Process::start(&mut command).end();
        assert_eq!(code, Some(120), "{said}");
        (said, scene.served() - before)
    };
    let (said, served) = asked(&["--allow-throttling"]);
    assert!(said.contains("caps.attempts"), "{said}");
    // Set-up has had one. Who runs out first ends it for both.
    assert!(served <= 259 && served > 100, "{served}");
    assert_eq!(served, count(&scene.house.saved(), "attempts"));
    let (said, served) = asked(&[]);
    assert!(said.contains("--allow-throttling"), "{said}");
    assert!(served < 100, "{served}");
}

#[test]
fn an_alarm_that_goes_off_ends_the_load_of_both_workers() {
    let scene = match Scene::new(House::new) {
        Ok(scene) => scene,
        Err(why) => return missing(&why),
    };
    scene.house.standin.says.lock().expect("no panic").alarm = Some("OK");
    scene.write(60, "", "attempts: 4000, rate: 150/s, stopOn: sick");
    let _workers = scene.workers();
    let mut run = scene.shared("");
    until("the load has begun", || {
        assert!(run.is_alive(), "{}", run.end().1);
        scene.served() > RATE
    });
    scene.house.standin.says.lock().expect("no panic").alarm = Some("ALARM");
    let (code, said) = run.end();
    assert_eq!(code, Some(120), "{said}");
    assert!(said.contains("ended for others' sake: the alarm sick (caps.stopOn) is in ALARM"), "{said}");
    let run = scene.house.saved();
    assert_eq!(run["interrupted"], false);
    let offered = offered(&run);
    assert!(offered.iter().all(|own| *own > 0), "{offered:?}");
    assert_eq!(scene.served(), count(&run, "attempts"), "nothing was sent that no log tells");
    assert!(count(&run, "attempts") < 30 * RATE, "{run:#}");
    assert_eq!(run["wall"]["strategies"][0]["endedEarly"], json!({ "why": "interrupted" }));
}
