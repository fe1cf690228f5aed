//! Expressions of thresholds, `p(99)<250ms`, and what was meant by those that are almost right.

use crate::language::{Form, Item, Problem, Reader, Shape, clip};
use crate::scenario::{Aggregate, Comparison, Metric};
use crate::time::{Span, decimal};
use crate::units::{Money, Rate, Ratio};
use serde_yaml::Value;

/// An expression that was read.
pub(super) type Parsed = (Aggregate, Comparison, f64);

/// `p(99)<250ms`, of a metric.
pub(super) struct Expression {
    pub metric: Metric,
}

impl Form for Expression {
    type Value = (String, Parsed);
    fn shape(&self) -> Shape {
        Shape::Text
    }
    fn read(&self, r: &mut Reader, item: &Item) -> Option<(String, Parsed)> {
        let text = r.string(item)?;
        match parse(self.metric, &text) {
            Ok(parsed) => Some((text, parsed)),
            Err(wrong) => {
                let mut problem = Problem::new(item.node.shown, &item.path, wrong.message);
                problem.suggestion = wrong.meant;
                r.problems.push(problem.read(item.describe()).allowed(grammar(self.metric)));
                None
            }
        }
    }
    fn write(&self, value: &(String, Parsed)) -> Value {
        value.0.as_str().into()
    }
}

/// Why an expression is refused.
#[derive(Clone, Debug, PartialEq)]
struct Wrong {
    message: String,
    /// The whole expression that was probably meant.
    meant: Option<String>,
}

impl From<String> for Wrong {
    fn from(message: String) -> Wrong {
        Wrong { message, meant: None }
    }
}

/// Reads `p(99)<250ms`.
fn parse(metric: Metric, text: &str) -> Result<(Aggregate, Comparison, f64), Wrong> {
    const SIGNS: [(&str, Comparison); 7] = [
        ("<=", Comparison::LessOrEqual),
        (">=", Comparison::GreaterOrEqual),
        ("===", Comparison::Equal),
        ("==", Comparison::Equal),
        ("!=", Comparison::NotEqual),
        ("<", Comparison::Less),
        (">", Comparison::Greater),
    ];
    let at = text.find(['<', '>', '=', '!']).ok_or_else(|| "this threshold compares nothing".to_owned())?;
    let (left, right) = text.split_at(at);
    let sign = SIGNS.iter().find(|(sign, _)| right.starts_with(sign));
    let no_sign = || "this is no comparison; write <, <=, >, >=, == or !=".to_owned();
    let (sign, comparison) = sign.ok_or_else(no_sign)?;
    let (left, right) = (left.trim(), right[sign.len()..].trim());
    let aggregate = aggregate(metric, left).map_err(|message| {
        let meant = aggregate_meant(metric, left);
        let is_good = |meant: &String| parse(metric, meant).is_ok();
        Wrong { message, meant: meant.map(|meant| format!("{meant}{sign}{right}")).filter(is_good) }
    })?;
    // Whoever writes `rate<1` means a hundredth: of all, less than all is almost always less.
    if kind(metric) == Kind::Rate && decimal(right).is_some_and(|(value, scale)| value >= scale) {
        let message = format!("`{}` without % is a ratio, and 1 is all of them", clip(right));
        return Err(Wrong { message, meant: Some(format!("{left}{sign}{right}%")) });
    }
    let bound = bound(metric, right)?;
    says_something(metric, *comparison, bound)?;
    Ok((aggregate, *comparison, bound))
}

/// Refuses what holds whatever happens, and what can never hold: no figure is negative, and no share is above 1.
fn says_something(metric: Metric, comparison: Comparison, bound: f64) -> Result<(), String> {
    use Comparison::{Greater, GreaterOrEqual, Less, LessOrEqual};
    let is_top = kind(metric) == Kind::Rate && bound >= 1.0;
    match comparison {
        GreaterOrEqual if bound <= 0.0 => Err("this holds whatever happens".into()),
        LessOrEqual if is_top => Err("this holds whatever happens".into()),
        Less if bound <= 0.0 => Err("this can never hold".into()),
        Greater if is_top => Err("this can never hold".into()),
        _ => Ok(()),
    }
}

