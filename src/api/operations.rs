//! What each operation is, said once: a row for each. Its request stands in `kms::wire`, its handler in
//! `kms::operations`; whatever else is asked of an operation (quota, price, key states, the audit trail, how a live run makes
//! it) is read from here.

mod live;

pub use live::{Fill, LiveCall};

use super::{KeyUsage, Operation};

/// Which request quota a call takes from.
///
/// Source: KMS Developer Guide, request quotas (read 2026-11-23).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakesFrom {
    /// The pool of its key's type, and that of the custom key store that the key lives in.
    Key,
    /// The pool of the type of data key pair.
    Pair,
    /// The pool of symmetric keys.
    Symmetric,
    /// A pool that no other operation takes from.
    Own,
}

/// What a request costs by.
///
/// Source: AWS Price List, October 2025.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PricedBy {
    /// By nothing: the least.
    Base,
    /// By the type of its key.
    Key,
    /// By the type of the data key pair.
    Pair,
}

/// What an operation says to a key in one of the states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InState {
    /// It goes on.
    Goes,
    /// X1: DisabledException.
    Disabled,
    /// X2, X3, 8.
    PendingDeletion,
    /// X4.
    NotPendingDeletion,
    /// X5.
    PendingImport,
    /// X11, and "not applicable".
    Unavailable,
    /// X14.
    Creating,
    /// X15.
    Updating,
}

/// The row of an operation.
#[derive(Clone, Copy, Debug)]
struct Row {
    operation: Operation,
    usage: Option<KeyUsage>,
    takes_from: TakesFrom,
    priced_by: PricedBy,
    effect: Effect,
    /// How runs on the real clock make it; they do not where there is nothing.
    live: Option<&'static LiveCall>,
    states: [InState; 7],
}

/// Whether CloudTrail takes it for one that changes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    Reads,
    Changes,
}

const fn row(
    operation: Operation,
    usage: Option<KeyUsage>,
    (takes_from, priced_by): (TakesFrom, PricedBy),
    (effect, live): (Effect, Option<&'static LiveCall>),
    states: [InState; 7],
) -> Row {
    Row { operation, usage, takes_from, priced_by, effect, live, states }
}

impl Operation {
    const fn row(self) -> &'static Row {
        &ROWS[self.index()]
    }

    /// What the key of a cryptographic operation must be for; `None` where that does not matter.
    pub const fn usage(self) -> Option<KeyUsage> {
        self.row().usage
    }

    /// Which request quota it takes from.
    pub const fn takes_from(self) -> TakesFrom {
        self.row().takes_from
    }

    /// What it costs by.
    pub const fn priced_by(self) -> PricedBy {
        self.row().priced_by
    }

    /// Whether CloudTrail says that it changes nothing: of cryptographic operations it does.
    pub const fn is_read_only(self) -> bool {
        matches!(self.row().effect, Effect::Reads)
    }

    /// How a live run makes this call; `None` where it does not.
    pub const fn live(self) -> Option<&'static LiveCall> {
        self.row().live
    }

    /// What it says to a key that is Enabled, Disabled, PendingDeletion, PendingImport, Unavailable, Creating, Updating.
    ///
    /// Source: KMS Developer Guide, "Key states of AWS KMS keys" (stored copy of 2026, read 2026-11-23), which allows
    /// either of two errors for cryptographic calls on a key pending deletion: KMSInvalidStateException is chosen.
    /// Encapsulate, Decapsulate and GetKeyLastUsage are younger than the page: assumed to do as DeriveSharedSecret and
    /// DescribeKey. Where the page has "not applicable", an unavailable key is refused as such.
    pub const fn in_states(self) -> &'static [InState; 7] {
        &self.row().states
    }
}

use InState::{
    Creating as C, Disabled as D, Goes as G, NotPendingDeletion as N, PendingDeletion as P,
    PendingImport as I, Unavailable as V, Updating as U,
};
use KeyUsage::{EncapsulateDecapsulate, EncryptDecrypt, GenerateVerifyMac, KeyAgreement, SignVerify};
use Operation::*;

