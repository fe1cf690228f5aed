//! Everything that links the AWS SDK: the client that live attempts go through, and what a run against AWS asks first.

mod signer;

pub use signer::{Signer, SignerError};
