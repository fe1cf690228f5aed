//! When, where and by which command something was done: what `report --stamp` puts on a page and what live runs tell.

use crate::clock;
use crate::guard::origin;
use crate::report::html::Stamp;
use std::fs;

/// This moment, this machine, this command.
pub fn now() -> Stamp {
    Stamp { drawn_at: clock::iso(), host: host(), command: command() }
}

/// The command of this process as a shell would read it again; of URLs only scheme, host and port are told.
pub fn command() -> String {
    line(std::env::args().skip(1))
}

fn line(words: impl Iterator<Item = String>) -> String {
    let words = words.map(|word| quoted(&without_paths(&word)));
    std::iter::once("keystorm".to_owned()).chain(words).collect::<Vec<String>>().join(" ")
}

/// A word whose URL, if it has one, ends in an ellipsis instead of what may be secret.
fn without_paths(word: &str) -> String {
    let Some(scheme_ends) = word.find("://") else { return word.to_owned() };
    let begin = word[..scheme_ends].rfind(|c: char| !c.is_ascii_alphanumeric()).map_or(0, |at| at + 1);
    let (before, url) = word.split_at(begin);
    let short = origin(url);
    match short.len() == url.trim_end_matches('/').len() {
        true => word.to_owned(),
        false => format!("{before}{short}/…"),
    }
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

    #[test]
    fn a_command_tells_no_more_of_a_url_than_where_it_leads() {
        let words =
            ["run", "a b.yaml", "--target=https://u:p@host:1/x?token=y", "--target", "http://[::1]:8080/"];
        assert_eq!(
            line(words.into_iter().map(String::from)),
            "keystorm run 'a b.yaml' '--target=https://host:1/…' --target 'http://[::1]:8080/'"
        );
    }
}
