//! `keystorm calibrate`: what is assumed becomes what was measured, in the scenario's own words.

use assert_cmd::cargo::CommandCargoExt;
use keystorm::api::Operation;
use keystorm::kms::Distribution;
use keystorm::scenario::{Options, Scenario};
use keystorm::server::{Running, Settings};
use keystorm::time::Span;
use std::process::{Command, Output};

fn calibrate(options: &[&str]) -> Output {
    let mut command = Command::cargo_bin("keystorm").expect("the binary is built");
    command.args(["calibrate", "--client", "raw", "-q"]).args(options);
    command.env("AWS_ACCESS_KEY_ID", "AKIATEST").env("AWS_SECRET_ACCESS_KEY", "secret");
    command.output().expect("it starts")
}

/// A server whose answers take about this long.
fn server(takes: Span) -> Running {
    let mut settings = Settings::default();
    settings.emulator.service_time.default = Distribution::Fixed(takes);
    settings.emulator.service_time.throttled = Span::from_millis(4);
    Running::start(settings).expect("a free port")
}

#[test]
fn measured_times_are_those_of_the_service_and_a_part_of_a_scenario() {
    let _quiet = super::support::alone();
    let running = server(Span::from_millis(30));
    let output = calibrate(&[
        "--target",
        &running.url(),
        "--op",
        "Encrypt,Decrypt",
        "--samples",
        "40",
        "--rate",
        "40/s",
    ]);
    running.stop();
    let (block, said) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr).into_owned());
    assert_eq!(output.status.code(), Some(0), "{said}");
    let text = format!(
        "{block}workloads: {{ load: {{ executor: constant-arrival-rate, rate: 1/s, duration: 1s, jobs: {{ Encrypt: 1 }} }} }}
strategies: {{ no-retry: {{ retry: {{ mode: none }} }} }}"
    );
    let scenario =
        Scenario::parse(&text, &Options::default()).unwrap_or_else(|problems| panic!("{problems}")).scenario;
    let times = &scenario.service_time;
    let measured = times.measured.as_deref().expect("where it comes from");
    assert!(measured.contains("127.0.0.1") && measured.contains("raw"), "{measured}");
    let near = |span: Span, least: u64| {
        let millis = span.as_millis_f64();
        assert!((least as f64..least as f64 + 15.0).contains(&millis), "{millis} ms for {least} ms: {block}");
    };
    near(times.default.median(), 30);
    near(times.operations[&Operation::Decrypt].median(), 30);
    near(times.throttled, 4);
    let run = keystorm::results::conclude(&scenario, "", scenario.to_value(), &[], false).0;
    assert!(run.assumptions[0].starts_with("Service times were measured (20"), "{:?}", run.assumptions);
}

#[test]
fn what_cannot_be_measured_is_said() {
    for (options, code, sentence) in [
        (&["--target", "sim"] as &[&str], 2, "has nothing to measure"),
        (&["--target", "emulator", "--op", "Encript"], 2, "did you mean `Encrypt`?"),
        (&["--target", "emulator", "--rate", "0/s"], 2, "nothing is measured at no rate"),
        (&["--target", "http://127.0.0.1:9"], 1, "is anything listening there"),
    ] {
        let output = calibrate(options);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{options:?}: {said}");
        assert!(said.contains(sentence), "{options:?}: {said}");
    }
}
