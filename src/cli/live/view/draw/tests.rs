//! Pictures at several sizes, as a terminal would hold them.

use super::*;
use crate::cli::live::view::Title;
use crate::cli::live::view::pace::Pace;
use crate::cli::live::view::theme::Theme;
use crate::quota::{PoolReport, catalogue};
use crate::record::{AttemptCounts, JobCounts, Row};
use crate::results::Trend;
use crate::time::Time;
use crate::units::Rate;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::Color;

fn pool(name: &str, limit: u64, attempts: u64, peak_1s: u64, throttled: u64) -> PoolReport {
    PoolReport {
        pool: catalogue::all().find(|pool| pool.name() == name).expect("a pool of the catalogue"),
        limit: Rate::per_second(limit),
        attempts,
        peak_1s,
        throttled,
        background: 0,
        background_throttled: 0,
        interval_s: 1,
        series: Vec::new(),
    }
}

/// The twelfth second of thirty: 812 jobs a second done, 912 attempts, 100 of them throttled.
fn snapshot() -> Snapshot {
    let row = Row { offered: 820, attempts: 912, throttled: 100, goodput: 812, ..Row::default() };
    Snapshot {
        times: None,
        strategy: ("full-jitter".into(), 1),
        strategies: 3,
        trial: (0, 1),
        now: Time::from_secs(12),
        ends: Time::from_secs(30),
        stages: vec!["checkout/1".into()],
        jobs: JobCounts { offered: 9_840, completed: 9_744, failed: 61, ..JobCounts::default() },
        attempts: AttemptCounts { attempts: 10_944, ok: 9_744, throttled: 1_200, ..AttemptCounts::default() },
        in_flight: 35,
        seconds: vec![row; 12],
        skipped: 0,
        interval_s: 1,
        response: Trend {
            count: 9_805,
            mean: 14.0,
            p50: 12.3,
            p90: 41.0,
            p99: 182.4,
            max: 421.0,
            ..Trend::default()
        },
        service: Trend {
            count: 10_944,
            mean: 7.0,
            p50: 6.1,
            p90: 14.2,
            p99: 29.9,
            max: 61.0,
            ..Trend::default()
        },
        lateness_ms: 0.42,
        busy_share: Some(0.124),
        pools: vec![pool("rsa", 500, 1_200, 101, 0), pool("symmetric", 1_000, 10_944, 1_031, 1_200)],
        cap: (12_345, Some(50_000)),
    }
}

struct Picture(Terminal<TestBackend>);

impl Picture {
    fn of(
        snapshot: Option<&Snapshot>,
        (width, height): (u16, u16),
        colour: bool,
        is_stopping: bool,
    ) -> Picture {
        let title = Title { name: "checkout-peak".into(), target: "emulator".into() };
        let mut pace = Pace::default();
        if let Some(snapshot) = snapshot {
            pace.see(snapshot);
        }
        let scene = Scene { title: &title, snapshot, pace: &pace, is_stopping, theme: Theme { colour } };
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal in memory");
        terminal.draw(|picture| frame(picture, &scene)).expect("drawn in memory");
        Picture(terminal)
    }

