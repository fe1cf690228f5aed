//! `target: aws`, exercised against the emulated KMS and its STS over TLS with checked signatures, and a stand-in for
//! CloudWatch and Service Quotas; the SDK is pointed at them by its own endpoint settings. No account is needed.

mod cloudwatch;
mod house;
mod increase;
mod permits;
mod quotas;
mod standin;
mod watch;

use crate::signal::signal;
use crate::socket;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_kms::config::Credentials;
use aws_smithy_async::time::TimeSource;
use house::{ACCOUNT, House, REGION, block_on, end, says, scenario};
use keystorm::aws::{Access, whoami};
use keystorm::guard::nearby;
use keystorm::scenario::Transport;
use keystorm::units::Rate;
use serde_json::Value;
use std::process::{Child, Stdio};

#[test]
fn a_permitted_run_says_its_plan_and_is_measured_and_saved() {
    let house = House::new();
    says(
        &mut house.run(&[]),
        0,
        "On AWS: account 123456789012, Region eu-west-1, as arn:aws:iam::123456789012:user/ann",
    );
    let run = house.saved();
    let completed = run["strategies"][0]["jobs"]["completed"].as_u64().unwrap();
    assert!((44..=45).contains(&completed), "40 and those of the ramp: {run:#}");
    assert_eq!(run["strategies"][0]["attempts"], completed);
    // The account's own quota is where the report draws the line.
    assert_eq!(run["strategies"][0]["pools"]["symmetric"]["limit_per_s"], 10_000.0);
}

#[test]
fn our_own_client_is_signed_and_guarded_as_the_sdk_is() {
    let house = House::new();
    says(&mut house.run(&["--client", "raw"]), 0, "On AWS: account 123456789012");
    let jobs = &house.saved()["strategies"][0]["jobs"];
    assert_eq!(jobs["completed"], jobs["offered"]);
    // It went where the SDK's own settings say: to the house.
    let made = &house.saved()["strategies"][0]["byOperation"]["GenerateDataKey"]["calls"];
    assert!(served(&house) >= 30.0 && made.as_f64() == Some(served(&house)), "{made}");
}

#[test]
fn a_dry_run_prints_the_plan_and_calls_nothing_but_what_it_looks_at() {
    let house = House::new();
    let (code, stdout, stderr) = end(&mut house.run(&["--dry-run"]));
    assert_eq!((code, stderr.as_str()), (0, ""));
    // 1,200 calls in the busiest minute.
    assert!(stdout.contains("quota 10000.0/s (applied), busiest second of 14 days about 38.0/s"), "{stdout}");
    assert!(!house.folder.path().join("out").exists());
}

#[test]
fn without_a_yes_nothing_is_asked() {
    let house = House::new();
    let command = house.run(&[]);
    let careless = command.get_args().filter(|argument| *argument != "--yes-real-aws");
    says(house.command().args(careless), 2, "--yes-real-aws");
}

#[test]
fn credentials_come_from_a_profile_and_from_an_assumed_role() {
    let house = House::new();
    let file = "[profile ann]\naws_access_key_id = AKIAANN\naws_secret_access_key = hush\n\
                [profile app]\nrole_arn = arn:aws:iam::123456789012:role/app\nsource_profile = ann\nrole_session_name = test\n";
    std::fs::write(house.folder.path().join("config"), file).unwrap();
    for (profile, arn) in [("ann", "user/ann"), ("app", "assumed-role/app/test")] {
        let mut command = house.run(&["--profile", profile]);
        command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
        says(&mut command, 0, arn);
    }
    let mut missing = house.run(&["--profile", "eve"]);
    missing.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    says(&mut missing, 1, "eve");
}

#[test]
fn no_credentials_and_wrong_ones_are_told_apart() {
    let house = House::new();
    let mut nobody = house.run(&[]);
    nobody.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    says(&mut nobody, 1, "no AWS credentials were found");
    says(house.run(&[]).env("AWS_ACCESS_KEY_ID", "AKIAEVE"), 1, "nobody has this access key");
    says(house.run(&[]).env("AWS_SECRET_ACCESS_KEY", "loud"), 1, "does not belong to the access key");
}

