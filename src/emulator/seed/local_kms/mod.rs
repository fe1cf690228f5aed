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
mod material;

use crate::api::partition::is_region_name;
use crate::api::{KeyFamily, KeySpec};
use crate::kms::Seed;
use crate::kms::crypto::Material;
use crate::kms::keys::{Moment, Origin, Realm, Rotation};
use crate::language::tree::Content;
use crate::language::{
    Fields, Flag, Form as _, Item, Key, Reader, Shape, Table, clip, fixed_table, table_key,
};
use std::collections::BTreeMap;

/// A key of local-kms's file; what may stand there is told where it is read.
const fn any(name: &'static str) -> Key {
    table_key(name, Shape::Anything, "of local-kms")
}

static FILE: Table = fixed_table("localKms", &[any("Version"), any("Keys"), any("Aliases")]);
static KINDS: Table = fixed_table("localKmsKinds", &[any("Symmetric"), any("Asymmetric")]);
static SYMMETRIC: Table = fixed_table("localKmsSymmetric", &[any("Aes"), any("Hmac")]);
static ASYMMETRIC: Table = fixed_table("localKmsAsymmetric", &[any("Rsa"), any("Ecc")]);
static KEY: Table = fixed_table(
    "localKmsKey",
    &[
        any("KeyId"),
        any("Metadata"),
        any("NextKeyRotation"),
        any("Material"),
        any("BackingKeys"),
        any("PrivateKeyPem"),
        any("PrivateKeyHex"),
    ],
);
/// What describes a key.
static METADATA: Table = fixed_table(
    "localKmsMetadata",
    &[
        any("KeyId"),
        any("Description"),
        any("KeyUsage"),
        any("Origin"),
        any("Enabled"),
        any("KeyState"),
        any("CustomerMasterKeySpec"),
        any("KeySpec"),
        any("DeletionDate"),
        any("CreationDate"),
        any("ValidTo"),
        any("ExpirationModel"),
        any("KeyManager"),
        any("Arn"),
        any("AWSAccountId"),
        any("MultiRegion"),
    ],
);
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

/// Reads a file of local-kms; whose keys they are and where is said by `own` unless the file does.
pub(super) fn read(r: &mut Reader, item: &Item, own: &Realm, now: Moment) -> Vec<Seed> {
    Local { r, own, now }.file(item)
}

/// Where problems go, and what holds where the file says nothing.
struct Local<'a> {
    r: &'a mut Reader,
    own: &'a Realm,
    now: Moment,
}

