//! Conditions of a statement: operator, key, values.
//!
//! Source: IAM User Guide, condition operators and their evaluation (from memory, checked against public examples).

use super::condition_context::{ConditionContext, Given};
use super::glob::Glob;
use core::net::IpAddr; // an address as a value; no socket

/// Allow or deny.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Allow,
    Deny,
}

/// One line of a `Condition` block.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Condition {
    test: Test,
    is_negated: bool,
    if_exists: bool,
    set: Set,
    /// Lower-case.
    key: String,
    values: Vec<Glob>,
}

/// How several values of a key are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    /// The key has one value, or any of several.
    Single,
    All,
    Any,
}

/// What is compared, without negation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Test {
    Equals,
    EqualsIgnoreCase,
    Like,
    Arn,
    Number(Order),
    Date(Order),
    Bool,
    Ip,
    Null,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Condition {
    /// Reads an operator, a key and its values; only policies of 2012-10-17 have variables in them.
    pub(super) fn read(
        operator: &str,
        key: &str,
        values: &[String],
        has_variables: bool,
    ) -> Result<Condition, String> {
        let (set, rest) = match operator.split_once(':') {
            Some(("ForAllValues", rest)) => (Set::All, rest),
            Some(("ForAnyValue", rest)) => (Set::Any, rest),
            Some(_) => return Err(format!("`{operator}` is not a condition operator")),
            None => (Set::Single, operator),
        };
        let key = key.to_ascii_lowercase();
        if set == Set::All && key.starts_with("kms:encryptioncontext:") {
            return Err(format!(
                "ForAllValues must not be used with `{key}`: it holds for calls without the pair too"
            ));
        }
        let (name, if_exists) = match rest.strip_suffix("IfExists") {
            Some(name) => (name, true),
            None => (rest, false),
        };
        let (test, is_negated) =
            operator_of(name).ok_or_else(|| format!("`{operator}` is not a condition operator"))?;
        if test == Test::Null && (if_exists || set != Set::Single) {
            return Err(format!("`{operator}` is not a condition operator"));
        }
        let values: Vec<Glob> = values.iter().map(|value| Glob::new(value, has_variables)).collect();
        for value in values.iter().filter(|value| !value.has_variables()) {
            let text = value.text();
            check_value(test, text).map_err(|what| format!("`{text}` of `{operator}` is not {what}"))?;
        }
        Ok(Condition { test, is_negated, if_exists, set, key, values })
    }

    /// The condition key, in lower case.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// Whether it holds for a call. Where a key has several values because names that differ only in case fall together,
    /// an Allow needs all of them and a Deny any.
    pub(super) fn holds(&self, context: &ConditionContext, effect: Effect) -> bool {
        let with = |choice: usize| match context.given(&self.key) {
            Some(Given::Either(values)) => {
                either(effect, values, |value| self.meets(std::slice::from_ref(value), context, choice))
            }
            Some(Given::All(values)) => self.meets(values, context, choice),
            None => self.meets(&[], context, choice),
        };
        match context.choices() {
            0 | 1 => with(0),
            choices => either(effect, 0..choices, with),
        }
    }

    /// Whether these values of its key do; none of them if the key is missing. `choice` is which of several values
    /// variables stand for.
    fn meets(&self, given: &[String], context: &ConditionContext, choice: usize) -> bool {
        if self.test == Test::Null {
            let is_true = |value: &Glob| value.text().eq_ignore_ascii_case("true");
            return self.values.iter().any(|value| is_true(value) == given.is_empty());
        }
        if given.is_empty() {
            // A missing key fails what asks for equality and passes what asks for difference.
            return self.if_exists || self.set == Set::All || (self.is_negated && self.set == Set::Single);
        }
        let variable = |name: &str| context.single(name, choice);
        let one = |value: &String| {
            self.values.iter().any(|asked| self.compare(asked, value, variable)) != self.is_negated
        };
        match self.set {
            Set::All => given.iter().all(one),
            Set::Any => given.iter().any(one),
            Set::Single if self.is_negated => given.iter().all(one),
            Set::Single => given.iter().any(one),
        }
    }

    fn compare<'a>(&self, asked: &Glob, given: &str, variable: impl Fn(&str) -> Option<&'a str>) -> bool {
        match self.test {
            Test::Like => return asked.matches_with(given, variable),
            Test::Arn => return asked.matches_arn(given, variable),
            Test::Equals if !asked.has_variables() => return asked.text() == given,
            _ => {}
        }
        let Some(asked) = asked.filled(variable) else { return false };
        let asked = asked.as_str();
        match self.test {
            Test::Equals => asked == given,
            Test::EqualsIgnoreCase => asked.to_lowercase() == given.to_lowercase(),
            Test::Bool => asked.eq_ignore_ascii_case(given),
            Test::Number(order) => match (asked.parse::<f64>(), given.parse::<f64>()) {
                (Ok(asked), Ok(given)) => order.holds(given, asked),
                _ => false,
            },
            Test::Date(order) => match (date(asked), date(given)) {
                (Some(asked), Some(given)) => order.holds(given, asked),
                _ => false,
            },
            Test::Ip => match (network(asked), given.parse::<IpAddr>()) {
                (Some(network), Ok(given)) => is_in(given, network),
                _ => false,
            },
            Test::Like | Test::Arn | Test::Null => false,
        }
    }
}

