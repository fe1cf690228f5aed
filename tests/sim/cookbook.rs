//! The walkthroughs of `docs/cookbook`: three jobs, each of at most three commands, run as they stand there.

use assert_cmd::cargo::CommandCargoExt;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// The commands of a page: the lines of its `sh` block.
fn commands(page: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cookbook").join(page);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{page}: {error}"));
    let block = text.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next()).expect("commands");
    block.lines().filter(|line| !line.is_empty()).map(Into::into).collect()
}

/// The words of a command; those in single quotes are one.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (place, part) in line.split('\'').enumerate() {
        match place % 2 {
            0 => words.extend(part.split_whitespace().map(Into::into)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}

/// Runs the commands of a page in a folder that has the repository's scenarios and logs; gives what the last one printed,
/// and the folder.
fn walk(page: &str) -> (String, TempDir) {
    let folder = TempDir::new().expect("a temporary folder");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut shown = String::new();
    let commands = commands(page);
    assert!((1..=3).contains(&commands.len()), "{page}: {} commands", commands.len());
    for line in commands {
        let mut words = words(&line);
        assert_eq!(words.remove(0), "keystorm", "{line}");
        let from_here = |word: String| match word.starts_with("scenarios/") || word.starts_with("tests/") {
            true => root.join(word).display().to_string(),
            false => word,
        };
        let mut command = Command::cargo_bin("keystorm").expect("the binary is built");
        let words: Vec<String> = words.into_iter().map(from_here).collect();
        let done = command.args(words).arg("-q").current_dir(folder.path()).output().expect("it starts");
        let code = done.status.code();
        // 99: a strategy misses a threshold, which is what a run is there to say.
        assert!(
            code == Some(0) || code == Some(99),
            "{line}: {code:?} {}",
            String::from_utf8_lossy(&done.stderr)
        );
        shown = String::from_utf8(done.stdout).expect("UTF-8");
    }
    (shown, folder)
}

#[test]
fn planning_capacity_answers_with_the_part_of_the_quota() {
    let (shown, folder) = walk("plan-capacity.md");
    let joined = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        joined.contains("ANSWER Nothing to ask:") && joined.contains("that you have in us-east-1"),
        "{shown}"
    );
    assert!(joined.contains("more months"), "{shown}");
    assert!(folder.path().join("reports/local/log-plan/plan.html").is_file());
}

#[test]
fn tuning_a_strategy_tells_from_which_load_it_breaks() {
    let (shown, folder) = walk("tune-a-strategy.md");
    assert!(shown.contains("naive         first throttle") && shown.contains("collapse"), "{shown}");
    assert!(folder.path().join("reports/local/tune/report.html").is_file());
}

#[test]
fn justifying_an_increase_ends_in_a_page_for_support() {
    let (shown, folder) = walk("justify-an-increase.md");
    for part in ["To look up: account 111122223333", "Desired value", "aws service-quotas", "Business impact"]
    {
        assert!(shown.contains(part), "{part} is not in:\n{shown}");
    }
    assert!(folder.path().join("reports/local/reader-dossier/dossier.html").is_file());
}
