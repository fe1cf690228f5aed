//! Patterns with `*` and `?`, as policies write them.

/// A pattern, ready to match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Glob {
    text: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Just `*`.
    Any,
    /// No wildcard.
    Exact,
    /// One `*`, at the end.
    Prefix,
    Mixed,
    /// Holds `${…}`, to be filled in first.
    Variable,
}

impl Glob {
    pub(super) fn new(text: &str) -> Glob {
        let kind = match text {
            "*" => Kind::Any,
            _ if text.contains("${") => Kind::Variable,
            _ if !text.contains(['*', '?']) => Kind::Exact,
            _ if text.find(['*', '?']) == Some(text.len() - 1) && text.ends_with('*') => Kind::Prefix,
            _ => Kind::Mixed,
        };
        Glob { text: text.into(), kind }
    }

    /// For names in which case does not matter; match lower-case texts only.
    pub(super) fn caseless(text: &str) -> Glob {
        Glob::new(&text.to_ascii_lowercase())
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether `text` matches; variables match nothing until they are filled in.
    pub(super) fn matches(&self, text: &str) -> bool {
        match self.kind {
            Kind::Any => true,
            Kind::Exact => self.text == text,
            Kind::Prefix => text.starts_with(&self.text[..self.text.len() - 1]),
            Kind::Mixed => matches(self.text.as_bytes(), text.as_bytes()),
            Kind::Variable => false,
        }
    }

    /// Whether `text` matches when variables are filled in by `value`; one without a value matches nothing.
    pub(super) fn matches_with<'a>(&self, text: &str, value: impl Fn(&str) -> Option<&'a str>) -> bool {
        if self.kind != Kind::Variable {
            return self.matches(text);
        }
        fill(&self.text, value).is_some_and(|filled| matches(filled.as_bytes(), text.as_bytes()))
    }
}

/// `text` with its `${name}` replaced; `${*}`, `${?}` and `${$}` stand for the characters.
pub(super) fn fill<'a>(text: &str, value: impl Fn(&str) -> Option<&'a str>) -> Option<String> {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find("${") {
        out.push_str(&rest[..at]);
        let (name, after) = rest[at + 2..].split_once('}')?;
        match name {
            "*" | "?" | "$" => out.push_str(name),
            _ => out.push_str(value(name)?),
        }
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

/// Greedy with one point to come back to: at most |pattern| × |text| steps.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(b'?') => (p, t) = (p + 1, t + 1),
            Some(c) if *c == text[t] => (p, t) = (p + 1, t + 1),
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (p, t) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks_match_as_in_policies() {
        for (pattern, text, is_match) in [
            ("*", "", true),
            ("kms:*", "kms:encrypt", true),
            ("kms:generatedatakey*", "kms:generatedatakeypair", true),
            ("kms:generatedatakey*", "kms:generaterandom", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*:key/*", "arn:aws:kms:r:1:key/x", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("", "", true),
            ("", "x", false),
        ] {
            assert_eq!(Glob::new(pattern).matches(text), is_match, "{pattern} {text}");
        }
    }

    #[test]
    fn a_nasty_pattern_takes_no_exponential_time() {
        let pattern = "a*".repeat(200) + "b";
        assert!(!Glob::new(&pattern).matches(&"a".repeat(5_000)));
    }

    #[test]
    fn variables_are_filled_in() {
        let glob = Glob::new("team/${aws:username}/*");
        let name = |asked: &str| (asked == "aws:username").then_some("ann");
        assert!(glob.matches_with("team/ann/x", name));
        assert!(!glob.matches_with("team/bob/x", name));
        assert!(!glob.matches_with("team/ann/x", |_| None));
        assert_eq!(fill("${$}{x}${*}", |_| None).as_deref(), Some("${x}*"));
    }
}
