//! One answer: its status, its headers, its body.

use super::body::Body;
use crate::emulator::calls::Served;
use crate::kms::wire::ApiError;
use crate::kms::{Delivery, Uuid};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, EXPIRES, HeaderName, HeaderValue, PRAGMA};
use hyper::{HeaderMap, Response, StatusCode};
use std::sync::LazyLock;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// What KMS speaks.
const AMZ_JSON: &str = "application/x-amz-json-1.1";
/// Beside every answer of KMS: nobody on the way may keep it.
///
/// Source: public HTTP recordings of KMS of 2023-05 and 2024-02 (kms-recorded-behaviour, row 39).
const NOT_KEPT: [(HeaderName, &str); 3] =
    [(CACHE_CONTROL, "no-cache, no-store, must-revalidate, private"), (EXPIRES, "0"), (PRAGMA, "no-cache")];

/// The headers of every answer of KMS, the last for its own id.
static OF_KMS: LazyLock<HeaderMap> = LazyLock::new(|| {
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(AMZ_JSON));
    headers.extend(NOT_KEPT.map(|(name, value)| (name, HeaderValue::from_static(value))));
    headers.insert(REQUEST_ID, HeaderValue::from_static(""));
    headers
});

/// The same, as they are sent, without the last one's value.
static LINES_OF_KMS: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let lines =
        OF_KMS.iter().map(|(name, value)| [name.as_str().as_bytes(), b": ", value.as_bytes()].concat());
    lines.collect::<Vec<_>>().join(&b"\r\n"[..])
});

/// One answer.
pub(super) struct Answer {
    status: u16,
    content_type: &'static str,
    body: Vec<u8>,
    request_id: Uuid,
    delivery: Delivery,
}

impl Answer {
    /// Its status in HTTP.
    pub(super) const fn status(&self) -> u16 {
        self.status
    }

    /// A call that was served.
    pub(super) fn of(served: Served) -> Answer {
        let Served { said, delivery, request_id } = served;
        let (status, body) = Served::on_wire(said);
        Answer { delivery, ..Answer::json(status, body, request_id) }
    }

    /// JSON as KMS writes it.
    pub(super) const fn json(status: u16, body: Vec<u8>, request_id: Uuid) -> Answer {
        Answer::other(status, AMZ_JSON, body, request_id)
    }

    /// An error of the API.
    pub(super) fn error(error: &ApiError, request_id: Uuid) -> Answer {
        Answer::json(error.status, error.body(), request_id)
    }

    /// Anything else.
    pub(super) const fn other(
        status: u16,
        content_type: &'static str,
        body: Vec<u8>,
        request_id: Uuid,
    ) -> Answer {
        Answer { status, content_type, body, request_id, delivery: Delivery::Whole }
    }

    /// Its status and body.
    pub(super) fn into_parts(self) -> (u16, Vec<u8>) {
        (self.status, self.body)
    }

    /// Writes it as hyper does; what does not come as a whole with its head is given back.
    pub(super) fn write(self, into: &mut Vec<u8>, is_last: bool, date: &str) -> Option<Body> {
        let mut room = Uuid::encode_buffer();
        let id = self.request_id.hyphenated().encode_lower(&mut room);
        match self.status {
            200 => into.extend_from_slice(b"HTTP/1.1 200 OK\r\n"),
            status => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                let reason = status.canonical_reason().unwrap_or("<none>");
                into.extend_from_slice(format!("HTTP/1.1 {} {reason}\r\n", status.as_str()).as_bytes());
            }
        }
        debug_assert_eq!(self.content_type, AMZ_JSON, "nothing else is written here");
        into.extend_from_slice(&LINES_OF_KMS);
        into.extend_from_slice(id.as_bytes());
        if is_last {
            into.extend_from_slice(b"\r\nconnection: close");
        }
        into.extend_from_slice(b"\r\ncontent-length: ");
        into.extend_from_slice(self.body.len().to_string().as_bytes());
        into.extend_from_slice(b"\r\ndate: ");
        into.extend_from_slice(date.as_bytes());
        into.extend_from_slice(b"\r\n\r\n");
        if self.delivery == Delivery::Whole {
            into.extend_from_slice(&self.body);
            return None;
        }
        Some(Body::new(self.body, self.delivery))
    }

    /// As hyper sends it.
    pub(super) fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::new(self.body, self.delivery));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        let mut room = Uuid::encode_buffer();
        let id = HeaderValue::from_str(self.request_id.hyphenated().encode_lower(&mut room));
        let id = id.expect("hexadecimal digits and dashes are text");
        if self.content_type == AMZ_JSON {
            // A copy of a whole map costs less than to put in each header.
            headers.clone_from(&OF_KMS);
            if let Some(last) = headers.values_mut().last() {
                *last = id;
            }
        } else {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
            headers.insert(REQUEST_ID, id);
        }
        response
    }
}
