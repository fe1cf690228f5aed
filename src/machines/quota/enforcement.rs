//! How a limit is enforced: the kinds of limiter, what each is told, and how a file says it.

use crate::api::words;
use crate::language::{Choice, Form, Item, Nested, Reader, SPAN, Shape, TIME, Table, Walk, key, nested};
use crate::time::Span;
use std::sync::LazyLock;

/// What most parameters are where nothing is said.
const SECOND: Span = Span::from_secs(1);

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

impl Enforcement {
    /// Each kind with the parameters that a scenario has by default; the bucket that books late does so by a second.
    pub const USUAL: [Enforcement; 5] = [
        Enforcement::Window { phase: None },
        Enforcement::Sliding,
        Enforcement::Bucket { burst: SECOND },
        Enforcement::LateBucket { burst: SECOND, lag: SECOND },
        Enforcement::Lagging { lag: SECOND },
    ];

    /// As a scenario writes it: a word, or a mapping of it.
    pub fn written(&self) -> serde_json::Value {
        serde_json::to_value(nested().write(self)).expect("words and texts are JSON")
    }

    /// What `text` writes in short: a kind, and after each colon the value of its next key.
    pub fn in_short(text: &str) -> serde_json::Value {
        let mut parts = text.split(':');
        let kind = parts.next().unwrap_or_default();
        let own = Enforcement::table().key(kind);
        let Some(Shape::Map(own)) = own.map(|key| key.shape).filter(|_| text != kind) else {
            return text.into();
        };
        // What is too much joins the last value, whose reader tells it.
        let given: Vec<&str> = text[kind.len() + 1..].splitn(own.keys.len(), ':').collect();
        let values = own.keys.iter().zip(given).map(|(key, value)| (key.name.to_owned(), value.into()));
        [(kind.to_owned(), serde_json::Value::Object(values.collect()))].into_iter().collect()
    }

    /// The ways to write a kind in short: `window[:phase], sliding, …`.
    pub fn shorts() -> String {
        let keys = |kind: &str| {
            let own = Enforcement::table().key(kind).map(|key| key.shape);
            let keys = if let Some(Shape::Map(own)) = own { own.keys } else { &[] };
            keys.iter().rev().fold(String::new(), |rest, key| format!("[:{}{rest}]", key.name))
        };
        let each = EnforcementKind::WORDS.iter().map(|kind| format!("{kind}{}", keys(kind)));
        each.collect::<Vec<_>>().join(", ")
    }

    /// By which rule quotas are enforced; goes behind "Quotas are enforced".
    pub fn rule(&self) -> String {
        match self {
            Enforcement::Window { .. } => {
                "in fixed one-second windows, as the KMS Developer Guide's wording reads (2026)".into()
            }
            Enforcement::Sliding => "over any trailing second".into(),
            Enforcement::Bucket { burst } => format!("by a token bucket holding {burst} of the limit"),
            Enforcement::LateBucket { burst, lag } => {
                format!(
                    "by a token bucket holding {burst} of the limit that books what it grants {lag} later"
                )
            }
            Enforcement::Lagging { lag } => format!("on counts {lag} old"),
        }
    }

    /// What a limiter of the kind is to one pool, whose windows begin `phase` into a second.
    pub fn machine(&self, phase: Span) -> String {
        match self {
            Enforcement::Window { .. } => format!("a window of a second that begins {phase} into it"),
            Enforcement::Sliding => "the trailing second".into(),
            Enforcement::Bucket { burst } => format!("a bucket that holds {burst} of it"),
            Enforcement::LateBucket { burst, lag } => {
                format!("a bucket that holds {burst} of it and books {lag} late")
            }
            Enforcement::Lagging { lag } => format!("a counter that sees what passed {lag} ago"),
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
    if phase >= SECOND {
        r.wrong(item, "a window lasts one second, so its phase is less", "0s to 999ms");
    }
    Some(phase)
}