impl Local<'_> {
    /// Says what is wrong with what stands, or should stand, under a key.
    fn wrong(&mut self, fields: &Fields<'_>, name: &str, what: impl Into<String>) {
        let item = fields.get(name).unwrap_or_else(|| fields.item.child(name, fields.item.node));
        self.r.says(&item, what);
    }

    fn text(&mut self, fields: &Fields<'_>, name: &str) -> Option<String> {
        let item = fields.get(name)?;
        self.r.string_of(&item, 0, 8192)
    }

    fn list<'t>(&mut self, fields: &Fields<'t>, name: &str) -> Vec<Item<'t>> {
        fields.get(name).and_then(|item| self.r.list(&item)).unwrap_or_default()
    }

    fn flag(&mut self, fields: &Fields<'_>, name: &str, default: bool) -> bool {
        fields.get(name).and_then(|item| Flag.read(self.r, &item)).unwrap_or(default)
    }

    /// A whole file.
    fn file(&mut self, item: &Item) -> Vec<Seed> {
        let Some(file) = self.r.fields(item, &FILE) else { return Vec::new() };
        if let Some(version) = file.get("Version").filter(|item| !matches!(item.text(), Some("1" | "2"))) {
            self.r.wrong(&version, "this version is not known", "local-kms has had 1 and 2");
        }
        let mut seeds = match file.get("Keys") {
            None => Vec::new(),
            Some(keys) if keys.is_map() => self.by_kind(&keys),
            Some(keys) => self.keys(&keys, Family::Any),
        };
        self.aliases(&file, &mut seeds);
        seeds
    }

    fn by_kind(&mut self, keys: &Item) -> Vec<Seed> {
        let mut seeds = Vec::new();
        let Some(keys) = self.r.fields(keys, &KINDS) else { return seeds };
        let symmetric = [("Aes", Family::Aes), ("Hmac", Family::Hmac)];
        let asymmetric = [("Rsa", Family::Rsa), ("Ecc", Family::Ecc)];
        for (kind, table, families) in
            [("Symmetric", &SYMMETRIC, symmetric), ("Asymmetric", &ASYMMETRIC, asymmetric)]
        {
            let Some(group) = keys.get(kind).and_then(|group| self.r.fields(&group, table)) else { continue };
            for (name, family) in families {
                if let Some(all) = group.get(name) {
                    seeds.extend(self.keys(&all, family));
                }
            }
        }
        seeds
    }

    fn keys(&mut self, all: &Item, family: Family) -> Vec<Seed> {
        let keys = self.r.list(all).unwrap_or_default();
        keys.iter().filter_map(|item| self.key(item, family)).collect()
    }

    fn key(&mut self, item: &Item, family: Family) -> Option<Seed> {
        let key = self.r.fields(item, &KEY)?;
        let metadata = match key.get("Metadata") {
            Some(metadata) => self.r.fields(&metadata, &METADATA)?,
            None => Fields::none(&item.child("Metadata", item.node), &METADATA),
        };
        let id = self.text(&key, "KeyId").or(self.text(&metadata, "KeyId"));
        if id.is_none() {
            self.wrong(&metadata, "KeyId", "is missing");
        }
        let origin = self.origin(&metadata);
        let said = self.said_spec(&metadata, family);
        let given = self.given(&key);
        let materials = self.materials(&given, said, (family, origin), item)?;
        let spec = materials.first().map(Material::spec).or(said).unwrap_or(KeySpec::SymmetricDefault);
        if let Some(said) = said.filter(|said| *said != spec) {
            self.wrong(&metadata, "KeySpec", format!("is {said}, but the key given is of type {spec}"));
        }
        if spec != KeySpec::SymmetricDefault && materials.len() > 1 {
            self.wrong(&key, "BackingKeys", "only symmetric encryption keys have more than one");
        }
        let (is_enabled, deletion) = self.standing(&metadata, origin, materials.is_empty());
        let rotation = self.next_rotation(&key, spec, origin);
        Some(Seed {
            realm: self.realm(&metadata, id.as_deref()),
            id,
            spec,
            usage: self.text(&metadata, "KeyUsage"),
            origin,
            description: self.text(&metadata, "Description").unwrap_or_default(),
            valid_to: self.valid_to(&metadata, origin),
            created: self.moment(&metadata, "CreationDate"),
            deletion,
            materials,
            policy: None,
            tags: BTreeMap::new(),
            is_enabled,
            rotation,
            is_multi_region: self.flag(&metadata, "MultiRegion", false),
            aliases: Vec::new(),
        })
    }

    fn origin(&mut self, metadata: &Fields<'_>) -> Origin {
        let known = [Origin::AwsKms, Origin::External];
        let Some(name) = self.text(metadata, "Origin") else { return Origin::AwsKms };
        known.into_iter().find(|origin| origin.name() == name).unwrap_or_else(|| {
            let what = format!("`{}` cannot be seeded; AWS_KMS and EXTERNAL can", clip(&name));
            self.wrong(metadata, "Origin", what);
            Origin::AwsKms
        })
    }

    /// What the file says that a key is; both names of it must agree.
    fn said_spec(&mut self, metadata: &Fields<'_>, family: Family) -> Option<KeySpec> {
        let mut said = None;
        for name in ["KeySpec", "CustomerMasterKeySpec"] {
            let Some(item) = metadata.get(name) else { continue };
            match self.r.by_name(&item, KeySpec::ALL, KeySpec::name) {
                None => {}
                Some(spec) if said.is_some_and(|said| said != spec) => {
                    self.r.says(&item, "differs from KeySpec; one of them is enough");
                }
                Some(spec) if !family.has(spec) => {
                    self.r.says(&item, format!("{spec} does not stand in this list of keys"));
                }
                Some(spec) => said = Some(spec),
            }
        }
        said.or((family == Family::Aes).then_some(KeySpec::SymmetricDefault))
    }

    /// Whether a key is enabled, and when it is gone: as `Enabled`, `KeyState` and `DeletionDate` say together.
    fn standing(&mut self, metadata: &Fields<'_>, origin: Origin, is_bare: bool) -> (bool, Option<Moment>) {
        let says_enabled = metadata.get("Enabled").is_some();
        let is_enabled = self.flag(metadata, "Enabled", true);
        let deletion = self.moment(metadata, "DeletionDate");
        let state = self.text(metadata, "KeyState");
        let state = state.as_deref();
        let waits = origin == Origin::External && is_bare;
        let fits = match state {
            None => true,
            Some("Enabled") => is_enabled && !waits && deletion.is_none(),
            Some("Disabled") => (!says_enabled || !is_enabled) && !waits && deletion.is_none(),
            Some("PendingImport") => waits && deletion.is_none(),
            Some("PendingDeletion") => deletion.is_some(),
            Some(_) => false,
        };
        match state {
            Some("PendingDeletion") if deletion.is_none() => {
                self.wrong(metadata, "KeyState", "PendingDeletion needs the DeletionDate");
            }
            Some("Enabled" | "Disabled" | "PendingImport" | "PendingDeletion") if !fits => self.wrong(
                metadata,
                "KeyState",
                "contradicts Enabled, DeletionDate, or Origin and its material; leave it out and it follows from them",
            ),
            Some(name) if !fits => self.wrong(
                metadata,
                "KeyState",
                format!("`{name}` cannot be seeded; Enabled, Disabled, PendingImport and PendingDeletion can"),
            ),
            _ => {}
        }
        if deletion.is_some_and(|at| at <= self.now) {
            self.wrong(metadata, "DeletionDate", "has passed: such a key is gone, leave it out");
        }
        (is_enabled && state != Some("Disabled"), deletion)
    }

    /// A rotation that is due by now happens at the first call.
    fn next_rotation(&mut self, key: &Fields<'_>, spec: KeySpec, origin: Origin) -> Option<Rotation> {
        let next = self.moment(key, "NextKeyRotation")?;
        if spec != KeySpec::SymmetricDefault || origin == Origin::External {
            let what = "only symmetric encryption keys whose material KMS makes rotate by themselves";
            self.wrong(key, "NextKeyRotation", what);
        }
        Some(Rotation { period_days: PERIOD_DAYS, next: next.max(self.now) })
    }

    fn valid_to(&mut self, metadata: &Fields<'_>, origin: Origin) -> Option<Moment> {
        let at = self.moment(metadata, "ValidTo");
        let model = self.text(metadata, "ExpirationModel");
        let problem = match (model.as_deref(), at) {
            (None, None) => return None,
            _ if origin != Origin::External => "means something for Origin EXTERNAL only",
            (None | Some("KEY_MATERIAL_EXPIRES"), Some(_)) | (Some("KEY_MATERIAL_DOES_NOT_EXPIRE"), None) => {
                return at;
            }
            (Some("KEY_MATERIAL_EXPIRES"), None) => "needs ValidTo",
            (Some("KEY_MATERIAL_DOES_NOT_EXPIRE"), Some(_)) => "contradicts ValidTo",
            _ => "is KEY_MATERIAL_EXPIRES or KEY_MATERIAL_DOES_NOT_EXPIRE",
        };
        self.wrong(metadata, if model.is_some() { "ExpirationModel" } else { "ValidTo" }, problem);
        None
    }

    /// A date: seconds since 1970, or as ISO 8601 writes it. Zero is none, as in local-kms's own files.
    fn moment(&mut self, fields: &Fields<'_>, name: &str) -> Option<Moment> {
        let item = fields.get(name)?;
        let parsed = match &item.node.content {
            Content::Scalar(scalar) => match scalar.typed() {
                serde_yaml::Value::Number(seconds) if seconds.as_f64() == Some(0.0) => return None,
                serde_yaml::Value::Number(seconds) => seconds.as_f64().and_then(Moment::from_secs),
                serde_yaml::Value::String(text) => date(&text),
                _ => None,
            },
            _ => None,
        };
        if parsed.is_none() {
            let what = "must be a date such as 2026-09-12T15:19:21+00:00, or seconds since 1970";
            self.r.says(&item, what);
        }
        parsed
    }

    /// Where a key is: the server's account and Region unless its metadata name others.
    fn realm(&mut self, metadata: &Fields<'_>, id: Option<&str>) -> Realm {
        if let Some(manager) = self.text(metadata, "KeyManager").filter(|name| name != "CUSTOMER") {
            let what = format!("`{}`: only keys that a CUSTOMER manages can be seeded", clip(&manager));
            self.wrong(metadata, "KeyManager", what);
        }
        let account = self.text(metadata, "AWSAccountId");
        let arn = self.text(metadata, "Arn");
        let (mut owner, mut region) = (account.as_deref().unwrap_or(&self.own.account), &*self.own.region);
        if let Some(arn) = &arn {
            let parts: Vec<&str> = arn.split(':').collect();
            match parts[..] {
                ["arn", _, "kms", place, account_of, key]
                    if key.strip_prefix("key/") == id
                        && account.as_deref().is_none_or(|account| account == account_of) =>
                {
                    (owner, region) = (account_of, place);
                }
                _ => self.wrong(metadata, "Arn", "is not the ARN of this KeyId and AWSAccountId"),
            }
        }
        if owner.len() != 12 || !owner.bytes().all(|b| b.is_ascii_digit()) {
            self.wrong(metadata, "AWSAccountId", "is not an account id of twelve digits");
        }
        if !is_region_name(region) {
            self.wrong(metadata, "Arn", format!("`{}` is no Region", clip(region)));
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
mod tests;