/// All of several for an Allow, any for a Deny.
fn either<T>(effect: Effect, of: impl IntoIterator<Item = T>, holds: impl Fn(T) -> bool) -> bool {
    let mut of = of.into_iter();
    match effect {
        Effect::Allow => of.all(holds),
        Effect::Deny => of.any(holds),
    }
}

impl Order {
    fn holds(self, given: f64, asked: f64) -> bool {
        match self {
            Order::Equal => given == asked,
            Order::Less => given < asked,
            Order::LessOrEqual => given <= asked,
            Order::Greater => given > asked,
            Order::GreaterOrEqual => given >= asked,
        }
    }
}

fn operator_of(name: &str) -> Option<(Test, bool)> {
    Some(match name {
        "StringEquals" | "BinaryEquals" => (Test::Equals, false),
        "StringNotEquals" => (Test::Equals, true),
        "StringEqualsIgnoreCase" => (Test::EqualsIgnoreCase, false),
        "StringNotEqualsIgnoreCase" => (Test::EqualsIgnoreCase, true),
        "StringLike" => (Test::Like, false),
        "StringNotLike" => (Test::Like, true),
        "ArnLike" | "ArnEquals" => (Test::Arn, false),
        "ArnNotLike" | "ArnNotEquals" => (Test::Arn, true),
        "NumericEquals" => (Test::Number(Order::Equal), false),
        "NumericNotEquals" => (Test::Number(Order::Equal), true),
        "NumericLessThan" => (Test::Number(Order::Less), false),
        "NumericLessThanEquals" => (Test::Number(Order::LessOrEqual), false),
        "NumericGreaterThan" => (Test::Number(Order::Greater), false),
        "NumericGreaterThanEquals" => (Test::Number(Order::GreaterOrEqual), false),
        "DateEquals" => (Test::Date(Order::Equal), false),
        "DateNotEquals" => (Test::Date(Order::Equal), true),
        "DateLessThan" => (Test::Date(Order::Less), false),
        "DateLessThanEquals" => (Test::Date(Order::LessOrEqual), false),
        "DateGreaterThan" => (Test::Date(Order::Greater), false),
        "DateGreaterThanEquals" => (Test::Date(Order::GreaterOrEqual), false),
        "Bool" => (Test::Bool, false),
        "IpAddress" => (Test::Ip, false),
        "NotIpAddress" => (Test::Ip, true),
        "Null" => (Test::Null, false),
        _ => return None,
    })
}

