//! What a run means: the saved [`Run`], statistics over trials, thresholds and cautions.

pub mod answer;
mod assemble;
mod assumptions;
mod backlog;
mod calibration;
mod cautions;
mod conclude;
mod limiters;
#[cfg(test)]
mod live_tests;
pub mod merit;
mod recovery;
mod run;
mod select;
pub mod standing;
mod stats;
mod threshold;
mod times;
mod wall;

pub use answer::{Answer, Built, Cited, Line};
pub use assemble::{merged, strategy_run};
pub use calibration::Calibration;
pub use cautions::NOT_RECOVERED;
pub use conclude::{Facts, conclude, conclude_live};
pub use limiters::{Agreement, LimiterKind, LimiterKinds, compare, other_kinds};
pub use run::*;
pub use select::{Happened, Selection};
pub use threshold::{Gauge, Watch, Widest, evaluate, widest};
pub use wall::*;
