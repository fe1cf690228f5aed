//! What workloads and thresholds take from the scenario around them.

use crate::client::Policy;
use crate::language::tree::Node;
use crate::scenario::workload::Defaults;

/// What workloads take from the scenario around them.
pub(super) struct Outer<'t> {
    /// What holds where a workload says nothing.
    pub defaults: Defaults,
    /// Each strategy's name, its text if that could be read, and its policy.
    pub strategies: Vec<(&'t str, Option<&'t Node>, Policy)>,
    /// Whether every strategy's name is known, so that another name is a mistake.
    pub has_all_names: bool,
}
