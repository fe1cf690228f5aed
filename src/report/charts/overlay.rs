//! All strategies over time on one pair of axes: goodput, p99, attempts on a pool against its quota, backlog.
//!
//! An [`Overlay`] is told once and drawn twice: as a picture, and as numbers for the page's script, which draws the same
//! at any width.

use super::axis::{Axis, grown};
use super::palette::Ink;
use super::plot::{Line, Plot, WIDE};
use super::sample::{bucket, sampled};
use super::{Chart, id};
use crate::report::figures::{self, seconds_counted};
use crate::report::format::{milliseconds, number};
use crate::results::{Run, StrategyRun};

/// Below this a job did not wait for KMS: a cache served it. In milliseconds.
pub const FROM_CACHE_MS: f64 = 0.1;
/// From how many times the middle one on the greatest line would flatten the others, so that the scale is logarithmic.
const DWARFS: f64 = 3.0;
/// The same where there are two lines.
const DWARFS_ONE: f64 = 10.0;
/// Up to how many times the greatest value a quota is drawn; further up it would flatten every line.
const FAR: f64 = 4.0;
/// Up to so many intervals every one counts.
const SHORT: usize = 10;
/// A letter of a word in the plot, as a share of its width.
const LETTER: f64 = 0.019;
/// A row of words in the plot, as a share of its height.
const ROW: f64 = 0.08;
const HEIGHT: u32 = 240;
const Y_LABELS: u32 = 66;

/// What is measured over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Something a second.
    Rate,
    /// Milliseconds.
    Time,
    /// Jobs.
    Jobs,
}

/// One figure of all strategies over time.
#[derive(Clone, Debug)]
pub struct Overlay {
    /// Unique in the run.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// What has to be known to read it.
    pub note: String,
    /// What is measured.
    pub unit: Unit,
    /// Whether its scale is logarithmic.
    pub is_log: bool,
    /// Name and height of the quota.
    pub quota: Option<(String, f64)>,
    /// A line for each strategy, in the run's order; before them whatever they are compared with.
    pub lines: Vec<Course>,
}

/// The course of one strategy.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    /// The strategy's place, or `None` for what all of them met.
    pub place: Option<usize>,
    /// The line's name.
    pub name: String,
    /// Seconds between values.
    pub interval_s: u64,
    /// A value an interval, NaN where there is none.
    pub values: Vec<f64>,
}

/// Goodput, p99, attempts on the busiest pool, backlog; those without anything to draw are left out.
pub fn overview(run: &Run) -> Vec<Overlay> {
    let busiest = figures::pools(run).into_iter().find(|pool| limit(run, pool).is_some());
    let attempts = busiest.map_or_else(|| attempts(run), |pool| on_pool(run, pool));
    let all = [goodput(run), p99(run), attempts, backlog(run)];
    all.into_iter().filter(|overlay| overlay.known().next().is_some()).collect()
}

/// Attempts on each pool but the busiest, which [`overview`] has.
pub fn other_pools(run: &Run) -> Vec<Overlay> {
    let pools = figures::pools(run).into_iter().filter(|pool| limit(run, pool).is_some()).skip(1);
    pools.map(|pool| on_pool(run, pool)).filter(|overlay| overlay.known().any(|v| v > 0.0)).collect()
}

fn with_timeline(run: &Run) -> impl Iterator<Item = (usize, &StrategyRun)> {
    run.strategies.iter().enumerate().filter(|(_, s)| figures::intervals(&s.timeline) > 0)
}

/// A line of every strategy.
fn courses(run: &Run, of: impl Fn(&StrategyRun) -> Vec<f64>) -> Vec<Course> {
    let course = |(place, s): (usize, &StrategyRun)| Course {
        place: Some(place),
        name: s.name.clone(),
        interval_s: s.timeline.interval_s.max(1),
        values: whole(of(s)),
    };
    with_timeline(run).map(course).collect()
}

/// Without the last interval, within which the run ended: it is no whole one, and would end every line in a fall.
pub(super) fn whole(mut values: Vec<f64>) -> Vec<f64> {
    if values.len() > SHORT {
        values.pop();
    }
    values
}

