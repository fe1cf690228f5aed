//! Patterns with `*` and `?`, as policies write them, and the variables in them.
//!
//! The value of a variable stands for itself: a `*` in it is a star, no wildcard.

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

/// Whether a text is like a pattern with `*` and `?`.
pub fn is_like(pattern: &str, text: &str) -> bool {
    Glob::new(pattern, false).matches(text)
}

/// What one place of a pattern asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    /// This character, from the pattern.
    Is(char),
    /// This character, from a variable's value.
    Value(char),
    /// Any one character.
    One,
    /// Any characters, or none.
    Any,
}

/// Parts of an ARN; the last holds every further colon.
const PARTS: usize = 6;

impl Glob {
    /// A pattern; only policies of 2012-10-17 have variables.
    pub(super) fn new(text: &str, has_variables: bool) -> Glob {
        let kind = match text {
            "*" => Kind::Any,
            _ if has_variables && text.contains("${") => Kind::Variable,
            _ if !text.contains(['*', '?']) => Kind::Exact,
            _ if text.find(['*', '?']) == Some(text.len() - 1) && text.ends_with('*') => Kind::Prefix,
            _ => Kind::Mixed,
        };
        Glob { text: text.into(), kind }
    }

    /// For names in which case does not matter: ask [`Glob::matches_caseless`]. They have no variables.
    pub(super) fn caseless(text: &str) -> Glob {
        Glob::new(&text.to_ascii_lowercase(), false)
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether variables are to be filled in.
    pub(super) fn has_variables(&self) -> bool {
        self.kind == Kind::Variable
    }

    /// Whether `text` matches; variables match nothing until they are filled in.
    pub(super) fn matches(&self, text: &str) -> bool {
        match self.kind {
            Kind::Any => true,
            Kind::Exact => self.text == text,
            Kind::Prefix => text.starts_with(&self.text[..self.text.len() - 1]),
            Kind::Mixed => is_match(&bare(&self.text), &chars(text)),
            Kind::Variable => false,
        }
    }

    /// Whether `text` matches a pattern made by [`Glob::caseless`], whatever its case.
    pub(super) fn matches_caseless(&self, text: &str) -> bool {
        match self.kind {
            Kind::Any => true,
            Kind::Exact => self.text.eq_ignore_ascii_case(text),
            Kind::Prefix => {
                let prefix = &self.text[..self.text.len() - 1];
                text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
            }
            Kind::Mixed => self.matches(&text.to_ascii_lowercase()),
            Kind::Variable => false,
        }
    }

    /// Whether `text` matches when variables are filled in by `value`; one without a value matches nothing.
    pub(super) fn matches_with<'a>(&self, text: &str, value: impl Fn(&str) -> Option<&'a str>) -> bool {
        if self.kind != Kind::Variable {
            return self.matches(text);
        }
        filled(&self.text, value).is_some_and(|signs| is_match(&signs, &chars(text)))
    }

    /// Whether `text` is an ARN that matches part by part: no wildcard reaches over one of the first five colons.
    ///
    /// `*` by itself matches every text (assumed: AWS does not say).
    pub(super) fn matches_arn<'a>(&self, text: &str, value: impl Fn(&str) -> Option<&'a str>) -> bool {
        if matches!(self.kind, Kind::Any | Kind::Exact) {
            return self.matches(text);
        }
        let signs =
            if self.kind == Kind::Variable { filled(&self.text, value) } else { Some(bare(&self.text)) };
        let Some(signs) = signs else { return false };
        let asked: Vec<&[Sign]> = signs.splitn(PARTS, |sign| *sign == Sign::Is(':')).collect();
        let given: Vec<&str> = text.splitn(PARTS, ':').collect();
        asked.len() == PARTS
            && given.len() == PARTS
            && asked.iter().zip(given).all(|(asked, given)| is_match(asked, &chars(given)))
    }

    /// The text with its variables filled in, for comparisons without wildcards.
    pub(super) fn filled<'a>(&self, value: impl Fn(&str) -> Option<&'a str>) -> Option<String> {
        if self.kind != Kind::Variable {
            return Some(self.text.clone());
        }
        let of = |sign| match sign {
            Sign::Is(c) | Sign::Value(c) => c,
            Sign::One => '?',
            Sign::Any => '*',
        };
        Some(filled(&self.text, value)?.into_iter().map(of).collect())
    }
}

fn chars(text: &str) -> Vec<char> {
    text.chars().collect()
}

/// The signs of a pattern without variables.
fn bare(text: &str) -> Vec<Sign> {
    let of = |c| match c {
        '*' => Sign::Any,
        '?' => Sign::One,
        c => Sign::Is(c),
    };
    text.chars().map(of).collect()
}

