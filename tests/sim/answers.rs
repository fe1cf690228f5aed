//! ANSWER, SURE, NEXT: each shipped scenario answers its own question, a setting that reverses its lesson reverses the
//! answer, every figure in a sentence stands in the saved run, and NEXT names only commands that are there.

use crate::shipped;
use crate::support::{self, scenario};
use clap::Parser;
use keystorm::cli::Cli;
use keystorm::engine::{Control, under_other_limiters};
use keystorm::report::verdict::judge;
use keystorm::results::answer::order;
use keystorm::results::merit::Criterion;
use keystorm::results::{Agreement, Answer, Built, LimiterKinds, Run, StrategyRun, Verdict};

/// Every figure that a line rests on stands where it says.
fn rests_on_the_run(name: &str, run: &Run) {
    let json = serde_json::to_value(run).expect("a run is JSON");
    let answer = run.answer.as_ref().expect("it has one");
    for line in [&answer.answer, &answer.sure, &answer.next] {
        for cited in &line.figures {
            let there = json.pointer(&cited.at).and_then(serde_json::Value::as_f64);
            assert_eq!(there, Some(cited.value), "{name}: {} of {}", cited.at, line.text);
        }
    }
    assert!(!answer.answer.figures.is_empty(), "{name}: {:?}", answer.answer);
}

/// NEXT is a command that there is, or no command.
fn can_be_typed(name: &str, answer: &Answer) {
    let commands =
        answer.next.text.split('`').skip(1).step_by(2).filter(|piece| piece.starts_with("keystorm "));
    for command in commands {
        let words = shell_words(command);
        assert!(Cli::try_parse_from(&words).is_ok(), "{name}: {command}");
    }
    if let Some(command) = &answer.next.command {
        assert!(answer.next.text.contains(&format!("`{command}`")), "{name}: {:?}", answer.next);
    }
}

fn shell_words(command: &str) -> Vec<String> {
    let (mut words, mut quoted) = (vec![String::new()], false);
    for c in command.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().expect("there is one").push(c),
        }
    }
    words
}

/// A shipped scenario's answer, with `sets` laid over it.
fn answer(name: &str, sets: &[(&str, &str)]) -> (Run, Answer) {
    let sets: Vec<_> = shipped::smaller(name).iter().chain(sets).copied().collect();
    let mut run = support::run(&shipped::scenario(name, &sets), 2);
    run.settle(vec![name.to_owned()], None, Built::default());
    rests_on_the_run(name, &run);
    let answer = judge(&run).answer;
    can_be_typed(name, &answer);
    (run, answer)
}

#[test]
#[ignore = "prints what is said of every shipped scenario, for people to read"]
fn every_answer_to_read() {
    for name in shipped::names() {
        let (run, answer) = answer(&name, &[("trials", "2")]);
        println!(
            "{name}\n  ANSWER {}\n  SURE   {}\n  NEXT   {}",
            answer.answer.text, answer.sure.text, answer.next.text
        );
        for sentence in judge(&run).because {
            println!("    · {sentence}");
        }
    }
}
