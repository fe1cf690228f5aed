//! Did you mean …: what people write who mean something else, and what they are told.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};
use tempfile::TempDir;

const SMALL: &str = "version: 1
workloads:
  load: { executor: constant-arrival-rate, rate: 50/s, duration: 5s, jobs: { Decrypt: 1 } }
strategies: { sdk: { retry: { mode: aws-standard } } }
trials: 1
";

fn place() -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    fs::write(folder.path().join("small.yaml"), SMALL).expect("written");
    folder
}

/// The exit code of a command line and what it said on stderr.
fn said(folder: &TempDir, line: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keystorm"));
    let output = command.args(line).current_dir(folder.path()).output().expect("it starts");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code().expect("it ends by itself"), text)
}

#[test]
fn errors_from_options_name_the_option() {
    let folder = place();
    let op = ["run", "--op", "Decrypt"];
    let cases: [(&[&str], &str); 12] = [
        (&["--rate", "500"], "--rate 500: this is not a rate"),
        (&["--duration", "fast"], "--duration fast: this is not a duration"),
        (&["--quota", "5"], "--quota 5: this is not a rate"),
        (&["--quota", "symetric=5/s"], "did you mean `symmetric`?"),
        (&["--stage", "5s"], "--stage 5s: write DURATION:RATE"),
        (&["--stage", "5s:fast"], "--stage 5s:fast: "),
        (&["--key-spec", "RSA_2O48"], "--key-spec RSA_2O48: "),
        (&["--threshold", "failed: rate<1"], "--threshold 'failed: rate<1': `1` without % is a ratio"),
        (&["--threshold", "faild: rate<1%"], "did you mean `failed`?"),
        (&["--region", "us-eats-1"], "did you mean `us-east-1`?"),
        (&["--target", "emulatr"], "--target emulatr: this is no target"),
        (&["--trials", "20000"], "--trials 20000: this is too large"),
    ];
    for (more, fragment) in cases {
        let (code, said) = said(&folder, &[&op[..], more].concat());
        assert_eq!(code, 2, "{more:?}: {said}");
        assert!(said.contains(fragment) && said.contains(more[0]), "{more:?}: {said}");
        assert!(!said.contains("command line:"), "{more:?}: {said}");
    }
    let (code, wrong) = said(&folder, &["run", "--op", "Decript"]);
    assert!(
        code == 2 && wrong.contains("--op Decript: ") && wrong.contains("did you mean `Decrypt`?"),
        "{wrong}"
    );
    let (code, wrong) = said(&folder, &["run", "--op", "Decrypt", "--op", "Decrypt=5"]);
    assert!(code == 2 && wrong.contains("`Decrypt` is given twice"), "{wrong}");
    let (code, wrong) = said(&folder, &["run", "--op", "Decrypt", "-n", "5"]);
    assert!(code == 2 && wrong.contains("--iterations needs --vus"), "{wrong}");
    // A problem of the file stays one, beside whatever options.
    fs::write(folder.path().join("bad.yaml"), format!("sede: 1\n{SMALL}")).expect("written");
    let (code, wrong) = said(&folder, &["run", "bad.yaml", "--trials", "20000"]);
    assert!(code == 104 && wrong.contains("bad.yaml:1:1") && wrong.contains("--trials 20000: "), "{wrong}");
}

#[test]
fn a_threshold_that_is_almost_right_is_told_with_the_right_one() {
    let folder = place();
    for (written, meant) in [
        ("failed: rate<1", "did you mean `rate<1%`?"),
        ("response_time: p99<250ms", "did you mean `p(99)<250ms`?"),
        ("p99: <250ms", "did you mean `response_time: p(99)`?"),
        ("p99<250ms", "'response_time: p(99)<250ms'"),
        ("latency: p(99)<250ms", "did you mean `response_time`?"),
    ] {
        let (code, said) = said(&folder, &["run", "small.yaml", "--threshold", written]);
        assert!(code == 2 && said.contains(meant), "{written}: {said}");
    }
}

#[test]
fn words_that_are_not_built_have_a_sentence() {
    let folder = place();
    let without_bus: [(&[&str], &str); 3] = [
        (&["worker", "a"], "`worker` is not in this build, which leaves out the feature `bus`; "),
        (
            &["run", "small.yaml", "--bus", "nats://127.0.0.1"],
            "--bus is not in this build, which leaves out the feature `bus`; ",
        ),
        (&["help", "worker"], "`worker` is not in this build, which leaves out the feature `bus`; "),
    ];
    let left_out = without_bus.iter().filter(|_| cfg!(not(feature = "bus"))).copied();
    for (line, fragment) in left_out.chain([(&["sweep", "small.yaml"][..], "`sweep` is not built; ")]) {
        let (code, said) = said(&folder, line);
        assert!(code == 2 && said.contains(fragment) && !said.contains("cleanup"), "{line:?}: {said}");
    }
}

#[test]
fn a_saved_run_is_no_scenario_and_a_scenario_no_saved_run() {
    let folder = place();
    assert_eq!(said(&folder, &["run", "small.yaml", "-q", "-o", "some"]).0, 0);
    fs::create_dir(folder.path().join("empty")).expect("made");
    for command in ["run", "check"] {
        for path in ["some/run.json", "some"] {
            let (code, said) = said(&folder, &[command, path]);
            assert!(code == 2 && said.contains(&format!("`keystorm report {path}`")), "{said}");
        }
        let (code, wrong) = said(&folder, &[command, "empty"]);
        assert!(code == 2 && wrong.contains("`keystorm report`"), "{wrong}");
        fs::write(folder.path().join("empty/scenario.yaml"), SMALL).expect("written");
        let (code, wrong) = said(&folder, &[command, "empty"]);
        assert!(code == 2 && wrong.contains("did you mean `empty/scenario.yaml`?"), "{wrong}");
        fs::remove_file(folder.path().join("empty/scenario.yaml")).expect("removed");
    }
    let (code, wrong) = said(&folder, &["report", "small.yaml"]);
    assert!(code == 1 && wrong.contains("`keystorm run small.yaml`"), "{wrong}");
}

#[test]
fn a_file_that_is_not_there_is_looked_for_under_the_name_it_has() {
    let folder = place();
    fs::write(folder.path().join("other.yml"), SMALL).expect("written");
    for (written, meant) in [
        ("small.yml", "small.yaml"),
        ("other.yaml", "other.yml"),
        ("small", "small.yaml"),
        ("smal.yaml", "small.yaml"),
        ("./small.json", "./small.yaml"),
    ] {
        for command in ["run", "check"] {
            let (code, said) = said(&folder, &[command, written]);
            assert!(code == 1 && said.contains(&format!("did you mean `{meant}`?")), "{said}");
        }
    }
    let (code, wrong) = said(&folder, &["run", "nothing-like-it.yaml"]);
    assert!(code == 1 && !wrong.contains("did you mean"), "{wrong}");
}

#[test]
fn a_scenario_comes_from_standard_input_too() {
    let folder = place();
    let piped = |line: &[&str], text: &str| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_keystorm"))
            .args(line)
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        child.stdin.take().expect("piped").write_all(text.as_bytes()).expect("taken");
        let output = child.wait_with_output().expect("it ends");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, said) = piped(&["run", "-", "-o", "piped"], SMALL);
    assert_eq!(code, Some(0), "{said}");
    let run = fs::read_to_string(folder.path().join("piped/run.json")).expect("saved");
    assert!(run.contains("\"stdin\""), "the run has a name");
    let (code, said) = piped(&["check", "-"], "version: 3\n");
    assert!(code == Some(104) && said.contains("stdin:1:"), "{said}");
}
