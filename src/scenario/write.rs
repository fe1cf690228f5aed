//! Writes a checked scenario in its own language, every default filled in: reading it again gives the same.

use super::build::threshold_written;
use super::live::IN_PROCESS;
use super::workload as declared;
use super::{Live, Scenario, Target, Threshold};
use crate::kms::{Faults, Times};
use crate::language::{Form, Map, record_map};
use crate::workload::Workload;
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
            .put("serviceTime", Times.write(&self.service_time))
            .put("faults", Faults { is_server: false }.write(&self.faults))
            .put("fleet", record_map(&self.fleet))
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

/// Thresholds by name, names in the order of their first threshold.
fn thresholds(thresholds: &[Threshold]) -> Map {
    let mut map = Map::default();
    for threshold in thresholds {
        let each = threshold_written(threshold);
        let mut items = match map.0.remove(threshold.name.as_str()) {
            Some(Value::Sequence(items)) => items,
            _ => Vec::new(),
        };
        items.push(each);
        map = map.put(&threshold.name, Value::Sequence(items));
    }
    map
}
