//! What there is to draw.

use super::Title;
use super::pace::Pace;
use super::theme::Theme;
use crate::engine::live::Snapshot;

/// What there is to draw.
pub(super) struct Scene<'a> {
    pub(super) title: &'a Title,
    pub(super) snapshot: Option<&'a Snapshot>,
    pub(super) pace: &'a Pace,
    pub(super) is_stopping: bool,
    pub(super) theme: Theme,
}