/// The signs of a pattern whose `${name}` are replaced; `${*}`, `${?}` and `${$}` stand for the characters, and
/// `${name, 'text'}` has a text for where there is no value.
fn filled<'a>(text: &str, value: impl Fn(&str) -> Option<&'a str>) -> Option<Vec<Sign>> {
    let (mut out, mut rest) = (Vec::new(), text);
    while let Some(at) = rest.find("${") {
        out.extend(bare(&rest[..at]));
        let (name, after) = rest[at + 2..].split_once('}')?;
        let (name, default) = match name.split_once(',') {
            Some((name, text)) => {
                (name.trim(), text.trim().strip_prefix('\'').and_then(|t| t.strip_suffix('\'')))
            }
            None => (name, None),
        };
        match name {
            "*" | "?" | "$" => out.extend(name.chars().map(Sign::Value)),
            _ => out.extend(value(name).or(default)?.chars().map(Sign::Value)),
        }
        rest = after;
    }
    out.extend(bare(rest));
    Some(out)
}

/// Greedy with one point to come back to: at most |pattern| × |text| steps.
fn is_match(pattern: &[Sign], text: &[char]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(Sign::Any) => {
                star = Some((p, t));
                p += 1;
            }
            Some(Sign::One) => (p, t) = (p + 1, t + 1),
            Some(Sign::Is(c) | Sign::Value(c)) if *c == text[t] => (p, t) = (p + 1, t + 1),
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (p, t) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|sign| *sign == Sign::Any)
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
            ("a?c", "aéc", true),
            ("a??c", "aéc", false),
            ("*:key/*", "arn:aws:kms:r:1:key/x", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("", "", true),
            ("", "x", false),
        ] {
            assert_eq!(Glob::new(pattern, true).matches(text), is_match, "{pattern} {text}");
        }
    }

    #[test]
    fn a_nasty_pattern_takes_no_exponential_time() {
        let pattern = "a*".repeat(200) + "b";
        assert!(!Glob::new(&pattern, true).matches(&"a".repeat(5_000)));
    }

    #[test]
    fn variables_are_filled_in() {
        let glob = Glob::new("team/${aws:username}/*", true);
        let name = |asked: &str| (asked == "aws:username").then_some("ann");
        assert!(glob.matches_with("team/ann/x", name));
        assert!(!glob.matches_with("team/bob/x", name));
        assert!(!glob.matches_with("team/ann/x", |_| None));
        let text = |pattern: &str| Glob::new(pattern, true).filled(|_| None);
        assert_eq!(text("${$}{x}${*}").as_deref(), Some("${x}*"));
        assert_eq!(text("a-${aws:username, 'nobody'}").as_deref(), Some("a-nobody"));
        assert_eq!(text("a-${aws:username}"), None);
    }

    #[test]
    fn a_wildcard_in_the_value_of_a_variable_is_none() {
        let glob = Glob::new("team/${aws:username}", true);
        assert!(!glob.matches_with("team/ann", |_| Some("*")));
        assert!(!glob.matches_with("team/ann", |_| Some("a?n")));
        assert!(glob.matches_with("team/*", |_| Some("*")));
    }

    #[test]
    fn variables_are_letters_in_old_policies() {
        let glob = Glob::new("team/${aws:username}", false);
        assert!(!glob.matches_with("team/ann", |_| Some("ann")));
        assert!(glob.matches_with("team/${aws:username}", |_| Some("ann")));
    }

    #[test]
    fn arns_match_part_by_part() {
        for (pattern, arn, is_match) in [
            ("arn:aws:iam::*:role/x", "arn:aws:iam::111122223333:role/x", true),
            ("arn:aws:iam::*:role/*", "arn:aws:iam::111122223333:role/team/x", true),
            ("arn:*:role/x", "arn:aws:iam::111122223333:role/x", false),
            ("arn:aws:iam::111122223333*", "arn:aws:iam::111122223333:role/x", false),
            ("arn:aws:iam::1111*:role/x", "arn:aws:iam::1111:role/a:role/x", false),
            ("arn:aws:sns:*:*:a:b*", "arn:aws:sns:eu-west-1:1:a:bc", true),
            ("arn:aws:iam::?:role/x", "arn:aws:iam::12:role/x", false),
            ("*", "arn:aws:iam::1:role/x", true),
            ("a*", "arn:aws:iam::1:role/x", false),
        ] {
            assert_eq!(Glob::new(pattern, true).matches_arn(arn, |_| None), is_match, "{pattern} {arn}");
        }
        let tagged = Glob::new("arn:aws:iam::111122223333:role/${aws:PrincipalTag/team}", true);
        assert!(tagged.matches_arn("arn:aws:iam::111122223333:role/a:b", |_| Some("a:b")));
        assert!(!tagged.matches_arn("arn:aws:iam::111122223333:role/ab", |_| Some("*")));
    }
}
