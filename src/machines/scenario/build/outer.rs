//! What a scenario says of itself that its parts refer to.

use super::strategies::Strategies;
use crate::workload::Workload;

/// What thresholds, gate and caches refer to.
#[derive(Clone, Copy)]
pub(in crate::scenario) struct Own<'a> {
    /// The strategies.
    pub strategies: &'a Strategies,
    /// The workloads, as far as they could be read.
    pub workloads: &'a [Workload],
    /// Whether workloads were read without a problem, so that what they lack is one.
    pub knows_workloads: bool,
}
