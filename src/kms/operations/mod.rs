//! The API's operations: what each does with an authenticated call that was admitted and is well-formed.
//!
//! ```text
//! CallContext { inventory, call, now … } ─▶ find the key ─▶ may the caller? ─▶ does its state allow it? ─▶ Step
//!                                                                     Step::Done      the answer
//!                                                                     Step::Compute   arithmetic, without the inventory
//!                                                                     Step::Create    a key that needs material first
//! ```
//!
//! One file for each family of operations, each of which says whom it serves; `context` holds what they share.

/// Says who serves which operations; stands beside the handlers, and nothing else needs to know them.
macro_rules! serves {
    ($($operation:ident: $handler:ident,)*) => {
        $(impl crate::kms::operations::Served for crate::api::each::$operation {
            const HANDLER: crate::kms::operations::Handler = $handler;
        })*
    };
}

mod aliases;
mod aws_keys;
mod cipher;
mod context;
mod create;
mod data_keys;
mod describe;
mod encrypt;
mod grants;
mod imports;
mod lifecycle;
mod macs;
mod managed;
mod page;
mod policies;
mod recipient;
mod regions;
mod rotation;
mod shared_secrets;
mod signatures;
mod stores;
mod tags;
mod usage;

pub(in crate::kms) use context::CallContext;
pub use context::{NewKey, Step, Trail};
pub(in crate::kms) use create::{bare, create, written_policy};
pub(in crate::kms) use lifecycle::happen;

use crate::api::{Operation, each};
use crate::kms::wire::ApiError;
use keystorm_machines::each_operation;

/// What a call leads to.
pub(in crate::kms) type Handled = Result<Step, ApiError>;

/// Serves calls of one operation.
type Handler = fn(&mut CallContext<'_>) -> Handled;

/// An operation that is served, by the type that stands for it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no handler",
    note = "say so beside its handler, by `serves!`"
)]
trait Served {
    /// Who serves it.
    const HANDLER: Handler;
}

macro_rules! handlers {
    ($($operation:ident)*) => {
        [$(<each::$operation as Served>::HANDLER),*]
    };
}

/// By [`Operation::index`].
static HANDLERS: [Handler; Operation::ALL.len()] = each_operation!(handlers);

/// Serves one call.
pub(in crate::kms) fn serve(ctx: &mut CallContext<'_>) -> Handled {
    aws_keys::appear(ctx)?;
    HANDLERS[ctx.operation().index()](ctx)
}
