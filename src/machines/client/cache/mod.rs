//! A data-key cache with the semantics of the AWS Encryption SDK's caching materials managers.
//!
//! ```text
//!        oldest ◀─────────────────────▶ newest      one chain for encrypt and decrypt entries:
//! evicts ── [E ctx 3] ─ [D key 9] ─ [E ctx 1]       insertion order (fifo) or order of use (lru)
//! ```
//!
//! What it says (read in the Python, JavaScript and Java sources, measured against the first two; checked
//! 2026-11-23): an entry is too old when its age is greater than `max_age`, counted from the answer, whatever its use;
//! counters are raised on lookup with the current message included, and an entry then over a limit is dropped; the
//! first message is exempt; a message larger than `max_bytes` is looked up first, which drops the live entry, and its
//! own key is not stored; decrypt entries obey age and capacity only; an expired entry leaves on its own lookup or
//! when it is evicted. There is no single flight: that every miss makes a call is the caller's doing.

use super::policy::{Cache, Eviction};
use crate::time::{Span, Time};
use foldhash::fast::FixedState;
use hashlink::LinkedHashMap;
use hashlink::linked_hash_map::Entry::{Occupied, Vacant};

/// Which entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum EntryId {
    /// The data key for new messages.
    Encrypt {
        /// Each workload has its own partition.
        workload: u16,
        /// The KMS key that wraps the data key.
        key: u32,
        /// The encryption context.
        context: u32,
    },
    /// The plaintext of an encrypted message's data key.
    Decrypt {
        /// Each workload has its own partition.
        workload: u16,
        /// The encryption context.
        context: u32,
        /// The data key.
        data_key: u64,
    },
}

/// What a cached data key has been used for, the current use included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Use {
    /// Which data key.
    pub data_key: u64,
    /// Messages encrypted under it.
    pub messages: u64,
    /// Bytes encrypted under it.
    pub bytes: u64,
    /// Its age.
    pub age: Span,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    data_key: u64,
    created: Time,
    messages: u64,
    bytes: u64,
}

/// One client's data keys.
#[derive(Clone, Debug)]
pub(super) struct DataKeyCache {
    limits: Cache,
    /// The first is the next to be evicted.
    entries: LinkedHashMap<EntryId, Entry, FixedState>,
}

impl DataKeyCache {
    /// An empty cache.
    pub fn new(limits: Cache) -> DataKeyCache {
        DataKeyCache { limits, entries: LinkedHashMap::with_hasher(FixedState::default()) }
    }

    /// The entry's use by one more message of `bytes`, or nothing: then the caller must ask KMS.
    pub fn get(&mut self, id: EntryId, bytes: u64, now: Time) -> Option<Use> {
        let Occupied(mut found) = self.entries.entry(id) else { return None };
        let limits = &self.limits;
        let entry = found.get_mut();
        let age = now.since(entry.created);
        let mut spent = age > limits.max_age;
        if matches!(id, EntryId::Encrypt { .. }) {
            entry.messages += 1;
            entry.bytes = entry.bytes.saturating_add(bytes);
            spent |= entry.messages > limits.max_messages || entry.bytes > limits.max_bytes;
        }
        let used = Use { data_key: entry.data_key, messages: entry.messages, bytes: entry.bytes, age };
        if spent {
            found.remove();
            return None;
        }
        if limits.eviction == Eviction::Lru {
            found.to_back();
        }
        Some(used)
    }

    /// Stores a fresh data key and its first use; a late answer overwrites what is there.
    pub fn put(&mut self, id: EntryId, data_key: u64, bytes: u64, now: Time) {
        let is_encrypt = matches!(id, EntryId::Encrypt { .. });
        if self.limits.capacity == 0 || (is_encrypt && bytes > self.limits.max_bytes) {
            return;
        }
        let is_full = self.entries.len() >= self.limits.capacity as usize;
        let fresh = Entry { data_key, created: now, messages: 1, bytes };
        match self.entries.entry(id) {
            Occupied(mut found) => {
                found.insert(fresh);
                found.to_back();
            }
            Vacant(place) => {
                place.insert(fresh);
                if is_full {
                    self.entries.pop_front();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
