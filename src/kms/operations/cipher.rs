//! A key that is ready to encrypt or to decrypt: allowed, fit for the algorithm, in a good state.
//!
//! It holds all it needs, so that the arithmetic runs without the inventory.

use super::CallContext;
use super::usage::{internal, opened, refused};
use crate::api::{EncryptionAlgorithm, KeySpec, KeyUsage};
use crate::kms::access::ConditionContext;
use crate::kms::crypto::{self, Header, Material, MaterialId, Secret};
use crate::kms::keys::{Key, KeyRef};
use crate::kms::wire::{ApiError, Input};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A ready key.
pub(super) struct Cipher {
    /// The key's ARN.
    pub(super) arn: Arc<str>,
    /// How it encrypts.
    pub(super) algorithm: EncryptionAlgorithm,
    /// The version of its material.
    pub(super) material_id: MaterialId,
    material: Arc<Material>,
    context: BTreeMap<String, String>,
}

/// Where a call says what is to be decrypted, and by what right.
pub(super) struct Source {
    /// The action that must be allowed.
    pub(super) action: &'static str,
    /// The member that names the key.
    pub(super) key: &'static str,
    /// The member with the encryption context.
    pub(super) context: &'static str,
    /// The member with the algorithm.
    pub(super) algorithm: &'static str,
}

impl Cipher {
    /// A key to encrypt with.
    ///
    /// # Errors
    /// AccessDeniedException, InvalidKeyUsageException, ValidationException, and what its state says.
    pub(super) fn encrypting(
        ctx: &mut CallContext<'_>,
        key: &KeyRef,
        action: &str,
        (context, algorithm): (&BTreeMap<String, String>, EncryptionAlgorithm),
        tell: impl FnOnce(&mut ConditionContext),
    ) -> Result<Cipher, ApiError> {
        let arn = allow(ctx, key, action, (context, algorithm), tell)?;
        let found = check_fit(ctx, key, (context, algorithm), "encrypting")?;
        let version = found.current(ctx.now).and_then(opened).ok_or_else(internal)?;
        Ok(Cipher::new(arn, version, (context, algorithm)))
    }

    /// The key that made a ciphertext, to decrypt it with.
    ///
    /// # Errors
    /// As of [`Cipher::encrypting`], and IncorrectKeyException, InvalidCiphertextException.
    pub(super) fn decrypting(
        ctx: &mut CallContext<'_>,
        source: &Source,
        key: &KeyRef,
        tell: impl FnOnce(&mut ConditionContext),
    ) -> Result<Cipher, ApiError> {
        let input = ctx.input();
        let terms = (input.context(source.context), algorithm(input, source.algorithm));
        let arn = allow(ctx, key, source.action, terms, tell)?;
        // The ciphertext is read, and its key compared, before anything is asked of the key that the call names
        // (kms-recorded-behaviour, rows 3 and 4).
        let names_material = terms.1 == EncryptionAlgorithm::SymmetricDefault && !ignores_ciphertext(input);
        if names_material {
            check_maker(ctx, key, ciphertext(input)?)?;
        }
        let found = check_fit(ctx, key, terms, "decrypting")?;
        let version = match names_material {
            true => version_of(found, ciphertext(input)?)?,
            false => found.current(ctx.now).and_then(opened).ok_or_else(internal)?,
        };
        Ok(Cipher::new(arn, version, terms))
    }

    fn new(
        arn: Arc<str>,
        (material_id, material): (MaterialId, Arc<Material>),
        (context, algorithm): (&BTreeMap<String, String>, EncryptionAlgorithm),
    ) -> Cipher {
        Cipher { arn, algorithm, material_id, material, context: context.clone() }
    }

    /// Its material, if ciphertexts name it: those of asymmetric keys name nothing.
    pub(super) fn named_material(&self) -> Option<MaterialId> {
        (self.algorithm == EncryptionAlgorithm::SymmetricDefault).then_some(self.material_id)
    }

    /// Encrypts.
    ///
    /// # Errors
    /// ValidationException if RSA cannot take so much.
    pub(super) fn encrypt(&self, plaintext: &[u8]) -> Result<Vec<u8>, ApiError> {
        let answer = match self.algorithm {
            EncryptionAlgorithm::SymmetricDefault => {
                crypto::encrypt(&self.material, &self.material_id, &self.context, plaintext)
            }
            other => crypto::rsa_encrypt(&self.material, other, plaintext),
        };
        answer.map_err(|error| refused(error, self.algorithm.name(), &self.material))
    }

    /// Decrypts.
    ///
    /// # Errors
    /// InvalidCiphertextException.
    pub(super) fn decrypt(&self, ciphertext: &[u8]) -> Result<Secret, ApiError> {
        let answer = match self.algorithm {
            EncryptionAlgorithm::SymmetricDefault => {
                crypto::decrypt(&self.material, ciphertext, &self.context)
            }
            other => crypto::rsa_decrypt(&self.material, other, ciphertext),
        };
        answer.map_err(|error| refused(error, self.algorithm.name(), &self.material))
    }
}