    fn lines(&self) -> Vec<String> {
        let buffer = self.0.backend().buffer();
        let line =
            |y| (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().into();
        (0..buffer.area.height).map(line).collect()
    }

    fn text(&self) -> String {
        self.lines().join("\n")
    }

    /// The colours that the words `of` are painted in, wherever they stand first.
    fn colour(&self, of: &str) -> Color {
        let lines = self.lines();
        let y = lines.iter().position(|line| line.contains(of)).unwrap_or_else(|| panic!("{of}"));
        let x = lines[y][..lines[y].find(of).expect("it is there")].chars().count();
        self.0.backend().buffer()[(x as u16, y as u16)].fg
    }

    fn colours(&self) -> usize {
        self.0.backend().buffer().content().iter().filter(|cell| cell.fg != Color::Reset).count()
    }
}

#[test]
fn eighty_by_twenty_four_holds_everything() {
    let picture = Picture::of(Some(&snapshot()), (80, 24), true, false);
    let text = picture.text();
    for part in [
        "keystorm checkout-peak → emulator",
        "strategy 2/3 full-jitter · trial 1/1 · stage checkout/1",
        "12.0 s of 30.0 s · 18.0 s left",
        "goodput   812/s",
        "attempts  912/s",
        "throttled 100/s 11.0 %",
        "in flight 35",
        "failed 61 shed 0",
        "p50      12.3 ms   6.10 ms",
        "p99       182 ms   29.9 ms",
        "of         9,805    10,944",
        "late p99  0.42 ms",
        "computing 12.4 %",
        "24.7 % of 5",
        "912/1,000/s",
        "peak 1,031 throttled 1,200",
        "per second",
        "symmetric 1,000/s",
        "q or Ctrl-C stops",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    let lines = picture.lines();
    assert!(lines.iter().all(|line| line.chars().count() <= 80));
    let at = |part: &str| lines.iter().position(|line| line.contains(part)).expect("it is there");
    assert!(at("symmetric  ") < at(" rsa "), "the fullest pool comes first\n{text}");
    assert!(lines.iter().filter(|line| line.contains('╌')).count() == 2, "the legend, and one line\n{text}");
    assert!(lines[23].starts_with(" q or"), "keys stand at the bottom");
}

#[test]
fn seventy_by_eighteen_keeps_pools_and_the_slowest() {
    let picture = Picture::of(Some(&snapshot()), (70, 18), true, false);
    let text = picture.text();
    for part in [
        "12.0 s of 30.0 s",
        "goodput   812/s",
        "failed 61 shed 0",
        "max       421 ms     61 ms",
        "912/1,000/s",
        "peak 1,031 throttled 1,200",
        "late p99",
        "computing",
        "q or Ctrl-C stops",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    assert!(picture.lines().iter().all(|line| line.chars().count() <= 70), "{text}");
    let late = Snapshot { lateness_ms: 40.0, ..snapshot() };
    let limited = Picture::of(Some(&late), (70, 18), true, false).text();
    assert!(limited.contains("keystorm is the limit") && limited.contains("≤40 ms 100 %"), "{limited}");
}

#[test]
fn a_large_terminal_shows_p99_over_time_and_what_its_quota_is_called() {
    let rows =
        |at: u64| Row { goodput: 812, attempts: 912, p99_micros: 20_000 + 10_000 * at, ..Row::default() };
    let snapshot = Snapshot { seconds: (0..12).map(rows).collect(), ..snapshot() };
    let large = Picture::of(Some(&snapshot), (200, 50), true, false).text();
    for part in ["p99 response time, of jobs completed in that second", "143 ms", "╌╌ symmetric 1,000/s"]
    {
        assert!(large.contains(part), "{part} is missing in\n{large}");
    }
    assert!(!Picture::of(Some(&snapshot), (80, 24), true, false).text().contains("p99 response time"));
}

#[test]
fn pools_change_colour_at_80_percent_and_beyond_the_quota() {
    let colour = |attempts| {
        let mut snapshot = snapshot();
        snapshot.pools = vec![pool("symmetric", 1_000, attempts * 12, attempts, 0)];
        Picture::of(Some(&snapshot), (80, 24), true, false).colour(&format!("{attempts}/1,000/s"))
    };
    assert_eq!([colour(500), colour(850), colour(999)], [Color::Green, Color::Yellow, Color::Yellow]);
    let mut over = snapshot();
    over.pools = vec![pool("symmetric", 1_000, 14_400, 1_200, 0)];
    let picture = Picture::of(Some(&over), (80, 24), true, false);
    assert_eq!(picture.colour("1,200/1,000/s"), Color::Red);
    assert!(picture.text().contains("120 %"));
}

#[test]
fn a_harness_that_is_the_limit_is_told_in_red() {
    let kept_up = Picture::of(Some(&snapshot()), (80, 24), true, false);
    assert!(kept_up.text().contains(" harness "));
    assert_eq!(kept_up.colour("0.42 ms"), Color::Green);
    let late = Snapshot { lateness_ms: 40.0, ..snapshot() };
    let picture = Picture::of(Some(&late), (80, 24), true, false);
    assert_eq!((picture.colour("keystorm is the limit"), picture.colour("40 ms")), (Color::Red, Color::Red));
    // Response times count from the intended start: 40 ms are more than their whole median.
    assert!(picture.text().contains("times off ≤40 ms"), "{}", picture.text());
    let busy = Snapshot { busy_share: Some(0.93), ..snapshot() };
    assert!(Picture::of(Some(&busy), (80, 24), true, false).text().contains("keystorm is the limit"));
}

#[test]
fn without_colours_every_curve_has_a_mark_of_its_own() {
    let picture = Picture::of(Some(&snapshot()), (80, 24), false, false);
    assert_eq!(picture.colours(), 0);
    let text = picture.text();
    for part in ["⠒⠒ goodput", "·· attempts", "xx throttled", "╌╌ symmetric"] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(Picture::of(Some(&snapshot()), (80, 24), true, false).colours() > 100);
}

#[test]
fn no_size_is_too_small_or_too_large() {
    for width in (0..=90).step_by(3).chain([76, 77, 200, 400]) {
        for height in (0..=30).chain([60, 100]) {
            for snapshot in [None, Some(&Snapshot::default()), Some(&snapshot())] {
                Picture::of(snapshot, (width, height), true, true);
            }
        }
    }
    let small = Picture::of(Some(&snapshot()), (40, 12), true, false).text();
    for part in ["full-jitter", "goodput   812/s", "late p99", "q or Ctrl-C"] {
        assert!(small.contains(part), "{part}\n{small}");
    }
    assert!(Picture::of(Some(&snapshot()), (100, 24), true, false).text().contains("24.7 % of 50,000"));
    let large = Picture::of(Some(&snapshot()), (160, 50), true, false).text();
    assert!(large.lines().filter(|line| line.contains('│')).count() > 30, "it is filled\n{large}");
}

#[test]
fn what_happens_around_the_load_is_told() {
    let waiting = Picture::of(None, (80, 24), true, false).text();
    assert!(waiting.contains("checkout-peak → emulator") && waiting.contains("set-up"), "{waiting}");
    let over = Snapshot { now: Time::from_secs(31), ..snapshot() };
    let stopping = Picture::of(Some(&over), (80, 24), true, true).text();
    assert!(stopping.contains("drain: 35 in flight"), "{stopping}");
    assert!(stopping.contains("stopping: 35 in flight may finish · again leaves at once"), "{stopping}");
}

#[test]
fn a_quota_far_above_the_load_is_named_and_not_drawn() {
    let mut far = snapshot();
    far.pools = vec![pool("symmetric", 100_000, 10_944, 1_031, 0)];
    let text = Picture::of(Some(&far), (80, 24), true, false).text();
    assert!(text.contains("↑ symmetric 100,000/s") && !text.contains('╌'), "{text}");
}

#[test]
fn a_long_run_shows_its_last_minutes() {
    let long = Snapshot {
        seconds: vec![Row { goodput: 7, ..Row::default() }; 600],
        skipped: 2_400,
        interval_s: 2,
        ..snapshot()
    };
    let text = Picture::of(Some(&long), (80, 24), true, false).text();
    assert!(text.contains("5998 s") || text.contains("5,998 s"), "{text}");
}
