//! `keystorm compare`: runs side by side, with what chance may have done.

use super::report::{self, Saved};
use super::{Common, Error, exit, history, load, output};
use crate::notice;
use crate::report::compare as drawn;
use crate::results::compare::{Comparison, Rule, compare};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Options of `compare`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Saved runs: the first is the one that the others are set against, unless --baseline names it. A folder with saved
    /// live runs in it, alone: from which run on their figures change.
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// Compare with the baseline of this name instead of the first run.
    #[arg(long, value_name = "NAME", env = "KEYSTORM_BASELINE")]
    baseline: Option<String>,
    /// Keep the last run as the baseline of this name, under reports/baselines, after comparing.
    #[arg(long, value_name = "NAME", env = "KEYSTORM_SAVE_BASELINE")]
    save_baseline: Option<String>,
    /// End in 121 if a figure is surely worse by more than this, such as 'p99 worse than 5%'; repeatable.
    #[arg(long, value_name = "RULE", value_delimiter = '\n', env = "KEYSTORM_FAIL_ON")]
    fail_on: Vec<String>,
    /// Print the comparison in this format.
    #[arg(long, value_enum, env = "KEYSTORM_FORMAT")]
    format: Option<Format>,
    /// Append the comparison, as Markdown, to the summary of the GitHub step that this runs in.
    #[arg(long, env = "KEYSTORM_STEP_SUMMARY")]
    step_summary: bool,
}

/// What a comparison is printed as.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// A table for a terminal.
    Text,
    /// A table for a pull request.
    Markdown,
    /// One page with both runs drawn over each other.
    Html,
    /// Test cases for a CI server.
    Junit,
    /// For programs.
    Json,
}

/// Where baselines are kept.
const BASELINES: &str = "reports/baselines";

/// Runs the command.
///
/// # Errors
/// [`Error::Usage`] for rules and names that cannot be, [`Error::Failed`] for runs that cannot be read or compared.
pub fn run(args: Args, common: &Common) -> Result<ExitCode, Error> {
    if let [directory] = args.runs.as_slice() {
        let folders = history::folders(directory);
        if !folders.is_empty() {
            history::show(directory, &folders, form_of_history(&args, common)?)?;
            return Ok(ExitCode::from(exit::OK));
        }
    }
    let rules = args
        .fail_on
        .iter()
        .map(|text| Rule::parse(text).map_err(|why| Error::Usage(format!("--fail-on '{text}': {why}"))));
    let rules: Vec<Rule> = rules.collect::<Result<_, _>>()?;
    let summary = if args.step_summary { Some(step_summary()?) } else { None };
    let mut runs = Vec::new();
    if let Some(name) = &args.baseline {
        let folder = baseline(name, "--baseline")?;
        if !folder.is_dir() {
            return Err(Error::Usage(format!("--baseline {name}: there is none; {}", known())));
        }
        runs.push((name.clone(), report::load(&folder)?));
    }
    for path in &args.runs {
        runs.push((path.display().to_string(), report::load(path)?));
    }
    let last = &runs[runs.len() - 1].1;
    if runs.len() < 2 && args.save_baseline.is_none() {
        return Err(Error::Usage(
            "one run alone is compared with nothing; name two, or --baseline NAME".into(),
        ));
    }
    let compared = compared(&runs, &rules)?;
    if !compared.is_empty() {
        show(&args, &compared, &runs, &rules, common)?;
    } else if !rules.is_empty() || summary.is_some() {
        return Err(Error::Usage("--fail-on and --step-summary need two runs, or --baseline NAME".into()));
    }
    if let Some(path) = summary {
        append(&path, &compared, &rules)?;
    }
    if let Some(name) = &args.save_baseline {
        save(name, last, common)?;
    }
    let is_broken =
        compared.iter().any(|comparison| rules.iter().any(|rule| rule.broken(comparison).next().is_some()));
    Ok(ExitCode::from(if is_broken { exit::REGRESSION } else { exit::OK }))
}

/// How the history of a folder is printed; whatever is for two runs only is refused.
fn form_of_history(args: &Args, common: &Common) -> Result<history::Form, Error> {
    let given = [
        (!args.fail_on.is_empty(), "--fail-on"),
        (args.baseline.is_some(), "--baseline"),
        (args.save_baseline.is_some(), "--save-baseline"),
        (args.step_summary, "--step-summary"),
        (args.format == Some(Format::Junit), "--format junit"),
    ];
    if let Some((_, option)) = given.into_iter().find(|(is_given, _)| *is_given) {
        return Err(Error::Usage(format!(
            "{option} is for runs that are named one by one, and this is a folder of runs"
        )));
    }
    Ok(match format(args, common)? {
        Format::Markdown => history::Form::Markdown,
        Format::Html => history::Form::Html,
        Format::Json => history::Form::Json,
        Format::Text | Format::Junit => history::Form::Text,
    })
}

