//! Who may do what with which key: key policies, identity policies, grants, conditions, as AWS evaluates them. Pure.
//!
//! ```text
//! any explicit Deny ───────────────────────────────▶ denied
//! key policy names the caller (same account) ──────▶ allowed
//! key policy names the account ─▶ identity policies ▶ allowed if they do
//! other account: key policy AND identity policies
//! a grant for the caller ──────────────────────────▶ allowed
//! a grant for the account ──────▶ identity policies ▶ allowed if they do
//! no key (CreateKey, ListKeys …): identity policies
//! ```
//!
//! Source: KMS Developer Guide, policy evaluation, key policies, grants (kms-facts §4, read 2026-11-23). The root user of
//! an account has every permission that an identity policy could give.

mod authorize;
mod condition;
mod condition_context;
mod directory;
mod file;
mod glob;
mod grant;
mod json;
mod policy;
mod principal;
mod template;
mod web_identity;

pub use authorize::{Allowed, Denied, KeyAccess, Question, authorize, would_lock_out};
pub use condition_context::{Circumstances, ConditionContext};
pub use directory::{AccessKey, Directory, Existence, Member, Provider};
pub use file::Files;
pub(crate) use file::policy as read_policy;
pub use glob::is_like;
pub use grant::{Constraints, GrantOperation, GrantView};
pub use policy::{INVALID_PRINCIPALS, Kind, Policy, PolicyProblem};
pub use principal::{Principal, PrincipalKind, Session, Standing, account_of_arn};
pub use template::{aws_managed_policy, default_policy};
pub use web_identity::{KeySet, NotTaken, WebIdentity};

#[cfg(test)]
mod tests;
