//! Seed files of local-kms, in each form that it has read.
//!
//! ```text
//! Keys: [ { Metadata, BackingKeys } ]                              the first: a list of AES keys
//! Keys: { Symmetric: { Aes, Hmac }, Asymmetric: { Rsa, Ecc } }     the usual one: lists by kind
//! Version: 2 · Keys: [ { KeyId, Metadata, Material: { … } } ]      the newest: a flat list, material by itself
//! ```
//! Every name that is read here does something; what cannot be done is refused with what to do instead.
//! Source: local-kms's README, its functional tests' seed files and the types it reads them into, of its three generations
//! (read 2026-11-30).

mod aliases;

use super::Reader;
use crate::api::partition::is_region_name;
use crate::api::{KeyFamily, KeySpec};
use crate::kms::Seed;
use crate::kms::crypto::Material;
use crate::kms::keys::{Moment, Origin, Realm, Rotation};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What describes a key.
const METADATA: [&str; 16] = [
    "KeyId",
    "Description",
    "KeyUsage",
    "Origin",
    "Enabled",
    "KeyState",
    "CustomerMasterKeySpec",
    "KeySpec",
    "DeletionDate",
    "CreationDate",
    "ValidTo",
    "ExpirationModel",
    "KeyManager",
    "Arn",
    "AWSAccountId",
    "MultiRegion",
];
/// What holds material.
const MATERIAL: [&str; 3] = ["BackingKeys", "PrivateKeyPem", "PrivateKeyHex"];
/// How long local-kms waits between two rotations.
const PERIOD_DAYS: u32 = 365;

/// Where a list of keys says what they are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Aes,
    Hmac,
    Rsa,
    Ecc,
    /// As `KeySpec` or the key itself says.
    Any,
}

/// What a key is said to be made of.
#[derive(Default)]
struct Given<'v> {
    backing: Vec<(String, &'v str)>,
    pem: Option<&'v str>,
    hex: Option<&'v str>,
}

