//! Randomness, from the library's generator.
//!
//! It is drawn in stocks of [`RESERVE`] bytes for each thread, because the generator takes about as long for 32 bytes as for
//! a thousand, and every message needs a salt and a nonce, every data key its bytes. What the reserve has handed out is
//! overwritten in it at once, so that what was a secret is nowhere but with whoever has it.

use super::{Error, Secret};
use aws_lc_rs::rand;
use std::cell::RefCell;
use zeroize::Zeroize as _;

/// Bytes drawn together.
const RESERVE: usize = 1_024;

/// Bytes that nobody has had yet: the first `left` of them.
struct Reserve {
    bytes: [u8; RESERVE],
    left: usize,
}

impl Reserve {
    fn hand_out(&mut self, into: &mut [u8]) -> Result<(), Error> {
        if self.left < into.len() {
            // The few that are left are given up.
            draw(&mut self.bytes)?;
            self.left = RESERVE;
        }
        let from = self.left - into.len();
        into.copy_from_slice(&self.bytes[from..self.left]);
        self.bytes[from..self.left].zeroize();
        self.left = from;
        Ok(())
    }
}

impl Drop for Reserve {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

fn draw(into: &mut [u8]) -> Result<(), Error> {
    rand::fill(into).map_err(|_| Error::Random)
}

/// Fills `into` with random bytes.
fn fill(into: &mut [u8]) -> Result<(), Error> {
    thread_local! {
        static OWN: RefCell<Reserve> = const { RefCell::new(Reserve { bytes: [0; RESERVE], left: 0 }) };
    }
    if into.len() > RESERVE / 2 {
        return draw(into);
    }
    OWN.with_borrow_mut(|reserve| reserve.hand_out(into))
}

/// `n` random bytes.
///
/// # Errors
/// [`Error::Random`] if the machine has no randomness.
pub fn random(n: usize) -> Result<Secret, Error> {
    let mut bytes = vec![0; n];
    fill(&mut bytes)?;
    Ok(Secret::new(bytes))
}

/// `N` random bytes that nobody wipes: ids, salts and nonces, and keys that stay as long as the process.
///
/// # Errors
/// [`Error::Random`] if the machine has no randomness.
pub fn random_array<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    fill(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_stock_hands_out_each_byte_once_and_forgets_it() {
        let mut reserve = Reserve { bytes: [0; RESERVE], left: 0 };
        let mut seen = BTreeSet::new();
        for length in (8..200).cycle().take(5_000) {
            let mut bytes = vec![0; length];
            reserve.hand_out(&mut bytes).unwrap();
            assert!(
                reserve.bytes[reserve.left..].iter().all(|byte| *byte == 0),
                "what was handed out is kept"
            );
            assert!(bytes.chunks_exact(8).all(|piece| seen.insert(piece.to_vec())), "handed out twice");
        }
    }

    #[test]
    fn any_length_is_filled_to_its_end() {
        for length in (16..RESERVE * 3).step_by(97) {
            let (one, other) = (random(length).unwrap(), random(length).unwrap());
            assert_ne!(one.as_bytes(), other.as_bytes());
            // The chance that sixteen bytes are all zero is 1 in 2^128.
            assert!(one.as_bytes()[length - 16..].iter().any(|byte| *byte != 0), "{length}");
        }
        assert!(random(0).unwrap().as_bytes().is_empty());
        assert_ne!(random_array::<16>().unwrap(), random_array::<16>().unwrap());
    }
}
