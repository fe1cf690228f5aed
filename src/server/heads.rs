//! The headers that calls are asked for, found in one walk over all of them: looking each up by itself costs several
//! times as much.

use hyper::HeaderMap;

/// What of a call's headers matters to nearly every call; of a header that comes twice, the first.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Heads<'a> {
    target: Option<&'a [u8]>,
    authorization: Option<&'a [u8]>,
    security_token: Option<&'a [u8]>,
    user_agent: Option<&'a [u8]>,
    content_length: Option<&'a [u8]>,
    host: Option<&'a [u8]>,
    has_more_hosts: bool,
}

impl<'a> Heads<'a> {
    /// Those of a call.
    pub(super) fn of(headers: &'a HeaderMap) -> Heads<'a> {
        let mut heads = Heads::default();
        for (name, value) in headers {
            let place = match name.as_str() {
                "x-amz-target" => &mut heads.target,
                "authorization" => &mut heads.authorization,
                "x-amz-security-token" => &mut heads.security_token,
                "user-agent" => &mut heads.user_agent,
                "content-length" => &mut heads.content_length,
                "host" => {
                    heads.has_more_hosts |= heads.host.is_some();
                    &mut heads.host
                }
                _ => continue,
            };
            place.get_or_insert(value.as_bytes());
        }
        heads
    }

    /// Takes a header as it was sent, its name in letters of any case; `false` if it is there already, or if HTTP makes more of
    /// it than a value: a connection that is to change or to end, a body in pieces, or one that is held back.
    pub(super) fn put(&mut self, name: &str, value: &'a [u8]) -> bool {
        // What is only to be told apart by its letters is compared by them; nearly always the length does it.
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        let place = match name.len() {
            4 if is("host") => &mut self.host,
            6 if is("expect") => return false,
            7 if is("upgrade") => return false,
            10 if is("user-agent") => &mut self.user_agent,
            10 if is("connection") => return value.eq_ignore_ascii_case(b"keep-alive"),
            12 if is("x-amz-target") => &mut self.target,
            13 if is("authorization") => &mut self.authorization,
            14 if is("content-length") => &mut self.content_length,
            17 if is("transfer-encoding") => return false,
            20 if is("x-amz-security-token") => &mut self.security_token,
            _ => return true,
        };
        place.replace(value).is_none()
    }

    /// Whether the call names an operation, in whatever way.
    pub(super) const fn has_target(&self) -> bool {
        self.target.is_some()
    }

    /// The operation that a call wants: `TrentService.Decrypt`.
    pub(super) fn target(&self) -> Option<&'a str> {
        text(self.target?)
    }

    /// Who signs.
    pub(super) fn authorization(&self) -> Option<&'a str> {
        text(self.authorization?)
    }

    /// The token of a session's credentials.
    pub(super) fn security_token(&self) -> Option<&'a str> {
        text(self.security_token?)
    }

    /// What the client says it is.
    pub(super) fn user_agent(&self) -> Option<&'a str> {
        text(self.user_agent?)
    }

    /// How long the body is, if that is told in digits alone, of which so many fit.
    pub(super) fn content_length(&self) -> Option<u64> {
        let digits = self.content_length?;
        let is_number = (1..=19).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
        is_number.then(|| digits.iter().fold(0, |sum, digit| 10 * sum + u64::from(digit - b'0')))
    }

    /// The only name in the call's Host; `None` if there is none, or several.
    pub(super) fn only_host(&self) -> Option<&'a str> {
        text(self.host.filter(|_| !self.has_more_hosts)?)
    }

    /// Whether there is a Host.
    pub(super) const fn has_host(&self) -> bool {
        self.host.is_some()
    }
}

/// A header's value as text, if it is ASCII: it holds no control characters but the tab, so that this is all there is to ask,
/// and asked of many bytes together.
pub(super) fn text(value: &[u8]) -> Option<&str> {
    std::str::from_utf8(value).ok().filter(|text| text.is_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::{HOST, HeaderName, HeaderValue, USER_AGENT};

    #[test]
    fn each_is_what_looking_it_up_finds() {
        let names =
            ["x-amz-target", "authorization", "x-amz-security-token", "user-agent", "content-length", "host"];
        let mut headers = HeaderMap::new();
        for name in names {
            for value in ["17", "18"] {
                headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
        }
        headers.insert(USER_AGENT, HeaderValue::from_bytes(b"\xff").unwrap());
        headers.append(USER_AGENT, HeaderValue::from_static("second"));
        let heads = Heads::of(&headers);
        let first = Some("17");
        assert_eq!([heads.target(), heads.authorization(), heads.security_token()], [first; 3]);
        assert_eq!((heads.content_length(), heads.user_agent()), (Some(17), None));
        assert_eq!((heads.has_host(), heads.only_host()), (true, None), "there are two");
        headers.insert(HOST, HeaderValue::from_static("localhost"));
        assert_eq!(Heads::of(&headers).only_host(), Some("localhost"));
        let none = HeaderMap::new();
        let none = Heads::of(&none);
        assert!(!none.has_target() && !none.has_host() && none.target().is_none());
    }

    #[test]
    fn what_was_sent_is_found_as_in_the_map_and_what_changes_the_connection_is_none_of_it() {
        let sent = [
            ("Host", "localhost"),
            ("X-Amz-Target", "TrentService.Encrypt"),
            ("Content-Type", "application/x-amz-json-1.1"),
            ("AUTHORIZATION", "AWS4-HMAC-SHA256 x"),
            ("content-length", "17"),
            ("X-Amz-Security-Token", "t"),
            ("User-Agent", "me"),
            ("Connection", "Keep-Alive"),
        ];
        let (mut heads, mut map) = (Heads::default(), HeaderMap::new());
        for (name, value) in sent {
            assert!(heads.put(name, value.as_bytes()), "{name}");
            map.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_static(value));
        }
        let of_map = Heads::of(&map);
        let found = |heads: &Heads<'_>| format!("{heads:?}");
        assert_eq!(found(&heads), found(&of_map));
        for (name, value) in [
            ("Host", "again"),
            ("Content-Length", "17"),
            ("Transfer-Encoding", "chunked"),
            ("Expect", "100-continue"),
            ("Connection", "close"),
            ("Connection", "keep-alive, Upgrade"),
            ("Upgrade", "h2c"),
        ] {
            assert!(!heads.put(name, value.as_bytes()), "{name}: {value}");
        }
    }

    #[test]
    fn a_header_is_text_where_the_library_says_so() {
        for byte in 0..=u8::MAX {
            let Ok(value) = HeaderValue::from_bytes(&[b'a', byte, b'z']) else { continue };
            assert_eq!(text(value.as_bytes()), value.to_str().ok(), "{byte:#x}");
        }
    }
}
