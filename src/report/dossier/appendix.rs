//! What whoever checks wants to see: outcomes, demand, the formula, how sure it is, what is assumed.

use super::Request;
use crate::planner::capacity::{Capacity, PoolNeed};
use crate::report::capacity;
use crate::report::format::{NONE, bytes, fixed, milliseconds, number, percent};
use crate::report::page::{Block, Page};
use crate::report::table::Table;
use crate::time::Span;

/// Everything that the page leaves out.
pub fn appendix(plan: &Capacity, requests: &[Request]) -> Page {
    let mut page = Page::new("Appendix");
    page.put(Block::Text(format!(
        "{} {}",
        plan.answer,
        if plan.question.is_empty() { "" } else { &plan.question }
    )));
    for request in requests.iter().filter(|request| request.region == plan.region) {
        page.tabulate(outcomes(request));
        page.tabulate(capacity::demand(&only(request)));
        page.tabulate(capacity::formula(&only(request)));
        page.tabulate(operations(request));
        if let Some(exposed) = &request.strategy.exposure {
            page.put(Block::Text(format!(
                "A data key serves at most {} messages and {}, and is used for at most {}.",
                number(exposed.messages_max as f64),
                bytes(exposed.bytes_max),
                Span::from_secs_f64(exposed.age_max_s)
            )));
        }
    }
    page.put(Block::Heading("How sure it is".into()));
    page.put(Block::List(capacity::sure(plan)));
    page.put(Block::Heading("Assumptions".into()));
    page.put(Block::List(plan.assumptions.clone()));
    page.put(Block::Text(format!(
        "{}. Every figure of the page stands in plan.json; figures.json says where.",
        capacity::foot(plan)
    )));
    page
}

/// The pool with the recommended strategy only: losers are nobody's business.
fn only(request: &Request) -> PoolNeed {
    PoolNeed { strategies: vec![request.strategy.clone()], ..request.pool.clone() }
}

fn operations(request: &Request) -> Table {
    let mut table = Table::new("By operation, attempts per second", &["operation", "mean", "at the peak"]);
    for (name, [mean, peak]) in &request.strategy.demand.by_operation {
        table.row([name.as_str().into(), number(*mean).into(), number(*peak).into()]);
    }
    table
}

/// What becomes of the load at the current and at the desired value.
fn outcomes(request: &Request) -> Table {
    let heads = ["quota", "success", "p50", "p99", "max", "attempts per success", "throttled"];
    let mut table =
        Table::new("The load at the date, simulated at the current and at the desired value", &heads);
    for outcome in &request.pool.outcomes {
        let time = |ms: Option<f64>| ms.map_or_else(|| NONE.to_owned(), milliseconds);
        table.row([
            format!("{}/s", number(outcome.quota_per_s)).into(),
            percent(outcome.success).into(),
            time(outcome.p50_ms).into(),
            time(outcome.p99_ms).into(),
            time(outcome.max_ms).into(),
            outcome.attempts_per_success.map_or_else(|| NONE.to_owned(), |value| fixed(value, 2)).into(),
            percent(outcome.throttled).into(),
        ]);
    }
    table
}
