//! What must hold whatever bytes come: used by the fuzz targets and by a bounded run of random and mutated ones.

use hyper::HeaderMap;
use hyper::header::HeaderValue;
use keystorm::api::{KeySpec, Operation};
use keystorm::emulator;
use keystorm::emulator::seed::{Format, read};
use keystorm::intake::cloudtrail::{Collector, Filter, Replay, Traces, fitted, page};
use keystorm::kms::access::{
    ConditionContext, Directory, KeyAccess, Kind, Policy, Principal, Question, authorize,
};
use keystorm::kms::crypto::{Header, Material, MaterialId, Secret, decrypt, encrypt};
use keystorm::kms::keys::Moment;
use keystorm::kms::wire::decode;
use keystorm::kms::{Config, Kms};
use keystorm::server::sigv4::{self, Authorization, Signed};
use keystorm::server::{Auth, Service, Settings};
use keystorm::workload::{TraceRows, trace};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Any body is decoded or refused, and nothing of it that is secret is shown.
pub fn wire(bytes: &[u8]) {
    let Some((first, body)) = bytes.split_first() else { return };
    let operation = Operation::ALL[usize::from(*first) % Operation::ALL.len()];
    let decoded = decode(operation, body);
    let shown = format!("{:?}", decoded.input);
    if decoded.input.has("Plaintext") && decoded.input.is_given("Plaintext") {
        assert!(shown.contains("Plaintext: [redacted]"), "a plaintext is shown");
        // Not looked for by its text, which another member may say too: whatever it is, the same is shown.
        if let Ok(Value::Object(mut members)) = serde_json::from_slice(body) {
            members.insert("Plaintext".into(), "YW5vdGhlciBvbmU=".into());
            let other = decode(operation, Value::Object(members).to_string().as_bytes());
            assert_eq!(shown, format!("{:?}", other.input), "a plaintext is shown");
        }
    }
    if let Some(problem) = decoded.problem {
        assert!(problem.body().starts_with(b"{\"__type\":\"") && (400..600).contains(&problem.status));
    }
}

/// Any text is a policy or is not one, and a policy has an answer to every question.
pub fn policy(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for kind in [Kind::Key, Kind::Identity] {
        let Ok(policy) = Policy::parse(&text, kind) else { continue };
        let mut context = ConditionContext::default();
        context.one("kms:CallerAccount", "111122223333");
        context.many("kms:EncryptionContextKeys", ["a", "b"]);
        context.one("aws:SourceIp", "10.0.0.1");
        let encryption_context = BTreeMap::from([("a".to_string(), "b".to_string())]);
        for arn in ["arn:aws:iam::111122223333:user/a", "arn:aws:sts::444455556666:assumed-role/r/s"] {
            let caller = Principal::from_arn(arn).expect("an ARN of ours");
            let policies = [policy.clone()];
            for action in ["kms:Encrypt", "kms:PutKeyPolicy"] {
                let key = (kind == Kind::Key).then_some(KeyAccess {
                    account: "111122223333",
                    policy: &policy,
                    grants: &[],
                });
                let caller_policies = if kind == Kind::Key { &[][..] } else { &policies };
                let question = Question {
                    caller: &caller,
                    caller_policies,
                    action,
                    resource: "arn:aws:kms:r:1:key/k",
                    key,
                    context: &context,
                    encryption_context: &encryption_context,
                };
                let first = authorize(&question);
                assert_eq!(first, authorize(&question));
                assert!(!first.is_err_and(|denied| denied.message().is_empty()));
            }
        }
    }
}

/// Operators of conditions, each with the one that says the opposite of a key that has one value.
const OPPOSITES: [(&str, &str); 10] = [
    ("StringEquals", "StringNotEquals"),
    ("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"),
    ("StringLike", "StringNotLike"),
    ("NumericEquals", "NumericNotEquals"),
    ("NumericLessThan", "NumericGreaterThanEquals"),
    ("NumericGreaterThan", "NumericLessThanEquals"),
    ("DateEquals", "DateNotEquals"),
    ("DateLessThan", "DateGreaterThanEquals"),
    ("IpAddress", "NotIpAddress"),
    ("ArnLike", "ArnNotLike"),
];

