//! The list of saved runs: what `keystorm ui` shows first.

use super::super::verdict;
use super::document::document;
use super::{sentence, table};
use crate::results::Run;
use maud::{Markup, html};

/// What the list may do: look as it does, and ask its own server for a comparison.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'";

/// A saved run in the list.
#[derive(Debug)]
pub struct Listed {
    /// Its folder's name.
    pub folder: String,
    /// Where its page is.
    pub href: String,
    /// The run, or why it cannot be read.
    pub run: Result<Box<Run>, String>,
}

/// The page that lists the saved runs in `directory`.
pub fn listing(directory: &str, runs: &[Listed]) -> String {
    let body = html! {
        header { h1 { "Saved runs" } p.question { (directory) } }
        main {
            @if runs.is_empty() {
                p { "There is none yet. " code { "keystorm run SCENARIO" } " saves one." }
            } @else {
                form action="/compare" { (choice(runs)) (table::framed("Saved runs", rows(runs))) }
            }
        }
    };
    document("Saved runs · keystorm", POLICY, body)
}

/// The runs that can be compared.
fn readable(runs: &[Listed]) -> impl Iterator<Item = &Listed> {
    runs.iter().filter(|listed| listed.run.is_ok())
}

fn choice(runs: &[Listed]) -> Markup {
    html! {
        @if readable(runs).nth(1).is_some() {
            p.state {
                "Compare two: A is what B is set against. " button type="submit" { "Compare A and B" }
            }
        }
    }
}

/// The way to choose a run as one of two; the latest is set against the one before it unless somebody chooses otherwise.
fn chooser(runs: &[Listed], listed: &Listed) -> Markup {
    let is = |place| readable(runs).nth(place).is_some_and(|other| other.folder == listed.folder);
    html! {
        @for (name, is_chosen) in [("a", is(1)), ("b", is(0))] {
            td.choice {
                input type="radio" name=(name) value=(listed.folder) checked[is_chosen]
                    aria-label=(format!("{} as {}", listed.folder, name.to_uppercase()));
            }
        }
    }
}

fn rows(runs: &[Listed]) -> Markup {
    let heads = ["run", "answer", "scenario", "target", "seed"];
    let compares = readable(runs).nth(1).is_some();
    let choices: &[&str] = if compares { &["A", "B"] } else { &[] };
    html! {
        table.runs {
            caption { "Latest first" }
            thead { tr {
                th scope="col" { (heads[0]) }
                @for head in choices { th.choice scope="col" { (head) } }
                @for head in &heads[1..] { th scope="col" { (head) } }
            } }
            tbody {
                @for listed in runs { tr {
                    @match &listed.run {
                        Ok(run) => {
                            th scope="row" { a href=(listed.href) { (listed.folder) } }
                            @if compares { (chooser(runs, listed)) }
                            td.answer { @let judged = verdict::judge(run); (sentence::told(run, judged.lines()[0].1, &[])) }
                            td { (run.name) }
                            td { (run.target) }
                            td { (run.seed) }
                        }
                        Err(why) => {
                            th scope="row" { (listed.folder) }
                            @for _ in choices { td {} }
                            td.bad.answer colspan="4" { (why) }
                        }
                    }
                } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn every_run_is_listed_with_its_answer_and_one_that_cannot_be_read_with_the_reason() {
        let runs = [
            Listed { folder: "a".into(), href: "/run/a".into(), run: Ok(Box::new(fixture::run())) },
            Listed { folder: "<b>".into(), href: "/run/b".into(), run: Err("not a saved run".into()) },
            Listed { folder: "c".into(), href: "/run/c".into(), run: Ok(Box::new(fixture::run())) },
        ];
        let page = listing("reports/local", &runs);
        assert!(
            page.contains("href=\"/run/a\"") && page.contains("retry-storm") && page.contains("cached</b>")
        );
        assert!(page.contains("not a saved run") && page.contains("&lt;b&gt;") && !page.contains("<b></th>"));
        assert!(!page.contains("<script") && !page.contains("http:"));
        // The latest beside the one before it, unless somebody chooses otherwise.
        for chosen in ["name=\"a\" value=\"c\" checked", "name=\"b\" value=\"a\" checked"] {
            assert!(page.contains(chosen), "{chosen} is not in {page}");
        }
        assert_eq!(page.matches(" checked").count(), 2);
        assert!(!listing("x", &runs[..2]).contains("radio"), "one run is compared with nothing");
        assert!(listing("x", &[]).contains("There is none yet"));
    }
}