/// Counts of all trials as rates of one.
fn rates(s: &StrategyRun, values: &[u64]) -> Vec<f64> {
    values.iter().map(|count| *count as f64 / seconds_counted(s)).collect()
}

fn goodput(run: &Run) -> Overlay {
    let mut lines = courses(run, |s| rates(s, &s.timeline.goodput));
    // What arrives is the same for all under open load: then it is what they are measured by.
    let mut offered = courses(run, |s| rates(s, &s.timeline.offered));
    let until_last = |values: &[f64]| values.iter().rposition(|value| *value > 0.0);
    for line in &mut offered {
        // The last second in which jobs arrive is seldom whole.
        line.values.truncate(until_last(&line.values).unwrap_or(0));
    }
    offered.dedup_by(|a, b| a.values == b.values);
    if let [_] = offered.as_slice() {
        let met = offered.remove(0);
        lines.insert(0, Course { place: None, name: "offered".into(), ..met });
    }
    Overlay::new("over-time-goodput", "Goodput", "jobs completed in time", Unit::Rate, lines)
}

fn p99(run: &Run) -> Overlay {
    let nan = |value: &Option<f64>| value.unwrap_or(f64::NAN);
    let lines = courses(run, |s| s.timeline.response_p99_ms.iter().map(nan).collect());
    let slowest = match run.strategies.iter().map(|s| s.trials).max() {
        Some(trials) if trials > 1 => format!("of jobs completed in that second, slowest of {trials} trials"),
        _ => "of jobs completed in that second".into(),
    };
    Overlay::new("over-time-p99", "p99 response time", &slowest, Unit::Time, lines)
}

fn attempts(run: &Run) -> Overlay {
    let lines = courses(run, |s| rates(s, &s.timeline.attempts));
    Overlay::new("over-time-attempts", "Attempts", "no pool has a quota here", Unit::Rate, lines)
}

fn on_pool(run: &Run, pool: &str) -> Overlay {
    let lines = courses(run, |s| match s.timeline.pools.get(pool) {
        Some(values) => rates(s, values),
        None => vec![0.0; figures::intervals(&s.timeline)],
    });
    let quota = limit(run, pool).map(|limit| (format!("quota of {pool}"), limit));
    let note = match &quota {
        Some((_, limit)) => {
            format!("pool {pool}, {}/s, background included", number(*limit))
        }
        None => format!("pool {pool}, background included"),
    };
    let overlay =
        Overlay::new(&id("over-time-pool", pool), "Attempts against the quota", &note, Unit::Rate, lines);
    Overlay { quota, ..overlay }
}

fn backlog(run: &Run) -> Overlay {
    let mean = |s: &StrategyRun| {
        let of_trial = |count: &u64| *count as f64 / f64::from(s.trials.max(1));
        s.timeline.in_flight.iter().map(of_trial).collect()
    };
    let lines = courses(run, mean);
    Overlay::new("over-time-backlog", "Backlog", "jobs begun and not ended", Unit::Jobs, lines)
}

/// A pool's quota, if it has one.
fn limit(run: &Run, pool: &str) -> Option<f64> {
    let limits = run.strategies.iter().filter_map(|s| s.pools.get(pool)).map(|pool| pool.limit_per_s);
    limits.filter(|limit| *limit > 0.0).reduce(f64::max)
}

impl Overlay {
    fn new(id: &str, title: &str, note: &str, unit: Unit, lines: Vec<Course>) -> Overlay {
        let (title, note) = (title.into(), note.into());
        let mut overlay = Overlay { id: id.into(), title, note, unit, is_log: false, quota: None, lines };
        overlay.is_log = overlay.is_uneven();
        overlay
    }

    /// Whether one line would flatten most of the others.
    fn is_uneven(&self) -> bool {
        let most = |line: &Course| line.values.iter().copied().filter(|v| !v.is_nan()).fold(0.0, f64::max);
        let strategies = self.lines.iter().filter(|line| line.place.is_some());
        let mut highest: Vec<f64> = strategies.map(most).collect();
        highest.sort_by(f64::total_cmp);
        match highest.as_slice() {
            [] | [_] => false,
            // One alone is not flattened before it is hard to read.
            [lower, top] => *top > DWARFS_ONE * lower.max(f64::MIN_POSITIVE),
            [lower @ .., top] => *top > DWARFS * lower[lower.len() / 2].max(f64::MIN_POSITIVE),
        }
    }

