//! Five lines for somebody at three in the morning: who grew, which pool, since when, which lever, what next.

use super::log::{Call, Log, Second};
use super::page::lever;
use crate::api::{KeySpec, Operation};
use crate::quota::{PoolId, catalogue, route};
use std::collections::BTreeMap;

/// How many windows before the last one are compared with it.
const BEFORE: i64 = 4;
/// Below this share of the growth nobody is to be named.
const CULPRIT: f64 = 0.2;

/// Calls of a minute by caller and pool.
type Minute = BTreeMap<(u32, PoolId), u64>;

/// Compares the end of a log with what came before it.
#[derive(Debug)]
pub struct Triage {
    /// Minutes of the window.
    window: i64,
    /// By their number since 1970, as many as are looked at.
    minutes: BTreeMap<i64, Minute>,
    /// Calls of a second by pool, the most of the window's end: per minute, since the end is not known yet.
    peaks: BTreeMap<i64, BTreeMap<PoolId, u64>>,
    operations: BTreeMap<(i64, u32), BTreeMap<Operation, u64>>,
    throttled: BTreeMap<i64, u64>,
    /// The log's first and its latest second, since 1970.
    ends: Option<(i64, i64)>,
    names: Vec<String>,
}

impl Triage {
    /// Of a window of so many seconds, whole minutes and at least one.
    pub fn of(seconds: u64) -> Triage {
        let window = i64::try_from(seconds.div_ceil(60)).unwrap_or(i64::MAX).clamp(1, 7 * 24 * 60);
        Triage {
            window,
            minutes: BTreeMap::new(),
            peaks: BTreeMap::new(),
            operations: BTreeMap::new(),
            throttled: BTreeMap::new(),
            ends: None,
            names: Vec::new(),
        }
    }

    /// Adds the calls of a second; seconds come in order.
    pub fn add(&mut self, second: &Second) {
        let at = second.at.as_second();
        self.ends = Some((self.ends.map_or(at, |(first, _)| first), at));
        let number = at.div_euclid(60);
        let oldest = number - self.window * (BEFORE + 1);
        while self.minutes.first_key_value().is_some_and(|(at, _)| *at <= oldest) {
            self.minutes.pop_first();
        }
        self.peaks.retain(|at, _| *at > number - self.window);
        self.operations.retain(|(at, _), _| *at > number - self.window);
        self.throttled.retain(|at, _| *at > number - self.window);
        let mut pools = BTreeMap::<PoolId, u64>::new();
        let minute = self.minutes.entry(number).or_default();
        for call in second.calls {
            let pool = pool(call);
            *minute.entry((call.caller, pool)).or_default() += 1;
            *pools.entry(pool).or_default() += 1;
            *self.operations.entry((number, call.caller)).or_default().entry(call.operation).or_default() +=
                1;
            *self.throttled.entry(number).or_default() += u64::from(call.is_throttled);
        }
        let peaks = self.peaks.entry(number).or_default();
        for (pool, calls) in pools {
            let most = peaks.entry(pool).or_default();
            *most = (*most).max(calls);
        }
        // Names only come to those that are known.
        if let Some(more) = second.callers.get(self.names.len()..) {
            self.names.extend_from_slice(more);
        }
    }

    /// The lines, with what the log says as a whole.
    pub fn lines(&self, log: &Log) -> Vec<String> {
        let Some((first, last)) = self.ends else { return vec!["WHO    nobody: there are no calls".into()] };
        let begins = last.div_euclid(60) - self.window + 1;
        // Seconds, since the first minute and the last are seldom whole.
        let now = last + 1 - first.max(begins * 60);
        let before = begins * 60 - first.max((begins - self.window * BEFORE) * 60);
        let mut grown = BTreeMap::<(u32, PoolId), (f64, f64)>::new();
        for (at, minute) in &self.minutes {
            for (who, calls) in minute {
                let (fresh, then) = grown.entry(*who).or_default();
                let (sum, seconds) = if *at >= begins { (fresh, now) } else { (then, before.max(1)) };
                *sum += *calls as f64 / seconds as f64;
            }
        }
        if before <= 0 {
            return self.all_new(log, &grown);
        }
        let growth: f64 = grown.values().map(|(now, then)| now - then).sum();
        let most = grown.iter().max_by(|a, b| (a.1.0 - a.1.1).total_cmp(&(b.1.0 - b.1.1)));
        let Some((who, (now, then))) = most.map(|(who, rates)| (*who, *rates)) else { return Vec::new() };
        let part = now - then;
        let span = told(self.window);
        let mut lines = Vec::new();
        if part <= 0.0 || growth <= 0.0 || part < growth * CULPRIT {
            lines.push(format!(
                "WHO    nobody stands out: {:+.1} calls/s in all over the last {span}, {:+.1} by {}",
                growth,
                part,
                self.name(who.0)
            ));
        } else {
            lines.push(format!(
                "WHO    {} grew from {then:.1}/s to {now:.1}/s over the last {span}: {part:+.1} of {growth:+.1} calls/s",
                self.name(who.0)
            ));
        }
        lines.push(self.pool_line(log, who.1));
        lines.push(match self.since(who, then, begins) {
            Some(at) => {
                format!("SINCE  {}: the first minute that stays above twice the rate before", minute(at))
            }
            None => "SINCE  cannot tell: no minute stays above twice the rate before".into(),
        });
        lines.push(format!("LEVER  {}", self.lever(log, who.0)));
        lines.push(self.next(log));
        lines
    }

