//! Draws a plot with plotters: axes, lines, bars, a legend above the plot or labels at the lines' ends.
//!
//! ```text
//!  ┌ legend ───────────────────────────────┐
//!  │ y │                          │ labels │
//!  │   │          plot            │ at the │
//!  │   │                          │ ends   │
//!  │   └ x ───────────────────────┘        │
//!  └───────────────────────────────────────┘
//! ```
//! Plotters measures no text here (no font is linked), so that widths of words are estimated.

use super::axis::Axis;
use super::palette::{Ink, colour};
use crate::report::format::clip;
use plotters::backend::SVGBackend;
use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{PathElement, Polygon, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, TextStyle};

/// Width of a chart that stands alone.
pub const FULL: u32 = 880;
/// Width of a chart of all strategies: half of a screen, and still legible at half of a sheet.
pub const WIDE: u32 = 500;
/// Width of a chart of one strategy, whose words can still be read where it is drawn on a phone.
pub const SMALL: u32 = 420;

/// Plotters' size for text of 12 pixels, to which its SVG backend divides it.
const TEXT_SIZE: f64 = 12.0 * 1.24;
/// Estimated width of a letter of that text.
const LETTER: i32 = 7;
const LEGEND_ROW: i32 = 22;
const END_LABEL: i32 = 15;
/// Letters of a name at a line's end.
const END_LETTERS: usize = 14;
/// Marks on a line.
const MARKS: usize = 6;

/// What is drawn.
#[derive(Clone, Debug)]
pub struct Plot {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
    /// Across.
    pub x: Axis,
    /// Up.
    pub y: Axis,
    /// Room for the labels of `y`, in pixels.
    pub y_labels: u32,
    /// Whether values of `x`, of `y`, are marked by lines through the plot.
    pub grid: (bool, bool),
    /// Bars below everything else.
    pub bars: Vec<Bar>,
    /// Lines, the last on top.
    pub lines: Vec<Line>,
    /// Words in the plot: place, ink, text; they begin right of their place.
    pub words: Vec<((f64, f64), Ink, String)>,
    /// What the inks mean, above the plot.
    pub legend: Vec<(Ink, String)>,
    /// Whether each line is named at its end, instead of in the legend.
    pub names_at_ends: bool,
}

/// A line through places.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its name.
    pub name: String,
    /// Its ink.
    pub ink: Ink,
    /// Its width in pixels.
    pub width: u32,
    /// Places it goes through; one without a height is a gap.
    pub points: Vec<(f64, f64)>,
}

/// A filled rectangle between two places.
#[derive(Clone, Debug)]
pub struct Bar {
    /// Its ink.
    pub ink: Ink,
    /// How much of its ink it has, up to 1.
    pub strength: f64,
    /// One corner.
    pub from: (f64, f64),
    /// The opposite corner.
    pub to: (f64, f64),
}

type Backend<'a> = SVGBackend<'a>;
type Coordinates = Cartesian2d<Axis, Axis>;
type Context<'a> = ChartContext<'a, Backend<'a>, Coordinates>;
type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// The plot as plotters writes it.
pub fn draw(plot: &Plot) -> String {
    let mut svg = String::new();
    drawn(plot, &mut svg).expect("drawing into memory cannot fail");
    svg
}

fn drawn(plot: &Plot, svg: &mut String) -> Drawn {
    let root = SVGBackend::with_string(svg, (plot.width, plot.height)).into_drawing_area();
    let legend_height = draw_legend(&root, plot)?;
    let right = if plot.names_at_ends { end_room(plot) } else { 20 };
    let mut chart = ChartBuilder::on(&root)
        .margin_top(legend_height + 8)
        .margin_right(right)
        .x_label_area_size(44)
        .y_label_area_size(plot.y_labels)
        .build_cartesian_2d(plot.x.clone(), plot.y.clone())?;
    draw_axes(&mut chart, plot)?;
    chart.draw_series(
        plot.bars
            .iter()
            .map(|bar| Rectangle::new([bar.from, bar.to], colour(bar.ink).mix(bar.strength).filled())),
    )?;
    for line in &plot.lines {
        let style = colour(line.ink).stroke_width(line.width);
        let whole = line.points.split(|(_, y)| y.is_nan()).filter(|points| !points.is_empty());
        chart.draw_series(whole.map(|points| PathElement::new(points.to_vec(), style)))?;
    }
    for (place, line) in plot.lines.iter().enumerate() {
        draw_marks(&root, &chart, line, place)?;
    }
    let left = Pos::new(HPos::Left, VPos::Center);
    for (place, ink, words) in &plot.words {
        chart.draw_series([Text::new(words.clone(), *place, text(*ink).pos(left))])?;
    }
    if plot.names_at_ends {
        draw_end_labels(&root, &chart, plot)?;
    }
    root.present()
}

fn draw_axes(chart: &mut Context<'_>, plot: &Plot) -> Drawn {
    let mut mesh = chart.configure_mesh();
    let (x_label, y_label) = (|at: &f64| plot.x.label(*at), |at: &f64| plot.y.label(*at));
    if !plot.grid.0 {
        mesh.disable_x_mesh();
    }
    if !plot.grid.1 {
        mesh.disable_y_mesh();
    }
    mesh.bold_line_style(colour(Ink::Grid))
        .max_light_lines(0)
        .axis_style(colour(Ink::Muted))
        .label_style(text(Ink::Muted))
        .axis_desc_style(text(Ink::Text))
        .x_label_formatter(&x_label)
        .y_label_formatter(&y_label)
        .x_desc(plot.x.title.clone())
        .y_desc(plot.y.title.clone())
        .draw()
}

