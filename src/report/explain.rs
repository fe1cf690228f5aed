//! The phases of a run and the story of a job, in words.

use super::format::{NONE, counted, fixed, milliseconds, named, number, percent};
use super::look::Look;
use super::paint::Tone;
use super::table::{Cell, Table};
use super::text::wrapped;
use crate::api::{ErrorCode, Outcome, Reply};
use crate::results::StrategyRun;
use crate::results::phases::{Kind, Phase};
use crate::results::story::{Attempt, JobEvent, Story, failure};
use crate::time::{Span, Time};

/// A kind of phase in a word.
pub const fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Healthy => "healthy",
        Kind::Throttled => "throttled",
        Kind::Collapse => "collapse",
        Kind::Drain => "drain",
    }
}

const fn tone(kind: Kind) -> Tone {
    match kind {
        Kind::Healthy => Tone::Good,
        Kind::Throttled | Kind::Drain => Tone::Unsure,
        Kind::Collapse => Tone::Bad,
    }
}

/// What began a phase: what the scenario says, or what the figures do.
pub fn cause(before: Option<&Phase>, phase: &Phase) -> String {
    let Some(before) = before else { return "from the start".into() };
    if let Some(cause) = &phase.cause {
        return format!("{} at {} s", cause.what, number(cause.from_s));
    }
    match (before.kind, phase.kind) {
        (Kind::Drain, Kind::Healthy) => "the backlog is gone".into(),
        (Kind::Drain, _) => "the backlog is gone, and attempts are refused as the load is".into(),
        (_, Kind::Healthy) => {
            "hardly an attempt is refused any more; the scenario has nothing at that time".into()
        }
        (_, Kind::Drain) => "more completes than arrives".into(),
        _ => "the scenario has nothing at that time: what clients do themselves, cannot tell more".into(),
    }
}

/// What happens in a phase, with its figures.
pub fn sentence(phase: &Phase) -> String {
    let jobs =
        format!("{} jobs/s arrive, {}/s complete", number(phase.offered_per_s), number(phase.goodput_per_s));
    let refused = match (phase.throttled > 0.0, phase.faulty > 0.0) {
        (_, true) => format!(
            "{} of attempts are throttled, {} fail or time out",
            percent(phase.throttled),
            percent(phase.faulty)
        ),
        (true, false) => format!(
            "{} of {} attempts/s are throttled",
            percent(phase.throttled),
            number(phase.attempts_per_s)
        ),
        _ => format!("none of {} attempts/s is refused", number(phase.attempts_per_s)),
    };
    let [from, to] = phase.in_flight;
    let backlog = match phase.kind {
        Kind::Drain => {
            format!("; the backlog falls from {} to {} jobs", number(from.round()), number(to.round()))
        }
        _ if to > 2.0 * from && to > 20.0 => {
            format!("; jobs in flight grow from {} to {}", number(from.round()), number(to.round()))
        }
        _ => String::new(),
    };
    format!("{jobs}; {refused}{backlog}.")
}

/// The phases of one strategy, a row each.
fn table(name: &str, phases: &[Phase]) -> Table {
    let mut table = Table::new(
        name,
        &[
            "from",
            "to",
            "<phase",
            "offered/s",
            "goodput/s",
            "attempts/s",
            "throttled",
            "failing",
            "in flight",
        ],
    );
    for phase in phases {
        let share = |share: f64| if phase.attempts_per_s > 0.0 { percent(share) } else { NONE.into() };
        table.row([
            Cell::from(format!("{} s", number(phase.from_s))),
            format!("{} s", number(phase.to_s)).into(),
            Cell::from(word(phase.kind)).in_tone(tone(phase.kind)),
            number(phase.offered_per_s).into(),
            number(phase.goodput_per_s).into(),
            number(phase.attempts_per_s).into(),
            share(phase.throttled).into(),
            share(phase.faulty).into(),
            number(phase.in_flight[1].round()).into(),
        ]);
    }
    table
}

/// The phases of every strategy, for a terminal.
pub fn phases_text(name: &str, strategies: &[(&StrategyRun, Vec<Phase>)], look: Look) -> String {
    let Look { width, paint, .. } = look;
    let mut out = format!("{}\n", paint.bold(name));
    for (strategy, phases) in strategies {
        out += &format!("\n{}\n", paint.bold(&strategy.name));
        if phases.is_empty() {
            out += "  Nothing was recorded over time.\n";
            continue;
        }
        out += &table(&strategy.name, phases).to_text(look);
        for (index, phase) in phases.iter().enumerate() {
            let before = index.checked_sub(1).map(|before| &phases[before]);
            let told = format!(
                "{}, {} to {} s: {}. {}",
                word(phase.kind),
                number(phase.from_s),
                number(phase.to_s),
                cause(before, phase),
                sentence(phase)
            );
            for (row, line) in wrapped(&told, width - 4, look).into_iter().enumerate() {
                out += &format!("  {} {line}\n", if row == 0 { look.words("·") } else { " ".into() });
            }
        }
    }
    out
}

fn seconds(at: Time) -> String {
    format!("{:>12} s", fixed(at.as_secs_f64(), 4))
}

fn span(span: Span) -> String {
    milliseconds(span.as_millis_f64())
}

