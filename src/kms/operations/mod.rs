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
mod cipher;
mod data_keys;
mod desk;
mod encrypt;
mod grants;
mod macs;
mod page;
mod recipient;
mod shared_secrets;
mod signatures;
mod stores;
mod usage;

pub(in crate::kms) use desk::Desk;
pub use desk::{NewKey, Step, Trail};

use crate::api::Operation;
use crate::kms::wire::ApiError;

/// What a call leads to.
pub(in crate::kms) type Handled = Result<Step, ApiError>;

/// Serves the call at the desk.
pub(in crate::kms) fn serve(desk: &mut Desk<'_>) -> Handled {
    use Operation::*;
    match desk.operation() {
        ConnectCustomKeyStore => stores::connect_custom_key_store(desk),
        CreateAlias => aliases::create_alias(desk),
        CreateCustomKeyStore => stores::create_custom_key_store(desk),
        CreateGrant => grants::create_grant(desk),
        Decapsulate => shared_secrets::decapsulate(desk),
        Decrypt => encrypt::decrypt(desk),
        DeleteAlias => aliases::delete_alias(desk),
        DeleteCustomKeyStore => stores::delete_custom_key_store(desk),
        DeriveSharedSecret => shared_secrets::derive_shared_secret(desk),
        DescribeCustomKeyStores => stores::describe_custom_key_stores(desk),
        DisconnectCustomKeyStore => stores::disconnect_custom_key_store(desk),
        Encapsulate => shared_secrets::encapsulate(desk),
        Encrypt => encrypt::encrypt(desk),
        GenerateDataKey => data_keys::generate_data_key(desk),
        GenerateDataKeyPair => data_keys::generate_data_key_pair(desk),
        GenerateDataKeyPairWithoutPlaintext => data_keys::generate_data_key_pair_without_plaintext(desk),
        GenerateDataKeyWithoutPlaintext => data_keys::generate_data_key_without_plaintext(desk),
        GenerateMac => macs::generate_mac(desk),
        GenerateRandom => data_keys::generate_random(desk),
        ListAliases => aliases::list_aliases(desk),
        ListGrants => grants::list_grants(desk),
        ListRetirableGrants => grants::list_retirable_grants(desk),
        ReEncrypt => encrypt::re_encrypt(desk),
        RetireGrant => grants::retire_grant(desk),
        RevokeGrant => grants::revoke_grant(desk),
        Sign => signatures::sign(desk),
        UpdateAlias => aliases::update_alias(desk),
        UpdateCustomKeyStore => stores::update_custom_key_store(desk),
        Verify => signatures::verify(desk),
        VerifyMac => macs::verify_mac(desk),
        _ => todo!(),
    }
}
