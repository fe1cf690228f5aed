//! What to do next: the first of these that applies. It names no command that is not there.

use super::line::{at, at_pool};
use super::view::View;
use super::{Built, Line, scene};
use crate::format::{milliseconds, named, number, per_second};
use crate::quota::{PoolId, catalogue};
use crate::results::standing::{busiest_pool, gated, is_over};
use crate::results::{PoolRun, Run, Verdict};

/// More trials than this nobody runs.
const MOST_TRIALS: u64 = 1_000;

/// The line.
pub(super) fn line(view: &View<'_>, built: Built) -> Line {
    let run = view.run;
    let offered: u64 = run.strategies.iter().map(|s| s.jobs.offered).sum();
    if run.interrupted {
        return command(again(run, &[]), "runs it to its end.");
    }
    if offered == 0 {
        return command(other("check", run), "shows what the scenario asks for.");
    }
    if super::limit_sentence(run).is_some() {
        return match run.wall.as_ref().is_some_and(|wall| wall.vantage.client == "aws-sdk") {
            true => command(
                again(run, &[("--client", "raw".into())]),
                "costs the harness less; or offer less, or give it more cores.",
            ),
            false => Line::of(
                "Offer less, or give keystorm more or quieter cores: what sends is the cheapest client already.",
            ),
        };
    }
    if run.thresholds.is_empty() {
        return command(
            again(run, &[("--threshold", "failed: rate<1%".into())]),
            "says who keeps to it; set what must hold.",
        );
    }
    let asked = more_trials(view).or_else(|| fewer_contexts(view));
    let asked = asked.or_else(|| raise(view, built)).or_else(|| unstable(view));
    let asked = asked.or_else(|| allow(view)).or_else(|| more_clients(view, built));
    asked.unwrap_or_else(|| how_much_less(view, built))
}

/// A command set off, and what it does.
fn command(command: String, does: &str) -> Line {
    Line { text: format!("`{command}` {does}"), command: Some(command), ..Line::default() }
}

/// The words that made the run, in a shell; `…` where they are not known.
fn words(run: &Run, more: &[(&str, String)]) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut rest = run.command.iter().map(String::as_str).peekable();
    while let Some(word) = rest.next() {
        let value = rest.next_if(|_| word.starts_with('-'));
        let is_replaced =
            more.iter().any(|(option, with)| slot(option, with) == slot(word, value.unwrap_or_default()));
        if !is_replaced || !word.starts_with('-') {
            kept.push(word);
            kept.extend(value);
        }
    }
    if kept.is_empty() {
        kept.push("…");
    }
    let more = more.iter().flat_map(|(option, value)| [*option, value.as_str()]);
    kept.into_iter().chain(more).map(quoted).collect::<Vec<_>>().join(" ")
}