/// A condition and its opposite never both hold, `…IfExists` of a key that is there is the operator itself, and of one that
/// is missing it holds. Lines: which pair, the value in the policy, the value of the call.
pub fn condition(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.splitn(3, '\n');
    let (Some(first), Some(wanted), Some(given)) = (lines.next(), lines.next(), lines.next()) else { return };
    let pair = first.bytes().map(usize::from).sum::<usize>() % OPPOSITES.len();
    let (operator, opposite) = OPPOSITES[pair];
    let key = ["aws:PrincipalTag/t", "aws:SourceIp"][usize::from(operator == "IpAddress")];
    let holds = |operator: &str, is_there: bool| {
        let condition = serde_json::json!({ operator: { key: wanted } });
        let statement = serde_json::json!({ "Effect": "Allow", "Action": "kms:*", "Resource": "*", "Condition": condition });
        let document = serde_json::json!({ "Version": "2012-10-17", "Statement": statement }).to_string();
        let policies = [Policy::parse(&document, Kind::Identity).ok()?];
        let mut context = ConditionContext::default();
        if is_there {
            context.one(key, given);
        }
        let arn = "arn:aws:iam::111122223333:user/a";
        let question = Question {
            caller: &Principal::from_arn(arn).expect("an ARN of ours"),
            caller_policies: &policies,
            action: "kms:ListKeys",
            resource: "*",
            key: None,
            context: &context,
            encryption_context: &BTreeMap::new(),
        };
        Some(authorize(&question).is_ok())
    };
    let (is, is_not) = (holds(operator, true), holds(opposite, true));
    assert_eq!(is.is_some(), is_not.is_some(), "{operator} and {opposite} read {wanted:?} alike");
    assert!(
        is != Some(true) || is_not != Some(true),
        "{operator} and {opposite} of {given:?} and {wanted:?}"
    );
    for (operator, said) in [(operator, is), (opposite, is_not)] {
        let lenient = format!("{operator}IfExists");
        assert_eq!(holds(&lenient, true), said, "{lenient} of {given:?} and {wanted:?}");
        assert_eq!(holds(&lenient, false), said.map(|_| true), "{lenient} of a key that is missing");
    }
}

/// Whose private key nobody has: the generator of the curve is its public key's point.
const PRINCIPALS: &str = r#"{ "principals": [ { "arn": "arn:aws:iam::111122223333:role/team/ci",
    "trust": { "Statement": { "Effect": "Allow", "Principal": "*", "Action": "sts:*" } } } ],
  "providers": [ { "arn": "arn:aws:iam::111122223333:oidc-provider/ci.example/jobs", "audiences": ["sts.amazonaws.com"],
    "jwks": { "keys": [ { "kty": "EC", "crv": "P-256", "x": "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY",
                          "y": "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU" } ] } } ] }"#;

/// Whoever signs nothing and has no token of a provider gets no credentials, whatever is asked for, and always an answer.
pub fn sts(bytes: &[u8]) {
    static SERVERS: OnceLock<[Service; 2]> = OnceLock::new();
    let [verifying, permissive] = SERVERS.get_or_init(|| {
        [Auth::Verify, Auth::Off].map(|auth| {
            let directory = Directory::parse(PRINCIPALS).expect("a file of ours");
            Service::new(Settings { auth, ..Settings::default() }.emulating(|emulator| {
                emulator.directory = directory;
                emulator.account = "111122223333".into();
            }))
            .expect("it starts in memory")
        })
    });
    for (server, may_lend) in [(verifying, false), (permissive, true)] {
        let (status, body) = server.ask_sts(bytes);
        let text = String::from_utf8(body).expect("an answer is text");
        assert!(matches!(status, 200 | 400 | 403 | 404), "{status} {text}");
        assert!(status != 200 || may_lend, "lent to nobody: {text}");
        assert!(!text.contains("<SecretAccessKey></SecretAccessKey>"), "{text}");
    }
}

/// A ciphertext that was changed in any way does not open; neither does anything made up.
pub fn ciphertext(bytes: &[u8]) {
    static MADE: OnceLock<(Material, Vec<u8>)> = OnceLock::new();
    let context = BTreeMap::from([("tenant".to_string(), "a".to_string())]);
    let (key, good) = MADE.get_or_init(|| {
        let key = Material::generate(KeySpec::SymmetricDefault).expect("randomness");
        let id = MaterialId::from_bytes([7; 32]);
        let blob = encrypt(&key, &id, &context, b"thirty-two bytes of a plaintext.").expect("randomness");
        (key, blob)
    });
    assert!(decrypt(key, bytes, &context).is_err() || bytes == good);
    drop(Header::read(bytes));
    let mut changed = good.clone();
    for edit in bytes.chunks_exact(3) {
        let at = usize::from(u16::from_be_bytes([edit[0], edit[1]]));
        match edit[2] {
            0 if at < changed.len() => changed.truncate(at),
            1 => changed.insert(at % (changed.len() + 1), edit[0]),
            bits if !changed.is_empty() => {
                let at = at % changed.len();
                changed[at] ^= bits;
            }
            _ => {}
        }
    }
    assert_eq!(decrypt(key, &changed, &context).is_ok(), changed == *good, "a forgery opens");
}

