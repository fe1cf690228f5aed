//! The details, folded: whoever wants to know more opens one; on paper all are open.

use super::super::{figures, tables, vantage, verdict};
use super::table::shown;
use super::{charts, sentence};
use crate::results::Run;
use maud::{Markup, html};

/// A part of the page under a line to open.
pub struct Detail {
    /// Unique in the page.
    pub id: &'static str,
    /// What is told where it is folded.
    pub title: String,
    /// What is behind it.
    pub body: Markup,
}

/// Every detail that has something to show, in order. `places` are ids that sentences may link to.
pub fn all(run: &Run, places: &[String]) -> Vec<Detail> {
    let title = |name: &str, many: usize| format!("{name} ({many})");
    let all = [
        ("beside", "Beside the answer".into(), beside(run, places)),
        ("cautions", title("Cautions", run.cautions.len()), cautions(run, places)),
        ("each", "Each strategy by itself".into(), charts::by_strategy(run)),
        ("response", "Response times, service times, waits".into(), response(run)),
        ("jobs", "Where every job went".into(), jobs(run)),
        ("operations", "By operation".into(), shown(run, &tables::operations(run))),
        ("parts", "By workload and stage".into(), parts(run)),
        ("pools", "Quota pools".into(), pools(run)),
        ("data-keys", "Data keys".into(), shown(run, &tables::data_keys(run))),
        ("costs", "Costs".into(), costs(run)),
        ("trials", "Spread over trials".into(), shown(run, &tables::trials(run))),
        ("vantage", "Where attempts went, and the harness".into(), where_from(run)),
        ("assumptions", title("Assumptions", run.assumptions.len()), assumptions(run)),
        ("scenario", "The scenario, resolved".into(), scenario(run)),
    ];
    let detail = |(id, title, body)| Detail { id, title, body };
    all.into_iter().map(detail).filter(|detail| !detail.body.0.is_empty()).collect()
}

/// The details in their frame.
pub fn section(details: &[Detail]) -> Markup {
    html! {
        div.fold {
            @for detail in details {
                details id=(detail.id) {
                    summary { (detail.title) }
                    div.inside { (detail.body) }
                }
            }
        }
    }
}

/// What the three lines leave out.
fn beside(run: &Run, places: &[String]) -> Markup {
    let because = verdict::judge(run).because;
    html! {
        @if !because.is_empty() {
            ul.beside { @for each in &because { li { (sentence::told(run, each, places)) } } }
        }
    }
}

fn cautions(run: &Run, places: &[String]) -> Markup {
    html! {
        @if !run.cautions.is_empty() {
            ul.cautions {
                @for caution in &run.cautions {
                    li {
                        p {
                            @if !caution.strategy.is_empty() { b.name { (super::strategies::name(run, &caution.strategy)) } ": " }
                            (sentence::told(run, &caution.symptom, places))
                        }
                        p { "→ " (sentence::told(run, &caution.remedy, &[])) }
                    }
                }
            }
        }
    }
}

fn response(run: &Run) -> Markup {
    html! {
        @if run.strategies.iter().any(|s| s.response_time_ms.count > 0) {
            p.note {
                "From the intended start of a job to its completion, waits and retries included; completed jobs of the window only, "
                "beside the share that they are. In thresholds on response time every other job is slower than any bound."
            }
            (shown(run, &tables::response_times(run)))
            (shown(run, &tables::waits(run)))
        }
    }
}

fn jobs(run: &Run) -> Markup {
    html! {
        @if run.strategies.iter().any(|s| s.jobs.offered > 0) {
            (shown(run, &tables::jobs(run)))
            (shown(run, &tables::failures(run)))
        }
    }
}

fn parts(run: &Run) -> Markup {
    html! {
        (shown(run, &tables::parts(run, "By workload, jobs of the window", |s| &s.workloads)))
        (shown(run, &tables::parts(run, "By stage, jobs of the window", |s| &s.stages)))
    }
}

fn pools(run: &Run) -> Markup {
    html! {
        @let others = super::super::charts::other_pools(run);
        @if !others.is_empty() {
            div.grid { @for overlay in &others { (charts::over_time(overlay)) } }
        }
        (shown(run, &tables::pools(run)))
    }
}

fn costs(run: &Run) -> Markup {
    html! {
        @let table = tables::costs(run);
        @if !table.rows.is_empty() {
            p.note { "Assumes that refused attempts are free." }
            (shown(run, &table))
        }
    }
}

/// Where the attempts of a live run went, from where, and how the harness kept up; nothing for a simulated one.
fn where_from(run: &Run) -> Markup {
    html! {
        @if run.wall.is_some() {
            ul { @for sentence in vantage::sentences(run) { li { (sentence::told(run, &sentence, &[])) } } }
            (shown(run, &vantage::generator(run)))
            (shown(run, &vantage::workers(run)))
            (shown(run, &vantage::refusals(run)))
        }
    }
}

fn assumptions(run: &Run) -> Markup {
    html! {
        @if !run.assumptions.is_empty() {
            ul.assumed {
                @for sentence in &run.assumptions { li { span.tag { "assumed" } (sentence::told(run, sentence, &[])) } }
            }
        }
    }
}

fn scenario(run: &Run) -> Markup {
    let yaml = serde_yaml::to_string(&run.scenario).unwrap_or_else(|_| format!("{:#}", run.scenario));
    html! {
        p.note { "Every default filled in. Saved as a file, it runs again with " code { (figures::reproduce(run)) } "." }
        pre tabindex="0" { code { (yaml) } }
    }
}
