//! What is made of CloudWatch's sums: arrivals second by second, a scenario, and a page.

use super::answer::{Kind, Series};
use super::error::CloudWatchError;
use super::infer::{Basis, Burst, Inferred, largest_of};
use crate::api::Operation;
use crate::rng::{Purpose, Stream};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

/// Seconds of the longest trace that is made.
const LONGEST: i64 = 30 * 86_400;
/// Attempts beyond those admitted that are told of.
const REFUSED: f64 = 0.001;

/// The load that an answer holds.
#[derive(Clone, Debug)]
pub struct Load {
    /// Seconds of a period.
    pub period: i64,
    /// Calls by the period's first second since 1970: attempts, as far as they are known.
    pub sums: BTreeMap<i64, f64>,
    /// Calls that were admitted, where the answer tells of them apart.
    pub admitted: Option<BTreeMap<i64, f64>>,
    /// Calls by operation, where the answer has them.
    pub mix: BTreeMap<Operation, f64>,
    /// Calls by key, most first, where the answer has them.
    pub keys: Vec<(String, f64)>,
    /// Labels of the series that were added.
    pub labels: Vec<String>,
}

impl Load {
    /// What the series of an answer say together.
    ///
    /// # Errors
    /// They have several periods, or no calls.
    pub fn of(series: &[Series]) -> Result<Load, CloudWatchError> {
        let unfit = |what: String| CloudWatchError::Unfit(what);
        let period = series.first().map_or(60, |first| first.period);
        if let Some(other) = series.iter().find(|each| each.period != period) {
            return Err(unfit(format!(
                "`{}` has a point every {} s, the first series every {period} s",
                other.label, other.period
            )));
        }
        let total = |kind: Kind| {
            let of_kind: Vec<&Series> = series.iter().filter(|each| each.kind == kind).collect();
            let mut sums = BTreeMap::<i64, f64>::new();
            for (at, sum) in of_kind.iter().flat_map(|each| &each.sums) {
                *sums.entry(*at).or_default() += sum;
            }
            (!of_kind.is_empty()).then_some(sums)
        };
        let (calls, admitted, throttled) =
            (total(Kind::Calls), total(Kind::Admitted), total(Kind::Throttled));
        let sums = match (calls, &admitted, throttled) {
            (Some(calls), ..) => calls,
            (None, Some(admitted), Some(throttled)) => {
                let mut sums = admitted.clone();
                for (at, sum) in throttled {
                    *sums.entry(at).or_default() += sum;
                }
                sums
            }
            (None, Some(admitted), None) => admitted.clone(),
            (None, None, _) => {
                return Err(unfit(
                    "only throttled calls are in it; ask for CallCount or SuccessfulRequest too".into(),
                ));
            }
        };
        if sums.values().all(|sum| *sum <= 0.0) {
            return Err(unfit("there are no calls in it: ask for a time in which there were some".into()));
        }
        let (mut mix, mut keys) = (BTreeMap::new(), BTreeMap::<String, f64>::new());
        for each in series {
            let all: f64 = each.sums.values().sum();
            if let Some(operation) = each.operation.filter(|_| all > 0.0) {
                *mix.entry(operation).or_default() += all;
            }
            if let Some(key) = &each.key {
                *keys.entry(key.clone()).or_default() += all;
            }
        }
        let mut keys: Vec<(String, f64)> = keys.into_iter().collect();
        keys.sort_by(|a, b| b.1.total_cmp(&a.1));
        let labels = series.iter().map(|each| each.label.clone()).collect();
        Ok(Load { period, sums, admitted, mix, keys, labels })
    }

    /// The busiest period: where it begins and its calls, the latest of several.
    pub fn busiest(&self) -> (i64, f64) {
        let most = self.sums.iter().max_by(|a, b| a.1.total_cmp(b.1));
        most.map_or((0, 0.0), |(at, sum)| (*at, *sum))
    }

    /// The busiest second; `burst` is what is known of it.
    pub fn inferred(&self, burst: Option<Burst>) -> Inferred {
        let (at, sum) = self.busiest();
        let burst = burst.unwrap_or_else(|| Burst::assumed(sum / self.period as f64, self.period));
        Inferred::of(at, sum, self.period, burst)
    }

    /// Attempts beyond the admitted calls, in all: throttled, or failed otherwise. `None` where nothing tells them apart.
    pub fn refused(&self) -> Option<(f64, f64)> {
        let admitted: f64 = self.admitted.as_ref()?.values().sum();
        let attempts: f64 = self.sums.values().sum();
        (attempts > admitted * (1.0 + REFUSED)).then_some((admitted, attempts))
    }

