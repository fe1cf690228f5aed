//! Envelope jobs of a fleet: served from a data-key cache, and what an answer leaves there.

use super::cache::EntryId;
use super::fleet::Fleet;
use crate::api::{Job, JobKind};
use crate::time::{Span, Time};

/// Data keys made in the run are numbered from here; below are those that messages brought with them.
const GENERATED: u64 = 1 << 32;
/// A job without a message.
const NO_MESSAGE: u32 = u32::MAX;

impl Fleet {
    /// Whether the client's cache serves this envelope job.
    pub(super) fn serve(&mut self, job: &Job, now: Time) -> bool {
        let Some(id) = self.entry(job) else { return false };
        let client = self.lanes[usize::from(job.workload)].first_client + job.client;
        let Some(cache) = &mut self.clients[client as usize].cache else { return false };
        let Some(used) = cache.get(id, u64::from(job.bytes), now) else { return false };
        if job.kind == JobKind::EncryptMessage {
            self.data_keys.record(used.messages, used.bytes, used.age);
            self.remember(job, used.data_key);
        } else {
            self.data_keys.record(0, 0, used.age);
        }
        true
    }

    /// Takes the answer to an envelope job's call into the client's cache.
    pub(super) fn keep(&mut self, job: &Job, now: Time) {
        let mut data_key = GENERATED + self.data_keys.generated;
        if job.kind == JobKind::EncryptMessage {
            self.data_keys.generated += 1;
            self.data_keys.record(1, u64::from(job.bytes), Span::ZERO);
            self.remember(job, data_key);
        } else {
            data_key = self.data_key_of(job);
        }
        let client = self.lanes[usize::from(job.workload)].first_client + job.client;
        let id = self.entry(job);
        if let (Some(id), Some(cache)) = (id, &mut self.clients[client as usize].cache) {
            cache.put(id, data_key, u64::from(job.bytes), now);
        }
    }

    /// The cache entry that concerns the job; none if it bypasses the cache.
    fn entry(&self, job: &Job) -> Option<EntryId> {
        let Job { workload, key, context, .. } = *job;
        match job.kind {
            JobKind::EncryptMessage => job.known_size.then_some(EntryId::Encrypt { workload, key, context }),
            JobKind::DecryptMessage => (job.message != NO_MESSAGE).then(|| {
                let data_key = self.data_key_of(job);
                EntryId::Decrypt { workload, context, data_key }
            }),
            JobKind::Call(_) => None,
        }
    }

    /// The data key a message is encrypted under: the one a job of this run used for it, or one of the message's own.
    fn data_key_of(&self, job: &Job) -> u64 {
        self.written.get(&(job.workload, job.message)).copied().unwrap_or(u64::from(job.message))
    }

    /// Remembers under which data key a named message was encrypted.
    fn remember(&mut self, job: &Job, data_key: u64) {
        if job.message != NO_MESSAGE {
            self.written.insert((job.workload, job.message), data_key);
        }
    }
}
