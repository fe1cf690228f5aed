//! Where a series of values changes: E-divisive (Matteson and James 2014), which asks for a change of the distribution and
//! assumes no shape of it. A change counts if shuffled values seldom come apart as far (a permutation test), which is
//! exact whatever the distribution is, as long as values know nothing of each other.

use crate::rng::{Purpose, Stream};

/// The fewest values on either side of a change.
pub(super) const FEWEST: usize = 3;

/// How sure a change has to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level {
    /// The chance of finding one where there is none.
    pub chance: f64,
    /// How often values are shuffled.
    pub shuffles: u32,
    /// What the shuffling is keyed by.
    pub seed: u64,
}

impl Level {
    /// One of `many` series, which together are 95 % sure to show no change that is not there.
    pub(super) fn of(many: usize, seed: u64) -> Level {
        // Five shuffles of those made may come apart as far, so that the chance is met closely.
        Level {
            chance: (1.0 - super::CONFIDENCE) / many as f64,
            shuffles: 100 * many.max(2) as u32 - 1,
            seed,
        }
    }

    /// The fewest values beyond a change at the end of `n` by which it can be found, however large it is.
    pub(super) fn fewest(self, n: usize) -> Option<usize> {
        // A shuffle comes apart as far if it brings the same values to either end.
        (FEWEST..=n / 2).find(|side| 2.0 / ways(n, *side) <= self.chance)
    }
}

/// How many ways there are to choose `k` of `n`.
fn ways(n: usize, k: usize) -> f64 {
    (0..k).fold(1.0, |ways, i| ways * (n - i) as f64 / (i + 1) as f64)
}

/// The first place of every stretch but the first, rising.
pub(super) fn changes(values: &[f64], level: Level) -> Vec<usize> {
    let mut found = Vec::new();
    divide(values, 0, level, &mut found);
    found
}

fn divide(values: &[f64], from: usize, level: Level, found: &mut Vec<usize>) {
    let Some((apart, place)) = Distances::of(values).widest() else { return };
    if !is_sure(values, from, apart, level) {
        return;
    }
    divide(&values[..place], from, level, found);
    found.push(from + place);
    divide(&values[place..], from + place, level, found);
}

/// Whether shuffled values seldom come apart by as much.
fn is_sure(values: &[f64], from: usize, apart: f64, level: Level) -> bool {
    let stream = Stream::new(level.seed, 0, Purpose::Shuffle, from as u64);
    let most = level.chance * f64::from(level.shuffles + 1) - 1.0;
    let (mut shuffled, mut as_far) = (values.to_vec(), 0.0);
    for round in 0..u64::from(level.shuffles) {
        for place in (1..shuffled.len()).rev() {
            shuffled.swap(place, stream.draw_attempt(round, place as u64).below(place as u64 + 1) as usize);
        }
        // What is the same but for rounding is as far.
        if Distances::of(&shuffled).widest().is_some_and(|(other, _)| other >= apart * (1.0 - 1e-9)) {
            as_far += 1.0;
            if as_far > most {
                return false;
            }
        }
    }
    true
}

/// Sums of the distances of all pairs within each stretch.
struct Distances {
    n: usize,
    within: Vec<f64>,
}

impl Distances {
    fn of(values: &[f64]) -> Distances {
        let n = values.len();
        let width = n + 1;
        let mut within = vec![0.0; width * width];
        for end in 0..n {
            let mut to_end = 0.0;
            for from in (0..end).rev() {
                to_end += (values[from] - values[end]).abs();
                within[from * width + end + 1] = within[from * width + end] + to_end;
            }
        }
        Distances { n, within }
    }

    fn within(&self, from: usize, to: usize) -> f64 {
        self.within[from * (self.n + 1) + to]
    }

    /// How far the values before `place` and those from there to `end` are apart: nought where they are alike.
    fn apart(&self, place: usize, end: usize) -> f64 {
        let (m, k) = (place as f64, (end - place) as f64);
        let (one, other) = (self.within(0, place), self.within(place, end));
        let between = self.within(0, end) - one - other;
        let energy = 2.0 * between / (m * k) - 2.0 * one / (m * (m - 1.0)) - 2.0 * other / (k * (k - 1.0));
        energy * m * k / (m + k)
    }

