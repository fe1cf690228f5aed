//! What KMS saw: the busiest second of each pool under each strategy, as a bar against its quota.

use super::super::charts::{Ink, variable};
use super::super::figures;
use super::super::format::{count, number, percent};
use super::strategies;
use super::table::framed;
use crate::results::{PoolRun, Run, StrategyRun};
use maud::{Markup, html};

/// Rows on the dashboard; all of them stand among the details.
const ROWS: usize = 12;
/// From how many times the quota on one bar would leave nothing to see of the others: then bars grow logarithmically.
const LOGARITHMIC_FROM: f64 = 4.0;

/// The table; nothing if no pool has a quota.
pub fn section(run: &Run) -> Markup {
    let rows = rows(run);
    let highest = rows.iter().map(|row| row.3.utilisation_peak).fold(1.0, f64::max);
    let several = rows.iter().any(|row| row.0 != rows[0].0);
    let caption = "Busiest second of each pool against its quota, background included, whole run";
    let table = html! {
        table.pools.several[several] {
            caption { (caption) }
            thead { tr {
                @if several { th scope="col" { "pool" } }
                th scope="col" { "strategy" }
                th scope="col" { "against the quota" @if highest > LOGARITHMIC_FROM { ", log scale" } }
                th.n scope="col" { "peak in 1 s" }
                th.n scope="col" { "refused in all" }
            } }
            tbody {
                @for (pool, place, strategy, figures) in rows.iter().take(ROWS) { tr {
                    @if several {
                        th scope="row" { (pool) }
                        td { (strategies::name(run, &strategy.name)) }
                    } @else {
                        th scope="row" { (strategies::name(run, &strategy.name)) }
                    }
                    td { (bar(*place, figures, highest)) }
                    td.n { (count(figures.peak_1s)) }
                    td.n.unsure[figures.throttled > 0] { (count(figures.throttled)) }
                } }
            }
        }
    };
    html! {
        @if !rows.is_empty() {
            (framed(caption, table))
            @if rows.len() > ROWS { p.note { "The " (ROWS) " busiest of " (rows.len()) "; the others stand under Details." } }
        }
    }
}

type Row<'r> = (&'r str, usize, &'r StrategyRun, &'r PoolRun);

/// Pools busiest first, in each the strategies in the run's order.
fn rows(run: &Run) -> Vec<Row<'_>> {
    let of = |pool| {
        let strategies = run.strategies.iter().enumerate();
        strategies.filter_map(move |(place, s)| Some((pool, place, s, s.pools.get(pool)?)))
    };
    figures::pools(run).into_iter().flat_map(of).filter(|row| row.3.limit_per_s > 0.0).collect()
}

fn bar(place: usize, pool: &PoolRun, highest: f64) -> Markup {
    let length = |utilisation: f64| match highest > LOGARITHMIC_FROM {
        true => utilisation.max(0.0).ln_1p() / highest.ln_1p(),
        false => utilisation / highest,
    };
    let share = |utilisation: f64| format!("{:.1}%", 100.0 * length(utilisation).clamp(0.0, 1.0));
    let used = pool.utilisation_peak;
    let style = format!("--w:{};--q:{};--c:var(--{})", share(used), share(1.0), variable(Ink::Series(place)));
    html! {
        span.bar style=(style) aria-hidden="true" {}
        span.share.bad[used > 1.0].unsure[used > 0.8 && used <= 1.0] {
            (percent(used)) " of " (number(pool.limit_per_s)) "/s"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn every_strategy_has_a_bar_whose_quota_stands_where_the_others_have_it() {
        let mut run = fixture::run();
        let mut peaks = |a: f64, b: f64| {
            run.strategies[0].pools.values_mut().for_each(|pool| pool.utilisation_peak = a);
            run.strategies[1].pools.values_mut().for_each(|pool| pool.utilisation_peak = b);
            section(&run).into_string()
        };
        let page = peaks(4.0, 2.0);
        assert_eq!(page.matches("class=\"bar\"").count(), 3);
        assert_eq!(page.matches("--q:25.0%").count(), 3, "{page}");
        assert!(page.contains("--w:100.0%") && page.contains("--w:50.0%"), "{page}");
        let page = peaks(63.0, 1.0);
        assert!(page.contains("log scale") && page.contains("--w:16.7%"), "one of six doublings: {page}");
        assert!(section(&fixture::empty()).0.is_empty());
    }
}
