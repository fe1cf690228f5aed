//! Keys that are there from the start: our own seed file, and that of local-kms.
//!
//! ```yaml
//! keys:
//!   - id: 11111111-2222-3333-4444-555555555555   # made up if left out
//!     alias: alias/app                            # or aliases: [ … ]
//!     spec: RSA_2048                              # SYMMETRIC_DEFAULT
//!     usage: SIGN_VERIFY
//!     description: signs releases
//!     material: |                                 # Base64, hex or PEM; random if left out
//!       -----BEGIN PRIVATE KEY----- …
//!     policy: { Version: "2012-10-17", Statement: [ … ] }
//!     tags: { team: release }
//!     enabled: true
//!     rotationDays: 365
//!     account: "111122223333"                     # the server's
//!     region: eu-west-1                           # the server's
//! ```
//!
//! A key whose id exists already is left as it is, and so is one without an id whose aliases all exist, so that a seeded
//! folder can be started again.

mod format;
mod local_kms;

pub use format::Format;

use super::{Error, Settings};
use crate::api::partition::is_region_name;
use crate::api::{KeySpec, nearest};
use crate::kms::access::{Kind, Policy};
use crate::kms::crypto::Material;
use crate::kms::keys::{DAY, Moment, Origin, Realm, Rotation};
use crate::kms::{Kms, Seed};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// What is told of a key.
const NAMES: [&str; 14] = [
    "id",
    "alias",
    "aliases",
    "spec",
    "usage",
    "description",
    "material",
    "policy",
    "tags",
    "enabled",
    "rotationDays",
    "multiRegion",
    "account",
    "region",
];

/// Reads a seed file and makes its keys.
///
/// # Errors
/// Every problem of the file, with its path in it.
pub(super) fn plant(
    kms: &mut Kms,
    path: &Path,
    format: Format,
    settings: &Settings,
    now: Moment,
) -> Result<(), Error> {
    let text = std::fs::read_to_string(path).map_err(|source| Error::File { path: path.into(), source })?;
    let seeds = read(&text, format, settings, now)
        .map_err(|problems| Error::Settings(format!("{}: {}", path.display(), problems.join("\n  "))))?;
    for seed in seeds {
        kms.plant(seed, now).map_err(|e| Error::Settings(format!("{}: {e}", path.display())))?;
    }
    Ok(())
}

/// Reads a seed file's text: its keys, which are not planted yet.
///
/// # Errors
/// Every problem of the file, with its place.
pub fn read(text: &str, format: Format, settings: &Settings, now: Moment) -> Result<Vec<Seed>, Vec<String>> {
    let file: Value = serde_yaml::from_str(text).map_err(|e| vec![e.to_string()])?;
    if file.is_null() {
        return Ok(Vec::new());
    }
    let mut reader = Reader { settings, now, problems: Vec::new() };
    let seeds = match format {
        Format::Keystorm => reader.file(&file),
        Format::LocalKms => reader.local_kms(&file),
    };
    if reader.problems.is_empty() { Ok(seeds) } else { Err(reader.problems) }
}

/// Reads a file and collects what is wrong with it.
struct Reader<'a> {
    settings: &'a Settings,
    now: Moment,
    problems: Vec<String>,
}