impl Reader<'_> {
    /// A whole file.
    pub(super) fn local_kms(&mut self, file: &Value) -> Vec<Seed> {
        let Some(object) = self.object(file, "file", &["Version", "Keys", "Aliases"]) else {
            return Vec::new();
        };
        if let Some(version) =
            object.get("Version").filter(|version| !matches!(version.as_u64(), Some(1 | 2)))
        {
            self.wrong("Version", format!("`{version}` is not known; local-kms has had 1 and 2"));
        }
        let mut seeds = match object.get("Keys") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(all)) => self.local_keys(all, "Keys", Family::Any),
            Some(keys) => self.by_kind(keys),
        };
        self.local_aliases(object, &mut seeds);
        seeds
    }

    fn by_kind(&mut self, keys: &Value) -> Vec<Seed> {
        let mut seeds = Vec::new();
        let Some(keys) = self.object(keys, "Keys", &["Symmetric", "Asymmetric"]) else { return seeds };
        let symmetric = [("Aes", Family::Aes), ("Hmac", Family::Hmac)];
        let asymmetric = [("Rsa", Family::Rsa), ("Ecc", Family::Ecc)];
        for (kind, families) in [("Symmetric", symmetric), ("Asymmetric", asymmetric)] {
            let Some(group) = keys.get(kind).filter(|group| !group.is_null()) else { continue };
            let place = format!("Keys.{kind}");
            let Some(group) = self.object(group, &place, &families.map(|(name, _)| name)) else { continue };
            for (name, family) in families {
                let all = self.list(group, name, &place);
                seeds.extend(self.local_keys(all, &format!("{place}.{name}"), family));
            }
        }
        seeds
    }

    fn local_keys(&mut self, all: &[Value], place: &str, family: Family) -> Vec<Seed> {
        let keys = all.iter().enumerate();
        keys.filter_map(|(at, value)| self.local_key(value, &format!("{place}[{at}]"), family)).collect()
    }

    fn local_key(&mut self, value: &Value, place: &str, family: Family) -> Option<Seed> {
        let names = [&["KeyId", "Metadata", "NextKeyRotation", "Material"][..], &MATERIAL].concat();
        let object = self.object(value, place, &names)?;
        let empty = Value::Object(Map::new());
        let inside = format!("{place}.Metadata");
        let metadata = object.get("Metadata").filter(|value| !value.is_null()).unwrap_or(&empty);
        let metadata = self.object(metadata, &inside, &METADATA)?;
        let id = self.text(object, "KeyId", place).or(self.text(metadata, "KeyId", &inside));
        if id.is_none() {
            self.wrong(&format!("{inside}.KeyId"), "is missing");
        }
        let origin = self.origin(metadata, &inside);
        let said = self.said_spec(metadata, &inside, family);
        let given = self.given(object, place);
        let materials = self.materials(&given, said, (family, origin), place)?;
        let spec = materials.first().map(Material::spec).or(said).unwrap_or(KeySpec::SymmetricDefault);
        if let Some(said) = said.filter(|said| *said != spec) {
            self.wrong(
                &format!("{inside}.KeySpec"),
                format!("is {said}, but the key given is of type {spec}"),
            );
        }
        if spec != KeySpec::SymmetricDefault && materials.len() > 1 {
            self.wrong(&format!("{place}.BackingKeys"), "only symmetric encryption keys have more than one");
        }
        let (is_enabled, deletion) = self.standing(metadata, &inside, origin, materials.is_empty());
        let rotation = self.next_rotation(object, place, spec, origin);
        Some(Seed {
            realm: self.local_realm(metadata, &inside, id),
            id: id.map(Into::into),
            spec,
            usage: self.text(metadata, "KeyUsage", &inside).map(Into::into),
            origin,
            description: self.text(metadata, "Description", &inside).unwrap_or_default().into(),
            valid_to: self.valid_to(metadata, &inside, origin),
            created: self.moment(metadata, "CreationDate", &inside),
            deletion,
            materials,
            policy: None,
            tags: BTreeMap::new(),
            is_enabled,
            rotation,
            is_multi_region: self.flag(metadata, "MultiRegion", &inside, false),
            aliases: Vec::new(),
        })
    }

    fn origin(&mut self, metadata: &Map<String, Value>, place: &str) -> Origin {
        let known = [Origin::AwsKms, Origin::External];
        let Some(name) = self.text(metadata, "Origin", place) else { return Origin::AwsKms };
        known.into_iter().find(|origin| origin.name() == name).unwrap_or_else(|| {
            self.wrong(
                &format!("{place}.Origin"),
                format!("`{name}` cannot be seeded; AWS_KMS and EXTERNAL can"),
            );
            Origin::AwsKms
        })
    }

    /// What the file says that a key is; both names of it must agree.
    fn said_spec(&mut self, metadata: &Map<String, Value>, place: &str, family: Family) -> Option<KeySpec> {
        let mut said = None;
        for name in ["KeySpec", "CustomerMasterKeySpec"] {
            let Some(text) = self.text(metadata, name, place) else { continue };
            let place = format!("{place}.{name}");
            match KeySpec::from_name(text) {
                None => self.wrong(&place, format!("`{text}` is no key spec")),
                Some(spec) if said.is_some_and(|said| said != spec) => {
                    self.wrong(&place, "differs from KeySpec; one of them is enough");
                }
                Some(spec) if !family.has(spec) => {
                    self.wrong(&place, format!("{spec} does not stand in this list of keys"));
                }
                Some(spec) => said = Some(spec),
            }
        }
        said.or((family == Family::Aes).then_some(KeySpec::SymmetricDefault))
    }

    fn given<'v>(&mut self, object: &'v Map<String, Value>, place: &str) -> Given<'v> {
        let mut given = Given::default();
        let nested = object.get("Material").filter(|value| !value.is_null());
        let nested = nested.and_then(|value| self.object(value, &format!("{place}.Material"), &MATERIAL));
        let holders = [(Some(object), place.to_string()), (nested, format!("{place}.Material"))];
        for (holder, place) in holders {
            let Some(holder) = holder else { continue };
            for (at, value) in self.list(holder, "BackingKeys", &place).iter().enumerate() {
                let place = format!("{place}.BackingKeys[{at}]");
                match value.as_str() {
                    Some(text) => given.backing.push((place, text)),
                    None => self.wrong(&place, "must be a text: put it in quotes"),
                }
            }
            given.pem = self.text(holder, "PrivateKeyPem", &place).or(given.pem);
            given.hex = self.text(holder, "PrivateKeyHex", &place).or(given.hex);
        }
        given
    }

    /// The material; `None` after a problem with it.
    fn materials(
        &mut self,
        given: &Given<'_>,
        said: Option<KeySpec>,
        (family, origin): (Family, Origin),
        place: &str,
    ) -> Option<Vec<Material>> {
        let ways = [!given.backing.is_empty(), given.pem.is_some(), given.hex.is_some()];
        match ways.iter().filter(|is_used| **is_used).count() {
            0 if origin == Origin::External => return Some(Vec::new()),
            0 => {
                self.wrong(place, format!("has no material: give {}", MATERIAL.join(", or ")));
                return None;
            }
            1 => {}
            _ => {
                self.wrong(place, format!("has several of {}: one key has one", MATERIAL.join(", ")));
                return None;
            }
        }
        if origin == Origin::External && given.backing.len() > 1 {
            self.wrong(&format!("{place}.BackingKeys"), "an EXTERNAL key has at most one");
            return None;
        }
        let told = |reader: &mut Self, place: String, e: crate::kms::crypto::Error| reader.wrong(&place, e);
        if let Some(pem) = given.pem {
            let made = said.map_or_else(|| Material::from_any_pem(pem), |spec| Material::from_pem(spec, pem));
            let made = made.map_err(|e| told(self, format!("{place}.PrivateKeyPem"), e)).ok()?;
            if !family.has(made.spec()) {
                let spec = made.spec();
                self.wrong(
                    &format!("{place}.PrivateKeyPem"),
                    format!("is of type {spec}, which does not stand in this list"),
                );
                return None;
            }
            return Some(vec![made]);
        }
        if let Some(text) = given.hex {
            let place = format!("{place}.PrivateKeyHex");
            let bytes = self.hex(text, &place)?;
            let made = Material::from_scalar(said.unwrap_or(KeySpec::EccSecgP256k1), &bytes);
            return made.map_err(|e| told(self, place, e)).ok().map(|made| vec![made]);
        }
        let made: Vec<Option<Material>> = given
            .backing
            .iter()
            .map(|(place, text)| {
                let bytes = self.hex(text, place)?;
                let spec = said.or_else(|| Family::by_length(family, bytes.len()));
                let Some(spec) = spec else {
                    self.wrong(place, format!("{} bytes are the length of no key here", bytes.len()));
                    return None;
                };
                Material::from_bytes(spec, &bytes).map_err(|e| told(self, place.clone(), e)).ok()
            })
            .collect();
        made.into_iter().collect()
    }

    fn hex(&mut self, text: &str, place: &str) -> Option<Vec<u8>> {
        let digits = text.trim();
        let digits = digits.strip_prefix("0x").unwrap_or(digits);
        let bytes = hex::decode(digits).ok();
        if bytes.is_none() {
            self.wrong(place, "must be hexadecimal digits, two for each byte");
        }
        bytes
    }

    /// Whether a key is enabled, and when it is gone: as `Enabled`, `KeyState` and `DeletionDate` say together.
    fn standing(
        &mut self,
        metadata: &Map<String, Value>,
        place: &str,
        origin: Origin,
        is_bare: bool,
    ) -> (bool, Option<Moment>) {
        let enabled = metadata.get("Enabled").filter(|value| !value.is_null());
        let is_enabled = self.flag(metadata, "Enabled", place, true);
        let deletion = self.moment(metadata, "DeletionDate", place);
        let state = self.text(metadata, "KeyState", place);
        let waits = origin == Origin::External && is_bare;
        let fits = match state {
            None => true,
            Some("Enabled") => is_enabled && !waits && deletion.is_none(),
            Some("Disabled") => (enabled.is_none() || !is_enabled) && !waits && deletion.is_none(),
            Some("PendingImport") => waits && deletion.is_none(),
            Some("PendingDeletion") => deletion.is_some(),
            Some(_) => false,
        };
        let place_of = |name: &str| format!("{place}.{name}");
        match state {
            Some("PendingDeletion") if deletion.is_none() => {
                self.wrong(&place_of("KeyState"), "PendingDeletion needs the DeletionDate");
            }
            Some("Enabled" | "Disabled" | "PendingImport" | "PendingDeletion") if !fits => self.wrong(
                &place_of("KeyState"),
                "contradicts Enabled, DeletionDate, or Origin and its material; leave it out and it follows from them",
            ),
            Some(name) if !fits => self.wrong(
                &place_of("KeyState"),
                format!("`{name}` cannot be seeded; Enabled, Disabled, PendingImport and PendingDeletion can"),
            ),
            _ => {}
        }
        if deletion.is_some_and(|at| at <= self.now) {
            self.wrong(&place_of("DeletionDate"), "has passed: such a key is gone, leave it out");
        }
        (is_enabled && state != Some("Disabled"), deletion)
    }

    /// A rotation that is due by now happens at the first call.
    fn next_rotation(
        &mut self,
        object: &Map<String, Value>,
        place: &str,
        spec: KeySpec,
        origin: Origin,
    ) -> Option<Rotation> {
        let next = self.moment(object, "NextKeyRotation", place)?;
        if spec != KeySpec::SymmetricDefault || origin == Origin::External {
            let what = "only symmetric encryption keys whose material KMS makes rotate by themselves";
            self.wrong(&format!("{place}.NextKeyRotation"), what);
        }
        Some(Rotation { period_days: PERIOD_DAYS, next: next.max(self.now) })
    }

    fn valid_to(&mut self, metadata: &Map<String, Value>, place: &str, origin: Origin) -> Option<Moment> {
        let at = self.moment(metadata, "ValidTo", place);
        let model = self.text(metadata, "ExpirationModel", place);
        let problem = match (model, at) {
            (None, None) => return None,
            _ if origin != Origin::External => "means something for Origin EXTERNAL only",
            (None | Some("KEY_MATERIAL_EXPIRES"), Some(_)) | (Some("KEY_MATERIAL_DOES_NOT_EXPIRE"), None) => {
                return at;
            }
            (Some("KEY_MATERIAL_EXPIRES"), None) => "needs ValidTo",
            (Some("KEY_MATERIAL_DOES_NOT_EXPIRE"), Some(_)) => "contradicts ValidTo",
            _ => "is KEY_MATERIAL_EXPIRES or KEY_MATERIAL_DOES_NOT_EXPIRE",
        };
        let name = if model.is_some() { "ExpirationModel" } else { "ValidTo" };
        self.wrong(&format!("{place}.{name}"), problem);
        None
    }

    /// A date: seconds since 1970, or as ISO 8601 writes it. Zero is none, as in local-kms's own files.
    fn moment(&mut self, object: &Map<String, Value>, name: &str, place: &str) -> Option<Moment> {
        let value = object.get(name).filter(|value| !value.is_null() && value.as_f64() != Some(0.0))?;
        let parsed = match value {
            Value::Number(seconds) => seconds.as_f64().and_then(Moment::from_secs),
            Value::String(text) => date(text),
            _ => None,
        };
        if parsed.is_none() {
            let what = "must be a date such as 2026-09-12T15:19:21+00:00, or seconds since 1970";
            self.wrong(&format!("{place}.{name}"), what);
        }
        parsed
    }

    /// Where a key is: the server's account and Region unless its metadata name others.
    fn local_realm(&mut self, metadata: &Map<String, Value>, place: &str, id: Option<&str>) -> Realm {
        let own = self.realm();
        if let Some(manager) = self.text(metadata, "KeyManager", place).filter(|name| *name != "CUSTOMER") {
            let what = format!("`{manager}`: only keys that a CUSTOMER manages can be seeded");
            self.wrong(&format!("{place}.KeyManager"), what);
        }
        let account = self.text(metadata, "AWSAccountId", place);
        let arn = self.text(metadata, "Arn", place);
        let (mut owner, mut region) = (account.unwrap_or(&own.account), &*own.region);
        if let Some(arn) = arn {
            let parts: Vec<&str> = arn.split(':').collect();
            match parts[..] {
                ["arn", _, "kms", place, account_of, key]
                    if key.strip_prefix("key/") == id
                        && account.is_none_or(|account| account == account_of) =>
                {
                    (owner, region) = (account_of, place);
                }
                _ => self.wrong(&format!("{place}.Arn"), "is not the ARN of this KeyId and AWSAccountId"),
            }
        }
        if owner.len() != 12 || !owner.bytes().all(|b| b.is_ascii_digit()) {
            self.wrong(&format!("{place}.AWSAccountId"), "is not an account id of twelve digits");
        }
        if !is_region_name(region) {
            self.wrong(&format!("{place}.Arn"), format!("`{region}` is no Region"));
        }
        Realm::new(owner, region)
    }
}