    /// Every value that can be drawn.
    fn known(&self) -> impl Iterator<Item = f64> {
        let of = |line: &Course| line.values.iter().map(|value| self.drawn(*value)).collect::<Vec<f64>>();
        self.lines.iter().flat_map(of).filter(|value| !value.is_nan())
    }

    /// A value as it is drawn: what came from a cache is no time of KMS.
    fn drawn(&self, value: f64) -> f64 {
        if self.unit == Unit::Time && value < FROM_CACHE_MS { f64::NAN } else { value }
    }

    fn seconds(&self) -> f64 {
        let ends = self.lines.iter().map(|line| line.values.len() as u64 * line.interval_s);
        ends.max().unwrap_or(0) as f64
    }

    /// The vertical axis, and where a value stands on it.
    fn vertical(&self) -> (Axis, fn(f64) -> f64) {
        let most = self.known().fold(0.0, f64::max);
        let most = self.near_quota(most).map_or(most, |(_, limit)| most.max(*limit));
        let least = self.known().filter(|v| *v > 0.0).fold(f64::INFINITY, f64::min);
        let lowest = self.known().fold(f64::INFINITY, f64::min);
        let linear: fn(f64) -> f64 = |v| v;
        let log: fn(f64) -> f64 = |v| v.max(1e-3).log10();
        match (self.unit, self.is_log) {
            (Unit::Time, true) => (Axis::log_milliseconds("", least * 0.9, most * 1.1), log),
            (Unit::Time, false) => (Axis::linear("", most * 1.02, milliseconds), linear),
            (Unit::Rate, true) => (Axis::log_counts("", lowest, most, |v| format!("{}/s", number(v))), grown),
            (Unit::Rate, false) => (Axis::linear("", most * 1.02, |v| format!("{}/s", number(v))), linear),
            (Unit::Jobs, true) => (Axis::log_counts("", lowest, most, number), grown),
            (Unit::Jobs, false) => (Axis::linear("", most * 1.02, number), linear),
        }
    }

    /// The quota, unless it lies so far above everything that it would flatten the lines.
    fn near_quota(&self, most: f64) -> Option<&(String, f64)> {
        self.quota.as_ref().filter(|(_, limit)| self.is_log || *limit <= FAR * most)
    }

    /// The chart as it is drawn.
    pub fn chart(&self) -> Chart {
        let (y, place) = self.vertical();
        let seconds = self.seconds();
        let mut lines: Vec<Line> = self.lines.iter().map(|line| self.line(line, place)).collect();
        let mut words = Vec::new();
        let most = self.known().fold(0.0, f64::max);
        if let Some((name, limit)) = self.near_quota(most) {
            let told = format!("{name}: {}/s", number(*limit));
            let (height, width) = ((y.high - y.low) * ROW, seconds * LETTER * told.chars().count() as f64);
            let sides = [place(*limit) + height / 2.0, place(*limit) - height / 2.0];
            let inside = sides.into_iter().filter(|at| (y.low..=y.high).contains(at));
            let spot = clearest(&lines, inside, (seconds, width), height);
            words.push((spot, Ink::Text, told));
            let points = vec![(0.0, place(*limit)), (seconds.max(1.0), place(*limit))];
            lines.push(Line { name: name.clone(), ink: Ink::Quota, width: 2, points });
        }
        Chart {
            id: self.id.clone(),
            title: self.title.clone(),
            description: self.description(),
            plot: Plot {
                width: WIDE,
                height: HEIGHT,
                x: Axis::time(seconds),
                y,
                y_labels: Y_LABELS,
                grid: (false, true),
                bars: Vec::new(),
                lines,
                words,
                legend: Vec::new(),
                names_at_ends: true,
            },
        }
    }

    fn line(&self, course: &Course, place: fn(f64) -> f64) -> Line {
        let places: Vec<f64> = course.values.iter().map(|value| place(self.drawn(*value))).collect();
        let gaps = course.values.iter().map(|value| self.drawn(*value).is_nan());
        let places: Vec<f64> =
            places.into_iter().zip(gaps).map(|(place, gap)| if gap { f64::NAN } else { place }).collect();
        Line {
            name: course.name.clone(),
            ink: course.place.map_or(Ink::OFFERED, Ink::Series),
            width: if course.place.is_some() { 2 } else { 1 },
            points: sampled(&places, course.interval_s as f64),
        }
    }

