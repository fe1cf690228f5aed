//! What a run may ask of a real account: judged before the first call, from what was found out about the account.
//!
//! ```text
//! Scenario ─▶ Plan ─▶ Bill ──┐
//! caps, allow ───────────────┼─▶ decide ─▶ Permit, or every Objection at once
//! Found: who, keys, quotas, use ──┘
//! ```
//!
//! Nothing is asked here: `aws` finds out and this room judges. What simulating asks of this machine's memory is estimated here
//! too. Onset and required quotas are not built yet.

mod alarm;
mod bill;
mod denied;
mod found;
mod objection;
pub mod partition;
mod permit;
pub mod policy;
mod ramp;
mod room;

pub use alarm::Alarm;
pub use bill::Bill;
pub use denied::{Denied, Unreadable, account_of_access_key};
pub use found::{BURST, Found, KeyFound, PoolFound, peak_of_minute};
pub use objection::Objection;
pub use permit::{Permit, Share, Wish, decide, fits, objections_beforehand, objections_to_plan};
pub use ramp::{RAMP, ramped};
pub use room::Room;
