//! Whose retry behaviour: the AWS SDKs by name, and what is known of each; and how a file names them.

use super::waiting::Waiters;
use crate::api::words;
use crate::language::{Fields, Part, Reader, Walk, key, one_of, words};

words! {
    /// Which of its own retry modes the real AWS SDK runs.
    SdkMode {
        /// Its default.
        Standard = "standard",
        /// Standard with a client rate limiter.
        Adaptive = "adaptive",
    }
}

/// Which SDK's retry behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AwsRetry {
    /// Which constants.
    pub generation: Generation,
    /// Who owns the retry quota a retry took.
    pub accounting: Accounting,
    /// Whose adaptive rate it is; `None` for that of the specification, and in standard mode, where it makes no difference.
    pub sdk: Option<AwsSdk>,
}

words! {
    /// An SDK, as far as its standard and adaptive modes are its own.
    AwsSdk {
        /// Rust.
        Rust = "rust",
        /// Python: boto3 and the AWS CLI.
        Botocore = "botocore",
        /// JavaScript, version 3.
        Js = "js",
        /// Go, version 2.
        Go = "go",
        /// Java, version 2.
        Java = "java",
        /// .NET.
        DotNet = "dotnet",
        /// C++.
        Cpp = "cpp",
        /// Kotlin.
        Kotlin = "kotlin",
    }
}

words! {
    /// An AWS SDK with retries of its own from before the standard mode; the default first.
    LegacySdk {
        /// Python: boto3 and the AWS CLI, default until 2026.
        Botocore = "botocore",
        /// Java, version 1.
        Java1 = "java1",
        /// Java, version 2, still its default.
        Java2 = "java2",
        /// JavaScript, version 2.
        Js2 = "js2",
        /// Go, version 1.
        Go1 = "go1",
        /// .NET, default until version 4.
        DotNet = "dotnet",
    }
}

words! {
    /// Generation of the AWS retry specification, or an SDK's own reading of one.
    Generation {
        /// Before 2026; still the default of the published Rust crates.
        V2_0 = "2.0",
        /// The behaviour announced in May 2026, default of most SDKs since 2026-11-10.
        V2_1 = "2.1",
        /// Before 2026 as the Java SDK, version 2, has it; its own date of change is not announced.
        Java = "2.0 of java",
        /// Before 2026 as the Kotlin SDK has it; its own date of change is not announced.
        Kotlin = "2.0 of kotlin",
    }
}

words! {
    /// Who owns the retry quota a retry took.
    Accounting {
        /// Each call gives back what it took.
        PerCall = "per-call",
        /// One slot per client, overwritten by whoever retries (the published Rust crates).
        SharedSlot = "shared-slot",
    }
}

impl AwsSdk {
    /// In which order callers pass who wait for the adaptive rate.
    ///
    /// Source: botocore 1.44.5, `retries/bucket.py` (a condition that a change of the rate notifies); @smithy/core 3.41.1,
    /// `DefaultRateLimiter`, aws-smithy-runtime 1.16.2, `client_rate_limiter`, aws-sdk-go-v2, `retry/adaptive.go`, and
    /// aws-sdk-net, `TokenBucket` (each sleeps and looks again; .NET gives up after 15 looks, which is left out);
    /// aws-sdk-java-v2, `RateLimiterTokenBucket` (a queue), aws-sdk-cpp, `RetryTokenBucket`, and smithy-kotlin,
    /// `AdaptiveRateLimiter` (the one who waits holds the lock); read 2026-11-30.
    pub const fn waiters(self) -> Waiters {
        match self {
            AwsSdk::Botocore => Waiters::Woken,
            AwsSdk::Java | AwsSdk::Cpp | AwsSdk::Kotlin => Waiters::InTurn,
            AwsSdk::Rust | AwsSdk::Js | AwsSdk::Go | AwsSdk::DotNet => Waiters::ByThemselves,
        }
    }

    /// Whether its rate is measured from when the client was made; in the others from the beginning of 1970, so that the
    /// first window shows nothing.
    pub const fn begins_now(self) -> bool {
        !matches!(self, AwsSdk::Rust | AwsSdk::Java | AwsSdk::Cpp)
    }
}