    /// Seconds from the first period's beginning to the last one's end.
    pub fn seconds(&self) -> i64 {
        let ends = self.sums.keys().next().zip(self.sums.keys().next_back());
        ends.map_or(0, |(first, last)| last - first + self.period)
    }

    /// Writes arrivals second by second whose sums are those of the periods, and whose busiest second stands to its mean as
    /// `factor`; the draws are `seed`'s.
    ///
    /// # Errors
    /// What `out` fails with, or a time that no trace can hold.
    pub fn write_trace(&self, factor: f64, seed: u64, mut out: impl Write) -> io::Result<()> {
        if self.seconds() > LONGEST {
            return Err(io::Error::other(format!(
                "the points span {} days, and a trace at most {}; ask for less time",
                self.seconds() / 86_400,
                LONGEST / 86_400
            )));
        }
        writeln!(out, "time_s,count")?;
        let first = self.sums.keys().next().copied().unwrap_or(0);
        let stream = Stream::new(seed, 0, Purpose::Arrival, 0);
        for (at, sum) in &self.sums {
            for (second, count) in (at - first..).zip(spread(*sum, self.period, factor, stream, *at)) {
                if count > 0 {
                    writeln!(out, "{second},{count}")?;
                }
            }
        }
        out.flush()
    }
}

/// Whole counts of the seconds of a period: they add up to its sum, and the largest is `factor` times their mean.
fn spread(sum: f64, period: i64, factor: f64, stream: Stream, at: i64) -> Vec<u64> {
    let (seconds, sum) = (period.max(1) as u64, sum.round().max(0.0) as u64);
    // Lognormal shares: their largest is expected at exp(zσ - σ²/2) of their mean.
    let z = largest_of(period);
    let wanted = libm::log(factor.max(1.0));
    let sigma = z - libm::sqrt(f64::max(z * z - 2.0 * wanted, 0.0));
    let normal = |second: u64| {
        let key = at.unsigned_abs().wrapping_mul(1_000).wrapping_add(second);
        let (angle, radius) = (stream.draw_attempt(key, 0).unit(), stream.draw_attempt(key, 1).exponential());
        libm::sqrt(2.0 * radius) * libm::cos(2.0 * std::f64::consts::PI * angle)
    };
    let mut shares: Vec<f64> = (0..seconds).map(|second| libm::exp(sigma * normal(second))).collect();
    let largest = (0..shares.len()).max_by(|a, b| shares[*a].total_cmp(&shares[*b])).unwrap_or(0);
    // The largest is put where it belongs, the others share what is left and stay below it.
    let top = (factor / seconds as f64).min(1.0);
    shares[largest] = 0.0;
    let left: f64 = shares.iter().sum();
    for share in &mut shares {
        *share = if left > 0.0 { (*share / left * (1.0 - top)).min(top) } else { 0.0 };
    }
    shares[largest] = top;
    let all: f64 = shares.iter().sum();
    let (mut passed, mut given) = (0.0, 0);
    let mut counts: Vec<u64> = Vec::with_capacity(shares.len());
    for share in &shares {
        passed += share / all;
        let until = (passed * sum as f64).round().min(sum as f64) as u64;
        counts.push(until - given);
        given = until;
    }
    if let Some(count) = counts.get_mut(largest) {
        *count += sum - given;
    }
    counts
}

fn told(second: i64) -> String {
    jiff::Timestamp::from_second(second).map(|at| at.to_string()).unwrap_or_default()
}

