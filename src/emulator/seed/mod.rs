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
mod sown;

pub use format::Format;

use super::{Error, Settings};
use crate::kms::keys::{Moment, Realm};
use crate::kms::{Kms, Seed};
use crate::language::tree::{self, Document};
use crate::language::{Item, Problems, Reader};
use std::path::Path;

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
    let name = path.display().to_string();
    let seeds =
        read(&text, &name, format, settings, now).map_err(|told| Error::Settings(told.to_string()))?;
    for seed in seeds {
        kms.plant(seed, now).map_err(|e| Error::Settings(format!("{name}: {e}")))?;
    }
    Ok(())
}

/// Reads a seed file's text: its keys, which are not planted yet; messages call the file `name`.
///
/// # Errors
/// Every problem of the file, with its path and line.
pub fn read(
    text: &str,
    name: &str,
    format: Format,
    settings: &Settings,
    now: Moment,
) -> Result<Vec<Seed>, Problems> {
    let fail = |list| Problems::new(name, list, &[]);
    let root = tree::document(text, 0, Document::INVENTORY).map_err(|problem| fail(vec![*problem]))?;
    let item = Item { node: &root, path: String::new() };
    let mut r = Reader::skipping_nothing();
    let own = Realm::new(&settings.account, &settings.region);
    let seeds = match format {
        Format::Keystorm => sown::read(&mut r, &item, &own, now),
        Format::LocalKms => local_kms::read(&mut r, &item, &own, now),
    };
    if r.problems.is_empty() { Ok(seeds) } else { Err(fail(r.problems)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::KeySpec;

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
        let seeds = read(text, "seeds.yaml", Format::Keystorm, &Settings::default(), now()).unwrap();
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
        let problems = read(text, "seeds.yaml", Format::Keystorm, &Settings::default(), now()).unwrap_err();
        let told: Vec<String> = problems.to_string().lines().map(str::to_owned).collect();
        assert_eq!(told.len(), 13, "{problems}");
        assert!(
            told[0].starts_with("seeds.yaml:3:15: keys[0].aliass") && told[0].contains("did you mean `alias"),
            "{problems}"
        );
        assert!(
            told[1].contains("keys[1].spec") && told[1].contains("did you mean `RSA_2048`?"),
            "{problems}"
        );
        assert!(told[3].contains("32 bytes") && !told[3].contains("0001"), "{problems}");
    }
}
