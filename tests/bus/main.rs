//! Cells over a bus, with real servers: the current nats-server, which a package of Python's carries, and Debian's 2.9.
//!
//! Servers listen on loopback only and keep everything in memory, so that killing one loses all it has. Where neither can be
//! had, the test says so and is skipped; with CI=true it fails.

mod access;
#[cfg(feature = "aws")]
mod aws;
mod compose;
mod hostile;
#[cfg(feature = "aws")]
#[allow(dead_code, reason = "each test binary uses what it needs")]
#[path = "../live/aws/house.rs"]
mod house;
#[path = "../support/install.rs"]
mod install;
mod kill;
#[cfg(feature = "live")]
mod live;
#[path = "../support/needs.rs"]
mod needs;
mod search;
mod server;
#[path = "../support/signal.rs"]
mod signal;
#[cfg(feature = "live")]
#[path = "../support/socket.rs"]
mod socket;
#[cfg(feature = "aws")]
#[allow(dead_code, reason = "each test binary uses what it needs")]
#[path = "../live/aws/standin.rs"]
mod standin;
mod support;
