//! A stand-in for CloudWatch and Service Quotas: it answers what a test says, over HTTP on loopback.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// What it answers.
#[derive(Clone)]
pub struct Says {
    /// The symmetric quota, in calls a second.
    pub quota: f64,
    /// Calls of the last minutes, oldest first; none is an account without use.
    pub minutes: Vec<f64>,
    /// Whether Service Quotas says that the caller may not.
    pub denies: bool,
    /// The code with which CloudWatch refuses what it is asked.
    pub refuses: Option<&'static str>,
    /// The state of the alarm `sick`; `None` if there is none.
    pub alarm: Option<&'static str>,
}

/// The server, for as long as the test process runs.
pub struct Standin {
    pub url: String,
    pub says: Arc<Mutex<Says>>,
    /// How often CloudWatch was asked.
    pub asked: Arc<AtomicU64>,
}

impl Standin {
    pub fn start(says: Says) -> Standin {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (says, asked) = (Arc::new(Mutex::new(says)), Arc::new(AtomicU64::new(0)));
        let shared = (Arc::clone(&says), Arc::clone(&asked));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (says, asked) = shared.clone();
                std::thread::spawn(move || serve(stream, &says, &asked));
            }
        });
        Standin { url, says, asked }
    }
}

/// Answers one connection until its end.
fn serve(stream: TcpStream, says: &Mutex<Says>, asked: &AtomicU64) {
    let mut from = BufReader::new(stream);
    while let Some(head) = head(&mut from) {
        let length = head.iter().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        if from.read_exact(&mut body).is_err() {
            return;
        }
        let says = says.lock().unwrap().clone();
        let asks = |operation: &str| {
            let target = format!("x-amz-target: {operation}").to_ascii_lowercase();
            head.contains(&target)
        };
        let (status, kind, body) = if asks("GraniteServiceVersion20100801.GetMetricData") {
            asked.fetch_add(1, Ordering::Relaxed);
            if let Some(code) = says.refuses {
                let body = format!(r#"{{"__type":"{code}","Message":"no"}}"#);
                ("400 Bad Request", "application/x-amz-json-1.0", body.into_bytes())
            } else {
                ("200 OK", "application/x-amz-json-1.0", metric_data(&says, &body))
            }
        } else if asks("GraniteServiceVersion20100801.DescribeAlarms") {
            ("200 OK", "application/x-amz-json-1.0", alarms(&says))
        } else if !asks("ServiceQuotasV20190624.ListServiceQuotas") {
            let body = r#"{"__type":"UnknownOperationException"}"#;
            ("400 Bad Request", "application/x-amz-json-1.1", body.into())
        } else if says.denies {
            let body = r#"{"__type":"AccessDeniedException","Message":"not authorized: ListServiceQuotas"}"#;
            ("400 Bad Request", "application/x-amz-json-1.1", body.into())
        } else {
            ("200 OK", "application/x-amz-json-1.1", quotas(&says))
        };
        let head =
            format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
        if from.get_mut().write_all(&[head.into_bytes(), body].concat()).is_err() {
            return;
        }
    }
}

/// The lines of a head, in small letters; `None` at the end of the connection.
fn head(from: &mut impl BufRead) -> Option<Vec<String>> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if from.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line.trim().is_empty() {
            return Some(lines);
        }
        lines.push(line.trim().to_ascii_lowercase());
    }
}

/// ListServiceQuotas: the symmetric quota, and one that nobody asks for.
fn quotas(says: &Says) -> Vec<u8> {
    let second = serde_json::json!({ "PeriodValue": 1, "PeriodUnit": "SECOND" });
    let metric = serde_json::json!({
        "MetricNamespace": "AWS/Usage", "MetricName": "CallCount", "MetricStatisticRecommendation": "Sum",
        "MetricDimensions": { "Class": "None", "Resource": "CryptographicOperationsSymmetric", "Service": "KMS", "Type": "API" },
    });
    let body = serde_json::json!({ "Quotas": [
        { "ServiceCode": "kms", "QuotaCode": "L-6E3AF000", "Value": says.quota, "Period": second, "UsageMetric": metric },
        { "ServiceCode": "kms", "QuotaCode": "L-C2F1777E", "Value": 100_000.0 },
    ] });
    body.to_string().into_bytes()
}

/// DescribeAlarms: the alarm `sick`, if there is one.
fn alarms(says: &Says) -> Vec<u8> {
    let arn = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:sick";
    let one = says
        .alarm
        .map(|state| serde_json::json!({ "AlarmName": "sick", "AlarmArn": arn, "StateValue": state }));
    serde_json::json!({ "MetricAlarms": [], "CompositeAlarms": Vec::from_iter(one) }).to_string().into_bytes()
}

/// GetMetricData, of the query `p0`: the symmetric pool. CallCount has a point of 1 for each call: by the minute its sum is
/// the calls, and any other statistic 1.
fn metric_data(says: &Says, asked: &[u8]) -> Vec<u8> {
    let asked: serde_json::Value = serde_json::from_slice(asked).unwrap();
    let stat = &asked["MetricDataQueries"][0]["MetricStat"];
    let is_sum = stat["Stat"] == "Sum" && stat["Period"] == 60;
    let values: Vec<f64> = says.minutes.iter().map(|calls| if is_sum { *calls } else { 1.0 }).collect();
    let now = keystorm::clock::epoch_millis() / 60_000;
    let count = says.minutes.len() as i64;
    let timestamps: Vec<i64> = (0..count).rev().map(|back| (now - 1 - back) * 60).collect();
    let result = serde_json::json!({
        "Id": "p0", "StatusCode": "Complete", "Timestamps": timestamps, "Values": values,
    });
    serde_json::json!({ "MetricDataResults": [result] }).to_string().into_bytes()
}
