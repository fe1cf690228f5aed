//! GenerateDataKey, GenerateDataKeyPair, both without plaintext too, and GenerateRandom.

use super::cipher::Cipher;
use super::recipient::refuse_recipient;
use super::usage::internal;
use super::{CallContext, Handled, Step};
use crate::api::{EncryptionAlgorithm, KeySpec};
use crate::kms::crypto::{self};
use crate::kms::keys::StoreKind;
use crate::kms::wire::{ApiError, Input, Output};

serves! {
    GenerateDataKey: generate_data_key,
    GenerateDataKeyPair: generate_data_key_pair,
    GenerateDataKeyPairWithoutPlaintext: generate_data_key_pair_without_plaintext,
    GenerateDataKeyWithoutPlaintext: generate_data_key_without_plaintext,
    GenerateRandom: generate_random,
}

/// GenerateDataKey: a data key, in clear and encrypted.
fn generate_data_key(ctx: &mut CallContext<'_>) -> Handled {
    let length = length(ctx.input())?;
    let cipher = cipher(ctx, "kms:GenerateDataKey")?;
    ctx.end_dry_run()?;
    ctx.compute(move || {
        let plaintext = crypto::random(length).map_err(|_| internal())?;
        let output = Output::new()
            .blob("CiphertextBlob", cipher.encrypt(plaintext.as_bytes())?)
            .blob("Plaintext", plaintext);
        Ok(with_names(output, &cipher))
    })
}

/// GenerateDataKeyWithoutPlaintext: an encrypted data key for later.
fn generate_data_key_without_plaintext(ctx: &mut CallContext<'_>) -> Handled {
    let length = length(ctx.input())?;
    let cipher = cipher(ctx, "kms:GenerateDataKeyWithoutPlaintext")?;
    ctx.end_dry_run()?;
    ctx.compute(move || {
        let plaintext = crypto::random(length).map_err(|_| internal())?;
        let output = Output::new().blob("CiphertextBlob", cipher.encrypt(plaintext.as_bytes())?);
        Ok(with_names(output, &cipher))
    })
}

/// GenerateDataKeyPair: a key pair, its private half in clear and encrypted.
fn generate_data_key_pair(ctx: &mut CallContext<'_>) -> Handled {
    key_pair(ctx, "kms:GenerateDataKeyPair", true)
}

/// GenerateDataKeyPairWithoutPlaintext: a key pair, its private half encrypted only.
fn generate_data_key_pair_without_plaintext(ctx: &mut CallContext<'_>) -> Handled {
    key_pair(ctx, "kms:GenerateDataKeyPairWithoutPlaintext", false)
}

fn key_pair(ctx: &mut CallContext<'_>, action: &str, in_clear: bool) -> Handled {
    let cipher = cipher(ctx, action)?;
    let spec = ctx.input().pair_spec().expect("validation requires it");
    ctx.end_dry_run()?;
    ctx.compute(move || {
        let (private, public) = crypto::data_key_pair(spec).map_err(|_| internal())?;
        let mut output = Output::new().blob("PrivateKeyCiphertextBlob", cipher.encrypt(private.as_bytes())?);
        if in_clear {
            output = output.blob("PrivateKeyPlaintext", private);
        }
        let output = output.blob("PublicKey", public).text("KeyPairSpec", spec.name());
        Ok(with_names(output, &cipher))
    })
}

/// The symmetric key that a data key is encrypted under.
fn cipher(ctx: &mut CallContext<'_>, action: &str) -> Result<Cipher, ApiError> {
    let input = ctx.input();
    let key = ctx.find("KeyId")?;
    let terms = (input.context("EncryptionContext"), EncryptionAlgorithm::SymmetricDefault);
    let pair = input.pair_spec();
    if pair.is_some() && ctx.key(&key).store.is_some() {
        ctx.authorize(&key, action, terms.0, |_| ())?;
        return Err(ApiError::unsupported_operation(
            "A key in a custom key store cannot encrypt data key pairs.",
        ));
    }
    let cipher = Cipher::encrypting(ctx, &key, action, terms, |context| {
        if let Some(spec) = pair {
            context.one("kms:DataKeyPairSpec", spec.name());
        }
    })?;
    if pair == Some(KeySpec::Sm2) {
        return Err(ApiError::unsupported_operation("SM2 is not supported in this Region."));
    }
    refuse_recipient(input)?;
    ctx.note_use(&key, cipher.named_material());
    Ok(cipher)
}

/// The key and its material, as every answer of this family names them.
fn with_names(output: Output, cipher: &Cipher) -> Output {
    output.text("KeyId", &cipher.arn).text("KeyMaterialId", cipher.material_id.write(&mut [0; 64]))
}

/// How long a data key is to be: exactly one of two members says it.
fn length(input: &Input) -> Result<usize, ApiError> {
    match (input.text("KeySpec"), input.integer("NumberOfBytes")) {
        (Some("AES_128"), None) => Ok(16),
        (Some(_), None) => Ok(32),
        (None, Some(bytes)) => Ok(usize::try_from(bytes).expect("validation lets 1 to 1,024 pass")),
        _ => Err(ApiError::validation("Please specify either number of bytes or key spec.")),
    }
}

/// GenerateRandom: random bytes, from a CloudHSM key store if asked.
fn generate_random(ctx: &mut CallContext<'_>) -> Handled {
    let input = ctx.input();
    ctx.authorize_identity("kms:GenerateRandom", "*", |_| ())?;
    let Some(bytes) = input.integer("NumberOfBytes") else {
        return Err(ApiError::validation("NumberOfBytes is required."));
    };
    if let Some(id) = input.text("CustomKeyStoreId") {
        let store = ctx.find_store(id)?;
        if matches!(store.kind, StoreKind::External { .. }) {
            return Err(ApiError::unsupported_operation(
                "An external key store does not generate random bytes.",
            ));
        }
        if !store.is_connected(ctx.now) {
            return Err(ctx.wrong_store_state(store));
        }
    }
    refuse_recipient(input)?;
    let length = usize::try_from(bytes).expect("validation lets 1 to 1,024 pass");
    Ok(Step::Compute(Box::new(move || {
        let plaintext = crypto::random(length).map_err(|_| internal())?;
        Ok(Output::new().blob("Plaintext", plaintext))
    })))
}
