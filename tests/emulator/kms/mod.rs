//! The emulated KMS, driven call by call without a socket.

mod support;

mod access;
mod aliases;
mod assumed;
mod conditions;
mod create;
mod grants;
mod imports;
mod key_states;
mod manage;
mod partitions;
mod recorded;
mod recorded_materials;
mod recorded_wire;
mod regions;
mod rotations;
mod stores;
mod uses;
mod wrapping;