/// A date as ISO 8601 writes it; a day alone begins at midnight UTC.
fn date(text: &str) -> Option<Moment> {
    let text = text.trim();
    let whole = match text.len() {
        10 => format!("{text}T00:00:00Z"),
        _ => text.replacen(' ', "T", 1),
    };
    let at: jiff::Timestamp = whole.parse().ok()?;
    Moment::from_secs(at.as_millisecond() as f64 / 1e3)
}

impl Family {
    /// Whether keys of a type stand in this list.
    fn has(self, spec: KeySpec) -> bool {
        match spec.family() {
            _ if self == Family::Any => true,
            KeyFamily::Symmetric => self == Family::Aes,
            KeyFamily::Hmac => self == Family::Hmac,
            KeyFamily::Rsa => self == Family::Rsa,
            KeyFamily::NistCurve | KeyFamily::Secp256k1 | KeyFamily::Edwards25519 => self == Family::Ecc,
            KeyFamily::MlDsa | KeyFamily::MlKem | KeyFamily::Sm2 => false,
        }
    }

    /// The type of raw material by its length, where the file does not say.
    fn by_length(self, bytes: usize) -> Option<KeySpec> {
        match self {
            Family::Any | Family::Aes => Some(KeySpec::SymmetricDefault),
            Family::Hmac => {
                KeySpec::ALL.iter().copied().find(|spec| self.has(*spec) && spec.raw_bytes() == Some(bytes))
            }
            Family::Rsa | Family::Ecc => None,
        }
    }
}

#[cfg(test)]
#[path = "local_kms_tests.rs"]
mod tests;
