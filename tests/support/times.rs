//! How often a test repeats itself.

/// So often, or `KEYSTORM_TIMES` as often: `.ci/full` asks for ten times what a quick run needs.
#[allow(
    clippy::disallowed_methods,
    reason = "how thorough a test is depends on who runs it, not what it finds"
)]
pub fn times(often: u64) -> u64 {
    let more = std::env::var("KEYSTORM_TIMES").map_or(1, |text| match text.parse() {
        Ok(more) if more > 0 => more,
        _ => panic!("KEYSTORM_TIMES is `{text}`; it must be a whole number from 1"),
    });
    often * more
}
