//! Who a call says it is for, and which page sent it: what keeps a web page from using the server of whoever looks at it.
//!
//! A page can send calls to this machine, under a name of its own that it has made to lead here (then it may read the
//! answers too), or across origins (then it may not, but the call is made). The first is refused by its Host, the second
//! by what browsers say of it.

use super::Settings;
use super::heads::Heads;
use super::sigv4::text_of;
use hyper::HeaderMap;
use hyper::header::{HOST, HeaderName, ORIGIN};
use std::net::IpAddr;

/// Where a browser says a call comes from.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The first name in a call that is none of the server's; `None` if all are, or if there is none, which no browser does.
pub(super) fn stranger<'a>(
    settings: &Settings,
    headers: &'a HeaderMap,
    heads: &Heads<'a>,
    authority: Option<&'a str>,
) -> Option<&'a str> {
    // As nearly all calls have it.
    if let (Some(only), None) = (heads.only_host(), authority) {
        return Some(only).filter(|name| !is_own(settings, name));
    }
    let named = headers.get_all(HOST).iter().map(|value| value.to_str().unwrap_or("?")).chain(authority);
    named.into_iter().find(|name| !is_own(settings, name))
}

/// Whether a name, with or without port, is one by which this server can be meant: an address, this machine, a name that
/// it was given; and if others can reach it, names that only private networks have.
pub(super) fn is_own(settings: &Settings, authority: &str) -> bool {
    let name = without_port(authority);
    let bare = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
    // What nearly every call says, without another copy of it.
    if bare.parse::<IpAddr>().is_ok() || name == "localhost" {
        return true;
    }
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let name = name.as_str();
    if name == "localhost" || name.ends_with(".localhost") {
        return true;
    }
    let tls = settings.tls.iter().flat_map(|tls| &tls.names);
    if settings.host_names.iter().chain(tls).any(|own| is_name(own, name)) {
        return true;
    }
    let is_single = !name.is_empty() && !name.contains('.');
    let is_private = is_single
        || name.ends_with(".internal")
        || name.ends_with(".svc")
        || (name.contains(".svc.") && name.ends_with(".local"));
    let listens = [Some(settings.listen), settings.admin_listen];
    is_private && listens.into_iter().flatten().any(|address| !address.ip().is_loopback())
}

/// Whether `name` is `own`, or one of the domain that `own` stands for (`*.example.com`).
fn is_name(own: &str, name: &str) -> bool {
    let own = own.to_ascii_lowercase();
    match own.strip_prefix("*.") {
        Some(domain) => name.split_once('.').is_some_and(|(_, rest)| rest == domain),
        None => own == name,
    }
}

fn without_port(authority: &str) -> &str {
    let is_port = |port: &str| port.bytes().all(|b| b.is_ascii_digit());
    let colon = memchr::memrchr(b':', authority.as_bytes());
    match colon.map(|at| (&authority[..at], &authority[at + 1..])) {
        Some((name, port)) if is_port(port) && (!name.contains(':') || name.ends_with(']')) => name,
        _ => authority,
    }
}

/// Whether a browser says that a page of another origin sends the call.
pub(super) fn is_from_another_page(headers: &HeaderMap) -> bool {
    let site = text_of(headers, FETCH_SITE);
    if headers.contains_key(FETCH_SITE) && !matches!(site, Some("same-origin" | "none")) {
        return true;
    }
    let host = text_of(headers, HOST);
    headers.get_all(ORIGIN).iter().any(|origin| {
        let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
        origin.is_none_or(|(_, authority)| !host.is_some_and(|host| host.eq_ignore_ascii_case(authority)))
    })
}

/// What is told to whom a name is refused.
pub(super) fn refused(name: &str) -> String {
    let name: String = name.chars().take(253).collect();
    format!(
        "The Host {name:?} is no name of this server: call it by an address or as localhost, or give the name as \
         --host-name"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::Tls;
    use hyper::header::HeaderValue;

    fn named(settings: &Settings, host: &str) -> bool {
        let headers = HeaderMap::from_iter([(HOST, HeaderValue::from_str(host).unwrap())]);
        stranger(settings, &headers, &Heads::of(&headers), None).is_none()
    }

    #[test]
    fn a_server_on_loopback_has_only_names_of_this_machine_and_those_it_was_given() {
        let tls = Tls { ca: None, names: vec!["kms.test".into()] };
        let own = Settings {
            host_names: vec!["kms.example".into(), "*.lab".into()],
            tls: Some(tls),
            ..Settings::default()
        };
        for (host, is_good) in [
            ("127.0.0.1:8080", true),
            ("127.0.0.1", true),
            ("[::1]:8080", true),
            ("[::1]", true),
            ("192.168.0.7:8080", true),
            ("localhost", true),
            ("LocalHost.:8080", true),
            ("a.localhost:8080", true),
            ("kms.example:8080", true),
            ("kms.test", true),
            ("a.lab", true),
            ("lab", false),
            ("a.b.lab", false),
            ("evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("localhost.evil.example:8080", false),
            ("kms", false),
            ("host.docker.internal", false),
            ("", false),
        ] {
            assert_eq!(named(&own, host), is_good, "{host:?}");
        }
        let both = HeaderMap::from_iter([(HOST, HeaderValue::from_static("localhost"))]);
        assert_eq!(stranger(&own, &both, &Heads::of(&both), Some("evil.example")), Some("evil.example"));
        assert_eq!(
            stranger(&own, &HeaderMap::new(), &Heads::default(), None),
            None,
            "no browser leaves it out"
        );
    }

    #[test]
    fn names_of_private_networks_pass_where_others_can_reach_the_server() {
        let listen = ([0, 0, 0, 0], 8080).into();
        let open = Settings { listen, ..Settings::default() };
        for (host, is_good) in [
            ("kms:8080", true),
            ("keystorm_kms_1", true),
            ("host.docker.internal:8080", true),
            ("kms.default.svc", true),
            ("kms.default.svc.cluster.local:8080", true),
            ("kms.svc.evil.example", false),
            ("internal.evil.example", false),
            ("evil.example", false),
        ] {
            assert_eq!(named(&open, host), is_good, "{host}");
        }
    }

    #[test]
    fn browsers_say_which_page_sends_a_call() {
        let host = ("host", "127.0.0.1:8080");
        for (headers, is_foreign) in [
            (&[host][..], false),
            (&[host, ("origin", "http://127.0.0.1:8080")], false),
            (&[host, ("origin", "http://evil.example")], true),
            (&[host, ("origin", "http://127.0.0.1:3000")], true),
            (&[host, ("origin", "null")], true),
            (&[host, ("sec-fetch-site", "same-origin")], false),
            (&[host, ("sec-fetch-site", "none")], false),
            (&[host, ("sec-fetch-site", "cross-site")], true),
            (&[host, ("sec-fetch-site", "same-site")], true),
        ] {
            let map = headers
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            assert_eq!(is_from_another_page(&HeaderMap::from_iter(map)), is_foreign, "{headers:?}");
        }
    }
}
