use crate::api::KeySpec;
use crate::emulator::Settings;
use crate::emulator::seed::{Format, read as read_file};
use crate::kms::Seed;
use crate::kms::keys::{DAY, Moment, Origin};
use crate::language::Problems;

/// 2026-01-01T00:00:00Z.
fn now() -> Moment {
    Moment::from_secs(1_767_225_600.0).unwrap()
}

fn read(text: &str) -> Result<Vec<Seed>, Problems> {
    read_file(text, "seed.yaml", Format::LocalKms, &Settings::default(), now())
}

const AES: &str = "5cdaead27fe7da2de47945d73cd6d79e36494e73802f3cd3869f1d2cb0b5d7a9";
const SEC1: &str = "-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIDriAO5tSLGuHgmD2/l5w0khpJ5klrgE/AD8ayahbhr+oAoGCCqGSM49
AwEHoUQDQgAExDY8zGqCa2iaTS4NlP43qMp4I1RE0feOfA7l3Y6GWsDTSErgdVmQ
/MdaaihSKI36Q0RDYwKUjteiarheWVGxGw==
-----END EC PRIVATE KEY-----
";
/// The same key.
const PKCS8: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgOuIA7m1Isa4eCYPb
+XnDSSGknmSWuAT8APxrJqFuGv6hRANCAATENjzMaoJraJpNLg2U/jeoyngjVETR
9458DuXdjoZawNNISuB1WZD8x1pqKFIojfpDRENjApSO16JquF5ZUbEb
-----END PRIVATE KEY-----
";
/// The first account of the Hardhat network, whose key and address everybody knows.
const HARDHAT: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const HARDHAT_ADDRESS: &str = "f39fd6e51aad88f6f4ce6ab8827279cfffb92266";
const HARDHAT_SEC1: &str = "-----BEGIN EC PRIVATE KEY-----
MHQCAQEEIKwJdL7Dmhfja6SmtNI4/5RLrLR4y+1e/K54TXv08v+AoAcGBSuBBAAK
oUQDQgAEgxhTW1QQXUp6rmDAj8RflocYG0/fxiW9GnU/pzl/7XU1R/EcqGlmRvLz
rLCOMQFq+sI+YwxdEfWfYf71ew0qpQ==
-----END EC PRIVATE KEY-----
";

/// A PEM as a YAML text of one line.
fn quoted(pem: &str) -> String {
    format!("{:?}", pem)
}

#[test]
fn the_usual_form_has_lists_by_kind() {
    let text = format!(
        "
Keys:
  Symmetric:
    Aes:
      - Metadata: {{ KeyId: k1, Description: first }}
        BackingKeys: [ {AES}, 6{rest} ]
    Hmac:
      - Metadata: {{ KeyId: k2, KeyUsage: GENERATE_VERIFY_MAC, KeySpec: HMAC_224 }}
        BackingKeys: [ fedcba0987654321fedcba0987654321fedcba0987654321fedcba09 ]
      - Metadata: {{ KeyId: k3 }}
        BackingKeys: [ {AES}{AES} ]
  Asymmetric:
    Ecc:
      - Metadata: {{ KeyId: k4, KeyUsage: SIGN_VERIFY }}
        PrivateKeyPem: {sec1}
      - Metadata: {{ KeyId: k5, KeyUsage: KEY_AGREEMENT }}
        PrivateKeyPem: {pkcs8}
Aliases:
  - {{ AliasName: alias/whole, TargetKeyId: k1 }}
  - {{ AliasName: bare, TargetKeyId: 'arn:aws:kms:us-east-1:123456789012:key/k1' }}
",
        rest = &AES[1..],
        sec1 = quoted(SEC1),
        pkcs8 = quoted(PKCS8),
    );
    let seeds = read(&text).unwrap();
    let specs: Vec<KeySpec> = seeds.iter().map(|seed| seed.spec).collect();
    let p256 = KeySpec::EccNistP256;
    assert_eq!(specs, [KeySpec::SymmetricDefault, KeySpec::Hmac224, KeySpec::Hmac512, p256, p256]);
    assert_eq!((seeds[0].materials.len(), &*seeds[0].description), (2, "first"));
    assert_eq!(seeds[0].aliases, ["alias/whole", "alias/bare"]);
    assert_eq!(seeds[3].materials[0].public_key(), seeds[4].materials[0].public_key());
}

