//! The list of saved runs: what `keystorm ui` shows first.

use super::super::verdict;
use super::document::{SCRIPT_FREE, document};
use super::{sentence, table};
use crate::results::Run;
use maud::{Markup, html};

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
                (table::framed("Saved runs", rows(runs)))
            }
        }
    };
    document("Saved runs · keystorm", SCRIPT_FREE, body)
}

fn rows(runs: &[Listed]) -> Markup {
    html! {
        table.runs {
            caption { "Latest first" }
            thead { tr { @for head in ["run", "scenario", "target", "seed", "answer"] { th scope="col" { (head) } } } }
            tbody {
                @for listed in runs { tr {
                    @match &listed.run {
                        Ok(run) => {
                            th scope="row" { a href=(listed.href) { (listed.folder) } }
                            td { (run.name) }
                            td { (run.target) }
                            td { (run.seed) }
                            td.answer { @let judged = verdict::judge(run); (sentence::told(run, judged.lines()[0].1, &[])) }
                        }
                        Err(why) => {
                            th scope="row" { (listed.folder) }
                            td.bad colspan="4" { (why) }
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
        ];
        let page = listing("reports/local", &runs);
        assert!(
            page.contains("href=\"/run/a\"") && page.contains("retry-storm") && page.contains("cached</b>")
        );
        assert!(page.contains("not a saved run") && page.contains("&lt;b&gt;") && !page.contains("<b></th>"));
        assert!(!page.contains("<script") && !page.contains("http:"));
        assert!(listing("x", &[]).contains("There is none yet"));
    }
}
