//! The emulated KMS: its operations call by call, its wire format, and the server that `keystorm serve` is.

mod answers;
mod durability;
#[path = "../support/facts.rs"]
mod facts;
mod kms;
mod mutations;
mod security_sheet;
mod serve_admin;
mod serve_auth;
mod serve_bounds;
mod serve_command;
mod serve_faults;
mod serve_limits;
mod serve_pages;
mod serve_quotas;
mod serve_sts;
mod serve_upstream;
#[path = "../support/signal.rs"]
mod signal;
mod signing;
#[path = "../support/socket.rs"]
mod socket;
#[path = "../support/times.rs"]
mod times;
mod wire_facts;
