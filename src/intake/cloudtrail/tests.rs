use super::*;
use crate::api::KeySpec;
use crate::facts;
use crate::workload::{TraceRows, trace};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

fn event(id: &str, time: &str, more: &str) -> String {
    format!(
        r#"{{"eventSource":"kms.amazonaws.com","eventName":"Decrypt","eventType":"AwsApiCall","awsRegion":"eu-west-1",
        "eventID":"{id}","eventTime":"{time}"{more}}}"#
    )
    .replace('\n', " ")
}

/// What the log says, and its calls in order with their seconds.
fn told(collector: Collector) -> (Log, Vec<(String, Call)>) {
    told_by(1, collector)
}

fn told_by(threads: usize, collector: Collector) -> (Log, Vec<(String, Call)>) {
    let mut calls = Vec::new();
    let mut events = collector.settle(threads).unwrap();
    let log = events
        .log(None, None, &mut |second| {
            calls.extend(second.calls.iter().map(|call| (second.at.to_string(), *call)));
            Ok(())
        })
        .unwrap();
    (log, calls)
}

fn gathered(files: &[&[u8]]) -> Collector {
    let mut collector = Collector::new(Filter::default());
    for (number, bytes) in files.iter().enumerate() {
        collector.read(&format!("file-{number}"), bytes.len() as u64, *bytes).unwrap();
    }
    collector
}

fn log_of(files: &[&str]) -> Log {
    let bytes: Vec<&[u8]> = files.iter().map(|text| text.as_bytes()).collect();
    told(gathered(&bytes)).0
}

