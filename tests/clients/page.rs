//! A run's page in a browser, touched as its readers do: `page/look.mjs` says what must hold.

use super::needs;
use super::support::{browser, node, printed};
use keystorm::report::html;
use keystorm::results::Run;
use std::path::Path;
use std::process::Command;

#[test]
fn the_page_keeps_its_promises_in_a_browser() {
    let (script, browser) = match (node("page", "look.mjs"), browser()) {
        (Ok(script), Ok(browser)) => (script, browser),
        (Err(why), _) | (_, Err(why)) => return needs::missing(&why),
    };
    let folder = tempfile::tempdir().unwrap();
    let saved = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/saved-run/run.json");
    let run: Run = serde_json::from_str(&std::fs::read_to_string(saved).unwrap()).unwrap();
    let page = folder.path().join("report.html");
    std::fs::write(&page, html::render(&run)).unwrap();
    let told = printed(Command::new("node").arg(script).arg("check").arg(browser).arg(page));
    assert_eq!(told.trim(), "every promise holds");
}
