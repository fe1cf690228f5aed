//! Our own seed file: what it says of a key, and the key that it means.

use crate::api::partition::is_region_name;
use crate::api::{KeySpec, KeyUsage};
use crate::kms::Seed;
use crate::kms::access::{Kind, Policy, read_policy};
use crate::kms::crypto::Material;
use crate::kms::keys::{DAY, Moment, Origin, Realm, Rotation};
use crate::language::tree::Content;
use crate::language::{
    ACCOUNT, At, FREE_NAMES, Flag, Given, Item, Reader, Shape, TEXT, Table, by_name, hidden, key, list,
    located, names_to, record, whole, words,
};
use std::collections::BTreeMap;
use std::sync::Arc;

record! {
    /// The file.
    pub struct SeedFile as "seeds" {
        /// Its keys.
        pub keys: Option<Vec<Sown>> = key("keys", "Keys that are there from the start.", list(record())).optional(),
    }
}

record! {
    /// A key of the file.
    pub struct Sown as "seed" {
        /// Its id.
        pub id: Option<String> = key("id", "The key's id (made up).", TEXT).optional(),
        /// An alias.
        pub alias: Option<String> = key("alias", "An alias of it, with or without `alias/` (none).", ALIAS).optional(),
        /// More aliases.
        pub aliases: Option<Vec<String>> = key("aliases", "Several aliases (none).", list(ALIAS)).optional(),
        /// Its type.
        pub spec: KeySpec = key("spec", "The type of key ({}).", words()).or(KeySpec::SymmetricDefault),
        /// What it is for.
        pub usage: Option<KeyUsage> =
            key("usage", "What it is for; may be left out where its type has but one use.", words()).optional(),
        /// Free text.
        pub description: Option<String> = key("description", "What it is (nothing).", DESCRIPTION).optional(),
        /// What it is made of.
        pub material: Option<At<String>> =
            key("material", "Base64, hex or PEM of what it is made of (random).", hidden(located(MATERIAL))).optional(),
        /// Who may use it.
        pub policy: Option<Policy> = key("policy", "Its key policy (the default one).", POLICY).optional(),
        /// Its tags.
        pub tags: Option<BTreeMap<String, String>> = key("tags", "Its tags (none).", by_name(&TAGS, TAG)).optional(),
        /// Whether it is enabled.
        pub enabled: bool = key("enabled", "Whether it is enabled ({}).", Flag).or(true),
        /// Source: KMS API reference, EnableKeyRotation (2026).
        pub rotation_days: Option<u32> =
            key("rotationDays", "Days between automatic rotations (none).", whole(90, 2560)).optional(),
        /// Whether it is a multi-Region primary.
        pub multi_region: bool = key("multiRegion", "Whether it is a multi-Region primary key ({}).", Flag).or(false),
        /// Whose it is.
        pub account: Option<String> = key("account", "The account it is in (the server's).", ACCOUNT).optional(),
        /// Where it is.
        pub region: Option<String> = key("region", "The Region it is in (the server's).", REGION).optional(),
    }
}

static TAGS: Table = names_to("tags", FREE_NAMES, &Shape::Text);

const DESCRIPTION: Given<String> = Given { shape: Shape::Text, read: |r, item| r.string_of(item, 0, 8192) };
const POLICY: Given<Policy> =
    Given { shape: Shape::Anything, read: |r, item| read_policy(r, item, Kind::Key) };
/// Digits alone are hex too.
const MATERIAL: Given<String> =
    Given { shape: Shape::Text, read: |r, item| text(r, item, "Base64, hex or PEM") };
/// The value of a tag: numbers mean their digits.
const TAG: Given<String> = Given {
    shape: Shape::Text,
    read: |r, item| match &item.node.content {
        Content::Scalar(scalar) => Some(scalar.text.clone()),
        _ => r.string(item),
    },
};
const REGION: Given<String> = Given {
    shape: Shape::Text,
    read: |r, item| {
        let name = r.string(item)?;
        if !is_region_name(&name) {
            r.wrong(item, "this is no Region", "a Region such as eu-west-1");
        }
        Some(name)
    },
};
const ALIAS: Given<String> = Given { shape: Shape::Text, read: alias };

/// What a scalar says, as written, be it text or a number.
pub(super) fn text(r: &mut Reader, item: &Item, allowed: &str) -> Option<String> {
    let text = item.text().map(str::to_owned);
    if text.is_none() {
        r.wrong(item, "this is not text", allowed);
    }
    text
}

/// The whole name of an alias, which may have been written without its prefix.
pub(super) fn alias(r: &mut Reader, item: &Item) -> Option<String> {
    let name = r.string(item)?;
    let bare = name.strip_prefix("alias/").unwrap_or(&name);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/_-".contains(&byte);
    let problem = match bare {
        "" => "an alias needs a name",
        _ if bare.len() > 250 => "an alias has at most 256 characters, its prefix included",
        _ if !bare.bytes().all(is_plain) => {
            "an alias consists of letters, digits, slashes, underscores and dashes"
        }
        _ if bare.starts_with("aws/") => "alias/aws/ belongs to AWS's own keys",
        _ => return Some(format!("alias/{bare}")),
    };
    r.wrong(item, problem, "another name");
    None
}

/// The keys of a file; whose and where is said by `own` unless the file does.
pub(super) fn read(r: &mut Reader, item: &Item, own: &Realm, now: Moment) -> Vec<Seed> {
    let file: Option<SeedFile> = r.record(item);
    let keys = file.and_then(|file| file.keys).unwrap_or_default();
    keys.into_iter().filter_map(|sown| seed(r, sown, own, now)).collect()
}

/// The key that the file means.
fn seed(r: &mut Reader, sown: Sown, own: &Realm, now: Moment) -> Option<Seed> {
    let made = sown.material.map(|text| (material(sown.spec, &text.value), text));
    let material = match made {
        None => None,
        Some((Ok(material), _)) => Some(material),
        Some((Err(why), text)) => {
            r.problems.push(text.problem(why));
            return None;
        }
    };
    let rotation = |period_days: u32| Rotation { period_days, next: now + DAY.times(period_days.into()) };
    Some(Seed {
        realm: Realm::new(
            sown.account.as_deref().unwrap_or(&own.account),
            sown.region.as_deref().unwrap_or(&own.region),
        ),
        id: sown.id,
        spec: sown.spec,
        usage: sown.usage.map(|usage| usage.name().into()),
        origin: Origin::AwsKms,
        description: sown.description.unwrap_or_default(),
        materials: material.into_iter().collect(),
        valid_to: None,
        created: None,
        deletion: None,
        policy: sown.policy.map(Arc::new),
        tags: sown.tags.unwrap_or_default(),
        is_enabled: sown.enabled,
        rotation: sown.rotation_days.map(rotation),
        is_multi_region: sown.multi_region,
        aliases: sown.alias.into_iter().chain(sown.aliases.unwrap_or_default()).collect(),
    })
}

/// What Base64, hex or PEM says.
fn material(spec: KeySpec, text: &str) -> Result<Material, String> {
    let text = text.trim();
    if text.starts_with("-----BEGIN") {
        return Material::from_pem(spec, text).map_err(|e| e.to_string());
    }
    let compact: String = text.split_whitespace().collect();
    let digits = hex::decode(&compact).ok().filter(|bytes| !bytes.is_empty());
    let bytes = digits.or_else(|| base64_simd::STANDARD.decode_to_vec(&compact).ok());
    let bytes = bytes.ok_or("must be Base64, hex or PEM")?;
    Material::from_bytes(spec, &bytes).map_err(|e| e.to_string())
}
