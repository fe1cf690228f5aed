//! What is said on the bus. Whoever may write there may write anything: what does not read as one of these is refused.

use crate::results::DEFINITIONS;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Bytes of the longest message that is read.
const MAX_MESSAGE_BYTES: usize = 16 * 1024;
/// Characters of somebody else's sentence that are told.
const TOLD: usize = 400;

/// Which keystorm somebody is: cells of another are others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// The release.
    pub version: String,
    /// What its figures mean.
    pub definitions: u32,
}

impl Version {
    /// This one.
    pub fn own() -> Version {
        Version { version: env!("CARGO_PKG_VERSION").into(), definitions: DEFINITIONS }
    }

    /// As a part of a subject: `0_1_0-d3`.
    pub fn token(&self) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
        format!("{}-d{}", self.version.chars().map(plain).collect::<String>(), self.definitions)
    }
}

/// A cell that somebody is to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// Of whom.
    pub of: Version,
    /// The run, by the hash of everything that it follows from.
    pub run: String,
    /// The cell's key.
    pub key: String,
    /// How often it was offered, from 1.
    pub attempt: u32,
}

impl Offer {
    /// The id under which a server takes it once: it remembers ids of messages that are long acknowledged, so what is
    /// offered again needs another.
    pub fn id(&self) -> String {
        format!("{}.{}.{}", short(&self.run), short(&self.key), self.attempt)
    }

    /// Reads one.
    ///
    /// # Errors
    /// A sentence, for what is none.
    pub fn read(bytes: &[u8]) -> Result<Offer, String> {
        let offer: Offer = read(bytes)?;
        match is_hash(&offer.run) && is_hash(&offer.key) {
            true => Ok(offer),
            false => Err("its run or its key is no hash".into()),
        }
    }
}

/// What a worker says to the coordinator of a run. It is a hint: what counts is what is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "note", rename_all = "lowercase", deny_unknown_fields)]
pub enum Note {
    /// A cell is in the store.
    Kept {
        /// The name of its file.
        name: String,
    },
    /// Something that a person should know.
    Trouble {
        /// Who says so.
        worker: String,
        /// What is wrong.
        why: String,
    },
}

impl Note {
    /// Reads one.
    ///
    /// # Errors
    /// A sentence, for what is none.
    pub fn read(bytes: &[u8]) -> Result<Note, String> {
        read(bytes)
    }
}

/// That a worker is there, said every few seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hello {
    /// Which keystorm it is.
    pub of: Version,
    /// What it is called.
    pub worker: String,
    /// How many cells it runs at once.
    pub threads: u32,
}

impl Hello {
    /// Reads one.
    ///
    /// # Errors
    /// A sentence, for what is none.
    pub fn read(bytes: &[u8]) -> Result<Hello, String> {
        read(bytes)
    }
}

/// The bytes of a message.
pub(super) fn bytes(message: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(message).expect("texts and whole numbers are JSON")
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    if bytes.len() > MAX_MESSAGE_BYTES {
        return Err(format!(
            "it has {} bytes, and none of ours has more than {MAX_MESSAGE_BYTES}",
            bytes.len()
        ));
    }
    serde_json::from_slice(bytes).map_err(|error| printable(&error.to_string()))
}

/// SHA-256 in hex.
pub(super) fn sum(bytes: impl AsRef<[u8]>) -> String {
    Sha256::digest(bytes.as_ref()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a text is a SHA-256 in hex.
pub(super) fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// The part of a hash that stands in subjects and in names of files.
pub(super) fn short(hash: &str) -> &str {
    &hash[..32.min(hash.len())]
}

/// The key's first digits in the name of a cell's file, `<32 hex>.<16 hex>.cell`; `None` for any other name.
pub(super) fn key_in(name: &str) -> Option<&str> {
    let (key, sum) = name.strip_suffix(".cell")?.split_once('.')?;
    let is_hex =
        |text: &str, many| text.len() == many && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    (is_hex(key, 32) && is_hex(sum, 16)).then_some(key)
}

/// The object that holds what is asked of a cell's worker beside the run's question, by its key's first digits.
pub(super) fn asked_name(key: &str) -> String {
    format!("{key}.asked")
}

/// Somebody else's words as they may stand on a terminal: without what controls it, and not endless.
pub fn printable(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let mut kept: String = text.chars().take(TOLD).map(plain).collect();
    if text.chars().nth(TOLD).is_some() {
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn offer() -> Offer {
        Offer { of: Version::own(), run: "a".repeat(64), key: "0f".repeat(32), attempt: 3 }
    }

    #[test]
    fn what_is_written_reads_the_same() {
        assert_eq!(Offer::read(&bytes(&offer())), Ok(offer()));
        let kept = Note::Kept { name: format!("{}.{}.cell", "a".repeat(32), "b".repeat(16)) };
        assert_eq!(Note::read(&bytes(&kept)), Ok(kept));
        let hello = Hello { of: Version::own(), worker: "w".into(), threads: 2 };
        assert_eq!(Hello::read(&bytes(&hello)), Ok(hello));
        assert_eq!(offer().id(), format!("{}.{}.3", "a".repeat(32), "0f".repeat(16)));
    }

    #[test]
    fn an_attempt_has_an_id_of_its_own_and_a_version_is_one_token() {
        let again = Offer { attempt: 4, ..offer() };
        assert_ne!(again.id(), offer().id());
        let token = Version { version: "1.2.3-rc.1+x >*".into(), definitions: 7 }.token();
        assert_eq!(token, "1_2_3-rc_1_x___-d7");
    }

    #[test]
    fn what_is_none_of_ours_is_refused_in_words() {
        let path = Offer { run: "../../etc/passwd".into(), ..offer() };
        assert_eq!(Offer::read(&bytes(&path)), Err("its run or its key is no hash".into()));
        let more = String::from_utf8(bytes(&offer())).expect("text").replacen('{', "{\"x\":1,", 1);
        assert!(Offer::read(more.as_bytes()).expect_err("unknown").contains("unknown field `x`"));
        let long = Offer::read(&vec![b' '; MAX_MESSAGE_BYTES + 1]).expect_err("too long");
        assert!(long.contains("16385 bytes"), "{long}");
        assert_eq!(key_in("../a.cell"), None);
        assert_eq!(key_in(&format!("{}.{}.cell", "a".repeat(32), "B".repeat(16))), None);
        assert_eq!(printable("a\u{1b}[2J\nb"), "a [2J b");
        assert_eq!(printable(&"x".repeat(TOLD + 1)).chars().count(), TOLD + 1);
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_message_or_a_sentence(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            for refused in [Offer::read(&bytes).err(), Note::read(&bytes).err(), Hello::read(&bytes).err()].into_iter().flatten() {
                prop_assert!(!refused.is_empty() && !refused.chars().any(char::is_control));
            }
        }

        #[test]
        fn a_changed_message_is_a_message_or_a_sentence(at in 0usize..300, byte in any::<u8>()) {
            let mut changed = bytes(&offer());
            let length = changed.len();
            changed[at % length] = byte;
            if let Ok(read) = Offer::read(&changed) {
                prop_assert!(is_hash(&read.run) && is_hash(&read.key));
            }
        }
    }
}
