//! The live engine against the emulated KMS: does it tell the truth, and does it agree with the simulator?

mod agree;
mod freeze;
mod operations;
mod outage;
mod paused;
mod support;
