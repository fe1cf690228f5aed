//! What a run means: the saved [`Run`], statistics over trials, thresholds and cautions.

mod run;

pub use run::*;