    /// There is nothing before the window to compare with.
    fn all_new(&self, log: &Log, grown: &BTreeMap<(u32, PoolId), (f64, f64)>) -> Vec<String> {
        let most = grown.iter().max_by(|a, b| a.1.0.total_cmp(&b.1.0)).map(|(who, rates)| (*who, rates.0));
        let Some((who, now)) = most else { return Vec::new() };
        vec![
            format!(
                "WHO    cannot tell who grew: the log has nothing before the last {}; most calls are {}'s, {now:.1}/s",
                told(self.window),
                self.name(who.0)
            ),
            self.pool_line(log, who.1),
            "SINCE  cannot tell: give a log that begins earlier, or a shorter window".into(),
            format!("LEVER  {}", self.lever(log, who.0)),
            self.next(log),
        ]
    }

    fn pool_line(&self, log: &Log, pool: PoolId) -> String {
        let peak = self.peaks.values().filter_map(|pools| pools.get(&pool)).max().copied().unwrap_or(0);
        let region = log
            .region
            .as_deref()
            .filter(|region| catalogue::is_region(region) && catalogue::has(region, pool));
        let against = region.map(|region| {
            let limit = catalogue::limit(region, pool);
            let share = peak as f64 / limit.as_per_second() * 100.0;
            format!(", {share:.0} % of {region}'s default of {limit} (your own: keystorm quotas --applied)")
        });
        format!("POOL   {}: {peak} calls in its busiest second{}", pool.name(), against.unwrap_or_default())
    }

    /// The first of the minutes, up to the end, in all of which a caller stays above twice its rate before.
    fn since(&self, who: (u32, PoolId), then: f64, begins: i64) -> Option<i64> {
        let last = *self.minutes.keys().next_back()?;
        let above = |at: i64| {
            let calls = self.minutes.get(&at).and_then(|minute| minute.get(&who)).copied().unwrap_or(0);
            calls as f64 / 60.0 > then * 2.0
        };
        // The last minute of a log is seldom whole.
        let from = if above(last) { last } else { last - 1 };
        let run = (0..).map(|back| from - back).take_while(|at| *at >= begins - self.window && above(*at));
        run.last()
    }

    fn lever(&self, log: &Log, caller: u32) -> String {
        let name = self.name(caller);
        if log.services.contains_key(&name) {
            return format!("{name} calls on your behalf: {}", lever(&name));
        }
        let mut mix = BTreeMap::<Operation, u64>::new();
        for (operation, calls) in
            self.operations.iter().filter(|((_, who), _)| *who == caller).flat_map(|(_, mix)| mix)
        {
            *mix.entry(*operation).or_default() += calls;
        }
        let most = mix.into_iter().max_by_key(|(_, calls)| *calls).map(|(operation, _)| operation);
        let what = match most {
            Some(Operation::Decrypt) => {
                "keep what was decrypted, or a data-key cache: most of its calls are Decrypt"
            }
            Some(Operation::GenerateDataKey | Operation::GenerateDataKeyWithoutPlaintext) => {
                "a data-key cache: most of its calls make data keys"
            }
            Some(Operation::Encrypt | Operation::ReEncrypt) => {
                "envelope encryption with a data-key cache instead of a call for each item"
            }
            Some(Operation::GetPublicKey | Operation::DescribeKey) => {
                "keep the answer: it hardly ever changes"
            }
            Some(Operation::Sign | Operation::Verify | Operation::GenerateMac | Operation::VerifyMac) => {
                "verify outside KMS with the public key, sign in batches, or a limiter of its own"
            }
            _ => "a limiter of its own below the quota",
        };
        format!("{what}; until then a limiter in {name}")
    }

