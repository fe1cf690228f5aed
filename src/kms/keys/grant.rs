//! A grant: lets one principal use one key in stated ways.

use super::Moment;
use crate::kms::access::{Constraints, GrantOperation};
use serde::{Deserialize, Serialize};

/// One grant on a key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Grant {
    /// 64 hex digits.
    pub id: String,
    /// The name given for idempotence.
    pub name: Option<String>,
    /// ARN of who may use it, or a service principal.
    pub grantee: String,
    /// Whether `grantee` is a service principal.
    pub grantee_is_service: bool,
    /// ARN of who may retire it, or a service principal.
    pub retiring: Option<String>,
    /// Whether `retiring` is a service principal.
    pub retiring_is_service: bool,
    /// What it allows.
    pub operations: Vec<GrantOperation>,
    /// Under which conditions.
    pub constraints: Constraints,
    /// Account that made it (`IssuingAccount` is its root ARN).
    pub issuing_account: String,
    /// When it was made.
    pub created: Moment,
    /// From when on it works without its token.
    pub visible: Moment,
    /// Until when a retired or revoked grant still works; `None` while it lives.
    pub ends: Option<Moment>,
}
