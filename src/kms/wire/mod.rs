//! awsJson1.1, pure: bytes to a checked [`Input`], and an [`Output`] or an [`ApiError`] to bytes.
//!
//! ```text
//! body -> decode -> Input (what could be read) + maybe a problem    -> the operation
//! bytes <- into_bytes <- Output          bytes <- body <- ApiError  <-
//! ```
//!
//! Sockets, headers, signatures and quotas are not here. Nothing here prints a secret.

mod check;
mod decode;
mod error;
mod input;
mod named;
mod output;

pub use decode::{Decoded, decode};
pub use error::{ApiError, More, operation_of};
pub use input::Input;
pub use output::{Item, Output};
