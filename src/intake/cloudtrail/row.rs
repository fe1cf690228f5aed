//! One event of KMS as it is kept until all are known: numbers only, so that it costs 64 bytes however long its names are.

use super::event::{Event, is_throttle, printable};
use crate::api::{KeySpec, Operation};
use std::collections::BTreeMap;

/// An event. Names are their [`digest`]s; no name has 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    /// Seconds since 1970.
    pub(super) at: i64,
    /// What its copies share; 0 if there is no such thing.
    pub(super) id: u128,
    /// What the records of one call share; 0 if there is no such thing.
    pub(super) request: u64,
    /// Its [`Who`].
    pub(super) who: u64,
    pub(super) key: u64,
    pub(super) context: u64,
    /// Of its Region; tells copies of one event from chance.
    pub(super) region: u32,
    /// Position in [`Operation::ALL`], or [`NO_CALL`].
    pub(super) operation: u8,
    pub(super) spec: u8,
    pub(super) flags: u8,
}

/// What KMS did by itself.
pub(super) const NO_CALL: u8 = u8::MAX;
/// A keystorm called.
pub(super) const OWN: u8 = 1;
/// A VPC endpoint tells of it.
pub(super) const NETWORK: u8 = 2;
/// A quota refused it.
pub(super) const THROTTLED: u8 = 4;
/// The caller is told only by its kind.
pub(super) const VAGUE: u8 = 8;
/// The endpoint's policy refused it: it never came to KMS.
pub(super) const STOPPED: u8 = 16;

/// How long a row is in a file.
pub(super) const SIZE: usize = 64;

impl Row {
    pub(super) fn of(event: &Event<'_>, names: &mut Names) -> Row {
        let who = Who {
            region: event.region.to_string(),
            account: printable(&event.account),
            invoker: event.invoker.clone(),
            is_service: event.is_service,
            error: event.error.clone(),
            name: event.operation.is_none().then(|| event.name.to_string()),
        };
        let is_throttled = event.error.as_deref().is_some_and(is_throttle);
        let is_stopped = event.is_network && event.error.as_deref() == Some("VpceAccessDenied");
        let flags = [
            (event.is_own, OWN),
            (event.is_network, NETWORK),
            (is_throttled, THROTTLED),
            (event.is_vague, VAGUE),
            (is_stopped, STOPPED),
        ];
        Row {
            at: event.at,
            id: event.id.as_deref().map_or(0, identity),
            request: event.request.as_deref().map_or(0, digest),
            who: names.who(&who),
            key: event.key.as_deref().map_or(0, |key| names.key(key)),
            context: event.context.as_deref().map_or(0, digest),
            region: (digest(&event.region) >> 32) as u32,
            operation: event.operation.map_or(NO_CALL, |operation| operation.index() as u8),
            spec: KeySpec::ALL.iter().position(|spec| *spec == event.spec).unwrap_or(0) as u8,
            flags: flags.iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| flag).sum(),
        }
    }

    /// Its hour since 1970.
    pub(super) const fn hour(&self) -> i64 {
        self.at.div_euclid(3600)
    }

    pub(super) const fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    pub(super) fn operation(self) -> Option<Operation> {
        Operation::ALL.get(usize::from(self.operation)).copied()
    }

    pub(super) fn spec(self) -> KeySpec {
        KeySpec::ALL.get(usize::from(self.spec)).copied().unwrap_or(KeySpec::SymmetricDefault)
    }

    pub(super) fn to_bytes(self) -> [u8; SIZE] {
        let mut bytes = [0; SIZE];
        bytes[..8].copy_from_slice(&self.at.to_le_bytes());
        bytes[8..24].copy_from_slice(&self.id.to_le_bytes());
        for (at, value) in [(24, self.request), (32, self.who), (40, self.key), (48, self.context)] {
            bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
        }
        bytes[56..60].copy_from_slice(&self.region.to_le_bytes());
        bytes[60..63].copy_from_slice(&[self.operation, self.spec, self.flags]);
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8; SIZE]) -> Row {
        let word = |at: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&bytes[at..at + 8]);
            u64::from_le_bytes(word)
        };
        Row {
            at: word(0).cast_signed(),
            id: u128::from(word(8)) | u128::from(word(16)) << 64,
            request: word(24),
            who: word(32),
            key: word(40),
            context: word(48),
            region: word(56) as u32,
            operation: bytes[60],
            spec: bytes[61],
            flags: bytes[62],
        }
    }
}