/// What an attempt was answered, and when.
fn answer(attempt: &Attempt, until: Time) -> String {
    if attempt.ready_at > until {
        return format!("no answer within {}", span(until.since(attempt.sent)));
    }
    let after = span(attempt.ready_at.since(attempt.sent));
    let slowed = if attempt.slowed { ", delayed by a fault" } else { "" };
    match (attempt.reply, attempt.refused_by) {
        (Reply::Ok, _) => format!("Ok after {after}{slowed}"),
        (Reply::Throttled, Some(pool)) => format!("throttled after {after}: pool {pool} had no room{slowed}"),
        (Reply::Throttled, None) => format!("throttled after {after}, by a fault{slowed}"),
        (Reply::Failed(code), _) => format!("{} after {after}{slowed}", failed(code)),
    }
}

/// What a service error is.
const fn failed(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::Internal => "a service error",
        ErrorCode::ConnectionReset => "the connection broke",
        ErrorCode::AccessDenied => "access denied",
        ErrorCode::Rejected => "an error that no retry cures",
    }
}

/// Lines of a story: when, and what.
pub fn lines(story: &Story) -> Vec<(Time, String)> {
    let job = &story.job;
    let mut lines =
        vec![(job.intended, format!("should start: {} on client {}", job.kind.name(), job.client + 1))];
    let attempts: Vec<&Attempt> = story.attempts().collect();
    let end = story.end().map_or(Time::NEVER, |(at, _)| at);
    let mut free = job.intended;
    let mut number = 0;
    for event in &story.events {
        match event {
            JobEvent::Shed(at) => lines.push((*at, "shed: maxInFlight was reached".into())),
            JobEvent::Started(at) if *at > job.intended => {
                lines.push((
                    *at,
                    format!("starts, after waiting {} for a slot", span(at.since(job.intended))),
                ));
                free = *at;
            }
            JobEvent::Started(_) => {}
            JobEvent::Sent(attempt) => {
                let until = attempts.get(number + 1).map_or(end, |next| next.sent);
                number += 1;
                let waited = attempt.sent.since(free);
                let why = if attempt.number == 1 { " in the client's own limiter" } else { "" };
                let waited =
                    if waited.is_zero() { String::new() } else { format!(" (waited {}{why})", span(waited)) };
                lines.push((
                    attempt.sent,
                    format!(
                        "attempt {}{waited}: {}, {}",
                        attempt.number,
                        attempt.operation.name(),
                        answer(attempt, until)
                    ),
                ));
                free = attempt.ready_at.min(until);
            }
            JobEvent::Ended { at, outcome, from_cache } => {
                let took = span(at.since(job.intended));
                lines.push((
                    *at,
                    match outcome {
                        Outcome::Completed if *from_cache => {
                            format!("served from the cache, {took} after it should have started")
                        }
                        Outcome::Completed => format!("completed {took} after it should have started"),
                        Outcome::Failed(why) => {
                            format!("{}; {took} after it should have started", failure(*why))
                        }
                    },
                ));
            }
            JobEvent::Unfinished(at) => lines.push((*at, "unfinished: draining ended before it did".into())),
        }
    }
    lines
}

/// Lines of a long story that are shown from its beginning and from its end.
const SHOWN: (usize, usize) = (8, 4);

/// A story that people read to its end: what lies in the middle of a long one is counted.
fn folded(lines: Vec<(Time, String)>) -> Vec<(Option<Time>, String)> {
    let (first, last) = SHOWN;
    let many = lines.len();
    let left_out = many.saturating_sub(first + last);
    if left_out < 2 {
        return lines.into_iter().map(|(at, what)| (Some(at), what)).collect();
    }
    let mut shown = Vec::new();
    for (index, (at, what)) in lines.into_iter().enumerate() {
        if index == first {
            shown.push((None, format!("… {left_out} lines more, all of them with --json …")));
        }
        if index < first || index >= many - last {
            shown.push((Some(at), what));
        }
    }
    shown
}

/// Where a job's time went.
pub fn summary(story: &Story) -> String {
    let attempts = story.attempts().count() as u64;
    let Some((at, _)) = story.end() else { return format!("{}, not over.", counted(attempts, "attempt")) };
    let (whole, service) = (at.since(story.job.intended), story.in_service());
    let waiting = Span::from_nanos(whole.as_nanos().saturating_sub(service.as_nanos()));
    format!("{}: {} with KMS, {} waiting.", counted(attempts, "attempt"), span(service), span(waiting))
}

/// One job under every strategy, for a terminal.
pub fn stories_text(title: &str, stories: &[(String, Option<Story>)], look: Look) -> String {
    let Look { width, paint, .. } = look;
    let mut out = format!("{}\n", paint.bold(title));
    for (strategy, story) in stories {
        out += &format!("\n{}\n", paint.bold(strategy));
        let Some(story) = story else {
            out += &format!("  No such job came under {}.\n", named(strategy));
            continue;
        };
        for (at, what) in folded(lines(story)) {
            for (row, line) in wrapped(&what, width - 18, look).into_iter().enumerate() {
                let when = match at {
                    Some(at) if row == 0 => seconds(at),
                    _ => " ".repeat(14),
                };
                out += &format!("{when}  {line}\n");
            }
        }
        out += &format!("  {}\n", paint.tone(&summary(story), Tone::Quiet));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_story_is_folded_in_its_middle() {
        let lines = |many: u64| (0..many).map(|n| (Time::from_secs(n), n.to_string())).collect::<Vec<_>>();
        assert_eq!(folded(lines(13)).len(), 13, "one line is not worth a line that counts it");
        let shown = folded(lines(50));
        assert_eq!(shown.len(), 8 + 1 + 4);
        assert_eq!(shown[8], (None, "… 38 lines more, all of them with --json …".to_owned()));
        assert_eq!((shown[7].1.as_str(), shown[9].1.as_str()), ("7", "46"));
    }
}
