//! LocalStack's tags that choose a key's id and its material, so that its users can switch.

use crate::api::KeySpec;
use crate::kms::crypto::Material;
use crate::kms::keys::KeyId;
use crate::kms::operations::CallContext;
use crate::kms::wire::ApiError;
use std::collections::BTreeMap;

const CUSTOM_ID: &str = "_custom_id_";
const CUSTOM_MATERIAL: &str = "_custom_key_material_";

/// Takes the id out of the tags, if they choose one.
pub(super) fn take_id(
    ctx: &CallContext<'_>,
    tags: &mut BTreeMap<String, String>,
) -> Result<Option<KeyId>, ApiError> {
    tags.remove(CUSTOM_ID).map(|id| id_of(ctx, &id)).transpose()
}

/// Takes the material out of the tags, if they bring some.
pub(super) fn take_material(
    spec: KeySpec,
    tags: &mut BTreeMap<String, String>,
) -> Result<Option<Material>, ApiError> {
    tags.remove(CUSTOM_MATERIAL).map(|text| material_of(spec, &text)).transpose()
}

/// The id that LocalStack's tag asks for.
fn id_of(ctx: &CallContext<'_>, id: &str) -> Result<KeyId, ApiError> {
    let is_good = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if id.is_empty() || id.len() > 128 || !id.bytes().all(is_good) {
        return Err(ApiError::validation(format!(
            "The tag {CUSTOM_ID} must hold 1 to 128 letters, digits, - or _."
        )));
    }
    if ctx.inventory.key(ctx.realm, id).is_some() {
        return Err(ApiError::validation(format!("Key {} already exists", ctx.own().key_arn(id))));
    }
    Ok(id.into())
}

/// The material that LocalStack's tag brings.
fn material_of(spec: KeySpec, text: &str) -> Result<Material, ApiError> {
    let bytes = base64_simd::STANDARD
        .decode_to_vec(text)
        .map_err(|_| ApiError::validation(format!("The tag {CUSTOM_MATERIAL} must hold Base64.")))?;
    Material::from_bytes(spec, &bytes)
        .map_err(|e| ApiError::validation(format!("The tag {CUSTOM_MATERIAL}: {e}.")))
}
