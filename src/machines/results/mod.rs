//! What a run means: the saved [`Run`], statistics over trials, thresholds and cautions.

pub mod answer;
mod assemble;
mod assumptions;
mod backlog;
mod calibration;
pub mod causes;
mod cautions;
pub mod compare;
mod conclude;
mod end;
mod limiters;
#[cfg(test)]
mod live_tests;
pub mod merit;
pub mod phases;
mod recovery;
mod run;
mod seconds;
mod select;
mod series;
pub mod standing;
mod stats;
pub mod story;
mod sweep;
mod threshold;
mod times;
mod wall;

pub use answer::{Answer, Built, Cited, Line};
pub use assemble::{merged, strategy_run};
pub use assumptions::assumptions;
pub use calibration::Calibration;
pub use cautions::NOT_RECOVERED;
pub use conclude::{LiveFacts, conclude, conclude_live, hash};
pub use end::End;
pub use limiters::{Agreement, LimiterKind, LimiterKinds, agreement, other_kinds};
pub use run::*;
pub use seconds::Seconds;
pub use select::{Happened, Selection};
pub use stats::{mean_and_error, t95, tidy};
pub use sweep::*;
pub use threshold::{Gauge, Stand, Watch, Widest, evaluate, holds, stands, widest};
pub use wall::*;
