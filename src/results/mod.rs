//! What a run means: the saved [`Run`], statistics over trials, thresholds and cautions.

mod assemble;
mod assumptions;
mod backlog;
mod calibration;
pub mod causes;
mod cautions;
pub mod compare;
mod conclude;
#[cfg(test)]
mod live_tests;
pub mod merit;
pub mod phases;
mod recovery;
mod run;
mod select;
mod series;
mod stats;
pub mod story;
mod sweep;
mod threshold;
mod wall;

pub use assemble::{merged, strategy_run};
pub use calibration::Calibration;
pub use cautions::NOT_RECOVERED;
pub use conclude::{Facts, conclude, conclude_live};
pub use run::*;
pub use select::{Happened, Selection};
pub use sweep::*;
pub use threshold::{Watch, evaluate};
pub use wall::*;
