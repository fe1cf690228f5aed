//! From what plotters writes to an SVG that reads well: named for those who do not see it, and coloured by the page.

use super::Chart;
use super::palette::{dashes, keys};
use maud::html;

/// A file of its own: shades for white, on white.
pub fn standalone(chart: &Chart, drawn: &str) -> String {
    let (_, body) = parts(drawn);
    let height = chart.plot.height;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{height}\" {1}\n\
         <rect width=\"{0}\" height=\"{height}\" fill=\"#FFFFFF\"/>\n{2}",
        chart.plot.width,
        opening(chart),
        tidied(body),
    )
}

/// An element of the page: every colour is a variable of its style sheet.
pub fn inline(chart: &Chart, drawn: &str) -> String {
    let (_, body) = parts(drawn);
    let mut body = tidied(body);
    for (hex, name) in keys() {
        body = body.replace(&format!("\"{hex}\""), &format!("\"var(--{name})\""));
    }
    format!("<svg {}\n{body}", opening(chart))
}

/// The rest of the opening tag, the title and the description.
fn opening(chart: &Chart) -> String {
    let id = &chart.id;
    let named = html! {
        title id=(format!("{id}-title")) { (chart.title) }
        desc id=(format!("{id}-desc")) { (chart.description) }
    };
    format!(
        "id=\"{id}\" viewBox=\"0 0 {} {}\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\">\n{}",
        chart.plot.width,
        chart.plot.height,
        named.into_string(),
    )
}

/// The opening tag that plotters wrote, and what follows it.
fn parts(drawn: &str) -> (&str, &str) {
    drawn.split_once(">\n").unwrap_or(("", drawn))
}

/// Plotters' body with lines dashed by their ink, sizes in whole pixels and what says nothing left out.
fn tidied(body: &str) -> String {
    let dashed = dashes().fold(body.to_owned(), |body, (stroke, dash)| {
        body.replace(&stroke, &format!("{stroke} stroke-dasharray=\"{dash}\""))
    });
    dashed
        .replace("fill=\"none\" opacity=\"1\"", "fill=\"none\" stroke-linejoin=\"round\"")
        .replace(" opacity=\"1\"", "")
        .replace(" \"/>", "\"/>")
        .replace("font-size=\"12.000000000000002\"", "font-size=\"12\"")
        .replace("\n</text>", "</text>")
}
