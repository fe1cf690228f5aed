//! For people: a run as text, HTML, Markdown and charts; for other programs: CSV and HdrHistogram files.
//!
//! Every drawing is a pure function of a [`Run`]: no clock, no files, the same bytes for the same run. So a report can
//! be drawn again from a saved run, by another version, years later. Only histograms need more than a run holds.
//!
//! ```text
//!  Run ─┬─ verdict, figures ── tables ─┬─ text ······ stdout
//!       │                              ├─ markdown ·· report.md
//!       │                              └─ html ······ report.html
//!       ├─ charts ────────────────────────┘ └──────── charts/*.svg
//!       └─ csv ······································ timeline.csv, strategies.csv
//!  Histogram ── hdr ································· histograms/*.hlog, *.hgrm
//! ```

pub mod capacity;
pub mod charts;
pub mod compare;
pub mod csv;
pub mod describe;
pub mod dossier;
pub mod explain;
mod figures;
#[cfg(test)]
pub(crate) mod fixture;
pub mod hdr;
pub mod history;
pub mod html;
pub mod look;
pub mod markdown;
pub mod onset;
pub mod otlp;
pub mod page;
pub mod paint;
pub mod sweep;
pub mod table;
pub mod tables;
pub mod text;
pub mod vantage;
pub mod verdict;

pub use crate::format;
use crate::results::Run;
use crate::time::Span;
use hdrhistogram::Histogram;

/// Every file of a saved run that a [`Run`] suffices for: path inside the run's directory (with `/`), and bytes.
/// `run.json` itself is not among them, nor are [`histogram_files`].
pub fn files(run: &Run) -> Vec<(String, Vec<u8>)> {
    stamped_files(run, None)
}

/// [`files`] with a stamp on the page.
pub fn stamped_files(run: &Run, stamp: Option<&html::Stamp>) -> Vec<(String, Vec<u8>)> {
    let mut files = vec![
        ("report.html".to_owned(), html::stamped(run, stamp).into_bytes()),
        ("report.md".to_owned(), markdown::render(run).into_bytes()),
        ("timeline.csv".to_owned(), csv::timeline(run)),
        ("strategies.csv".to_owned(), csv::strategies(run)),
    ];
    let charts = charts::all(run).into_iter();
    files.extend(charts.map(|chart| (format!("charts/{}.svg", chart.id), chart.standalone().into_bytes())));
    files
}

/// The two files of a histogram of microseconds. `name` is `<strategy>` or `<strategy>.<operation>`, `length` how
/// long was recorded.
pub fn histogram_files(name: &str, histogram: &Histogram<u64>, length: Span) -> [(String, Vec<u8>); 2] {
    let path = |ending: &str| format!("histograms/{}.{ending}", format::slug(name));
    [
        (path("hlog"), hdr::interval_log(histogram, length)),
        (path("hgrm"), hdr::percentile_text(histogram).into_bytes()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A run of six strategies and one hour, the largest that is promised to stay below a megabyte.
    fn an_hour_of_six() -> Run {
        let mut run = fixture::run();
        let three = run.strategies.clone();
        run.strategies.extend(three.into_iter().map(|mut s| {
            s.name += "-again";
            s
        }));
        for (place, strategy) in run.strategies.iter_mut().enumerate() {
            let t = &mut strategy.timeline;
            let pools = t.pools.values_mut();
            let all = [
                &mut t.offered,
                &mut t.attempts,
                &mut t.throttled,
                &mut t.goodput,
                &mut t.failed,
                &mut t.in_flight,
            ];
            for values in all.into_iter().chain(pools) {
                let noisy = |i: usize| values[i % values.len()] + (i as u64 * 7_919 + place as u64) % 97;
                *values = (0..3_600).map(noisy).collect();
            }
        }
        run
    }

    #[test]
    fn the_same_run_gives_the_same_bytes_even_after_it_was_saved() {
        for run in [fixture::run(), fixture::empty(), an_hour_of_six()] {
            let json = serde_json::to_string_pretty(&run).expect("a run is JSON");
            let read: Run = serde_json::from_str(&json).expect("what was saved reads back");
            assert_eq!(files(&run), files(&read));
            assert_eq!(text::render(&run, true), text::render(&read, true));
        }
    }

    #[test]
    fn six_strategies_and_an_hour_stay_below_a_megabyte() {
        let size = html::render(&an_hour_of_six()).len();
        assert!(size < 1_000_000, "{size} bytes");
    }

    #[test]
    fn no_figure_that_is_none_reaches_a_file() {
        let mut broken = fixture::run();
        broken.strategies[0].ratios.amplification = f64::NAN;
        broken.strategies[0].response_time_ms.p99 = f64::INFINITY;
        broken.strategies[0].response_curve_ms.push([100.0, f64::NAN]);
        broken.strategies[0].rates.goodput_per_s = Some(f64::NAN);
        for (name, bytes) in [fixture::empty(), broken].iter().flat_map(files) {
            let text = String::from_utf8(bytes).expect("text");
            assert!(!text.contains("NaN") && !text.contains(">inf"), "{name}");
        }
    }

    #[test]
    fn a_strategys_files_are_named_after_it_and_stay_in_their_folder() {
        let histogram = Histogram::new(3).expect("precision");
        let names = histogram_files("naive.Decrypt", &histogram, Span::from_secs(1)).map(|(name, _)| name);
        assert_eq!(names, ["histograms/naive.Decrypt.hlog", "histograms/naive.Decrypt.hgrm"]);
        let mut run = fixture::run();
        run.strategies[0].name = "../../etc/passwd".into();
        assert!(
            files(&run).iter().all(|(name, _)| !name.contains("..")),
            "{:?}",
            files(&run).iter().map(|f| &f.0).collect::<Vec<_>>()
        );
    }

    #[test]
    fn the_saved_run_that_command_tests_read_is_the_fixture() {
        let saved = include_str!("../../tests/saved-run/run.json");
        let fixture = serde_json::to_string(&fixture::run()).expect("a run is JSON");
        assert_eq!(saved.trim_end(), fixture, "write it with `a_report_to_look_at`, which prints where");
    }

    /// Writes the fixture's report into a folder to look at: `cargo test --lib a_report_to_look_at -- --ignored`.
    #[test]
    #[ignore = "writes files for people to look at"]
    fn a_report_to_look_at() {
        let folder = std::env::temp_dir().join("keystorm-report-fixture");
        std::fs::create_dir_all(folder.join("charts")).expect("a folder");
        for (name, bytes) in files(&fixture::run()) {
            std::fs::write(folder.join(name), bytes).expect("a file");
        }
        std::fs::write(folder.join("hour.html"), html::render(&an_hour_of_six())).expect("a file");
        std::fs::write(folder.join("empty.html"), html::render(&fixture::empty())).expect("a file");
        let json = serde_json::to_string(&fixture::run()).expect("a run is JSON");
        std::fs::write(folder.join("run.json"), json + "\n").expect("a file");
        std::fs::create_dir_all(folder.join("histograms")).expect("a folder");
        let mut histogram = Histogram::new(3).expect("precision");
        (1..=10_000_u64).for_each(|value| histogram.record(value * 37 % 250_000 + 1).expect("grows"));
        for (name, bytes) in histogram_files("naive.Decrypt", &histogram, Span::from_secs(120)) {
            std::fs::write(folder.join(name), bytes).expect("a file");
        }
        println!("{}\n{}", text::render(&fixture::run(), false), folder.display());
    }
}
