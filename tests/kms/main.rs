//! The emulated KMS, driven call by call without a socket.

mod support;

mod access;
mod aliases;
mod grants;
mod key_states;
mod stores;
mod uses;
mod wrapping;
