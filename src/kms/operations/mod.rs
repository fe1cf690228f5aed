//! The API's operations: what each does with an authenticated call that was admitted and is well-formed.
//!
//! ```text
//! CallContext { inventory, call, now … } ─▶ find the key ─▶ may the caller? ─▶ does its state allow it? ─▶ Step
//!                                                                     Step::Done      the answer
//!                                                                     Step::Compute   arithmetic, without the inventory
//!                                                                     Step::Create    a key that needs material first
//! ```
//!
//! One file for each family of operations; `ctx` holds what they share.

mod aliases;
mod aws_keys;
mod cipher;
mod context;
mod create;
mod data_keys;
mod describe;
mod encrypt;
mod grants;
mod imports;
mod lifecycle;
mod macs;
mod managed;
mod page;
mod policies;
mod recipient;
mod regions;
mod rotation;
mod shared_secrets;
mod signatures;
mod stores;
mod tags;
mod usage;

pub(in crate::kms) use context::CallContext;
pub use context::{NewKey, Step, Trail};
pub(in crate::kms) use create::{bare, create, written_policy};
pub(in crate::kms) use lifecycle::happen;

use crate::api::Operation::{self, *};
use crate::kms::wire::ApiError;

/// What a call leads to.
pub(in crate::kms) type Handled = Result<Step, ApiError>;

/// Serves one call.
pub(in crate::kms) fn serve(ctx: &mut CallContext<'_>) -> Handled {
    aws_keys::appear(ctx)?;
    handler(ctx.operation())(ctx)
}

/// Who serves an operation.
const fn handler(operation: Operation) -> fn(&mut CallContext<'_>) -> Handled {
    match operation {
        CancelKeyDeletion => lifecycle::cancel_key_deletion,
        ConnectCustomKeyStore => stores::connect_custom_key_store,
        CreateAlias => aliases::create_alias,
        CreateCustomKeyStore => stores::create_custom_key_store,
        CreateGrant => grants::create_grant,
        CreateKey => create::create_key,
        Decapsulate => shared_secrets::decapsulate,
        Decrypt => encrypt::decrypt,
        DeleteAlias => aliases::delete_alias,
        DeleteCustomKeyStore => stores::delete_custom_key_store,
        DeleteImportedKeyMaterial => imports::delete_imported_key_material,
        DeriveSharedSecret => shared_secrets::derive_shared_secret,
        DescribeCustomKeyStores => stores::describe_custom_key_stores,
        DescribeKey => describe::describe_key,
        DisableKey => lifecycle::disable_key,
        DisableKeyRotation => rotation::disable_key_rotation,
        DisconnectCustomKeyStore => stores::disconnect_custom_key_store,
        EnableKey => lifecycle::enable_key,
        EnableKeyRotation => rotation::enable_key_rotation,
        Encapsulate => shared_secrets::encapsulate,
        Encrypt => encrypt::encrypt,
        GenerateDataKey => data_keys::generate_data_key,
        GenerateDataKeyPair => data_keys::generate_data_key_pair,
        GenerateDataKeyPairWithoutPlaintext => data_keys::generate_data_key_pair_without_plaintext,
        GenerateDataKeyWithoutPlaintext => data_keys::generate_data_key_without_plaintext,
        GenerateMac => macs::generate_mac,
        GenerateRandom => data_keys::generate_random,
        GetKeyLastUsage => describe::get_key_last_usage,
        GetKeyPolicy => policies::get_key_policy,
        GetKeyRotationStatus => rotation::get_key_rotation_status,
        GetParametersForImport => imports::get_parameters_for_import,
        GetPublicKey => describe::get_public_key,
        ImportKeyMaterial => imports::import_key_material,
        ListAliases => aliases::list_aliases,
        ListGrants => grants::list_grants,
        ListKeyPolicies => policies::list_key_policies,
        ListKeyRotations => rotation::list_key_rotations,
        ListKeys => describe::list_keys,
        ListResourceTags => tags::list_resource_tags,
        ListRetirableGrants => grants::list_retirable_grants,
        PutKeyPolicy => policies::put_key_policy,
        ReEncrypt => encrypt::re_encrypt,
        ReplicateKey => regions::replicate_key,
        RetireGrant => grants::retire_grant,
        RevokeGrant => grants::revoke_grant,
        RotateKeyOnDemand => rotation::rotate_key_on_demand,
        ScheduleKeyDeletion => lifecycle::schedule_key_deletion,
        Sign => signatures::sign,
        TagResource => tags::tag_resource,
        UntagResource => tags::untag_resource,
        UpdateAlias => aliases::update_alias,
        UpdateCustomKeyStore => stores::update_custom_key_store,
        UpdateKeyDescription => lifecycle::update_key_description,
        UpdatePrimaryRegion => regions::update_primary_region,
        Verify => signatures::verify,
        VerifyMac => macs::verify_mac,
    }
}