    /// The place where values come apart the most, beside those behind it up to any end.
    fn widest(&self) -> Option<(f64, usize)> {
        let places = FEWEST..(self.n + 1).saturating_sub(FEWEST);
        let all = places.flat_map(|place| (place + FEWEST..=self.n).map(move |end| (place, end)));
        all.map(|(place, end)| (self.apart(place, end), place))
            .reduce(|best, one| if one.0 > best.0 { one } else { best })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Normal enough: the sum of twelve uniform draws, less six; the same for the same case.
    fn noise(case: u64, n: usize) -> Vec<f64> {
        let stream = Stream::new(case, 0, Purpose::Arrival, 9);
        let draw = |at: u64| (0..12).map(|k| stream.draw(at * 12 + k).unit()).sum::<f64>() - 6.0;
        (0..n as u64).map(draw).collect()
    }

    fn found(values: &[f64], case: u64) -> Vec<usize> {
        changes(values, Level::of(1, case))
    }

    #[test]
    fn a_step_is_found_where_it_is() {
        let right = |case: &u64| {
            let place = 10 + *case as usize % 21;
            let mut values = noise(*case, 40);
            values[place..].iter_mut().for_each(|value| *value += 4.0);
            matches!(found(&values, *case)[..], [at] if at.abs_diff(place) <= 1)
        };
        let count = (0..100).filter(right).count();
        println!(
            "a step of four standard deviations: found within one run, and nothing else, in {count} of 100"
        );
        assert!(count >= 90, "{count} of 100");
    }

    #[test]
    fn in_flat_series_nothing_is_found() {
        let silent = (0..100).filter(|case| found(&noise(*case, 40), *case).is_empty()).count();
        println!("flat series without a change: {silent} of 100");
        assert!(silent >= 93, "{silent} of 100");
        assert!(
            found(&[2.0; 30], 1).is_empty() && found(&[], 1).is_empty() && found(&[1.0, 9.0], 1).is_empty()
        );
    }

    #[test]
    fn a_way_up_and_down_again_is_two_changes() {
        let right = |case: &u64| {
            let mut values = noise(*case, 60);
            values[20..40].iter_mut().for_each(|value| *value += 6.0);
            matches!(found(&values, *case)[..], [up, down] if up.abs_diff(20) <= 1 && down.abs_diff(40) <= 1)
        };
        let count = (0..20).filter(right).count();
        println!("up and down by six standard deviations: found, and nothing else, in {count} of 20");
        assert!(count >= 16, "{count} of 20");
    }

    #[test]
    fn distances_are_those_of_the_definition() {
        let values = [1.0, 2.0, 4.0, 9.0, 8.0, 9.5, 7.0];
        let mean = |pairs: Vec<(f64, f64)>| {
            pairs.iter().map(|(a, b)| (a - b).abs()).sum::<f64>() / pairs.len() as f64
        };
        let pairs = |part: &[f64]| {
            let each = part.iter().enumerate().flat_map(|(i, a)| part[i + 1..].iter().map(|b| (*a, *b)));
            each.collect::<Vec<_>>()
        };
        let (x, y) = values.split_at(3);
        let between = x.iter().flat_map(|a| y.iter().map(|b| (*a, *b))).collect();
        let expected = 12.0 / 7.0 * (2.0 * mean(between) - mean(pairs(x)) - mean(pairs(y)));
        assert!((Distances::of(&values).apart(3, 7) - expected).abs() < 1e-12);
    }

    #[test]
    fn what_no_series_of_that_length_can_show_is_told() {
        let one = Level::of(1, 0);
        // Two of the 56 ways to choose three of eight; of six values no three are few enough.
        assert_eq!((one.fewest(6), one.fewest(8), one.fewest(40)), (None, Some(3), Some(3)));
        let step = |n: usize, behind: usize| {
            let values: Vec<f64> = (0..n).map(|at| if at < n - behind { 1.0 } else { 2.0 }).collect();
            found(&values, 3)
        };
        assert_eq!((step(6, 3), step(9, 4), step(40, 3)), (vec![], vec![5], vec![37]));
        assert_eq!(Level::of(40, 0).fewest(12), None);
    }
}
