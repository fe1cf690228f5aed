//! The secret of one KMS key, prepared for use.

use super::{Error, Secret};
use crate::api::{KeyFamily, KeySpec};
use aws_lc_rs::encoding::{AsBigEndian as _, AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, PqdsaKeyPair,
    PqdsaSigningAlgorithm,
};
use aws_lc_rs::{agreement, hmac, kem};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The secret material of one KMS key, with whatever its use needs made ready once.
pub struct Material {
    spec: KeySpec,
    /// The form that [`Material::from_bytes`] reads.
    stored: Secret,
    /// SubjectPublicKeyInfo, of asymmetric keys.
    public: Option<Vec<u8>>,
    form: Form,
}

/// What the use of the material needs.
pub(super) enum Form {
    /// Each message's key is derived from the stored bytes. What derives it is made ready at the first use, and of so
    /// many keys only: there may be a hundred thousand, and what is ready is twenty times as large as the bytes.
    Symmetric(Ready),
    Mac(Box<hmac::Key>),
    Rsa {
        signs: Box<RsaKeyPair>,
        decrypts: Box<OaepPrivateDecryptingKey>,
    },
    Ecdsa(Box<EcdsaKeyPair>),
    Ed25519 {
        key: Box<Ed25519KeyPair>,
        seed: Secret,
    },
    MlDsa {
        key: Box<PqdsaKeyPair>,
        seed: Secret,
    },
    MlKem(Box<kem::DecapsulationKey>),
}

/// What derives the keys of messages, if it was made ready.
#[derive(Default)]
pub(super) struct Ready(OnceLock<Box<hmac::Key>>);

/// Keys that are ready at a time.
const READY: usize = 1_024;
static ARE_READY: AtomicUsize = AtomicUsize::new(0);

impl Ready {
    fn sign(&self, bytes: &[u8], salt: &[u8]) -> hmac::Tag {
        let make = || hmac::Key::new(hmac::HMAC_SHA256, bytes);
        if let Some(key) = self.0.get() {
            return hmac::sign(key, salt);
        }
        // A few more than the bound may come to be ready at once, which does no harm.
        if ARE_READY.load(Ordering::Relaxed) >= READY {
            return hmac::sign(&make(), salt);
        }
        let key = self.0.get_or_init(|| {
            ARE_READY.fetch_add(1, Ordering::Relaxed);
            Box::new(make())
        });
        hmac::sign(key, salt)
    }
}