#[test]
fn an_expired_session_is_told() {
    let house = House::new();
    let transport = Transport { ca: Some(house.ca().display().to_string()), ..Transport::default() };
    let access = Access::unchecked(REGION, &nearby(&house.running.url()).unwrap(), &transport).unwrap();
    let config = aws_sdk_sts::config::Builder::from(access.sdk())
        .endpoint_url(house.running.url())
        .credentials_provider(Credentials::new("AKIAANN", "hush", None, None, "test"));
    let sts = aws_sdk_sts::Client::from_conf(config.build());
    let role = format!("arn:aws:iam::{ACCOUNT}:role/app");
    let lent = block_on(sts.assume_role().role_arn(role).role_session_name("test").send())
        .unwrap()
        .credentials
        .unwrap();
    let command = || {
        let mut command = house.run(&["--dry-run"]);
        command
            .env("AWS_ACCESS_KEY_ID", &lent.access_key_id)
            .env("AWS_SECRET_ACCESS_KEY", &lent.secret_access_key)
            .env("AWS_SESSION_TOKEN", &lent.session_token);
        command
    };
    assert_eq!(end(&mut command()).0, 0);
    house.admin("clock", r#"{"advance":"2h"}"#);
    says(&mut command(), 1, "these credentials are too old");
}

/// A clock that is off.
#[derive(Debug)]
struct Late;

impl TimeSource for Late {
    fn now(&self) -> std::time::SystemTime {
        let millis = u64::try_from(keystorm::clock::epoch_millis()).unwrap();
        std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_millis(millis - 3_600_000)
    }
}

#[test]
fn a_clock_that_is_off_is_told() {
    let house = House::new();
    let transport = Transport { ca: Some(house.ca().display().to_string()), ..Transport::default() };
    let access = Access::unchecked(REGION, &nearby("http://127.0.0.1:1").unwrap(), &transport).unwrap();
    let ann = SharedCredentialsProvider::new(Credentials::new("AKIAANN", "hush", None, None, "test"));
    let sdk = access.sdk().clone().into_builder();
    let sdk = sdk.endpoint_url(house.running.url()).credentials_provider(ann).build();
    let right = access.clone().with_sdk(sdk.clone());
    assert_eq!(block_on(whoami(&right)).unwrap().account, ACCOUNT);
    let wrong = access.with_sdk(sdk.into_builder().time_source(Late).build());
    let error = block_on(whoami(&wrong)).unwrap_err().to_string();
    assert!(error.contains("this machine's clock is off"), "{error}");
}

#[test]
fn a_network_that_is_down_is_told() {
    let house = House::new();
    // A port that nobody listens on: it was free a moment ago.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = house.run(&[]);
    says(
        command.env("AWS_ENDPOINT_URL_STS", format!("http://{closed}")),
        1,
        "STS GetCallerIdentity: no answer",
    );
}

#[test]
fn a_ca_that_is_none_is_told() {
    let house = House::new();
    says(&mut house.run(&["--set", "transport.ca=scenario.yaml"]), 1, "there is no PEM certificate in it");
}

#[test]
fn who_may_not_is_told_which_policy_it_takes() {
    let house = House::new();
    let as_bob = |more: &[&str]| {
        let mut command = house.run(more);
        command.env("AWS_ACCESS_KEY_ID", "AKIABOB");
        command
    };
    says(&mut as_bob(&[]), 1, "set-up: Encrypt was refused: AccessDeniedException");
    // Without set-up, every attempt is refused.
    let jobs = ["--set", "workloads.w.jobs={GenerateDataKey: 1}"];
    says(&mut as_bob(&jobs), 1, "every attempt was refused for access");
    house.standin.says.lock().unwrap().denies = true;
    says(&mut house.run(&[]), 1, "--print-policy");
}

#[test]
fn what_may_not_be_done_is_told_before_it_is_done() {
    let house = House::new();
    let quota = |quota: f64, minutes: &[f64]| {
        let mut says = house.standin.says.lock().unwrap();
        (says.quota, says.minutes) = (quota, minutes.to_vec());
    };
    quota(200.0, &[600.0]);
    says(&mut house.run(&[]), 1, "pool symmetric: the plan peaks at 40.0/s, and 36.2/s may be taken");
    quota(10_000.0, &[]);
    says(&mut house.run(&[]), 1, "--no-usage-check");
    says(&mut house.run(&["--no-usage-check", "--dry-run"]), 0, "");
    quota(10_000.0, &[600.0]);
    says(&mut house.run(&["--set", "caps.attempts=40"]), 1, "calls, 1 of them set-up");
    says(&mut house.run(&["--set", "allow.accounts=['999988887777']"]), 1, "belong to account 123456789012");
    says(
        &mut house.run(&["--set", "workloads.w.keys.ids=[alias/nothing]"]),
        1,
        "key alias/nothing: KMS DescribeKey",
    );
    assert_eq!(served(&house), 0.0);
}

/// A house whose symmetric quota is ten calls a second, whatever Service Quotas says.
fn narrow() -> House {
    let mut settings = socket::ample();
    settings.emulator.quotas.overrides.insert("symmetric".into(), Rate::per_second(10));
    House::with("", settings)
}

const PERSISTENT: &str = "strategies.no-retry.retry={mode: immediate, maxAttempts: 50}";

#[test]
fn one_throttle_ends_a_run_and_a_cap_bounds_one_that_may_be_throttled() {
    let house = narrow();
    says(&mut house.run(&["--set", PERSISTENT]), 120, "--allow-throttling");
    assert!(house.saved()["strategies"][0]["attempts"].as_u64().unwrap() < 44);
    says(&mut house.run(&["--set", PERSISTENT, "--allow-throttling"]), 120, "caps.");
    assert!(house.saved()["strategies"][0]["attempts"].as_u64().unwrap() <= 200);
}

#[test]
fn retries_that_the_sdk_makes_are_counted() {
    let house = narrow();
    let mode = "strategies.no-retry.retry={mode: aws-sdk, maxAttempts: 3}";
    let jobs = "workloads.w.jobs={GenerateDataKey: 1}";
    let bounds = "caps.rate=1000/s";
    let (code, _, stderr) =
        end(&mut house.run(&["--set", mode, "--set", jobs, "--set", bounds, "--allow-throttling"]));
    assert_eq!(code, 0, "{stderr}");
    let strategy = &house.saved()["strategies"][0];
    let count = |name: &str| strategy[name].as_f64().unwrap();
    assert_eq!(count("calls"), strategy["jobs"]["offered"].as_f64().unwrap());
    assert!(count("attempts") > 60.0, "{strategy:#}");
    // Everything that reached the service is in the record.
    assert_eq!(served(&house), strategy["jobs"]["completed"].as_f64().unwrap());
    assert_eq!(house.metric(r#"keystorm_throttled_total{pool="symmetric"}"#), count("throttled"));
}

/// Data keys that the emulator has made.
fn served(house: &House) -> f64 {
    house.metric(r#"keystorm_calls_total{operation="GenerateDataKey",outcome="ok"}"#)
}

/// Waits until the emulator has made a few data keys more than `before`, so that the run is under way.
fn under_way(house: &House, child: &mut Child, before: f64) {
    while served(house) < before + 5.0 {
        assert!(child.try_wait().unwrap().is_none(), "the run has ended too soon");
    }
}

const LONG: [&str; 4] =
    ["--set", "workloads.w.duration=55s", "--set", "caps={attempts: 20000, rate: 150/s, duration: 90s}"];

#[test]
fn ctrl_c_ends_a_run_and_keeps_its_results() {
    let house = House::new();
    let mut child = house.run(&LONG).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    under_way(&house, &mut child, 0.0);
    signal(&child, "-INT");
    assert_eq!(child.wait().unwrap().code(), Some(105));
    let run = house.saved();
    assert_eq!(run["interrupted"], true, "{run:#}");
    assert_eq!(run["strategies"][0]["jobs"]["unfinished"], 0);
}

#[test]
fn keys_that_a_killed_run_left_behind_are_found_and_given_up() {
    let house = House::new();
    let path = house.folder.path().join("made.yaml");
    std::fs::write(path, scenario("{ count: 2 }", &house.ca())).unwrap();
    let run = |more: &[&str]| {
        let mut command = house.command();
        command
            .args(["run", "made.yaml", "--yes-real-aws", "--provision", "-o", "out", "--force"])
            .args(more);
        command
    };
    // A run that ends gives its own keys up.
    let (code, _, stderr) = end(&mut run(&[]));
    assert_eq!(code, 0, "{stderr}");
    let cleanup = |more: &[&str]| {
        let ca = house.ca().display().to_string();
        end(house
            .command()
            .args(["cleanup", "--region", REGION, "--ca", &ca, "--json", "--yes-real-aws"])
            .args(more))
    };
    let found = |more: &[&str]| {
        let (code, stdout, stderr) = cleanup(more);
        assert_eq!(code, 0, "{stderr}");
        let document: Value = serde_json::from_str(&stdout).unwrap();
        let keys = document["keys"].as_array().unwrap().clone();
        (
            keys.len(),
            keys.iter().filter(|key| key["scheduled"] == true).count(),
            document["scheduledAlready"].clone(),
        )
    };
    // Two that were used, and the one that was made before them.
    assert_eq!(found(&["--dry-run"]), (0, 0, 3.into()));
    assert_eq!(house.saved()["wall"]["setUp"]["keysMade"], 3);
    let before = served(&house);
    let mut child = run(&LONG).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    under_way(&house, &mut child, before);
    signal(&child, "-KILL");
    child.wait().unwrap();
    assert_eq!(found(&["--dry-run"]).0, 2);
    let (code, _, stderr) = cleanup(&[]);
    assert!(code == 2 && stderr.contains("--yes"), "{code}: {stderr}");
    let (left, scheduled, _) = found(&["--yes"]);
    assert_eq!((left, scheduled), (2, 2));
    assert_eq!(found(&["--yes"]).0, 0);
}

#[test]
fn the_printed_policy_is_enough() {
    let first = House::new();
    let (code, policy, stderr) = end(&mut first.run(&["--print-policy"]));
    assert_eq!(code, 0, "{stderr}");
    let policy: Value = serde_json::from_str(&policy).unwrap();
    // Keys have other ids in another house, so that the policy is for them.
    let text = policy.to_string().replace(&first.key, "*");
    let cara = format!(
        "  - arn: arn:aws:iam::123456789012:user/cara\n    accessKeys: [ {{ id: AKIACARA, secret: hush }} ]\n    policies: [ {text} ]\n"
    );
    let house = House::with(&cara, socket::ample());
    says(house.run(&[]).env("AWS_ACCESS_KEY_ID", "AKIACARA"), 0, "user/cara");
}
