//! The page's style: one sheet, and the palette's variables for white, for black and for paper.

use super::super::charts::{css_variables, dark_variables};

/// Colours of the page that no chart has, on white.
const PAGE: &str =
    "--page:#FFFFFF;--panel:#F6F8FA;--link:#0B5CAD;--good:#0B6E4F;--bad:#B3261E;--unsure:#855600;";
/// The same on black.
const PAGE_DARK: &str =
    "--page:#0F1419;--panel:#161C23;--link:#7CC0FF;--good:#4CD3A5;--bad:#FF8A80;--unsure:#F0C04A;";

/// The whole style sheet. Paper is white whatever the screen is.
pub fn sheet() -> String {
    format!(
        ":root{{{}{PAGE}}}\n@media screen and (prefers-color-scheme: dark){{:root{{{}{PAGE_DARK}}}}}\n{}",
        css_variables(),
        dark_variables(),
        include_str!("style.css"),
    )
}
