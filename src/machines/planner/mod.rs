//! What a run may ask of a real account: judged before the first call, from what was found out about the account.
//!
//! ```text
//! Scenario ─▶ Plan ─▶ CostEstimate ──┐
//! caps, allow ───────────────┼─▶ decide ─▶ Permit, or every Objection at once
//! Found: who, keys, quotas, use ──┘
//! ```
//!
//! Nothing is asked here: `aws` finds out and this room judges. What simulating asks of this machine's memory is estimated
//! here too.
//!
//! And what a scenario tells before anybody runs it: `onset`, the load at which it breaks. The searches are machines: they
//! say which trials they want and take in what those show; `engine` simulates.

mod alarm;
pub mod backtest;
pub mod callers;
pub mod capacity;
mod cost_estimate;
mod denied;
mod found;
pub mod from_run;
mod growth;
pub mod money;
pub mod need;
mod objection;
pub mod onset;
mod permit;
pub mod policy;
mod ramp;
mod room;
pub mod season;
pub mod spoken;
pub mod stretch;
pub mod variant;

pub use crate::api::partition;
pub use alarm::Alarm;
pub use cost_estimate::CostEstimate;
pub use denied::{Denied, Unreadable, account_of_access_key};
pub use found::{BURST, Found, KeyFound, PoolFound, peak_of_minute};
pub use growth::{Growth, growth};
pub use objection::Objection;
pub use permit::{Permit, PermitRequest, Share, decide, fits, objections_beforehand, objections_to_plan};
pub use ramp::{RAMP, ramped};
pub use room::Room;