impl Drop for Ready {
    fn drop(&mut self) {
        if self.0.get().is_some() {
            ARE_READY.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Material {
    /// New material of a type; takes up to seconds for RSA.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for SM2, [`Error::Random`].
    pub fn generate(spec: KeySpec) -> Result<Material, Error> {
        let stored = match spec {
            KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096 => {
                let key = RsaKeyPair::generate(rsa_size(spec)).map_err(|_| Error::Random)?;
                let der: Pkcs8V1Der<'_> = key.as_der().map_err(|_| Error::Random)?;
                Secret::from(der.as_ref())
            }
            _ if ecdsa(spec).is_some() => {
                let key = EcdsaKeyPair::generate(ecdsa(spec).ok_or(Error::WrongAlgorithm)?);
                let der = key.and_then(|key| key.to_pkcs8v1()).map_err(|_| Error::Random)?;
                Secret::from(der.as_ref())
            }
            KeySpec::EccNistEdwards25519 => {
                let der =
                    Ed25519KeyPair::generate().and_then(|key| key.to_pkcs8v1()).map_err(|_| Error::Random)?;
                Secret::from(der.as_ref())
            }
            KeySpec::MlKem512 | KeySpec::MlKem768 | KeySpec::MlKem1024 => {
                let key = kem::DecapsulationKey::generate(ml_kem(spec)).map_err(|_| Error::Random)?;
                let bytes = key.key_bytes().map_err(|_| Error::Random)?;
                Secret::from(bytes.as_ref())
            }
            KeySpec::Sm2 => return Err(Error::Unsupported("SM2")),
            _ => super::random(spec.raw_bytes().ok_or(Error::WrongAlgorithm)?)?,
        };
        Material::from_bytes(spec, stored.as_bytes())
    }

    /// Reads given or stored material: raw bytes for symmetric, HMAC and ML-KEM keys and the seed of ML-DSA, PKCS#8 DER
    /// for RSA and ECC (and, as an alternative, ML-DSA).
    ///
    /// # Errors
    /// [`Error::BadKey`] if it is not a key of that type.
    pub fn from_bytes(spec: KeySpec, bytes: &[u8]) -> Result<Material, Error> {
        let bad = |what: &str| Error::BadKey(format!("the key material is not {what} for {spec}"));
        let pkcs8 = |_| bad("an unencrypted PKCS#8 private key");
        if is_pkcs8(spec) && !is_one_element(bytes) {
            return Err(bad("one DER element"));
        }
        if let Some(length) = spec.raw_bytes().filter(|length| *length != bytes.len())
            && ml_dsa(spec).is_none()
        {
            return Err(bad(&format!("{length} bytes long, as it must be")));
        }
        let (form, public) = match spec {
            KeySpec::SymmetricDefault => (Form::Symmetric(Ready::default()), None),
            KeySpec::Hmac224 => (Form::Mac(Box::new(hmac::Key::new(hmac::HMAC_SHA224, bytes))), None),
            KeySpec::Hmac256 => (Form::Mac(Box::new(hmac::Key::new(hmac::HMAC_SHA256, bytes))), None),
            KeySpec::Hmac384 => (Form::Mac(Box::new(hmac::Key::new(hmac::HMAC_SHA384, bytes))), None),
            KeySpec::Hmac512 => (Form::Mac(Box::new(hmac::Key::new(hmac::HMAC_SHA512, bytes))), None),
            KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096 => {
                let signs = RsaKeyPair::from_pkcs8(bytes).map_err(pkcs8)?;
                if Some(signs.public_modulus_len()) != spec.modulus_bytes() {
                    return Err(bad("of the modulus length"));
                }
                let public = spki(signs.public_key())?;
                let decrypts = PrivateDecryptingKey::from_pkcs8(bytes).map_err(pkcs8)?;
                let decrypts = OaepPrivateDecryptingKey::new(decrypts).map_err(|_| Error::Random)?;
                (Form::Rsa { signs: Box::new(signs), decrypts: Box::new(decrypts) }, Some(public))
            }
            KeySpec::EccNistEdwards25519 => {
                let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(bytes).map_err(pkcs8)?;
                let public = spki(key.public_key())?;
                let seed = key.seed().and_then(|seed| seed.as_be_bytes()).map_err(|_| Error::Random)?;
                (Form::Ed25519 { key: Box::new(key), seed: Secret::from(seed.as_ref()) }, Some(public))
            }
            KeySpec::MlDsa44 | KeySpec::MlDsa65 | KeySpec::MlDsa87 => {
                let algorithm = ml_dsa(spec).ok_or(Error::WrongAlgorithm)?;
                let seed = super::ml_dsa::seed_of(spec, bytes)
                    .ok_or_else(|| bad("a seed or a PKCS#8 key with one"))?;
                let key = PqdsaKeyPair::from_seed(algorithm, &seed).map_err(pkcs8)?;
                let public = spki(key.public_key())?;
                (Form::MlDsa { key: Box::new(key), seed: Secret::new(seed) }, Some(public))
            }
            KeySpec::MlKem512 | KeySpec::MlKem768 | KeySpec::MlKem1024 => {
                let key = kem::DecapsulationKey::new(ml_kem(spec), bytes)
                    .map_err(|_| bad("a decapsulation key"))?;
                let public = super::ml_kem::spki(spec, bytes).ok_or(Error::WrongAlgorithm)?;
                (Form::MlKem(Box::new(key)), Some(public))
            }
            KeySpec::Sm2 => return Err(Error::Unsupported("SM2")),
            KeySpec::EccNistP256 | KeySpec::EccNistP384 | KeySpec::EccNistP521 | KeySpec::EccSecgP256k1 => {
                let key = EcdsaKeyPair::from_pkcs8(ecdsa(spec).ok_or(Error::WrongAlgorithm)?, bytes)
                    .map_err(|_| bad("an unencrypted PKCS#8 private key on the curve"))?;
                let public = spki(key.public_key())?;
                (Form::Ecdsa(Box::new(key)), Some(public))
            }
        };
        Ok(Material { spec, stored: Secret::from(bytes), public, form })
    }

    /// Reads a private key in PEM: PKCS#8, or the older forms of RSA and EC keys.
    ///
    /// # Errors
    /// [`Error::BadKey`] if it is not a key of that type.
    pub fn from_pem(spec: KeySpec, pem: &str) -> Result<Material, Error> {
        let bad = |what: &str| Error::BadKey(format!("the key material is not {what}"));
        let rejected = |_| bad(&format!("a private key for {spec}"));
        let key = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| bad("a private key in PEM"))?;
        match (&key, ecdsa(spec)) {
            (PrivateKeyDer::Pkcs1(der), _) if is_pkcs8(spec) && ecdsa(spec).is_none() => {
                let key = RsaKeyPair::from_der(der.secret_pkcs1_der()).map_err(rejected)?;
                let der: Pkcs8V1Der<'_> = key.as_der().map_err(|_| Error::Random)?;
                Material::from_bytes(spec, der.as_ref())
            }
            (PrivateKeyDer::Sec1(der), Some(curve)) => {
                let key =
                    EcdsaKeyPair::from_private_key_der(curve, der.secret_sec1_der()).map_err(rejected)?;
                let der = key.to_pkcs8v1().map_err(|_| Error::Random)?;
                Material::from_bytes(spec, der.as_ref())
            }
            (PrivateKeyDer::Pkcs8(der), _) => Material::from_bytes(spec, der.secret_pkcs8_der()),
            _ => Err(bad(&format!("a private key for {spec}"))),
        }
    }

    /// Reads the secret number of a key on a curve, as tools of other houses write it: its bytes alone, big-endian.
    ///
    /// # Errors
    /// [`Error::BadKey`] if there is no such curve or no such number on it.
    pub fn from_scalar(spec: KeySpec, scalar: &[u8]) -> Result<Material, Error> {
        let bad = |what: &str| Error::BadKey(format!("the key material is not {what} for {spec}"));
        // Identifiers of the curves in DER (SEC 2, RFC 5480).
        let (length, oid): (usize, &[u8]) = match spec {
            KeySpec::EccSecgP256k1 => (32, &[0x06, 5, 0x2b, 0x81, 0x04, 0x00, 0x0a]),
            KeySpec::EccNistP256 => (32, &[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]),
            KeySpec::EccNistP384 => (48, &[0x06, 5, 0x2b, 0x81, 0x04, 0x00, 0x22]),
            KeySpec::EccNistP521 => (66, &[0x06, 5, 0x2b, 0x81, 0x04, 0x00, 0x23]),
            _ => return Err(bad("a number")),
        };
        if scalar.len() != length {
            return Err(bad(&format!("{length} bytes long, as it must be")));
        }
        // ECPrivateKey (RFC 5915), without the public half, which follows from it.
        let byte = |length: usize| u8::try_from(length).expect("the parts are short");
        let inner = [&[0x02, 1, 1, 0x04, byte(length)], scalar, &[0xa0, byte(oid.len())], oid].concat();
        let der = Secret::new([&[0x30, byte(inner.len())], &inner[..]].concat());
        let curve = ecdsa(spec).ok_or(Error::WrongAlgorithm)?;
        let key = EcdsaKeyPair::from_private_key_der(curve, der.as_bytes())
            .map_err(|_| bad("a private number on the curve"))?;
        let der = key.to_pkcs8v1().map_err(|_| Error::Random)?;
        Material::from_bytes(spec, der.as_ref())
    }

    /// Reads a private key in PEM, of whatever type it is.
    ///
    /// # Errors
    /// [`Error::BadKey`] if it is none that KMS has.
    pub fn from_any_pem(pem: &str) -> Result<Material, Error> {
        let types = KeySpec::ALL.iter().filter(|spec| is_pkcs8(**spec));
        let found = types.filter_map(|spec| Material::from_pem(*spec, pem).ok()).next();
        found.ok_or_else(|| {
            Error::BadKey("the key material is not a private key in PEM of a type that KMS has".into())
        })
    }

    /// The form that [`Material::from_bytes`] reads.
    pub const fn to_bytes(&self) -> &Secret {
        &self.stored
    }

    /// Its type.
    pub const fn spec(&self) -> KeySpec {
        self.spec
    }

    /// SubjectPublicKeyInfo in DER, of asymmetric keys.
    pub fn public_key(&self) -> Option<&[u8]> {
        self.public.as_deref()
    }

    pub(super) const fn form(&self) -> &Form {
        &self.form
    }

    /// The key of a message, derived from its salt.
    pub(super) fn derived(&self, salt: &[u8]) -> Result<hmac::Tag, Error> {
        match &self.form {
            Form::Symmetric(ready) => Ok(ready.sign(self.stored.as_bytes(), salt)),
            _ => Err(Error::WrongAlgorithm),
        }
    }

    /// For key agreement.
    pub(super) fn agreement_key(&self) -> Result<agreement::PrivateKey, Error> {
        let algorithm = curve(self.spec).ok_or(Error::WrongAlgorithm)?;
        agreement::PrivateKey::from_private_key_der(algorithm, self.stored.as_bytes())
            .map_err(|_| Error::BadKey("the key material is not a private key on the curve".into()))
    }
}

impl fmt::Debug for Material {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Material({})", self.spec)
    }
}

/// As records keep it: its type and its bytes in Base64. Whoever writes a record encrypts it.
#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    spec: KeySpec,
    bytes: std::borrow::Cow<'a, str>,
}

