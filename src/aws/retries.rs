//! Which retries the SDK makes by itself.

use crate::client::{Policy, RetryMode, SdkMode};
use aws_sdk_kms::config::retry::RetryConfig;

/// Which retries an SDK client makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Retries {
    /// None: our client machine decides.
    Off,
    /// The SDK's own, with so many attempts at most; the first included.
    Standard(u32),
    /// The same behind its rate limiter.
    Adaptive(u32),
}

impl Retries {
    /// What a policy asks for.
    pub(super) fn of(policy: &Policy) -> Retries {
        let most = policy.retry.max_attempts.unwrap_or(u32::MAX);
        match policy.retry.mode {
            RetryMode::AwsSdk(SdkMode::Standard) => Retries::Standard(most),
            RetryMode::AwsSdk(SdkMode::Adaptive) => Retries::Adaptive(most),
            _ => Retries::Off,
        }
    }

    /// The same to the SDK.
    pub(super) fn config(self) -> RetryConfig {
        match self {
            Retries::Off => RetryConfig::disabled(),
            Retries::Standard(most) => RetryConfig::standard().with_max_attempts(most),
            Retries::Adaptive(most) => RetryConfig::adaptive().with_max_attempts(most),
        }
    }
}