/// Who called, where, and what came of it: the same for many events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Who {
    pub(super) region: String,
    pub(super) account: String,
    pub(super) invoker: String,
    pub(super) is_service: bool,
    pub(super) error: Option<String>,
    /// Of what is no call.
    pub(super) name: Option<String>,
}

/// Stands between the parts of a [`Who`]; no part holds it.
const BETWEEN: char = '\u{1f}';
/// Callers and keys whose names are kept; what comes after them is counted without a name.
const MAX_NAMES: usize = 50_000;

impl Who {
    fn to_text(&self) -> String {
        let service = if self.is_service { "s" } else { "" };
        let error = self.error.as_deref().unwrap_or_default();
        let name = self.name.as_deref().unwrap_or_default();
        [&*self.region, &*self.account, &*self.invoker, service, error, name].join(&BETWEEN.to_string())
    }

    pub(super) fn from_text(text: &str) -> Who {
        let mut parts = text.split(BETWEEN).map(str::to_owned);
        let mut next = || parts.next().unwrap_or_default();
        let (region, account, invoker) = (next(), next(), next());
        let is_service = !next().is_empty();
        let some = |text: String| (!text.is_empty()).then_some(text);
        Who { region, account, invoker, is_service, error: some(next()), name: some(next()) }
    }
}

/// Names by their digests.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    whos: BTreeMap<u64, Box<str>>,
    keys: BTreeMap<u64, Box<str>>,
    /// As lines of a file, since they were last taken.
    fresh: Vec<String>,
}

impl Names {
    fn who(&mut self, who: &Who) -> u64 {
        let text = who.to_text();
        let number = digest(&text);
        if !self.whos.contains_key(&number) {
            if self.whos.len() >= MAX_NAMES && who.invoker != OTHERS {
                return self.who(&Who { invoker: OTHERS.into(), ..who.clone() });
            }
            self.fresh.push(format!("w{text}"));
            self.whos.insert(number, text.into());
        }
        number
    }

    fn key(&mut self, key: &str) -> u64 {
        let number = digest(key);
        self.keep_key(number, || printable(key));
        number
    }

    fn keep_key(&mut self, number: u64, name: impl FnOnce() -> String) {
        if self.keys.len() < MAX_NAMES && !self.keys.contains_key(&number) {
            let text = name();
            self.fresh.push(format!("k{number:016x}{text}"));
            self.keys.insert(number, text.into());
        }
    }

    /// Takes over what a helper has named, in the order in which it did; gives the numbers of callers that are others here
    /// because there is no room for them.
    pub(super) fn adopt(&mut self, other: Names) -> BTreeMap<u64, u64> {
        let mut renamed = BTreeMap::new();
        for line in other.fresh {
            match (line.get(..1), line.get(1..)) {
                (Some("w"), Some(text)) => {
                    let (theirs, here) = (digest(text), self.who(&Who::from_text(text)));
                    if theirs != here {
                        renamed.insert(theirs, here);
                    }
                }
                (Some("k"), Some(text)) => {
                    let number = text.get(..16).and_then(|digits| u64::from_str_radix(digits, 16).ok());
                    if let (Some(number), Some(name)) = (number, text.get(16..)) {
                        self.keep_key(number, || name.to_owned());
                    }
                }
                _ => {}
            }
        }
        renamed
    }

