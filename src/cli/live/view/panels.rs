//! The panels of figures. Each is made of lines, so that a small terminal can have them without frames.

use super::scene::Scene;
use super::theme::{Meaning, Theme};
use crate::engine::live::Snapshot;
use crate::report::format::{NONE, clip, columns, count, measured, milliseconds, number, padded, percent};
use crate::results::Generator;
use crate::results::Trend;
use crate::time::{Span as Length, Time};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Paragraph};

/// Columns of a pool's name.
const NAME: usize = 14;

/// A frame with a heading.
pub(super) fn block(theme: Theme, heading: Line<'static>, meaning: Meaning) -> Block<'static> {
    Block::bordered().border_type(BorderType::Rounded).border_style(theme.style(meaning)).title(heading)
}

fn heading(theme: Theme, text: &str) -> Line<'static> {
    Line::styled(format!(" {text} "), theme.style(Meaning::Strong))
}

/// `share` of `width` columns filled, to an eighth of a column.
pub(super) fn bar(width: usize, share: f64) -> (String, String) {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (share.clamp(0.0, 1.0) * width as f64 * 8.0).round() as usize;
    let filled = "█".repeat(eighths / 8) + EIGHTHS[eighths % 8];
    let rest = "·".repeat(width - eighths.div_ceil(8).min(width));
    (filled, rest)
}

/// `12.3 s`, `1m 05s`, `2h 03m`: a length that changes while one looks at it.
fn clock(length: Length) -> String {
    let secs = length.as_secs_f64();
    match secs as u64 {
        whole if whole < 60 => format!("{secs:.1} s"),
        whole if whole < 3_600 => format!("{}m {:02}s", whole / 60, whole % 60),
        whole => format!("{}h {:02}m", whole / 3_600, whole / 60 % 60),
    }
}

/// The program, the scenario, and where attempts go.
pub(super) fn name(scene: &Scene<'_>) -> Line<'static> {
    let theme = scene.theme;
    Line::from(vec![
        Span::styled(" keystorm ", theme.style(Meaning::Strong)),
        Span::raw(scene.title.name.clone()),
        Span::styled(" → ", theme.style(Meaning::Quiet)),
        Span::styled(scene.title.target.clone(), theme.style(Meaning::Attempts)),
    ])
}

/// What is under way, and how far it is.
pub(super) fn head_lines(scene: &Scene<'_>, snapshot: &Snapshot, width: u16) -> Vec<Line<'static>> {
    let theme = scene.theme;
    let quiet = theme.style(Meaning::Quiet);
    let under_way = Line::from(vec![
        Span::styled(" strategy ", quiet),
        Span::raw(format!("{}/{} ", snapshot.strategy.1 + 1, snapshot.strategies.max(1))),
        Span::styled(clip(&snapshot.strategy.0, 40), theme.style(Meaning::Strong)),
        Span::styled(" · trial ", quiet),
        Span::raw(format!("{}/{}", snapshot.trial.0 + 1, snapshot.trial.1.max(1))),
        Span::styled(if snapshot.stages.is_empty() { "" } else { " · stage " }, quiet),
        Span::raw(snapshot.stages.join(", ")),
    ]);
    vec![name(scene), under_way, progress(theme, snapshot, width)]
}

/// How much of the trial's arrivals is over, and what is left.
fn progress(theme: Theme, snapshot: &Snapshot, width: u16) -> Line<'static> {
    let share = snapshot.now.as_secs_f64() / snapshot.ends.as_secs_f64().max(f64::MIN_POSITIVE);
    let told = if snapshot.now >= snapshot.ends {
        format!(
            " {} · drain: {} in flight ",
            clock(snapshot.now.since(Time::ZERO)),
            count(snapshot.in_flight)
        )
    } else {
        format!(
            " {} of {} · {} left ",
            clock(snapshot.now.since(Time::ZERO)),
            clock(snapshot.ends.since(Time::ZERO)),
            clock(snapshot.ends.since(snapshot.now))
        )
    };
    let columns = usize::from(width).saturating_sub(columns(&told) + 1);
    let (filled, rest) = bar(columns, share);
    Line::from(vec![
        Span::raw(" "),
        Span::styled(filled, theme.style(Meaning::Attempts)),
        Span::styled(rest, theme.style(Meaning::Quiet)),
        Span::raw(told),
    ])
}

/// The three lines at the top.
pub(super) fn head(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>, snapshot: &Snapshot) {
    frame.render_widget(Paragraph::new(head_lines(scene, snapshot, area.width)), area);
}

/// A label to the left of a figure.
fn figure(theme: Theme, label: &str, value: String, meaning: Meaning) -> Line<'static> {
    Line::from(vec![
        Span::styled(format!(" {label:<10}"), theme.style(Meaning::Quiet)),
        Span::styled(value, theme.style(meaning)),
    ])
}

