//! Which events of a log count.

use super::event::Event;
use crate::intake::glob::matches;
use serde::{Deserialize, Serialize};

/// Which events count, of those in the files.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Filter {
    /// Not before this second since 1970.
    pub from: Option<i64>,
    /// Before this second since 1970.
    pub to: Option<i64>,
    /// Only on these keys: ARN, id or alias, with `*` and `?`.
    pub keys: Vec<String>,
    /// Only by these callers: as the summary names them, or the role's or user's name alone, with `*` and `?`.
    pub callers: Vec<String>,
    /// Whether calls that a keystorm made count: otherwise a load test would be replayed as if it were the account's own load.
    pub keeps_own: bool,
}

impl Filter {
    pub(super) fn takes(&self, event: &Event<'_>) -> bool {
        let is_in_time =
            self.from.is_none_or(|from| event.at >= from) && self.to.is_none_or(|to| event.at < to);
        let named = |wanted: &[String], names: &[&str]| {
            wanted.is_empty() || wanted.iter().any(|each| names.iter().any(|name| matches(each, name)))
        };
        let key = event.key.as_deref().unwrap_or_default();
        let bare = key.rsplit_once(":key/").map_or(key, |(_, id)| id);
        let caller = event.invoker.split_once(' ').map_or(&*event.invoker, |(_, name)| name);
        is_in_time && named(&self.keys, &[key, bare]) && named(&self.callers, &[&event.invoker, caller])
    }
}
