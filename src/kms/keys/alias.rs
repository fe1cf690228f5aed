//! Another name of a key.

use super::{AliasName, Eventual, KeyId, Moment};
use serde::{Deserialize, Serialize};

/// One alias of an account in a Region.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Alias {
    /// Its name, `alias/` included.
    pub name: AliasName,
    /// The key it names; `None` is an `alias/aws/…` whose key has not been needed yet.
    pub target: Eventual<Option<KeyId>>,
    /// When it was made.
    pub created: Moment,
    /// When its target was changed last.
    pub updated: Moment,
}