/// `meaning` if there is any of it.
const fn if_any(value: u64, meaning: Meaning) -> Meaning {
    if value > 0 { meaning } else { Meaning::Plain }
}

/// What is asked and what comes of it.
pub(super) fn load_lines(scene: &Scene<'_>, snapshot: &Snapshot) -> Vec<Line<'static>> {
    let (theme, rates) = (scene.theme, scene.pace.rates());
    let (jobs, attempts) = (&snapshot.jobs, &snapshot.attempts);
    let share = attempts.throttled as f64 / attempts.attempts.max(1) as f64;
    let per_second = |rate: f64| format!("{}/s", number(rate.round()));
    let throttled = format!("{} {}", per_second(rates.throttled), percent(share));
    vec![
        figure(theme, "goodput", per_second(rates.goodput), Meaning::Goodput),
        figure(theme, "attempts", per_second(rates.attempts), Meaning::Attempts),
        figure(theme, "throttled", throttled, if_any(attempts.throttled, Meaning::Throttled)),
        figure(theme, "in flight", count(snapshot.in_flight), Meaning::Plain),
        two(theme, [("faults", attempts.faults), ("timeouts", attempts.timeouts)], Meaning::Bad),
        two(theme, [("failed", jobs.failed), ("shed", jobs.shed)], Meaning::Warning),
    ]
}

/// Two counts of something unwanted.
fn two(theme: Theme, counts: [(&str, u64); 2], meaning: Meaning) -> Line<'static> {
    let each = counts.into_iter().flat_map(|(label, value)| {
        let label = Span::styled(format!(" {label} "), theme.style(Meaning::Quiet));
        [label, Span::styled(count(value), theme.style(if_any(value, meaning)))]
    });
    Line::from_iter(each)
}

