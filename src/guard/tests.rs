//! The guard, with a look-up of the test's own that counts who asks.

use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Names and what they are found to be, one answer after another; the last one stays.
struct Zone {
    names: BTreeMap<&'static str, Vec<Vec<&'static str>>>,
    asked: Arc<AtomicUsize>,
}

impl Lookup for Zone {
    fn look_up(&self, name: &str) -> std::io::Result<Vec<IpAddr>> {
        let before = self.asked.fetch_add(1, Ordering::Relaxed);
        let answers = self.names.get(name).ok_or_else(|| std::io::Error::other("no such name"))?;
        let answer = answers.get(before).or(answers.last()).expect("an answer");
        Ok(answer.iter().map(|text| text.parse().expect("an address")).collect())
    }
}

/// A guard over this zone, and how often it was asked.
fn guard(consent: Consent, names: &[(&'static str, &[&[&'static str]])]) -> (Guard, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let names = names.iter().map(|(name, answers)| {
        let answers = answers.iter().map(|answer| answer.to_vec()).collect();
        (*name, answers)
    });
    let zone = Zone { names: names.collect(), asked: Arc::clone(&asked) };
    (Guard::asking(zone, consent, Agent::unnamed()), asked)
}

const NOTHING: Consent = Consent { remote: false, aws: false };
const REMOTE: Consent = Consent { remote: true, aws: false };
const AWS: Consent = Consent { remote: false, aws: true };

/// Hosts of AWS in every form, and what to use instead.
const FORMS: [(&str, &str); 18] = [
    ("https://kms.us-east-1.amazonaws.com", "--target aws --region us-east-1, with"),
    ("https://KMS.us-east-1.AMAZONAWS.com.", "--target aws --region us-east-1, with"),
    ("http://kms.us-east-1.amazonaws.com:80", "--target aws --region us-east-1, with"),
    ("https://kms.us-east-1.amazonaws.com:8443/x", "--target aws --region us-east-1, with"),
    (
        "https://kms-fips.us-east-1.amazonaws.com",
        "--region us-east-1 --endpoint-url https://kms-fips.us-east-1.amazonaws.com, with",
    ),
    ("https://kms.us-gov-west-1.amazonaws.com", "--region us-gov-west-1, with"),
    ("https://kms.cn-north-1.amazonaws.com.cn", "--region cn-north-1, with"),
    ("https://kms.eu-west-1.api.aws", "--region eu-west-1 --endpoint-url https://kms.eu-west-1.api.aws"),
    ("https://kms.cn-north-1.api.amazonwebservices.com.cn", "--region cn-north-1 --endpoint-url"),
    ("https://kms.eusc-de-east-1.amazonaws.eu", "--region eusc-de-east-1, with"),
    ("https://kms.eusc-de-east-1.api.amazonwebservices.eu", "--region eusc-de-east-1 --endpoint-url"),
    ("https://kms.us-iso-east-1.c2s.ic.gov", "--region us-iso-east-1, with"),
    ("https://kms.us-isob-east-1.sc2s.sgov.gov", "--region us-isob-east-1, with"),
    ("https://kms.eu-isoe-west-1.cloud.adc-e.uk", "--region eu-isoe-west-1, with"),
    ("https://kms.us-isof-south-1.csp.hci.ic.gov", "--region us-isof-south-1, with"),
    (
        "https://vpce-0a1b-2c3d.kms.us-east-1.vpce.amazonaws.com",
        "--region us-east-1 --endpoint-url https://vpce-0a1b-2c3d.kms.us-east-1.vpce.amazonaws.com",
    ),
    ("https://sts.amazonaws.com", "--region R --endpoint-url"),
    ("http://ec2-203-0-113-1.compute-1.amazonaws.com:8080", "a server of your own is named by its address"),
];

#[test]
fn a_url_of_aws_is_told_by_its_name_and_not_looked_up() {
    for consent in [NOTHING, REMOTE] {
        // A VPC endpoint may well be on a private network: nobody asks.
        let private: &[&[&str]] = &[&["10.0.0.1"]];
        let zone = FORMS.map(|(url, _)| (url.split('/').nth(2).unwrap(), private));
        let (guard, asked) = guard(consent, &zone);
        for (url, remedy) in FORMS {
            let objection = guard.reach(url).expect_err(url);
            assert!(
                objection.is_usage() && matches!(objection, Objection::Aws { .. }),
                "{url}: {objection:?}"
            );
            let said = objection.to_string();
            assert!(said.contains(" is AWS (a host in ") && said.contains(remedy), "{url}: {said}");
            let name = Url::parse(url).unwrap().host.to_string();
            assert!(matches!(guard.resolve(&name), Err(Objection::Aws { .. })), "{url}");
        }
        assert_eq!(asked.load(Ordering::Relaxed), 0);
    }
}

