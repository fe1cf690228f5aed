//! What the emulated KMS keeps: keys with their material, aliases, grants and custom key stores, by account and Region.
//!
//! ```text
//! Inventory ─┬─ Realm (account, Region) ─┬─ Key ─ materials, policy, tags, rotation, grants
//!         │                           ├─ Alias ─▶ key
//!         │                           └─ Store (custom key store)
//!         ├─ material id ─▶ key       what a ciphertext names
//!         └─ changes                  what must be kept before the call is answered
//! ```
//!
//! No behaviour of the API lives here: see `operations`. Dates are [`Moment`]s of the admin clock, so that a test need
//! not wait seven days.

mod alias;
mod eventual;
mod grant;
mod inventory;
mod key;
mod moment;
mod names;
mod realm;
mod record;
mod state;
mod store;

pub use alias::Alias;
pub use eventual::Eventual;
pub use grant::Grant;
pub use inventory::{Change, Inventory, KeyRef, RealmId};
pub use key::{
    Deletion, ExpirationModel, Key, KeyMaterial, LastUsage, Manager, MultiRegion, Origin, Rotation, Turn,
    TurnKind,
};
pub use moment::{DAY, Moment};
pub use names::{AliasName, KeyForm, KeyId, key_arn, partition};
pub use realm::Realm;
pub use record::{Record, RecordKey};
pub use state::{KeyState, refusal};
pub use store::{Connection, Store, StoreKind};
