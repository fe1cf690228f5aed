//! The only file that reads the wall clock or sleeps.