/// Draws the legend in as many rows as it needs; gives its height.
fn draw_legend(
    root: &DrawingArea<Backend<'_>, Shift>,
    plot: &Plot,
) -> Result<i32, DrawingAreaErrorKind<std::io::Error>> {
    let start = plot.y_labels as i32;
    let (mut x, mut row) = (start, 0);
    for (ink, name) in &plot.legend {
        let name = clip(name, 40);
        let width = 30 + LETTER * name.chars().count() as i32 + 14;
        if x > start && x + width > plot.width as i32 {
            (x, row) = (start, row + 1);
        }
        let y = 12 + row * LEGEND_ROW;
        let thick = if *ink == Ink::Quota { 2 } else { 4 };
        root.draw(&PathElement::new([(x, y), (x + 22, y)], colour(*ink).stroke_width(thick)))?;
        root.draw(&Text::new(name, (x + 28, y), text(Ink::Text).pos(Pos::new(HPos::Left, VPos::Center))))?;
        x += width;
    }
    Ok(if plot.legend.is_empty() { 0 } else { (row + 1) * LEGEND_ROW })
}

/// Room for the names at the ends of lines, in pixels.
fn end_room(plot: &Plot) -> u32 {
    let letters = plot.lines.iter().map(|line| line.name.chars().count().min(END_LETTERS)).max().unwrap_or(0);
    20 + LETTER as u32 * letters as u32
}

/// Marks along a line, those of the next line elsewhere, so that lines that coincide all show.
fn draw_marks(
    root: &DrawingArea<Backend<'_>, Shift>,
    chart: &Context<'_>,
    line: &Line,
    place: usize,
) -> Drawn {
    let Some(mark) = line.ink.mark().filter(|_| line.points.len() > 1) else { return Ok(()) };
    let (Some((first, _)), Some((last, _))) = (line.points.first(), line.points.last()) else {
        return Ok(());
    };
    for number in 0..MARKS {
        let share = (number as f64 + (place % MARKS) as f64 / MARKS as f64 + 0.08) / MARKS as f64;
        let at = first + (last - first) * share;
        let Some(point) = line.points.iter().find(|(x, _)| *x >= at).filter(|(_, y)| !y.is_nan()) else {
            continue;
        };
        let (x, y) = chart.backend_coord(point);
        let corners: Vec<(i32, i32)> = mark.iter().map(|(dx, dy)| (x + dx, y + dy)).collect();
        root.draw(&Polygon::new(corners, colour(line.ink).filled()))?;
    }
    Ok(())
}

/// Names each line right of its end, pushed apart where ends lie close together.
fn draw_end_labels(root: &DrawingArea<Backend<'_>, Shift>, chart: &Context<'_>, plot: &Plot) -> Drawn {
    let left = (plot.width - end_room(plot)) as i32 + 4;
    let lowest = plot.height as i32 - 46;
    let named = |line: &&Line| line.ink != Ink::Quota;
    let end = |line: &Line| {
        let last = line.points.iter().rev().find(|(_, y)| !y.is_nan());
        last.map_or((left, lowest), |point| chart.backend_coord(point))
    };
    let mut ends: Vec<((i32, i32), &Line)> = plot.lines.iter().filter(named).map(|l| (end(l), l)).collect();
    ends.sort_by_key(|((_, y), _)| *y);
    let mut places: Vec<i32> = Vec::new();
    for ((_, y), _) in &ends {
        places.push(places.last().map_or(*y, |above| (*y).max(above + END_LABEL)));
    }
    let mut limit = lowest;
    for place in places.iter_mut().rev() {
        *place = (*place).min(limit);
        limit = *place - END_LABEL;
    }
    for (y, ((end_x, end_y), line)) in places.iter().zip(&ends) {
        let lead = [(*end_x, *end_y), (left, *y)];
        root.draw(&PathElement::new(lead, colour(line.ink).mix(0.4).stroke_width(1)))?;
        let ink = if matches!(line.ink, Ink::Series(_)) { line.ink } else { Ink::Muted };
        root.draw(&Text::new(
            clip(&line.name, END_LETTERS),
            (left + 3, *y),
            text(ink).pos(Pos::new(HPos::Left, VPos::Center)),
        ))?;
    }
    Ok(())
}

fn text(ink: Ink) -> TextStyle<'static> {
    let style = TextStyle::from(("sans-serif", TEXT_SIZE).into_font());
    TextStyle { color: colour(ink).to_backend_color(), ..style }
}

/// How plotters asks an axis where a value stands, and which values to mark.
impl Ranged for Axis {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, place: &f64, (near, far): (i32, i32)) -> i32 {
        let share = (place - self.low) / (self.high - self.low);
        near + (f64::from(far - near) * share).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() {
            Vec::new()
        } else {
            self.ticks.iter().map(|(at, _)| *at).collect()
        }
    }

    fn range(&self) -> std::ops::Range<f64> {
        self.low..self.high
    }
}
