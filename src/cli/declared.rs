//! Options that mean a key of the language: what they say of it, and how they are read, is what the key's type declares.

use crate::language::{Key, Record as _};
use crate::quota::Quotas;
use crate::scenario;
#[cfg(feature = "emulator")]
use crate::scenario::Service;

/// The help of an option that means the scenario's key at `path`: what the key says of itself, and `more`, what is the
/// option's own.
pub fn means(path: &str, more: &str) -> String {
    format!("{}{more}", of_scenario(path).sentence())
}

/// The same, of an option that means a key of a service alone.
#[cfg(feature = "emulator")]
pub fn of_service(path: &str, more: &str) -> String {
    let key = Service::table().at(path).expect("a test builds the help of every option");
    format!("{}{more}", key.sentence())
}

/// The scenario's key at `path`.
fn of_scenario(path: &str) -> &'static Key {
    scenario::table().at(path).expect("a test builds the help of every option")
}

/// The default of the scenario's key at `path`, as it is written.
#[cfg(feature = "emulator")]
pub fn default(path: &str) -> &'static str {
    of_scenario(path).default.expect("a test builds every command")
}

/// The words that the scenario's key at `path` may be, as a sentence lists them.
#[cfg(feature = "live")]
pub fn words(path: &str) -> String {
    use crate::language::Shape;
    match of_scenario(path).shape {
        Shape::Words(words) => words.join(", "),
        other => unreachable!("`{path}` is no word: {other:?}"),
    }
}

/// Whether a name under `quotas` is that of a pool, and no other key's.
pub fn may_be_pool(name: &str) -> bool {
    !name.is_empty() && Quotas::table().key(name).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use crate::language::{Shape, Table};
    use clap::CommandFactory as _;
    use std::collections::BTreeSet;

    /// The commands whose options may mean a key.
    const COMMANDS: [&str; 5] = ["serve", "run", "onset", "plan", "check"];

    /// Options that are called as a key is and mean something else, and what that is.
    const OTHERS: &[(&str, &str, &str)] = &[
        ("plan", "account", "whose log is read, not what a run may touch"),
        ("plan", "by", "a day"),
        ("serve", "account", "of who calls without saying, not what a run may touch"),
        ("serve", "idle-timeout", "of connections that come in"),
        ("serve", "region", "whose keys a call without a Region is for"),
    ];

    /// Every key that can be reached from a table, with the key above it.
    fn keys(
        table: &'static Table,
        above: &'static str,
        seen: &mut Vec<&'static Table>,
        all: &mut Vec<(&'static str, &'static Key)>,
    ) {
        if seen.iter().any(|each| std::ptr::eq(*each, table)) {
            return;
        }
        seen.push(table);
        for key in table.keys.iter().filter(|key| !key.later) {
            all.push((above, key));
            tables(key.shape).into_iter().for_each(|inner| keys(inner, key.name, seen, all));
        }
        let others = table.others.map(|others| tables(*others.shape)).unwrap_or_default();
        others.into_iter().for_each(|inner| keys(inner, above, seen, all));
    }

    fn tables(shape: Shape) -> Vec<&'static Table> {
        match shape {
            Shape::Either(shapes) => shapes.iter().flat_map(|shape| tables(*shape)).collect(),
            shape => shape.table().into_iter().collect(),
        }
    }

    /// `startRate` as an option is called: `start-rate`.
    fn kebab(name: &str) -> String {
        let mut made = String::new();
        for c in name.chars() {
            if c.is_ascii_uppercase() {
                made.push('-');
            }
            made.push(c.to_ascii_lowercase());
        }
        made
    }

    /// Whether an option of this name may mean the key: `seed`, `fault` for `faults`, `key-spec` for `keys.spec`.
    fn may_mean(option: &str, (above, key): (&str, &Key)) -> bool {
        let name = kebab(key.name);
        let both = format!("{}-{name}", kebab(above).trim_end_matches('s'));
        [name.as_str(), name.trim_end_matches('s'), &both].contains(&option)
    }

    #[test]
    fn an_option_that_means_a_key_says_of_it_what_the_key_says_of_itself() {
        let (mut seen, mut all) = (Vec::new(), Vec::new());
        keys(scenario::table(), "", &mut seen, &mut all);
        #[cfg(feature = "emulator")]
        keys(Service::table(), "", &mut seen, &mut all);
        let mut cli = Cli::command();
        cli.build();
        let (mut wrong, mut others, mut found) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
        for name in COMMANDS {
            let command = cli.find_subcommand(name).expect("it is there");
            for option in command.get_arguments().filter(|option| !option.is_positional()) {
                let long = option.get_long().expect("a long name");
                let meant: Vec<&Key> = all
                    .iter()
                    .filter(|(above, key)| may_mean(long, (above, key)))
                    .map(|each| each.1)
                    .collect();
                let help = option.get_help().map(ToString::to_string).unwrap_or_default();
                let says = |key: &&&Key| help.starts_with(key.sentence());
                let Some(key) = meant.iter().find(says) else {
                    if !meant.is_empty() {
                        others.insert((name, long.to_owned(), help));
                    }
                    continue;
                };
                found.insert(long.to_owned());
                let defaults: Vec<_> =
                    option.get_default_values().iter().map(|value| value.to_str()).collect();
                if !defaults.is_empty() && defaults != [key.default] {
                    wrong.push(format!("{name} --{long}: {defaults:?} instead of {:?}", key.default));
                }
                if let Shape::Words(words) = key.shape
                    && words.len() < 10
                    && !words.iter().all(|word| help.contains(word))
                {
                    wrong.push(format!("{name} --{long} lacks one of {words:?}: {help}"));
                }
            }
        }
        assert_eq!(wrong, Vec::<String>::new());
        let said: BTreeSet<(&str, &str)> = OTHERS.iter().map(|(name, long, _)| (*name, *long)).collect();
        let met: BTreeSet<(&str, &str)> =
            others.iter().map(|(name, long, _)| (*name, long.as_str())).collect();
        assert_eq!(met, said, "left: called as a key, and says something else: {others:#?}");
        assert!(found.len() >= 8, "{found:?}");
    }

    #[test]
    #[cfg(feature = "emulator")]
    fn the_help_of_serve_names_every_word_that_its_options_take() {
        use crate::kms::{Assumed, Consistency, Limits};
        let mut cli = Cli::command();
        cli.build();
        let serve = cli.find_subcommand("serve").expect("it is there");
        let help = |long: &str| {
            let option = serve.get_arguments().find(|option| option.get_long() == Some(long));
            option.and_then(|option| option.get_help()).map(ToString::to_string).unwrap_or_default()
        };
        let names = |table: &'static Table| table.keys.iter().map(|key| key.name).collect::<Vec<_>>();
        let faults = Service::table().key("faults").and_then(|key| key.shape.table()).expect("a mapping");
        for (option, words) in [
            ("limit", names(Limits::table())),
            ("consistency", names(Consistency::table())),
            ("assume", names(Assumed::table())),
            ("fault", names(faults)),
            ("enforcement", crate::quota::EnforcementKind::WORDS.to_vec()),
        ] {
            let help = help(option);
            let lacking: Vec<_> = words.iter().filter(|word| !help.contains(**word)).collect();
            assert!(lacking.is_empty() && words.len() > 3, "--{option} lacks {lacking:?}: {help}");
        }
    }
}
