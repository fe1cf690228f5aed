//! The account's request quotas: the dated catalogue, the pools it defines, and the limiter kinds. Pure.
//!
//! ```text
//! route(operation, key …) ─▶ Charges ─▶ Pools.take(now) ─▶ Granted | Refused { pool, ready_at }
//!                                        └ Limiter: Window | Bucket | LateBucket | Sliding | Lagging
//! ```
//!
//! Pool names, in YAML and in reports: `symmetric rsa ecc ml-dsa ml-kem cloudhsm external`, `key-pair-rsa-2048` and
//! so on, and the operation's name for every operation that shares with none: `DescribeKey`.
//! What a service answers beyond "granted or refused" lives in `kms`.

pub mod catalogue;
mod config;
mod enforcement;
mod entry;
mod limiter;
mod metric;
mod pools;
pub mod price;
mod route;
mod table;

pub use catalogue::PoolId;
pub use config::{KeyStore, Quotas};
pub use enforcement::{Enforcement, EnforcementKind};
pub use limiter::{Bucket, Counter, Lagging, LateBucket, Limiter, Sliding, Take, Window};
pub use metric::Metric;
pub use pools::{PoolReport, Pools, PoolsTake};
pub use route::{ChargeTable, Charges, KeyUse, key_pool, pair_pool, route};
