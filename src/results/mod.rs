//! What a run means: the saved [`Run`], statistics over trials, thresholds and cautions.

mod assemble;
mod assumptions;
mod cautions;
mod conclude;
pub mod cost;
mod recovery;
mod run;
mod select;
mod stats;
mod threshold;

pub use conclude::conclude;
pub use assemble::{merged, strategy_run};
pub use run::*;
pub use select::Selection;
pub use threshold::{Watch, evaluate};