impl Load {
    /// The scenario of the trace beside it.
    pub fn scenario(&self, inferred: &Inferred, region: &str) -> String {
        let mut weights: Vec<String> = Vec::new();
        let largest = self.mix.values().copied().fold(1.0, f64::max);
        let shrink = f64::max(largest / 1e6, 1.0);
        for (operation, calls) in &self.mix {
            weights.push(format!("{operation}: {}", (calls / shrink).round().max(1.0)));
        }
        let (jobs, note) = match weights.is_empty() {
            true => {
                ("Decrypt: 1".to_owned(), "assumed: CallCount has one series for all operations of a pool")
            }
            false => (weights.join(", "), "as SuccessfulRequest counts them"),
        };
        format!(
            "# Would this load have met throttling, and which retry strategy serves it best?\n\
             #\n\
             # Made by `keystorm import cloudwatch` from {calls:.0} calls in {periods} periods of {period} s from {first} on.\n\
             # The seconds inside are made up: the busiest has {likely:.0} calls, and may have had {low:.0} to {high:.0} ({basis}).\n\
             # trace-high.csv has the upper end. Both hold what KMS saw, never demand: where it throttled, retries count as load.\n\
             version: 1\n\
             name: cloudwatch-{region}\n\
             seed: 42\n\
             target: sim\n\
             region: {region}                # its default quotas apply; your account's may differ:\n\
             # quotas: {{ symmetric: 10000/s }}\n\
             fleet: {{ clients: 10 }}            # assumed: CloudWatch does not count processes\n\
             workloads:\n\
             \x20 counted:\n\
             \x20   executor: trace\n\
             \x20   file: trace.csv\n\
             \x20   scale: 1\n\
             \x20   offset: 0s\n\
             \x20   jobs: {{ {jobs} }}   # {note}\n\
             \x20   payload: 256B\n\
             strategies:\n\
             \x20 no-retry:     {{ retry: {{ mode: none }} }}\n\
             \x20 sdk-standard: {{ retry: {{ mode: aws-standard }} }}\n\
             trials: 3\n\
             thresholds:\n\
             \x20 failed: [ \"rate<0.1%\" ]\n\
             gate: [ sdk-standard ]\n",
            calls = self.sums.values().sum::<f64>(),
            periods = self.sums.len(),
            period = self.period,
            first = told(self.sums.keys().next().copied().unwrap_or(0)),
            likely = inferred.likely,
            low = inferred.low,
            high = inferred.high,
            basis = basis(inferred),
        )
    }

    /// The page: the busiest second first.
    pub fn page(&self, inferred: &Inferred, quota: Option<f64>) -> String {
        let mut text = String::from("# What CloudWatch has counted\n\n");
        for line in self.lines(inferred, quota) {
            let _ = writeln!(text, "- {line}");
        }
        text
    }

    /// What there is to say, a sentence each.
    pub fn lines(&self, inferred: &Inferred, quota: Option<f64>) -> Vec<String> {
        let (name, has) = if self.period == 60 { ("minute", "has") } else { ("five minutes", "have") };
        let percent = |factor: f64| (factor - 1.0) * 100.0;
        let mut lines = vec![
            format!(
                "the busiest second had {:.0} calls, or anything from {:.0} to {:.0} ({})",
                inferred.likely,
                inferred.low,
                inferred.high,
                basis(inferred)
            ),
            format!(
                "the busiest {name} {has} {:.0} calls ({}): {}/s on the average; the busiest second may be {:.0} % above that, at \
                 most {:.0} %",
                inferred.sum,
                told(inferred.at),
                number(inferred.mean),
                percent(inferred.burst.likely),
                percent(inferred.burst.high)
            ),
            format!(
                "{:.0} calls in {} s, by {}",
                self.sums.values().sum::<f64>(),
                self.seconds(),
                self.labels.join(", ")
            ),
        ];
        lines.push(match (self.refused(), quota) {
            (Some((admitted, attempts)), _) => format!(
                "{attempts:.0} attempts, of which {admitted:.0} were admitted: demand lies between both, since retries of one call \
                 count each time"
            ),
            (None, Some(quota)) if inferred.mean >= quota * 0.8 => format!(
                "the busiest {name} {has} {:.0} % of {quota:.0}/s: calls were very likely throttled, so that these are attempts or \
                 admitted calls, and demand cannot be told",
                inferred.mean / quota * 100.0
            ),
            (None, Some(quota)) => format!(
                "against {quota:.0}/s: {:.0} % by the {name}, {:.0} % in the busiest second ({:.0} % to {:.0} %)",
                inferred.mean / quota * 100.0,
                inferred.likely / quota * 100.0,
                inferred.low / quota * 100.0,
                inferred.high / quota * 100.0
            ),
            (None, None) => {
                "these are attempts or admitted calls, never demand: whether CallCount holds throttled calls is not published".into()
            }
        });
        for (key, calls) in self.keys.iter().take(3) {
            lines.push(format!("{calls:.0} calls on {key}"));
        }
        lines
    }
}

/// A rate, with a decimal where it is small.
fn number(per_s: f64) -> String {
    if per_s < 100.0 { format!("{per_s:.1}") } else { format!("{per_s:.0}") }
}

fn basis(inferred: &Inferred) -> String {
    let Burst { low, likely, high, basis } = inferred.burst;
    match basis {
        Basis::Given => format!("burst factor {likely:.2}, {low:.2} to {high:.2}, as given"),
        Basis::Assumed(source) => {
            format!("burst factor {likely:.2}, {low:.2} to {high:.2}, assumed from {source}")
        }
    }
}