impl Serialize for Material {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes = base64_simd::STANDARD.encode_to_string(self.stored.as_bytes());
        Stored { spec: self.spec, bytes: bytes.into() }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Material {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Material, D::Error> {
        let stored = Stored::deserialize(deserializer)?;
        let bytes = base64_simd::STANDARD
            .decode_to_vec(stored.bytes.as_bytes())
            .map_err(|_| serde::de::Error::custom("key material is not Base64"))?;
        Material::from_bytes(stored.spec, &bytes).map_err(serde::de::Error::custom)
    }
}

/// A data key pair: the private key as PKCS#8 DER, the public one as SubjectPublicKeyInfo.
///
/// # Errors
/// [`Error::Unsupported`] for SM2, [`Error::WrongAlgorithm`] for types without pairs, [`Error::Random`].
pub fn data_key_pair(spec: KeySpec) -> Result<(Secret, Vec<u8>), Error> {
    let material = Material::generate(spec)?;
    let public = material.public.clone().ok_or(Error::WrongAlgorithm)?;
    Ok((material.stored.clone(), public))
}

/// SubjectPublicKeyInfo of a public key.
fn spki<'a>(key: &impl AsDer<PublicKeyX509Der<'a>>) -> Result<Vec<u8>, Error> {
    key.as_der().map(|der| der.as_ref().to_vec()).map_err(|_| Error::Random)
}

