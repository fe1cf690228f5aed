//! `keystorm report`, as a user meets it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A copy of the saved run that a test may write to.
fn saved_run() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/saved-run/run.json");
    let to = folder.path().join("run.json");
    std::fs::copy(from, &to).expect("a copy");
    (folder, to)
}

fn report(run: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keystorm"));
    command.arg("report").arg(run).args(args).env_remove("KEYSTORM_JSON").env_remove("KEYSTORM_QUIET");
    command.output().expect("it runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

/// The one error line of a run that failed with exit code 1.
fn failure(run: &Path) -> String {
    let output = report(run, &[]);
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).expect("text")
}

#[test]
fn a_saved_run_is_redrawn_into_its_directory_and_a_second_time_to_the_same_bytes() {
    let (folder, json) = saved_run();
    assert!(report(folder.path(), &[]).status.success());
    let names = ["report.html", "report.md", "timeline.csv", "strategies.csv", "charts/strategies.svg"];
    let read = || names.map(|name| std::fs::read(folder.path().join(name)).expect(name));
    let first = read();
    assert!(report(&json, &[]).status.success());
    assert!(first == read(), "the same run, the same bytes");
}

#[test]
fn each_format_is_printed_alone_and_nothing_is_written() {
    let (folder, _) = saved_run();
    for (format, begins) in [
        ("html", "<!DOCTYPE html>"),
        ("md", "# retry-storm"),
        ("text", "retry-storm"),
        ("csv", "strategy,trials,"),
    ] {
        let text = stdout(&report(folder.path(), &["--format", format]));
        assert!(text.starts_with(begins), "{format}: {}", text.chars().take(60).collect::<String>());
        assert!(!text.contains('\u{1b}'), "no colour where there is no terminal");
    }
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
}

#[test]
fn json_prints_the_saved_run_as_it_is() {
    let (folder, json) = saved_run();
    let printed = stdout(&report(folder.path(), &["--json"]));
    assert_eq!(printed, std::fs::read_to_string(json).expect("text"));
}

#[test]
fn a_run_saved_under_older_definitions_opens_and_says_so() {
    let (_folder, json) = saved_run();
    let sentence = "This run was saved under definitions 1, not 2";
    for format in ["html", "md", "text"] {
        assert!(!stdout(&report(&json, &["--format", format])).contains("saved under definitions"));
    }
    let older = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/saved-run/older.json");
    std::fs::copy(older, &json).expect("a copy");
    for format in ["html", "md", "text"] {
        let page = stdout(&report(&json, &["--format", format]));
        assert!(page.contains(sentence) && page.contains("naive"), "{format}: {page}");
    }
    assert!(report(&json, &["--format", "csv"]).status.success());
}

#[test]
fn a_run_that_is_not_there_is_named() {
    let (folder, json) = saved_run();
    let missing = folder.path().join("nowhere");
    assert!(failure(&missing).contains("nowhere: no such file or directory"));
    std::fs::remove_file(json).expect("removed");
    assert!(failure(folder.path()).contains("it has no run.json"));
}

#[test]
fn another_version_of_the_saved_run_is_refused_by_both_names() {
    let (_folder, json) = saved_run();
    let text = std::fs::read_to_string(&json).expect("text").replace("keystorm.run/1", "keystorm.run/9");
    std::fs::write(&json, text).expect("written");
    let line = failure(&json);
    assert!(line.contains("keystorm.run/9") && line.contains("keystorm.run/1"), "{line}");
}

#[test]
fn broken_json_is_refused_with_its_line() {
    let (_folder, json) = saved_run();
    std::fs::write(&json, "{\n  \"schema\": \"keystorm.run/1\",\n  oops\n}").expect("written");
    assert!(failure(&json).contains("line 3"), "{}", failure(&json));
    std::fs::write(&json, "{\"schema\": \"keystorm.run/1\"}").expect("written");
    assert!(failure(&json).contains("missing field `tool`"), "{}", failure(&json));
}

#[test]
fn a_stamp_tells_when_and_by_what_and_is_refused_where_no_page_is_drawn() {
    let (folder, _) = saved_run();
    let page = stdout(&report(folder.path(), &["--format", "html", "--stamp"]));
    assert!(page.contains("Drawn 20") && page.contains("--format html --stamp"));
    assert!(!stdout(&report(folder.path(), &["--format", "html"])).contains("Drawn 20"));
    let output = report(folder.path(), &["--format", "md", "--stamp"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(report(folder.path(), &["--stamp"]).status.success());
    let page = std::fs::read_to_string(folder.path().join("report.html")).expect("a page");
    assert!(page.contains("Drawn 20"));
}
