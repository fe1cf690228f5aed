//! What the attempts of a run are made of: keys, and what set-up has made under them.

use super::dispatch::{Dispatch, Mark};
use crate::api::{Attempt, KeySpec, KeyUsage, Operation};
use crate::workload::{Payload, Workload};
use std::collections::BTreeMap;

/// Everything attempts are made of.
#[derive(Clone, Default)]
pub struct Fixtures {
    /// By workload.
    pub workloads: Vec<WorkloadFixtures>,
    /// As many meaningless bytes as the largest payload has.
    payload: Vec<u8>,
}

/// What one workload uses.
#[derive(Clone)]
pub struct WorkloadFixtures {
    /// The keys' type.
    pub spec: KeySpec,
    /// Type of generated data key pairs.
    pub pair_spec: KeySpec,
    /// Its keys; at least one.
    pub keys: Vec<KeyFixture>,
    /// How many encryption contexts ciphertexts were made for; at least one.
    pub contexts: Vec<String>,
    /// Payload of what set-up makes.
    pub bytes: usize,
}

/// One key and what was made under it.
#[derive(Clone, Default)]
pub struct KeyFixture {
    /// Id, ARN or alias, as it is sent.
    pub id: String,
    /// What set-up has made under it that jobs need, by the operation that made it: ciphertexts by context, a signature or
    /// a code of the set-up payload.
    pub made: BTreeMap<Operation, Vec<Vec<u8>>>,
}

/// The most bytes of one payload that KMS takes.
const MOST_BYTES: usize = 4_096;

impl Fixtures {
    /// The fixtures of these workloads, still without anything that set-up makes; `ids` by workload.
    pub fn new(workloads: &[Workload], ids: Vec<Vec<String>>) -> Fixtures {
        let workloads = workloads.iter().zip(ids).map(|(workload, ids)| WorkloadFixtures {
            spec: workload.keys.spec,
            pair_spec: workload.keys.pair_spec,
            contexts: (0..workload.live_contexts()).map(|n| n.to_string()).collect(),
            bytes: usual_bytes(&workload.payload, workload.keys.spec),
            keys: ids.into_iter().map(|id| KeyFixture { id, ..KeyFixture::default() }).collect(),
        });
        Fixtures { workloads: workloads.collect(), payload: vec![b'k'; MOST_BYTES] }
    }

    /// Meaningless bytes, at most as many as KMS takes.
    pub fn bytes(&self, count: usize) -> &[u8] {
        &self.payload[..count.min(self.payload.len())]
    }

    /// What an attempt asks.
    #[inline]
    pub fn dispatch(&self, attempt: &Attempt) -> Dispatch<'_> {
        let fixtures = &self.workloads[usize::from(attempt.workload)];
        let number = attempt.key as usize % fixtures.keys.len();
        let key = &fixtures.keys[number];
        let context = attempt.context as usize % fixtures.contexts.len();
        let maker = attempt.operation.live().and_then(|call| call.needs);
        let made = maker.and_then(|maker| key.made.get(&maker)).map_or(&[][..], Vec::as_slice);
        let blob = made.get(context % made.len().max(1)).map_or(&[][..], Vec::as_slice);
        Dispatch {
            operation: attempt.operation,
            key: &key.id,
            spec: fixtures.spec,
            pair_spec: fixtures.pair_spec,
            usage: KeyUsage::EncryptDecrypt,
            context: (fixtures.contexts.len() > 1).then_some(fixtures.contexts[context].as_str()),
            // What was made is of the set-up payload.
            payload: self.bytes(if maker.is_some() { fixtures.bytes } else { attempt.bytes as usize }),
            blob,
            length: attempt.bytes.clamp(1, 1_024),
            tag: "",
            policy: None,
            is_read: false,
            mark: Some(Mark {
                workload: attempt.workload,
                operation: attempt.operation,
                key: number as u32,
                context: context as u32,
                bytes: attempt.bytes,
            }),
        }
    }
}

/// A size that stands for a workload's payloads.
fn usual_bytes(payload: &Payload, spec: KeySpec) -> usize {
    let bytes = match payload {
        Payload::Fixed(size) => size.0,
        Payload::Range { min, max } => (min.0 + max.0) / 2,
        Payload::Percentiles { p50, .. } => p50.0,
    };
    let most = Operation::Encrypt.max_payload(spec).unwrap_or(MOST_BYTES as u64);
    bytes.clamp(1, most) as usize
}
