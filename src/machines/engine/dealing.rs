//! Which share of a load serves which client: every N-th is a share's, and those of one that is lost go to the others.

use crate::time::Time;

/// Who serves whom, from when on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dealing {
    of: u32,
    /// Shares that were lost, in that order, and from when on the others serve their clients.
    lost: Vec<(u32, Time)>,
}

impl Dealing {
    /// Of so many shares, at least one, of which none is lost.
    pub const fn new(of: u32) -> Dealing {
        Dealing { of, lost: Vec::new() }
    }

    /// The clients of `share`, and those that were dealt to it, are the others' from `from` on, in turn.
    pub fn lose(&mut self, share: u32, from: Time) {
        self.lost.push((share, from));
    }

    /// How many shares are lost.
    pub const fn lost(&self) -> usize {
        self.lost.len()
    }

    /// The share that serves client number `client` at `at`.
    #[inline]
    pub fn share_of(&self, client: u32, at: Time) -> u32 {
        let mut share = client % self.of;
        for (number, (lost, from)) in self.lost.iter().enumerate() {
            if at >= *from && share == *lost {
                let gone = &self.lost[..=number];
                let is_left = |each: &u32| !gone.iter().any(|(lost, _)| lost == each);
                let left = (0..self.of).filter(is_left).count().max(1);
                // With nobody left the client stays whose it was.
                share = (0..self.of).filter(is_left).nth((client / self.of) as usize % left).unwrap_or(share);
            }
        }
        share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_of_the_lost_go_to_the_others_in_turn_and_nobody_elses_move() {
        let (first, second) = (Time::from_secs(5), Time::from_secs(9));
        let mut dealing = Dealing::new(4);
        dealing.lose(1, first);
        dealing.lose(2, second);
        let at = |seconds: u64| -> Vec<u32> {
            (0..24).map(|client| dealing.share_of(client, Time::from_secs(seconds))).collect()
        };
        let plain: Vec<u32> = (0..24).map(|client| client % 4).collect();
        assert_eq!(at(4), plain);
        let after = at(5);
        assert!((0..24).all(|client| plain[client] == 1 || after[client] == plain[client]));
        let dealt: Vec<u32> =
            (0..24).filter(|client| plain[*client] == 1).map(|client| after[client]).collect();
        assert_eq!(dealt, [0, 2, 3, 0, 2, 3]);
        let last = at(9);
        assert!(last.iter().all(|share| [0, 3].contains(share)), "{last:?}");
        assert!((0..24).all(|client| after[client] == 2 || last[client] == after[client]));
        let mut nobody = Dealing::new(1);
        nobody.lose(0, first);
        assert_eq!(nobody.share_of(7, second), 0);
    }
}