#[test]
fn the_first_form_is_a_list_and_the_newest_has_material_by_itself() {
    let first = format!("Keys:\n- {{ Metadata: {{ KeyId: k1 }}, BackingKeys: [ {AES} ] }}\nAliases: []\n");
    let seeds = read(&first).unwrap();
    assert_eq!((seeds.len(), seeds[0].spec), (1, KeySpec::SymmetricDefault));
    let newest = format!(
        "
Version: 2
Aliases: [ {{ AliasName: a, TargetKeyId: k2 }} ]
Keys:
  - KeyId: k1
    Metadata: {{ KeySpec: SYMMETRIC_DEFAULT, KeyUsage: ENCRYPT_DECRYPT }}
    NextKeyRotation: 2027-01-01T00:00:00Z
    Material: {{ BackingKeys: [ {AES} ] }}
  - KeyId: k2
    Metadata: {{ KeySpec: HMAC_256 }}
    Material: {{ BackingKeys: [ {AES} ] }}
  - KeyId: k3
    Metadata: {{ KeySpec: ECC_NIST_EDWARDS25519 }}
    Material:
      PrivateKeyPem: |
        -----BEGIN PRIVATE KEY-----
        MC4CAQAwBQYDK2VwBCIEIFvmi9bcefeQUNL1z8YbE7hCm7avB6yzPYmhKVLKyP6K
        -----END PRIVATE KEY-----
"
    );
    let seeds = read(&newest).unwrap();
    assert_eq!(seeds[0].rotation.unwrap().next, now() + DAY.times(365));
    assert_eq!((seeds[1].spec, &*seeds[1].aliases[0]), (KeySpec::Hmac256, "alias/a"));
    assert_eq!(seeds[2].spec, KeySpec::EccNistEdwards25519);
}

#[test]
fn an_empty_file_seeds_nothing() {
    for text in ["", "---\n", "# later\n", "{}", "Keys:\n", "Keys: { Symmetric: { Aes: } }\nAliases:\n"] {
        assert!(read(text).unwrap().is_empty(), "{text:?}");
    }
}

