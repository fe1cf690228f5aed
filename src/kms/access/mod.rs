//! Who may do what with which key: key policies, identity policies, grants, conditions, as AWS evaluates them. Pure.
//!
//! ```text
//! any explicit Deny ───────────────────────────────▶ denied
//! a grant for the caller ──────────────────────────▶ allowed
//! key policy names the caller (same account) ──────▶ allowed
//! key policy names the account ─▶ identity policies ▶ allowed if they do
//! other account: key policy AND identity policies
//! no key (CreateKey, ListKeys …): identity policies
//! ```
//!
//! Source: KMS Developer Guide, policy evaluation, key policies, grants (kms-facts §4, read 2026-11-23). The root user of
//! an account has every permission that an identity policy could give.

mod authorize;
mod condition;
mod directory;
mod facts;
mod glob;
mod grant;
mod policy;
mod principal;
mod template;

pub use authorize::{Allowed, Denied, KeyAccess, Question, authorize, would_lock_out};
pub use directory::{AccessKey, Directory, Member};
pub use facts::Facts;
pub use grant::{Constraints, GrantOperation, GrantView};
pub use policy::{Kind, Policy, PolicyProblem};
pub use principal::{Principal, PrincipalKind, account_of_arn};
pub use template::{aws_managed_policy, default_policy};

#[cfg(test)]
mod tests;