/// A signature that was changed, or is of something else, is refused.
pub fn signature(bytes: &[u8]) {
    const HEADER: &str = "AWS4-HMAC-SHA256 Credential=AKIA/20261124/eu-west-1/kms/aws4_request, \
        SignedHeaders=content-type;host;x-amz-date;x-amz-target, \
        Signature=99f65549bb49b2117ea9a7b360d542fd05e44b1aef9f3f2d4256792fa3d42fe7";
    const AT: i64 = 1_795_483_800_000;
    let mut parts: Vec<Vec<u8>> =
        [HEADER, "{}", "TrentService.Decrypt", "20261124T013000Z", "localhost:8080"]
            .iter()
            .map(|text| text.as_bytes().to_vec())
            .collect();
    let good = parts.clone();
    for edit in bytes.chunks_exact(3) {
        let part = &mut parts[usize::from(edit[0]) % 5];
        let at = usize::from(edit[1]);
        match edit[2] {
            0 => part.truncate(at),
            1 => part.insert(at % (part.len() + 1), edit[0]),
            bits if !part.is_empty() => {
                let at = at % part.len();
                part[at] ^= bits;
            }
            _ => {}
        }
    }
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/x-amz-json-1.1"));
    for (name, at) in [("x-amz-target", 2), ("x-amz-date", 3), ("host", 4)] {
        let Ok(value) = HeaderValue::from_bytes(&parts[at]) else { return };
        headers.insert(name, value);
    }
    let Ok(header) = std::str::from_utf8(&parts[0]) else { return };
    let Some(read) = Authorization::read(header) else { return };
    let call = Signed { method: "POST", path: "/", query: "", headers: &headers, body: &parts[1] };
    // The access key is not signed: another one has another secret.
    let is_accepted = read.access_key == "AKIA"
        && read.verify(&call, &Secret::from(b"hush".as_slice()), sigv4::Service::Kms, AT).is_ok();
    // Spaces around the parts of a header, and at the ends of a value, are not signed.
    let trimmed = |parts: &[Vec<u8>]| -> Vec<String> {
        let bare = |(at, part): (usize, &Vec<u8>)| match at {
            0 => String::from_utf8_lossy(part).split_whitespace().collect(),
            1 => format!("{part:?}"),
            _ => String::from_utf8_lossy(part).split_whitespace().collect::<Vec<_>>().join(" "),
        };
        parts.iter().enumerate().map(bare).collect()
    };
    assert!(!is_accepted || trimmed(&parts) == trimmed(&good), "a forgery is accepted: {header}");
}

/// Any text is seeds or problems with their places, and whatever is read can be planted or is refused in a sentence.
pub fn seed(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let now = Moment::from_millis(1_767_225_600_000);
    for format in [Format::LocalKms, Format::Keystorm] {
        match read(&text, "seeds", format, &emulator::Settings::default(), now) {
            Err(problems) => {
                assert!(
                    !problems.list.is_empty() && problems.list.iter().all(|each| each.line > 0),
                    "{problems}"
                );
            }
            Ok(seeds) => {
                let mut kms = Kms::new(config(), now);
                // Making an RSA key takes as long as a thousand other inputs.
                for seed in seeds.into_iter().filter(|seed| !seed.materials.is_empty()) {
                    assert!(!format!("{seed:?}").contains("5cdaead27fe7"), "key material is shown");
                    _ = kms.plant(seed, now);
                }
            }
        }
    }
}

/// An emulator without bounds or faults.
fn config() -> Config {
    Config {
        quotas: emulator::Settings::default().quotas,
        service_time: emulator::Settings::default().service_time,
        faults: Vec::new(),
        limits: emulator::Settings::default().limits,
        consistency: emulator::Settings::default().consistency,
        directory: Default::default(),
        token_key: [7; 32],
        assumed: emulator::Settings::default().assumed,
        is_front: false,
        realms: 1_000,
        tells_retry: false,
        seed: 1,
        is_durable: false,
    }
}

/// Any bytes, in whatever envelope, are either a log whose sums agree or no log; the trace made of it reads back.
pub fn cloudtrail(bytes: &[u8]) {
    let mut collector = Collector::new(Filter::default());
    if collector.read("first", bytes.len() as u64, bytes).is_err() {
        return;
    }
    collector.read("copy", bytes.len() as u64, bytes).expect("it was a log before");
    let mut events = collector.settle(1).expect("memory takes every row");
    let all = events.log(None, None, &mut |_| Ok(())).expect("memory gives every row");
    assert_eq!(all.kms_events, all.calls_counted() + all.not_calls.values().sum::<u64>());
    assert_eq!(all.by_region.values().sum::<u64>(), all.kms_events);
    let told =
        all.kms_events + all.own + all.duplicates + all.twins + all.stopped + all.skipped + all.insights;
    assert!(told <= all.records);
    assert!(!page(&all).contains('\u{1b}'));
    let place = events.busiest(None, None).map(|(region, account)| (region.to_owned(), account.to_owned()));
    let Some((region, account)) = place else { return };
    let mut traces = Traces::new(|_| Ok(Vec::new()));
    let log = events.log(Some(&region), Some(&account), &mut |second| traces.add(second)).expect("as before");
    assert_eq!(log.by_invoker.values().sum::<u64>(), log.calls_counted());
    let Some(replay) = Replay::of(&log) else { return };
    assert!(!replay.scenario().contains('\u{1b}') && fitted(&log).is_some());
    let mut rows = 0;
    for written in traces.finish().expect("memory takes every byte").values() {
        match trace::read(written, &BTreeMap::new()) {
            Ok(TraceRows::Jobs(jobs)) => rows += jobs.len() as u64,
            Ok(other) => panic!("{other:?}"),
            // A log that spans more than a trace can hold is refused by name of the field.
            Err(error) => return assert!(error.to_string().contains("time_s"), "{error}"),
        }
    }
    assert_eq!(rows, log.calls_counted());
}