/// What the application and what KMS took, with what it was measured on.
pub(super) fn times_lines(scene: &Scene<'_>, snapshot: &Snapshot) -> Vec<Line<'static>> {
    let theme = scene.theme;
    let (response, service) = (&snapshot.response, &snapshot.service);
    let row = |label: &str, of: fn(&Trend) -> f64, meaning| {
        let value = |p: &Trend| measured(of(p), p.count);
        Line::from(vec![
            Span::styled(format!(" {label:<6}"), theme.style(Meaning::Quiet)),
            Span::styled(format!("{:>10}", value(response)), theme.style(meaning)),
            Span::raw(format!("{:>10}", value(service))),
        ])
    };
    let counts =
        Line::styled(format!(" {:<6}{:>10}{:>10}", "of", count(response.count), count(service.count)), {
            theme.style(Meaning::Quiet)
        });
    vec![
        Line::styled(format!(" {:<6}{:>10}{:>10}", "", "response", "service"), theme.style(Meaning::Quiet)),
        row("p50", |p| p.p50, Meaning::Plain),
        row("p90", |p| p.p90, Meaning::Plain),
        row("p99", |p| p.p99, Meaning::Strong),
        row("max", |p| p.max, Meaning::Plain),
        counts,
    ]
}

/// Whether keystorm itself is the limit.
pub(super) fn is_limited(snapshot: &Snapshot) -> bool {
    Generator::is_limited(snapshot.lateness_ms, snapshot.response.p50, snapshot.busy_share.unwrap_or(0.0))
}

/// How keystorm itself keeps up, and what of the caps is used.
pub(super) fn harness_lines(scene: &Scene<'_>, snapshot: &Snapshot) -> Vec<Line<'static>> {
    let theme = scene.theme;
    let bound = Generator::lateness_bound_ms(snapshot.response.p50);
    let late = if snapshot.lateness_ms > bound { Meaning::Bad } else { Meaning::Good };
    let computing = snapshot.busy_share.map_or_else(|| NONE.into(), percent);
    let busy = if snapshot.busy_share.unwrap_or(0.0) > 0.8 { Meaning::Bad } else { Meaning::Plain };
    let (sent, most) = snapshot.cap;
    let used = most.map(|most| sent as f64 / most.max(1) as f64);
    let near = used.map_or(Meaning::Good, Theme::nearness);
    let cap = match (most, used) {
        (Some(most), Some(used)) => format!("{} of {}", percent(used), count(most)),
        _ => "none".into(),
    };
    // When the harness is the limit, it is told by how much response times may be off.
    let bounded = match is_limited(snapshot) && snapshot.response.p50 > 0.0 {
        true => {
            let share = percent((snapshot.lateness_ms / snapshot.response.p50).min(1.0));
            figure(
                theme,
                "times off",
                format!("≤{} {share}", milliseconds(snapshot.lateness_ms)),
                Meaning::Bad,
            )
        }
        false => figure(theme, "bound", milliseconds(bound), Meaning::Plain),
    };
    vec![
        figure(theme, "late p99", milliseconds(snapshot.lateness_ms), late),
        bounded,
        figure(theme, "computing", computing, busy),
        figure(theme, "offered", count(snapshot.jobs.offered), Meaning::Plain),
        figure(theme, "sent", count(sent), Meaning::Plain),
        figure(theme, "cap used", cap, if near == Meaning::Good { Meaning::Plain } else { near }),
    ]
}

/// How keystorm itself keeps up, in one line.
pub(super) fn harness_line(scene: &Scene<'_>, snapshot: &Snapshot) -> Line<'static> {
    let theme = scene.theme;
    let heading = match is_limited(snapshot) {
        true => Span::styled(" keystorm is the limit", theme.style(Meaning::Bad)),
        false => Span::styled(" harness", theme.style(Meaning::Strong)),
    };
    let mut lines = harness_lines(scene, snapshot);
    // Lateness, its bound or what it may cost, computing; what was offered and sent stands elsewhere.
    let cap = lines.pop();
    lines.truncate(3);
    let squeezed = |span: Span<'static>| Span::styled(format!("{} ", span.content.trim_end()), span.style);
    let figures = lines.into_iter().chain(cap).flat_map(|line| line.spans).map(squeezed);
    Line::from_iter(std::iter::once(heading).chain(figures))
}

/// `lines` in a frame; where one does not fit, its end says so, since half a number is a wrong one.
fn framed(frame: &mut Frame<'_>, area: Rect, lines: Vec<Line<'static>>, block: Block<'static>) {
    let room = usize::from(block.inner(area).width);
    let lines: Vec<Line<'_>> = lines.into_iter().map(|line| fitted(line, room)).collect();
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

/// At most `room` columns of `line`, the last of them `…` if any were cut.
pub(super) fn fitted(line: Line<'static>, room: usize) -> Line<'static> {
    if line.width() <= room {
        return line;
    }
    let mut left = room;
    let mut spans = Vec::new();
    for span in line.spans {
        let width = span.width();
        if width < left {
            left -= width;
            spans.push(span);
        } else {
            let cut = span.content.chars().take(left.saturating_sub(1)).chain((left > 0).then_some('…'));
            spans.push(Span::styled(cut.collect::<String>(), span.style));
            break;
        }
    }
    Line::from(spans)
}

/// Load, in its frame.
pub(super) fn load(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>, snapshot: &Snapshot) {
    let block = block(scene.theme, heading(scene.theme, "load"), Meaning::Quiet);
    framed(frame, area, load_lines(scene, snapshot), block);
}

/// Response and service time, in their frame.
pub(super) fn times(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>, snapshot: &Snapshot) {
    let block = block(scene.theme, heading(scene.theme, "times"), Meaning::Quiet);
    framed(frame, area, times_lines(scene, snapshot), block);
}

/// The harness, in a frame that says so when it is the limit.
pub(super) fn harness(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>, snapshot: &Snapshot) {
    let theme = scene.theme;
    let (title, meaning) = if is_limited(snapshot) {
        (Line::styled(" keystorm is the limit ", theme.style(Meaning::Bad)), Meaning::Bad)
    } else {
        (heading(theme, "harness"), Meaning::Quiet)
    };
    let block = block(theme, title, meaning);
    framed(frame, area, harness_lines(scene, snapshot), block);
}

/// Each pool against its quota, the fullest first.
pub(super) fn pools(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>, snapshot: &Snapshot) {
    let theme = scene.theme;
    let block = block(theme, heading(theme, "quota pools, last second"), Meaning::Quiet);
    let inside = block.inner(area);
    let mut pools: Vec<_> = snapshot
        .pools
        .iter()
        .map(|pool| {
            let asked = scene.pace.of_pool(pool.pool);
            (asked / pool.limit.as_per_second().max(f64::MIN_POSITIVE), asked, pool)
        })
        .collect();
    pools.sort_by(|a, b| b.0.total_cmp(&a.0));
    let words: Vec<[String; 4]> = pools
        .iter()
        .map(|(share, asked, pool)| {
            let limit = number(pool.limit.as_per_second());
            [
                format!("{}/{limit}/s", number(asked.round())),
                percent(*share),
                format!("peak {}", count(pool.peak_1s)),
                format!("throttled {}", count(pool.throttled)),
            ]
        })
        .collect();
    let widest = |column: usize| words.iter().map(|row| columns(&row[column])).max().unwrap_or(0);
    let widths = [widest(0), widest(1), widest(2), widest(3)];
    let room = usize::from(inside.width).saturating_sub(NAME + widths.iter().sum::<usize>() + 7);
    let lines = pools.iter().zip(&words).map(|((share, _, pool), [asked, used, peak, refused])| {
        let limit = pool.limit.as_per_second().max(f64::MIN_POSITIVE);
        let near = theme.style(Theme::nearness(*share));
        let at_peak = match Theme::nearness(pool.peak_1s as f64 / limit) {
            Meaning::Good => theme.style(Meaning::Quiet),
            meaning => theme.style(meaning),
        };
        let (filled, rest) = bar(room, *share);
        let line = Line::from(vec![
            Span::raw(format!(" {}", padded(&clip(pool.pool.name(), NAME), NAME))),
            Span::styled(format!(" {asked:>0$} ", widths[0]), near),
            Span::styled(filled, near),
            Span::styled(rest, theme.style(Meaning::Quiet)),
            Span::styled(format!(" {used:>0$}", widths[1]), near),
            Span::styled(format!(" {peak:<0$}", widths[2]), at_peak),
            Span::styled(format!(" {refused}"), theme.style(if_any(pool.throttled, Meaning::Throttled))),
        ]);
        fitted(line, usize::from(inside.width))
    });
    frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()).block(block), area);
}

/// What keys do, or that the run is ending.
pub(super) fn foot(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>, snapshot: &Snapshot) {
    let theme = scene.theme;
    let line = if scene.is_stopping {
        let flying = count(snapshot.in_flight);
        Line::styled(
            format!(" stopping: {flying} in flight may finish · again leaves at once, without results"),
            theme.style(Meaning::Warning),
        )
    } else {
        Line::styled(" q or Ctrl-C stops, and keeps the results", theme.style(Meaning::Quiet))
    };
    frame.render_widget(Paragraph::new(line), area);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_its_share_and_never_longer_than_its_room() {
        for (share, filled, rest) in
            [(0.0, 0, 10), (0.5, 5, 5), (0.55, 6, 4), (1.0, 10, 0), (7.0, 10, 0), (f64::NAN, 0, 10)]
        {
            let (full, empty) = bar(10, share);
            assert_eq!((full.chars().count(), empty.chars().count()), (filled, rest), "{share}");
        }
        assert_eq!(bar(0, 0.4), (String::new(), String::new()));
    }

    #[test]
    fn a_clock_keeps_its_shape_while_it_runs() {
        let shown = [0.04, 59.94, 65.0, 7_385.0].map(|secs| clock(Length::from_secs_f64(secs)));
        assert_eq!(shown, ["0.0 s", "59.9 s", "1m 05s", "2h 03m"]);
    }
}
