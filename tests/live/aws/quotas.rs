//! `keystorm quotas --applied`, `--watch` and `--alarms`, against the stand-in.

use super::house::{ACCOUNT, House, REGION, end, says};
use crate::signal::signal;
use crate::socket::until;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

fn quotas(house: &House, more: &[&str]) -> Command {
    let mut command = house.command();
    let ca = house.ca().display().to_string();
    command.args(["quotas", "--region", REGION, "--ca", &ca, "--yes-real-aws"]).args(more);
    command
}

/// Fourteen days whose busiest minutes grow by 600 calls a day, to 60,000 on the last.
fn grow(house: &House) {
    let mut says = house.standin.says.lock().unwrap();
    says.quota = 10_000.0;
    says.minutes = (0..14 * 24 * 60).map(|minute| 52_200.0 + 600.0 * f64::from(minute / 1440)).collect();
}

#[test]
fn applied_quotas_stand_beside_their_use_the_peak_as_an_interval_and_the_days_left() {
    let house = House::new();
    grow(&house);
    let (code, stdout, stderr) = end(&mut quotas(&house, &["--applied"]));
    assert_eq!((code, stderr.as_str()), (0, ""));
    let row =
        stdout.lines().find(|line| line.starts_with("  symmetric ")).unwrap_or_else(|| panic!("{stdout}"));
    // 60,000 ÷ 60 by the minute; ×1.35 in the busiest second, 1 to 1.83 times.
    for part in ["10000", "applied", "1000 (10 %)", "1350 (10 to 18 %)"] {
        assert!(row.contains(part), "{part} is not in {row}");
    }
    let words = stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("Maximum and Average of it are 1 whatever the load"), "{stdout}");
    assert!(stdout.lines().all(|line| line.chars().count() <= 100), "{stdout}");
    let (code, stdout, _) = end(&mut quotas(&house, &["--applied", "--json"]));
    let said: Value = serde_json::from_str(&stdout).unwrap();
    let symmetric =
        said["quotas"].as_array().unwrap().iter().find(|each| each["pool"] == "symmetric").unwrap();
    assert_eq!((code, &symmetric["busiest_minute"]["per_s"]), (0, &Value::from(1_000.0)));
    // 540,000 calls a minute more at 600 a day; days begin at midnight, so that the first or last may be a part of one.
    let days = symmetric["left"]["days"].as_f64().unwrap();
    assert!((850.0..=950.0).contains(&days), "{days}");
    let rsa = said["quotas"].as_array().unwrap().iter().find(|each| each["pool"] == "rsa").unwrap();
    assert_eq!((&rsa["applied"], &rsa["limit_per_s"]), (&Value::from(false), &Value::from(1_000.0)));
}

#[test]
fn a_log_tells_what_each_caller_uses_of_its_quota() {
    let house = House::new();
    house.standin.says.lock().unwrap().quota = 100.0;
    let call = |second: u32, n: u32, who: &str| {
        format!(
            r#"{{"eventSource":"kms.amazonaws.com","eventName":"Decrypt","eventType":"AwsApiCall","awsRegion":"{REGION}","eventID":"{second}-{n}-{who}","eventTime":"2026-01-01T00:00:0{second}Z","userIdentity":{{"type":"AssumedRole","accountId":"{ACCOUNT}","sessionContext":{{"sessionIssuer":{{"userName":"{who}"}}}}}}}}"#
        )
    };
    let app = (0..5).flat_map(|second| (0..3).map(move |n| call(second, n, "app")));
    let batch = (0..5).map(|n| call(2, n, "batch"));
    let lines: Vec<String> = app.chain(batch).collect();
    std::fs::write(house.folder.path().join("log.ndjson"), lines.join("\n")).unwrap();
    let (code, stdout, stderr) = end(&mut quotas(&house, &["--applied", "--log", "log.ndjson"]));
    assert_eq!(code, 0, "{stderr}");
    let row = |name: &str| {
        let found = stdout.lines().find(|line| line.trim_start().starts_with(name));
        found.unwrap_or_else(|| panic!("{stdout}")).split_whitespace().collect::<Vec<_>>().join(" ")
    };
    // 15 and 5 calls of 20; three and five in a second of a quota of 100.
    assert_eq!(row("role app"), "role app 15 75.0 % 3/s (3.0 %)");
    assert_eq!(row("role batch"), "role batch 5 25.0 % 5/s (5.0 %)");
    let (_, stdout, _) = end(&mut quotas(&house, &["--applied", "--log", "log.ndjson", "--json"]));
    let said: Value = serde_json::from_str(&stdout).unwrap();
    let pools = said["quotas"].as_array().unwrap();
    let symmetric = pools.iter().find(|each| each["pool"] == "symmetric").unwrap();
    assert_eq!(symmetric["callers"][1]["peak_1s"], 5);
    says(house.command().args(["quotas", "--log", "log.ndjson"]), 2, "--applied");
    let others = std::fs::read_to_string(house.folder.path().join("log.ndjson")).unwrap();
    std::fs::write(house.folder.path().join("log.ndjson"), others.replace(ACCOUNT, "444455556666")).unwrap();
    says(&mut quotas(&house, &["--applied", "--log", "log.ndjson"]), 1, "444455556666");
}

