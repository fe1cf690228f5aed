//! `dossier --request` and `--status` against a stand-in of Service Quotas, who calls told by the emulator's STS.

use super::house::{ACCOUNT, House, REGION};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Output;
use std::sync::{Arc, Mutex};

/// Service Quotas: what was asked of it, and the requests that it holds.
#[derive(Default)]
struct IncreaseClient {
    asked: Vec<(String, Value)>,
    requests: Vec<Value>,
    denies: bool,
}

/// Opens the desk; gives its URL.
fn open(desk: &Arc<Mutex<IncreaseClient>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let desk = Arc::clone(desk);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let desk = Arc::clone(&desk);
            std::thread::spawn(move || serve(stream, &desk));
        }
    });
    url
}

fn serve(stream: TcpStream, desk: &Mutex<IncreaseClient>) {
    let mut from = BufReader::new(stream);
    loop {
        let (mut length, mut operation) = (0, String::new());
        loop {
            let mut line = String::new();
            if from.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            let line = line.trim().to_owned();
            let Some((name, value)) = line.split_once(':') else {
                if line.is_empty() {
                    break;
                }
                continue;
            };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().unwrap(),
                "x-amz-target" => operation = value.rsplit('.').next().unwrap().to_owned(),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        from.read_exact(&mut body).unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        let (status, said) = answer(&mut desk.lock().unwrap(), &operation, &body);
        let said = said.to_string();
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: {}\r\n\r\n",
            said.len()
        );
        if from.get_mut().write_all(&[head.into_bytes(), said.into_bytes()].concat()).is_err() {
            return;
        }
    }
}

/// A page holds one request, so that pages are turned.
fn answer(desk: &mut IncreaseClient, operation: &str, body: &Value) -> (&'static str, Value) {
    desk.asked.push((operation.to_owned(), body.clone()));
    if desk.denies {
        return (
            "400 Bad Request",
            json!({ "__type": "AccessDeniedException", "Message": "not authorized" }),
        );
    }
    match operation {
        "ListRequestedServiceQuotaChangeHistoryByQuota" => {
            let page = body["NextToken"].as_str().map_or(0, |token| token.parse().unwrap());
            let next = (page + 1 < desk.requests.len()).then(|| (page + 1).to_string());
            let shown: Vec<&Value> = desk.requests.iter().skip(page).take(1).collect();
            ("200 OK", json!({ "RequestedQuotas": shown, "NextToken": next }))
        }
        "RequestServiceQuotaIncrease" => {
            let made = json!({
                "Id": "r-1", "QuotaCode": body["QuotaCode"], "DesiredValue": body["DesiredValue"], "Status": "PENDING",
            });
            desk.requests.push(made.clone());
            ("200 OK", json!({ "RequestedQuota": made }))
        }
        _ => ("400 Bad Request", json!({ "__type": "UnknownOperationException" })),
    }
}

const SCENARIO: &str = "version: 1
name: reader
region: eu-west-1
quotas: { symmetric: 100/s }
workloads:
  load: { executor: constant-arrival-rate, rate: 120/s, duration: 20s, jobs: { Decrypt: 1 } }