/// Takes from a pool of its own and costs the least, as most do.
const OWN: (TakesFrom, PricedBy) = (TakesFrom::Own, PricedBy::Base);
/// Takes from the pool of its key's type, and costs by it.
const KEY: (TakesFrom, PricedBy) = (TakesFrom::Key, PricedBy::Key);
/// Takes from the pool of its key's type, and costs the least, as the type does.
const CHEAP: (TakesFrom, PricedBy) = (TakesFrom::Key, PricedBy::Base);
/// Takes from the pool of the type of pair, and costs by it.
const PAIR: (TakesFrom, PricedBy) = (TakesFrom::Pair, PricedBy::Pair);
const SYMMETRIC: (TakesFrom, PricedBy) = (TakesFrom::Symmetric, PricedBy::Base);
const OWN_BY_KEY: (TakesFrom, PricedBy) = (TakesFrom::Own, PricedBy::Key);
const READS: (Effect, Option<&LiveCall>) = (Effect::Reads, None);
const CHANGES: (Effect, Option<&LiveCall>) = (Effect::Changes, None);

/// Changes nothing, and live runs make it so.
const fn live(call: &'static LiveCall) -> (Effect, Option<&'static LiveCall>) {
    (Effect::Reads, Some(call))
}

/// What those that compute with a key say.
const USE: [InState; 7] = [G, D, P, I, V, C, G];
/// What those say that ask nothing of the state, or have no key.
const ANY: [InState; 7] = [G; 7];

