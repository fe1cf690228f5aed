//! GenerateMac and VerifyMac.

use super::usage::refused;
use super::{CallContext, Handled};
use crate::api::{KeyUsage, MacAlgorithm};
use crate::kms::crypto::{self, Material};
use crate::kms::keys::KeyRef;
use crate::kms::wire::{ApiError, Output};
use std::collections::BTreeMap;
use std::sync::Arc;

serves! {
    GenerateMac: generate_mac,
    VerifyMac: verify_mac,
}

/// A key that is ready to authenticate a message.
struct Authenticator {
    key: KeyRef,
    arn: Arc<str>,
    material: Arc<Material>,
    algorithm: MacAlgorithm,
    message: Vec<u8>,
}

/// GenerateMac: the authentication code of a message.
fn generate_mac(ctx: &mut CallContext<'_>) -> Handled {
    let maker = Authenticator::read(ctx, "kms:GenerateMac")?;
    ctx.note_use(&maker.key, None);
    ctx.compute(move || {
        let name = maker.algorithm.name();
        let mac = crypto::generate_mac(&maker.material, maker.algorithm, &maker.message);
        let mac = mac.map_err(|error| refused(error, name, &maker.material))?;
        Ok(Output::new().blob("Mac", mac).text("MacAlgorithm", name).text("KeyId", &maker.arn))
    })
}

/// VerifyMac: whether GenerateMac made a code; what it did not make is an error.
fn verify_mac(ctx: &mut CallContext<'_>) -> Handled {
    let maker = Authenticator::read(ctx, "kms:VerifyMac")?;
    ctx.note_use(&maker.key, None);
    let mac = ctx.input().blob("Mac").expect("validation requires it").to_vec();
    ctx.compute(move || {
        let name = maker.algorithm.name();
        let is_valid = crypto::verify_mac(&maker.material, maker.algorithm, &maker.message, &mac);
        if !is_valid.map_err(|error| refused(error, name, &maker.material))? {
            return Err(ApiError::kms_invalid_mac("").without_message());
        }
        Ok(Output::new().text("KeyId", &maker.arn).flag("MacValid", true).text("MacAlgorithm", name))
    })
}

impl Authenticator {
    fn read(ctx: &mut CallContext<'_>, action: &str) -> Result<Authenticator, ApiError> {
        let key = ctx.find("KeyId")?;
        let algorithm = ctx.required("MacAlgorithm");
        let right = ctx.authorize(&key, action, &BTreeMap::new(), |context| {
            context.one("kms:MacAlgorithm", algorithm)
        })?;
        let found = ctx.usable(&key, KeyUsage::GenerateVerifyMac)?;
        let algorithm = found
            .spec
            .mac_algorithm()
            .filter(|its| its.name() == algorithm)
            .ok_or_else(|| ctx.incompatible(&key, algorithm))?;
        let (_, material) = ctx.current(&key)?;
        let message = ctx.input().blob("Message").expect("validation requires it").to_vec();
        Ok(Authenticator { arn: right.arn, key, material, algorithm, message })
    }
}
