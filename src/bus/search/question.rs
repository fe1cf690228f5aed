//! The question of a search: what all of its cells share, which is the keystorm that asks and its traces.

use crate::bus::wire::{is_hash, printable, sum};
use crate::results::DEFINITIONS;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Version of the document.
const SCHEMA: &str = "keystorm.search/1";

/// `search.json`, and the question on the bus.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchQuestion {
    schema: String,
    /// The keystorm that asks.
    version: String,
    definitions: u32,
    /// The command.
    search: String,
    /// SHA-256 of everything else that the search follows from.
    asked: String,
    /// SHA-256 of each trace by its name in the scenario.
    pub traces: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Schema {
    schema: String,
}

impl SearchQuestion {
    /// The question of `search`, which follows from `asked` and from these traces.
    pub fn new(search: &str, asked: &str, traces: BTreeMap<String, String>) -> SearchQuestion {
        SearchQuestion {
            schema: SCHEMA.into(),
            version: env!("CARGO_PKG_VERSION").into(),
            definitions: DEFINITIONS,
            search: search.into(),
            asked: sum(asked),
            traces,
        }
    }

    /// Its bytes.
    pub fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("texts and whole numbers are JSON")
    }

    /// The search that it is the question of, by its hash.
    pub fn run(bytes: &[u8]) -> String {
        sum(bytes)
    }

    /// Reads one; `None` for what is the question of something else.
    ///
    /// # Errors
    /// A sentence, for what only looks like one.
    pub fn read(bytes: &[u8]) -> Result<Option<SearchQuestion>, String> {
        match serde_json::from_slice::<Schema>(bytes) {
            Ok(Schema { schema }) if schema == SCHEMA => {}
            _ => return Ok(None),
        }
        let question: SearchQuestion = serde_json::from_slice(bytes)
            .map_err(|error| format!("this is no search: {}", printable(&error.to_string())))?;
        let own = env!("CARGO_PKG_VERSION");
        if question.version != own || question.definitions != DEFINITIONS {
            return Err(format!(
                "this search is of keystorm {} with definitions {}, and this is {own} with {DEFINITIONS}",
                printable(&question.version),
                question.definitions
            ));
        }
        if !question.traces.values().all(|sum| is_hash(sum)) {
            return Err("this is no search: a trace is not named by its sum".into());
        }
        // Its hash is the search's name: the same question has one.
        match question.bytes() == bytes {
            true => Ok(Some(question)),
            false => Err("this is no search: it is not written as one is".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn question() -> SearchQuestion {
        let traces = BTreeMap::from([("jobs.csv".to_owned(), sum("time_s,count\n"))]);
        SearchQuestion::new("onset", "everything", traces)
    }

    /// Whether bytes are ours, none of ours, or refused in a sentence; what is ours is written back the same.
    fn holds(bytes: &[u8]) -> Result<(), TestCaseError> {
        match SearchQuestion::read(bytes) {
            Ok(Some(read)) => prop_assert_eq!(read.bytes(), bytes),
            Ok(None) => {}
            Err(why) => prop_assert!(!why.is_empty() && !why.chars().any(char::is_control), "{:?}", why),
        }
        Ok(())
    }

    #[test]
    fn a_question_reads_as_it_was_written_and_no_other_way() {
        let bytes = question().bytes();
        assert_eq!(SearchQuestion::read(&bytes), Ok(Some(question())));
        assert_eq!(SearchQuestion::read(b"{\"schema\":\"keystorm.shard/1\"}"), Ok(None));
        assert_eq!(SearchQuestion::read(b"\x1b[2J"), Ok(None));
        let text = String::from_utf8(bytes).expect("text");
        for (changed, part) in [
            (text.replace("\"search\":", "\"search\": "), "not written as one is"),
            (text.replace(&sum("time_s,count\n"), "../jobs.csv"), "not named by its sum"),
            (text.replace(env!("CARGO_PKG_VERSION"), "9.9.9\\u001b[2J"), "is of keystorm 9.9.9 [2J"),
            (text.replacen('{', "{\"\\u001b\":1,", 1), "unknown field"),
        ] {
            assert_ne!(changed, text, "{part}");
            let said = SearchQuestion::read(changed.as_bytes()).expect_err(part);
            assert!(said.contains(part) && !said.chars().any(char::is_control), "{said:?}");
        }
    }

    proptest! {
        #[test]
        fn a_changed_question_is_one_or_none_or_a_sentence(at in 0usize..400, byte in any::<u8>(), cut in any::<bool>()) {
            let mut changed = question().bytes();
            let at = at % changed.len();
            changed[at] = byte;
            holds(&changed)?;
            if cut {
                changed.truncate(at);
                holds(&changed)?;
            }
        }
    }
}
