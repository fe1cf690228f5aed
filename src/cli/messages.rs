//! What the emulator and its server say beside answers, on stderr: how much of it, and as text or as JSON.
//!
//! They say it by `tracing`, so that a program which holds the emulator hears it by its own subscriber. The access log is none
//! of it: a call waits while its line has no room, and lines stand in the order in which quota was taken, and an event can do
//! neither.

use crate::clock::epoch_millis;
use crate::notice;
use serde_json::{Map, Value};
use std::fmt;
use std::io;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter, layer};
use tracing_subscriber::layer::{Layer, SubscriberExt as _};
use tracing_subscriber::registry::{LookupSpan, Registry};

/// How much is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogLevel {
    /// Nothing.
    Off,
    /// What is lost: a change that cannot be kept, a log that cannot be written.
    Error,
    /// And what may not be meant as it is said.
    Warn,
    /// And what the server does.
    #[default]
    Info,
    /// And connections that are turned away, and calls of the admin paths that may change something.
    Debug,
}

impl From<LogLevel> for LevelFilter {
    fn from(level: LogLevel) -> LevelFilter {
        match level {
            LogLevel::Off => LevelFilter::OFF,
            LogLevel::Error => LevelFilter::ERROR,
            LogLevel::Warn => LevelFilter::WARN,
            LogLevel::Info => LevelFilter::INFO,
            LogLevel::Debug => LevelFilter::DEBUG,
        }
    }
}

/// In what form it is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// Sentences.
    #[default]
    Text,
    /// A JSON object a line: timestamp, level, message, target, and what the message is about.
    Json,
}

/// From now on says what is ours on stderr; what libraries say is left out, since nobody has looked at what they tell.
///
/// The first call of a process decides.
pub fn begin(level: LogLevel, format: LogFormat) {
    // Somebody who has begun before, as a test does, hears the rest too.
    let _ = tracing::subscriber::set_global_default(subscriber(level, format, || Stderr));
}

fn subscriber<W>(level: LogLevel, format: LogFormat, to: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let ours = Targets::new().with_target("keystorm", LevelFilter::from(level));
    let lines = layer().with_writer(to);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match format {
        LogFormat::Text => lines.event_format(Sentence).boxed(),
        LogFormat::Json => lines.event_format(Object).boxed(),
    };
    tracing_subscriber::registry().with(lines.with_filter(ours))
}

/// Lines on stderr, where nobody may be listening.
struct Stderr;

impl io::Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        notice::tell_raw(String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An event as a sentence, with its level where that is a warning or worse.
struct Sentence;

impl<S, N> FormatEvent<S, N> for Sentence
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut to: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let level = *event.metadata().level();
        let word = match level {
            Level::ERROR => "error: ",
            Level::WARN => "warning: ",
            Level::INFO => "",
            _ => "debug: ",
        };
        to.write_str(word)?;
        context.field_format().format_fields(to.by_ref(), event)?;
        writeln!(to)
    }
}

/// An event as a JSON object.
struct Object;

impl<S, N> FormatEvent<S, N> for Object
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut to: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let now = jiff::Timestamp::from_millisecond(epoch_millis()).map_err(|_| fmt::Error)?;
        let about = event.metadata();
        let mut fields = Fields(Map::new());
        fields.put("timestamp", format!("{now:.3}"));
        fields.put("level", about.level().as_str());
        fields.put("target", about.target());
        event.record(&mut fields);
        writeln!(to, "{}", Value::Object(fields.0))
    }
}

/// What an event tells, by name.
struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.into(), value.into());
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes that a subscriber of this form writes while `say` is done.
    fn written(level: LogLevel, format: LogFormat, say: impl FnOnce()) -> String {
        #[derive(Clone, Default)]
        struct Kept(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);
        impl io::Write for Kept {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.lock().expect("nothing panics under this lock").extend(bytes);
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let kept = Kept::default();
        let to = kept.clone();
        tracing::subscriber::with_default(subscriber(level, format, move || to.clone()), say);
        let bytes = kept.0.lock().expect("nothing panics under this lock").clone();
        String::from_utf8(bytes).expect("text")
    }

    fn everything() {
        tracing::error!("a change was refused");
        tracing::warn!(request = 7, "\"odd\"\nname");
        tracing::info!("stopping");
        tracing::debug!(peer = "127.0.0.1:9", "a connection is closed");
        tracing::error!(target: "hyper", "not ours");
    }

    #[test]
    fn a_level_says_what_is_as_bad_and_libraries_say_nothing() {
        let lines = |level| written(level, LogFormat::Text, everything);
        assert_eq!(lines(LogLevel::Off), "");
        assert_eq!(lines(LogLevel::Error), "error: a change was refused\n");
        assert_eq!(
            lines(LogLevel::Debug),
            "error: a change was refused\nwarning: \"odd\"\nname request=7\nstopping\ndebug: a connection is closed \
             peer=\"127.0.0.1:9\"\n"
        );
    }

    #[test]
    fn as_json_each_line_is_an_object_with_its_time() {
        let text = written(LogLevel::Warn, LogFormat::Json, everything);
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(lines.len(), 2, "{text}");
        let odd = &lines[1];
        assert_eq!(
            (&odd["level"], &odd["message"], &odd["request"]),
            (&"WARN".into(), &"\"odd\"\nname".into(), &7.into())
        );
        let at = odd["timestamp"].as_str().expect("text");
        assert!(at.ends_with('Z') && at.parse::<jiff::Timestamp>().is_ok(), "{at}");
    }
}