impl Reader<'_> {
    fn wrong(&mut self, place: &str, what: impl std::fmt::Display) {
        self.problems.push(format!("{place}: {what}"));
    }

    fn object<'v>(
        &mut self,
        value: &'v Value,
        place: &str,
        names: &[&str],
    ) -> Option<&'v Map<String, Value>> {
        let Value::Object(object) = value else {
            self.wrong(place, "must be a mapping");
            return None;
        };
        for name in object.keys().filter(|name| !names.contains(&name.as_str())) {
            let hint = nearest(name, names.iter().copied());
            let hint = hint.map_or_else(
                || format!("known are {}", names.join(", ")),
                |n| format!("did you mean `{n}`?"),
            );
            self.wrong(&format!("{place}.{name}"), format!("unknown key; {hint}"));
        }
        Some(object)
    }

    fn list<'v>(&mut self, object: &'v Map<String, Value>, name: &str, place: &str) -> &'v [Value] {
        match object.get(name) {
            None | Some(Value::Null) => &[],
            Some(Value::Array(all)) => all,
            Some(_) => {
                self.wrong(&format!("{place}.{name}"), "must be a list");
                &[]
            }
        }
    }

    fn text<'v>(&mut self, object: &'v Map<String, Value>, name: &str, place: &str) -> Option<&'v str> {
        match object.get(name)? {
            Value::Null => None,
            Value::String(text) => Some(text),
            _ => {
                self.wrong(&format!("{place}.{name}"), "must be a text: put it in quotes");
                None
            }
        }
    }

    fn flag(&mut self, object: &Map<String, Value>, name: &str, place: &str, default: bool) -> bool {
        match object.get(name) {
            None | Some(Value::Null) => default,
            Some(Value::Bool(is)) => *is,
            Some(_) => {
                self.wrong(&format!("{place}.{name}"), "must be true or false");
                default
            }
        }
    }

    /// Days between rotations, within what AWS takes (kms-facts, "Automatic rotation").
    fn rotation(&mut self, object: &Map<String, Value>, place: &str) -> Option<Rotation> {
        let value = object.get("rotationDays").filter(|value| !value.is_null())?;
        let days = value.as_u64().and_then(|days| u32::try_from(days).ok());
        let Some(period_days) = days.filter(|days| (90..=2560).contains(days)) else {
            self.wrong(&format!("{place}.rotationDays"), "must be a number from 90 to 2560");
            return None;
        };
        Some(Rotation { period_days, next: self.now + DAY.times(period_days.into()) })
    }

    fn realm(&self) -> Realm {
        Realm::new(&self.settings.account, &self.settings.region)
    }

    fn file(&mut self, file: &Value) -> Vec<Seed> {
        let Some(object) = self.object(file, "file", &["keys"]) else { return Vec::new() };
        let keys = self.list(object, "keys", "file").iter().enumerate();
        keys.filter_map(|(at, value)| self.key(value, &format!("keys[{at}]"))).collect()
    }

    fn key(&mut self, value: &Value, place: &str) -> Option<Seed> {
        let object = self.object(value, place, &NAMES)?;
        let spec = self.spec(object, place)?;
        let material = match self.text(object, "material", place) {
            None => None,
            Some(text) => Some(self.material(spec, text, &format!("{place}.material"))?),
        };
        let policy = object.get("policy").filter(|value| !value.is_null()).and_then(|value| {
            let text = value.as_str().map_or_else(|| value.to_string(), Into::into);
            let parsed = Policy::parse(&text, Kind::Key);
            parsed.map_err(|e| self.wrong(&format!("{place}.policy"), e)).ok().map(Arc::new)
        });
        let own = self.realm();
        let (account, region) = (self.text(object, "account", place), self.text(object, "region", place));
        let tags = self.tags(object, place);
        let rotation = self.rotation(object, place);
        let is_enabled = self.flag(object, "enabled", place, true);
        let is_multi_region = self.flag(object, "multiRegion", place, false);
        if region.is_some_and(|region| !is_region_name(region)) {
            self.wrong(&format!("{place}.region"), "is no Region");
        }
        if account.is_some_and(|id| id.len() != 12 || !id.bytes().all(|b| b.is_ascii_digit())) {
            self.wrong(&format!("{place}.account"), "is not an account id of twelve digits");
        }
        let aliases = self.aliases(object, place);
        Some(Seed {
            realm: Realm::new(account.unwrap_or(&own.account), region.unwrap_or(&own.region)),
            id: self.text(object, "id", place).map(Into::into),
            spec,
            usage: self.text(object, "usage", place).map(Into::into),
            origin: Origin::AwsKms,
            description: self.text(object, "description", place).unwrap_or_default().into(),
            materials: material.into_iter().collect(),
            valid_to: None,
            created: None,
            deletion: None,
            policy,
            tags,
            is_enabled,
            rotation,
            is_multi_region,
            aliases,
        })
    }

    fn spec(&mut self, object: &Map<String, Value>, place: &str) -> Option<KeySpec> {
        let Some(name) = self.text(object, "spec", place) else { return Some(KeySpec::SymmetricDefault) };
        let found = KeySpec::from_name(name);
        if found.is_none() {
            let known = nearest(name, KeySpec::ALL.iter().map(|spec| spec.name()));
            let hint = known.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            self.wrong(&format!("{place}.spec"), format!("`{name}` is no key spec{hint}"));
        }
        found
    }

    fn tags(&mut self, object: &Map<String, Value>, place: &str) -> BTreeMap<String, String> {
        let mut tags = BTreeMap::new();
        if let Some(value) = object.get("tags").filter(|value| !value.is_null()) {
            match value.as_object() {
                Some(pairs) => tags.extend(pairs.iter().map(|(name, value)| {
                    (name.clone(), value.as_str().map_or_else(|| value.to_string(), Into::into))
                })),
                None => self.wrong(&format!("{place}.tags"), "must be a mapping"),
            }
        }
        tags
    }

    /// `alias` and `aliases`; the prefix `alias/` may be left out.
    fn aliases(&mut self, object: &Map<String, Value>, place: &str) -> Vec<String> {
        let one = self.text(object, "alias", place).map(str::to_string);
        let mut many: Vec<String> = Vec::new();
        for (at, value) in self.list(object, "aliases", place).iter().enumerate() {
            match value.as_str() {
                Some(name) => many.push(name.into()),
                None => {
                    self.wrong(&format!("{place}.aliases[{at}]"), "must be a text: put it in quotes");
                }
            }
        }
        one.into_iter().chain(many).filter_map(|name| self.alias(&name, place)).collect()
    }

    /// The whole name of an alias, which may have been written without its prefix.
    fn alias(&mut self, name: &str, place: &str) -> Option<String> {
        let bare = name.strip_prefix("alias/").unwrap_or(name);
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
        self.wrong(place, format!("`{name}`: {problem}"));
        None
    }

    /// Base64, hex or PEM.
    fn material(&mut self, spec: KeySpec, text: &str, place: &str) -> Option<Material> {
        let text = text.trim();
        let result = if text.starts_with("-----BEGIN") {
            Material::from_pem(spec, text)
        } else {
            let compact: String = text.split_whitespace().collect();
            let digits = hex::decode(&compact).ok().filter(|bytes| !bytes.is_empty());
            let bytes = digits.or_else(|| base64_simd::STANDARD.decode_to_vec(&compact).ok());
            let Some(bytes) = bytes else {
                self.wrong(place, "must be Base64, hex or PEM");
                return None;
            };
            Material::from_bytes(spec, &bytes)
        };
        result.map_err(|e| self.wrong(place, e)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Moment {
        Moment::from_millis(1_000_000)
    }

    #[test]
    fn a_seed_file_of_ours_is_read() {
        let text = "
keys:
  - id: k1
    alias: app
    aliases: [ alias/other ]
    material: 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
    tags: { team: a }
    rotationDays: 90
  - { spec: HMAC_256, usage: GENERATE_VERIFY_MAC, region: eu-west-1, enabled: false }
";
        let seeds = read(text, Format::Keystorm, &Settings::default(), now()).unwrap();
        assert_eq!(seeds[0].aliases, ["alias/app", "alias/other"]);
        assert_eq!(seeds[0].materials[0].to_bytes().as_bytes()[31], 31);
        assert_eq!(
            (&*seeds[1].realm.region, seeds[1].is_enabled, seeds[1].spec),
            ("eu-west-1", false, KeySpec::Hmac256)
        );
    }

    #[test]
    fn every_problem_of_a_seed_file_is_told_with_its_place() {
        let text = "
keys:
  - { id: k1, aliass: x }
  - { spec: RSA_2049 }
  - { material: '!!' }
  - { material: 0001 }
  - { policy: { Statement: [] } }
  - 7
  - { enabled: \"no\", multiRegion: 1, rotationDays: 89, aliases: [ 1 ], region: a/b, account: \"1\" }
  - { rotationDays: \"90\" }
";
        let problems = read(text, Format::Keystorm, &Settings::default(), now()).unwrap_err();
        assert_eq!(problems.len(), 13, "{problems:#?}");
        assert!(
            problems[0].contains("keys[0].aliass") && problems[0].contains("did you mean `alias"),
            "{}",
            problems[0]
        );
        assert!(problems[1].contains("did you mean `RSA_2048`?"));
        assert!(problems[3].contains("32 bytes"));
    }
}
