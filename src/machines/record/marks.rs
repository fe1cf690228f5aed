//! Which units something became known of, as text: a unit after the other, each by how far it is from the one before and by what is
//! known of it, in as few bytes as that takes, in Base64.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bits of what is known of a unit.
const BITS: u32 = 2;
/// More units than a workload has: no scenario has more clients or VUs.
const MOST_UNITS: u64 = 1_000_000;

/// Units of one workload by their numbers, in that order, and what is known of each: never nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks(Vec<(u32, u8)>);

impl Marks {
    /// What became known since it was like `before`, which is then like it; of no more than so many units, and of the rest the next
    /// time.
    pub(super) fn since(now: &[u8], before: &mut Vec<u8>, most: usize) -> Marks {
        before.resize(before.len().max(now.len()), 0);
        let changed = |(unit, (now, before)): (u32, (&u8, &mut u8))| {
            (now != before).then(|| {
                *before = *now;
                (unit, *now)
            })
        };
        Marks((0u32..).zip(now.iter().zip(before)).filter_map(changed).take(most).collect())
    }

    /// How many units it tells of.
    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    /// Notes it among what is known by unit.
    pub(super) fn note(&self, flags: &mut Vec<u8>) {
        let Some((last, _)) = self.0.last() else { return };
        flags.resize(flags.len().max(*last as usize + 1), 0);
        self.0.iter().for_each(|(unit, known)| flags[*unit as usize] |= known);
    }

    fn to_bytes(&self) -> Vec<u8> {
        let (mut bytes, mut next) = (Vec::with_capacity(self.0.len()), 0);
        for (unit, known) in &self.0 {
            let mut rest = (u64::from(unit - next) << BITS) | u64::from(*known);
            next = unit + 1;
            while rest >= 0x80 {
                bytes.push(0x80 | (rest & 0x7f) as u8);
                rest >>= 7;
            }
            bytes.push(rest as u8);
        }
        bytes
    }

    /// What no recording has written is `None`.
    fn of_bytes(bytes: &[u8]) -> Option<Marks> {
        let (mut marks, mut next) = (Vec::new(), 0u64);
        let (mut number, mut shift) = (0u64, 0u32);
        for byte in bytes {
            if shift > 28 {
                return None;
            }
            number |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 != 0 {
                continue;
            }
            let (unit, known) = (next + (number >> BITS), (number & ((1 << BITS) - 1)) as u8);
            if known == 0 || unit >= MOST_UNITS {
                return None;
            }
            marks.push((unit as u32, known));
            (next, number, shift) = (unit + 1, 0, 0);
        }
        (shift == 0).then_some(Marks(marks))
    }
}

impl Serialize for Marks {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&base64_simd::STANDARD.encode_to_string(self.to_bytes()))
    }
}

impl<'de> Deserialize<'de> for Marks {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Marks, D::Error> {
        let text = String::deserialize(input)?;
        let bytes = base64_simd::STANDARD.decode_to_vec(text).ok();
        bytes.and_then(|bytes| Marks::of_bytes(&bytes)).ok_or_else(|| D::Error::custom("units that are none"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_told_is_what_changed_and_adds_up() {
        let (mut before, mut known) = (Vec::new(), Vec::new());
        for now in [vec![1, 0, 1], vec![1, 0, 1], vec![3, 0, 1, 0, 1], vec![3, 0, 1, 0, 3]] {
            Marks::since(&now, &mut before, 9).note(&mut known);
            assert_eq!((&before, &known), (&now, &now));
        }
        assert_eq!(Marks::since(&known, &mut before, 9), Marks::default());
        // A client of a thousand takes a byte, whoever has the others between.
        let every_tenth: Vec<u8> = (0..1_000).map(|unit| u8::from(unit % 10 == 3)).collect();
        assert_eq!(Marks::since(&every_tenth, &mut Vec::new(), 1_000).to_bytes().len(), 100);
    }

    #[test]
    fn what_is_too_much_for_once_is_told_the_next_time() {
        let now = [1, 0, 3, 1, 2];
        let (mut before, mut known) = (Vec::new(), Vec::new());
        for told in [3, 1, 0] {
            let marks = Marks::since(&now, &mut before, 3);
            assert_eq!(marks.len(), told);
            marks.note(&mut known);
        }
        assert_eq!(known, now);
    }

    #[test]
    fn what_is_none_is_refused() {
        // Nothing known of a unit, one beyond all, a number without an end, and one that is too long.
        for bytes in [&[0][..], &[0x81, 0x92, 0xf4, 0x01], &[0x81], &[0xff; 12]] {
            assert_eq!(Marks::of_bytes(bytes), None, "{bytes:?}");
        }
        assert!(serde_json::from_str::<Marks>("\"?\"").is_err());
    }

    proptest! {
        #[test]
        fn units_read_back_as_they_were(flags in prop::collection::vec(0u8..4, 0..400), far in 0u32..999_999) {
            let mut flags = flags;
            flags.resize(far as usize + 1, 0);
            flags[far as usize] = 2;
            let marks = Marks::since(&flags, &mut Vec::new(), usize::MAX);
            let text = serde_json::to_string(&marks).expect("text");
            let read: Marks = serde_json::from_str(&text).expect("what was written");
            let mut noted = Vec::new();
            read.note(&mut noted);
            prop_assert_eq!(read, marks);
            prop_assert_eq!(noted, flags);
        }

        #[test]
        fn any_bytes_are_units_or_none(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Some(marks) = Marks::of_bytes(&bytes) {
                let mut noted = Vec::new();
                marks.note(&mut noted);
                prop_assert!(noted.len() <= MOST_UNITS as usize && noted.iter().all(|known| *known < 4));
            }
        }
    }
}