/// What other tools call a metric, and percentiles that stand where a metric should.
pub(super) fn metric_meant(name: &str) -> Option<String> {
    if let Some(percentile) = percentile_of(name) {
        return Some(format!("response_time: {percentile}"));
    }
    let meant = match name {
        "latency" | "duration" | "http_req_duration" => "response_time",
        "error" | "errors" | "error_rate" | "failures" | "http_req_failed" | "success" => "failed",
        "dropped" | "dropped_iterations" => "shed",
        "vus_failed" | "clients_failed" | "pods_failed" | "failed_units" => "units_failed",
        "throughput" | "rps" | "http_reqs" => "goodput",
        _ => return None,
    };
    Some(meant.into())
}

/// `p(99)<250ms` for `p99<250ms`: percentiles as other tools write them.
pub fn percentile_of(text: &str) -> Option<String> {
    let rest = text.trim().strip_prefix(['p', 'P'])?;
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    let (number, rest) = rest.split_at(end);
    decimal(number).map(|_| format!("p({number}){rest}"))
}

/// The aggregate that goes with the metric where another word was written.
fn aggregate_meant(metric: Metric, text: &str) -> Option<String> {
    let meant = match (kind(metric), text) {
        (Kind::Trend, "median") => "med",
        (Kind::Trend, "mean" | "average") => "avg",
        (Kind::Trend, "maximum") => "max",
        (Kind::Trend, "minimum") => "min",
        (Kind::Trend, _) => return percentile_of(text),
        (Kind::Rate, _) => "rate",
        (Kind::Value, _) => "value",
    };
    Some(meant.into())
}

fn aggregate(metric: Metric, text: &str) -> Result<Aggregate, String> {
    let found = match text {
        "avg" => Some(Aggregate::Avg),
        "min" => Some(Aggregate::Min),
        "med" => Some(Aggregate::Med),
        "max" => Some(Aggregate::Max),
        "rate" => Some(Aggregate::Rate),
        "value" => Some(Aggregate::Value),
        "" if kind(metric) == Kind::Value => Some(Aggregate::Value),
        _ => percentile(text),
    };
    let fits = |aggregate: &Aggregate| match kind(metric) {
        Kind::Trend => !matches!(aggregate, Aggregate::Rate | Aggregate::Value),
        Kind::Rate => *aggregate == Aggregate::Rate,
        Kind::Value => *aggregate == Aggregate::Value,
    };
    found.filter(fits).ok_or_else(|| format!("this metric has no `{}`", clip(text)))
}

fn percentile(text: &str) -> Option<Aggregate> {
    let inner = text.strip_prefix("p(")?.strip_suffix(')')?;
    let (value, scale) = decimal(inner.trim())?;
    let percent = value as f64 / scale as f64;
    (percent <= 100.0).then_some(Aggregate::Percentile(percent))
}

fn bound(metric: Metric, text: &str) -> Result<f64, String> {
    let plain = || decimal(text).map(|(value, scale)| value as f64 / scale as f64);
    let read = match metric {
        // Without a unit, milliseconds, as in k6.
        Metric::ResponseTime | Metric::ServiceTime | Metric::QueueWait => {
            plain().or_else(|| Span::parse(text).ok().map(Span::as_millis_f64))
        }
        Metric::Failed | Metric::Throttled | Metric::Shed | Metric::UnitsFailed => {
            Ratio::parse(text).ok().map(Ratio::as_f64)
        }
        Metric::Goodput => plain().or_else(|| Rate::parse(text).ok().map(Rate::as_per_second)),
        Metric::Amplification => plain(),
        Metric::Cost => plain().or_else(|| Money::parse(text).ok().map(Money::as_usd)),
    };
    read.ok_or_else(|| format!("`{}` is no bound for this metric", clip(text)))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Trend,
    Rate,
    Value,
}

const fn kind(metric: Metric) -> Kind {
    match metric {
        Metric::ResponseTime | Metric::ServiceTime | Metric::QueueWait => Kind::Trend,
        Metric::Failed | Metric::Throttled | Metric::Shed | Metric::UnitsFailed => Kind::Rate,
        Metric::Goodput | Metric::Amplification | Metric::Cost => Kind::Value,
    }
}

