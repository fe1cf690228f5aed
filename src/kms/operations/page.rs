//! Pages of a list: `Limit`, `Marker`, `NextMarker`, `Truncated`.
//!
//! A marker is the last item's name, sealed against nothing: it is only a place in an order. What is not one of ours is
//! InvalidMarkerException.

use crate::kms::wire::{ApiError, Input, Output};
use base64_simd::URL_SAFE_NO_PAD;

/// One page to be filled.
pub(super) struct Page {
    /// The most items it holds.
    limit: usize,
    /// The last item of the page before.
    after: Option<String>,
}

impl Page {
    /// The page that the call asks for; `default` items if it does not say how many.
    pub(super) fn read(input: &Input, default: usize) -> Result<Page, ApiError> {
        let limit = input.integer("Limit").map_or(default, |limit| usize::try_from(limit).unwrap_or(default));
        let after = input.text("Marker").map(open).transpose()?;
        Ok(Page { limit, after })
    }

    /// With no more than `limit` items, as AWS gives fewer than asked for.
    pub(super) fn at_most(self, limit: usize) -> Page {
        Page { limit: self.limit.min(limit), ..self }
    }

    /// The name of the last item of the page before.
    pub(super) fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    /// Fills it from `items`, which begin behind [`Page::after`]; `show` writes one, `name` gives its place.
    pub(super) fn fill<T>(
        &self,
        member: &'static str,
        items: impl Iterator<Item = T>,
        show: impl Fn(&T) -> Output,
        name: impl Fn(&T) -> String,
    ) -> Output {
        let mut items = items.peekable();
        let mut shown = Vec::new();
        let mut last = None;
        while shown.len() < self.limit {
            let Some(item) = items.next() else { break };
            shown.push(show(&item));
            last = Some(item);
        }
        let is_truncated = items.peek().is_some();
        let output = Output::new().list(member, shown);
        match last.filter(|_| is_truncated) {
            Some(last) => output.text("NextMarker", &seal(&name(&last))).flag("Truncated", true),
            None => output.flag("Truncated", false),
        }
    }
}

/// The marker for a place.
fn seal(name: &str) -> String {
    URL_SAFE_NO_PAD.encode_to_string(format!("k1:{name}"))
}

/// The place of a marker.
fn open(marker: &str) -> Result<String, ApiError> {
    let bytes = URL_SAFE_NO_PAD.decode_to_vec(marker).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let place = text.as_deref().and_then(|text| text.strip_prefix("k1:"));
    place.map(Into::into).ok_or_else(|| ApiError::invalid_marker("The marker is invalid."))
}
