//! Writes a checked scenario in its own language, every default filled in: reading it again gives the same.

use super::live::IN_PROCESS;
use super::workload as declared;
use super::{Live, Scenario, Target, Threshold};
use crate::kms::{Distribution, Fault, FaultKind, Part, ServiceTime, Strikes};
use crate::language::{Map, record_map};
use crate::workload::{FleetConfig, FleetStart, Workload};
use serde_yaml::Value;

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
            .put("quotas", record_map(&self.quotas))
            .put("serviceTime", service_time(&self.service_time))
            .put("faults", list(self.faults.iter().map(fault)))
            .put("fleet", fleet(&self.fleet))
            .put("workloads", named(self.workloads.iter().map(|w| (w.name.clone(), self.workload(w)))))
            .put("strategies", named(self.strategies.iter().map(|s| (s.name.clone(), record_map(&s.policy)))))
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
        let pairs = self.strategies.iter().zip(&workload.strategies);
        let changed: Vec<_> = pairs.filter(|(strategy, own)| strategy.policy != **own).collect();
        let map = declared::written(workload);
        if changed.is_empty() {
            return map;
        }
        map.put("strategies", named(changed.into_iter().map(|(s, own)| (s.name.clone(), record_map(own)))))
    }
}

fn live(map: Map, live: &Live) -> Map {
    let transport: Value = match live.transport.in_process {
        true => IN_PROCESS.into(),
        false => record_map(&live.transport).into(),
    };
    map.show("client", live.client)
        .put("transport", transport)
        .put("caps", record_map(&live.caps))
        .put("allow", record_map(&live.allow))
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
