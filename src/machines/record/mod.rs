//! What happened: a recorder with `record` and `merge`, HDR histograms, and a timeline.
//!
//! What it means (ratios, intervals, verdicts) lives in `results`.

mod cells;
mod layout;
mod marks;
mod measured;
mod occupancy;
mod packed;
mod piece;
mod recorder;
mod saved;
mod shares;
mod tail;
mod tally;
mod timeline;
mod trial;
mod units;

pub use cells::{AttemptCell, AttemptCounts, FAILURES, JobCell, JobCounts};
pub use layout::{Layout, Part};
pub use measured::{AttemptEvents, JobEvents, Measured, Window};
pub use occupancy::Occupancy;
pub use piece::{Mirror, Piece, Pieces};
pub use recorder::Recorder;
pub use saved::SavedTrial;
pub use shares::LONGEST_SHARED_S;
pub use tally::Tally;
pub use timeline::{Row, Timeline};
pub use trial::{Reading, Trial};
pub use units::UnitCounts;

/// A histogram of microseconds with three significant digits, growing as needed.
pub type Micros = hdrhistogram::Histogram<u64>;

/// An empty histogram of microseconds.
pub fn micros() -> Micros {
    Micros::new(3).expect("three significant digits are allowed")
}