    fn next(&self, log: &Log) -> String {
        let throttled: u64 = self.throttled.values().sum();
        let span = told(self.window);
        match throttled {
            0 if log.throttled == 0 => format!(
                "NEXT   no throttle is recorded in the last {span}, which CloudTrail may leave out; look at CallCount (keystorm quotas --applied)"
            ),
            0 => format!(
                "NEXT   no throttle is recorded in the last {span}, {} before: it may be over",
                log.throttled
            ),
            some => format!(
                "NEXT   {some} throttles are recorded in the last {span}: turn the lever, then import with -o DIR and run DIR/scenario.yaml"
            ),
        }
    }

    fn name(&self, caller: u32) -> String {
        self.names.get(caller as usize).cloned().unwrap_or_default()
    }
}

/// The pool that a call takes from first.
pub fn pool(call: &Call) -> PoolId {
    let charges = route(call.operation, call.spec, KeySpec::Rsa2048, None, 1);
    charges.iter().next().map_or(PoolId::SYMMETRIC, |(pool, _)| pool)
}

fn minute(number: i64) -> String {
    jiff::Timestamp::from_second(number * 60).map(|at| at.to_string()).unwrap_or_default()
}

/// `15 minutes`.
fn told(minutes: i64) -> String {
    match minutes {
        1 => "minute".into(),
        minutes if minutes % 60 == 0 && minutes > 60 => format!("{} hours", minutes / 60),
        minutes => format!("{minutes} minutes"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Collector, Filter};
    use super::*;

    /// An hour in which the role `batch` begins after 50 minutes, or never.
    fn lines(batch: u32, window: u64) -> Vec<String> {
        let mut text = String::new();
        let mut call = |second: i64, n: u32, who: &str, operation: &str| {
            let at = jiff::Timestamp::from_second(1_767_225_600 + second).unwrap();
            text += &format!(
                r#"{{"eventSource":"kms.amazonaws.com","eventName":"{operation}","eventType":"AwsApiCall","awsRegion":"eu-west-1","eventID":"{second:06x}{n:04x}{who}","eventTime":"{at}","userIdentity":{{"type":"AssumedRole","accountId":"111122223333","sessionContext":{{"sessionIssuer":{{"userName":"{who}"}}}}}}}}"#
            );
        };
        for second in 0..3600 {
            call(second, 0, "app", "Decrypt");
            if second >= 3000 {
                (0..batch).for_each(|n| call(second, n, "batch", "GenerateDataKey"));
            }
        }
        let mut collector = Collector::new(Filter::default());
        collector.read("log", 0, text.as_bytes()).unwrap();
        let mut triage = Triage::of(window);
        let mut add = |second: &Second| {
            triage.add(second);
            Ok(())
        };
        let log = collector.settle(1).unwrap().log(Some("eu-west-1"), None, &mut add).unwrap();
        triage.lines(&log)
    }

    #[test]
    fn who_grew_in_which_pool_since_when_and_what_helps_are_five_lines() {
        let lines = lines(20, 900);
        assert_eq!(lines.len(), 5, "{lines:#?}");
        // Ten of the fifteen minutes: 20 × 10 ÷ 15.
        assert_eq!(
            lines[0],
            "WHO    role batch grew from 0.0/s to 13.3/s over the last 15 minutes: +13.3 of +13.3 calls/s"
        );
        assert!(
            lines[1].starts_with(
                "POOL   symmetric: 21 calls in its busiest second, 0 % of eu-west-1's default of 100000/s"
            ),
            "{lines:#?}"
        );
        assert!(lines[2].starts_with("SINCE  2026-01-01T00:50:00Z"), "{lines:#?}");
        assert!(lines[3].contains("a data-key cache: most of its calls make data keys"), "{lines:#?}");
        assert!(lines[4].contains("no throttle is recorded"), "{lines:#?}");
    }

    #[test]
    fn nobody_is_blamed_for_nothing() {
        assert!(lines(0, 900)[0].starts_with("WHO    nobody stands out"));
        let short = lines(3, 7_200);
        assert!(
            short[0].starts_with("WHO    cannot tell who grew") && short[2].starts_with("SINCE  cannot tell"),
            "{short:#?}"
        );
    }
}