#[test]
fn with_consent_aws_is_reached_under_tls_and_looked_up_by_whoever_connects() {
    let (guard, asked) = guard(AWS, &[]);
    for (url, _) in FORMS {
        match guard.reach(url) {
            Ok(reached) => {
                assert!(url.starts_with("https") && reached.addresses().is_none() && reached.is_remote())
            }
            Err(objection) => assert!(url.starts_with("http:") && objection == Objection::Clear(url.into())),
        }
    }
    assert_eq!(guard.resolve("kms.us-east-1.amazonaws.com."), Ok(None));
    // Consent to AWS is none to anybody else.
    assert!(matches!(guard.reach("https://203.0.113.7"), Err(Objection::Remote { .. })));
    assert_eq!(asked.load(Ordering::Relaxed), 0);
}

#[test]
fn addresses_are_judged_without_a_look_up() {
    let (near, asked) = guard(NOTHING, &[]);
    for (url, to) in [
        ("http://127.0.0.1:8080", "127.0.0.1:8080"),
        ("https://10.1.2.3", "10.1.2.3:443"),
        ("http://[fd12::1]:1", "[fd12::1]:1"),
        ("http://[::ffff:192.168.0.1]", "192.168.0.1:80"),
    ] {
        let reached = near.reach(url).expect(url);
        assert_eq!(reached.addresses(), Some(vec![to.parse().unwrap()]), "{url}");
        assert!(!reached.is_remote());
    }
    for name in ["localhost", "LOCALHOST.", "kms.localhost"] {
        let reached = near.reach(&format!("http://{name}:1")).expect(name);
        let loopback = ["127.0.0.1:1", "[::1]:1"].map(|text| text.parse().unwrap());
        assert_eq!(reached.addresses(), Some(loopback.to_vec()), "{name}");
    }
    for url in ["http://8.8.8.8", "http://100.64.0.1", "http://[2001:db8::1]"] {
        let said = near.reach(url).expect_err(url).to_string();
        assert!(said.contains("--yes-remote") && said.contains("caps.attempts"), "{said}");
    }
    let (far, _) = guard(REMOTE, &[]);
    assert!(far.reach("http://8.8.8.8").expect("consented").is_remote());
    for url in [
        "http://169.254.169.254",
        "http://[::ffff:169.254.169.254]",
        "http://[fd00:ec2::254]",
        "http://0.0.0.0",
    ] {
        for guard in [&near, &far] {
            assert!(matches!(guard.reach(url), Err(Objection::Never { .. })), "{url}");
        }
    }
    assert_eq!(asked.load(Ordering::Relaxed), 0);
}

#[test]
fn a_name_with_one_address_elsewhere_is_not_connected_to() {
    let mixed: &[&[&str]] = &[&["10.0.0.1", "203.0.113.7"]];
    let (near, _) = guard(NOTHING, &[("kms.example.com", mixed)]);
    let said = near.reach("http://kms.example.com").expect_err("one is remote").to_string();
    assert!(said.starts_with("http://kms.example.com leads to 203.0.113.7, which is neither"), "{said}");
    let (far, _) = guard(REMOTE, &[("kms.example.com", mixed)]);
    assert!(far.reach("http://kms.example.com").expect("consented").is_remote());
    let metadata: &[&[&str]] = &[&["10.0.0.1", "169.254.169.254"]];
    let (far, _) = guard(REMOTE, &[("kms.example.com", metadata)]);
    assert!(matches!(far.reach("http://kms.example.com"), Err(Objection::Never { .. })));
}

#[test]
fn a_name_is_looked_up_once_whatever_it_would_be_later() {
    let names: &[&[&str]] = &[&["10.0.0.1"], &["203.0.113.7"]];
    let (guard, asked) = guard(NOTHING, &[("kms.internal", names)]);
    let first = guard.reach("http://Kms.Internal.:8080").expect("private");
    assert_eq!(first.url().to_string(), "http://kms.internal:8080");
    let addresses: Arc<[IpAddr]> = ["10.0.0.1".parse().unwrap()].into();
    for _ in 0..3 {
        assert_eq!(guard.resolve("KMS.internal."), Ok(Some(Arc::clone(&addresses))));
        assert_eq!(guard.reach("http://kms.internal:8080").unwrap().addresses(), first.addresses());
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[test]
fn a_name_that_nobody_knows_is_no_fault_of_the_command_line() {
    let (guard, _) = guard(NOTHING, &[("empty.example", &[&[]])]);
    for (url, why) in [("http://nowhere.example", "no such name"), ("http://empty.example", "no address")] {
        let objection = guard.reach(url).expect_err(url);
        assert!(!objection.is_usage() && objection.to_string().contains(why), "{objection}");
    }
}

#[test]
fn no_password_is_told() {
    let (guard, _) = guard(NOTHING, &[]);
    let said = guard.reach("http://ann:hush@127.0.0.1").expect_err("a user").to_string();
    assert!(said.contains("http://…@127.0.0.1") && !said.contains("hush"), "{said}");
}
