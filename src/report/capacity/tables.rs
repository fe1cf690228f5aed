//! The tables of a plan.

use crate::planner::capacity::PoolNeed;
use crate::report::format::{NONE, bytes, count, factor, fixed, maybe_usd, number, percent, usd};
use crate::report::table::{Cell, Table};
use crate::time::Span;

/// What each strategy needs and saves.
pub fn needs(pool: &PoolNeed) -> Table {
    let heads = ["strategy", "need", "at most", "ask", "saves", "USD/month now", "then", "<note"];
    let mut table =
        Table::new(format!("Quota of {} that each strategy needs, per second", pool.pool), &heads);
    let most = pool.strategies.iter().filter_map(|s| s.formula).map(|f| f.ask).fold(0.0, f64::max);
    for s in &pool.strategies {
        let ask = s.formula.map(|formula| formula.ask);
        let saves = ask.filter(|ask| most > *ask).map(|ask| percent(1.0 - ask / most));
        let note = match (&s.why_none, Some(&s.name) == pool.recommended.as_ref()) {
            (Some(why), _) => why.clone(),
            (None, true) => "recommended".into(),
            (None, false) => String::new(),
        };
        let cell = |value: Option<f64>| Cell::from(value.map_or_else(|| NONE.into(), number));
        table.row([
            s.name.as_str().into(),
            cell(s.need_per_s.map(|need| need.value)),
            cell(s.need_per_s.map(|need| need.high)),
            ask.map_or_else(
                || Cell::from(NONE),
                |ask| if ask > pool.have_per_s { number(ask).into() } else { Cell::from("nothing") },
            ),
            saves.unwrap_or_else(|| NONE.into()).into(),
            maybe_usd(s.cost_now_usd).into(),
            maybe_usd(s.cost_then_usd).into(),
            note.into(),
        ]);
    }
    table
}

/// Every factor of what is asked for.
pub fn formula(pool: &PoolNeed) -> Table {
    let heads = [
        "strategy",
        "need at most",
        "peak second",
        "growth",
        "season",
        "failover",
        "utilisation",
        "ask",
        "ask ÷ peak",
    ];
    let mut table =
        Table::new("ask = max(need, peak second × growth × season × failover ÷ utilisation)", &heads);
    for s in &pool.strategies {
        let Some(f) = s.formula else { continue };
        table.row([
            s.name.as_str().into(),
            number(f.need_high).into(),
            number(f.peak_1s).into(),
            factor(f.growth).into(),
            factor(f.season).into(),
            factor(f.failover).into(),
            percent(f.utilisation).into(),
            number(f.ask).into(),
            factor(f.ask_over_peak).into(),
        ]);
    }
    table
}

/// What the load asks of the quota today.
pub fn demand(pool: &PoolNeed) -> Table {
    let heads = [
        "strategy",
        "mean/s",
        "busiest minute/s",
        "p99.9 second",
        "busiest second",
        "burst factor",
        "peak lasts",
    ];
    let mut table = Table::new(format!("Demand on {} today, nothing refused", pool.pool), &heads);
    for s in &pool.strategies {
        let d = &s.demand.seconds;
        table.row([
            s.name.as_str().into(),
            number(d.mean_per_s).into(),
            number(d.peak_1m_per_s).into(),
            number(d.p99_9_1s).into(),
            number(d.peak_1s).into(),
            fixed(d.burst_factor, 2).into(),
            Span::from_secs_f64(d.peak_lasts_s).to_string().into(),
        ]);
    }
    table
}

/// The need under limiters that AWS may have.
pub fn spreads(pool: &PoolNeed) -> Table {
    let mut table =
        Table::new("The need under other kinds of limiter, per second", &["strategy", "<limiter", "need"]);
    for s in &pool.strategies {
        for (kind, need) in &s.kinds {
            let need = need.map_or_else(|| "none helps".to_owned(), number);
            table.row([s.name.as_str().into(), kind.as_str().into(), need.into()]);
        }
        if let Some([least, most]) = s.phases {
            let range = format!("{} to {}", number(least), number(most));
            table.row([s.name.as_str().into(), "window, wherever it begins".into(), range.into()]);
        }
    }
    table
}

/// What caches are exposed to, and from where on they pay.
pub fn caches(pool: &PoolNeed) -> Table {
    let heads = [
        "strategy",
        "messages under one data key",
        "bytes",
        "oldest key in use",
        "pays from messages/s",
        "USD a hit",
        "saves USD/month",
    ];
    let mut table = Table::new("What caches are exposed to, and from where on they pay", &heads);
    let plain = pool.strategies.iter().filter(|s| !s.caches).filter_map(|s| s.cost_now_usd).reduce(f64::min);
    for s in &pool.strategies {
        let Some(exposed) = &s.exposure else { continue };
        let saves = plain.zip(s.cost_now_usd).map(|(without, with)| without - with);
        table.row([
            s.name.as_str().into(),
            count(exposed.messages_max).into(),
            bytes(exposed.bytes_max).into(),
            Span::from_secs_f64(exposed.age_max_s).to_string().into(),
            s.break_even.map_or_else(|| NONE.into(), |even| number(even.messages_per_s)).into(),
            s.break_even.map_or_else(|| NONE.into(), |even| fixed(even.usd_per_hit, 6)).into(),
            saves.map_or_else(|| NONE.into(), usd).into(),
        ]);
    }
    table
}

/// What would move the need.
pub fn swings(pool: &PoolNeed) -> Table {
    let mut table = Table::new(
        "What would move the need of the recommended strategy, per second",
        &["what", "<less", "need", "<more", "need then"],
    );
    for swing in &pool.sensitivity {
        let need = |value: Option<f64>| Cell::from(value.map_or_else(|| "none helps".into(), number));
        table.row([
            swing.what.as_str().into(),
            swing.less.0.as_str().into(),
            need(swing.less.1),
            swing.more.0.as_str().into(),
            need(swing.more.1),
        ]);
    }
    table
}
