//! What happened second by second, with the line of the quota that is nearest.

use super::panels::block;
use super::scene::Scene;
use super::theme::Meaning;
use crate::engine::live::Snapshot;
use crate::quota::PoolReport;
use crate::record::Row;
use crate::report::format::{milliseconds, number};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Axis, Chart, Dataset, GraphType};

/// A quota more than so many times above everything else is named, not drawn: it would flatten all curves.
const ABOVE: f64 = 4.0;
/// Columns that a vertical axis and the frame take.
const AXIS: u16 = 10;

/// A curve by its meaning.
type Curve = (Meaning, &'static str, Vec<(f64, f64)>);

/// Goodput, attempts and throttled attempts of the last minutes.
pub(super) fn history(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>, snapshot: &Snapshot) {
    let theme = scene.theme;
    let (from, span, rows) = stretch(area, snapshot);
    let mut curves = curves(rows, from, snapshot.interval_s);
    let highest = curves.iter().flat_map(|curve| &curve.2).map(|point| point.1).fold(1.0, f64::max);
    let quota = nearest(snapshot, scene).map(|pool| (pool.pool.name(), pool.limit.as_per_second()));
    let drawn = quota.filter(|(_, limit)| *limit <= ABOVE * highest);
    let top = 1.1 * drawn.map_or(highest, |(_, limit)| highest.max(limit));
    if let Some((_, limit)) = drawn {
        curves.insert(0, (Meaning::Quota, "quota", vec![(from, limit), (from + span, limit)]));
    }
    let datasets = curves.iter().map(|(meaning, _, points)| {
        let kind = Dataset::default().marker(theme.marker(*meaning).0).style(theme.style(*meaning));
        kind.graph_type(GraphType::Line).data(points)
    });
    let quiet = theme.style(Meaning::Quiet);
    let at = |secs: f64| format!("{secs:.0} s");
    let chart = Chart::new(datasets.collect())
        .block(block(theme, legend(scene, quota, drawn.is_some()), Meaning::Quiet))
        .legend_position(None)
        .x_axis(Axis::default().style(quiet).bounds([from, from + span]).labels([
            at(from),
            at(from + span / 2.0),
            at(from + span),
        ]))
        .y_axis(Axis::default().style(quiet).bounds([0.0, top]).labels([
            "0".to_owned(),
            number((top / 2.0).round()),
            number(top.round()),
        ]));
    frame.render_widget(chart, area);
}

/// p99 of the jobs completed in each of the last seconds.
pub(super) fn tail(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>, snapshot: &Snapshot) {
    let theme = scene.theme;
    let (from, span, rows) = stretch(area, snapshot);
    let per = snapshot.interval_s.max(1) as f64;
    let known = rows.iter().enumerate().filter(|(_, row)| row.goodput > 0);
    let points: Vec<(f64, f64)> =
        known.map(|(index, row)| (from + (index as f64 + 0.5) * per, row.p99_micros as f64 / 1e3)).collect();
    let top = 1.1 * points.iter().map(|point| point.1).fold(0.1, f64::max);
    let line =
        Dataset::default().marker(theme.marker(Meaning::Goodput).0).style(theme.style(Meaning::Strong));
    let quiet = theme.style(Meaning::Quiet);
    let at = |secs: f64| format!("{secs:.0} s");
    let title =
        Line::styled(" p99 response time, of jobs completed in that second ", theme.style(Meaning::Strong));
    let chart = Chart::new(vec![line.graph_type(GraphType::Line).data(&points)])
        .block(block(theme, title, Meaning::Quiet))
        .legend_position(None)
        .x_axis(Axis::default().style(quiet).bounds([from, from + span]).labels([
            at(from),
            at(from + span / 2.0),
            at(from + span),
        ]))
        .y_axis(Axis::default().style(quiet).bounds([0.0, top]).labels([
            "0 ms".to_owned(),
            milliseconds(top / 2.0),
            milliseconds(top),
        ]));
    frame.render_widget(chart, area);
}

/// The stretch of time that there is room for: when it begins, how long it is, and its intervals. Two points to a column,
/// and at least a minute, so that a run's beginning does not fill the whole width.
fn stretch(area: Rect, snapshot: &Snapshot) -> (f64, f64, &[Row]) {
    let most = usize::from(area.width.saturating_sub(AXIS)).max(1) * 2;
    let (from, rows) = whole(snapshot, most);
    (from, (rows.len().max(60).min(most) as u64 * snapshot.interval_s.max(1)) as f64, rows)
}

/// The whole intervals to draw, at most `most`, and when the first begins.
fn whole(snapshot: &Snapshot, most: usize) -> (f64, &[Row]) {
    let all = match snapshot.seconds.as_slice() {
        // The last of several seconds added up may not be full yet.
        [all @ .., _] if snapshot.interval_s > 1 => all,
        all => all,
    };
    let skipped = all.len().saturating_sub(most);
    (((snapshot.skipped + skipped) as u64 * snapshot.interval_s.max(1)) as f64, &all[skipped..])
}

fn curves(rows: &[Row], from: f64, interval_s: u64) -> Vec<Curve> {
    let per = interval_s.max(1) as f64;
    let points = |of: fn(&Row) -> u64| {
        let point = |(index, row): (usize, &Row)| (from + (index as f64 + 0.5) * per, of(row) as f64 / per);
        rows.iter().enumerate().map(point).collect::<Vec<_>>()
    };
    vec![
        (Meaning::Attempts, "attempts", points(|row| row.attempts)),
        (Meaning::Throttled, "throttled", points(|row| row.throttled)),
        (Meaning::Goodput, "goodput", points(|row| row.goodput)),
    ]
}

/// The pool that is used most of its quota.
fn nearest<'g>(snapshot: &'g Snapshot, scene: &Scene<'_>) -> Option<&'g PoolReport> {
    let used = |pool: &&PoolReport| {
        scene.pace.of_pool(pool.pool).max(pool.peak_1s as f64)
            / pool.limit.as_per_second().max(f64::MIN_POSITIVE)
    };
    snapshot.pools.iter().max_by(|a, b| used(a).total_cmp(&used(b)))
}

/// The heading: what each curve is.
fn legend(scene: &Scene<'_>, quota: Option<(&str, f64)>, is_drawn: bool) -> Line<'static> {
    let theme = scene.theme;
    let mut spans = vec![Span::styled(" per second  ", theme.style(Meaning::Strong))];
    let names =
        [(Meaning::Goodput, "goodput"), (Meaning::Attempts, "attempts"), (Meaning::Throttled, "throttled")];
    for (meaning, name) in names {
        spans.push(Span::styled(theme.marker(meaning).1, theme.style(meaning)));
        spans.push(Span::raw(format!(" {name}  ")));
    }
    if let Some((name, limit)) = quota {
        let mark = if is_drawn { theme.marker(Meaning::Quota).1 } else { "↑" };
        spans.push(Span::styled(mark, theme.style(Meaning::Quota)));
        spans.push(Span::raw(format!(" {name} {}/s ", number(limit))));
    }
    Line::from(spans)
}
