//! The files of a saved sweep.

use super::{Map, csv, maps, markdown};
use crate::report::html;
use crate::results::Sweep;

/// Every file of a saved sweep that a [`Sweep`] suffices for; `sweep.json` itself is not among them.
pub fn files(sweep: &Sweep) -> Vec<(String, Vec<u8>)> {
    let mut files = vec![
        ("sweep.html".to_owned(), html::sweep::render(sweep).into_bytes()),
        ("sweep.md".to_owned(), markdown(sweep).into_bytes()),
        ("sweep.csv".to_owned(), csv(sweep)),
    ];
    let named = |map: Map| (format!("charts/{}.svg", map.id), map.svg.into_bytes());
    files.extend(maps(sweep).into_iter().map(named));
    files
}