impl Source {
    /// The key that a call wants to decrypt with: the one it names, or the one that made the ciphertext.
    ///
    /// # Errors
    /// NotFoundException, InvalidArnException, ValidationException; InvalidCiphertextException for what is no
    /// ciphertext of ours; AccessDeniedException if its key does not exist here.
    pub(super) fn find(&self, ctx: &mut CallContext<'_>) -> Result<KeyRef, ApiError> {
        let input = ctx.input();
        let ignores = ignores_ciphertext(input);
        if ignores && !ctx.is_dry_run() {
            return Err(ApiError::validation("DryRunModifiers can only be specified when DryRun is true."));
        }
        if !ignores {
            ciphertext(input)?;
        }
        if let Some(named) = input.text(self.key) {
            return ctx.find_text(named);
        }
        if ignores || algorithm(input, self.algorithm) != EncryptionAlgorithm::SymmetricDefault {
            // Source: kms-recorded-behaviour, row 37.
            return Err(ApiError::validation(format!("{} must not be null", self.key)));
        }
        owner(ctx, ciphertext(input)?)
    }
}

/// The algorithm that a member names; a call that names none means the symmetric one.
pub(super) fn algorithm(input: &Input, member: &'static str) -> EncryptionAlgorithm {
    input
        .text(member)
        .and_then(EncryptionAlgorithm::from_name)
        .unwrap_or(EncryptionAlgorithm::SymmetricDefault)
}

/// Whether the call is a dry run that brings no ciphertext, or one that is not to be looked at.
pub(super) fn ignores_ciphertext(input: &Input) -> bool {
    input.texts("DryRunModifiers").iter().any(|modifier| modifier == "IGNORE_CIPHERTEXT")
}

/// The ciphertext of a call that must bring one.
///
/// # Errors
/// ValidationException.
pub(super) fn ciphertext(input: &Input) -> Result<&[u8], ApiError> {
    input.blob("CiphertextBlob").ok_or_else(|| {
        ApiError::validation(
            "1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy constraint: Member must \
             not be null",
        )
    })
}

/// The key's ARN, if the caller may work with it by these terms.
fn allow(
    ctx: &mut CallContext<'_>,
    key: &KeyRef,
    action: &str,
    (context, algorithm): (&BTreeMap<String, String>, EncryptionAlgorithm),
    tell: impl FnOnce(&mut ConditionContext),
) -> Result<Arc<str>, ApiError> {
    let right = ctx.authorize(key, action, context, |context| {
        context.one("kms:EncryptionAlgorithm", algorithm.name());
        tell(context);
    })?;
    Ok(right.arn)
}

/// The key, if it can work by these terms; KMS asks in the order usage, state, algorithm.
///
/// Source: kms-recorded-behaviour, rows 31 and 34 (2026-11-29).
fn check_fit<'a>(
    ctx: &'a CallContext<'_>,
    key: &KeyRef,
    (context, algorithm): (&BTreeMap<String, String>, EncryptionAlgorithm),
    doing: &str,
) -> Result<&'a Key, ApiError> {
    let found = ctx.usable(key, KeyUsage::EncryptDecrypt)?;
    let spec = found.spec;
    if !spec.encryption_algorithms().contains(&algorithm) {
        if ctx.operation().name().starts_with("GenerateDataKey") {
            let what = "You cannot generate a data key with an asymmetric CMK";
            return Err(ApiError::invalid_key_usage(what));
        }
        return Err(ctx.incompatible(key, algorithm.name()));
    }
    if spec != KeySpec::SymmetricDefault && !context.is_empty() {
        // Source: kms-recorded-behaviour, row 36.
        return Err(ApiError::validation(format!(
            "EncryptionContext is not supported when {doing} with asymmetric CMKs."
        )));
    }
    Ok(found)
}

/// Refuses a ciphertext that another key made, or none.
fn check_maker(ctx: &CallContext<'_>, key: &KeyRef, blob: &[u8]) -> Result<(), ApiError> {
    let header = Header::read(blob).map_err(|_| ApiError::invalid_ciphertext())?;
    if ctx.key(key).material(&header.material_id).is_some() {
        return Ok(());
    }
    // A material that nobody has is no other key's but a damaged name.
    let is_known = !ctx.inventory.owners(&header.material_id).is_empty();
    Err(if is_known { ApiError::incorrect_key(INCORRECT_KEY) } else { ApiError::invalid_ciphertext() })
}

/// The version of a key's material that made a ciphertext.
fn version_of(found: &Key, blob: &[u8]) -> Result<(MaterialId, Arc<Material>), ApiError> {
    let header = Header::read(blob).map_err(|_| ApiError::invalid_ciphertext())?;
    found.material(&header.material_id).and_then(opened).ok_or_else(internal)
}

/// The key of this Region that made a ciphertext: of a multi-Region key, the one that lives here.
fn owner(ctx: &CallContext<'_>, blob: &[u8]) -> Result<KeyRef, ApiError> {
    let header = Header::read(blob).map_err(|_| ApiError::invalid_ciphertext())?;
    let here = ctx.inventory.owner(&header.material_id, ctx.realm);
    here.cloned().ok_or_else(|| ApiError::access_denied(NO_KEY))
}

/// Source: KMS Developer Guide, CloudTrail example of Decrypt (read 2026-11-23).
const INCORRECT_KEY: &str =
    "The key ID in the request does not identify a CMK that can perform this operation.";

/// From memory, not checked.
const NO_KEY: &str = "The ciphertext refers to a customer master key that does not exist, does not exist in this \
                      region, or you are not allowed to access.";
