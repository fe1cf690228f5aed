//! Key states, and what each operation says to them.
//!
//! Source: KMS Developer Guide, "Key states of AWS KMS keys" (stored copy of 2026, read 2026-11-23), which allows
//! either of two errors for cryptographic calls on a key pending deletion: KMSInvalidStateException is chosen.
//! Encapsulate, Decapsulate and GetKeyLastUsage are younger than the page: assumed to do as DeriveSharedSecret and
//! DescribeKey. Where the page has "not applicable", an unavailable key is refused as such.

use crate::api::Operation;
use crate::kms::wire::ApiError;

/// The state of a key at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Usable.
    Enabled,
    /// Switched off.
    Disabled,
    /// Gone when its waiting period is over.
    PendingDeletion,
    /// A primary that waits for the deletion of its replicas.
    PendingReplicaDeletion,
    /// Lacks imported material.
    PendingImport,
    /// Its custom key store is not connected.
    Unavailable,
    /// A replica in the making.
    Creating,
    /// Its primary Region is being changed.
    Updating,
}

impl KeyState {
    /// AWS's name.
    pub const fn name(self) -> &'static str {
        match self {
            KeyState::Enabled => "Enabled",
            KeyState::Disabled => "Disabled",
            KeyState::PendingDeletion => "PendingDeletion",
            KeyState::PendingReplicaDeletion => "PendingReplicaDeletion",
            KeyState::PendingImport => "PendingImport",
            KeyState::Unavailable => "Unavailable",
            KeyState::Creating => "Creating",
            KeyState::Updating => "Updating",
        }
    }

    /// The column of the table.
    const fn column(self) -> usize {
        match self {
            KeyState::Enabled => 0,
            KeyState::Disabled => 1,
            KeyState::PendingDeletion | KeyState::PendingReplicaDeletion => 2,
            KeyState::PendingImport => 3,
            KeyState::Unavailable => 4,
            KeyState::Creating => 5,
            KeyState::Updating => 6,
        }
    }
}

/// One cell of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cell {
    Ok,
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

/// What `operation` says to a key in `state`; `None` if it goes on. `arn` is the key's.
///
/// Whether the key can do such a thing at all (notes 6, 7 and 9 of the page: custom key stores, imported material)
/// is asked before, by the operation itself.
pub fn refusal(operation: Operation, state: KeyState, arn: &str) -> Option<ApiError> {
    let pending = match state {
        KeyState::PendingReplicaDeletion => "pending replica deletion",
        _ => "pending deletion",
    };
    let invalid = |what: &str| Some(ApiError::kms_invalid_state(format!("{arn} is {what}.")));
    match row(operation)[state.column()] {
        Cell::Ok => None,
        Cell::Disabled => Some(ApiError::disabled(format!("{arn} is disabled."))),
        Cell::PendingDeletion => invalid(pending),
        Cell::NotPendingDeletion => invalid("not pending deletion (or pending replica deletion)"),
        // Recorded of many operations (kms-recorded-behaviour, row 7, 2026-11-29).
        Cell::PendingImport => invalid("pending import"),
        Cell::Unavailable => invalid("unavailable"),
        Cell::Creating => invalid("creating"),
        Cell::Updating => invalid("updating"),
    }
}

/// The table, a row for each operation: Enabled, Disabled, PendingDeletion, PendingImport, Unavailable, Creating,
/// Updating.
const fn row(operation: Operation) -> [Cell; 7] {
    use Cell::{
        Creating as C, Disabled as D, NotPendingDeletion as N, Ok, PendingDeletion as P, PendingImport as I,
    };
    use Cell::{Unavailable as V, Updating as U};
    use Operation::*;
    match operation {
        CancelKeyDeletion => [N, N, Ok, N, N, N, N],
        CreateAlias | TagResource | UntagResource | UpdateKeyDescription | UpdateAlias => {
            [Ok, Ok, P, Ok, Ok, Ok, Ok]
        }
        CreateGrant => [Ok, D, P, I, Ok, C, Ok],
        Decrypt
        | Encrypt
        | GenerateDataKey
        | GenerateDataKeyWithoutPlaintext
        | GenerateDataKeyPair
        | GenerateDataKeyPairWithoutPlaintext
        | ReEncrypt
        | DeriveSharedSecret
        | GenerateMac
        | Sign
        | UpdatePrimaryRegion
        | Verify
        | VerifyMac
        | Encapsulate
        | Decapsulate => [Ok, D, P, I, V, C, Ok],
        DeleteImportedKeyMaterial => [Ok, Ok, Ok, Ok, V, C, U],
        DisableKey | EnableKey => [Ok, Ok, P, I, Ok, C, U],
        DisableKeyRotation | EnableKeyRotation => [Ok, D, P, I, V, C, Ok],
        RotateKeyOnDemand => [Ok, D, P, I, V, C, Ok],
        GetParametersForImport => [Ok, Ok, P, Ok, V, C, U],
        ImportKeyMaterial => [Ok, Ok, P, Ok, V, C, Ok],
        GetPublicKey => [Ok, Ok, P, Ok, V, C, Ok],
        ReplicateKey => [Ok, D, P, I, V, C, U],
        ScheduleKeyDeletion => [Ok, Ok, P, Ok, Ok, Ok, U],
        DeleteAlias | DescribeKey | GetKeyPolicy | GetKeyLastUsage | GetKeyRotationStatus | ListAliases
        | ListGrants | ListKeyPolicies | ListKeyRotations | ListResourceTags | PutKeyPolicy | RetireGrant
        | RevokeGrant => [Ok; 7],
        // These have no key.
        ConnectCustomKeyStore
        | CreateCustomKeyStore
        | CreateKey
        | DeleteCustomKeyStore
        | DescribeCustomKeyStores
        | DisconnectCustomKeyStore
        | GenerateRandom
        | ListKeys
        | ListRetirableGrants
        | UpdateCustomKeyStore => [Ok; 7],
    }
}