/// What is asked for as a format.
fn format(args: &Args, common: &Common) -> Result<Format, Error> {
    if args.format.is_some() && common.is_given("format") {
        common.prints_no_document("--format says what is printed")?;
    }
    Ok(match args.format.filter(|_| !common.is_given("json")) {
        Some(format) => format,
        None if common.json => Format::Json,
        None => Format::Text,
    })
}

/// Every run beside the first.
fn compared(runs: &[(String, Saved)], rules: &[Rule]) -> Result<Vec<Comparison>, Error> {
    let [(label, first), others @ ..] = runs else { return Ok(Vec::new()) };
    let mut all = Vec::new();
    for (other, saved) in others {
        let comparison = compare((label, &first.run), (other, &saved.run)).map_err(Error::Failed)?;
        if let Some(rule) = rules.iter().find(|rule| !rule.speaks_of(&comparison)) {
            return Err(Error::Usage(format!(
                "--fail-on '{}': {label} and {other} have no such figure in common",
                rule.text
            )));
        }
        all.push(comparison);
    }
    Ok(all)
}

fn show(
    args: &Args,
    compared: &[Comparison],
    runs: &[(String, Saved)],
    rules: &[Rule],
    common: &Common,
) -> Result<(), Error> {
    let format = format(args, common)?;
    let each =
        |draw: &dyn Fn(&Comparison) -> String| compared.iter().map(draw).collect::<Vec<String>>().join("\n");
    output::print(match format {
        Format::Text => each(&|comparison| drawn::text(comparison, rules, output::look(false))),
        Format::Markdown => each(&|comparison| drawn::markdown(comparison, rules)),
        Format::Html => {
            let pairs = compared.iter().zip(&runs[1..]);
            let all: Vec<_> =
                pairs.map(|(comparison, (_, b))| (comparison, &runs[0].1.run, &b.run)).collect();
            crate::report::html::compare::render(&all, rules)
        }
        Format::Junit => {
            let all: Vec<_> =
                compared.iter().map(|comparison| (comparison.clone(), rules.to_vec())).collect();
            drawn::junit(&all)
        }
        Format::Json => match compared {
            [one] => json(one)?,
            many => json(&many)?,
        },
    })
}

fn json(document: &impl serde::Serialize) -> Result<String, Error> {
    let text = serde_json::to_string_pretty(document);
    text.map(|text| text + "\n")
        .map_err(|error| Error::Failed(format!("cannot write the comparison: {error}")))
}

/// The file that GitHub shows as the step's summary.
fn step_summary() -> Result<PathBuf, Error> {
    load::environment("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()).map(PathBuf::from).ok_or_else(
        || {
            Error::Usage(
                "--step-summary: GITHUB_STEP_SUMMARY is not set; this is no step of a GitHub workflow".into(),
            )
        },
    )
}

fn append(path: &Path, compared: &[Comparison], rules: &[Rule]) -> Result<(), Error> {
    let text: String = compared.iter().map(|comparison| drawn::markdown(comparison, rules) + "\n").collect();
    let written = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| Error::Failed(format!("cannot write {}: {error}", path.display())))
}

/// The folder of a baseline.
fn baseline(name: &str, option: &str) -> Result<PathBuf, Error> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(fits) && name.len() <= 64 {
        return Ok(Path::new(BASELINES).join(name));
    }
    Err(Error::Usage(format!(
        "{option} {name}: a name has letters, digits, `-`, `_` and `.`, a letter or digit first, at most 64"
    )))
}

/// The baselines that are there.
fn known() -> String {
    let entries = fs::read_dir(BASELINES).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    match names.is_empty() {
        true => format!("{BASELINES} has none; `keystorm compare RUN --save-baseline NAME` makes one"),
        false => format!("{BASELINES} has {}", names.join(", ")),
    }
}

/// Keeps a run under a name; whatever was called so before goes.
fn save(name: &str, saved: &Saved, common: &Common) -> Result<(), Error> {
    let file = baseline(name, "--save-baseline")?.join("run.json");
    output::write_file(&file, &saved.json)?;
    if !common.quiet {
        notice::tell(format_args!("baseline {name}: {}", file.display()));
    }
    Ok(())
}
