//! When, where and by which command a page is drawn: for `report --stamp`, since nothing else tells it of simulated runs.

use crate::clock;
use crate::report::html::Stamp;
use std::fs;

/// This moment, this machine, this command.
pub fn now() -> Stamp {
    let words = std::env::args().enumerate().map(|(place, word)| match place {
        0 => "keystorm".into(),
        _ => quoted(&word),
    });
    Stamp { drawn_at: clock::iso(), host: host(), command: words.collect::<Vec<String>>().join(" ") }
}

/// A word as a shell would read it again.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:@%+,~".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// This machine's name, where the system tells it in a file.
pub fn host() -> String {
    let names = ["/proc/sys/kernel/hostname", "/etc/hostname"];
    let name = names.iter().find_map(|path| fs::read_to_string(path).ok());
    name.map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "unknown".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_reads_back_in_a_shell() {
        assert_eq!(["runs/1", "", "it's", "a b"].map(quoted), ["runs/1", "''", "'it'\\''s'", "'a b'"]);
    }
}
