//! A histogram of microseconds as Base64 of HdrHistogram's V2 encoding; an empty one is no text at all.

use super::{Micros, micros};
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer as Reader, Serializer as _, V2Serializer};
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize as _, Deserializer, Serializer};

pub fn serialize<S: Serializer>(histogram: &Micros, out: S) -> Result<S::Ok, S::Error> {
    let mut bytes = Vec::new();
    if !histogram.is_empty() {
        let written = V2Serializer::new().serialize(histogram, &mut bytes);
        written.map_err(|error| S::Error::custom(format!("{error:?}")))?;
    }
    out.serialize_str(&base64_simd::STANDARD.encode_to_string(bytes))
}

/// The same for the counting half of a histogram.
pub mod tally {
    use crate::record::Tally;
    use serde::{Deserializer, Serializer};

    pub fn serialize<S: Serializer>(tally: &Tally, out: S) -> Result<S::Ok, S::Error> {
        super::serialize(&tally.to_histogram(), out)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Tally, D::Error> {
        super::deserialize(input).map(|histogram| Tally::of(&histogram))
    }
}

pub fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Micros, D::Error> {
    let text = String::deserialize(input)?;
    let mut histogram = micros();
    if text.is_empty() {
        return Ok(histogram);
    }
    let bytes = base64_simd::STANDARD
        .decode_to_vec(text)
        .map_err(|_| D::Error::custom("a histogram that is no Base64"))?;
    let read: Result<Histogram<u64>, _> = Reader::new().deserialize(&mut bytes.as_slice());
    let read = read.map_err(|error| D::Error::custom(format!("a histogram that is none: {error:?}")))?;
    if read.sigfig() != histogram.sigfig() {
        return Err(D::Error::custom("a histogram of another precision"));
    }
    histogram.add(&read).map_err(|error| D::Error::custom(format!("a histogram too wide: {error:?}")))?;
    Ok(histogram)
}
