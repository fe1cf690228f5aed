//! What a run may ask of a real account: judged before the first call, from what was found out about the account.
//!
//! ```text
//! Scenario ─▶ Plan ─▶ Bill ──┐
//! caps, allow ───────────────┼─▶ decide ─▶ Permit, or every Objection at once
//! Found: who, keys, quotas, use ──┘
//! ```
//!
//! Nothing is asked here: `aws` finds out and this room judges. Onset and required quotas are not built yet.

mod bill;
mod found;
mod objection;
mod permit;
pub mod policy;
mod ramp;

pub use bill::Bill;
pub use found::{BURST, Found, KeyFound, PoolFound, peak_of_minute};
pub use objection::Objection;
pub use permit::{Permit, Share, Wish, decide, fits, objections_beforehand};
pub use ramp::{RAMP, ramped};