/// A row for each, in the order of [`Operation::ALL`].
static ROWS: [Row; 56] = [
    row(CancelKeyDeletion, None, OWN, CHANGES, [N, N, G, N, N, N, N]),
    row(ConnectCustomKeyStore, None, OWN, CHANGES, ANY),
    row(CreateAlias, None, OWN, CHANGES, [G, G, P, G, G, G, G]),
    row(CreateCustomKeyStore, None, OWN, CHANGES, ANY),
    row(CreateGrant, None, OWN, CHANGES, [G, D, P, I, G, C, G]),
    row(CreateKey, None, OWN, CHANGES, ANY),
    row(Decapsulate, Some(EncapsulateDecapsulate), KEY, live(&live::DECAPSULATE), USE),
    row(Decrypt, Some(EncryptDecrypt), KEY, live(&live::DECRYPT), USE),
    row(DeleteAlias, None, OWN, CHANGES, ANY),
    row(DeleteCustomKeyStore, None, OWN, CHANGES, ANY),
    row(DeleteImportedKeyMaterial, None, OWN, CHANGES, [G, G, G, G, V, C, U]),
    row(DeriveSharedSecret, Some(KeyAgreement), KEY, live(&live::DERIVE_SHARED_SECRET), USE),
    row(DescribeCustomKeyStores, None, OWN, live(&live::DESCRIBE_CUSTOM_KEY_STORES), ANY),
    row(DescribeKey, None, OWN, live(&live::DESCRIBE_KEY), ANY),
    row(DisableKey, None, OWN, CHANGES, [G, G, P, I, G, C, U]),
    row(DisableKeyRotation, None, OWN, CHANGES, USE),
    row(DisconnectCustomKeyStore, None, OWN, CHANGES, ANY),
    row(EnableKey, None, OWN, CHANGES, [G, G, P, I, G, C, U]),
    row(EnableKeyRotation, None, OWN, CHANGES, USE),
    row(Encapsulate, Some(EncapsulateDecapsulate), KEY, live(&live::ENCAPSULATE), USE),
    row(Encrypt, Some(EncryptDecrypt), KEY, live(&live::ENCRYPT), USE),
    row(GenerateDataKey, Some(EncryptDecrypt), CHEAP, live(&live::GENERATE_DATA_KEY), USE),
    row(GenerateDataKeyPair, Some(EncryptDecrypt), PAIR, live(&live::GENERATE_DATA_KEY_PAIR), USE),
    row(
        GenerateDataKeyPairWithoutPlaintext,
        Some(EncryptDecrypt),
        PAIR,
        live(&live::GENERATE_DATA_KEY_PAIR),
        USE,
    ),
    row(GenerateDataKeyWithoutPlaintext, Some(EncryptDecrypt), CHEAP, live(&live::GENERATE_DATA_KEY), USE),
    row(GenerateMac, Some(GenerateVerifyMac), CHEAP, live(&live::GENERATE_MAC), USE),
    row(GenerateRandom, None, SYMMETRIC, live(&live::GENERATE_RANDOM), ANY),
    row(GetKeyLastUsage, None, OWN, READS, ANY),
    row(GetKeyPolicy, None, OWN, READS, ANY),
    row(GetKeyRotationStatus, None, OWN, READS, ANY),
    row(GetParametersForImport, None, OWN, READS, [G, G, P, G, V, C, U]),
    row(GetPublicKey, None, OWN_BY_KEY, live(&live::GET_PUBLIC_KEY), [G, G, P, G, V, C, G]),
    row(ImportKeyMaterial, None, OWN, CHANGES, [G, G, P, G, V, C, G]),
    row(ListAliases, None, OWN, READS, ANY),
    row(ListGrants, None, OWN, READS, ANY),
    row(ListKeyPolicies, None, OWN, READS, ANY),
    row(ListKeyRotations, None, OWN, READS, ANY),
    row(ListKeys, None, OWN, READS, ANY),
    row(ListResourceTags, None, OWN, READS, ANY),
    row(ListRetirableGrants, None, OWN, READS, ANY),
    row(PutKeyPolicy, None, OWN, CHANGES, ANY),
    row(ReEncrypt, Some(EncryptDecrypt), KEY, live(&live::RE_ENCRYPT), USE),
    row(ReplicateKey, None, OWN, CHANGES, [G, D, P, I, V, C, U]),
    row(RetireGrant, None, OWN, CHANGES, ANY),
    row(RevokeGrant, None, OWN, CHANGES, ANY),
    row(RotateKeyOnDemand, None, OWN, CHANGES, USE),
    row(ScheduleKeyDeletion, None, OWN, CHANGES, [G, G, P, G, G, G, U]),
    row(Sign, Some(SignVerify), KEY, live(&live::SIGN), USE),
    row(TagResource, None, OWN, CHANGES, [G, G, P, G, G, G, G]),
    row(UntagResource, None, OWN, CHANGES, [G, G, P, G, G, G, G]),
    row(UpdateAlias, None, OWN, CHANGES, [G, G, P, G, G, G, G]),
    row(UpdateCustomKeyStore, None, OWN, CHANGES, ANY),
    row(UpdateKeyDescription, None, OWN, CHANGES, [G, G, P, G, G, G, G]),
    row(UpdatePrimaryRegion, None, OWN, CHANGES, USE),
    row(Verify, Some(SignVerify), KEY, live(&live::VERIFY), USE),
    row(VerifyMac, Some(GenerateVerifyMac), CHEAP, live(&live::VERIFY_MAC), USE),
];

// A row in another's place does not compile.
const _: () = {
    let mut at = 0;
    while at < ROWS.len() {
        assert!(ROWS[at].operation.index() == at, "the rows stand in the order of `Operation::ALL`");
        at += 1;
    }
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_uses_a_key_takes_from_its_pool_and_changes_nothing() {
        for operation in Operation::ALL.iter().filter(|operation| operation.usage().is_some()) {
            assert!(matches!(operation.takes_from(), TakesFrom::Key | TakesFrom::Pair), "{operation}");
            assert!(operation.is_read_only(), "{operation}");
        }
        assert!(!Operation::CreateKey.is_read_only() && Operation::GetPublicKey.live().is_some());
    }
}
