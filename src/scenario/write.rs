//! Writes a checked scenario in its own language, every default filled in: reading it again gives the same.

use super::{Allow, Caps, Live, Scenario, Target, Threshold, Transport};
use crate::client::{AwsRetry, Cache, Policy, Retry, RetryMode};
use crate::kms::{Distribution, Fault, FaultKind, Part, ServiceTime, Strikes};
use crate::quota::{Enforcement, Quotas};
use crate::time::Span;
use crate::workload::{
    Arrivals, Executor, FleetConfig, FleetStart, KeyStore, Pacing, Payload, Pick, Popularity, Trace, Workload,
};
use serde_yaml::{Mapping, Value};
use std::fmt::Display;

/// A mapping under construction, in the order of its keys.
#[derive(Default)]
struct Map(Mapping);

impl Map {
    fn put(mut self, key: &str, value: impl Into<Value>) -> Map {
        self.0.insert(Value::from(key), value.into());
        self
    }
    /// Puts a value as it prints: `500/s`, `30s`.
    fn show(self, key: &str, value: impl Display) -> Map {
        self.put(key, value.to_string())
    }
    fn maybe(self, key: &str, value: Option<impl Into<Value>>) -> Map {
        match value {
            Some(value) => self.put(key, value),
            None => self,
        }
    }
    fn or_none(self, key: &str, value: Option<impl Into<Value>>) -> Map {
        match value {
            Some(value) => self.put(key, value),
            None => self.put(key, "none"),
        }
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Value {
        Value::Mapping(map.0)
    }
}

/// A list of whatever can be a value.
fn list<T: Into<Value>>(items: impl IntoIterator<Item = T>) -> Value {
    Value::Sequence(items.into_iter().map(Into::into).collect())
}

/// A mapping of named values, in order.
fn named<T: Into<Value>>(items: impl IntoIterator<Item = (String, T)>) -> Map {
    items.into_iter().fold(Map::default(), |map, (name, value)| map.put(&name, value))
}

impl Scenario {
    /// The scenario in its own language, with every default filled in and everything in its order.
    pub fn to_yaml(&self) -> String {
        serde_yaml::to_string(&self.value()).expect("a mapping of texts and numbers is always YAML")
    }

    /// The same as JSON, for the saved run; mappings are in the order of their keys.
    pub fn to_value(&self) -> serde_json::Value {
        serde_json::to_value(self.value()).expect("every key of a scenario is text")
    }

    fn value(&self) -> Value {
        let map = Map::default()
            .put("version", 1)
            .put("name", self.name.as_str())
            .put("seed", self.seed)
            .show("target", &self.target)
            .put("region", self.region.as_str())
            .put("quotas", quotas(&self.quotas))
            .put("serviceTime", service_time(&self.service_time))
            .put("faults", list(self.faults.iter().map(fault)))
            .put("fleet", fleet(&self.fleet))
            .put("workloads", named(self.workloads.iter().map(|w| (w.name.clone(), self.workload(w)))))
            .put("strategies", named(self.strategies.iter().map(|s| (s.name.clone(), policy(&s.policy)))))
            .put("trials", self.trials_value())
            .put("thresholds", thresholds(&self.thresholds))
            .put("gate", list(self.gate.iter().map(String::as_str)));
        let map = match self.sweep.is_empty() {
            true => map,
            false => {
                let over = self
                    .sweep
                    .iter()
                    .map(|axis| (axis.path.clone(), list(axis.values.iter().map(String::as_str))));
                map.put("sweep", Map::default().put("over", named(over)))
            }
        };
        // The simulator looks at none of it: a simulated run's record stays as it is.
        let map = if self.target == Target::Sim && self.live == Live::default() {
            map
        } else {
            live(map, &self.live)
        };
        map.into()
    }

    fn trials_value(&self) -> Value {
        match self.until {
            Some(until) => Map::default().show("until", until).put("max", self.trials).into(),
            None => self.trials.into(),
        }
    }

