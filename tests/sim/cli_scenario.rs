//! The commands around scenario files, as a user meets them.

use assert_cmd::Command;

fn keystorm(args: &[&str]) -> (i32, String, String) {
    let output = Command::cargo_bin("keystorm").expect("the program").args(args).output().expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().expect("an exit code"), text(output.stdout), text(output.stderr))
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::Builder::new().suffix(".yaml").tempfile().expect("a file");
    std::fs::write(file.path(), text).expect("written");
    file
}

fn path(file: &tempfile::NamedTempFile) -> &str {
    file.path().to_str().expect("UTF-8")
}

#[test]
fn new_prints_a_scenario_that_check_accepts_and_check_prints_one_too() {
    let (code, template, _) = keystorm(&["new"]);
    assert_eq!(code, 0);
    let first = file(&template);
    let (code, checked, errors) = keystorm(&["check", path(&first)]);
    assert_eq!((code, errors.as_str()), (0, ""));
    assert!(checked.contains("153,000 jobs") && checked.contains("over the limit"), "{checked}");
    let second = file(&checked);
    let (code, again, _) = keystorm(&["check", path(&second)]);
    assert_eq!((code, again), (0, checked));
}

#[test]
fn every_template_is_listed_and_an_unknown_one_is_a_usage_error() {
    let (_, listed, _) = keystorm(&["new", "--list"]);
    assert!(
        ["quickstart", "spike", "closed", "trace", "cache", "multi"].iter().all(|name| listed.contains(name))
    );
    assert_eq!(keystorm(&["new", "--template", "nothing"]).0, 2);
}

#[test]
fn check_tells_every_problem_with_its_line_and_exits_with_104() {
    let bad = file("version: 1\ntrails: 3\nworkloads: { w: { executor: burs } }\n");
    let (code, out, errors) = keystorm(&["check", path(&bad)]);
    assert_eq!((code, out.as_str()), (104, ""));
    assert!(errors.contains(".yaml:2:1: trails"), "{errors}");
    assert!(
        errors.contains("did you mean `trials`?") && errors.contains("did you mean `burst`?"),
        "{errors}"
    );
    assert!(errors.contains("`strategies` is missing"), "{errors}");
}

#[test]
fn a_set_value_is_laid_over_the_file_and_its_problem_names_it() {
    let template = file(&keystorm(&["new"]).1);
    let (code, out, _) = keystorm(&["check", path(&template), "--set", "trials=2", "--json"]);
    let document: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((code, &document["scenario"]["trials"]), (0, &serde_json::json!(2)));
    let (code, _, errors) = keystorm(&["check", path(&template), "--set", "trials=-2"]);
    assert!(code == 104 && errors.contains("--set trials=-2: trials: this must not be negative"), "{errors}");
    assert_eq!(keystorm(&["check", path(&template), "--set", "trials"]).0, 2);
}

#[test]
fn a_file_that_is_not_there_is_a_failure_and_not_a_problem_of_the_scenario() {
    let (code, _, errors) = keystorm(&["check", "no-such-file.yaml"]);
    assert!(code == 1 && errors.contains("cannot read no-such-file.yaml"), "{errors}");
}

#[test]
fn schemas_are_json_and_completions_name_the_commands() {
    for of in [&["schema"][..], &["schema", "run"]] {
        let schema: serde_json::Value = serde_json::from_str(&keystorm(of).1).expect("JSON");
        assert!(schema["properties"].is_object(), "{of:?}");
    }
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, script, _) = keystorm(&["completions", shell]);
        assert!(code == 0 && script.contains("check"), "{shell}");
    }
}