    /// The highest value of each line; beside it how points are thinned out.
    fn description(&self) -> String {
        let shown = |value: f64| match self.unit {
            Unit::Rate => format!("{}/s", number(value)),
            Unit::Time => milliseconds(value),
            Unit::Jobs => format!("{} jobs", number(value)),
        };
        let peak = |line: &Course| {
            let known = line.values.iter().map(|value| self.drawn(*value)).filter(|value| !value.is_nan());
            match known.reduce(f64::max) {
                Some(most) => format!("{} at most {}.", line.name, shown(most)),
                None if line.values.iter().any(|value| !value.is_nan()) => {
                    format!("{} served from its cache.", line.name)
                }
                None => format!("{} completed nothing.", line.name),
            }
        };
        let mut told = format!("{}, {}.", self.title, self.note);
        self.lines.iter().for_each(|line| told += &format!(" {}", peak(line)));
        let each = self.lines.iter().map(|l| bucket(l.values.len()) as u64 * l.interval_s).max().unwrap_or(1);
        if self.lines.iter().any(|line| bucket(line.values.len()) > 1) {
            told += &format!(" Each {each} s are drawn by their lowest and highest value.");
        }
        told
    }

    /// Values in steps of `step` intervals: means of rates and jobs, the slowest of times.
    pub fn folded(&self, course: &Course, step: usize) -> Vec<f64> {
        let fold = |values: &[f64]| {
            let known: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
            match (self.unit, known.is_empty()) {
                (_, true) => f64::NAN,
                (Unit::Time, _) => known.iter().copied().fold(0.0, f64::max),
                _ => known.iter().sum::<f64>() / known.len() as f64,
            }
        };
        course.values.chunks(step.max(1)).map(fold).collect()
    }
}

