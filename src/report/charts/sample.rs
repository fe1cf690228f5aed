//! Fewer points for a line that still shows every peak.

/// The most points of a line.
pub const MAX_POINTS: usize = 600;

/// At most [`MAX_POINTS`] points: of each bucket the lowest and the highest, in order, so that no burst is averaged away. What
/// is not a number is a gap: a bucket of nothing else is one.
pub fn sampled(values: &[f64], interval_s: f64) -> Vec<(f64, f64)> {
    let at = |index: usize| (index as f64 * interval_s, values[index]);
    if values.len() <= MAX_POINTS {
        return (0..values.len()).map(at).collect();
    }
    let size = bucket(values.len());
    let mut points = Vec::with_capacity(MAX_POINTS);
    for start in (0..values.len()).step_by(size) {
        let range = start..(start + size).min(values.len());
        let by_value = |a: &usize, b: &usize| values[*a].total_cmp(&values[*b]);
        let known = || range.clone().filter(|index| !values[*index].is_nan());
        let (Some(low), Some(high)) = (known().min_by(by_value), known().max_by(by_value)) else {
            points.push(at(start));
            continue;
        };
        points.push(at(low.min(high)));
        if low != high {
            points.push(at(low.max(high)));
        }
    }
    points
}

/// How many intervals share two points in a line of `len`; 1 if each has its own.
pub fn bucket(len: usize) -> usize {
    if len <= MAX_POINTS { 1 } else { len.div_ceil(MAX_POINTS / 2) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_points_stay_and_many_keep_their_highest_and_lowest() {
        assert_eq!(sampled(&[1.0, 2.0, 3.0], 2.0), [(0.0, 1.0), (2.0, 2.0), (4.0, 3.0)]);
        let mut values: Vec<f64> = (0..3_601).map(|i| f64::from(i % 7)).collect();
        values[1_234] = 99.0;
        values[2_345] = -99.0;
        let points = sampled(&values, 1.0);
        assert!(points.len() <= MAX_POINTS, "{}", points.len());
        assert!(points.contains(&(1_234.0, 99.0)) && points.contains(&(2_345.0, -99.0)));
        assert!(points.windows(2).all(|pair| pair[0].0 < pair[1].0));
        values[600..900].fill(f64::NAN);
        let points = sampled(&values, 1.0);
        assert!(points.iter().any(|(_, y)| y.is_nan()) && points.contains(&(1_234.0, 99.0)));
    }
}