/// What may be written for a metric, for a message.
fn grammar(metric: Metric) -> &'static str {
    match (kind(metric), metric) {
        (Kind::Trend, _) => "avg, min, med, max or p(N), a comparison and a duration: p(99)<250ms",
        (Kind::Rate, _) => "rate, a comparison and a ratio: rate<0.1%",
        (_, Metric::Goodput) => "a comparison and a rate: value>100/s",
        (_, Metric::Cost) => "a comparison and an amount for a million completed jobs: value<5 USD",
        _ => "a comparison and a number: value<=2",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_read_with_and_without_units() {
        use Comparison::*;
        for (metric, text, expected) in [
            (Metric::ResponseTime, "p(99)<250ms", (Aggregate::Percentile(99.0), Less, 250.0)),
            (Metric::ResponseTime, "p(99.9) <= 1s", (Aggregate::Percentile(99.9), LessOrEqual, 1000.0)),
            (Metric::ServiceTime, "med<20", (Aggregate::Med, Less, 20.0)),
            (Metric::Failed, "rate<0.1%", (Aggregate::Rate, Less, 0.001)),
            (Metric::Shed, "rate==0", (Aggregate::Rate, Equal, 0.0)),
            (Metric::UnitsFailed, "rate<1%", (Aggregate::Rate, Less, 0.01)),
            (Metric::Goodput, ">=100/s", (Aggregate::Value, GreaterOrEqual, 100.0)),
            (Metric::Amplification, "value<=1.5", (Aggregate::Value, LessOrEqual, 1.5)),
            (Metric::Cost, "value<1.20 USD", (Aggregate::Value, Less, 1.2)),
        ] {
            assert_eq!(parse(metric, text), Ok(expected), "{text}");
        }
        for (metric, text) in [
            (Metric::ResponseTime, "rate<1ms"),
            (Metric::ResponseTime, "p(101)<1ms"),
            (Metric::ResponseTime, "p(99)"),
            (Metric::Failed, "rate<101%"),
            (Metric::Failed, "avg<1%"),
            (Metric::Failed, "<1%"),
            (Metric::Goodput, "value>>1"),
            (Metric::Cost, "value<-1 USD"),
        ] {
            assert!(parse(metric, text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_almost_right_is_told_with_what_was_meant() {
        for (metric, text, meant) in [
            (Metric::Failed, "rate<1", "rate<1%"),
            (Metric::Throttled, "rate <= 5", "rate<=5%"),
            (Metric::Shed, "rate<100", "rate<100%"),
            (Metric::Failed, "rate>1.0", "rate>1.0%"),
            (Metric::Failed, "p(99)<1%", "rate<1%"),
            (Metric::Failed, "<1%", "rate<1%"),
            (Metric::ResponseTime, "p99<250ms", "p(99)<250ms"),
            (Metric::ServiceTime, "p99.9 < 1s", "p(99.9)<1s"),
            (Metric::ResponseTime, "median<1s", "med<1s"),
            (Metric::Goodput, "rate>100/s", "value>100/s"),
        ] {
            let wrong = parse(metric, text).expect_err(text);
            assert_eq!(wrong.meant.as_deref(), Some(meant), "{text}: {}", wrong.message);
        }
        assert!(parse(Metric::Failed, "rate<100%").is_ok(), "written out, all is all");
        assert!(parse(Metric::Failed, "rate<0.99").is_ok());
    }

    #[test]
    fn what_says_nothing_is_refused() {
        for (metric, text) in [
            (Metric::Failed, "rate<=100%"),
            (Metric::Failed, "rate>=0"),
            (Metric::Goodput, "value>=0/s"),
            (Metric::ResponseTime, "p(99)>=0ms"),
        ] {
            let wrong = parse(metric, text).expect_err(text);
            assert_eq!(wrong.message, "this holds whatever happens", "{text}");
        }
        for (metric, text) in
            [(Metric::Failed, "rate<0"), (Metric::Failed, "rate>100%"), (Metric::Cost, "value<0 USD")]
        {
            assert_eq!(parse(metric, text).expect_err(text).message, "this can never hold", "{text}");
        }
        for text in ["rate<=0", "rate==0", "rate>0"] {
            assert!(parse(Metric::Shed, text).is_ok(), "{text}");
        }
    }
}
