//! Key states, and what an operation answers to them; the table stands in `api`, in the row of each operation.

use crate::api::{InState, Operation};
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
    match operation.in_states()[state.column()] {
        InState::Goes => None,
        InState::Disabled => Some(ApiError::disabled(format!("{arn} is disabled."))),
        InState::PendingDeletion => invalid(pending),
        InState::NotPendingDeletion => invalid("not pending deletion (or pending replica deletion)"),
        // Recorded of many operations (kms-recorded-behaviour, row 7, 2026-11-29).
        InState::PendingImport => invalid("pending import"),
        InState::Unavailable => invalid("unavailable"),
        InState::Creating => invalid("creating"),
        InState::Updating => invalid("updating"),
    }
}
