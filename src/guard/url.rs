//! A URL, read strictly: what every reader of it understands in the same way, or nothing.
//!
//! Two programs that read a URL differently can be led to two hosts. So there is one way to write each host here, and
//! whatever is judged is also what is connected to and what stands in the header `host`.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// Where a URL leads, by its own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// Whether it begins with `https`.
    pub is_tls: bool,
    /// Whose it is.
    pub host: Host,
    /// Its port, or that of its scheme.
    pub port: u16,
    /// What comes behind, from the first `/` on; empty for nothing.
    pub path: String,
}

/// A host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// By name, in small letters, without a dot at its end.
    Name(String),
    /// By address.
    Address(IpAddr),
}

impl Url {
    /// Reads a URL.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence without subject.
    pub fn parse(text: &str) -> Result<Url, &'static str> {
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) || text.contains('\\') {
            return Err(
                "it has characters that no URL has: write names of other scripts in their ASCII form (xn--…)",
            );
        }
        let (scheme, rest) = text.split_once("://").ok_or("it begins with neither http:// nor https://")?;
        let is_tls = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return Err("it begins with neither http:// nor https://"),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains('@') {
            return Err("it has a user in it");
        }
        if authority.contains('%') {
            return Err("it has a % in its host: write the host plainly, without a zone");
        }
        let (host, port) = split(authority)?;
        let port = match port {
            None => {
                if is_tls {
                    443
                } else {
                    80
                }
            }
            Some(digits) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
                digits.parse().ok().filter(|port| *port > 0).ok_or("its port is none")?
            }
            Some(_) => return Err("its port is none"),
        };
        Ok(Url {
            is_tls,
            host: read(host)?,
            port,
            path: if path == "/" { String::new() } else { path.into() },
        })
    }

    /// Host and port as the header `host` has them: the scheme's own port is left out.
    pub fn authority(&self) -> String {
        let usual = if self.is_tls { 443 } else { 80 };
        if self.port == usual { self.host.to_string() } else { format!("{}:{}", self.host, self.port) }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority(), self.path)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Name(name) => f.write_str(name),
            Host::Address(IpAddr::V4(address)) => write!(f, "{address}"),
            Host::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

/// `text` without the user and password that may be in it.
pub fn without_user(text: &str) -> String {
    let (scheme, rest) = text.split_once("://").map_or(("", text), |(scheme, rest)| (scheme, rest));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let Some((_, host)) = authority.rsplit_once('@') else { return text.into() };
    format!("{scheme}{}…@{host}{path}", if scheme.is_empty() { "" } else { "://" })
}

/// Scheme, host and port of a URL: neither what comes behind them nor a name and password before.
pub fn origin(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}")
}

/// Host and port of an authority; the brackets of an address stay.
fn split(authority: &str) -> Result<(&str, Option<&str>), &'static str> {
    if let Some(end) = authority.find(']') {
        let (host, rest) = authority.split_at(end + 1);
        return match rest.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if rest.is_empty() => Ok((host, None)),
            None => Err("its host is none"),
        };
    }
    match authority.split_once(':') {
        Some((_, port)) if port.contains(':') => {
            Err("an address of IPv6 stands in brackets, as in http://[::1]:8080")
        }
        Some((host, port)) => Ok((host, Some(port))),
        None => Ok((authority, None)),
    }
}

