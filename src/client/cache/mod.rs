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
use std::collections::BTreeMap;

const NONE: u32 = u32::MAX;

/// Which entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
    id: EntryId,
    data_key: u64,
    created: Time,
    messages: u64,
    bytes: u64,
    older: u32,
    newer: u32,
}

/// One client's data keys.
#[derive(Clone, Debug)]
pub(super) struct DataKeyCache {
    limits: Cache,
    index: BTreeMap<EntryId, u32>,
    entries: Vec<Entry>,
    free: Vec<u32>,
    oldest: u32,
    newest: u32,
}

impl DataKeyCache {
    /// An empty cache.
    pub const fn new(limits: Cache) -> DataKeyCache {
        DataKeyCache {
            limits,
            index: BTreeMap::new(),
            entries: Vec::new(),
            free: Vec::new(),
            oldest: NONE,
            newest: NONE,
        }
    }

    /// The entry's use by one more message of `bytes`, or nothing: then the caller must ask KMS.
    pub fn get(&mut self, id: EntryId, bytes: u64, now: Time) -> Option<Use> {
        let at = *self.index.get(&id)?;
        let limits = self.limits;
        let entry = &mut self.entries[at as usize];
        let age = now.since(entry.created);
        let mut spent = age > limits.max_age;
        if matches!(id, EntryId::Encrypt { .. }) {
            entry.messages += 1;
            entry.bytes = entry.bytes.saturating_add(bytes);
            spent |= entry.messages > limits.max_messages || entry.bytes > limits.max_bytes;
        }
        let used = Use { data_key: entry.data_key, messages: entry.messages, bytes: entry.bytes, age };
        if spent {
            self.remove(at);
            return None;
        }
        if limits.eviction == Eviction::Lru {
            self.unlink(at);
            self.link_newest(at);
        }
        Some(used)
    }

    /// Stores a fresh data key and its first use; a late answer overwrites what is there.
    pub fn put(&mut self, id: EntryId, data_key: u64, bytes: u64, now: Time) {
        let is_encrypt = matches!(id, EntryId::Encrypt { .. });
        if self.limits.capacity == 0 || (is_encrypt && bytes > self.limits.max_bytes) {
            return;
        }
        if let Some(at) = self.index.get(&id) {
            self.remove(*at);
        } else if self.index.len() >= self.limits.capacity as usize {
            self.remove(self.oldest);
        }
        let entry = Entry { id, data_key, created: now, messages: 1, bytes, older: NONE, newer: NONE };
        let at = match self.free.pop() {
            Some(at) => at,
            None => {
                self.entries.push(entry);
                (self.entries.len() - 1) as u32
            }
        };
        self.entries[at as usize] = entry;
        self.index.insert(id, at);
        self.link_newest(at);
    }

    fn remove(&mut self, at: u32) {
        self.unlink(at);
        self.index.remove(&self.entries[at as usize].id);
        self.free.push(at);
    }

    fn unlink(&mut self, at: u32) {
        let Entry { older, newer, .. } = self.entries[at as usize];
        match older {
            NONE => self.oldest = newer,
            _ => self.entries[older as usize].newer = newer,
        }
        match newer {
            NONE => self.newest = older,
            _ => self.entries[newer as usize].older = older,
        }
    }

    fn link_newest(&mut self, at: u32) {
        let last = std::mem::replace(&mut self.newest, at);
        match last {
            NONE => self.oldest = at,
            _ => self.entries[last as usize].newer = at,
        }
        let entry = &mut self.entries[at as usize];
        (entry.older, entry.newer) = (last, NONE);
    }
}

#[cfg(test)]
mod tests;
