//! Choosing one of several things: uniformly, or by Zipf's law in constant time.

use super::{Pick, Popularity};
use crate::rng::Draw;

/// Draws numbers in `0..count` by popularity.
#[derive(Clone, Debug)]
pub struct Picker {
    count: u32,
    /// Walker's alias table: (threshold of 2^32, alias); empty when uniform.
    alias: Vec<(u32, u32)>,
}

impl Picker {
    /// A picker for `pick`; building a Zipf table takes time and memory in proportion to its count.
    pub fn new(pick: &Pick) -> Picker {
        let alias = match pick.popularity {
            Popularity::Zipf(s) if pick.count > 1 => alias_table(pick.count, s),
            _ => Vec::new(),
        };
        Picker { count: pick.count, alias }
    }

    /// Whether there is nothing to choose, so that no draw is needed.
    #[inline]
    pub fn is_single(&self) -> bool {
        self.count <= 1
    }

    /// The one that `draw` chooses.
    #[inline]
    pub fn pick(&self, draw: Draw) -> u32 {
        let slot = draw.below(u64::from(self.count.max(1))) as u32;
        match self.alias.get(slot as usize) {
            // The low half of the draw is nearly independent of the slot, which the high bits decide.
            Some(&(threshold, alias)) if (draw.0 as u32) >= threshold => alias,
            _ => slot,
        }
    }
}

/// Vose's method: every slot holds at most two outcomes.
fn alias_table(count: u32, s: f64) -> Vec<(u32, u32)> {
    let weights: Vec<f64> = (1..=count).map(|k| libm::pow(f64::from(k), -s)).collect();
    let mean = weights.iter().sum::<f64>() / f64::from(count);
    let mut scaled: Vec<f64> = weights.iter().map(|w| w / mean).collect();
    let (mut small, mut large): (Vec<u32>, Vec<u32>) = (0..count).partition(|i| scaled[*i as usize] < 1.0);
    let mut table: Vec<(u32, u32)> = (0..count).map(|i| (u32::MAX, i)).collect();
    while let (Some(low), Some(high)) = (small.pop(), large.last().copied()) {
        let share = scaled[low as usize];
        table[low as usize] = ((share * 4_294_967_295.0) as u32, high);
        scaled[high as usize] -= 1.0 - share;
        if scaled[high as usize] < 1.0 {
            large.pop();
            small.push(high);
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Purpose, Stream};

    #[test]
    fn zipf_frequencies_follow_the_law() {
        let picker = Picker::new(&Pick { count: 50, popularity: Popularity::Zipf(1.0) });
        let stream = Stream::new(7, 0, Purpose::Key, 0);
        let n = 400_000u64;
        let mut seen = [0u32; 50];
        (0..n).for_each(|i| seen[picker.pick(stream.draw(i)) as usize] += 1);
        let harmonic: f64 = (1..=50).map(|k| 1.0 / f64::from(k)).sum();
        for (k, count) in seen.iter().enumerate() {
            let p = 1.0 / (k as f64 + 1.0) / harmonic;
            let sd = (n as f64 * p * (1.0 - p)).sqrt();
            assert!((f64::from(*count) - n as f64 * p).abs() < 5.0 * sd, "rank {k}: {count}");
        }
    }

    #[test]
    fn uniform_picks_every_one_equally() {
        let picker = Picker::new(&Pick { count: 4, popularity: Popularity::Uniform });
        let stream = Stream::new(7, 0, Purpose::Key, 0);
        let mut seen = [0u32; 4];
        (0..40_000).for_each(|i| seen[picker.pick(stream.draw(i)) as usize] += 1);
        assert!(seen.iter().all(|c| (9_600..10_400).contains(c)), "{seen:?}");
    }
}
