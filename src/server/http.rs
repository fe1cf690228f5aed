//! HTTP: what a call is, how large it may be, who answers it.

use super::answer::Answer;
use super::body::{Body, Reset};
use super::heads::Heads;
use super::service::Service;
use super::sigv4::{self, Authorization, Signed, text_of};
use super::xml::Element;
use super::{admin, calls, faults, hosts, identity, sts};
use crate::clock::within;
use crate::kms::Uuid;
use crate::kms::wire::ApiError;
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue};
use hyper::{HeaderMap, Method, Request, Response};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// The longest body: a key policy of 131,072 characters, escaped, fits several times.
pub(super) const BODY: usize = 1 << 20;

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
    service: Arc<Service>,
    request: Request<Incoming>,
    peer: SocketAddr,
    paths: Paths,
) -> Result<Response<Body>, Reset> {
    let (mut head, body) = request.into_parts();
    let authority = head.uri.authority().map(|authority| authority.as_str());
    let mut heads = Heads::of(&head.headers);
    if let Some(name) = hosts::stranger(&service.settings, &head.headers, &heads, authority) {
        let error = ApiError::access_denied(hosts::refused(name));
        return Ok(closing(Answer::error(&ApiError { status: 403, ..error }, service.emulator.id())));
    }
    if heads.content_length().is_some_and(|length| length > BODY as u64) {
        return Ok(too_large(&service));
    }
    // HTTP/2 has the host in the address, and it is signed as if it were the header.
    let host = authority.filter(|_| !heads.has_host()).map(HeaderValue::from_str);
    if let Some(Ok(host)) = host {
        head.headers.insert(HOST, host);
        heads = Heads::of(&head.headers);
    }
    let body = match within(service.settings.idle_timeout, whole(body)).await {
        Some(Ok(body)) => body,
        Some(Err(Unread::TooLong)) => return Ok(too_large(&service)),
        Some(Err(Unread::Broken)) => return Err(Reset),
        None => return Ok(closing(late_body(&service))),
    };
    let query = head.uri.query().unwrap_or_default();
    let signed = Signed {
        method: head.method.as_str(),
        path: head.uri.path(),
        query,
        headers: &head.headers,
        body: &body,
    };
    let is_admin = signed.path.starts_with(admin::ROOT) || signed.path.starts_with(faults::CHAOS);
    if is_admin && (paths != Paths::Api || signed.path == admin::HEALTH) {
        // In memory of its own: it is large, and every call would be moved with room for it.
        return Ok(Box::pin(admin::answer(&service, &signed, peer)).await.into_response());
    }
    if paths == Paths::Admin {
        let message = Some("only /_keystorm/ is served here".into());
        let error = ApiError { code: "NotFound", message, status: 404, more: None };
        return Ok(Answer::error(&error, service.emulator.id()).into_response());
    }
    if heads.has_target() && head.method == Method::POST {
        let sent = calls::Sent { heads: &heads, body: &body, signed: Some(&signed) };
        return calls::serve(&service, sent, peer).await.map(Answer::into_response).ok_or(Reset);
    }
    Ok(other(&service, &head.method, &signed, &heads, peer).into_response())
}

/// Why there is no body.
enum Unread {
    TooLong,
    Broken,
}

/// The whole body. Nearly always it comes in one piece, which is handed on as it is.
async fn whole(mut body: Incoming) -> Result<Bytes, Unread> {
    let (mut first, mut more) = (Bytes::new(), Vec::new());
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame.map_err(|_| Unread::Broken)?.into_data() else { continue };
        if first.len() + more.len() + piece.len() > BODY {
            return Err(Unread::TooLong);
        }
        if first.is_empty() {
            first = piece;
        } else {
            more.extend_from_slice(&piece);
        }
        if body.is_end_stream() {
            break;
        }
    }
    Ok(if more.is_empty() { first } else { [&first[..], &more].concat().into() })
}

/// Where calls come from that no socket has brought.
const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

impl Service {
    /// Asks STS with an unsigned form: status and XML.
    pub fn ask_sts(&self, form: &[u8]) -> (u16, Vec<u8>) {
        let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, form_type)]);
        let signed = Signed { method: "POST", path: "/", query: "", headers: &headers, body: form };
        other(self, &Method::POST, &signed, &Heads::of(&headers), NOWHERE).into_parts()
    }
}

/// STS, or nothing that is served here.
pub(super) fn other(
    service: &Service,
    method: &Method,
    signed: &Signed<'_>,
    heads: &Heads<'_>,
    peer: SocketAddr,
) -> Answer {
    let request_id = service.emulator.id();
    if hosts::is_from_another_page(signed.headers) {
        let error = ApiError::access_denied("A page of another origin sends this call: it is not served.");
        return Answer::error(&ApiError { status: 403, ..error }, request_id);
    }
    let is_form = text_of(signed.headers, CONTENT_TYPE);
    let is_form = is_form.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    let form = match *method {
        Method::POST if is_form => sts::form(signed.body),
        Method::GET => sts::form(signed.query.as_bytes()),
        _ => BTreeMap::new(),
    };
    let scope = heads.authorization().and_then(Authorization::read);
    let named = scope.map(|scope| scope.service);
    if let Some(named) = named.filter(|named| !matches!(*named, "kms" | "sts")) {
        return elsewhere(named, form.contains_key("Action") || named == "s3", request_id);
    }
    if !form.contains_key("Action") {
        return Answer::error(&ApiError::unknown_operation(), request_id);
    }
    let known = if sts::is_unsigned(&form) {
        Ok((None, Arc::from(service.settings.emulator.region.as_str())))
    } else {
        let now = || service.emulator.locked().clock.date();
        identity::identify(
            &service.settings,
            &service.emulator.sessions,
            (Some(signed), heads, sigv4::Service::Sts),
            now,
        )
        .map(|known| (Some(known.caller), known.region))
    };
    let xml = match known {
        Ok((caller, region)) => {
            let call = sts::Call {
                form: &form,
                caller,
                region: &region,
                source_ip: peer.ip(),
                user_agent: heads.user_agent().unwrap_or_default(),
                request_id,
            };
            sts::answer(&service.emulator, &call)
        }
        Err(error) => sts::refusal(&error, request_id),
    };
    Answer::other(xml.status, "text/xml", xml.body, request_id)
}

/// What is told of a call that is signed for another service, in the form its client reads.
fn elsewhere(service: &str, is_xml: bool, request_id: Uuid) -> Answer {
    let service: String = service.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
    let error = calls::for_another_service(&service);
    if !is_xml {
        return Answer::error(&error, request_id);
    }
    let what = error.message.unwrap_or_default();
    let inner = Element::of("Error", [Element::text("Code", error.code), Element::text("Message", what)]);
    let whole = match service.as_str() {
        "s3" => inner,
        _ => Element::of("ErrorResponse", [inner, sts::id(request_id)]),
    };
    Answer::other(error.status, "text/xml", whole.into_bytes(), request_id)
}

/// The answer to a call whose body does not come.
pub(super) fn late_body(service: &Service) -> Answer {
    let error = ApiError::request_timeout("The body did not arrive in time.");
    Answer::error(&error, service.emulator.id())
}

fn too_large(service: &Service) -> Response<Body> {
    let error = ApiError::request_entity_too_large(format!("A request can have at most {BODY} bytes."));
    closing(Answer::error(&error, service.emulator.id()))
}

/// An answer after which the connection is closed, since what is left of the request is not read.
fn closing(answer: Answer) -> Response<Body> {
    let mut response = answer.into_response();
    response.headers_mut().insert(hyper::header::CONNECTION, HeaderValue::from_static("close"));
    response
}
