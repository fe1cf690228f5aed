//! Where the attempts of a live run went, from where, and how it ended: sentences and tables. Nothing of a simulated run.

use super::format::{count, counted, fixed, milliseconds, named, percent};
use super::paint::Tone;
use super::table::{Cell, Table};
use crate::results::{EndedEarly, Run, Wall};

/// Where attempts went, from where, when, and what was done before; a sentence each, none for a simulated run.
pub fn sentences(run: &Run) -> Vec<String> {
    let Some(wall) = &run.wall else { return Vec::new() };
    let mut told = vec![sent(run, wall), seen_from(wall), when(wall)];
    told.extend(turns(run));
    told.extend(early(run));
    told
}

/// How several strategies followed one another.
fn turns(run: &Run) -> Option<String> {
    let trials = run.strategies.iter().map(|strategy| strategy.trials).min()?;
    (run.strategies.len() > 1).then(|| match trials {
        0 | 1 => {
            "Strategies ran one after another, each once: what differs may be the minute in which each ran."
                .into()
        }
        many => {
            format!("Strategies ran one after another and took turns in coming first, over {many} trials.")
        }
    })
}

fn sent(run: &Run, wall: &Wall) -> String {
    let vantage = &wall.vantage;
    if vantage.endpoint == "in process" {
        return format!("Attempts went to target {} in this process, without a socket.", run.target);
    }
    let connections = match vantage.connections {
        Some(most) => format!("at most {} a client", counted(u64::from(most), "connection")),
        None => "as many connections as attempts in flight".into(),
    };
    format!(
        "Attempts went to {} (target {}, Region {}{}) by client {}, {}, over {connections}.",
        vantage.endpoint,
        run.target,
        vantage.region,
        if vantage.fips { ", FIPS endpoint" } else { "" },
        vantage.client,
        if vantage.tls { "under TLS" } else { "without TLS" },
    )
}

fn seen_from(wall: &Wall) -> String {
    let vantage = &wall.vantage;
    let cores = counted(u64::from(vantage.cores), "core");
    format!("Times are as seen from {} ({}, {cores}).", vantage.host, vantage.os)
}

fn when(wall: &Wall) -> String {
    let set_up = wall.set_up;
    format!(
        "It began at {} and took {} s; set-up took {} and made {}, which no other figure counts.",
        wall.started_at,
        fixed(wall.elapsed_s, 1),
        counted(set_up.attempts, "attempt"),
        counted(set_up.keys_made, "key"),
    )
}

/// Which strategies ended early, and why; and which workers were lost while the others went on.
pub fn early(run: &Run) -> Vec<String> {
    let lost = run.wall.iter().flat_map(|wall| &wall.workers).filter_map(|worker| {
        let lost = worker.lost?;
        let ended_it = EndedEarly::WorkerLost { worker: worker.name.clone() };
        let strategies = run.wall.iter().flat_map(|wall| &wall.strategies);
        let is_told =
            strategies.filter_map(|strategy| strategy.ended_early.as_ref()).any(|why| *why == ended_it);
        (!is_told).then(|| {
            let dealt = lost.dealt_at_s.map_or_else(String::new, |at| {
                format!("; the others served its clients from {} s on", fixed(at, 1))
            });
            format!(
                "Worker {} was lost {} s into trial {}{dealt}.",
                named(&worker.name),
                fixed(lost.at_s, 1),
                lost.trial
            )
        })
    });
    let strategies = run.wall.iter().flat_map(|wall| &wall.strategies);
    let told = strategies.filter_map(|strategy| {
        let why = strategy.ended_early.as_ref()?.because();
        Some(format!("{} ended early: {why}.", named(&strategy.name)))
    });
    told.chain(lost).collect()
}

/// How keystorm itself kept up with each strategy.
pub fn generator(run: &Run) -> Table {
    let heads = ["strategy", "lateness p99", "bound", "computing", "<verdict"];
    let mut table = Table::new("How the harness itself kept up", &heads);
    for strategy in run.wall.iter().flat_map(|wall| &wall.strategies) {
        let generator = &strategy.generator;
        let (word, tone) =
            if generator.is_limited { ("the limit", Tone::Bad) } else { ("kept up", Tone::Good) };
        table.row([
            strategy.name.as_str().into(),
            milliseconds(generator.lateness_p99_ms).into(),
            milliseconds(generator.lateness_bound_ms).into(),
            percent(generator.busy_share).into(),
            Cell::from(word).in_tone(tone),
        ]);
    }
    table
}

/// Who shared the load, and how each kept up.
pub fn workers(run: &Run) -> Table {
    let heads =
        ["worker", "clients", "jobs offered", "lateness p99", "computing", "CPU", "clock to", "<lost"];
    let mut table = Table::new("The workers that shared the load", &heads);
    for worker in run.wall.iter().flat_map(|wall| &wall.workers) {
        let told = |text: Option<String>| text.unwrap_or_else(|| super::format::NONE.into());
        let lost = worker.lost.map(|lost| {
            format!(
                "{} s into trial {}, with {} unfinished",
                fixed(lost.at_s, 1),
                lost.trial,
                counted(lost.unfinished, "job")
            )
        });
        let is_lost = lost.is_some();
        table.row([
            worker.name.as_str().into(),
            count(u64::from(worker.clients)).into(),
            count(worker.offered).into(),
            milliseconds(worker.lateness_p99_ms).into(),
            told((!is_lost).then(|| percent(worker.busy_share))).into(),
            told(worker.cpu_s.map(|cpu| format!("{} s", fixed(cpu, 2)))).into(),
            told(worker.clock_error_ms.map(milliseconds)).into(),
            Cell::from(told(lost)).in_tone(if is_lost { Tone::Bad } else { Tone::Plain }),
        ]);
    }
    table
}

