//! The shell of every page: what stands before its body.

use super::style;
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// What a page without a script may do: nothing but look as it does.
pub const SCRIPT_FREE: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// A page called `title` that a browser lets do what `policy` says, and no more.
pub fn document(title: &str, policy: &str, body: Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content=(policy);
                title { (title) }
                style { (PreEscaped(style::sheet())) }
            }
            body { (body) }
        }
    };
    page.into_string()
}