    pub(super) fn absorb(&mut self, other: Names) {
        self.whos.extend(other.whos);
        self.keys.extend(other.keys);
    }

    /// What is behind a number that was given out.
    pub(super) fn told(&self, who: u64) -> Who {
        self.whos.get(&who).map(|text| Who::from_text(text)).unwrap_or_default()
    }

    /// The key's ARN, or what the caller called it.
    pub(super) fn told_key(&self, key: u64) -> Option<&str> {
        self.keys.get(&key).map(|text| &**text)
    }

    /// What has come since this was last asked, as lines of a file.
    pub(super) fn take_fresh(&mut self) -> Vec<String> {
        std::mem::take(&mut self.fresh)
    }

    /// All names, as lines of a file.
    pub(super) fn to_lines(&self) -> Vec<String> {
        let whos = self.whos.values().map(|text| format!("w{text}"));
        let keys = self.keys.iter().map(|(number, text)| format!("k{number:016x}{text}"));
        whos.chain(keys).collect()
    }

    pub(super) fn from_lines(lines: &[String]) -> Names {
        let mut names = Names::default();
        for line in lines {
            match (line.get(..1), line.get(1..)) {
                (Some("w"), Some(text)) => _ = names.whos.insert(digest(text), text.into()),
                (Some("k"), Some(text)) => {
                    let number = text.get(..16).and_then(|digits| u64::from_str_radix(digits, 16).ok());
                    if let (Some(number), Some(text)) = (number, text.get(16..)) {
                        names.keys.insert(number, text.into());
                    }
                }
                _ => {}
            }
        }
        names
    }
}

/// Callers beyond those whose names are kept.
pub(super) const OTHERS: &str = "(callers beyond the first 50,000)";

/// A name as a number, the same on every machine; never 0 (FNV-1a, mixed at the end).
pub(super) fn digest(text: &str) -> u64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mixed = (hash ^ hash >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ mixed >> 29).max(1)
}

/// A file as a number, by its path and its size.
pub(super) fn mark(path: &str, bytes: u64) -> u64 {
    digest(&format!("{path}\n{bytes}"))
}

/// An event's id as a number, in the order of its text: a UUID as it is, anything else by its digest.
fn identity(text: &str) -> u128 {
    let mut value = 0_u128;
    let mut digits = 0;
    for byte in text.bytes().filter(|byte| *byte != b'-') {
        let Some(digit) = char::from(byte).to_digit(16) else { return spread(text) };
        digits += 1;
        value = value << 4 | u128::from(digit);
    }
    if digits == 32 && value != 0 { value } else { spread(text) }
}

/// Its beginning, which keeps the order, and its digest, which tells it from others.
fn spread(text: &str) -> u128 {
    let mut begins = [0; 8];
    for (place, byte) in begins.iter_mut().zip(text.bytes()) {
        *place = byte;
    }
    u128::from(u64::from_be_bytes(begins)) << 64 | u128::from(digest(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_the_same_after_a_file() {
        let row = Row {
            at: -3,
            id: u128::MAX - 5,
            request: 7,
            who: u64::MAX,
            key: 9,
            context: 11,
            region: u32::MAX - 1,
            operation: 4,
            spec: 3,
            flags: 21,
        };
        assert_eq!(Row::from_bytes(&row.to_bytes()), row);
        assert_eq!(std::mem::size_of::<Row>(), SIZE);
    }

    #[test]
    fn names_are_told_again_and_ids_keep_their_order() {
        let who = Who { region: "r".into(), account: "1".into(), is_service: true, ..Who::default() };
        assert_eq!(Who::from_text(&who.to_text()), who);
        assert!(identity("a") < identity("b") && identity("x") != 0);
        assert_ne!(identity("the same beginning 1"), identity("the same beginning 2"));
        assert!(
            identity("00000000-0000-0000-0000-00000000000a")
                < identity("00000000-0000-0000-0000-00000000000b")
        );
    }
}