fn refusal(bytes: &[u8]) -> String {
    Collector::new(Filter::default()).read("file", 0, bytes).unwrap_err().to_string()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

#[test]
fn an_event_that_two_files_tell_of_counts_once_whatever_the_order_of_files() {
    let a = event("a", "2026-01-01T00:00:01Z", r#","requestParameters":{"keyId":"k1"}"#);
    let b = event("b", "2026-01-01T00:00:00Z", r#","requestParameters":{"keyId":"k2"}"#);
    let first = format!(r#"{{"Records":[{a},{b}]}}"#);
    let second = format!(r#"{{"Records":[{b}]}}"#);
    let (log, calls) = told(gathered(&[first.as_bytes(), second.as_bytes()]));
    assert_eq!((log.files, log.records, log.kms_events, log.duplicates), (2, 3, 2, 1));
    assert_eq!(calls.iter().map(|(_, call)| call.key).collect::<Vec<_>>(), [Some(0), Some(1)]);
    assert_eq!(calls, told(gathered(&[second.as_bytes(), first.as_bytes()])).1);
}

#[test]
fn copies_count_once_by_shared_event_id_else_event_id_within_region_and_hour() {
    let shared = |id: &str, at: &str| event(id, at, r#","sharedEventID":"one""#);
    let at = "2026-01-01T00:10:01Z";
    assert_eq!(log_of(&[&format!("{}\n{}", shared("a", at), shared("b", at))]).kms_events, 1);
    assert_eq!(
        log_of(&[&format!("{}\n{}", shared("a", at), shared("b", "2026-01-01T00:10:03Z"))]).kms_events,
        1
    );
    // Another hour, another Region, another id: another event.
    assert_eq!(
        log_of(&[&format!("{}\n{}", shared("a", at), shared("a", "2026-01-01T01:10:01Z"))]).kms_events,
        2
    );
    let elsewhere = shared("a", at).replace("eu-west-1", "us-east-1");
    assert_eq!(log_of(&[&format!("{}\n{elsewhere}", shared("a", at))]).kms_events, 2);
    let without = event("a", at, "").replace(r#""eventID":"a","#, "");
    assert_eq!(log_of(&[&format!("{without}\n{without}")]).kms_events, 2, "nothing says that they are one");
}

#[test]
fn the_quota_is_that_of_the_account_that_calls_and_the_fuller_copy_of_a_call_is_kept() {
    let role = r#","sharedEventID":"one","recipientAccountId":"111111111111","userIdentity":{"type":"AssumedRole",
        "accountId":"111111111111","sessionContext":{"sessionIssuer":{"userName":"app"}}}"#;
    let other = r#","sharedEventID":"one","recipientAccountId":"222222222222","userIdentity":{"type":"AWSAccount",
        "accountId":"111111111111"}"#;
    let at = "2026-01-01T00:00:01Z";
    let log = log_of(&[&format!("{}\n{}", event("b", at, other), event("a", at, role))]);
    assert_eq!(log.by_account, BTreeMap::from([("111111111111".into(), 1)]));
    assert_eq!(log.by_invoker, BTreeMap::from([("role app".into(), 1)]));
}

#[test]
fn a_throttled_call_without_parameters_is_counted_with_the_key_its_resources_name() {
    let more = r#","errorCode":"ThrottlingException","requestParameters":null,
        "resources":[{"ARN":"arn:aws:kms:eu-west-1:1:alias/x"},{"ARN":"arn:aws:kms:eu-west-1:1:key/k"}],
        "userIdentity":{"type":"AWSService","invokedBy":"s3.amazonaws.com"}"#;
    let (log, calls) = told(gathered(&[event("a", "2026-01-01T00:00:01Z", more).as_bytes()]));
    assert_eq!((log.throttled, log.keys, calls[0].1.key), (1, 1, Some(0)));
    assert_eq!(log.services, log.by_invoker);
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
fn files_that_are_no_log_are_refused_with_their_shape_and_the_way_out() {
    for (bytes, told) in [
        (&b""[..], "nothing in it"),
        (b"  \n", "nothing in it"),
        (b"{\"Records\": [", "fetch it again"),
        (b"{\"Records\": [{\"eventSource\": \"kms", "fetch it again"),
        (b"PAR1\x15\x04", "a Parquet file"),
        (b"PK\x03\x04\x14", "unzip it"),
        (b"\x28\xb5\x2f\xfd\x24", "zstd -d"),
        (b"BZh91AY", "bzip2 -d"),
        (b"\xff\xfe{\0", "iconv"),
        (b"<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", "aws s3 cp"),
        (
            b"---------------------------------------\n|            LookupEvents             |\n",
            "--output json",
        ),
        (b"Events:\n- CloudTrailEvent: '{}'\n", "YAML"),
        (b"a,b,c\n1,2,3\n", "eventTime, eventSource"),
        (b"eventTime,eventName\n2026-01-01T00:00:00Z,Decrypt\n", "no column eventSource and awsRegion"),
        (b"hello", "begins like nothing that CloudTrail"),
        (b"{\"a\": 1]", "`]` stands where"),
        (b"\x1f\x8b", "cannot be inflated"),
    ] {
        let said = refusal(bytes);
        assert!(said.contains(told), "{:?}: {said}", String::from_utf8_lossy(bytes));
    }
    assert_eq!(log_of(&["{\"Records\":[]}"]).records, 0);
}

#[test]
fn insights_and_digests_are_known_for_what_they_are() {
    let insight = r#"{"Records":[{"eventVersion":"1.08","eventTime":"2026-01-01T00:00:00Z","awsRegion":"eu-west-1",
        "eventID":"i","eventType":"AwsCloudTrailInsight","eventCategory":"Insight",
        "insightDetails":{"state":"Start","eventSource":"kms.amazonaws.com","eventName":"Decrypt"}}]}"#;
    let digest = r#"{"awsAccountId":"111122223333","digestStartTime":"2026-01-01T00:00:00Z","digestEndTime":"2026-01-01T01:00:00Z",
        "digestS3Bucket":"logs","logFiles":[{"s3Object":"a.json.gz","hashValue":"00"}]}"#;
    let log = log_of(&[insight, digest]);
    assert_eq!((log.insights, log.digests, log.skipped, log.kms_events), (1, 1, 0, 0));
}

#[test]
fn a_call_that_a_vpc_endpoint_tells_of_too_is_one_call_and_its_twin_is_named() {
    let at = "2026-01-01T00:00:01Z";
    let own = event("a", at, r#","requestID":"r1""#);
    let network = |id: &str, request: &str, more: &str| {
        event(id, at, &format!(r#","requestID":"{request}","eventCategory":"NetworkActivity"{more}"#))
            .replace("AwsApiCall", "AwsVpceEvent")
    };
    let twin = network("b", "r1", "");
    // The trail has only the endpoint's record of the second, and the endpoint refused the third.
    let (alone, refused) = (network("c", "r2", ""), network("d", "r3", r#","errorCode":"VpceAccessDenied""#));
    for order in [[&own, &twin, &alone, &refused], [&refused, &alone, &twin, &own]] {
        let log = log_of(&[&order.map(String::as_str).join("\n")]);
        assert_eq!((log.kms_events, log.twins, log.stopped, log.duplicates), (2, 1, 1, 0));
    }
}

/// The same two calls, and one of another service, in every form that people have them in.
#[test]
fn every_form_that_events_come_in_gives_the_same_calls() {
    let a = event(
        "0000000a",
        "2026-01-01T00:00:01Z",
        r#","recipientAccountId":"111122223333","requestParameters":{"keyId":"alias/x","encryptionContext":{"k":"v"}}"#,
    );
    let b = event(
        "0000000b",
        "2026-01-01T00:00:02Z",
        r#","recipientAccountId":"111122223333","userIdentity":{"type":"IAMUser","userName":"ann"}"#,
    );
    let c = r#"{"eventVersion":"1.08","eventSource":"s3.amazonaws.com","eventName":"GetObject"}"#;
    let text = |event: &str| serde_json::to_string(event).unwrap();
    let bridge = |event: &str| {
        format!(
            r#"{{"version":"0","detail-type":"AWS API Call via CloudTrail","source":"aws.kms","detail":{event}}}"#
        )
    };
    let looked = |event: &str| {
        format!(
            r#"{{"EventId":"x","EventName":"Decrypt","CloudTrailEvent":{},"Resources":[{{"ResourceName":"r"}}]}}"#,
            text(event)
        )
    };
    let logged = |event: &str| {
        format!(r#"{{"logStreamName":"s","timestamp":1,"message":{},"eventId":"9"}}"#, text(event))
    };
    let all = [&a, &b, c];
    let joined = |with: &dyn Fn(&str) -> String, by: &str| all.map(with).join(by);
    let subscription =
        format!(r#"{{"messageType":"DATA_MESSAGE","logGroup":"g","logEvents":[{}]}}"#, joined(&logged, ","));
    let base64 = |bytes: &[u8]| base64::Engine::encode(&base64::prelude::BASE64_STANDARD, bytes);
    let insight = |event: &str| {
        format!(r#"[{{"field":"@timestamp","value":"t"}},{{"field":"@message","value":{}}}]"#, text(event))
    };
    let csv = |event: &str| format!("\"t\",\"{}\"", event.replace('"', "\"\""));
    let forms: Vec<(&str, Vec<u8>)> = vec![
        ("delivery file", format!(r#"{{"Records":[{}]}}"#, all.join(",")).into()),
        ("lines", all.join("\n").into()),
        ("one after another", all.join("").into()),
        ("array", format!("[{}]", all.join(",")).into()),
        ("array of texts", format!("[{}]", joined(&text, ",")).into()),
        ("texts on lines", joined(&text, "\n").into()),
        ("EventBridge, on lines", joined(&bridge, "\n").into()),
        ("EventBridge, in an array", format!("[{}]", joined(&bridge, ",")).into()),
        ("lookup-events", format!(r#"{{"NextToken":"n","Events":[{}]}}"#, joined(&looked, ",")).into()),
        ("two pages of lookup-events", format!(r#"{{"Events":[{}]}} {{"Events":[{},{}]}}"#, looked(&a), looked(&b), looked(c)).into()),
        (
            "lookup-events as text",
            format!("EVENTS\tAKIA\t{a}\tid\tDecrypt\tkms.amazonaws.com\t1767225601.0\ttrue\nRESOURCES\tr\tAWS::KMS::Key\nEVENTS\tAKIA\t{b}\tid\nEVENTS\t{c}\n").into(),
        ),
        ("a query's texts, between tabs", format!("{}\n", all.join("\t")).into()),
        ("filter-log-events", format!(r#"{{"events":[{}],"searchedLogStreams":[]}}"#, joined(&logged, ",")).into()),
        ("aws logs tail", joined(&|event: &str| format!("2026-01-01T00:00:02 stream {event}"), "\n").replace(r#" {"eventSource""#, r#" {"eventVersion":"1.08","eventSource""#).into()),
        ("subscription", subscription.clone().into()),
        ("subscriptions in an array", format!("[{subscription}]").into()),
        ("Kinesis", format!(r#"{{"Records":[{{"SequenceNumber":"1","Data":"{}"}}]}}"#, base64(&gzip(subscription.as_bytes()))).into()),
        ("SQS", format!(r#"{{"Messages":[{}]}}"#, joined(&|event: &str| format!(r#"{{"Body":{}}}"#, text(&bridge(event))), ",")).into()),
        ("Logs Insights", format!(r#"{{"results":[{}]}}"#, joined(&insight, ",")).into()),
        ("Logs Insights' CSV", format!("@timestamp,@message\n{}\n", joined(&csv, "\n")).into()),
        ("gzip", gzip(all.join("\n").as_bytes())),
        ("two gzips", [gzip(a.as_bytes()), gzip(format!("\n{b}\n{c}").as_bytes())].concat()),
    ];
    let (expected, calls) = told(gathered(&[&forms[0].1]));
    assert_eq!((expected.records, calls.len()), (3, 2));
    for (name, bytes) in &forms {
        let (log, found) = told(gathered(&[bytes]));
        assert_eq!(found, calls, "{name}");
        assert_eq!((log.records, log.skipped, &log.flaws), (3, 0, &Vec::new()), "{name}");
        assert_eq!((&log.by_invoker, log.contexts), (&expected.by_invoker, expected.contexts), "{name}");
    }
}

#[test]
fn tables_of_athena_and_lake_give_the_same_calls() {
    let athena = "eventversion,useridentity,eventtime,eventsource,eventname,awsregion,useragent,errorcode,requestparameters,resources,eventid,eventtype,recipientaccountid,sharedeventid,requestid
1.08,\"{type=AssumedRole, principalid=AROA:x, arn=arn:aws:sts::111122223333:assumed-role/app/x, accountid=111122223333, invokedby=null, accesskeyid=ASIA, username=null, sessioncontext={attributes={mfaauthenticated=false, creationdate=2026-01-01T00:00:00Z}, sessionissuer={type=Role, principalid=AROA, arn=arn:aws:iam::111122223333:role/app, accountid=111122223333, username=app}}}\",2026-01-01T00:00:01Z,kms.amazonaws.com,Decrypt,eu-west-1,aws-cli/2,,\"{\"\"encryptionContext\"\":{\"\"k\"\":\"\"v\"\"}}\",\"[{arn=arn:aws:kms:eu-west-1:111122223333:key/k1, accountid=111122223333, type=AWS::KMS::Key}]\",0a,AwsApiCall,111122223333,,r
1.08,\"{type=AWSService, principalid=null, arn=null, accountid=null, invokedby=s3.amazonaws.com, accesskeyid=null, username=null, sessioncontext=null}\",2026-01-01T00:00:01Z,kms.amazonaws.com,GenerateDataKey,eu-west-1,s3,ThrottlingException,null,,0b,AwsApiCall,111122223333,,r2
";
    let (log, calls) = told(gathered(&[athena.as_bytes()]));
    assert_eq!((calls.len(), log.keys, log.contexts, log.throttled), (2, 1, 1, 1));
    assert_eq!(log.by_invoker, BTreeMap::from([("role app".into(), 1), ("s3.amazonaws.com".into(), 1)]));
    assert_eq!(log.by_account, BTreeMap::from([("111122223333".into(), 2)]));
    let lake = "eventTime,eventSource,eventName,awsRegion,eventID,userIdentity,requestParameters,resources,recipientAccountId
2026-01-01 00:00:01.000,kms.amazonaws.com,Decrypt,eu-west-1,0a,\"{type=IAMUser, accountid=111122223333, username=ann}\",\"{keyId=alias/x, encryptionContext={k=v, a=b}}\",,111122223333
";
    let (log, calls) = told(gathered(&[lake.as_bytes()]));
    assert_eq!((calls[0].0.as_str(), log.keys, log.contexts), ("2026-01-01T00:00:01Z", 1, 1));
    assert_eq!(log.by_invoker, BTreeMap::from([("user ann".into(), 1)]));
    // The query of docs/IMPORT.md.
    let flat = "eventtime,eventsource,eventname,awsregion,eventid,sharedeventid,requestid,eventtype,eventcategory,useragent,errorcode,recipientaccountid,accountid,identitytype,invokedby,username,rolename,requestparameters,keyarn
2026-01-01T00:00:01Z,kms.amazonaws.com,Decrypt,eu-west-1,0a,,r,AwsApiCall,Management,ua,,111122223333,111122223333,AssumedRole,,,app,,arn:aws:kms:eu-west-1:111122223333:key/k1
";
    let (log, _) = told(gathered(&[flat.as_bytes()]));
    assert_eq!((log.keys, log.by_invoker), (1, BTreeMap::from([("role app".into(), 1)])));
}

#[test]
fn a_trail_that_is_told_to_leave_kms_out_is_noticed() {
    let selector = r#"{"eventSource":"cloudtrail.amazonaws.com","eventName":"PutEventSelectors","eventTime":"2026-01-01T00:00:00Z",
        "requestParameters":{"trailName":"t","eventSelectors":[{"excludeManagementEventSources":["kms.amazonaws.com"]}]}}"#;
    assert_eq!(log_of(&[selector]).exclusions, ["2026-01-01T00:00:00Z"]);
    let advanced = r#"{"eventSource":"cloudtrail.amazonaws.com","eventName":"PutEventSelectors","eventTime":"2026-01-01T00:00:00Z",
        "requestParameters":{"advancedEventSelectors":[{"fieldSelectors":[{"field":"eventSource","notEquals":["kms.amazonaws.com"]}]}]}}"#;
    assert_eq!(log_of(&[advanced]).exclusions.len(), 1);
    let refused = selector.replace("\"eventName\"", "\"errorCode\":\"AccessDenied\",\"eventName\"");
    assert!(log_of(&[&refused]).exclusions.is_empty(), "nothing was changed");
}

#[test]
fn filters_leave_out_what_was_not_asked_for() {
    let of = |id: &str, second: u32, key: &str, user: &str| {
        let more = format!(
            r#","requestParameters":{{"keyId":"arn:aws:kms:eu-west-1:111122223333:key/{key}"}},"userIdentity":{{"userName":"{user}"}}"#
        );
        event(id, &format!("2026-01-01T00:00:{second:02}Z"), &more)
    };
    let log = [of("a", 1, "k1", "ann"), of("b", 2, "k2", "bob"), of("c", 3, "k1", "bea")].join("\n");
    let count = |filter: Filter| {
        let mut collector = Collector::new(filter);
        collector.read("file", 0, log.as_bytes()).unwrap();
        let log = told(collector).0;
        (log.kms_events, log.filtered)
    };
    let start = 1_767_225_600;
    assert_eq!(count(Filter { from: Some(start + 2), ..Filter::default() }), (2, 1));
    assert_eq!(count(Filter { to: Some(start + 2), ..Filter::default() }), (1, 2));
    assert_eq!(count(Filter { keys: vec!["k1".into()], ..Filter::default() }), (2, 1));
    assert_eq!(count(Filter { callers: vec!["b*".into()], ..Filter::default() }), (2, 1));
    assert_eq!(count(Filter { callers: vec!["user ann".into(), "bea".into()], ..Filter::default() }), (2, 1));
}

/// Many events in no order, some of them twice.
fn many() -> Vec<String> {
    let file = |number: u64| {
        let record = |n: u64| {
            let second = n * 7919 % 7200;
            let at = jiff::Timestamp::from_second(1_767_225_600 + second as i64).unwrap();
            event(
                &format!("{:08x}", n % 900),
                &at.to_string(),
                &format!(r#","requestParameters":{{"keyId":"k{}"}}"#, n % 7),
            )
        };
        (0..100).map(|n| record(number * 100 + n)).collect::<Vec<_>>().join("\n")
    };
    (0..10).map(file).collect()
}

#[test]
fn what_is_put_aside_changes_nothing_and_an_interrupted_import_goes_on() {
    let files = many();
    let bytes: Vec<&[u8]> = files.iter().map(|text| text.as_bytes()).collect();
    let (log, calls) = told(gathered(&bytes));
    let folder = tempfile::tempdir().unwrap();
    let read = |collector: &mut Collector, from: usize, to: usize| {
        for (number, text) in files.iter().enumerate().take(to).skip(from) {
            collector.read(&format!("file-{number}"), text.len() as u64, text.as_bytes()).unwrap();
        }
    };
    // Room for fewer rows than a file has.
    for room in [30, 250, 5_000] {
        let place = folder.path().join(room.to_string());
        let new = |number: usize| Collector::in_folder(Filter::default(), &place, number).with_room(room);
        let (mut one, mut two) = (new(0), new(1));
        read(&mut one, 0, 4);
        read(&mut two, 4, 6);
        one.put_aside().unwrap();
        two.put_aside().unwrap();
        // Both are gone; a third goes on.
        drop((one, two));
        let mut third = new(0);
        let done = third.resume().unwrap().unwrap();
        assert_eq!(done.len(), 6, "room for {room}");
        assert!(done.contains(&Collector::mark("file-5", files[5].len() as u64)));
        read(&mut third, 6, 10);
        let (again, same) = told(third);
        assert_eq!((again, same == calls), (log.clone(), true), "room for {room}");
    }
    // A file that breaks off leaves nothing behind, and what another thread put aside is not written over.
    let place = folder.path().join("broken");
    let new = |number: usize| Collector::in_folder(Filter::default(), &place, number).with_room(30);
    let mut one = new(1);
    read(&mut one, 0, 2);
    let broken = format!("{{\"Records\":[{}", files[2].replace('\n', ","));
    assert!(one.read("broken", 1, broken.as_bytes()).is_err());
    one.put_aside().unwrap();
    let (mut first, mut second) = (new(0), new(1));
    assert_eq!(first.resume().unwrap().unwrap().len(), 2);
    read(&mut second, 2, 10);
    first.absorb(second);
    assert_eq!(told(first), (log.clone(), calls.clone()));
    let place = folder.path().join("30");
    let other = Filter { from: Some(1), ..Filter::default() };
    assert_eq!(Collector::in_folder(other, &place, 0).resume().unwrap(), None, "another question");
}

#[test]
fn any_number_of_threads_comes_to_the_same() {
    // Eleven hours, with copies, and with calls of which an endpoint tells too: some of those it has refused.
    let record = |n: u64| {
        let second = n * 7919 % 40_000;
        let at = jiff::Timestamp::from_second(1_767_225_600 + second as i64).unwrap().to_string();
        let more = format!(r#","requestID":"r{}","requestParameters":{{"keyId":"k{}"}}"#, n % 1_500, n % 7);
        let own = event(&format!("{n:08x}"), &at, &more);
        let network = r#","eventCategory":"NetworkActivity""#;
        let refused = if n.is_multiple_of(13) { r#","errorCode":"VpceAccessDenied""# } else { "" };
        match n % 5 {
            0 => {
                let told = event(&format!("{n:07x}n"), &at, &format!("{more}{network}{refused}"));
                format!("{own}\n{}", told.replace("AwsApiCall", "AwsVpceEvent"))
            }
            1 => format!("{own}\n{own}"),
            _ => own,
        }
    };
    let files: Vec<String> =
        (0..4).map(|file| (0..500).map(|n| record(file * 500 + n)).collect::<Vec<_>>().join("\n")).collect();
    let bytes: Vec<&[u8]> = files.iter().map(|text| text.as_bytes()).collect();
    let alone = told(gathered(&bytes));
    assert!(alone.0.duplicates > 0 && alone.0.twins > 0 && alone.0.stopped > 0, "{:?}", alone.0);
    let folder = tempfile::tempdir().unwrap();
    for threads in [2, 3, 40] {
        assert!(told_by(threads, gathered(&bytes)) == alone, "{threads} threads in memory");
        // With room for less than an hour has, and for more.
        for room in [40, 400] {
            let place = folder.path().join(format!("{threads}-{room}"));
            let mut one = Collector::in_folder(Filter::default(), &place, 0).with_room(room);
            for (number, text) in files.iter().enumerate() {
                one.read(&format!("file-{number}"), text.len() as u64, text.as_bytes()).unwrap();
            }
            assert!(told_by(threads, one) == alone, "{threads} threads with room for {room}");
        }
    }
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
    let text = [at("a", 1), at("b", 1), at("c", 3)].concat();
    let mut events = gathered(&[text.as_bytes()]).settle(1).unwrap();
    let log = events.log(None, None, &mut |_| Ok(())).unwrap();
    assert!(Replay::of(&log).is_none());
    let region = events.busiest(None, None).map(|(region, _)| region.to_owned());
    let mut traces = Traces::new(|_| Ok(Vec::new()));
    let log = events.log(region.as_deref(), None, &mut |second| traces.add(second)).unwrap();
    let written = traces.finish().unwrap().remove(&KeySpec::SymmetricDefault).unwrap();
    let written = String::from_utf8(written).unwrap();
    let expected =
        "time_s,job,key,context\n0.250000000,Decrypt,0,\n0.750000000,Decrypt,0,\n2.500000000,Decrypt,0,\n";
    assert_eq!(written, expected);
    let TraceRows::Jobs(jobs) = trace::read(written.as_bytes(), &BTreeMap::new()).unwrap() else { panic!() };
    assert_eq!(jobs.len(), 3);
    let scenario = Replay::of(&log).unwrap().scenario();
    assert!(scenario.contains("region: eu-west-1") && !scenario.contains("secret"));
    assert!(!fitted(&log).unwrap().contains("secret"));
}

#[test]
fn calls_that_need_another_kind_of_key_have_a_workload_and_a_trace_of_their_own() {
    let decrypt = event("a", "2026-01-01T00:00:01Z", "");
    let sign =
        event("b", "2026-01-01T00:00:01Z", r#","requestParameters":{"signingAlgorithm":"ECDSA_SHA_256"}"#);
    let text = decrypt + &sign.replace("Decrypt", "Sign");
    let mut events = gathered(&[text.as_bytes()]).settle(1).unwrap();
    let mut traces = Traces::new(|_| Ok(Vec::new()));
    let log = events.log(Some("eu-west-1"), None, &mut |second| traces.add(second)).unwrap();
    let files = traces.finish().unwrap();
    assert_eq!(files.keys().collect::<Vec<_>>(), [&KeySpec::SymmetricDefault, &KeySpec::EccNistP256]);
    let signs = String::from_utf8(files[&KeySpec::EccNistP256].clone()).unwrap();
    assert_eq!(signs, "time_s,job,key,context\n0.750000000,Sign,,\n");
    let scenario = Replay::of(&log).unwrap().scenario();
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
    let mut collector = Collector::new(Filter::default());
    for file in std::fs::read_dir(folder).unwrap() {
        let file = file.unwrap().path();
        collector.read(&file.display().to_string(), 0, std::fs::File::open(&file).unwrap()).unwrap();
    }
    let mut seconds = String::from("time,Decrypt,Encrypt,GenerateDataKey,total\n");
    let mut minutes = BTreeMap::<String, usize>::new();
    let mut events = collector.settle(1).unwrap();
    let (region, account) = events.busiest(None, None).map(|(r, a)| (r.to_owned(), a.to_owned())).unwrap();
    let log = events
        .log(Some(&region), Some(&account), &mut |second| {
            let calls = |name: &str| second.calls.iter().filter(|call| call.operation.name() == name).count();
            let (d, e, g) = (calls("Decrypt"), calls("Encrypt"), calls("GenerateDataKey"));
            seconds += &format!("{},{d},{e},{g},{}\n", second.at, second.calls.len());
            *minutes.entry(second.at.to_string()[..16].to_owned()).or_default() += second.calls.len();
            Ok(())
        })
        .unwrap();
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
    assert_eq!(log.services, log.by_invoker, "all by services on the account's behalf");
    assert_eq!(expected["distinct_keys"], log.keys);
    assert_eq!(expected["peak_second"], peak(log.peak_second, 20));
    assert_eq!(expected["peak_minute"], peak(log.peak_minute, 16));
    assert_eq!(log.minute_of_peak, 126);
    assert_eq!(expected["per_minute"], serde_json::json!(minutes));
    assert_eq!(expected["first"], log.first.unwrap().to_string());
    assert_eq!(expected["last"], log.last.unwrap().to_string());
    assert_eq!((log.duplicates, log.twins, log.skipped, log.throttled), (0, 0, 0, 0));
    let counted = facts::text("cloudtrail/invictus-kms-per-second.csv");
    let counted = counted.lines().filter(|line| !line.starts_with('#'));
    assert!(seconds.lines().eq(counted), "{seconds}");
    let page = page(&log);
    let first = "**The busiest second has 30 calls (2023-07-10T11:58:27Z). Its minute has 126, a mean of 2.1 a second: 14.3 times less.";
    assert!(page.contains(first), "{page}");
    assert!(page.contains("| AWS Internal | 164 | unknown: the log does not say which service"), "{page}");
}

#[test]
fn a_fitted_scenario_has_the_calls_of_each_caller() {
    let by = |n: u64, user: &str, second: u64| {
        let more = format!(r#","requestParameters":{{"keyId":"k{}"}},"userIdentity":{{{user}}}"#, n % 3);
        let at = jiff::Timestamp::from_second(1_767_225_600 + second as i64).unwrap();
        event(&format!("{second:04x}{n:04x}"), &at.to_string(), &more)
    };
    let mut lines = Vec::new();
    for second in 0..120 {
        for n in 0..if second < 60 { 4 } else { 10 } {
            lines.push(by(n, r#""userName":"ann""#, second));
        }
        lines.push(by(99, r#""invokedBy":"s3.amazonaws.com""#, second));
    }
    let mut events = gathered(&[lines.join("\n").as_bytes()]).settle(1).unwrap();
    let log = events.log(Some("eu-west-1"), None, &mut |_| Ok(())).unwrap();
    let text = fitted(&log).unwrap();
    let checked = crate::scenario::Scenario::parse(&text, &crate::scenario::Options::default());
    let scenario = checked.unwrap_or_else(|problems| panic!("{problems:?}\n{text}")).scenario;
    let names: BTreeSet<&str> = scenario.workloads.iter().map(|workload| &*workload.name).collect();
    assert_eq!(names, BTreeSet::from(["fleet-1", "service-1"]), "{text}");
    let jobs = crate::scenario::Plan::of(&scenario).jobs;
    assert!((jobs - (60.0 * 4.0 + 60.0 * 10.0 + 120.0)).abs() < 0.5, "{jobs} jobs in\n{text}");
    assert!(text.contains("arrivals: uniform"), "calls that come evenly:\n{text}");
}

#[test]
fn documented_examples_of_every_kind_of_event_parse() {
    let (log, _) = told(gathered(&[&facts::bytes("cloudtrail/documented-examples.ndjson")]));
    assert_eq!((log.records, log.skipped), (62, 0));
    assert_eq!(log.kms_events + log.duplicates + log.twins, 62);
    let not_calls = ["DeleteExpiredKeyMaterial", "DeleteKey", "RotateKey", "SynchronizeMultiRegionKey"];
    assert_eq!(log.not_calls.keys().collect::<Vec<_>>(), not_calls);
    // Of 45 names; the documentation uses an id for several events.
    assert_eq!(log.by_operation.len() + log.not_calls.len(), 40);
}
