//! The strategies by name, and those that decide the exit code.

use crate::client::Policy;
use crate::language::tree::Node;
use crate::language::{
    FREE_NAMES, Form, Item, Map, Others, Problem, Reader, Record, Shape, Table, record_value,
};
use crate::scenario::Strategy;
use serde_yaml::Value;

/// The most workloads, and the most strategies, of a scenario.
pub(super) const MAX_NAMED: usize = 64;
/// What is said of several strategies names none.
const NO_NAMES: [&str; 3] = ["all", "both", "none"];

/// Every strategy of a scenario, and what of them is known.
#[derive(Clone, Debug, Default)]
pub(in crate::scenario) struct Strategies {
    pub(super) all: Vec<Named>,
    /// Whether every strategy's name is known, so that another name is a mistake.
    pub(super) has_all_names: bool,
}

/// A strategy, and its text if that could be read.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub name: String,
    pub node: Option<Node>,
    pub policy: Policy,
}

static STRATEGIES: Table = Table {
    name: "strategies",
    keys: &[],
    others: Some(Others { names: FREE_NAMES, shape: &Shape::Record(<Policy as Record>::table) }),
};

impl Strategies {
    /// How they are written.
    pub const FORM: ByName = ByName;

    /// Those of a scenario that was read.
    pub fn of(list: &[Strategy]) -> Strategies {
        let named =
            |each: &Strategy| Named { name: each.name.clone(), node: None, policy: each.policy.clone() };
        Strategies { all: list.iter().map(named).collect(), has_all_names: true }
    }

    /// Without their text.
    pub fn list(self) -> Vec<Strategy> {
        self.all.into_iter().map(|Named { name, policy, .. }| Strategy { name, policy }).collect()
    }

    /// Their names, in file order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.all.iter().map(|each| each.name.as_str())
    }
}

/// A policy under each strategy's name.
#[derive(Clone, Copy)]
pub(in crate::scenario) struct ByName;

impl Form for ByName {
    type Value = Strategies;
    fn shape(&self) -> Shape {
        Shape::Map(&STRATEGIES)
    }
    fn read(&self, r: &mut Reader, item: &Item) -> Option<Strategies> {
        let fields = r.fields(item, &STRATEGIES)?;
        let mut strategies = Strategies { all: Vec::new(), has_all_names: fields.is_whole() };
        let many = fields.named().count();
        for (entry, item) in fields.named().take(MAX_NAMED) {
            let name = entry.key.as_str();
            if NO_NAMES.contains(&name) {
                let message = format!("`{name}` is no name for a strategy");
                let problem = Problem::new(entry.location, &item.path, message);
                let example = if name == "none" { "no-retry" } else { "patient" };
                r.problems.push(problem.allowed(format!(
                    "another name, such as `{example}`: {name} is what one says of several"
                )));
                strategies.has_all_names = false;
            } else if r.is_name(entry.location, &item.path, name) {
                let policy = r.record(&item);
                let node = policy.is_some().then(|| item.node.clone());
                let policy = policy.unwrap_or(Policy::PLAIN);
                strategies.all.push(Named { name: name.to_owned(), node, policy });
            } else {
                strategies.has_all_names = false;
            }
        }
        how_many(r, item, many, strategies.has_all_names, "strategies");
        strategies.has_all_names &= many <= MAX_NAMED;
        Some(strategies)
    }
    fn write(&self, value: &Strategies) -> Value {
        let each = value.all.iter();
        each.fold(Map::default(), |map, each| map.put(&each.name, record_value(&each.policy))).into()
    }
}

/// Reports that there are none, or too many.
pub(super) fn how_many(r: &mut Reader, item: &Item, count: usize, is_known: bool, what: &str) {
    if (count == 0 && is_known) || count > MAX_NAMED {
        r.wrong(item, format!("there are {count} {what}"), format!("1 to {MAX_NAMED}"));
    }
}

/// The strategies that decide the exit code: `all`, or a list of names.
#[derive(Clone, Copy)]
pub(in crate::scenario) struct Gate<'a> {
    pub strategies: &'a Strategies,
}

impl Gate<'_> {
    /// The names of all.
    pub fn all(&self) -> Vec<String> {
        self.strategies.names().map(str::to_owned).collect()
    }
}

impl Form for Gate<'_> {
    type Value = Vec<String>;
    fn shape(&self) -> Shape {
        Shape::Either(&[Shape::Words(&["all"]), Shape::List(&Shape::Text)])
    }
    fn read(&self, r: &mut Reader, item: &Item) -> Option<Vec<String>> {
        if item.is_word("all") {
            return Some(self.all());
        }
        let mut gate: Vec<String> = Vec::new();
        let items = r.list(item)?;
        if items.len() > MAX_NAMED {
            r.wrong(item, "these are too many strategies", format!("at most {MAX_NAMED}"));
            return None;
        }
        for item in items {
            let Some(name) = r.string(&item) else { continue };
            let known = self.strategies.names();
            if self.strategies.has_all_names && !known.clone().any(|each| each == name) {
                let message = "there is no strategy of this name";
                r.unknown(item.node.shown, &item.path, message, &name, known);
            } else if gate.contains(&name) {
                r.wrong(&item, "this strategy stands here twice", "each strategy once");
            } else {
                gate.push(name);
            }
        }
        Some(gate)
    }
    fn write(&self, value: &Vec<String>) -> Value {
        Value::Sequence(value.iter().map(|name| name.as_str().into()).collect())
    }
}