fn check_value(test: Test, value: &str) -> Result<(), &'static str> {
    let is_good = match test {
        Test::Number(_) => value.parse::<f64>().is_ok(),
        Test::Date(_) => date(value).is_some(),
        Test::Bool | Test::Null => value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false"),
        Test::Ip => network(value).is_some(),
        _ => return Ok(()),
    };
    let what = match test {
        Test::Number(_) => "a number",
        Test::Date(_) => "a date",
        Test::Ip => "an address or a network",
        _ => "true or false",
    };
    if is_good { Ok(()) } else { Err(what) }
}

/// Seconds since 1970 of an ISO 8601 date or of a number.
fn date(text: &str) -> Option<f64> {
    let stamp = text.parse::<jiff::Timestamp>().map(|at| at.as_millisecond() as f64 / 1e3);
    let day = || {
        let midnight = format!("{text}T00:00:00Z").parse::<jiff::Timestamp>().ok()?;
        Some(midnight.as_second() as f64)
    };
    stamp.ok().or_else(day).or_else(|| text.parse().ok())
}

/// A network and how many bits name it.
fn network(text: &str) -> Option<(IpAddr, u32)> {
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.map_or(Some(most), |bits| bits.parse().ok().filter(|bits| *bits <= most))?;
    Some((address, bits))
}

