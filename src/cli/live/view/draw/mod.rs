//! The picture: which panels there is room for, and where they stand.
//!
//! ```text
//!  title, strategy, time                     3 lines
//!  load    │ times          │ harness        8
//!  quota pools                               2 + one each
//!  the last minutes                          what is left, 6 at least; p99 below it where there is room for both
//!  keys                                      1
//! ```
//!
//! Where three panels do not stand beside each other, the harness has a line of its own.

use super::scene::Scene;
use super::theme::Meaning;
use super::{panels, plot};
use crate::engine::live::Snapshot;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

/// Lines of the row of panels.
const PANELS: u16 = 8;
/// The fewest lines of a plot that show anything.
const PLOT: u16 = 6;
/// Lines from which on there is room for two plots.
const TWO_PLOTS: u16 = 18;
/// Columns below which three panels do not stand beside each other.
const NARROW: u16 = 76;
/// Columns below which no two do.
const SLIM: u16 = 60;

/// Draws one picture.
pub(super) fn frame(frame: &mut Frame<'_>, scene: &Scene<'_>) {
    let area = frame.area();
    let Some(snapshot) = scene.snapshot else { return waiting(frame, scene) };
    let most_pools = (area.height / 6).max(1) as usize;
    let pools = snapshot.pools.len().min(most_pools) as u16;
    let fixed = 3 + 1;
    let has_panels = area.height >= fixed + PANELS && area.width >= NARROW;
    let mut left = area.height.saturating_sub(fixed + if has_panels { PANELS } else { 0 });
    let has_pools = has_panels && pools > 0 && left >= pools + 2;
    if has_pools {
        left -= pools + 2;
    }
    if !has_panels {
        return match area.width >= SLIM && area.height > 3 + PANELS + 2 {
            true => slim(frame, scene, snapshot),
            false => narrow(frame, scene, snapshot),
        };
    }
    let [head, row, pool_row, plot_row, foot] = Layout::vertical([
        Constraint::Length(3),
        Constraint::Length(PANELS),
        Constraint::Length(if has_pools { pools + 2 } else { 0 }),
        Constraint::Length(left),
        Constraint::Length(1),
    ])
    .areas(area);
    panels::head(frame, head, scene, snapshot);
    // Times need 29 columns; what is more is shared.
    let [load, times, harness] = Layout::horizontal([
        Constraint::Fill(5),
        Constraint::Length((row.width * 3 / 8).max(29)),
        Constraint::Fill(5),
    ])
    .areas(row);
    panels::load(frame, load, scene, snapshot);
    panels::times(frame, times, scene, snapshot);
    panels::harness(frame, harness, scene, snapshot);
    if has_pools {
        panels::pools(frame, pool_row, scene, snapshot);
    }
    if left >= TWO_PLOTS {
        let [rates, tail] = Layout::vertical([Constraint::Fill(3), Constraint::Fill(2)]).areas(plot_row);
        plot::history(frame, rates, scene, snapshot);
        plot::tail(frame, tail, scene, snapshot);
    } else if left >= PLOT {
        plot::history(frame, plot_row, scene, snapshot);
    }
    panels::foot(frame, foot, scene, snapshot);
}

/// A terminal in which two panels stand beside each other: the harness has a line.
fn slim(frame: &mut Frame<'_>, scene: &Scene<'_>, snapshot: &Snapshot) {
    let area = frame.area();
    let free = area.height.saturating_sub(3 + PANELS + 2);
    let pools = (snapshot.pools.len() as u16).min(free.saturating_sub(2));
    let pool_lines = if pools > 0 { pools + 2 } else { 0 };
    let [head, row, pool_row, plot_row, harness, foot] = Layout::vertical([
        Constraint::Length(3),
        Constraint::Length(PANELS),
        Constraint::Length(pool_lines),
        Constraint::Length(free - pool_lines),
        Constraint::Length(1),
        Constraint::Length(1),
    ])
    .areas(area);
    let [load, times] = Layout::horizontal([Constraint::Fill(1), Constraint::Length(29)]).areas(row);
    panels::head(frame, head, scene, snapshot);
    panels::load(frame, load, scene, snapshot);
    panels::times(frame, times, scene, snapshot);
    if pools > 0 {
        panels::pools(frame, pool_row, scene, snapshot);
    }
    if plot_row.height >= PLOT {
        plot::history(frame, plot_row, scene, snapshot);
    }
    let line = panels::fitted(panels::harness_line(scene, snapshot), usize::from(harness.width));
    frame.render_widget(Paragraph::new(line), harness);
    panels::foot(frame, foot, scene, snapshot);
}

/// Before the first snapshot.
fn waiting(frame: &mut Frame<'_>, scene: &Scene<'_>) {
    let lines = vec![
        panels::name(scene),
        Line::styled(" set-up: keys, and what is decrypted later", scene.theme.style(Meaning::Quiet)),
    ];
    frame.render_widget(Paragraph::new(lines), frame.area());
}

/// A terminal too small for panels: one figure a line, the weightiest first.
fn narrow(frame: &mut Frame<'_>, scene: &Scene<'_>, snapshot: &Snapshot) {
    let area = frame.area();
    let mut lines = panels::head_lines(scene, snapshot, area.width);
    let mut harness = panels::harness_lines(scene, snapshot).into_iter();
    lines.extend(panels::load_lines(scene, snapshot));
    lines.extend(harness.next());
    lines.extend(panels::times_lines(scene, snapshot));
    lines.extend(harness);
    let [body, foot] = Layout::vertical([Constraint::Fill(1), Constraint::Length(1)]).areas(area);
    frame
        .render_widget(Paragraph::new(lines), Rect { height: body.height.max(1), ..body }.intersection(area));
    if area.height > 1 {
        panels::foot(frame, foot, scene, snapshot);
    }
}

#[cfg(test)]
mod tests;
