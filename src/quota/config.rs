//! What a scenario says about quotas; and how a file says it.

use super::catalogue::POOL_NAMES;
use crate::api::words;
use crate::language::{
    Choice, Form, Item, Nested, POSITIVE_RATE, RATE, Reader, SPAN, Shape, TIME, Table, Walk, by_name, count,
    each_name, key, names_to, nested, plain, record,
};
use crate::time::Span;
use crate::units::Rate;
use std::collections::BTreeMap;
use std::sync::LazyLock;

record! {
    /// The account's quotas, as far as the file says.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Quotas as "quotas" {
        /// Limits that replace the Region's default, by pool name (see [`crate::quota`]).
        pub overrides: BTreeMap<String, Rate> = each_name(POOL_NAMES, POSITIVE_RATE),
        /// How limits are enforced.
        pub enforcement: Enforcement = key(
            "enforcement",
            "How limits are enforced ({}). AWS publishes limits a second and no algorithm. window: each second by \
             itself, as the Developer Guide's wording reads. sliding: any trailing second. bucket: a token bucket, which \
             other AWS APIs document. lagging: on counts that are a while old. bucket with a lag: it books what it grants \
             late. None of KMS's own throttling is recorded in public; against the one recorded episode of AWS, of Systems \
             Manager (267 calls, 102 refused), it makes 25 to 38 mistakes, bucket 43 to 48, lagging 44 to 54, window 83 to 87. \
             Try a result under several.",
            nested(),
        )
        .or(Enforcement::Window { phase: None }),
        /// What the rest of the account takes from each pool, by pool name.
        pub background: BTreeMap<String, Rate> = key(
            "background",
            "What the rest of the account takes from each pool (nothing).",
            by_name(&BACKGROUND, RATE),
        )
        .or(BTreeMap::new()),
        /// What one ReEncrypt takes from each distinct pool; AWS does not say: assumed 1.
        pub re_encrypt_cost: u32 =
            key("reEncryptCost", "What one ReEncrypt takes from each pool ({}, assumed).", count(2)).or(1),
    }
}

impl Default for Quotas {
    /// The Region's defaults, enforced in windows.
    fn default() -> Quotas {
        plain()
    }
}

/// What stands under `background`.
static BACKGROUND: Table = names_to("background", POOL_NAMES, &Shape::Rate);

words! {
    /// The kinds of enforcement, as files name them.
    EnforcementKind {
        /// Fixed windows.
        Window = "window",
        /// Any trailing second.
        Sliding = "sliding",
        /// A token bucket, which may book late.
        Bucket = "bucket",
        /// A counter that sees late.
        Lagging = "lagging",
    }
}

/// How a limit is enforced; see [`crate::quota`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enforcement {
    /// Fixed one-second windows.
    Window {
        /// Pins where windows begin, modulo one second; otherwise each trial draws it.
        phase: Option<Span>,
    },
    /// At most the limit in any trailing second.
    Sliding,
    /// A token bucket.
    Bucket {
        /// How much of the limit the full bucket holds; at least one token.
        burst: Span,
    },
    /// A token bucket that books what it grants some time later, and so may go into debt.
    LateBucket {
        /// How much of the limit the full bucket holds; at least one token.
        burst: Span,
        /// How much later; above zero, or it is [`Enforcement::Bucket`].
        lag: Span,
    },
    /// Refuses on what it saw some time ago.
    Lagging {
        /// How long ago.
        lag: Span,
    },
}

impl Enforcement {
    /// Its kind, as files name it.
    pub const fn kind(&self) -> EnforcementKind {
        match self {
            Enforcement::Window { .. } => EnforcementKind::Window,
            Enforcement::Sliding => EnforcementKind::Sliding,
            Enforcement::Bucket { .. } | Enforcement::LateBucket { .. } => EnforcementKind::Bucket,
            Enforcement::Lagging { .. } => EnforcementKind::Lagging,
        }
    }
}

impl Choice for Enforcement {
    const WORDS: &'static [&'static str] = EnforcementKind::WORDS;

    fn word(&self) -> &'static str {
        self.kind().name()
    }

    /// One kind stands for two machines: a bucket that books late is one of its own.
    fn walk_as(word: &str, walk: &mut Walk<'_, '_>, now: Option<&Enforcement>) -> Option<Enforcement> {
        const SECOND: Span = Span::from_secs(1);
        Some(match EnforcementKind::from_name(word)? {
            EnforcementKind::Window => {
                let about = "Where windows begin, under 1s (drawn once per trial).";
                let now = if let Some(Enforcement::Window { phase }) = now { Some(phase) } else { None };
                let phase = walk.part(key("phase", about, SPAN.checked(within_a_second)).optional(), now);
                Enforcement::Window { phase: phase? }
            }
            EnforcementKind::Sliding => Enforcement::Sliding,
            EnforcementKind::Bucket => {
                let (burst, lag) = match now {
                    Some(Enforcement::Bucket { burst }) => (Some(burst), Some(&Span::ZERO)),
                    Some(Enforcement::LateBucket { burst, lag }) => (Some(burst), Some(lag)),
                    _ => (None, None),
                };
                let about = "How much of the limit the full bucket holds ({}).";
                let burst = walk.part(key("burst", about, TIME).or(SECOND), burst);
                let about = "How much later what was granted is booked ({}: at once).";
                let lag = walk.part(key("lag", about, SPAN).or(Span::ZERO).quiet(), lag);
                match (burst?, lag?) {
                    (burst, Span::ZERO) => Enforcement::Bucket { burst },
                    (burst, lag) => Enforcement::LateBucket { burst, lag },
                }
            }
            EnforcementKind::Lagging => {
                let now = if let Some(Enforcement::Lagging { lag }) = now { Some(lag) } else { None };
                let lag = walk.part(key("lag", "How long ago ({}).", SPAN).or(SECOND), now);
                Enforcement::Lagging { lag: lag? }
            }
        })
    }
}

impl Nested for Enforcement {
    fn table() -> &'static Table {
        static TABLE: LazyLock<Table> = LazyLock::new(|| {
            Table::nested::<Enforcement>(
                "enforcement",
                &[
                    (EnforcementKind::Window.name(), "Fixed one-second windows."),
                    (EnforcementKind::Bucket.name(), "A token bucket; with a lag it may go into debt."),
                    (EnforcementKind::Lagging.name(), "Refuses on what it saw a while ago."),
                ],
            )
        });
        &TABLE
    }
}

/// Reports a phase that is beyond its window.
fn within_a_second(r: &mut Reader, item: &Item, phase: Span) -> Option<Span> {
    if phase >= Span::from_secs(1) {
        r.wrong(item, "a window lasts one second, so its phase is less", "0s to 999ms");
    }
    Some(phase)
}

words! {
    /// A custom key store: adds its own request quota.
    KeyStore {
        /// Backed by a CloudHSM cluster.
        CloudHsm = "cloudhsm",
        /// Backed by a key manager outside AWS.
        External = "external",
    }
}