    fn workload(&self, workload: &Workload) -> Map {
        let map = executor(&workload.executor)
            .show("startTime", workload.start_time)
            .show("warmUp", workload.warm_up)
            .show("gracefulStop", workload.graceful_stop)
            .or_none("deadline", workload.deadline.map(|span| span.to_string()));
        let map = match (workload.executor.is_open(), workload.max_in_flight) {
            (false, _) => map,
            (true, None) => map.put("maxInFlight", "none"),
            (true, Some(most)) => map.put("maxInFlight", most).show("onLimit", workload.on_limit),
        };
        let keys = &workload.keys;
        let key_map = Map::default()
            .put("count", keys.count)
            .put("popularity", popularity(&keys.popularity))
            .put("spec", keys.spec.name())
            .put("pairSpec", keys.pair_spec.name())
            .maybe("store", keys.store.map(KeyStore::name))
            .maybe("ids", (!keys.ids.is_empty()).then(|| list(keys.ids.iter().map(String::as_str))));
        let pairs = self.strategies.iter().zip(&workload.strategies);
        let changed: Vec<_> = pairs.filter(|(strategy, own)| strategy.policy != **own).collect();
        let map = map
            .put("jobs", named(workload.jobs.iter().map(|(kind, weight)| (kind.name().to_owned(), *weight))))
            .put("payload", payload(&workload.payload))
            .put("keys", key_map)
            .put("contexts", pick(&workload.contexts))
            .put("messages", pick(&workload.messages));
        if changed.is_empty() {
            return map;
        }
        map.put("strategies", named(changed.into_iter().map(|(s, own)| (s.name.clone(), policy(own)))))
    }
}

fn live(map: Map, live: &Live) -> Map {
    let transport: Value = match &live.transport {
        Transport { in_process: true, .. } => "in-process".into(),
        Transport { connections, connect_timeout, idle_timeout, ca, .. } => Map::default()
            .or_none("connections", *connections)
            .show("connectTimeout", connect_timeout)
            .show("idleTimeout", idle_timeout)
            .maybe("ca", ca.as_deref())
            .into(),
    };
    map.put("client", live.client.name())
        .put("transport", transport)
        .put("caps", caps(&live.caps))
        .put("allow", allow(&live.allow))
}

fn caps(caps: &Caps) -> Map {
    Map::default()
        .maybe("attempts", caps.attempts)
        .maybe("rate", caps.rate.map(|rate| rate.to_string()))
        .maybe("duration", caps.duration.map(|span| span.to_string()))
        .maybe("cost", caps.cost.map(|money| money.to_string()))
        .show("maxQuotaShare", caps.max_quota_share)
        .maybe("stopOn", caps.stop_on.clone())
}

fn allow(allow: &Allow) -> Map {
    let texts = |all: &[String]| list(all.iter().map(String::as_str));
    Map::default()
        .put("accounts", texts(&allow.accounts))
        .put("regions", texts(&allow.regions))
        .put("keys", texts(&allow.keys))
}

fn quotas(quotas: &Quotas) -> Map {
    let rates = |rates: &std::collections::BTreeMap<String, crate::units::Rate>| {
        named(rates.iter().map(|(pool, rate)| (pool.clone(), rate.to_string())))
    };
    let kind = quotas.enforcement.kind().name();
    let enforcement: Value = match quotas.enforcement {
        Enforcement::Window { phase: None } | Enforcement::Sliding => kind.into(),
        Enforcement::Window { phase: Some(phase) } => one(kind, one("phase", phase.to_string())),
        Enforcement::Bucket { burst } => one(kind, one("burst", burst.to_string())),
        Enforcement::LateBucket { burst, lag } => {
            one(kind, Map::default().show("burst", burst).show("lag", lag))
        }
        Enforcement::Lagging { lag } => one(kind, one("lag", lag.to_string())),
    };
    rates(&quotas.overrides)
        .put("enforcement", enforcement)
        .put("background", rates(&quotas.background))
        .put("reEncryptCost", quotas.re_encrypt_cost)
}

fn one(key: &str, value: impl Into<Value>) -> Value {
    Map::default().put(key, value).into()
}

fn service_time(times: &ServiceTime) -> Map {
    let operations =
        times.operations.iter().map(|(operation, each)| (operation.to_string(), distribution(each)));
    distribution(&times.default)
        .show("throttled", times.throttled)
        .put("operations", named(operations))
        .maybe("measured", times.measured.as_deref())
        .maybe("servers", times.capacity.map(|each| each.servers))
        .maybe("queue", times.capacity.and_then(|each| each.queue))
}

fn distribution(times: &Distribution) -> Map {
    let map = Map::default();
    match times {
        Distribution::Lognormal(latency) => map.show("p50", latency.p50).show("p99", latency.p99),
        Distribution::Fixed(span) => map.show("fixed", span),
        Distribution::Exponential { mean } => map.show("exponential", mean),
        Distribution::Quantiles(points) => {
            let each = points.iter().map(|(percent, span)| (format!("p{percent}"), span.to_string()));
            map.put("quantiles", named(each))
        }
        Distribution::Mixture(parts) => {
            let part = |part: &Part| distribution(&part.of).show("share", part.share);
            map.put("mixture", list(parts.iter().map(part)))
        }
    }
}

fn fault(fault: &Fault) -> Map {
    let map = Map::default().show("at", fault.at).maybe("for", fault.lasts.map(|span| span.to_string()));
    let map = map.show("kind", fault.kind.word());
    let map = match &fault.kind {
        FaultKind::Quota { pool, to } => return map.put("pool", pool.as_str()).show("to", to),
        FaultKind::ErrorAs { code, status } => map.put("errorCode", code.as_str()).put("status", *status),
        FaultKind::Slow { by } | FaultKind::Trickle { by } => map.show("by", by),
        FaultKind::Throttle
        | FaultKind::Error
        | FaultKind::Freeze
        | FaultKind::Reset
        | FaultKind::Truncate => map,
    };
    let map = match fault.strikes {
        Strikes::Probability(ratio) => map.show("probability", ratio),
        Strikes::Next(count) => map.put("next", count),
    };
    let aim = fault.aim.as_deref();
    map.maybe("after", (fault.after > 0).then_some(fault.after))
        .maybe("ramp", fault.ramp.map(|ramp| ramp.to_string()))
        .maybe("seed", fault.seed)
        .maybe("operation", fault.operation.map(|operation| operation.name()))
        .maybe("principal", aim.and_then(|aim| aim.principal.clone()))
        .maybe("key", aim.and_then(|aim| aim.key.clone()))
        .maybe("region", aim.and_then(|aim| aim.region.clone()))
}

fn fleet(fleet: &FleetConfig) -> Map {
    let start: Value = match fleet.start {
        FleetStart::Together => "together".into(),
        FleetStart::Over(span) => one("over", span.to_string()),
        FleetStart::Rolling { batch, every } => {
            one("rolling", Map::default().put("batch", batch).show("every", every))
        }
    };
    let restart = fleet.restart.map(|restart| {
        Map::default().show("at", restart.at).put("batch", restart.batch).show("every", restart.every)
    });
    Map::default().put("clients", fleet.clients).put("start", start).maybe("restart", restart)
}

fn executor(executor: &Executor) -> Map {
    let map = Map::default().show("executor", executor.kind());
    let stage =
        |duration: Span, target: Value| Map::default().show("duration", duration).put("target", target);
    match executor {
        Executor::ConstantArrivalRate { rate, duration, arrivals } => {
            map.show("rate", rate).show("duration", duration).put("arrivals", spread(*arrivals))
        }
        Executor::RampingArrivalRate { start_rate, stages, arrivals } => map
            .show("startRate", start_rate)
            .put("stages", list(stages.iter().map(|s| stage(s.duration, s.target.to_string().into()))))
            .put("arrivals", spread(*arrivals)),
        Executor::Burst { count, every, duration } => {
            map.put("count", *count).show("every", every).show("duration", duration)
        }
        Executor::Trace(each) => trace(map, each),
        Executor::ConstantVus { vus, duration, pacing } => {
            paced(map.put("vus", *vus).show("duration", duration), pacing)
        }
        Executor::RampingVus { start_vus, stages, pacing } => {
            let stages = list(stages.iter().map(|s| stage(s.duration, s.target.into())));
            paced(map.put("startVus", *start_vus).put("stages", stages), pacing)
        }
        Executor::SharedIterations { vus, iterations, max_duration, pacing }
        | Executor::PerVuIterations { vus, iterations, max_duration, pacing } => {
            let map = map.put("vus", *vus).put("iterations", *iterations);
            paced(map.show("maxDuration", max_duration), pacing)
        }
    }
}

fn trace(map: Map, trace: &Trace) -> Map {
    let columns = trace.columns.iter().map(|(name, theirs)| (name.clone(), theirs.as_str()));
    map.put("file", trace.file.as_str())
        .put("columns", named(columns))
        .put("scale", trace.scale)
        .show("offset", trace.offset)
        .maybe("duration", trace.duration.map(|span| span.to_string()))
        .put("arrivals", spread(trace.arrivals))
}

fn paced(map: Map, pacing: &Pacing) -> Map {
    match pacing {
        Pacing::ThinkTime(span) => map.show("thinkTime", span),
        Pacing::Pace(rate) => map.show("pace", rate),
    }
}

fn spread(arrivals: Arrivals) -> String {
    match arrivals {
        Arrivals::Poisson => "poisson".into(),
        Arrivals::Uniform => "uniform".into(),
        Arrivals::Bursty(dispersion) => format!("bursty({dispersion})"),
    }
}

fn payload(payload: &Payload) -> Value {
    match payload {
        Payload::Fixed(size) => size.to_string().into(),
        Payload::Range { min, max } => Map::default().show("min", min).show("max", max).into(),
        Payload::Percentiles { p50, p99 } => Map::default().show("p50", p50).show("p99", p99).into(),
    }
}

fn pick(pick: &Pick) -> Map {
    Map::default().put("count", pick.count).put("popularity", popularity(&pick.popularity))
}

fn popularity(popularity: &Popularity) -> String {
    match popularity {
        Popularity::Uniform => "uniform".into(),
        Popularity::Zipf(exponent) => format!("zipf({exponent})"),
    }
}

fn policy(policy: &Policy) -> Map {
    let limiter =
        policy.limiter.map(|limiter| Map::default().show("rate", limiter.rate).put("burst", limiter.burst));
    Map::default()
        .put("retry", retry(&policy.retry))
        .or_none("limiter", limiter)
        .or_none("timeout", policy.timeout.map(|span| span.to_string()))
        .or_none("cache", policy.cache.map(|cache| cache_map(&cache)))
}

fn retry(retry: &Retry) -> Map {
    let map = |mode: &str| {
        let map = Map::default().put("mode", mode);
        match retry.max_attempts {
            Some(count) => map.put("maxAttempts", count),
            None => map.put("maxAttempts", "unlimited"),
        }
    };
    match retry.mode {
        RetryMode::None => map("none"),
        RetryMode::Immediate => map("immediate"),
        RetryMode::Fixed { delay } => map("fixed").show("delay", delay),
        RetryMode::Exponential { base, cap, factor, jitter } => {
            let map = map("exponential").show("base", base).show("cap", cap);
            map.put("factor", factor).show("jitter", jitter)
        }
        RetryMode::Budget { ratio, min_per_second, ttl } => {
            map("budget").show("ratio", ratio).show("minPerSecond", min_per_second).show("ttl", ttl)
        }
        RetryMode::Tokens { capacity, cost, refund } => {
            map("tokens").put("capacity", capacity).put("cost", cost).put("refund", refund)
        }
        RetryMode::AwsStandard(retry) => aws(map("aws-standard"), retry),
        RetryMode::AwsAdaptive(retry) => aws(map("aws-adaptive"), retry),
        RetryMode::AwsLegacy(sdk) => map("aws-legacy").put("preset", sdk.name()),
        RetryMode::AwsSdk(mode) => map("aws-sdk").show("sdkMode", mode),
    }
}

fn aws(map: Map, retry: AwsRetry) -> Map {
    match retry.preset() {
        Some(sdk) => map.show("preset", sdk),
        None => map.show("generation", retry.generation).show("accounting", retry.accounting),
    }
}

fn cache_map(cache: &Cache) -> Map {
    Map::default()
        .show("maxAge", cache.max_age)
        .put("maxMessages", cache.max_messages)
        .put("maxBytes", cache.max_bytes)
        .put("capacity", cache.capacity)
        .show("eviction", cache.eviction)
}

/// Thresholds by name, names in the order of their first threshold.
fn thresholds(thresholds: &[Threshold]) -> Map {
    let mut map = Map::default();
    for threshold in thresholds {
        let each = Map::default()
            .put("threshold", threshold.expression.as_str())
            .put("abortOnFail", threshold.abort_on_fail)
            .show("delayAbortEval", threshold.delay_abort_eval);
        let mut items = match map.0.remove(threshold.name.as_str()) {
            Some(Value::Sequence(items)) => items,
            _ => Vec::new(),
        };
        items.push(each.into());
        map = map.put(&threshold.name, Value::Sequence(items));
    }
    map
}
