//! HTTP: what a call is, how large it may be, how an answer looks.

use super::body::Body;
use super::shared::Shared;
use super::sigv4::{Authorization, Service, Signed, text_of};
use super::{admin, calls, hosts, identity, sts};
use crate::clock::within;
use crate::kms::wire::ApiError;
use crate::kms::{Delivery, Uuid};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, EXPIRES, HOST, HeaderName, HeaderValue,
    PRAGMA, USER_AGENT,
};
use hyper::{Method, Request, Response, StatusCode};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

/// The longest body: a key policy of 131,072 characters, escaped, fits several times.
const BODY: usize = 1 << 20;

/// The operation that a call wants.
pub(super) const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// What KMS speaks.
const AMZ_JSON: &str = "application/x-amz-json-1.1";
/// Beside every answer of KMS: nobody on the way may keep it.
///
/// Source: public HTTP recordings of KMS of 2023-05 and 2024-02 (kms-recorded-behaviour, row 39).
const NOT_KEPT: [(HeaderName, &str); 3] =
    [(CACHE_CONTROL, "no-cache, no-store, must-revalidate, private"), (EXPIRES, "0"), (PRAGMA, "no-cache")];

/// One answer.
pub(super) struct Answer {
    status: u16,
    content_type: &'static str,
    body: Vec<u8>,
    request_id: Uuid,
    delivery: Delivery,
}

/// The connection is to be broken.
#[derive(Debug, thiserror::Error)]
#[error("a fault breaks the connection")]
pub(super) struct Reset;

impl Answer {
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

    /// The same, sent so.
    pub(super) const fn sent(mut self, delivery: Delivery) -> Answer {
        self.delivery = delivery;
        self
    }

    /// How it is sent.
    pub(super) const fn delivery(&self) -> Delivery {
        self.delivery
    }

    /// Its status and body.
    pub(super) fn into_parts(self) -> (u16, Vec<u8>) {
        (self.status, self.body)
    }

    fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::new(self.body, self.delivery));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        if self.content_type == AMZ_JSON {
            for (name, value) in NOT_KEPT {
                headers.insert(name, HeaderValue::from_static(value));
            }
        }
        let mut room = Uuid::encode_buffer();
        if let Ok(id) = HeaderValue::from_str(self.request_id.hyphenated().encode_lower(&mut room)) {
            headers.insert(REQUEST_ID, id);
        }
        response
    }
}

/// Which paths a listener serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paths {
    /// The API, and the admin paths.
    All,
    /// The API, and whether it is well.
    Api,
    /// The admin paths only.
    Admin,
}

/// Answers a call.
///
/// # Errors
/// [`Reset`], if the connection is to be broken instead.
pub(super) async fn answer(
    shared: Arc<Shared>,
    request: Request<Incoming>,
    peer: SocketAddr,
    paths: Paths,
) -> Result<Response<Body>, Reset> {
    let (mut head, body) = request.into_parts();
    let authority = head.uri.authority().map(|authority| authority.as_str());
    if let Some(name) = hosts::stranger(&shared.settings, &head.headers, authority) {
        let error = ApiError::access_denied(hosts::refused(name));
        return Ok(closing(Answer::error(&ApiError { status: 403, ..error }, shared.id())));
    }
    // HTTP/2 has the host in the address, and it is signed as if it were the header.
    if let Some(host) = authority.filter(|_| !head.headers.contains_key(HOST))
        && let Ok(host) = HeaderValue::from_str(host)
    {
        head.headers.insert(HOST, host);
    }
    let is_large = head.headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    if is_large.is_some_and(|length| length > BODY as u64) {
        return Ok(too_large(&shared));
    }
    let body = match within(shared.settings.idle_timeout, Limited::new(body, BODY).collect()).await {
        Some(Ok(body)) => body.to_bytes(),
        Some(Err(e)) if e.is::<http_body_util::LengthLimitError>() => return Ok(too_large(&shared)),
        Some(Err(_)) => return Err(Reset),
        None => {
            let error = ApiError::request_timeout("The body did not arrive in time.");
            return Ok(closing(Answer::error(&error, shared.id())));
        }
    };
    let query = head.uri.query().unwrap_or_default();
    let signed = Signed {
        method: head.method.as_str(),
        path: head.uri.path(),
        query,
        headers: &head.headers,
        body: &body,
    };
    let is_admin = signed.path.starts_with(admin::ROOT) || signed.path.starts_with(admin::CHAOS);
    if is_admin && (paths != Paths::Api || signed.path == admin::HEALTH) {
        return Ok(admin::answer(&shared, &signed, peer).await.into_response());
    }
    if paths == Paths::Admin {
        let message = Some("only /_keystorm/ is served here".into());
        let error = ApiError { code: "NotFound", message, status: 404, more: None };
        return Ok(Answer::error(&error, shared.id()).into_response());
    }
    if head.headers.contains_key(TARGET) && head.method == Method::POST {
        return calls::serve(&shared, &signed, peer).await.map(Answer::into_response).ok_or(Reset);
    }
    Ok(other(&shared, &head.method, &signed, peer).into_response())
}

