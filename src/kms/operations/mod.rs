//! The API's operations: what each does with an authenticated call that has passed the gate and is well-formed.
//!
//! ```text
//! Desk { estate, call, now … } ─▶ find the key ─▶ may the caller? ─▶ does its state allow it? ─▶ Step
//!                                                                     Step::Done      the answer
//!                                                                     Step::Compute   arithmetic, without the estate
//!                                                                     Step::Create    a key that needs material first
//! ```
//!
//! One file for each family of operations; `desk` holds what they share.

mod aliases;
mod aws_keys;
mod cipher;
mod create;
mod data_keys;
mod describe;
mod desk;
mod encrypt;
mod grants;
mod imports;
mod lifecycle;
mod macs;
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

pub(in crate::kms) use create::{bare, create, usages, written_policy};
pub(in crate::kms) use desk::Desk;
pub use desk::{NewKey, Step, Trail};
pub(in crate::kms) use lifecycle::happen;

use crate::api::Operation;
use crate::kms::wire::ApiError;

/// What a call leads to.
pub(in crate::kms) type Handled = Result<Step, ApiError>;

/// Serves the call at the desk.
pub(in crate::kms) fn serve(desk: &mut Desk<'_>) -> Handled {
    use Operation::*;
    aws_keys::appear(desk)?;
    match desk.operation() {
        CancelKeyDeletion => lifecycle::cancel_key_deletion(desk),
        ConnectCustomKeyStore => stores::connect_custom_key_store(desk),
        CreateAlias => aliases::create_alias(desk),
        CreateCustomKeyStore => stores::create_custom_key_store(desk),
        CreateGrant => grants::create_grant(desk),
        CreateKey => create::create_key(desk),
        Decapsulate => shared_secrets::decapsulate(desk),
        Decrypt => encrypt::decrypt(desk),
        DeleteAlias => aliases::delete_alias(desk),
        DeleteCustomKeyStore => stores::delete_custom_key_store(desk),
        DeleteImportedKeyMaterial => imports::delete_imported_key_material(desk),
        DeriveSharedSecret => shared_secrets::derive_shared_secret(desk),
        DescribeCustomKeyStores => stores::describe_custom_key_stores(desk),
        DescribeKey => describe::describe_key(desk),
        DisableKey => lifecycle::disable_key(desk),
        DisableKeyRotation => rotation::disable_key_rotation(desk),
        DisconnectCustomKeyStore => stores::disconnect_custom_key_store(desk),
        EnableKey => lifecycle::enable_key(desk),
        EnableKeyRotation => rotation::enable_key_rotation(desk),
        Encapsulate => shared_secrets::encapsulate(desk),
        Encrypt => encrypt::encrypt(desk),
        GenerateDataKey => data_keys::generate_data_key(desk),
        GenerateDataKeyPair => data_keys::generate_data_key_pair(desk),
        GenerateDataKeyPairWithoutPlaintext => data_keys::generate_data_key_pair_without_plaintext(desk),
        GenerateDataKeyWithoutPlaintext => data_keys::generate_data_key_without_plaintext(desk),
        GenerateMac => macs::generate_mac(desk),
        GenerateRandom => data_keys::generate_random(desk),
        GetKeyLastUsage => describe::get_key_last_usage(desk),
        GetKeyPolicy => policies::get_key_policy(desk),
        GetKeyRotationStatus => rotation::get_key_rotation_status(desk),
        GetParametersForImport => imports::get_parameters_for_import(desk),
        GetPublicKey => describe::get_public_key(desk),
        ImportKeyMaterial => imports::import_key_material(desk),
        ListAliases => aliases::list_aliases(desk),
        ListGrants => grants::list_grants(desk),
        ListKeyPolicies => policies::list_key_policies(desk),
        ListKeyRotations => rotation::list_key_rotations(desk),
        ListKeys => describe::list_keys(desk),
        ListResourceTags => tags::list_resource_tags(desk),
        ListRetirableGrants => grants::list_retirable_grants(desk),
        PutKeyPolicy => policies::put_key_policy(desk),
        ReEncrypt => encrypt::re_encrypt(desk),
        ReplicateKey => regions::replicate_key(desk),
        RetireGrant => grants::retire_grant(desk),
        RevokeGrant => grants::revoke_grant(desk),
        RotateKeyOnDemand => rotation::rotate_key_on_demand(desk),
        ScheduleKeyDeletion => lifecycle::schedule_key_deletion(desk),
        Sign => signatures::sign(desk),
        TagResource => tags::tag_resource(desk),
        UntagResource => tags::untag_resource(desk),
        UpdateAlias => aliases::update_alias(desk),
        UpdateCustomKeyStore => stores::update_custom_key_store(desk),
        UpdateKeyDescription => lifecycle::update_key_description(desk),
        UpdatePrimaryRegion => regions::update_primary_region(desk),
        Verify => signatures::verify(desk),
        VerifyMac => macs::verify_mac(desk),
    }
}
