//! What a key of local-kms's file is made of.

use super::super::sown::text;
use super::{Family, Local, any};
use crate::api::KeySpec;
use crate::kms::crypto::{Error, Material};
use crate::kms::keys::Origin;
use crate::language::{Fields, Item, Table, fixed_table};

/// What holds material.
static MATERIAL: Table =
    fixed_table("localKmsMaterial", &[any("BackingKeys"), any("PrivateKeyPem"), any("PrivateKeyHex")]);
/// What a key is said to be made of.
#[derive(Default)]
pub(super) struct Given<'t> {
    backing: Vec<Item<'t>>,
    pem: Option<Item<'t>>,
    hex: Option<Item<'t>>,
}

impl Local<'_> {
    pub(super) fn given<'t>(&mut self, key: &Fields<'t>) -> Given<'t> {
        let mut given = Given::default();
        let nested = key.get("Material").and_then(|item| self.r.fields(&item, &MATERIAL));
        for holder in [Some(key), nested.as_ref()].into_iter().flatten() {
            given
                .backing
                .extend(self.r.hidden(|r| {
                    holder.get("BackingKeys").and_then(|item| r.list(&item)).unwrap_or_default()
                }));
            given.pem = holder.get("PrivateKeyPem").or(given.pem);
            given.hex = holder.get("PrivateKeyHex").or(given.hex);
        }
        given
    }

    /// The material; `None` after a problem with it.
    pub(super) fn materials(
        &mut self,
        given: &Given<'_>,
        said: Option<KeySpec>,
        (family, origin): (Family, Origin),
        key: &Item,
    ) -> Option<Vec<Material>> {
        let names = || MATERIAL.keys.iter().map(|key| key.name).collect::<Vec<_>>();
        let ways = [!given.backing.is_empty(), given.pem.is_some(), given.hex.is_some()];
        match ways.iter().filter(|is_used| **is_used).count() {
            0 if origin == Origin::External => return Some(Vec::new()),
            0 => {
                self.r.says(key, format!("has no material: give {}", names().join(", or ")));
                return None;
            }
            1 => {}
            _ => {
                self.r.says(key, format!("has several of {}: one key has one", names().join(", ")));
                return None;
            }
        }
        if let [_, second, ..] = &given.backing[..]
            && origin == Origin::External
        {
            self.r.says(second, "an EXTERNAL key has at most one");
            return None;
        }
        if let Some(item) = &given.pem {
            return self.of_pem(item, said, family).map(|made| vec![made]);
        }
        if let Some(item) = &given.hex {
            let bytes = self.hex(item)?;
            let made = Material::from_scalar(said.unwrap_or(KeySpec::EccSecgP256k1), &bytes);
            return self.made(item, made).map(|made| vec![made]);
        }
        let made: Vec<Option<Material>> = given
            .backing
            .iter()
            .map(|item| {
                let bytes = self.hex(item)?;
                let spec = said.or_else(|| Family::by_length(family, bytes.len()));
                let Some(spec) = spec else {
                    self.r.says(item, format!("{} bytes are the length of no key here", bytes.len()));
                    return None;
                };
                self.made(item, Material::from_bytes(spec, &bytes))
            })
            .collect();
        made.into_iter().collect()
    }

    fn made(&mut self, item: &Item, made: Result<Material, Error>) -> Option<Material> {
        made.map_err(|e| self.r.says(item, e.to_string())).ok()
    }

    fn of_pem(&mut self, item: &Item, said: Option<KeySpec>, family: Family) -> Option<Material> {
        let pem = self.r.hidden(|r| text(r, item, "a key in PEM"))?;
        let made = said.map_or_else(|| Material::from_any_pem(&pem), |spec| Material::from_pem(spec, &pem));
        let made = self.made(item, made)?;
        if !family.has(made.spec()) {
            let what = format!("is of type {}, which does not stand in this list", made.spec());
            self.r.says(item, what);
            return None;
        }
        Some(made)
    }

    fn hex(&mut self, item: &Item) -> Option<Vec<u8>> {
        let allowed = "hexadecimal digits, two for each byte";
        let written = self.r.hidden(|r| text(r, item, allowed))?;
        let digits = written.trim();
        let digits = digits.strip_prefix("0x").unwrap_or(digits);
        let bytes = hex::decode(digits).ok();
        if bytes.is_none() {
            self.r.says(item, format!("must be {allowed}"));
        }
        bytes
    }
}