/// What the service said no with.
pub fn refusals(run: &Run) -> Table {
    let mut table = Table::new(
        "What the service said no with: the first message of each code",
        &["strategy", "<code", "<message"],
    );
    for strategy in run.wall.iter().flat_map(|wall| &wall.strategies) {
        for refusal in &strategy.refusals {
            let message = if refusal.message.is_empty() { super::format::NONE } else { &refusal.message };
            table.row([strategy.name.as_str().into(), refusal.code.as_str().into(), message.into()]);
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{files, fixture, html, markdown, text};
    use crate::results::answer::limit_sentence;
    use crate::results::{WorkerLost, WorkerWall};

    #[test]
    fn a_simulated_run_tells_nothing_of_it() {
        let run = fixture::run();
        assert!(sentences(&run).is_empty() && early(&run).is_empty() && limit_sentence(&run).is_none());
        assert!(generator(&run).rows.is_empty() && refusals(&run).rows.is_empty());
    }

    #[test]
    fn every_report_says_where_attempts_went_and_what_the_harness_did() {
        let run = fixture::live();
        for page in [text::render(&run, false), html::render(&run), markdown::render(&run)] {
            let flat = page.split_whitespace().collect::<Vec<_>>().join(" ");
            for part in [
                "http://127.0.0.1:8080",
                "bench-1",
                "2026-11-24T10:00:00Z",
                "without TLS",
                "set-up took 12 attempts",
                "ended early: caps.attempts was reached.",
            ] {
                assert!(flat.contains(part), "{part} is missing in\n{page}");
            }
        }
        // A ticket has one table; the others are in the full report.
        for page in [text::render(&run, false), html::render(&run)] {
            let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
            for part in ["ThrottlingException", "lateness p99", "service p99"] {
                assert!(page.contains(part), "{part} is missing in\n{page}");
            }
        }
    }

    #[test]
    fn a_worker_that_was_lost_is_named_in_the_verdict() {
        let mut run = fixture::live();
        let worker =
            |name: &str, lost| WorkerWall { name: name.into(), clients: 4, lost, ..WorkerWall::default() };
        let lost = WorkerLost { trial: 2, at_s: 2.34, unfinished: 7, dealt_at_s: None };
        run.wall.as_mut().expect("a live run").workers = vec![worker("one", None), worker("two", Some(lost))];
        assert!(
            early(&run).iter().any(|told| told == "Worker `two` was lost 2.3 s into trial 2."),
            "{:?}",
            early(&run)
        );
        for page in [text::render(&run, false), html::render(&run), text::render(&run, true)] {
            let flat = page.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(flat.contains("was lost 2.3 s into trial 2"), "{flat}");
        }
        // One that ended the run is told once.
        let wall = run.wall.as_mut().expect("a live run");
        wall.strategies[0].ended_early = Some(EndedEarly::WorkerLost { worker: "two".into() });
        let told = early(&run).into_iter().filter(|told| told.contains("two")).count();
        assert_eq!(told, 1, "{:?}", early(&run));
    }

    #[test]
    fn a_generator_that_was_the_limit_is_what_a_reader_is_told_first() {
        let mut run = fixture::live();
        assert!(limit_sentence(&run).is_none());
        run.wall.as_mut().expect("a live run").strategies[1].generator.is_limited = true;
        let sentence = "keystorm itself was the limit under ";
        // On a terminal the three lines are the last, and this is the first of them.
        let told = text::render(&run, false);
        let at = |page: &str, part: &str| page.find(part).unwrap_or_else(|| panic!("{part}: {page}"));
        assert!(at(&told, sentence) < at(&told, "`cached`: peaks at"), "{told}");
        let page = html::render(&run);
        assert!(at(&page, sentence) < at(&page, "cached</b>: peaks at"));
        let page = markdown::render(&run);
        assert!(at(&page, sentence) < at(&page, "`cached`: peaks at"));
        for strategy in &mut run.wall.as_mut().expect("a live run").strategies {
            strategy.generator.is_limited = true;
        }
        let answer = crate::results::answer::of(&run);
        assert!(answer.answer.text.starts_with("keystorm itself was the limit: figures"), "{answer:?}");
        // The fixture's client is raw: nothing cheaper can be told.
        assert!(answer.next.text.starts_with("Offer less"), "{answer:?}");
        run.wall.as_mut().expect("a live run").vantage.client = "aws-sdk".into();
        let answer = crate::results::answer::of(&run);
        assert!(answer.next.text.contains("--client raw` costs the harness less"), "{answer:?}");
    }

    #[test]
    fn a_live_run_reads_back_and_draws_the_same() {
        let run = fixture::live();
        let json = serde_json::to_string(&run).expect("a run is JSON");
        for name in [
            "\"startedAt\":",
            "\"elapsed_s\":",
            "\"keysMade\":",
            "\"busyShare\":",
            "\"latenessP99_ms\":",
            "\"isLimited\":",
            "\"endedEarly\":{\"why\":\"cap\",\"cap\":\"attempts\"}",
        ] {
            assert!(json.contains(name), "{name}: {json}");
        }
        let read: Run = serde_json::from_str(&json).expect("what was saved reads back");
        assert_eq!(files(&run), files(&read));
    }
}