fn is_in(given: IpAddr, (network, bits): (IpAddr, u32)) -> bool {
    let given = match given {
        IpAddr::V6(six) => six.to_ipv4_mapped().map_or(given, IpAddr::V4),
        four => four,
    };
    match (given, network) {
        (IpAddr::V4(given), IpAddr::V4(network)) => {
            (u32::from(given) ^ u32::from(network)).checked_shr(32 - bits).unwrap_or(0) == 0
        }
        (IpAddr::V6(given), IpAddr::V6(network)) => {
            (u128::from(given) ^ u128::from(network)).checked_shr(128 - bits).unwrap_or(0) == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(operator: &str, values: &[&str], given: &[&str]) -> bool {
        let values: Vec<String> = values.iter().map(ToString::to_string).collect();
        let mut context = ConditionContext::default();
        if !given.is_empty() {
            context.many("kms:Thing", given);
        }
        context.one("aws:username", "ann");
        Condition::read(operator, "KMS:thing", &values, true).unwrap().holds(&context, Effect::Allow)
    }

    #[test]
    fn operators_hold_when_they_should() {
        for (operator, values, given, expected) in [
            ("StringEquals", &["a", "b"][..], &["b"][..], true),
            ("StringEquals", &["a"], &["A"], false),
            ("StringEquals", &["a*"], &["ab"], false),
            ("StringEquals", &["a"], &[], false),
            ("StringEqualsIfExists", &["a"], &[], true),
            ("StringNotEquals", &["a"], &[], true),
            ("StringNotEquals", &["a", "b"], &["b"], false),
            ("StringEqualsIgnoreCase", &["a"], &["A"], true),
            ("StringLike", &["a*"], &["ab"], true),
            ("StringLike", &["${aws:username}-*"], &["ann-1"], true),
            ("StringNotLike", &["a*"], &["ab"], false),
            ("ArnLike", &["arn:aws:iam::*:role/x"], &["arn:aws:iam::1:role/x"], true),
            ("ArnLike", &["arn:*:role/x"], &["arn:aws:iam::1:role/x"], false),
            ("ArnEquals", &["arn:aws:iam::*:role/x"], &["arn:aws:iam::1:role/x"], true),
            ("ArnNotLike", &["arn:aws:iam::1*"], &["arn:aws:iam::1:role/x"], true),
            ("NumericLessThan", &["30"], &["7"], true),
            ("NumericLessThan", &["30"], &["30"], false),
            ("NumericGreaterThanEquals", &["30"], &["30"], true),
            ("DateGreaterThan", &["2026-01-01T00:00:00Z"], &["2026-06-01"], true),
            ("DateLessThan", &["2026-01-01"], &["2026-06-01"], false),
            ("Bool", &["true"], &["true"], true),
            ("Bool", &["true"], &["false"], false),
            ("Bool", &["true"], &[], false),
            ("IpAddress", &["10.0.0.0/8"], &["10.9.8.7"], true),
            ("IpAddress", &["10.0.0.0/8"], &["11.9.8.7"], false),
            ("NotIpAddress", &["10.0.0.0/8"], &["11.9.8.7"], true),
            ("IpAddress", &["2001:db8::/32"], &["2001:db8:1::1"], true),
            ("IpAddress", &["0.0.0.0/0"], &["1.2.3.4"], true),
            ("Null", &["true"], &[], true),
            ("Null", &["false"], &["x"], true),
            ("Null", &["true"], &["x"], false),
            ("Null", &["True"], &[], true),
            ("Null", &["TRUE"], &["x"], false),
            ("Null", &["False"], &["x"], true),
            ("Null", &["FALSE"], &[], false),
            ("ForAllValues:StringEquals", &["a", "b"], &["a", "b"], true),
            ("ForAllValues:StringEquals", &["a", "b"], &["a", "c"], false),
            ("ForAllValues:StringEquals", &["a"], &[], true),
            ("ForAnyValue:StringEquals", &["a"], &["c", "a"], true),
            ("ForAnyValue:StringEquals", &["a"], &[], false),
        ] {
            assert_eq!(holds(operator, values, given), expected, "{operator} {values:?} {given:?}");
        }
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for (operator, key, value) in [
            ("StringEqual", "kms:x", "a"),
            ("ForSome:StringEquals", "kms:x", "a"),
            ("NumericEquals", "kms:x", "many"),
            ("IpAddress", "aws:SourceIp", "10.0.0.0/33"),
            ("Bool", "kms:x", "yes"),
            ("NullIfExists", "kms:x", "true"),
            ("ForAllValues:StringEquals", "kms:EncryptionContext:tenant", "a"),
        ] {
            assert!(Condition::read(operator, key, &[value.to_string()], true).is_err(), "{operator}");
        }
    }

    #[test]
    fn variables_are_letters_in_old_policies() {
        let mut context = ConditionContext::default();
        context.one("aws:username", "ann");
        let holds = |value: &str, given: &str, has_variables| {
            let mut context = context.clone();
            context.one("kms:thing", given);
            let asked = Condition::read("StringEquals", "kms:thing", &[value.into()], has_variables).unwrap();
            asked.holds(&context, Effect::Allow)
        };
        assert!(holds("${aws:username}", "ann", true));
        assert!(!holds("${aws:username}", "ann", false));
        assert!(holds("${aws:username}", "${aws:username}", false));
        assert!(Condition::read("Bool", "kms:thing", &["${aws:username}".into()], false).is_err());
    }

    #[test]
    fn contexts_that_differ_only_in_case_keep_both_values() {
        let mut context = ConditionContext::default();
        context.alternative("kms:EncryptionContext:Team", "a");
        context.alternative("kms:EncryptionContext:team", "b");
        let holds = |operator: &str, values: &[&str], effect| {
            let values: Vec<String> = values.iter().map(ToString::to_string).collect();
            Condition::read(operator, "kms:EncryptionContext:TEAM", &values, true)
                .unwrap()
                .holds(&context, effect)
        };
        for (operator, values, by_allow, by_deny) in [
            ("StringEquals", &["a"][..], false, true),
            ("StringEquals", &["b"], false, true),
            ("StringEquals", &["a", "b"], true, true),
            ("StringEquals", &["c"], false, false),
            ("StringNotEquals", &["a"], false, true),
            ("StringNotEquals", &["c"], true, true),
            ("StringNotEquals", &["a", "b"], false, false),
            ("ForAnyValue:StringEquals", &["a"], false, true),
            ("Null", &["false"], true, true),
        ] {
            assert_eq!(holds(operator, values, Effect::Allow), by_allow, "Allow {operator} {values:?}");
            assert_eq!(holds(operator, values, Effect::Deny), by_deny, "Deny {operator} {values:?}");
        }
        context.one("kms:thing", "a");
        let asked = ["${kms:EncryptionContext:team}".to_string()];
        let filled = Condition::read("StringEquals", "kms:thing", &asked, true).unwrap();
        assert!(!filled.holds(&context, Effect::Allow) && filled.holds(&context, Effect::Deny));
    }
}
