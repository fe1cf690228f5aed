//! Every fact sheet and recording says where it is from and when, in the table of `tests/facts/README.md` and in itself.

use crate::facts;
use std::path::Path;

/// Recordings in a form that has no room for words: traces and CloudTrail files as they are read.
const MUTE: [&str; 3] = ["arrivals", "cloudtrail", "cloudwatch"];

/// The names in a folder of `tests/facts/`, those of folders with a slash.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"));
    let name = |entry: std::fs::DirEntry| {
        let slash = if entry.path().is_dir() { "/" } else { "" };
        format!("{}{slash}", entry.file_name().to_str().expect("UTF-8"))
    };
    let mut names: Vec<String> = entries.map(name).collect();
    names.sort();
    names
}

#[test]
fn every_sheet_is_listed_once_with_its_source_and_date() {
    let readme = facts::text("README.md");
    let mut listed: Vec<&str> = Vec::new();
    for row in readme.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        assert_eq!(cells.len(), 4, "{row}");
        let is_dated = cells[3].contains("19") || cells[3].contains("20");
        assert!(cells[2].len() >= 8 && is_dated, "{row}");
        listed.push(row.split('`').nth(1).expect("a name"));
    }
    let mut there = names(&facts::path(""));
    there.retain(|name| name != "README.md");
    for folder in MUTE {
        let at = there.iter().position(|name| name.trim_end_matches('/') == folder).expect("the folder");
        there.splice(at..=at, names(&facts::path(folder)).iter().map(|name| format!("{folder}/{name}")));
    }
    listed.sort_unstable();
    there.sort();
    assert_eq!(listed, there);
}

#[test]
fn a_sheet_says_its_source_and_year_itself() {
    for name in names(&facts::path("")) {
        if name.ends_with('/') || name == "README.md" {
            continue;
        }
        let text = facts::text(&name);
        let head: String = text.chars().take(1500).collect();
        assert!(
            head.contains("source") && head.contains("2026"),
            "{name} does not say where it is from and when"
        );
    }
}
