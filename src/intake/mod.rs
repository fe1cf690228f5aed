//! Real data in: so far CloudTrail logs. Functions on bytes; `cli` walks folders and opens files.

pub mod cloudtrail;
