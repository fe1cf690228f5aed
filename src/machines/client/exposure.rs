//! How much depends on one data key.

use crate::time::Span;

/// What the data keys of envelope jobs were used for: how many there were, and the most that one of them carried.
///
/// Counts GenerateDataKey answers to EncryptMessage jobs. A job that asks for GenerateDataKey itself is not counted:
/// what becomes of its key is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct DataKeyUse {
    /// Data keys generated.
    pub generated: u64,
    /// The most messages encrypted under one data key.
    pub messages_max: u64,
    /// The most bytes encrypted under one data key.
    pub bytes_max: u64,
    /// The greatest age of a cached data key at its last use, encrypting or decrypting: the revocation lag met.
    pub age_max: Span,
}

impl DataKeyUse {
    /// Notes a use of one data key that has carried `messages` and `bytes` so far and was fetched `age` ago.
    pub fn record(&mut self, messages: u64, bytes: u64, age: Span) {
        self.messages_max = self.messages_max.max(messages);
        self.bytes_max = self.bytes_max.max(bytes);
        self.age_max = self.age_max.max(age);
    }

    /// Adds what another fleet or trial saw.
    pub fn merge(&mut self, other: &DataKeyUse) {
        self.generated += other.generated;
        self.record(other.messages_max, other.bytes_max, other.age_max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_equals_recording_in_one() {
        let uses = [(1, 500, 3), (7, 100, 0), (2, 900, 9)].map(|(m, b, a)| (m, b, Span::from_secs(a)));
        let (mut one, mut merged) = (DataKeyUse::default(), DataKeyUse::default());
        for (messages, bytes, age) in uses {
            one.record(messages, bytes, age);
            let mut part = DataKeyUse { generated: 1, ..DataKeyUse::default() };
            part.record(messages, bytes, age);
            merged.merge(&part);
        }
        assert_eq!(merged, DataKeyUse { generated: 3, ..one });
    }
}
