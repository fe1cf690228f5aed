//! README and the pages it leads to say nothing that is not there: commands parse, scenarios, files and example exist and hold.

use clap::Parser;
use keystorm::cli::Cli;
use keystorm::scenario::{Options, Scenario};
use std::path::Path;

/// README, and the pages for users that are written by hand.
const PAGES: [&str; 5] =
    ["README.md", "docs/running.md", "docs/words.md", "docs/live.md", "docs/emulator.md"];

fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn readme() -> String {
    page("README.md")
}

/// What stands between `before` and `after`, every time.
fn between<'t>(text: &'t str, before: &'t str, after: &'t str) -> impl Iterator<Item = &'t str> {
    text.split(before).skip(1).filter_map(move |rest| rest.split(after).next())
}

#[test]
fn every_command_parses() {
    let text = PAGES.map(page).concat();
    let commands: Vec<&str> = between(&text, "`keystorm ", "`").collect();
    assert!(commands.len() > 20, "{commands:?}");
    for command in commands {
        let plain =
            command.replace(" SCENARIO", " a.yaml").replace("PATH…", "logs").replace("FILE", "a.yaml");
        let words = plain.split_whitespace().filter(|word| *word != "…");
        Cli::try_parse_from(["keystorm"].into_iter().chain(words))
            .unwrap_or_else(|e| panic!("{command}: {e}"));
    }
}

/// The alias is the first command; what stands behind it is a command of ours like any other.
#[test]
fn the_quickstart_is_an_alias_that_runs_a_scenario() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(".cargo/config.toml");
    let config = std::fs::read_to_string(path).expect("the alias is there");
    let alias = between(&config, "quickstart = \"", "\"").next().expect("the alias");
    let (cargo, ours) = alias.split_once(" -- ").expect("a command behind cargo's");
    assert!(cargo.split(' ').any(|word| word == "--locked"), "{cargo}");
    let words = ["keystorm"].into_iter().chain(ours.split_whitespace());
    Cli::try_parse_from(words).unwrap_or_else(|e| panic!("{ours}: {e}"));
    let scenario = ours.split_whitespace().last().expect("a scenario");
    assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(scenario).exists(), "{scenario}");
    assert!(readme().contains("```sh\ncargo quickstart\n```"));
}

#[test]
fn there_are_two_set_up_commands() {
    let text = readme();
    let set_up = between(&text, "## Set up", "## ").next().expect("the section");
    assert_eq!(between(set_up, "```sh\n", "\n```").count(), 2);
}

#[test]
fn what_is_said_not_to_be_built_is_what_the_language_refuses() {
    let (text, language) = (readme(), page("docs/language.md"));
    let section = between(&text, "## Not built yet", "\nExit codes").next().expect("the section");
    let mut named: Vec<&str> = section.split('`').skip(1).step_by(2).collect();
    let refused = language.lines().filter(|line| line.contains("| Not built yet."));
    let mut refused: Vec<&str> = refused.filter_map(|line| line.split('`').nth(1)).collect();
    named.sort_unstable();
    refused.sort_unstable();
    assert!(!refused.is_empty(), "a section that names nothing can go");
    assert_eq!(named, refused);
}

#[test]
fn every_link_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in PAGES {
        let text = page(name);
        for link in between(&text, "](", ")") {
            let path = root.join(name).parent().expect("a folder").join(link);
            assert!(path.exists(), "{name}: {link}");
        }
    }
    let text = readme();
    for file in std::fs::read_dir(root.join("scenarios")).expect("scenarios/").flatten() {
        let name = file.file_name().into_string().expect("UTF-8");
        assert!(text.contains(&format!("scenarios/{name}")), "README does not list {name}");
    }
}

#[test]
fn the_example_is_a_valid_scenario() {
    let text = readme();
    let example = between(&text, "```yaml\n", "```").next().expect("an example");
    Scenario::parse(example, &Options::default()).unwrap_or_else(|problems| panic!("{problems}"));
}

#[test]
fn the_summary_is_the_one_that_the_sample_report_holds() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/quickstart/run.json");
    let json = std::fs::read_to_string(path).expect("the sample report is there");
    let run = serde_json::from_str(&json).expect("a saved run");
    let summary = keystorm::report::text::render(&run, false);
    let text = readme();
    let shown = between(&text, "```text\n", "```").next().expect("a summary");
    for line in shown.lines().filter(|line| !line.trim().is_empty()) {
        assert!(summary.lines().any(|each| each == line), "not in the summary any more: {line}");
    }
}

/// The first question is about a figure of the sample report.
#[test]
fn the_questions_tell_the_share_that_the_sample_shows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let saved = std::fs::read_to_string(root.join("reports/quickstart/run.json")).expect("the sample");
    let run: keystorm::results::Run = serde_json::from_str(&saved).expect("a saved run");
    let adaptive = run.strategies.iter().find(|s| s.name == "sdk-adaptive").expect("it has that strategy");
    let asked = format!("complete only {:.1} %", adaptive.ratios.success * 100.0);
    let questions = std::fs::read_to_string(root.join("docs/faq.md")).expect("the questions");
    assert!(questions.contains(&asked), "{asked}");
}
