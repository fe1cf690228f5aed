//! Encrypt, Decrypt, ReEncrypt.

use super::cipher::{Cipher, Source, algorithm, ciphertext, ignores_ciphertext};
use super::recipient::refuse_recipient;
use super::{CallContext, Handled};
use crate::kms::access::ConditionContext;
use crate::kms::crypto::Secret;
use crate::kms::wire::{ApiError, Output};

serves! {
    Decrypt: decrypt,
    Encrypt: encrypt,
    ReEncrypt: re_encrypt,
}

/// What Decrypt opens.
const DECRYPT: Source = Source {
    action: "kms:Decrypt",
    key: "KeyId",
    context: "EncryptionContext",
    algorithm: "EncryptionAlgorithm",
};

/// What ReEncrypt opens.
const RE_ENCRYPT: Source = Source {
    action: "kms:ReEncryptFrom",
    key: "SourceKeyId",
    context: "SourceEncryptionContext",
    algorithm: "SourceEncryptionAlgorithm",
};

/// Encrypt: a short plaintext under a key.
fn encrypt(ctx: &mut CallContext<'_>) -> Handled {
    let input = ctx.input();
    let key = ctx.find("KeyId")?;
    let terms = (input.context("EncryptionContext"), algorithm(input, "EncryptionAlgorithm"));
    let cipher = Cipher::encrypting(ctx, &key, "kms:Encrypt", terms, |_| ())?;
    ctx.note_use(&key, cipher.named_material());
    let plaintext = Secret::from(input.blob("Plaintext").expect("validation requires it"));
    ctx.compute(move || {
        let blob = cipher.encrypt(plaintext.as_bytes())?;
        Ok(Output::new()
            .blob("CiphertextBlob", blob)
            .text("KeyId", &cipher.arn)
            .text("EncryptionAlgorithm", cipher.algorithm.name()))
    })
}

/// Decrypt: what Encrypt or a data key operation made.
fn decrypt(ctx: &mut CallContext<'_>) -> Handled {
    let input = ctx.input();
    let key = DECRYPT.find(ctx)?;
    let cipher = Cipher::decrypting(ctx, &DECRYPT, &key, |_| ())?;
    refuse_recipient(input)?;
    ctx.note_use(&key, cipher.named_material());
    if ignores_ciphertext(input) {
        ctx.end_dry_run()?;
    }
    let blob = ciphertext(input)?.to_vec();
    ctx.compute(move || {
        let plaintext = cipher.decrypt(&blob)?;
        let output = Output::new()
            .text("KeyId", &cipher.arn)
            .blob("Plaintext", plaintext)
            .text("EncryptionAlgorithm", cipher.algorithm.name());
        let id = cipher.named_material();
        Ok(output.given(id, |output, id| output.text("KeyMaterialId", id.write(&mut [0; 64]))))
    })
}

/// ReEncrypt: from one key to another, or from one context to another.
fn re_encrypt(ctx: &mut CallContext<'_>) -> Handled {
    let input = ctx.input();
    let (from, to) = (RE_ENCRYPT.find(ctx)?, ctx.find("DestinationKeyId")?);
    let tell = |context: &mut ConditionContext, named: Option<&str>| {
        context.flag("kms:ReEncryptOnSameKey", from == to);
        if let Some(alias) = named.and_then(|named| Some(&named[named.find("alias/")?..])) {
            context.one("kms:RequestAlias", alias);
        }
    };
    let source =
        Cipher::decrypting(ctx, &RE_ENCRYPT, &from, |context| tell(context, input.text("SourceKeyId")))?;
    let terms =
        (input.context("DestinationEncryptionContext"), algorithm(input, "DestinationEncryptionAlgorithm"));
    let named = input.text("DestinationKeyId");
    let destination = Cipher::encrypting(ctx, &to, "kms:ReEncryptTo", terms, |context| tell(context, named))?;
    ctx.note_use(&from, source.named_material());
    ctx.note_use(&to, destination.named_material());
    if ignores_ciphertext(input) {
        ctx.end_dry_run()?;
    }
    let blob = ciphertext(input)?.to_vec();
    ctx.compute(move || re_encrypted(&source, &destination, &blob))
}

fn re_encrypted(source: &Cipher, destination: &Cipher, blob: &[u8]) -> Result<Output, ApiError> {
    let plaintext = source.decrypt(blob)?;
    let output = Output::new()
        .blob("CiphertextBlob", destination.encrypt(plaintext.as_bytes())?)
        .text("SourceKeyId", &source.arn)
        .text("KeyId", &destination.arn)
        .text("SourceEncryptionAlgorithm", source.algorithm.name())
        .text("DestinationEncryptionAlgorithm", destination.algorithm.name());
    Ok(output
        .given(source.named_material(), |output, id| output.text("SourceKeyMaterialId", &id.to_string()))
        .given(destination.named_material(), |output, id| {
            output.text("DestinationKeyMaterialId", &id.to_string())
        }))
}
