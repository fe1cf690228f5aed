//! Tokens that are made here, by every algorithm, and what is wrong with the others.

use super::*;
use crate::kms::access::Directory;
use crate::kms::access::Provider;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair as _, RsaEncoding};
use serde_json::json;
use std::sync::Arc;

const NOW: i64 = 1_800_000_000_000;
const ARN: &str = "arn:aws:iam::111122223333:oidc-provider/ci.example/jobs";

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode_to_string(bytes)
}

/// A provider's key, which signs.
enum Pair {
    Rsa(RsaKeyPair, &'static dyn RsaEncoding, &'static str),
    Ec(EcdsaKeyPair, &'static str, &'static str),
}

impl Pair {
    fn rsa(with: &'static dyn RsaEncoding, name: &'static str) -> Pair {
        Pair::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap(), with, name)
    }

    fn ec(with: &'static EcdsaSigningAlgorithm, curve: &'static str, name: &'static str) -> Pair {
        Pair::Ec(EcdsaKeyPair::generate(with).unwrap(), curve, name)
    }

    fn name(&self) -> &'static str {
        match self {
            Pair::Rsa(_, _, name) | Pair::Ec(_, _, name) => name,
        }
    }

    fn public(&self) -> Value {
        match self {
            Pair::Rsa(pair, ..) => {
                let key = pair.public_key();
                let (n, e) = (key.modulus().big_endian_without_leading_zero(), key.exponent());
                json!({ "kty": "RSA", "kid": self.name(), "use": "sig", "alg": self.name(), "n": b64(n),
                        "e": b64(e.big_endian_without_leading_zero()) })
            }
            Pair::Ec(pair, curve, _) => {
                let point = &pair.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                json!({ "kty": "EC", "kid": self.name(), "crv": curve, "x": b64(x), "y": b64(y) })
            }
        }
    }

    fn sign(&self, text: &str) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Pair::Rsa(pair, with, _) => {
                let mut out = vec![0; pair.public_modulus_len()];
                pair.sign(*with, &random, text.as_bytes(), &mut out).unwrap();
                out
            }
            Pair::Ec(pair, ..) => pair.sign(&random, text.as_bytes()).unwrap().as_ref().to_vec(),
        }
    }

    fn token(&self, header: Value, claims: &Value) -> String {
        let signed = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
        let signature = self.sign(&signed);
        format!("{signed}.{}", b64(signature))
    }

    fn usual(&self, claims: &Value) -> String {
        self.token(json!({ "alg": self.name(), "kid": self.name(), "typ": "JWT" }), claims)
    }
}

fn claims() -> Value {
    json!({ "iss": "https://ci.example/jobs", "sub": "main", "aud": ["other", "sts.amazonaws.com"],
            "exp": NOW / 1_000 + 60, "nbf": NOW / 1_000 - 60 })
}

fn provider(keys: &[&Pair]) -> Arc<Provider> {
    let keys: Vec<Value> = keys.iter().map(|pair| pair.public()).collect();
    let file = json!({ "providers": [
        { "arn": ARN, "audiences": ["sts.amazonaws.com"], "jwks": { "keys": keys } }
    ] });
    Arc::clone(Directory::parse(&file.to_string()).unwrap().provider(ARN).unwrap())
}

fn check(token: &str, provider: &Provider, now: i64) -> Result<(), NotTaken> {
    provider.check(&WebIdentity::read(token).expect("a token"), now)
}

#[test]
fn every_algorithm_is_taken_and_no_other_keys() {
    let pairs = [
        Pair::rsa(&signature::RSA_PKCS1_SHA256, "RS256"),
        Pair::rsa(&signature::RSA_PKCS1_SHA384, "RS384"),
        Pair::rsa(&signature::RSA_PKCS1_SHA512, "RS512"),
        Pair::ec(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, "P-256", "ES256"),
        Pair::ec(&signature::ECDSA_P384_SHA384_FIXED_SIGNING, "P-384", "ES384"),
        Pair::ec(&signature::ECDSA_P521_SHA512_FIXED_SIGNING, "P-521", "ES512"),
    ];
    let all = provider(&pairs.iter().collect::<Vec<_>>());
    for (at, pair) in pairs.iter().enumerate() {
        assert_eq!(check(&pair.usual(&claims()), &all, NOW), Ok(()), "{}", pair.name());
        let unnamed = pair.token(json!({ "alg": pair.name() }), &claims());
        assert_eq!(check(&unnamed, &all, NOW), Ok(()), "{} without kid", pair.name());
        let others = provider(&[&pairs[(at + 1) % pairs.len()]]);
        assert_eq!(check(&pair.usual(&claims()), &others, NOW), Err(NotTaken::Signature), "{}", pair.name());
    }
}