impl AwsRetry {
    /// What is known of the newest SDKs: generation 2.1, each call gives back what it took.
    pub const NEWEST: AwsRetry =
        AwsRetry { generation: Generation::V2_1, accounting: Accounting::PerCall, sdk: None };

    /// What the SDK `sdk` does.
    pub const fn of(sdk: AwsSdk) -> AwsRetry {
        let like = AwsRetry { sdk: Some(sdk), ..AwsRetry::NEWEST };
        match sdk {
            AwsSdk::Rust => {
                AwsRetry { generation: Generation::V2_0, accounting: Accounting::SharedSlot, ..like }
            }
            AwsSdk::Java => AwsRetry { generation: Generation::Java, ..like },
            AwsSdk::Kotlin => AwsRetry { generation: Generation::Kotlin, ..like },
            // botocore 1.44, JS v3 3.1166, Go v2 1.48, .NET Core 4.0.103, C++ 1.11.926: AWS Developer Tools Blog, May 2026.
            AwsSdk::Botocore | AwsSdk::Js | AwsSdk::Go | AwsSdk::DotNet | AwsSdk::Cpp => like,
        }
    }

    /// In standard mode an SDK is its generation and its accounting.
    pub(super) const fn without_sdk(self) -> AwsRetry {
        AwsRetry { sdk: None, ..self }
    }

    /// The preset that says it, where generation and accounting do not.
    const fn preset(&self) -> Option<AwsSdk> {
        match (self.generation, self.sdk) {
            (Generation::Java, _) => Some(AwsSdk::Java),
            (Generation::Kotlin, _) => Some(AwsSdk::Kotlin),
            (Generation::V2_0 | Generation::V2_1, sdk) => sdk,
        }
    }

    /// In which order callers pass who wait for its adaptive rate; without an SDK as the specification has it.
    pub fn waiters(self) -> Waiters {
        self.sdk.map_or(Waiters::ByThemselves, AwsSdk::waiters)
    }

    /// Whether its rate is measured from when the client was made.
    pub fn begins_now(self) -> bool {
        self.sdk.is_none_or(AwsSdk::begins_now)
    }
}

impl Part for AwsRetry {
    /// Either `preset`, or `generation` and `accounting`.
    fn walk(walk: &mut Walk<'_, '_>, now: Option<&AwsRetry>) -> Option<AwsRetry> {
        let preset = now.map(AwsRetry::preset);
        let now = now.filter(|_| preset.flatten().is_none());
        let generation = walk.part(
            key(
                "generation",
                "Of the AWS retry specification ({}).",
                one_of(&[Generation::V2_1, Generation::V2_0]),
            )
            .or(Generation::V2_1),
            now.map(|now| &now.generation),
        );
        let accounting = walk.part(
            key("accounting", "Who owns the quota a retry took ({}).", words()).or(Accounting::PerCall),
            now.map(|now| &now.accounting),
        );
        let preset = walk.part(key("preset", PRESET, words::<AwsSdk>()).optional(), preset.as_ref());
        walk.look(excludes);
        match preset? {
            Some(sdk) => Some(AwsRetry::of(sdk)),
            None => Some(AwsRetry { generation: generation?, accounting: accounting?, sdk: None }),
        }
    }
}

/// What `preset` means, in all the modes that have it.
const PRESET: &str = "An SDK, instead of generation and accounting. rust is 2.0 shared-slot; botocore, js, go, dotnet and cpp are \
     2.1 per-call; java and kotlin are their own 2.0 per-call (java: 100 ms before a transient retry, which costs \
     5; kotlin: 10 ms growing by 1.5, every retry costs 10). In aws-adaptive callers wait for the rate as that SDK's do: \
     in turn (java, cpp, kotlin), each by itself (js, rust, go, dotnet, and without a preset), or woken by answers too \
     (botocore). For aws-legacy: botocore (default), java1, java2, js2, \
     go1, dotnet.";

/// Reports what a preset already says.
fn excludes(r: &mut Reader, fields: &Fields) {
    for name in ["generation", "accounting"] {
        if let Some(item) = fields.get(name).filter(|_| fields.get("preset").is_some()) {
            r.wrong(&item, format!("`preset` already says the {name}"), "either of the two");
        }
    }
}
