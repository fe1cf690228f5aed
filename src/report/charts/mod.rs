//! The charts of a run, as data that one file draws with plotters.
//!
//! Figures over time of all strategies are an [`Overlay`], which the page's script draws too.
//!
//! Every chart is a [`Chart`]: a plot with a title and a sentence for those who do not see it. It is
//! drawn twice: standing alone with its own colours, and inside the page with the page's.

mod axis;
mod comparison;
mod history;
pub mod onset;
mod overlay;
mod palette;
mod plot;
mod response;
mod sample;
mod svg;
mod timeline;
pub mod tornado;

use super::format::slug;
use crate::results::Run;
pub use overlay::{Course, FROM_CACHE_MS, Overlay, Unit, other_pools, overview};
pub use palette::{Ink, css_variables, dark_variables, dash, mark, variable};
pub use response::{Curve, curves};

/// One chart.
#[derive(Clone, Debug)]
pub struct Chart {
    /// Unique in the run: the file's name without its ending, and the stem of every id inside.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// What there is to see, for those who do not see it.
    pub description: String,
    plot: plot::Plot,
}

impl Chart {
    /// An SVG file with colours of its own, on white.
    pub fn standalone(&self) -> String {
        svg::standalone(self, &plot::draw(&self.plot))
    }

    /// An SVG element that takes its colours from the page's style sheet.
    pub fn inline(&self) -> String {
        svg::inline(self, &plot::draw(&self.plot))
    }
}

/// Goodput, attempts and throttles of all strategies side by side.
pub fn comparison(run: &Run) -> Option<Chart> {
    comparison::chart(run)
}

/// A figure over many runs, with the means of its stretches.
pub fn history(
    all: &crate::results::compare::history::History,
    metric: &crate::results::compare::history::Metric,
) -> Chart {
    history::chart(all, metric)
}

/// Response-time percentiles of all strategies, stretched towards the slowest.
pub fn response_curve(run: &Run) -> Option<Chart> {
    response::curve(run)
}

/// How often each response time came, a chart for each strategy that completed a job, on the same axes.
pub fn response_histograms(run: &Run) -> Vec<Chart> {
    response::histograms(run)
}

/// Offered load, attempts, throttles and goodput over time, a chart for each strategy.
pub fn timelines(run: &Run) -> Vec<Chart> {
    timeline::strategies(run)
}

/// All charts in the order of the report.
pub fn all(run: &Run) -> Vec<Chart> {
    let over_time = overview(run).into_iter().chain(other_pools(run)).map(|overlay| overlay.chart());
    let curve = response_curve(run).into_iter();
    let details = timelines(run).into_iter().chain(response_histograms(run));
    comparison(run).into_iter().chain(over_time).chain(curve).chain(details).collect()
}

/// A chart's id from its kind and what it is about.
fn id(kind: &str, of: &str) -> String {
    format!("{kind}-{}", slug(of))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use std::collections::BTreeSet;

    #[test]
    fn every_chart_has_its_own_id_and_says_what_it_shows() {
        let charts = all(&fixture::run());
        let ids: BTreeSet<&str> = charts.iter().map(|c| c.id.as_str()).collect();
        // One of all, four over time, the curve, and two of each of three strategies.
        assert_eq!((ids.len(), charts.len()), (12, 12));
        for chart in &charts {
            for svg in [chart.inline(), chart.standalone()] {
                assert!(
                    svg.contains("role=\"img\"") && svg.contains("<title") && svg.contains("<desc"),
                    "{svg}"
                );
                assert!(!svg.contains("NaN") && svg.trim_end().ends_with("</svg>"));
            }
        }
    }

    #[test]
    fn inside_the_page_no_colour_is_fixed_and_nothing_points_outside() {
        for chart in all(&fixture::run()) {
            let svg = chart.inline();
            assert!(!svg.contains("=\"#") && !svg.contains("http"), "{}: {svg}", chart.id);
            assert!(chart.standalone().contains("xmlns=\"http://www.w3.org/2000/svg\""));
        }
    }

    #[test]
    fn a_run_in_which_nothing_happened_draws_nothing() {
        assert!(all(&fixture::empty()).is_empty());
    }

    #[test]
    fn an_hour_is_drawn_with_at_most_six_hundred_points_a_series() {
        let mut run = fixture::run();
        for strategy in &mut run.strategies {
            let hour = |values: &Vec<u64>| values.iter().copied().cycle().take(3_600).collect::<Vec<u64>>();
            strategy.timeline.offered = hour(&strategy.timeline.offered);
            strategy.timeline.attempts = hour(&strategy.timeline.attempts);
        }
        for chart in timelines(&run) {
            let longest = chart
                .inline()
                .split("points=\"")
                .skip(1)
                .map(|s| s.split('"').next().map_or(0, |p| p.split(' ').count()))
                .max();
            assert!(longest.is_some_and(|n| n > 100 && n <= 601), "{longest:?}");
        }
    }
}