#[test]
fn a_token_holds_between_its_dates_for_its_audience_and_from_its_issuer() {
    let pair = Pair::ec(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, "P-256", "ES256");
    let provider = provider(&[&pair]);
    let with = |name: &str, value: Value| {
        let mut claims = claims();
        claims[name] = value;
        check(&pair.usual(&claims), &provider, NOW)
    };
    let without = |name: &str| {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name);
        check(&pair.usual(&claims), &provider, NOW)
    };
    let seconds = NOW / 1_000;
    assert_eq!(with("exp", json!(seconds)), Err(NotTaken::Expired { now: seconds, until: seconds }));
    assert_eq!(with("exp", json!(seconds + 1)), Ok(()));
    assert_eq!(with("exp", json!("never")), Err(NotTaken::Lacks("exp")));
    assert_eq!(with("nbf", json!(seconds + 1)), Err(NotTaken::NotYet { now: seconds, from: seconds + 1 }));
    assert_eq!(with("nbf", json!(seconds)), Ok(()));
    assert_eq!(with("aud", json!("sts.amazonaws.com")), Ok(()));
    assert_eq!(with("aud", json!("sts.amazonaws.com.evil")), Err(NotTaken::Audience));
    assert_eq!(with("iss", json!("https://ci.example/other")), Err(NotTaken::Issuer));
    assert_eq!(with("iss", json!("http://ci.example/jobs")), Err(NotTaken::Issuer));
    assert_eq!(without("exp"), Err(NotTaken::Lacks("exp")));
    assert_eq!(without("sub"), Err(NotTaken::Lacks("sub")));
    assert_eq!(without("aud"), Err(NotTaken::Audience));
    assert_eq!(without("nbf"), Ok(()));
    assert_eq!(
        with("exp", json!(seconds - 9)).unwrap_err().to_string(),
        "Token expired: current date/time 1800000000 must be before the expiration date/time 1799999991"
    );
}

#[test]
fn what_is_not_signed_by_the_provider_is_refused() {
    let pair = Pair::rsa(&signature::RSA_PKCS1_SHA256, "RS256");
    let provider = provider(&[&pair]);
    let good = pair.usual(&claims());
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (header, _) = signed.split_once('.').unwrap();
    let mut changed = claims();
    changed["sub"] = json!("fork");
    let unsigned = format!("{}.{}.", b64(json!({ "alg": "none" }).to_string()), b64(claims().to_string()));
    let by_secret = {
        let text = format!("{}.{}", b64(json!({ "alg": "HS256" }).to_string()), b64(claims().to_string()));
        let modulus = pair.public()["n"].as_str().unwrap().to_string();
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, modulus.as_bytes());
        format!("{text}.{}", b64(aws_lc_rs::hmac::sign(&key, text.as_bytes())))
    };
    for (what, token) in [
        ("no signature", format!("{signed}.")),
        ("another's claims", format!("{header}.{}.{signature}", b64(changed.to_string()))),
        ("alg none", unsigned),
        (
            "alg none with a signature",
            format!("{}.{signature}", signed.replace(header, &b64(r#"{"alg":"none"}"#))),
        ),
        ("a secret made of the public key", by_secret),
        ("another algorithm", pair.token(json!({ "alg": "RS512" }), &claims())),
        ("a key of another name", pair.token(json!({ "alg": "RS256", "kid": "other" }), &claims())),
        ("what must be understood", pair.token(json!({ "alg": "RS256", "crit": ["exp"] }), &claims())),
        ("a fourth part", format!("{good}.{signature}")),
    ] {
        assert_eq!(
            WebIdentity::read(&token).map(|token| provider.check(&token, NOW)),
            if what == "a fourth part" { None } else { Some(Err(NotTaken::Signature)) },
            "{what}"
        );
    }
    for no_token in ["", "a.b", "a.b.c", "....", &format!("{}.{}.x", b64("[]"), b64("{}"))] {
        assert!(WebIdentity::read(no_token).is_none(), "{no_token}");
    }
}

#[test]
fn a_key_set_that_cannot_be_used_says_why() {
    let pair = Pair::rsa(&signature::RSA_PKCS1_SHA256, "RS256");
    let changed = |name: &str, value: Value| {
        let mut key = pair.public();
        key[name] = value;
        json!({ "keys": [key] }).to_string()
    };
    for (set, said) in [
        ("{".to_string(), "not JSON"),
        ("[]".into(), "not a JSON Web Key Set"),
        (r#"{"keys":[]}"#.into(), "no key in it"),
        (changed("use", json!("enc")), "no key in it"),
        (changed("kty", json!("oct")), "no key in it"),
        (changed("n", json!("AQAB")), "at least 2048 bits"),
        (changed("n", json!("+/")), "keys[0]: `n` is not Base64"),
        (changed("e", Value::Null), "keys[0]: `e` is missing"),
        (json!({ "keys": [{ "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" }] }).to_string(), "32 bytes"),
    ] {
        let why = KeySet::parse(&set).unwrap_err();
        assert!(why.contains(said), "{set}: {why}");
    }
    let problems =
        Directory::parse(r#"{"providers":[{"arn":"ci.example","jwks":{"keys":[]}}]}"#).unwrap_err();
    assert_eq!(problems.list.len(), 2, "{problems}");
    let file =
        json!({ "providers": [{ "arn": ARN, "audiences": ["a"], "jwksFile": "keys.json" }] }).to_string();
    assert!(Directory::parse(&file).unwrap_err().to_string().contains("give the keys as `jwks`"));
    let set = json!({ "keys": [pair.public()] }).to_string();
    let read = Directory::read(&file, "principals", &mut |name| {
        if name == "keys.json" { Ok(set.clone()) } else { Err("?".into()) }
    });
    assert!(read.unwrap().provider(ARN).is_some());
}

#[test]
fn tags_of_a_token_are_read() {
    let mut claims = claims();
    claims[TAGS] =
        json!({ "principal_tags": { "team": ["red"], "stage": "b" }, "transitive_tag_keys": ["team"] });
    let pair = Pair::ec(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, "P-256", "ES256");
    let token = WebIdentity::read(&pair.usual(&claims)).unwrap();
    assert_eq!(token.tags, BTreeMap::from([("team".into(), "red".into()), ("stage".into(), "b".into())]));
    assert!(token.has_transitive_tags);
    assert_eq!(token.issuer_name(), "ci.example/jobs");
}
