//! The live engine, its clients and its manners towards AWS, against the emulated KMS: does it tell the truth, and does
//! it agree with the simulator? Nothing here reaches beyond loopback.

mod agree;
#[cfg(feature = "aws")]
mod aws;
mod calibrate;
mod freeze;
mod guard;
mod http_client;
#[path = "../support/needs.rs"]
mod needs;
mod onset;
mod operations;
mod outage;
mod paused;
mod set_up_signal;
mod shares;
#[path = "../support/signal.rs"]
mod signal;
#[path = "../support/socket.rs"]
mod socket;
mod support;
