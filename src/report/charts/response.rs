//! Response times: the percentile curve of all strategies, and a histogram of each.

use super::axis::{Axis, tail};
use super::overlay::FROM_CACHE_MS;
use super::palette::Ink;
use super::plot::{Bar, Line, Plot, SMALL, WIDE};
use super::{Chart, id};
use crate::report::format::{count, milliseconds, percent};
use crate::results::{Run, StrategyRun};

/// Bars of a histogram.
const BARS: usize = 40;
/// Room for labels such as `500 ms` and the axis' title.
const Y_LABELS: u32 = 66;

/// A strategy's percentile curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// The strategy's place.
    pub place: usize,
    /// Its name.
    pub name: String,
    /// The percentile up to which a cache served its jobs at once; 0 without a cache.
    pub from_cache: f64,
    /// Places: nines of the percentile across, milliseconds up. What a cache served is left out.
    pub points: Vec<[f64; 2]>,
}

/// The curve of every strategy that completed a job.
pub fn curves(run: &Run) -> Vec<Curve> {
    let of = |(place, s): (usize, &StrategyRun)| {
        let points = places(s);
        let hits = if s.jobs.served_from_cache > 0 { FROM_CACHE_MS } else { 0.0 };
        let known = s.response_curve_ms.iter().filter(|[p, ms]| p.is_finite() && *ms < hits);
        let from_cache = known.map(|[p, _]| *p).fold(0.0, f64::max);
        let slow = points.into_iter().filter(|[_, ms]| *ms >= hits);
        Curve { place, name: s.name.clone(), from_cache, points: slow.collect() }
    };
    let drawn = run.strategies.iter().enumerate().map(of);
    drawn.filter(|curve| curve.points.len() > 1 || curve.from_cache > 0.0).collect()
}

/// The percentile curve; none if no strategy has one.
pub fn curve(run: &Run) -> Option<Chart> {
    let curves = curves(run);
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let low = points().map(|[_, ms]| *ms).reduce(f64::min)?;
    let high = points().map(|[_, ms]| *ms).reduce(f64::max)?;
    let nines = points().map(|[x, _]| *x).reduce(f64::max)?;
    let line = |curve: &Curve| Line {
        name: curve.name.clone(),
        ink: Ink::Series(curve.place),
        width: 2,
        points: curve.points.iter().map(|[x, ms]| (*x, ms.max(1e-3).log10())).collect(),
    };
    let y = Axis::log_milliseconds("", low * 0.95, high * 1.1);
    let hits = curves.iter().filter(|curve| curve.from_cache > 0.0).enumerate();
    let words = hits.map(|(row, curve)| {
        let height = y.low + (y.high - y.low) * (0.05 + 0.07 * row as f64);
        ((nines * 0.01, height), Ink::Series(curve.place), served(curve))
    });
    Some(Chart {
        id: "response-percentiles".into(),
        title: "Response time by percentile".into(),
        description: described(run, &curves),
        plot: Plot {
            width: WIDE,
            height: 300,
            x: Axis::percentiles(100.0 - 100.0 * 10_f64.powf(-nines)),
            words: words.collect(),
            y,
            y_labels: Y_LABELS,
            grid: (true, true),
            bars: Vec::new(),
            lines: curves.iter().map(line).collect(),
            legend: Vec::new(),
            names_at_ends: true,
        },
    })
}

/// What share of a strategy's jobs its cache served at once.
fn served(curve: &Curve) -> String {
    format!("{}: {} from its cache, at once", curve.name, percent(curve.from_cache / 100.0))
}

fn described(run: &Run, curves: &[Curve]) -> String {
    let median = |s: &StrategyRun| {
        let t = &s.response_time_ms;
        let [p50, p99, max] = [t.p50, t.p99, t.max].map(milliseconds);
        format!("{}: of completed jobs half within {p50}, 99 % within {p99}, all within {max}.", s.name)
    };
    let measured = run.strategies.iter().filter(|s| s.response_time_ms.count > 0).map(median);
    let hits = curves.iter().filter(|c| c.from_cache > 0.0).map(|curve| served(curve) + ".");
    measured.chain(hits).collect::<Vec<_>>().join(" ")
}

/// A strategy's curve in places: nines across, milliseconds up. It ends where one job is left, for beyond that the curve
/// would be flat at the maximum.
fn places(s: &StrategyRun) -> Vec<[f64; 2]> {
    let last = (s.response_time_ms.count.max(2) as f64).log10().clamp(1.0, 5.0);
    let curve = s.response_curve_ms.iter().filter(|[p, ms]| p.is_finite() && ms.is_finite());
    let mut points: Vec<[f64; 2]> = curve.map(|[p, ms]| [tail(*p).min(last), *ms]).collect();
    points.dedup_by(|next, kept| {
        let same = next[0] == kept[0];
        if same {
            kept[1] = kept[1].max(next[1]);
        }
        same
    });
    points
}

