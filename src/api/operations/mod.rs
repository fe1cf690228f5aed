//! The API's operations by AWS's names, and what each is, said once: a row for each. Its request stands in `kms::wire`, its handler in
//! `kms::operations`; whatever else is asked of an operation (quota, price, key states, the audit trail, how a live run makes
//! it) is read from here.

mod fit;
mod live;

pub use live::{Fill, LiveCall};

use super::KeyUsage;
use super::named::named;

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
    usage: Option<KeyUsage>,
    takes_from: TakesFrom,
    priced_by: PricedBy,
    effect: Effect,
    /// How runs on the real clock make it; they do not where there is nothing.
    live: Option<LiveCall>,
    states: [InState; 7],
}

/// Whether CloudTrail takes it for one that changes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    Reads,
    Changes,
}

/// Declares the operations, each with its row: what its key is for, what it takes and costs, what it says to a key in each
/// state, whether it changes anything, and how live runs make it.
macro_rules! operations {
    ($(
        $operation:ident = $name:literal:
            $usage:expr, $charge:expr, $states:expr, $effect:expr, $live:expr;
    )*) => {
        named! {
            /// One operation of the KMS API.
            ///
            /// Source: AWS KMS service model 2014-11-01 as of 2026-11-17 (56 operations).
            #[allow(missing_docs)]
            Operation { $($operation = $name,)* }
        }

        /// By [`Operation::index`].
        static ROWS: [Row; Operation::ALL.len()] = [$(
            Row {
                usage: $usage,
                takes_from: $charge.0,
                priced_by: $charge.1,
                states: $states,
                effect: $effect,
                live: $live,
            },
        )*];
    };
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
        self.row().live.as_ref()
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

use Effect::{Changes, Reads};
use Fill::{Algorithm, Context, Key, KeyUnlessNamed, Length, Made, PairSpec, Payload, Word};
use InState::{
    Creating as C, Disabled as D, Goes as G, NotPendingDeletion as N, PendingDeletion as P,
    PendingImport as I, Unavailable as V, Updating as U,
};
use KeyUsage::{EncapsulateDecapsulate, EncryptDecrypt, GenerateVerifyMac, KeyAgreement, SignVerify};
use Operation::{Encapsulate, Encrypt, GenerateMac, GetPublicKey, Sign};

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
/// The member that names the key.
const ON_KEY: (&str, Fill) = ("KeyId", Key);
/// The member with the encryption context.
const UNDER_CONTEXT: (&str, Fill) = ("EncryptionContext", Context);
/// What those that compute with a key say.
const USE: [InState; 7] = [G, D, P, I, V, C, G];
/// What those say that ask nothing of the state, or have no key.
const ANY: [InState; 7] = [G; 7];

operations! {
    CancelKeyDeletion = "CancelKeyDeletion": None, OWN, [N, N, G, N, N, N, N], Changes, None;
    ConnectCustomKeyStore = "ConnectCustomKeyStore": None, OWN, ANY, Changes, None;
    CreateAlias = "CreateAlias": None, OWN, [G, G, P, G, G, G, G], Changes, None;
    CreateCustomKeyStore = "CreateCustomKeyStore": None, OWN, ANY, Changes, None;
    CreateGrant = "CreateGrant": None, OWN, [G, D, P, I, G, C, G], Changes, None;
    CreateKey = "CreateKey": None, OWN, ANY, Changes, None;
    Decapsulate = "Decapsulate": Some(EncapsulateDecapsulate), KEY, USE,
        Reads, Some(LiveCall::of(&[
            ON_KEY,
            ("SharedSecretCiphertextBlob", Made),
            ("EncapsulationAlgorithm", Algorithm),
        ]).needing(Encapsulate));
    Decrypt = "Decrypt": Some(EncryptDecrypt), KEY, USE,
        Reads, Some(LiveCall::of(&[
            ON_KEY,
            ("CiphertextBlob", Made),
            ("EncryptionAlgorithm", Algorithm),
            UNDER_CONTEXT,
        ]).needing(Encrypt));
    DeleteAlias = "DeleteAlias": None, OWN, ANY, Changes, None;
    DeleteCustomKeyStore = "DeleteCustomKeyStore": None, OWN, ANY, Changes, None;
    DeleteImportedKeyMaterial = "DeleteImportedKeyMaterial": None, OWN, [G, G, G, G, V, C, U], Changes, None;
    DeriveSharedSecret = "DeriveSharedSecret": Some(KeyAgreement), KEY, USE,
        Reads, Some(LiveCall::of(&[
            ON_KEY,
            ("PublicKey", Made),
            ("KeyAgreementAlgorithm", Algorithm),
        ]).needing(GetPublicKey));
    DescribeCustomKeyStores = "DescribeCustomKeyStores": None, OWN, ANY, Reads, Some(LiveCall::of(&[]));
    DescribeKey = "DescribeKey": None, OWN, ANY, Reads, Some(LiveCall::of(&[ON_KEY]));
    DisableKey = "DisableKey": None, OWN, [G, G, P, I, G, C, U], Changes, None;
    DisableKeyRotation = "DisableKeyRotation": None, OWN, USE, Changes, None;
    DisconnectCustomKeyStore = "DisconnectCustomKeyStore": None, OWN, ANY, Changes, None;
    EnableKey = "EnableKey": None, OWN, [G, G, P, I, G, C, U], Changes, None;
    EnableKeyRotation = "EnableKeyRotation": None, OWN, USE, Changes, None;
    Encapsulate = "Encapsulate": Some(EncapsulateDecapsulate), KEY, USE,
        Reads, Some(LiveCall::of(&[
            ON_KEY,
            ("EncapsulationAlgorithm", Algorithm),
        ]).giving("SharedSecretCiphertextBlob"));
    Encrypt = "Encrypt": Some(EncryptDecrypt), KEY, USE,
        Reads, Some(LiveCall::of(&[
            ON_KEY,
            ("Plaintext", Payload),
            ("EncryptionAlgorithm", Algorithm),
            UNDER_CONTEXT,
        ]).giving("CiphertextBlob"));
    GenerateDataKey = "GenerateDataKey": Some(EncryptDecrypt), CHEAP, USE,
        Reads, Some(LiveCall::of(&[ON_KEY, ("KeySpec", Word("AES_256")), UNDER_CONTEXT]));
    GenerateDataKeyPair = "GenerateDataKeyPair": Some(EncryptDecrypt), PAIR, USE,
        Reads, Some(LiveCall::of(&[ON_KEY, ("KeyPairSpec", PairSpec), UNDER_CONTEXT]));
    GenerateDataKeyPairWithoutPlaintext = "GenerateDataKeyPairWithoutPlaintext": Some(EncryptDecrypt), PAIR, USE,
        Reads, Some(LiveCall::of(&[ON_KEY, ("KeyPairSpec", PairSpec), UNDER_CONTEXT]));
    GenerateDataKeyWithoutPlaintext = "GenerateDataKeyWithoutPlaintext": Some(EncryptDecrypt), CHEAP, USE,
        Reads, Some(LiveCall::of(&[ON_KEY, ("KeySpec", Word("AES_256")), UNDER_CONTEXT]));
    GenerateMac = "GenerateMac": Some(GenerateVerifyMac), CHEAP, USE,
        Reads, Some(LiveCall::of(&[ON_KEY, ("Message", Payload), ("MacAlgorithm", Algorithm)]).giving("Mac"));
    GenerateRandom = "GenerateRandom": None, SYMMETRIC, ANY, Reads, Some(LiveCall::of(&[("NumberOfBytes", Length)]));
    GetKeyLastUsage = "GetKeyLastUsage": None, OWN, ANY, Reads, None;
    GetKeyPolicy = "GetKeyPolicy": None, OWN, ANY, Reads, None;
    GetKeyRotationStatus = "GetKeyRotationStatus": None, OWN, ANY, Reads, None;
    GetParametersForImport = "GetParametersForImport": None, OWN, [G, G, P, G, V, C, U], Reads, None;
    GetPublicKey = "GetPublicKey": None, OWN_BY_KEY, [G, G, P, G, V, C, G],
        Reads, Some(LiveCall::of(&[ON_KEY]).giving("PublicKey"));
    ImportKeyMaterial = "ImportKeyMaterial": None, OWN, [G, G, P, G, V, C, G], Changes, None;
    ListAliases = "ListAliases": None, OWN, ANY, Reads, None;
    ListGrants = "ListGrants": None, OWN, ANY, Reads, None;
    ListKeyPolicies = "ListKeyPolicies": None, OWN, ANY, Reads, None;
    ListKeyRotations = "ListKeyRotations": None, OWN, ANY, Reads, None;
    ListKeys = "ListKeys": None, OWN, ANY, Reads, None;
    ListResourceTags = "ListResourceTags": None, OWN, ANY, Reads, None;
    ListRetirableGrants = "ListRetirableGrants": None, OWN, ANY, Reads, None;
    PutKeyPolicy = "PutKeyPolicy": None, OWN, ANY, Changes, None;
    ReEncrypt = "ReEncrypt": Some(EncryptDecrypt), KEY, USE,
        Reads, Some(LiveCall::of(&[
            ("CiphertextBlob", Made),
            ("SourceKeyId", KeyUnlessNamed),
            ("SourceEncryptionAlgorithm", Algorithm),
            ("SourceEncryptionContext", Context),
            ("DestinationKeyId", Key),
            ("DestinationEncryptionAlgorithm", Algorithm),
            ("DestinationEncryptionContext", Context)]).needing(Encrypt).allowed_by(&["ReEncryptFrom", "ReEncryptTo",
        ]));
    ReplicateKey = "ReplicateKey": None, OWN, [G, D, P, I, V, C, U], Changes, None;
    RetireGrant = "RetireGrant": None, OWN, ANY, Changes, None;
    RevokeGrant = "RevokeGrant": None, OWN, ANY, Changes, None;
    RotateKeyOnDemand = "RotateKeyOnDemand": None, OWN, USE, Changes, None;
    ScheduleKeyDeletion = "ScheduleKeyDeletion": None, OWN, [G, G, P, G, G, G, U], Changes, None;
    Sign = "Sign": Some(SignVerify), KEY, USE,
        Reads, Some(LiveCall::of(&[
            ON_KEY,
            ("Message", Payload),
            ("MessageType", Word("RAW")),
            ("SigningAlgorithm", Algorithm),
        ]).giving("Signature"));
    TagResource = "TagResource": None, OWN, [G, G, P, G, G, G, G], Changes, None;
    UntagResource = "UntagResource": None, OWN, [G, G, P, G, G, G, G], Changes, None;
    UpdateAlias = "UpdateAlias": None, OWN, [G, G, P, G, G, G, G], Changes, None;
    UpdateCustomKeyStore = "UpdateCustomKeyStore": None, OWN, ANY, Changes, None;
    UpdateKeyDescription = "UpdateKeyDescription": None, OWN, [G, G, P, G, G, G, G], Changes, None;
    UpdatePrimaryRegion = "UpdatePrimaryRegion": None, OWN, USE, Changes, None;
    Verify = "Verify": Some(SignVerify), KEY, USE,
        Reads, Some(LiveCall::of(&[
            ON_KEY,
            ("Message", Payload),
            ("MessageType", Word("RAW")),
            ("SigningAlgorithm", Algorithm),
            ("Signature", Made),
        ]).needing(Sign));
    VerifyMac = "VerifyMac": Some(GenerateVerifyMac), CHEAP, USE,
        Reads, Some(LiveCall::of(&[
            ON_KEY,
            ("Message", Payload),
            ("MacAlgorithm", Algorithm),
            ("Mac", Made),
        ]).needing(GenerateMac));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::KeySpec;

    #[test]
    fn who_uses_a_key_takes_from_its_pool_and_changes_nothing() {
        for operation in Operation::ALL.iter().filter(|operation| operation.usage().is_some()) {
            assert!(matches!(operation.takes_from(), TakesFrom::Key | TakesFrom::Pair), "{operation}");
            assert!(operation.is_read_only(), "{operation}");
        }
        assert!(!Operation::CreateKey.is_read_only() && Operation::GetPublicKey.live().is_some());
    }

    #[test]
    fn names_read_back_and_are_in_the_model() {
        assert_eq!(Operation::ALL.len(), 56);
        for operation in Operation::ALL {
            assert_eq!(Operation::from_name(operation.name()), Some(*operation));
        }
        for spec in KeySpec::ALL {
            assert_eq!(KeySpec::from_name(spec.name()), Some(*spec));
        }
        assert_eq!(Operation::from_name("decrypt"), None);
    }
}
