//! A run is never lost: not to another run, not to a full disk, not to a reader that went away.

#[path = "../support/needs.rs"]
mod needs;

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_keystorm");
/// A second's work that misses its threshold.
const MISSES: &str = "version: 1
name: small
quotas: { symmetric: 10/s }
workloads:
  load: { executor: constant-arrival-rate, rate: 50/s, duration: 10s, jobs: { Decrypt: 1 } }
strategies: { sdk: { retry: { mode: aws-standard } } }
trials: 1
thresholds: { failed: [ \"rate<1%\" ] }
";

/// A folder with `small.yaml`, in which commands are run.
fn place(scenario: &str) -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    fs::write(folder.path().join("small.yaml"), scenario).expect("written");
    folder
}

fn run(place: &TempDir, args: &[&str]) -> Output {
    let mut command = Command::new(BINARY);
    command.args(args).current_dir(place.path()).output().expect("it starts")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("it ends by itself")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"));
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn three_runs_in_a_loop_leave_three_folders() {
    let place = place(MISSES);
    for _ in 0..3 {
        assert_eq!(code(&run(&place, &["run", "small.yaml", "-q"])), 99);
    }
    let local = place.path().join("reports/local");
    let folders = names(&local);
    assert_eq!(folders.len(), 3, "{folders:?}");
    for folder in folders {
        assert!(folder.starts_with("small-2"), "{folder}");
        assert!(
            local.join(&folder).join("run.json").is_file()
                && local.join(&folder).join("report.html").is_file()
        );
    }
}

#[test]
fn runs_that_start_at_once_have_folders_of_their_own() {
    let place = place(MISSES);
    let start = |_| {
        let mut command = Command::new(BINARY);
        command.args(["run", "small.yaml", "-q"]).current_dir(place.path());
        command.stdout(Stdio::null()).spawn().expect("it starts")
    };
    let running: Vec<_> = (0..4).map(start).collect();
    for mut each in running {
        assert_eq!(each.wait().expect("it ends").code(), Some(99));
    }
    assert_eq!(names(&place.path().join("reports/local")).len(), 4);
}

#[test]
fn a_folder_that_is_there_needs_force_and_keeps_nothing_stale() {
    let place = place(MISSES);
    let out = place.path().join("out");
    assert_eq!(code(&run(&place, &["run", "small.yaml", "-q", "-o", "out"])), 99);
    let before = fs::read(out.join("run.json")).expect("saved");
    let refused = run(&place, &["run", "small.yaml", "-q", "-o", "out", "--seed", "7"]);
    assert_eq!(code(&refused), 2, "{}", said(&refused));
    assert!(said(&refused).contains("--force"), "{}", said(&refused));
    assert!(before == fs::read(out.join("run.json")).expect("still there"), "nothing was touched");
    fs::write(out.join("histograms/another.hlog"), "stale").expect("written");
    assert_eq!(code(&run(&place, &["run", "small.yaml", "-q", "-o", "out", "--seed", "7", "--force"])), 99);
    assert!(before != fs::read(out.join("run.json")).expect("saved"), "another seed");
    assert!(!out.join("histograms/another.hlog").exists());
    // `--force` by itself has nothing to force.
    assert_eq!(code(&run(&place, &["run", "small.yaml", "--force"])), 2);
    // A folder with somebody's own files is not overrun.
    let refused = run(&place, &["run", "small.yaml", "-q", "-o", ".", "--force"]);
    assert!(code(&refused) == 2 && said(&refused).contains("which no run has written"), "{}", said(&refused));
}

#[test]
fn a_folder_that_cannot_be_written_is_told_of_before_the_first_job() {
    // Were it run, it would not end before the test does.
    let place = place(&MISSES.replace("duration: 10s", "duration: 20d").replace("50/s", "4000/s"));
    for out in ["small.yaml/out", "/proc/out"] {
        let failed = run(&place, &["run", "small.yaml", "-o", out]);
        assert_eq!(code(&failed), 1, "{}", said(&failed));
        assert!(
            said(&failed).contains(out) && said(&failed).contains("nothing was run"),
            "{}",
            said(&failed)
        );
    }
    fs::write(place.path().join("reports"), "a file").expect("written");
    let failed = run(&place, &["run", "small.yaml"]);
    assert!(code(&failed) == 1 && said(&failed).contains("nothing was run"), "{}", said(&failed));
}

/// In a tiny file system: what is saved is whole, or a sentence says that it is not; the summary comes all the same.
#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_leaves_a_whole_run_or_a_sentence() {
    let place = place(MISSES);
    fs::create_dir(place.path().join("disk")).expect("made");
    let (mut whole, mut told) = (0, 0);
    for kib in [40, 120, 160, 240, 320, 2_048] {
        let script = format!(
            "mount -t tmpfs -o size={kib}k none disk || exit 77
             {BINARY} run small.yaml -o disk/out; code=$?
             [ -e disk/out ] && cp -r disk/out kept-{kib}
             ls -A disk | grep -v '^out$' && exit 78
             exit $code"
        );
        let output = Command::new("unshare")
            .args(["--user", "--map-root-user", "--mount", "sh", "-c", &script])
            .current_dir(place.path())
            .output();
        let output = match output {
            Ok(output) if output.status.code() != Some(77) && !said(&output).contains("unshare") => output,
            _ => {
                return needs::missing(
                    "a full disk needs a file system of its own, which is not allowed here",
                );
            }
        };
        let (kept, said) = (place.path().join(format!("kept-{kib}")), said(&output));
        assert!(
            String::from_utf8_lossy(&output.stdout).contains("What KMS saw"),
            "{kib} KiB: the summary is shown"
        );
        if code(&output) == 99 {
            whole += 1;
            let page = fs::read_to_string(kept.join("report.html")).expect("the page");
            assert!(page.trim_end().ends_with("</html>"), "{kib} KiB");
            serde_json::from_slice::<serde_json::Value>(&fs::read(kept.join("run.json")).expect("saved"))
                .expect("whole");
        } else {
            told += 1;
            assert_eq!(code(&output), 1, "{kib} KiB: {said}");
            assert!(said.contains("cannot be saved in disk/out") && said.contains("No space left"), "{said}");
            assert!(!kept.exists(), "{kib} KiB: half a run");
        }
    }
    assert!(whole > 0 && told > 0, "{whole} {told}");
}

/// Every kind of end, and what it says on either stream, with that stream closed in every way.
#[test]
#[cfg(unix)]
fn a_closed_stream_is_never_a_panic_nor_another_exit_code() {
    let place = place(MISSES);
    fs::write(place.path().join("bad.yaml"), "version: 3\n").expect("written");
    let kinds: [(&str, i32); 9] = [
        ("run small.yaml --progress-every 1ms", 99),
        ("run small.yaml --progress-every 1ms --set thresholds={}", 0),
        ("run small.yaml --json --set gate=[]", 0),
        ("run bad.yaml", 104),
        ("check small.yaml", 0),
        ("run", 2),
        ("run small.yaml --strategy nobody", 2),
        ("--help", 0),
        ("report nothing-here", 1),
    ];
    let closings =
        [">&-", "2>&-", ">&- 2>&-", "2>&1 | true", "2>&1 | sleep 0.1", "2>&1 >/dev/null | true", "| true"];
    for (kind, expected) in kinds {
        for closing in closings {
            // The exit code of the command itself, not that of the pipe's other end.
            let script = format!("{{ {BINARY} {kind}; echo $? >code; }} {closing}");
            let output = Command::new("sh").args(["-c", &script]).current_dir(place.path()).output();
            let output = output.expect("sh starts");
            let code = fs::read_to_string(place.path().join("code")).expect("an exit code");
            assert_eq!(code.trim(), expected.to_string(), "{kind} {closing}: {}", said(&output));
            assert!(!said(&output).contains("panicked"), "{kind} {closing}: {}", said(&output));
        }
    }
}

#[test]
fn a_long_run_is_told_of_before_it_starts_and_its_progress_tells_what_is_left() {
    // 200 million jobs, and a limiter that has every one refused at once would still take seconds; it is ended.
    let place = place(&MISSES.replace("duration: 10s", "duration: 20d").replace("50/s", "4000/s"));
    let mut running = Command::new(BINARY)
        .args(["run", "small.yaml", "--threads", "1", "-o", "out", "--progress-every", "20ms"])
        .current_dir(place.path())
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("it starts");
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(running.stderr.take().expect("piped")));
    let first = lines.next().expect("a line").expect("text");
    // 4,000 jobs a second for 20 days, at a million a second.
    assert!(first.contains("about 6,912,000,000 jobs") && first.contains("it takes about 2 h"), "{first}");
    let second = lines.next().expect("a line").expect("text");
    assert!(second.contains("1 strategy x 1 trial of"), "{second}");
    running.kill().expect("ended");
    running.wait().expect("it ends");
}
