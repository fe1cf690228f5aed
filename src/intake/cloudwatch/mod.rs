//! What CloudWatch has counted: calls by the minute, and what can be said of the seconds inside.
//!
//! ```text
//! answer of the CLI, or CSV ─▶ answer::read ─▶ Series ─▶ Load ─▶ Inferred: [low, high] of the busiest second
//!                                                          └───▶ arrivals second by second, scenario, page
//! ```
//! A sum holds what KMS saw, attempts or what was admitted: never demand. Which of both CallCount is, AWS does not say.

mod answer;
mod error;
mod infer;
mod made;
#[cfg(test)]
mod tests;
mod triage;

pub use answer::{Kind, Series, hours, read};
pub use error::CloudWatchError;
pub use infer::{Basis, Burst, Inferred};
pub use made::Load;
pub use triage::{Counted, triage};
