//! Real data in: CloudTrail logs, and what CloudWatch has counted. `cli` walks folders and opens files.

pub mod cloudtrail;
pub mod cloudwatch;
pub mod glob;