/// Reads a host.
fn read(text: &str) -> Result<Host, &'static str> {
    if text.is_empty() {
        return Err("it names no host");
    }
    if let Some(inner) = text.strip_prefix('[') {
        let inner = inner.strip_suffix(']').ok_or("its host is none")?;
        let address: Ipv6Addr = inner.parse().map_err(|_| "its host is no address of IPv6")?;
        return Ok(Host::Address(IpAddr::V6(address).to_canonical()));
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(Host::Address(address));
    }
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    let last = name.rsplit('.').next().unwrap_or_default();
    let is_number = last.bytes().all(|b| b.is_ascii_digit())
        || last.strip_prefix("0x").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_hexdigit()));
    if is_number && !last.is_empty() {
        return Err(
            "its host is an address in a form that programs read differently: write four decimal numbers, as in 127.0.0.1",
        );
    }
    let is_letter = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    let is_label = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(is_letter);
    if name.len() > 253 || !name.split('.').all(is_label) {
        return Err("its host is no name");
    }
    Ok(Host::Name(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_one_form() {
        for (text, plain) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("HTTPS://KMS.us-east-1.AMAZONAWS.com.", "https://kms.us-east-1.amazonaws.com"),
            ("https://kms.us-east-1.amazonaws.com:443/", "https://kms.us-east-1.amazonaws.com"),
            ("http://Kms:80", "http://kms"),
            ("http://[::1]:8080/", "http://[::1]:8080"),
            ("http://[::ffff:127.0.0.1]:1", "http://127.0.0.1:1"),
            ("http://[0:0:0:0:0:0:0:1]", "http://[::1]"),
            ("http://localhost./x?y", "http://localhost/x?y"),
            ("http://my_kms.internal:1", "http://my_kms.internal:1"),
        ] {
            assert_eq!(Url::parse(text).unwrap_or_else(|why| panic!("{text}: {why}")).to_string(), plain);
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_not_read() {
        for (text, why) in [
            ("", "neither http"),
            ("127.0.0.1:80", "neither http"),
            ("ftp://host", "neither http"),
            ("http://", "no host"),
            ("http:///path", "no host"),
            ("http://user@host", "a user"),
            ("http://user:pass@127.0.0.1", "a user"),
            ("http://localhost%2eamazonaws.com", "a %"),
            ("http://[fe80::1%25eth0]", "a %"),
            ("http://[fe80::1%eth0]", "a %"),
            ("https://kms。us-east-1。amazonaws。com", "ASCII form"),
            ("https://kms.us-east-1.amazonaws\u{ff0e}com", "ASCII form"),
            ("http://a b", "characters"),
            ("http://host\\@other", "characters"),
            ("http://host\t", "characters"),
            ("http://2130706433", "differently"),
            ("http://0x7f000001", "differently"),
            ("http://0x7F.1", "differently"),
            ("http://0177.0.0.1", "differently"),
            ("http://127.1", "differently"),
            ("http://127.0.0.1.", "differently"),
            ("http://127.0.0.256", "differently"),
            ("http://kms..amazonaws.com", "no name"),
            ("http://kms.amazonaws.com..", "no name"),
            ("http://.", "no name"),
            ("http://[::1", "brackets"),
            ("http://[", "none"),
            ("http://[::1]x", "none"),
            ("http://[127.0.0.1]", "no address"),
            ("http://::1:80", "brackets"),
            ("http://host:", "port"),
            ("http://host:0", "port"),
            ("http://host:+1", "port"),
            ("http://host:65536", "port"),
            ("http://a*b", "no name"),
        ] {
            let said = Url::parse(text).expect_err(text);
            assert!(said.contains(why), "{text}: {said}");
        }
    }

    #[test]
    fn a_user_and_a_password_are_not_shown() {
        for (text, shown) in [
            ("http://user:pass@host:1/x@y", "http://…@host:1/x@y"),
            ("user:pass@host", "…@host"),
            ("http://host/x@y", "http://host/x@y"),
        ] {
            assert_eq!(without_user(text), shown);
        }
    }

    #[test]
    fn of_an_endpoint_only_what_leads_there_is_told() {
        assert_eq!(
            origin("https://user:pass@kms.example.com:8443/path?token=x"),
            "https://kms.example.com:8443"
        );
        assert_eq!(origin("http://127.0.0.1:8080"), "http://127.0.0.1:8080");
        assert_eq!(origin("http://[::1]:8080/"), "http://[::1]:8080");
    }
}