/// Whether material of a type is given as PKCS#8.
const fn is_pkcs8(spec: KeySpec) -> bool {
    matches!(spec.family(), KeyFamily::Rsa | KeyFamily::Edwards25519) || ecdsa(spec).is_some()
}

/// Whether these bytes are one DER SEQUENCE and nothing after it, which the library would let pass.
fn is_one_element(bytes: &[u8]) -> bool {
    match *bytes {
        [0x30, short @ 0..=0x7f, ref rest @ ..] => rest.len() == usize::from(short),
        [0x30, 0x81, length, ref rest @ ..] => rest.len() == usize::from(length),
        [0x30, 0x82, high, low, ref rest @ ..] => rest.len() == usize::from(u16::from_be_bytes([high, low])),
        _ => false,
    }
}

const fn rsa_size(spec: KeySpec) -> KeySize {
    match spec {
        KeySpec::Rsa3072 => KeySize::Rsa3072,
        KeySpec::Rsa4096 => KeySize::Rsa4096,
        _ => KeySize::Rsa2048,
    }
}

/// ECDSA on the curve of a type, if it has one.
const fn ecdsa(spec: KeySpec) -> Option<&'static EcdsaSigningAlgorithm> {
    match spec {
        KeySpec::EccNistP256 => Some(&signature::ECDSA_P256_SHA256_ASN1_SIGNING),
        KeySpec::EccNistP384 => Some(&signature::ECDSA_P384_SHA384_ASN1_SIGNING),
        KeySpec::EccNistP521 => Some(&signature::ECDSA_P521_SHA512_ASN1_SIGNING),
        KeySpec::EccSecgP256k1 => Some(&signature::ECDSA_P256K1_SHA256_ASN1_SIGNING),
        _ => None,
    }
}

const fn ml_dsa(spec: KeySpec) -> Option<&'static PqdsaSigningAlgorithm> {
    match spec {
        KeySpec::MlDsa44 => Some(&signature::ML_DSA_44_SIGNING),
        KeySpec::MlDsa65 => Some(&signature::ML_DSA_65_SIGNING),
        KeySpec::MlDsa87 => Some(&signature::ML_DSA_87_SIGNING),
        _ => None,
    }
}

/// ECDH on the curve of a type, if it has one.
pub(super) const fn curve(spec: KeySpec) -> Option<&'static agreement::Algorithm> {
    match spec {
        KeySpec::EccNistP256 => Some(&agreement::ECDH_P256),
        KeySpec::EccNistP384 => Some(&agreement::ECDH_P384),
        KeySpec::EccNistP521 => Some(&agreement::ECDH_P521),
        _ => None,
    }
}

const fn ml_kem(spec: KeySpec) -> &'static kem::Algorithm {
    match spec {
        KeySpec::MlKem512 => &kem::ML_KEM_512,
        KeySpec::MlKem1024 => &kem::ML_KEM_1024,
        _ => &kem::ML_KEM_768,
    }
}
