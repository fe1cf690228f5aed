//! Reads `trials`: a number, or until intervals are narrow.

use crate::language::{Fields, Item, Reader};
use crate::scenario::Target;
use crate::scenario::keys::{self, MAX_TRIALS};
use crate::units::Ratio;

/// Trials of a simulated run that does not say how many.
const SIMULATED: u32 = 5;
/// Trials of a live run that does not say how many.
const LIVE: u32 = 1;
/// The most trials that are added until intervals are narrow, unless it is said.
const MAX_ADDED: u32 = 200;

/// How many trials at most, and how narrow intervals have to be for fewer.
pub(super) fn trials(r: &mut Reader, fields: &Fields, target: &Target) -> (u32, Option<Ratio>) {
    let default = if *target == Target::Sim { SIMULATED } else { LIVE };
    let Some(item) = fields.get("trials") else { return (default, None) };
    if !item.is_map() {
        let count = r.or(fields, "trials", default, |r, item| r.count(item, MAX_TRIALS));
        return (count, None);
    }
    if *target != Target::Sim {
        let message = "a live run does not add trials until intervals are narrow: each takes its whole time, and may cost money";
        r.wrong(&item, message, "a number of trials, or target sim");
        return (default, None);
    }
    let Some(fields) = r.fields(&item, &keys::TRIALS) else { return (default, None) };
    let until = r.need(&fields, "until", Ratio::ONE, narrow);
    let most =
        r.or(&fields, "max", MAX_ADDED, |r, item| r.whole(item, 2, MAX_TRIALS).map(|most| most as u32));
    (most, Some(until))
}

/// A ratio above nothing and below all.
fn narrow(r: &mut Reader, item: &Item) -> Option<Ratio> {
    let until = r.ratio(item)?;
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
