//! What a run means: the saved [`Run`], statistics over trials, thresholds and cautions.

mod assemble;
mod assumptions;
mod backlog;
mod calibration;
mod cautions;
mod conclude;
#[cfg(test)]
mod live_tests;
pub mod merit;
mod recovery;
mod run;
mod select;
mod stats;
mod threshold;
mod wall;

pub use assemble::{merged, strategy_run};
pub use calibration::Calibration;
pub use cautions::NOT_RECOVERED;
pub use conclude::{Facts, conclude, conclude_live};
pub use run::*;
pub use select::{Happened, Selection};
pub use stats::t95;
pub use threshold::{Watch, evaluate};
pub use wall::*;