/// STS, or nothing that is served here.
pub(super) fn other(shared: &Shared, method: &Method, signed: &Signed<'_>, peer: SocketAddr) -> Answer {
    let request_id = shared.id();
    if hosts::is_from_another_page(signed.headers) {
        let error = ApiError::access_denied("A page of another origin sends this call: it is not served.");
        return Answer::error(&ApiError { status: 403, ..error }, request_id);
    }
    let is_form = text_of(signed.headers, CONTENT_TYPE);
    let is_form = is_form.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    let form = match *method {
        Method::POST if is_form => sts::form(&String::from_utf8_lossy(signed.body)),
        Method::GET => sts::form(signed.query),
        _ => BTreeMap::new(),
    };
    let scope = text_of(signed.headers, AUTHORIZATION).and_then(Authorization::read);
    if let Some(service) =
        scope.map(|scope| scope.service).filter(|service| !matches!(*service, "kms" | "sts"))
    {
        return elsewhere(service, form.contains_key("Action") || service == "s3", request_id);
    }
    if !form.contains_key("Action") {
        return Answer::error(&ApiError::unknown_operation(), request_id);
    }
    let known = if sts::is_unsigned(&form) {
        Ok((None, Arc::from(shared.settings.region.as_str())))
    } else {
        let now = || shared.heart().clock.date();
        identity::identify(&shared.settings, &shared.sessions, (signed, Service::Sts), now)
            .map(|known| (Some(known.caller), known.region))
    };
    let xml = match known {
        Ok((caller, region)) => {
            let call = sts::Call {
                form: &form,
                caller,
                region: &region,
                source_ip: peer.ip(),
                user_agent: text_of(signed.headers, USER_AGENT).unwrap_or_default(),
                request_id,
            };
            sts::answer(shared, &call)
        }
        Err(error) => sts::refusal(&error, request_id),
    };
    Answer::other(xml.status, "text/xml", xml.text.into_bytes(), request_id)
}

/// What is told of a call that is signed for another service, in the form its client reads.
fn elsewhere(service: &str, is_xml: bool, request_id: Uuid) -> Answer {
    let service: String = service.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
    let error = calls::for_another_service(&service);
    if !is_xml {
        return Answer::error(&error, request_id);
    }
    let (code, what) = (error.code, error.message.unwrap_or_default());
    let inner = format!("<Error><Code>{code}</Code><Message>{what}</Message></Error>");
    let text = match service.as_str() {
        "s3" => inner,
        _ => format!("<ErrorResponse>{inner}<RequestId>{request_id}</RequestId></ErrorResponse>"),
    };
    Answer::other(error.status, "text/xml", text.into_bytes(), request_id)
}

fn too_large(shared: &Shared) -> Response<Body> {
    let error = ApiError::request_entity_too_large(format!("A request can have at most {BODY} bytes."));
    closing(Answer::error(&error, shared.id()))
}

/// An answer after which the connection is closed, since what is left of the request is not read.
fn closing(answer: Answer) -> Response<Body> {
    let mut response = answer.into_response();
    response.headers_mut().insert(hyper::header::CONNECTION, HeaderValue::from_static("close"));
    response
}