#[test]
fn whoever_may_not_ask_or_has_no_credentials_is_told_what_it_takes() {
    let house = House::new();
    let careless = ["quotas", "--region", REGION, "--applied"];
    says(house.command().args(careless), 2, "--yes-real-aws");
    says(house.command().args(["quotas", "--profile", "ann"]), 2, "--applied or --watch only");
    house.standin.says.lock().unwrap().denies = true;
    says(&mut quotas(&house, &["--applied"]), 1, "Service Quotas ListServiceQuotas: AccessDeniedException");
    let mut nobody = quotas(&house, &["--applied"]);
    nobody.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    says(&mut nobody, 1, "no AWS credentials were found");
}

#[test]
fn alarms_go_off_at_a_share_of_the_applied_quota() {
    let house = House::new();
    house.standin.says.lock().unwrap().quota = 12_000.0;
    let (code, stdout, stderr) =
        end(&mut quotas(&house, &["--applied", "--alarms", "alarms", "--alarm-at", "50%"]));
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("aws cloudwatch put-metric-alarm --region eu-west-1"), "{stdout}");
    let alarm = std::fs::read_to_string(house.folder.path().join("alarms/alarm-symmetric.json")).unwrap();
    let alarm: Value = serde_json::from_str(&alarm).unwrap();
    assert_eq!((&alarm["Threshold"], &alarm["Statistic"]), (&Value::from(360_000.0), &Value::from("Sum")));
}

#[test]
fn a_watch_tells_the_latest_minute_in_lines_and_to_prometheus_until_it_is_ended() {
    let house = House::new();
    {
        let mut says = house.standin.says.lock().unwrap();
        (says.quota, says.minutes) = (10_000.0, vec![6_000.0]);
    }
    let mut command = quotas(&house, &["--watch", "--every", "10ms", "--metrics", "127.0.0.1:0"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut told = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut told).unwrap();
    let address =
        told.trim().trim_start_matches("metrics on http://").trim_end_matches("/metrics").to_owned();
    let lines = Arc::new(Mutex::new(Vec::<String>::new()));
    let (kept, out) = (Arc::clone(&lines), BufReader::new(child.stdout.take().unwrap()));
    let reader = std::thread::spawn(move || {
        out.lines().map_while(Result::ok).for_each(|line| kept.lock().unwrap().push(line))
    });
    until("it has looked twice", || lines.lock().unwrap().len() >= 2);
    assert!(lines.lock().unwrap()[0].contains("100/s of 10000/s (1.0 %)"), "{:?}", lines.lock().unwrap());
    let mut stream = TcpStream::connect(&address).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n").unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    for line in [
        "keystorm_quota_limit_per_second{pool=\"symmetric\"} 10000.0\n",
        "keystorm_quota_used_per_second{pool=\"symmetric\"} 100.0\n",
    ] {
        assert!(page.contains(line), "{line} is not in {page}");
    }
    signal(&child, "-INT");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    reader.join().unwrap();
}
