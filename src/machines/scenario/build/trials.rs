//! `trials`: a number, or until intervals are narrow.

use crate::language::{Form, Item, RATIO, Reader, Record, Shape, key, record, record_value, whole};
use crate::scenario::Target;
use crate::units::Ratio;
use serde_yaml::Value;

/// The most trials.
const MAX_TRIALS: u64 = 10_000;
/// Trials of a simulated run that does not say how many.
const SIMULATED: u32 = 5;
/// Trials of a live run that does not say how many.
const LIVE: u32 = 1;

record! {
    /// Trials until intervals are narrow.
    pub struct Until as "trials" {
        /// How narrow, half of each beside its middle.
        pub until: Ratio = key(
            "until",
            "Sim: ten trials of every strategy are added at a time until half the 95 % interval of every figure that a threshold \
             rests on (without thresholds: goodput and p99) is at most this share of the figure. Whether strategies differ is \
             not looked at.",
            RATIO.checked(narrow),
        )
        .needed(),
        /// The most that are added.
        pub max: u32 = key("max", "No more trials than this ({}).", whole(2, MAX_TRIALS)).or(200),
    }
}

/// How many trials at most, and how narrow intervals have to be for fewer.
#[derive(Clone, Copy)]
pub(in crate::scenario) struct Trials<'a> {
    pub target: &'a Target,
}

impl Trials<'_> {
    /// What holds for the target where nothing is said.
    pub fn usual(&self) -> (u32, Option<Ratio>) {
        (if *self.target == Target::Sim { SIMULATED } else { LIVE }, None)
    }
}

impl Form for Trials<'_> {
    type Value = (u32, Option<Ratio>);
    fn shape(&self) -> Shape {
        Shape::Either(&[Shape::Whole(1, MAX_TRIALS), Shape::Record(<Until as Record>::table)])
    }
    fn read(&self, r: &mut Reader, item: &Item) -> Option<Self::Value> {
        if !item.is_map() {
            return r.count(item, MAX_TRIALS).map(|count| (count, None));
        }
        if *self.target != Target::Sim {
            let message = "a live run does not add trials until intervals are narrow: each takes its whole time, and may cost money";
            r.wrong(item, message, "a number of trials, or target sim");
            return None;
        }
        r.record(item).map(|Until { until, max }| (max, Some(until)))
    }
    fn write(&self, (most, until): &Self::Value) -> Value {
        match until {
            Some(until) => record_value(&Until { until: *until, max: *most }),
            None => (*most).into(),
        }
    }
}

/// A ratio above nothing and below all.
fn narrow(r: &mut Reader, item: &Item, until: Ratio) -> Option<Ratio> {
    if until.as_f64() <= 0.0 || until.as_f64() >= 1.0 {
        r.wrong(
            item,
            "no interval is that narrow, or every one is",
            "a ratio like 1%, above 0% and below 100%",
        );
        return None;
    }
    Some(until)
}
