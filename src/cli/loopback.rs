//! Pages for this machine only: the check of who is asked for, and by whom.

use super::small_server::{Asked, Bounds};
use crate::time::Span;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderMap, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
#[cfg(feature = "live")]
use hyper::header::{HeaderName, ORIGIN};
use hyper::{Response, StatusCode};
use std::net::IpAddr;

/// What a page's server takes on.
pub const BOUNDS: Bounds = Bounds { connections: 32, patience: Span::from_secs(600) };
/// Where a browser says a call comes from.
#[cfg(feature = "live")]
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

impl Asked<'_> {
    /// Why this is not answered at all: the Host is none of this machine's, so that a page of somewhere else, which leads a
    /// name of its own here, would read the answer.
    pub fn is_misled(&self) -> bool {
        let host = self.headers.get(HOST).and_then(|host| host.to_str().ok());
        !host.is_some_and(is_this_machine)
    }

    /// Whether a browser says that a page of another origin asks.
    #[cfg(feature = "live")]
    pub fn is_from_another_page(&self) -> bool {
        let site = self.headers.get(FETCH_SITE).map(|site| site.to_str().unwrap_or("?"));
        if site.is_some_and(|site| !matches!(site, "same-origin" | "none")) {
            return true;
        }
        let host = self.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("");
        self.headers.get_all(ORIGIN).iter().any(|origin| {
            let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
            origin.is_none_or(|(_, authority)| !authority.eq_ignore_ascii_case(host))
        })
    }
}

/// Whether a Host is a name that only this machine has, with or without a port.
fn is_this_machine(host: &str) -> bool {
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    let name = match host.rsplit_once(':') {
        Some((name, port)) if is_port(port) && (!name.contains(':') || name.ends_with(']')) => name,
        _ => host,
    };
    let bare = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// An answer in one piece: HTML where all is well, otherwise a sentence.
pub fn page(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    let is_well = status == StatusCode::OK;
    let mut response = Response::new(Full::new(Bytes::from(if is_well { body } else { body + "\n" })));
    *response.status_mut() = status;
    let kind = if is_well { "text/html; charset=utf-8" } else { "text/plain; charset=utf-8" };
    head(response.headers_mut(), kind);
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}

/// The headers of every answer.
pub fn head(headers: &mut HeaderMap, kind: &'static str) {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::Method;

    fn asked(host: &str) -> HeaderMap {
        HeaderMap::from_iter([(HOST, HeaderValue::from_str(host).expect("a header"))])
    }

    fn asked_with<'r>(method: &'r Method, headers: &'r HeaderMap) -> Asked<'r> {
        Asked { method, path: "/", query: "", headers }
    }

    #[test]
    fn only_names_of_this_machine_are_answered() {
        let is_misled = |headers: &HeaderMap| asked_with(&Method::GET, headers).is_misled();
        for host in ["127.0.0.1:8091", "127.0.0.2", "localhost", "LocalHost:1", "[::1]:8091"] {
            assert!(!is_misled(&asked(host)), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example:8091", "10.0.0.1", "", "localhost:evil"] {
            assert!(is_misled(&asked(host)), "{host}");
        }
        assert!(is_misled(&HeaderMap::new()));
    }

    #[cfg(feature = "live")]
    #[test]
    fn a_page_of_another_origin_is_told_from_ones_own() {
        let is_foreign = |more: &[(HeaderName, &'static str)]| {
            let mut headers = asked("localhost:8090");
            headers.extend(more.iter().map(|(name, text)| (name.clone(), HeaderValue::from_static(text))));
            asked_with(&Method::POST, &headers).is_from_another_page()
        };
        let own = [(ORIGIN, "http://localhost:8090"), (FETCH_SITE, "same-origin")];
        assert!(!is_foreign(&[]) && !is_foreign(&own));
        let site = |site| (FETCH_SITE, site);
        for more in [(ORIGIN, "http://evil.example"), (ORIGIN, "null"), site("cross-site"), site("same-site")]
        {
            assert!(is_foreign(std::slice::from_ref(&more)), "{more:?}");
        }
    }
}
