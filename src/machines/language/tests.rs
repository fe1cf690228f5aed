//! A small language of its own: what is declared once is read, written and described.

#![allow(dead_code, reason = "the toy uses a part of what words! gives")]

use super::tree::parse;
use super::*;
use crate::api::words;
use crate::time::Span;
use crate::units::Rate;

words! {
    /// How loud.
    Volume {
        /// Hardly.
        Low = "low",
        /// Very.
        High = "high",
    }
}

record! {
    /// A bell.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Bell as "bell" {
        /// How often it strikes.
        pub rate: Rate = key("rate", "Strikes.", POSITIVE_RATE).needed(),
        /// How loud.
        pub volume: Volume = key("volume", "How loud ({}).", words()).or(Volume::Low),
        /// How many.
        pub count: u32 = key("count", "How many ({}).", count(9)).or(2),
        /// How long each sounds.
        pub sounds: Option<Span> = key("sounds", "How long ({}).", or_none(TIME)).or(None),
        /// Who rings.
        pub ringers: Vec<String> = key("ringers", "Who rings (nobody).", list(TEXT)).or(Vec::new()).quiet(),
        /// Not in the language.
        pub dents: u32 = unsaid(0),
        /// What it does when struck.
        pub tune: Tune = beside(),
    }
    later {
        "tower": "Where it hangs.",
    }
    then no_quiet_crowd;
}

choice! {
    /// What a bell plays.
    #[derive(Clone, Debug, PartialEq)]
    pub enum TuneMode as TuneWord {
        /// Once.
        Once = "once",
        /// Again and again.
        Round = "round" {
            /// Between strokes.
            pause: Span = key("pause", "Between strokes ({}).", SPAN).or(Span::from_secs(1)),
        },
        /// Faster and faster.
        Rising = "rising" {
            /// Before the first stroke.
            pause: Span = key("pause", "", SPAN).or(Span::from_secs(1)),
            /// By how much.
            factor: f64 = key("factor", "Growth ({}).", number(1.0, 3.0)).or(2.0),
        },
    }
}

/// A mode by its word.
#[derive(Clone, Debug, PartialEq)]
pub struct Tune(TuneMode);

impl Part for Tune {
    fn walk(walk: &mut Walk<'_, '_>, now: Option<&Tune>) -> Option<Tune> {
        let word = walk.word_of("tune", "What it plays.", now.map(|now| &now.0))?;
        walk.choice(word, now.map(|now| &now.0)).map(Tune)
    }
}

fn no_quiet_crowd(r: &mut Reader, fields: &Fields, bell: &mut Bell) {
    if let Some(item) = fields.get("ringers").filter(|_| bell.volume == Volume::Low && bell.ringers.len() > 1)
    {
        r.wrong(&item, "a quiet bell has one ringer", "one, or volume high");
    }
}

fn read(text: &str) -> Result<Bell, Vec<String>> {
    let root = parse(text, 0).expect("YAML");
    let mut reader = Reader::default();
    let read = reader.record(&Item { node: &root, path: String::new() });
    match read.filter(|_| reader.problems.is_empty()) {
        Some(bell) => Ok(bell),
        None => Err(reader.problems.iter().map(|problem| format!("{}: {problem}", problem.line)).collect()),
    }
}

#[test]
fn what_is_written_reads_back_the_same_with_every_default_filled_in() {
    for (text, written) in [
        ("{rate: 5/s, tune: once}", "rate: 5/s\nvolume: low\ncount: 2\nsounds: none\ntune: once\n"),
        (
            "{rate: 1/min, volume: high, sounds: 3s, ringers: [a, b], tune: rising, factor: 1.5}",
            "rate: 1/min\nvolume: high\ncount: 2\nsounds: 3s\nringers:\n- a\n- b\ntune: rising\npause: 1s\nfactor: 1.5\n",
        ),
    ] {
        let bell = read(text).unwrap_or_else(|problems| panic!("{text}: {problems:?}"));
        let yaml = serde_yaml::to_string(&record_value(&bell)).expect("YAML");
        assert_eq!(yaml, written);
        assert_eq!(read(&yaml).as_ref(), Ok(&bell), "{yaml}");
    }
}

#[test]
fn every_problem_is_told_at_once_on_its_line_with_what_was_meant() {
    let text = "volume: loud\ncuont: 5\nsounds: 0s\ntower: x\ntune: round\nfactor: 2\nringers: [a, b]\n";
    let problems = read(text).expect_err("it is wrong");
    let told = [
        "2: cuont: `cuont` is not a key of this mapping; allowed keys: rate, volume, count, sounds, ringers, tune, pause, factor; did you mean `count`?",
        "4: tower: `tower` is not built yet; allowed leaving it out",
        "1: `rate` is missing; allowed Strikes",
        "1: volume: this is not one of the values known here; read `loud`; allowed low, high; did you mean `low`?",
        "3: sounds: this must be above zero; read `0s`; allowed a duration above 0s, at most 30d",
        "6: factor: `factor` does not go with tune `round`; allowed with tune rising",
    ];
    assert_eq!(problems, told, "and no more: what follows from a default that stands in is not told");
    let crowd = read("{rate: 1/s, tune: once, ringers: [a, b]}").expect_err("it is wrong");
    assert_eq!(
        crowd,
        ["1: ringers: a quiet bell has one ringer; read a list of 2; allowed one, or volume high"]
    );
}

#[test]
fn a_table_has_each_key_once_with_its_default_and_the_words_it_goes_with() {
    let table = Bell::table();
    assert_eq!(table.name, "bell");
    let keys: Vec<(&str, &str, &[&str], bool)> =
        table.keys.iter().map(|key| (key.name, key.about, key.with, key.required)).collect();
    let none: &[&str] = &[];
    assert_eq!(
        keys,
        [
            ("rate", "Strikes.", none, true),
            ("volume", "How loud (low).", none, false),
            ("count", "How many (2).", none, false),
            ("sounds", "How long (none).", none, false),
            ("ringers", "Who rings (nobody).", none, false),
            ("tune", "What it plays.", none, true),
            ("pause", "Between strokes (1s).", &["round", "rising"], false),
            ("factor", "Growth (2).", &["rising"], false),
            ("tower", "Where it hangs.", none, false),
        ]
    );
    assert!(table.keys.last().is_some_and(|key| key.later));
}