/// A histogram for each strategy that has one, all on the same scale of time.
pub fn histograms(run: &Run) -> Vec<Chart> {
    let filled = |s: &StrategyRun| -> Vec<[f64; 3]> {
        // What a cache served is told in the title: its one bar would flatten all others.
        let hits = if s.jobs.served_from_cache > 0 { FROM_CACHE_MS } else { 0.0 };
        let whole = |bin: &&[f64; 3]| bin.iter().all(|v| v.is_finite()) && bin[2] > 0.0 && bin[1] > hits;
        s.response_histogram_ms.iter().filter(whole).copied().collect()
    };
    let all: Vec<(usize, &StrategyRun, Vec<[f64; 3]>)> = run
        .strategies
        .iter()
        .enumerate()
        .map(|(place, s)| (place, s, filled(s)))
        .filter(|(_, _, bins)| !bins.is_empty())
        .collect();
    let bins = || all.iter().flat_map(|(_, _, bins)| bins);
    let (Some(low), Some(high)) = (
        bins().map(|[low, _, _]| low.max(0.1)).reduce(f64::min),
        bins().map(|[_, high, _]| high.max(0.1)).reduce(f64::max),
    ) else {
        return Vec::new();
    };
    let x = Axis::log_milliseconds("response time", low, high);
    let shares: Vec<Vec<f64>> = all.iter().map(|(_, _, bins)| rebinned(bins, &x)).collect();
    let each = all.iter().zip(shares);
    each.map(|((place, s, bins), shares)| histogram(*place, s, jobs(bins), &shares, &x)).collect()
}

/// From nothing to a little above the tallest bar: a lone bar of a cache must not flatten the other charts.
fn share_axis(shares: &[f64]) -> Axis {
    let most = shares.iter().copied().fold(0.0, f64::max);
    let top = (most * 1.15).min(1.0);
    Axis { title: String::new(), ..short(Axis::linear("", top, |v| percent(v).replace(".0 %", " %"))) }
}

/// Where the words beside a mark at `at` begin: right of it, or left of it where the chart would cut them off.
fn label_at(at: f64, x: &Axis) -> f64 {
    let whole = x.high - x.low;
    if at > x.low + 0.75 * whole { at - 0.25 * whole } else { at + 0.012 * whole }
}

/// The jobs of some bins.
fn jobs(bins: &[[f64; 3]]) -> u64 {
    bins.iter().map(|bin| bin[2]).sum::<f64>() as u64
}

fn histogram(place: usize, s: &StrategyRun, drawn: u64, shares: &[f64], x: &Axis) -> Chart {
    let y = share_axis(shares);
    let width = (x.high - x.low) / BARS as f64;
    let left = |index: usize| x.low + index as f64 * width;
    let bar = |(index, share): (usize, &f64)| Bar {
        ink: Ink::Series(place),
        strength: 1.0,
        from: (left(index) + width * 0.06, 0.0),
        to: (left(index + 1) - width * 0.06, *share),
    };
    let t = &s.response_time_ms;
    let mut lines = Vec::new();
    let mut words = Vec::new();
    for (name, value, height) in [("p50", t.p50, 0.93), ("p99", t.p99, 0.79)] {
        let at = value.max(1e-3).log10();
        if t.count > 0 && value.is_finite() && at >= x.low && at <= x.high {
            let points = vec![(at, 0.0), (at, y.high)];
            lines.push(Line { name: name.into(), ink: Ink::Muted, width: 1, points });
            words.push((
                (label_at(at, x), y.high * height),
                Ink::Text,
                format!("{name} {}", milliseconds(value)),
            ));
        }
    }
    Chart {
        id: id("response-histogram", &s.name),
        title: match t.count.saturating_sub(drawn) {
            0 => format!("{} response times", s.name),
            hits => format!("{} response times, without {} jobs from its cache", s.name, count(hits)),
        },
        description: format!(
            "{} completed jobs; half within {}, 99 % within {}.",
            count(t.count),
            milliseconds(t.p50),
            milliseconds(t.p99)
        ),
        plot: Plot {
            width: SMALL,
            height: 230,
            x: x.clone(),
            y,
            y_labels: Y_LABELS,
            grid: (false, true),
            bars: shares.iter().enumerate().filter(|(_, share)| **share > 0.0).map(bar).collect(),
            lines,
            words,
            legend: Vec::new(),
            names_at_ends: false,
        },
    }
}

/// Every second mark of an axis that has many: for low plots.
fn short(mut axis: Axis) -> Axis {
    if axis.ticks.len() > 4 {
        let mut place = 0;
        axis.ticks.retain(|_| {
            place += 1;
            place % 2 == 1
        });
    }
    axis
}

/// Bins as shares of all their jobs, spread over [`BARS`] bars of equal width on a logarithmic axis.
fn rebinned(bins: &[[f64; 3]], x: &Axis) -> Vec<f64> {
    let total: f64 = bins.iter().map(|bin| bin[2]).sum();
    let width = (x.high - x.low) / BARS as f64;
    let mut shares = vec![0.0; BARS];
    for [low, high, jobs] in bins {
        let from = ((low.max(0.1).log10() - x.low) / width).clamp(0.0, BARS as f64);
        let to = ((high.max(0.1).log10() - x.low) / width).clamp(from, BARS as f64);
        let last = (to.ceil() as usize).clamp(1, BARS) - 1;
        for (index, share) in shares.iter_mut().enumerate().take(last + 1).skip((from as usize).min(last)) {
            let overlap = (to.min(index as f64 + 1.0) - from.max(index as f64)).max(0.0);
            let part = if to > from { overlap / (to - from) } else { 1.0 };
            *share += jobs / total * part;
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreading_bins_over_bars_loses_no_job() {
        let x = Axis::log_milliseconds("", 1.0, 1_000.0);
        for bins in [
            vec![[1.0, 10.0, 5.0], [10.0, 1_000.0, 15.0]],
            vec![[0.0, 0.0, 3.0]],
            vec![[1_000.0, 1_000.0, 2.0]],
        ] {
            let sum: f64 = rebinned(&bins, &x).iter().sum();
            assert!((sum - 1.0).abs() < 1e-9, "{bins:?}: {sum}");
        }
    }
}
