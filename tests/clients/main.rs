//! Real clients against the server: AWS CLI v2, boto3, the JavaScript and the Rust SDK, and the AWS Encryption SDKs; moto
//! behind it; Prometheus's and OpenTelemetry's own readers of our figures; DuckDB beside the importer; Ray and Dask as
//! launchers; and a browser that looks at a run's page.
//!
//! Python's and JavaScript's are installed once into the target folder, from the lists beside their scripts. Where Python
//! or Node is missing, or nothing can be installed, the test says so and is skipped; with CI=true it fails.

mod cli;
mod duckdb;
#[path = "../support/install.rs"]
mod install;
mod launchers;
mod moto;
#[path = "../support/needs.rs"]
mod needs;
mod onset;
mod otlp;
mod page;
mod prometheus;
mod rust_sdk;
#[cfg(feature = "s3")]
mod s3;
mod schemas;
mod scripts;
mod sequences;
#[path = "../support/signal.rs"]
mod signal;
#[path = "../support/socket.rs"]
mod socket;
mod support;