strategies: { sdk: { retry: { mode: aws-standard } } }
trials: 2
thresholds: { failed: [ \"rate<1%\" ] }
";

/// A house with a plan in it, and the desk.
fn planned() -> (House, Arc<Mutex<IncreaseClient>>, String) {
    let house = House::new();
    let desk = Arc::new(Mutex::new(IncreaseClient::default()));
    let url = open(&desk);
    std::fs::write(house.folder.path().join("reader.yaml"), SCENARIO).unwrap();
    let made = house.command().args(["plan", "reader.yaml", "-o", "plan", "-q"]).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    (house, desk, url)
}

fn dossier(house: &House, url: &str, account: &str, more: &[&str]) -> (Output, String, String) {
    let mut command = house.command();
    command.env("AWS_ENDPOINT_URL_SERVICE_QUOTAS", url).args([
        "dossier",
        "plan",
        "--account",
        account,
        "-q",
        "--ca",
    ]);
    let done = command.arg(house.ca()).args(more).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (out, err) = (text(&done.stdout), text(&done.stderr));
    (done, out, err)
}

#[test]
fn a_request_is_printed_sent_once_and_followed() {
    let (house, desk, url) = planned();
    let sends = ["--request", "--yes-real-aws", "-o", "out", "--force"];
    let (done, out, err) = dossier(&house, &url, ACCOUNT, &sends);
    assert!(done.status.success(), "{err}");
    let plan: Value =
        serde_json::from_slice(&std::fs::read(house.folder.path().join("plan/plan.json")).unwrap()).unwrap();
    let ask = plan["pools"][0]["ask_per_s"].as_f64().unwrap();
    assert!(
        out.contains(&format!("QuotaCode=L-6E3AF000 DesiredValue={ask}")) && out.contains("PENDING"),
        "{out}"
    );
    let asked = desk.lock().unwrap().asked.clone();
    let (operation, body) = asked.last().unwrap();
    assert_eq!(operation, "RequestServiceQuotaIncrease");
    assert_eq!(*body, json!({ "ServiceCode": "kms", "QuotaCode": "L-6E3AF000", "DesiredValue": ask }));
    // While it is open, no other is sent, and that is told.
    let (again, _, err) = dossier(&house, &url, ACCOUNT, &sends);
    assert_eq!(again.status.code(), Some(1));
    assert!(err.contains("a request is open already: PENDING") && err.contains(REGION), "{err}");
    let sent =
        desk.lock().unwrap().asked.iter().filter(|(name, _)| name == "RequestServiceQuotaIncrease").count();
    assert_eq!(sent, 1);
}

#[test]
fn every_status_is_told_on_whatever_page_it_stands() {
    let (house, desk, url) = planned();
    let (_, out, err) = dossier(&house, &url, ACCOUNT, &["--status", "--yes-real-aws"]);
    assert!(out.contains("no request was ever made"), "{out}{err}");
    let all = ["APPROVED", "DENIED", "NOT_APPROVED", "CASE_CLOSED", "INVALID_REQUEST", "CASE_OPENED"];
    let made = |(number, status): (usize, &&str)| json!({ "Id": format!("r-{number}"), "CaseId": "c-1", "DesiredValue": 200.0, "Status": status });
    desk.lock().unwrap().requests = all.iter().enumerate().map(made).collect();
    let (done, out, err) = dossier(&house, &url, ACCOUNT, &["--status", "--yes-real-aws"]);
    assert!(done.status.success(), "{err}");
    for status in all {
        assert!(out.contains(&format!("{status} for 200/s")), "{status}: {out}");
    }
    assert!(!house.folder.path().join("reports").exists(), "nothing is written");
    let (done, _, err) = dossier(&house, &url, ACCOUNT, &["--request", "--yes-real-aws", "-o", "out"]);
    assert!(!done.status.success() && err.contains("CASE_OPENED") && err.contains("case c-1"), "{err}");
}

#[test]
fn nothing_is_sent_for_another_account_without_a_yes_or_a_permit() {
    let (house, desk, url) = planned();
    let (done, _, err) = dossier(&house, &url, "111122223333", &["--request", "--yes-real-aws", "-o", "a"]);
    assert_eq!(done.status.code(), Some(1));
    assert!(err.contains("the dossier asks for 111122223333; nothing was sent"), "{err}");
    let (done, _, err) = dossier(&house, &url, ACCOUNT, &["--request", "-o", "b"]);
    assert_eq!(done.status.code(), Some(2), "{err}");
    assert!(desk.lock().unwrap().asked.is_empty());
    desk.lock().unwrap().denies = true;
    let (done, _, err) = dossier(&house, &url, ACCOUNT, &["--status", "--yes-real-aws"]);
    assert!(!done.status.success() && err.contains("AccessDeniedException"), "{err}");
}
