//! What the attempts of a run are made of: keys, and what set-up has made under them.

use super::ask::{Ask, Mark};
use crate::api::{Attempt, KeySpec, Operation};
use crate::workload::{Payload, Workload};

/// Everything attempts are made of.
#[derive(Clone, Default)]
pub struct Stock {
    /// By workload.
    pub shelves: Vec<Shelf>,
    /// As many meaningless bytes as the largest payload has.
    payload: Vec<u8>,
}

/// What one workload uses.
#[derive(Clone)]
pub struct Shelf {
    /// The keys' type.
    pub spec: KeySpec,
    /// Type of generated data key pairs.
    pub pair_spec: KeySpec,
    /// Its keys; at least one.
    pub keys: Vec<KeyStock>,
    /// How many encryption contexts ciphertexts were made for; at least one.
    pub contexts: Vec<String>,
    /// Payload of what set-up makes.
    pub bytes: usize,
}

/// One key and what was made under it.
#[derive(Clone, Default)]
pub struct KeyStock {
    /// Id, ARN or alias, as it is sent.
    pub id: String,
    /// Ciphertexts, by context; empty if no job needs them.
    pub ciphertexts: Vec<Vec<u8>>,
    /// Signature of the set-up payload; empty if no job needs it.
    pub signature: Vec<u8>,
    /// Code of the set-up payload; empty if no job needs it.
    pub mac: Vec<u8>,
}

/// The most bytes of one payload that KMS takes.
const MOST_BYTES: usize = 4_096;

impl Stock {
    /// The stock of these workloads, still without anything that set-up makes; `ids` by workload.
    pub fn new(workloads: &[Workload], ids: Vec<Vec<String>>) -> Stock {
        let shelves = workloads.iter().zip(ids).map(|(workload, ids)| Shelf {
            spec: workload.keys.spec,
            pair_spec: workload.keys.pair_spec,
            contexts: (0..workload.live_contexts()).map(|n| n.to_string()).collect(),
            bytes: usual_bytes(&workload.payload, workload.keys.spec),
            keys: ids.into_iter().map(|id| KeyStock { id, ..KeyStock::default() }).collect(),
        });
        Stock { shelves: shelves.collect(), payload: vec![b'k'; MOST_BYTES] }
    }

    /// Meaningless bytes, at most as many as KMS takes.
    pub fn bytes(&self, count: usize) -> &[u8] {
        &self.payload[..count.min(self.payload.len())]
    }

    /// What an attempt asks.
    #[inline]
    pub fn ask(&self, attempt: &Attempt) -> Ask<'_> {
        let shelf = &self.shelves[usize::from(attempt.workload)];
        let number = attempt.key as usize % shelf.keys.len();
        let key = &shelf.keys[number];
        let context = attempt.context as usize % shelf.contexts.len();
        let made = matches!(attempt.operation, Operation::Verify | Operation::VerifyMac);
        let blob: &[u8] = match attempt.operation {
            Operation::Verify => &key.signature,
            Operation::VerifyMac => &key.mac,
            _ => key.ciphertexts.get(context % key.ciphertexts.len().max(1)).map_or(&[], Vec::as_slice),
        };
        Ask {
            operation: attempt.operation,
            key: &key.id,
            spec: shelf.spec,
            pair_spec: shelf.pair_spec,
            context: (shelf.contexts.len() > 1).then_some(shelf.contexts[context].as_str()),
            payload: self.bytes(if made { shelf.bytes } else { attempt.bytes as usize }),
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
