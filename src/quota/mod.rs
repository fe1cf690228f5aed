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

mod bucket;
pub mod catalogue;
mod config;
mod counter;
mod entry;
mod lagging;
mod late;
mod limiter;
mod metric;
mod pools;
pub mod price;
mod route;
mod sliding;
mod table;
mod take;
mod window;

pub use bucket::Bucket;
pub use catalogue::PoolId;
pub use config::{Enforcement, EnforcementKind, KeyStore, Quotas};
pub use counter::Counter;
pub use lagging::Lagging;
pub use late::LateBucket;
pub use limiter::Limiter;
pub use metric::Metric;
pub use pools::{PoolReport, Pools, PoolsTake};
pub use route::{ChargeTable, Charges, KeyUse, key_pool, pair_pool, route};
pub use sliding::Sliding;
pub use take::Take;
pub use window::Window;
