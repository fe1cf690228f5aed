//! The API's operations: what each does with an authenticated call that has passed the gate and is well-formed.
//!
//! ```text
//! Desk { estate, call, now … } ─▶ find the key ─▶ may the caller? ─▶ does its state allow it? ─▶ Step
//!                                                                     Step::Done      the answer
//!                                                                     Step::Compute   arithmetic, without the estate
//!                                                                     Step::Create    a key that needs material first
//! ```
//!
//! One file for each family of operations; `desk` holds what they share.

mod desk;
mod page;

pub(in crate::kms) use desk::Desk;
pub use desk::{NewKey, Step, Trail};

use crate::api::Operation;
use crate::kms::wire::ApiError;

/// What a call leads to.
pub(in crate::kms) type Handled = Result<Step, ApiError>;

/// Serves the call at the desk.
pub(in crate::kms) fn serve(desk: &mut Desk<'_>) -> Handled {
    use Operation::*;
    match desk.operation() {
        _ => todo!(),
    }
}