/// What an option says something about: two of one slot contradict each other.
fn slot<'a>(option: &'a str, value: &'a str) -> (&'a str, &'a str) {
    let key = value.split_once('=').map(|(key, _)| key);
    match option {
        "--quota" => (option, key.unwrap_or("symmetric")),
        "--set" => (option, key.unwrap_or(value)),
        "--threshold" | "--strategy" | "--op" | "--stage" => (option, value),
        _ => (option, ""),
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "…/._-+=:@%,".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

/// The same run with `more`.
fn again(run: &Run, more: &[(&str, String)]) -> String {
    format!("keystorm run {}", words(run, more))
}

/// Another command on the same scenario, with what was set in it.
fn other(name: &str, run: &Run) -> String {
    let Some(file) = run.command.first().filter(|word| !word.starts_with("--")) else {
        return format!("keystorm {name} …");
    };
    let pairs = run.command.windows(2).filter(|pair| pair[0] == "--set");
    let sets = pairs.flat_map(|pair| [quoted(&pair[0]), quoted(&pair[1])]);
    [format!("keystorm {name} {}", quoted(file))].into_iter().chain(sets).collect::<Vec<_>>().join(" ")
}

/// So many trials as would settle what cannot be told.
fn more_trials(view: &View<'_>) -> Option<Line> {
    let names: Vec<&str> = gated(view.run).into_iter().map(|n| view.strategy(n).name.as_str()).collect();
    let doubtful = view.run.thresholds.iter().filter(|t| t.verdict == Verdict::CannotTell);
    let doubtful = doubtful.filter(|t| names.contains(&t.strategy.as_str()));
    let enough = doubtful.map(|t| trials_of(t.remedy.as_deref().unwrap_or_default()));
    let enough = enough.max_by_key(|trials| trials.unwrap_or(u64::MAX))?;
    Some(match enough.filter(|trials| *trials <= MOST_TRIALS) {
        Some(trials) => command(
            again(view.run, &[("--trials", trials.to_string())]),
            "would settle what cannot be told, by estimate.",
        ),
        None => Line::of(
            "Move the bound, or lengthen the load: no number of trials that anybody runs would settle it.",
        ),
    })
}

/// The number of trials that a remedy names: `about 12 trials would`, `about 12 would settle it`.
fn trials_of(remedy: &str) -> Option<u64> {
    let (_, rest) = remedy.rsplit_once("about ")?;
    rest.split(' ').next()?.replace(',', "").parse().ok()
}

/// What a cache that serves nothing would save if fewer messages differed.
fn fewer_contexts(view: &View<'_>) -> Option<Line> {
    let idle = |n: &usize| scene::has_idle_cache(view.run, view.strategy(*n));
    let n = gated(view.run).into_iter().find(idle)?;
    let (workload, what) = scene::differs_by(view.run)?;
    let set = format!("workloads.{workload}.{what}.count=100");
    let does = format!(
        "shows what the cache of {} saves where only 100 {what} differ.",
        named(&view.strategy(n).name)
    );
    Some(command(again(view.run, &[("--set", set)]), &does))
}

/// The quota that bites where nobody met what was asked: today's default, or as much as was asked for.
fn raise(view: &View<'_>, built: Built) -> Option<Line> {
    if view.subject.is_some() {
        return None;
    }
    let pools = gated(view.run).into_iter().filter_map(|n| Some((n, busiest_pool(view.strategy(n))?)));
    let over = pools.filter(|(_, (_, pool))| is_over(pool));
    let (_, (name, bitten)) =
        over.max_by(|a, b| a.1.1.utilisation_peak.total_cmp(&b.1.1.utilisation_peak))?;
    if let Some(line) = older_default(view.run, name, bitten) {
        return Some(line);
    }
    if built.plan {
        return Some(command(other("plan", view.run), "tells how much quota each strategy needs."));
    }
    // Who retries least asks for least: more than that nobody needs.
    let each = view.run.strategies.iter().enumerate().filter_map(|(n, s)| Some((n, s.pools.get(name)?)));
    let (n, least) = each.filter(|(_, pool)| pool.peak_1s > 0).min_by_key(|(_, pool)| pool.peak_1s)?;
    let rate = round_up(least.peak_1s.max(bitten.limit_per_s as u64 + 1));
    let does = format!("tries as much as {} asks in its busiest second.", named(&view.strategy(n).name));
    let line = command(again(view.run, &[("--quota", format!("{name}={rate}/s"))]), &does);
    Some(line.citing(at_pool(n, name, "peak_1s"), least.peak_1s as f64))
}

/// That the Region's default is higher than the limit that the scenario sets.
fn older_default(run: &Run, name: &str, pool: &PoolRun) -> Option<Line> {
    let default = catalogue::limit(&run.region, PoolId::from_name(name)?).as_per_second();
    let is_lower = scene::sets_quota(run, name) && pool.limit_per_s < default;
    is_lower.then(|| {
        let does = format!(
            "tells {}'s defaults: {} of pool {} as of {}, where the scenario sets {}; `{}` tries it.",
            run.region,
            per_second(default),
            named(name),
            catalogue::DATE,
            per_second(pool.limit_per_s),
            again(run, &[("--quota", format!("{name}={default}/s"))]),
        );
        command(format!("keystorm quotas --region {}", run.region), &does)
    })
}

/// A whole number with two digits that mean something, not below `value`.
fn round_up(value: u64) -> u64 {
    let mut step = 1;
    while value / step >= 100 {
        step *= 10;
    }
    value.div_ceil(step) * step
}

/// What becomes of a backlog that grows.
fn unstable(view: &View<'_>) -> Option<Line> {
    let n = view.subject?;
    let growth = view.strategy(n).backlog_growth_per_s?;
    let text = format!(
        "Offer {}/s less under {}, allow it as much more, or bound how long the load lasts.",
        number(growth),
        named(&view.strategy(n).name)
    );
    Some(Line::of(text).citing(at(n, "backlogGrowth_per_s"), growth))
}

/// How long whoever waits for work that ends must wait.
fn allow(view: &View<'_>) -> Option<Line> {
    let n = view.subject?;
    let done = view.strategy(n).done_after_s.filter(|seconds| *seconds >= 1.0)?;
    let text = format!(
        "Whatever waits for all of it, such as a startup probe, must allow {}.",
        milliseconds(done * 1e3)
    );
    Some(Line::of(text).citing(at(n, "doneAfter_s"), done))
}

/// Whether a cache still helps when more clients keep one each.
fn more_clients(view: &View<'_>, built: Built) -> Option<Line> {
    let n = view.subject?;
    let clients = scene::clients(view.run).filter(|_| scene::caches(view.run, &view.strategy(n).name))?;
    let most = clients.checked_mul(100)?;
    Some(match built.over {
        true => command(
            again(view.run, &[("--over", format!("fleet.clients={clients}..{most}:log"))]),
            "shows up to how many clients it holds: each has a cache of its own.",
        ),
        false => command(
            again(view.run, &[("--set", format!("fleet.clients={}", clients * 10))]),
            "shows whether it holds with ten times the clients: each has a cache of its own.",
        ),
    })
}

/// With how much less quota, or how much more load, it holds.
fn how_much_less(view: &View<'_>, built: Built) -> Line {
    if built.onset {
        return command(other("onset", view.run), "finds the load up to which it holds.");
    }
    let subject = view.subject.and_then(|n| Some((n, busiest_pool(view.strategy(n))?)));
    let Some((n, (name, pool))) = subject.filter(|(_, (_, pool))| pool.limit_per_s >= 2.0) else {
        return command(other("check", view.run), "shows what the scenario asks of each quota.");
    };
    if is_over(pool) {
        let rate = round_up(pool.peak_1s);
        let line = command(
            again(view.run, &[("--quota", format!("{name}={rate}/s"))]),
            "shows what it is like where nothing is refused.",
        );
        return line.citing(at_pool(n, name, "peak_1s"), pool.peak_1s as f64);
    }
    let half = (pool.limit_per_s / 2.0).floor();
    let line = command(
        again(view.run, &[("--quota", format!("{name}={half}/s"))]),
        "shows whether it holds with half the quota.",
    );
    line.citing(at_pool(n, name, "limit_per_s"), pool.limit_per_s)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_trials_is_read_from_both_remedies() {
        assert_eq!(
            trials_of("The 95 % interval over 4 trials holds the bound: about 12 would settle it."),
            Some(12)
        );
        let few = "It rests on 100 jobs, and 299 are the fewest that can meet it: about 3 trials would.";
        assert_eq!(trials_of(few), Some(3));
        assert_eq!(trials_of("more than 10000 would be needed, so near the bound does it lie."), None);
    }

    #[test]
    fn a_command_keeps_what_made_the_run_and_replaces_what_it_changes() {
        let command = ["a b.yaml", "--quota", "300/s", "--threshold", "failed: rate<1%", "--trials", "3"];
        let run = Run { command: command.map(Into::into).into(), ..crate::results::Run::default() };
        assert_eq!(
            again(&run, &[("--quota", "symmetric=600/s".into())]),
            "keystorm run 'a b.yaml' --threshold 'failed: rate<1%' --trials 3 --quota symmetric=600/s"
        );
        assert_eq!(other("check", &run), "keystorm check 'a b.yaml'");
        let made =
            Run { command: ["--op", "Decrypt", "--set", "x=1"].map(Into::into).into(), ..Run::default() };
        assert_eq!(
            again(&made, &[("--trials", "9".into())]),
            "keystorm run --op Decrypt --set x=1 --trials 9"
        );
        assert_eq!(again(&Run::default(), &[]), "keystorm run …");
    }

    #[test]
    fn a_quota_is_rounded_up_to_two_digits() {
        assert_eq!([7, 99, 101, 928, 1_600, 52_215].map(round_up), [7, 99, 110, 930, 1_600, 53_000]);
    }
}
