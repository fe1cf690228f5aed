//! What a search says on a bus: its question, which all of its cells share, and what is asked of the worker of each of them.
//! Whoever may write there may write anything: a text that is not, to the byte, as one of these is written is refused.

mod asked;
mod question;

pub use asked::{AskedCell, key};
pub use question::SearchQuestion;
