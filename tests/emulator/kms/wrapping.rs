//! What stands on the caller's side of an import: material wrapped to the key that KMS gives out.

use super::support::{Emulator, Said, b64, bytes};
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use serde_json::{Value, json};

/// A wrapping key and an import token for a key.
pub fn parameters(kms: &mut Emulator, key: &str) -> Value {
    let call =
        json!({"KeyId": key, "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"});
    kms.ok("GetParametersForImport", call)
}

/// The call that imports `material` with `parameters`; it does not expire.
pub fn import_call(parameters: &Value, material: &[u8]) -> Value {
    let public =
        PublicEncryptingKey::from_der(&bytes(&parameters["PublicKey"])).expect("KMS gives an RSA key");
    let public = OaepPublicEncryptingKey::new(public).expect("an RSA key does OAEP");
    let mut wrapped = vec![0; public.ciphertext_size()];
    let length = public
        .encrypt(&OAEP_SHA256_MGF1SHA256, material, &mut wrapped, None)
        .expect("the test's material fits")
        .len();
    json!({"KeyId": parameters["KeyId"], "ImportToken": parameters["ImportToken"],
        "EncryptedKeyMaterial": b64(&wrapped[..length]), "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"})
}

/// Imports `material` into a key; `more` members join the call.
pub fn import(kms: &mut Emulator, key: &str, material: &[u8], more: &Value) -> Said {
    let parameters = parameters(kms, key);
    let mut call = import_call(&parameters, material);
    for (name, value) in more.as_object().expect("members") {
        call[name] = value.clone();
    }
    kms.call("ImportKeyMaterial", call)
}