/// Where words of this width and height are crossed by the fewest lines: from the left, in the rows given, the first of them
/// where there is nothing to choose.
fn clearest(
    lines: &[Line],
    rows: impl Iterator<Item = f64>,
    (seconds, width): (f64, f64),
    height: f64,
) -> (f64, f64) {
    let crossed = |(x, row): (f64, f64)| {
        let lies_in = |pair: &&[(f64, f64)]| {
            let [(from, one), (to, other)] = **pair else { return false };
            let (low, high) = (one.min(other), one.max(other));
            to >= x && from <= x + width && high >= row - height / 2.0 && low <= row + height / 2.0
        };
        lines.iter().flat_map(|line| line.points.windows(2)).filter(lies_in).count()
    };
    let steps = (0..20).map(|step| seconds * (0.01 + 0.05 * f64::from(step)));
    let columns: Vec<f64> = steps.filter(|x| *x == seconds * 0.01 || x + width <= seconds).collect();
    let spots = rows.flat_map(|row| columns.iter().map(move |x| (*x, row)).collect::<Vec<_>>());
    spots.min_by_key(|spot| crossed(*spot)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    fn named(overlays: &[Overlay], id: &str) -> Overlay {
        overlays.iter().find(|o| o.id == id).unwrap_or_else(|| panic!("{id} is missing")).clone()
    }

    #[test]
    fn four_figures_hold_a_line_of_each_strategy() {
        let run = fixture::run();
        let overlays = overview(&run);
        let ids: Vec<&str> = overlays.iter().map(|o| o.id.as_str()).collect();
        assert_eq!(
            ids,
            ["over-time-goodput", "over-time-p99", "over-time-pool-symmetric", "over-time-backlog"]
        );
        for overlay in &overlays {
            let strategies = overlay.lines.iter().filter_map(|line| line.place).collect::<Vec<_>>();
            assert_eq!(strategies, [0, 1, 2], "{}", overlay.id);
        }
        let goodput = named(&overlays, "over-time-goodput");
        let counted = run.strategies[1].timeline.goodput[60] as f64 / seconds_counted(&run.strategies[1]);
        assert_eq!(goodput.lines.last().map(|_| goodput.lines[2].values[60]), Some(counted));
        assert_eq!(goodput.lines[0].name, "offered", "under open load all meet the same");
    }

    #[test]
    fn a_line_that_dwarfs_the_others_makes_the_scale_logarithmic_and_no_other_does() {
        let course = |place, most| Course {
            place: Some(place),
            name: format!("s{place}"),
            interval_s: 1,
            values: vec![1.0, most],
        };
        let with = |most: &[f64]| {
            let lines = most.iter().enumerate().map(|(place, most)| course(place, *most)).collect();
            Overlay::new("x", "x", "x", Unit::Jobs, lines)
        };
        assert!(!with(&[100.0, 110.0, 290.0]).is_log && !with(&[5.0]).is_log && !with(&[5.0, 40.0]).is_log);
        assert!(with(&[100.0, 110.0, 12.0, 9_000.0]).is_log);
        let drawn = with(&[100.0, 110.0, 12.0, 9_000.0]).chart();
        let heights: Vec<f64> = drawn.plot.lines.iter().map(|l| l.points[1].1 / drawn.plot.y.high).collect();
        assert!(heights.iter().all(|height| *height > 0.2), "{heights:?}");
    }

    #[test]
    fn what_a_cache_serves_is_no_point_but_told() {
        let lines = vec![Course {
            place: Some(0),
            name: "cached".into(),
            interval_s: 1,
            values: vec![40.0, 0.0, f64::NAN, 30.0, 50.0],
        }];
        let overlay = Overlay::new("x", "p99", "x", Unit::Time, lines);
        let drawn: Vec<bool> = overlay.chart().plot.lines[0].points.iter().map(|p| p.1.is_nan()).collect();
        assert_eq!(drawn, [false, true, true, false, false]);
        let mut all = overlay.clone();
        all.lines[0].values = vec![0.0, 0.05];
        assert!(all.chart().description.contains("cached served from its cache."));
    }

    #[test]
    fn words_stand_where_the_fewest_lines_cross_them() {
        let line = |points: &[(f64, f64)]| Line {
            name: String::new(),
            ink: Ink::Text,
            width: 1,
            points: points.to_vec(),
        };
        let spot = |lines: &[Line]| clearest(lines, [10.0, 8.0].into_iter(), (100.0, 40.0), 2.0);
        assert_eq!(spot(&[]), (1.0, 10.0));
        let low = line(&[(0.0, 10.0), (30.0, 10.0), (31.0, 0.0), (100.0, 0.0)]);
        let (x, row) = spot(std::slice::from_ref(&low));
        assert!((31.0..37.0).contains(&x) && row == 10.0, "{x} {row}");
        let rest = line(&[(30.0, 10.5), (100.0, 10.5)]);
        let (x, row) = spot(&[low, rest]);
        assert!((31.0..37.0).contains(&x) && row == 8.0, "below, where nothing is: {x} {row}");
    }

    #[test]
    fn a_quota_bears_its_name_and_one_far_above_is_not_drawn() {
        let mut run = fixture::run();
        let chart = |run: &Run| named(&overview(run), "over-time-pool-symmetric").chart();
        let words = |chart: Chart| chart.plot.words.into_iter().map(|w| w.2).collect::<Vec<_>>();
        assert_eq!(words(chart(&run)), ["quota of symmetric: 1,000/s"]);
        run.strategies.iter_mut().for_each(|s| s.pools.values_mut().for_each(|p| p.limit_per_s = 1e6));
        assert!(words(chart(&run)).is_empty());
    }

    #[test]
    fn folding_keeps_means_of_rates_and_the_slowest_of_times() {
        let run = fixture::run();
        let overlays = overview(&run);
        let fold = |id: &str, values: &[f64]| {
            let overlay = named(&overlays, id);
            let line = Course { values: values.to_vec(), ..overlay.lines[0].clone() };
            overlay.folded(&line, 2)
        };
        assert_eq!(fold("over-time-goodput", &[1.0, 3.0, 5.0]), [2.0, 5.0]);
        assert_eq!(fold("over-time-p99", &[1.0, 3.0, f64::NAN, 5.0]), [3.0, 5.0]);
    }
}
