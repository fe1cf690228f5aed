use super::*;
use crate::api::KeySpec;
use crate::facts;
use crate::workload::{TraceRows, trace};
use std::collections::BTreeMap;

fn event(id: &str, time: &str, more: &str) -> String {
    format!(
        r#"{{"eventSource":"kms.amazonaws.com","eventName":"Decrypt","eventType":"AwsApiCall","awsRegion":"eu-west-1",
        "eventID":"{id}","eventTime":"{time}"{more}}}"#
    )
    .replace('\n', " ")
}

fn log_of(files: &[&str]) -> Log {
    let mut collector = Collector::default();
    for (number, text) in files.iter().enumerate() {
        collector.record(&format!("file-{number}"), read(text.as_bytes()).unwrap());
    }
    collector.log(None)
}

#[test]
fn an_event_that_two_files_tell_of_counts_once_whatever_the_order_of_files() {
    let a = event("a", "2026-01-01T00:00:01Z", r#","requestParameters":{"keyId":"k1"}"#);
    let b = event("b", "2026-01-01T00:00:00Z", r#","requestParameters":{"keyId":"k2"}"#);
    let first = format!(r#"{{"Records":[{a},{b}]}}"#);
    let second = format!(r#"{{"Records":[{b}]}}"#);
    let log = log_of(&[&first, &second]);
    assert_eq!((log.files, log.records, log.kms_events, log.duplicates), (2, 3, 2, 1));
    assert_eq!(log.calls.iter().map(|call| call.key).collect::<Vec<_>>(), [Some(0), Some(1)]);
    assert_eq!(log.calls, log_of(&[&second, &first]).calls.into_iter().collect::<Vec<_>>());
}

#[test]
fn a_call_that_two_accounts_log_counts_once() {
    let shared = |id| event(id, "2026-01-01T00:00:01Z", r#","sharedEventID":"one""#);
    assert_eq!(log_of(&[&format!("{}\n{}", shared("a"), shared("b"))]).kms_events, 1);
}

#[test]
fn a_throttled_call_without_parameters_is_counted_with_the_key_its_resources_name() {
    let more = r#","errorCode":"ThrottlingException","requestParameters":null,
        "resources":[{"ARN":"arn:aws:kms:eu-west-1:1:alias/x"},{"ARN":"arn:aws:kms:eu-west-1:1:key/k"}],
        "userIdentity":{"type":"AWSService","invokedBy":"s3.amazonaws.com"}"#;
    let log = log_of(&[&event("a", "2026-01-01T00:00:01Z", more)]);
    assert_eq!((log.throttled, log.keys, log.calls[0].key), (1, 1, Some(0)));
    assert_eq!(log.by_error, BTreeMap::from([("ThrottlingException".into(), 1)]));
    assert_eq!(log.by_invoker, BTreeMap::from([("s3.amazonaws.com".into(), 1)]));
}

#[test]
fn records_that_are_no_events_are_counted_and_told_of_and_the_rest_is_read() {
    let good = event("a", "2026-01-01T00:00:01Z", "");
    let bad = event("b", "yesterday", "");
    let log =
        log_of(&[&format!(r#"{{"Records":[{good},{bad},17,null,{{"eventSource":"s3.amazonaws.com"}}]}}"#)]);
    assert_eq!((log.records, log.kms_events, log.skipped), (5, 1, 3));
    assert_eq!(log.flaws[0], "file-0: record 2: its eventTime is no time");
    let log = log_of(&[&format!("{good}\n{{\"cut\": \n{}\n", event("c", "2026-01-01T00:00:02Z", ""))]);
    assert_eq!((log.records, log.kms_events, log.skipped), (3, 2, 1));
}

#[test]
fn contexts_are_equal_whatever_the_order_of_their_names() {
    let context = |id, text: &str| {
        let more = format!(r#","requestParameters":{{"encryptionContext":{text}}}"#);
        event(id, "2026-01-01T00:00:01Z", &more)
    };
    let same = [context("a", r#"{"x":"1","y":"2"}"#), context("b", r#"{"y":"2","x":"1"}"#)].concat();
    assert_eq!(log_of(&[&same]).contexts, 1);
    assert_eq!(log_of(&[&(same + &context("c", r#"{"x":"1"}"#))]).contexts, 2);
}

#[test]
fn files_that_are_no_log_are_refused() {
    for text in ["", "  \n", "[1]", "{\"Records\": 1}", "{\"Records\": [", "PK\u{3}\u{4}", "\u{1f}\u{8b}"] {
        assert!(read(text.as_bytes()).is_err(), "{text:?}");
    }
    assert_eq!(read(b"{\"Records\":[]}").unwrap(), File::default());
    assert_eq!(
        read(b"\x1f\x8b").unwrap_err().to_string(),
        "the gzipped file cannot be inflated: unexpected end of file"
    );
}

#[test]
fn names_that_could_move_a_cursor_do_not_pass() {
    let more = r#","userIdentity":{"userName":"a\u001b[2J"}"#;
    let log = log_of(&[&event("a", "2026-01-01T00:00:01Z", more)]);
    assert_eq!(log.by_invoker.keys().collect::<Vec<_>>(), ["user a?[2J"]);
}

#[test]
fn a_trace_spreads_the_calls_of_a_second_and_reads_back() {
    let at = |id, second| {
        event(id, &format!("2026-01-01T00:00:0{second}Z"), r#","requestParameters":{"keyId":"secret"}"#)
    };
    let mut collector = Collector::default();
    let text = [at("a", 1), at("b", 1), at("c", 3)].concat();
    collector.record("file", read(text.as_bytes()).unwrap());
    assert!(Replay::of(&collector.log(None)).is_none());
    let log = collector.log(collector.busiest_region());
    let replay = Replay::of(&log).unwrap();
    let mut out = Vec::new();
    replay.write_trace(KeySpec::SymmetricDefault, &mut out).unwrap();
    let written = String::from_utf8(out).unwrap();
    let expected =
        "time_s,job,key,context\n0.250000000,Decrypt,0,\n0.750000000,Decrypt,0,\n2.500000000,Decrypt,0,\n";
    assert_eq!(written, expected);
    let TraceRows::Jobs(jobs) = trace::read(written.as_bytes(), &BTreeMap::new()).unwrap() else { panic!() };
    assert_eq!(jobs[2].at.as_nanos(), 2_500_000_000);
    let scenario = replay.scenario();
    assert!(scenario.starts_with("# Would the KMS calls"), "{scenario}");
    assert!(
        scenario.contains("jobs: { Decrypt: 3 }") && scenario.contains("region: eu-west-1"),
        "{scenario}"
    );
    assert!(!scenario.contains("secret"));
}

#[test]
fn calls_that_need_another_kind_of_key_have_a_workload_and_a_trace_of_their_own() {
    let decrypt = event("a", "2026-01-01T00:00:01Z", "");
    let sign =
        event("b", "2026-01-01T00:00:01Z", r#","requestParameters":{"signingAlgorithm":"ECDSA_SHA_256"}"#);
    let mut collector = Collector::default();
    let text = decrypt + &sign.replace("Decrypt", "Sign");
    collector.record("file", read(text.as_bytes()).unwrap());
    let log = collector.log(Some("eu-west-1"));
    let replay = Replay::of(&log).unwrap();
    assert_eq!(
        replay.specs().into_iter().collect::<Vec<_>>(),
        [KeySpec::SymmetricDefault, KeySpec::EccNistP256]
    );
    let mut out = Vec::new();
    replay.write_trace(KeySpec::EccNistP256, &mut out).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), "time_s,job,key,context\n0.750000000,Sign,,\n");
    let scenario = replay.scenario();
    for part in [
        "recorded-ecc-nist-p256:",
        "file: trace-ecc-nist-p256.csv",
        "spec: ECC_NIST_P256",
        "jobs: { Sign: 1 }",
    ] {
        assert!(scenario.contains(part), "{part} is missing:\n{scenario}");
    }
}

#[test]
fn a_real_log_is_found_to_hold_what_another_program_counted() {
    let folder = facts::path("cloudtrail/invictus-2023-07-10");
    let mut collector = Collector::default();
    for file in std::fs::read_dir(folder).unwrap() {
        let file = file.unwrap().path();
        collector.record(&file.display().to_string(), read(&std::fs::read(&file).unwrap()).unwrap());
    }
    let log = collector.log(collector.busiest_region());
    let expected = facts::text("cloudtrail/invictus-expected.json");
    let expected: serde_json::Value = serde_json::from_str(&expected).unwrap();
    let peak = |peak: Option<Peak>, digits: usize| {
        let peak = peak.unwrap();
        serde_json::json!([peak.calls, peak.at.to_string()[..digits]])
    };
    assert_eq!(expected["files"], log.files);
    assert_eq!(expected["records"], log.records);
    assert_eq!(expected["kms_events"], log.kms_events);
    assert_eq!(expected["by_operation"], serde_json::json!(log.by_operation));
    assert_eq!(expected["by_invoker"], serde_json::json!(log.by_invoker));
    assert_eq!(expected["distinct_keys"], log.keys);
    assert_eq!(expected["peak_second"], peak(log.peak_second, 20));
    assert_eq!(expected["peak_minute"], peak(log.peak_minute, 16));
    let minutes = log.per_minute().into_iter().map(|(at, calls)| (at.to_string()[..16].to_owned(), calls));
    assert_eq!(expected["per_minute"], serde_json::json!(minutes.collect::<BTreeMap<_, _>>()));
    assert_eq!(expected["first"], log.first.unwrap().to_string());
    assert_eq!(expected["last"], log.last.unwrap().to_string());
    assert_eq!((log.duplicates, log.skipped, log.throttled), (0, 0, 0));
    let mut seconds = String::from("time,Decrypt,Encrypt,GenerateDataKey,total\n");
    for (at, operations) in &log.per_second {
        let calls = |name: &str| operations.get(name).copied().unwrap_or(0);
        let (d, e, g) = (calls("Decrypt"), calls("Encrypt"), calls("GenerateDataKey"));
        seconds += &format!("{at},{d},{e},{g},{}\n", operations.values().sum::<u64>());
    }
    let counted = facts::text("cloudtrail/invictus-kms-per-second.csv");
    let counted = counted.lines().filter(|line| !line.starts_with('#'));
    assert!(seconds.lines().eq(counted), "{seconds}");
}

#[test]
fn documented_examples_of_every_kind_of_event_parse() {
    let file = read(&facts::bytes("cloudtrail/documented-examples.ndjson")).unwrap();
    assert_eq!((file.records, file.events.len(), file.skipped), (62, 62, 0));
    let names =
        file.events.iter().map(|event| event.name.as_str()).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(names.len(), 45);
    let mut collector = Collector::default();
    collector.record("examples", file);
    let log = collector.log(None);
    assert_eq!(log.kms_events + log.duplicates, 62);
    let not_calls = ["DeleteExpiredKeyMaterial", "DeleteKey", "RotateKey", "SynchronizeMultiRegionKey"];
    assert_eq!(log.not_calls.keys().collect::<Vec<_>>(), not_calls);
}
