//! The machines against what others measured or proved. They are built for speed, and so are these tests: their oracles compute
//! as much as what they judge.

mod client;
#[path = "../support/facts.rs"]
mod facts;
mod limiter_episode;
mod limiter_laws;
mod limiter_oracles;
#[path = "../support/scenario.rs"]
mod support;
