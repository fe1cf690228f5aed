//! What stood behind `keystorm run`, so that a report can say what to run next.

use super::built::built;
use super::run;
use crate::results::Run;
use std::path::Path;

impl run::Args {
    /// The words that change figures: the scenario's file without its folders, so that a run is the same wherever it is
    /// started, then options, each followed by its value. Where and how it is shown, and on how many threads, is left out.
    pub fn words(&self) -> Vec<String> {
        self.words_from(|path| {
            path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
        })
    }

    /// `run` for whoever started it: what to do next names the file as it was named.
    pub fn as_here(&self, run: &Run) -> Run {
        let mut here = run.clone();
        let limiters = here.limiter_kinds.take();
        here.settle(self.words_from(|path| path.display().to_string()), limiters, built());
        here
    }

    fn words_from(&self, file: impl Fn(&Path) -> String) -> Vec<String> {
        let load = &self.load;
        let mut words: Vec<String> = self.scenario.as_deref().map(&file).into_iter().collect();
        let mut say = |option: &str, value: &str| words.extend([format!("--{option}"), value.to_owned()]);
        load.op.iter().for_each(|op| say("op", op));
        let texts = [
            ("rate", load.rate.clone()),
            ("duration", load.duration.clone()),
            ("vus", load.vus.clone()),
            ("iterations", load.iterations.clone()),
            ("key-spec", load.key_spec.clone()),
            ("target", self.target.clone()),
            ("region", self.region.clone()),
            ("seed", self.seed.clone()),
            ("trials", self.trials.clone()),
            #[cfg(feature = "live")]
            ("client", self.live.client.clone()),
        ];
        texts.iter().for_each(|(option, value)| value.iter().for_each(|value| say(option, value)));
        let lists = [
            ("stage", &load.stage),
            ("quota", &load.quota),
            ("threshold", &load.threshold),
            ("strategy", &self.strategies),
            ("set", &self.sets),
        ];
        lists.iter().for_each(|(option, values)| values.iter().for_each(|value| say(option, value)));
        self.fault_template.iter().for_each(|path| say("fault-template", &file(path)));
        words
    }
}

#[cfg(test)]
mod tests {
    use crate::cli::Cli;
    use clap::{CommandFactory as _, Parser};

    fn words(line: &[&str]) -> Vec<String> {
        let cli = Cli::try_parse_from(["keystorm", "run"].iter().chain(line)).expect("it parses");
        let super::super::Command::Run(args) = cli.command else { panic!("it is a run") };
        args.words()
    }

    #[test]
    fn the_words_hold_what_changes_figures_and_parse_again() {
        let line = [
            "deep/a.yaml",
            "-o",
            "x",
            "--trials",
            "3",
            "--set",
            "seed=7",
            "--quota",
            "5/s",
            "-q",
            "--threads",
            "2",
        ];
        let kept = words(&line);
        assert_eq!(kept, ["a.yaml", "--trials", "3", "--quota", "5/s", "--set", "seed=7"]);
        let again: Vec<&str> = kept.iter().map(String::as_str).collect();
        assert_eq!(words(&again), kept);
        let made = words(&["--op", "Decrypt", "-r", "5/s", "-d", "3s"]);
        assert_eq!(made, ["--op", "Decrypt", "--rate", "5/s", "--duration", "3s"]);
    }

    /// Options that change no figure, or are not for others to repeat.
    const LEFT_OUT: [&str; 23] = [
        "allow_throttling",
        "credentials",
        "dry_run",
        "endpoint_url",
        "force",
        "help",
        "json",
        "metrics",
        "no_tui",
        "no_usage_check",
        "otlp",
        "out",
        "over",
        "print_policy",
        "profile",
        "progress_every",
        "provision",
        "quiet",
        "shard",
        "threads",
        "verbose",
        "web",
        "yes_real_aws",
    ];

    #[test]
    fn every_option_of_run_is_among_them_or_left_out_for_a_reason() {
        let mut cli = Cli::command();
        cli.build();
        let run = cli.find_subcommand("run").expect("it is there");
        for option in run.get_arguments().filter(|option| !option.is_positional()) {
            let (id, long) = (option.get_id().as_str(), option.get_long().expect("a long name"));
            if LEFT_OUT.contains(&id) || ["version", "yes_remote"].contains(&id) {
                continue;
            }
            let value = match id {
                "vus" | "iterations" | "seed" | "trials" => "3",
                _ => "x=1",
            };
            let kept = words(
                &["a.yaml", &format!("--{long}"), value]
                    .map(|word| if id == "op" && word == "a.yaml" { "--quiet" } else { word }),
            );
            assert!(kept.iter().any(|word| *word == format!("--{long}")), "{long} is not among {kept:?}");
        }
    }
}
