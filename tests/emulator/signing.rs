//! Calls that are signed, and what may be wrong with them.

use crate::socket::{Reply, Server};
use aws_lc_rs::{digest, hmac};
use keystorm::clock::epoch_millis;
use serde_json::{Value, json};
use std::fmt::Write as _;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// One call and what may be wrong with it.
pub struct Signing<'a> {
    pub key: &'a str,
    pub secret: &'a str,
    pub token: Option<&'a str>,
    pub service: &'a str,
    pub region: &'a str,
    /// Seconds from the present to the date in it.
    pub ahead: i64,
    pub headers: Vec<(&'a str, String)>,
    pub body: String,
}

impl Signing<'_> {
    pub fn of<'a>(key: &'a str, secret: &'a str, operation: &str, body: &Value) -> Signing<'a> {
        let headers = vec![
            ("content-type", "application/x-amz-json-1.1".into()),
            ("host", "localhost".into()),
            ("x-amz-target", format!("TrentService.{operation}")),
        ];
        Signing {
            key,
            secret,
            token: None,
            service: "kms",
            region: "eu-west-1",
            ahead: 0,
            headers,
            body: body.to_string(),
        }
    }

    pub fn form<'a>(key: &'a str, secret: &'a str, body: &str) -> Signing<'a> {
        let kind = "application/x-www-form-urlencoded".to_string();
        let headers = vec![("content-type", kind), ("host", "localhost".into())];
        Signing {
            key,
            secret,
            token: None,
            service: "sts",
            region: "eu-west-1",
            ahead: 0,
            headers,
            body: body.into(),
        }
    }

    /// The request's head without its end, and the body.
    pub fn text(&self) -> (String, String) {
        let now = jiff::Timestamp::from_millisecond(epoch_millis() + 1_000 * self.ahead).unwrap();
        let stamp = now.strftime("%Y%m%dT%H%M%SZ").to_string();
        let mut headers = self.headers.clone();
        headers.push(("x-amz-date", stamp.clone()));
        headers.extend(self.token.map(|token| ("x-amz-security-token", token.to_string())));
        headers.sort();
        let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let lines: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let hash = |bytes: &[u8]| hex(digest::digest(&digest::SHA256, bytes).as_ref());
        let canonical = format!("POST\n/\n\n{lines}\n{names}\n{}", hash(self.body.as_bytes()));
        let scope = format!("{}/{}/{}/aws4_request", &stamp[..8], self.region, self.service);
        let to_sign = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}", hash(canonical.as_bytes()));
        let mac = |key: &[u8], text: &str| {
            hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
        };
        let first = format!("AWS4{}", self.secret).into_bytes();
        let key = scope.split('/').fold(first, |key, part| mac(&key, part));
        let signature = hex(&mac(&key, &to_sign));
        let sent: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let head = format!(
            "POST / HTTP/1.1\r\n{sent}Authorization: AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, \
             Signature={signature}\r\n",
            self.key
        );
        (head, self.body.clone())
    }

    pub fn send(&self, to: &Server) -> Reply {
        self.send_changed(to, |_, _| {})
    }

    /// Sends it changed after it was signed.
    pub fn send_changed(&self, to: &Server, change: impl Fn(&mut String, &mut String)) -> Reply {
        let (mut head, mut body) = self.text();
        change(&mut head, &mut body);
        let mut peer = to.connect();
        peer.send(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).unwrap();
        peer.reply().expect("an answer")
    }
}

pub fn code(reply: &Reply) -> String {
    assert!(reply.status == 200 || reply.status == 400, "{}", reply.status);
    reply.json()["__type"].as_str().unwrap_or("ok").rsplit('#').next().unwrap().to_string()
}

/// What stands in an element of an XML answer.
pub fn element(reply: &Reply, name: &str) -> String {
    let text = reply.text();
    let inner = text.split(&format!("<{name}>")).nth(1).and_then(|rest| rest.split('<').next());
    inner.unwrap_or_else(|| panic!("no {name} in {text}")).to_string()
}

pub fn random() -> Value {
    json!({ "NumberOfBytes": 8 })
}