#[test]
fn what_stands_in_the_metadata_acts() {
    let text = format!(
        "
Keys:
  - Metadata: {{ KeyId: k0, Origin: EXTERNAL, KeyState: PendingImport }}
  - Metadata: {{ KeyId: k1, Origin: EXTERNAL, KeyState: Enabled, ExpirationModel: KEY_MATERIAL_EXPIRES, ValidTo: 1800000000 }}
    BackingKeys: [ {AES} ]
  - Metadata: {{ KeyId: k2, KeyState: Disabled, CreationDate: \"2020-05-01T00:00:00+00:00\", KeyManager: CUSTOMER }}
    BackingKeys: [ {AES} ]
  - Metadata: {{ KeyId: k3, KeyState: PendingDeletion, DeletionDate: 1767657600, AWSAccountId: \"444455556666\" }}
    BackingKeys: [ {AES} ]
  - Metadata: {{ KeyId: k4, Enabled: false, Arn: 'arn:aws:kms:eu-west-2:444455556666:key/k4' }}
    NextKeyRotation: \"2019-09-12T15:19:21+00:00\"
    BackingKeys: [ {AES} ]
"
    );
    let seeds = read(&text).unwrap();
    assert_eq!((seeds[0].origin, seeds[0].materials.len()), (Origin::External, 0));
    assert_eq!(seeds[1].valid_to, Moment::from_secs(1_800_000_000.0));
    assert_eq!((seeds[2].is_enabled, seeds[2].created), (false, Moment::from_secs(1_588_291_200.0)));
    assert_eq!(
        (seeds[3].deletion, &*seeds[3].realm.account),
        (Moment::from_secs(1_767_657_600.0), "444455556666")
    );
    assert_eq!((seeds[4].is_enabled, &*seeds[4].realm.region), (false, "eu-west-2"));
    // Due long ago: it turns once, at the first call.
    assert_eq!(seeds[4].rotation.unwrap().next, now());
}

#[test]
fn what_cannot_be_done_is_refused_with_its_place() {
    let key = |more: &str| format!("Keys:\n- {{ Metadata: {{ KeyId: k{more} }}, BackingKeys: [ {AES} ] }}\n");
    let p256 = quoted(SEC1);
    for (text, place, why) in [
        (key(", Origin: AWS_CLOUDHSM"), "Keys[0].Metadata.Origin", "cannot be seeded"),
        (key(", KeyState: Unavailable"), "Keys[0].Metadata.KeyState", "cannot be seeded"),
        (key(", KeyState: Disabled, Enabled: true"), "KeyState", "contradicts"),
        (key(", KeyState: PendingDeletion"), "KeyState", "needs the DeletionDate"),
        (key(", DeletionDate: 1500000000"), "DeletionDate", "has passed"),
        (key(", CreationDate: yesterday"), "CreationDate", "must be a date"),
        (key(", ValidTo: 1800000000"), "ValidTo", "EXTERNAL only"),
        (key(", KeyManager: AWS"), "KeyManager", "CUSTOMER"),
        (key(", Arn: 'arn:aws:kms:eu-west-2:444455556666:key/other'"), "Arn", "is not the ARN"),
        (key(", KeySpec: HMAC_512"), "BackingKeys[0]", "64 bytes"),
        (key(", KeySpec: HMAC_256, CustomerMasterKeySpec: HMAC_512"), "CustomerMasterKeySpec", "differs"),
        (key("") + "Version: 3\n", "Version", "local-kms has had 1 and 2"),
        ("Keys: [ { Metadata: { KeyId: k } } ]".into(), "Keys[0]", "has no material"),
        ("Keys: [ { Metadata: { Origin: EXTERNAL } } ]".into(), "KeyId", "is missing"),
        (
            format!("Keys: [ {{ KeyId: k, BackingKeys: [ {AES} ], PrivateKeyHex: {AES} }} ]"),
            "Keys[0]",
            "several",
        ),
        (
            format!(
                "Keys: [ {{ KeyId: k, Metadata: {{ Origin: EXTERNAL }}, BackingKeys: [ {AES}, {AES} ] }} ]"
            ),
            "BackingKeys[1]",
            "at most one",
        ),
        ("Keys: [ { KeyId: k, BackingKeys: [ 7 ] } ]".into(), "BackingKeys[0]", "hexadecimal"),
        ("Keys: [ { KeyId: k, BackingKeys: [ xyz ] } ]".into(), "BackingKeys[0]", "hexadecimal"),
        (
            format!("Keys: {{ Asymmetric: {{ Rsa: [ {{ KeyId: k, PrivateKeyPem: {p256} }} ] }} }}"),
            "PrivateKeyPem",
            "does not stand in this list",
        ),
        (
            format!("Keys: [ {{ KeyId: k, NextKeyRotation: 2030-01-01, PrivateKeyPem: {p256} }} ]"),
            "NextKeyRotation",
            "only symmetric",
        ),
        ("Keys: { Symetric: {} }".into(), "Keys.Symetric", "did you mean `Symmetric`?"),
        (
            key("") + "Aliases: [ { AliasName: a, TargetKeyId: other } ]",
            "Aliases[0].TargetKeyId",
            "no key of this file",
        ),
        (
            key("") + "Aliases: [ { AliasName: a, TargetKeyId: k }, { AliasName: alias/a, TargetKeyId: k } ]",
            "Aliases[1].AliasName",
            "twice",
        ),
        (key("") + "Aliases: [ { AliasName: 'a:b', TargetKeyId: k } ]", "Aliases[0].AliasName", "letters"),
        (key("") + "Aliases: [ { AliasName: aws/s3, TargetKeyId: k } ]", "Aliases[0].AliasName", "AWS's own"),
    ] {
        let problems = read(&text).unwrap_err();
        let told = problems.to_string();
        assert!(told.contains(place) && told.contains(why), "{text}\n  gives {told}");
    }
}

#[test]
fn a_secp256k1_seed_has_the_ethereum_address_that_its_key_has_elsewhere() {
    let text = format!(
        "
Keys:
  Asymmetric:
    Ecc:
      - {{ Metadata: {{ KeyId: k1, KeyUsage: SIGN_VERIFY }}, PrivateKeyHex: \"0x{HARDHAT}\" }}
      - {{ Metadata: {{ KeyId: k2, KeyUsage: SIGN_VERIFY }}, PrivateKeyPem: {pem} }}
      - {{ Metadata: {{ KeyId: k3, KeySpec: ECC_NIST_P256, KeyUsage: SIGN_VERIFY }}, PrivateKeyHex: \"{HARDHAT}\" }}
      - {{ Metadata: {{ KeyId: k4 }}, PrivateKeyHex: \"{one:064x}\" }}
",
        pem = quoted(HARDHAT_SEC1),
        one = 1,
    );
    let seeds = read(&text).unwrap();
    let address = |seed: &Seed| {
        let public = seed.materials[0].public_key().unwrap();
        hex::encode(&keccak256(&public[public.len() - 64..])[12..])
    };
    assert_eq!(seeds[0].spec, KeySpec::EccSecgP256k1);
    assert_eq!((address(&seeds[0]), address(&seeds[1])), (HARDHAT_ADDRESS.into(), HARDHAT_ADDRESS.into()));
    assert_eq!(seeds[2].spec, KeySpec::EccNistP256);
    assert_eq!(address(&seeds[3]), "7e5f4552091a69125d5dfcb7b8c2659029395bdf");
    let zero = format!("Keys: [ {{ KeyId: k, PrivateKeyHex: \"{:064x}\" }} ]", 0);
    assert!(read(&zero).unwrap_err().to_string().contains("PrivateKeyHex"));
}

/// Keccak-256 as Ethereum has it, which pads otherwise than SHA-3 (FIPS 202 describes the permutation).
fn keccak256(message: &[u8]) -> [u8; 32] {
    const RATE: usize = 136;
    let mut block = message.to_vec();
    block.push(1);
    block.resize(block.len().next_multiple_of(RATE), 0);
    *block.last_mut().unwrap() |= 0x80;
    let mut state = [0_u64; 25];
    for part in block.chunks(RATE) {
        for (lane, bytes) in state.iter_mut().zip(part.chunks(8)) {
            *lane ^= u64::from_le_bytes(bytes.try_into().unwrap());
        }
        permute(&mut state);
    }
    let bytes: Vec<u8> = state[..4].iter().flat_map(|lane| lane.to_le_bytes()).collect();
    bytes.try_into().unwrap()
}

fn permute(a: &mut [u64; 25]) {
    // The round constants come out of a shift register of eight bits.
    let mut register = 1_u8;
    for _ in 0..24 {
        let column = |a: &[u64; 25], x: usize| (0..5).fold(0, |sum, y| sum ^ a[x % 5 + 5 * y]);
        let sums: Vec<u64> = (0..5).map(|x| column(a, x + 4) ^ column(a, x + 1).rotate_left(1)).collect();
        for (at, lane) in a.iter_mut().enumerate() {
            *lane ^= sums[at % 5];
        }
        let (mut x, mut y, mut moved) = (1, 0, a[1]);
        for t in 0..24_u32 {
            (x, y) = (y, (2 * x + 3 * y) % 5);
            let lane = moved.rotate_left(((t + 1) * (t + 2) / 2) % 64);
            moved = std::mem::replace(&mut a[x + 5 * y], lane);
        }
        for row in a.chunks_mut(5) {
            let old = row.to_vec();
            for x in 0..5 {
                row[x] = old[x] ^ (!old[(x + 1) % 5] & old[(x + 2) % 5]);
            }
        }
        for bit in 0..7 {
            if register & 1 == 1 {
                a[0] ^= 1 << ((1_u32 << bit) - 1);
            }
            register = (register << 1) ^ if register & 0x80 != 0 { 0x71 } else { 0 };
        }
    }
}
