//! `keystorm import cloudtrail`: traces, two scenarios and a page from the files of a log.

use super::input::Input;
use super::results::ImportOutput;
use super::through::{Wanted, go_through};
use super::{readers, share};
use crate::cli::{Common, Error, output};
use crate::intake::cloudtrail::{Filter, Triage};
use crate::time::Span;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Options of `import cloudtrail`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Log files; folders searched for .json, .ndjson, .jsonl and .csv files, gzipped or not; patterns with * and **; `-`
    /// for stdin; s3://BUCKET/PREFIX in a build with --features s3.
    #[arg(required_unless_present = "manifest", value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Folder that receives scenario.yaml and its traces, fitted.yaml, found.md and callers.json.
    #[arg(short, long = "out", value_name = "DIR", env = "KEYSTORM_OUT", required_unless_present_any = ["triage", "list"])]
    output: Option<PathBuf>,
    /// Write nothing; say in five lines who grew in the last stretch of the log (such as 15m), in which pool, since when, and
    /// what helps.
    #[arg(long, value_name = "DURATION", env = "KEYSTORM_TRIAGE", conflicts_with_all = ["output", "counts", "usage", "force"])]
    triage: Option<String>,
    /// The Region to replay: quotas count for each by itself. The busiest by default.
    #[arg(long, env = "KEYSTORM_REGION")]
    region: Option<String>,
    /// The account to replay, by who called: quotas count for each by itself. The busiest by default.
    #[arg(long, value_name = "ID", env = "KEYSTORM_ACCOUNT")]
    account: Option<String>,
    /// Only calls from this time on, such as 2026-11-23T10:00:00Z.
    #[arg(long, value_name = "TIME", env = "KEYSTORM_FROM")]
    from: Option<String>,
    /// Only calls before this time.
    #[arg(long, value_name = "TIME", env = "KEYSTORM_TO")]
    to: Option<String>,
    /// Only calls on this key: ARN, id or alias, with * and ?. Repeatable.
    #[arg(long, value_name = "KEY", env = "KEYSTORM_KEY", value_delimiter = ',')]
    key: Vec<String>,
    /// Only calls by this role, user or service, with * and ?. Repeatable.
    #[arg(long, value_name = "NAME", env = "KEYSTORM_CALLER", value_delimiter = ',')]
    caller: Vec<String>,
    /// Count and replay the calls that keystorm itself made, which are left out by their user agent.
    #[arg(long, env = "KEYSTORM_KEEP_OWN")]
    keep_own: bool,
    /// Also write the calls of each second by operation and caller, as CSV with the callers' names.
    #[arg(long, value_name = "FILE", env = "KEYSTORM_COUNTS")]
    counts: Option<PathBuf>,
    /// An answer of CloudWatch about CallCount of the same time, to say whether the log lacks calls.
    #[arg(long, value_name = "FILE", env = "KEYSTORM_USAGE")]
    usage: Option<PathBuf>,
    /// Threads that read files (one per core).
    #[arg(long, default_value_t = 0, env = "KEYSTORM_THREADS", hide_default_value = true)]
    threads: usize,
    /// Write the list of all files, with their sizes, and read none: shares of a large log need not look for its files each.
    #[arg(long, value_name = "FILE", env = "KEYSTORM_LIST",
          conflicts_with_all = ["output", "triage", "counts", "usage", "shard", "region", "account", "from", "to", "key", "caller", "keep_own", "threads", "force"])]
    list: Option<PathBuf>,
    /// Read the files of a list that --list has written, instead of PATHs.
    #[arg(long, value_name = "FILE", env = "KEYSTORM_MANIFEST", conflicts_with_all = ["paths", "list"])]
    manifest: Option<PathBuf>,
    /// Read a share of the files, I/N from 1/N to N/N, by account, Region and day; -o receives a partial, and `keystorm merge`
    /// makes the import of all. `auto` or auto/N reads what Slurm, Kubernetes or AWS Batch say; {shard} in -o becomes 1-of-4.
    #[arg(long, value_name = "I/N", env = "KEYSTORM_SHARD", conflicts_with_all = ["triage", "counts", "usage", "list"])]
    shard: Option<String>,
    /// Overwrite what an import has written, and begin an interrupted one again.
    #[arg(long, env = "KEYSTORM_FORCE")]
    force: bool,
    #[cfg(feature = "s3")]
    #[command(flatten)]
    bucket: super::bucket::BucketArgs,
}

/// Runs the command.
pub fn run(args: &Args, common: &Common) -> Result<ExitCode, Error> {
    #[cfg(feature = "s3")]
    let buckets = super::bucket::Buckets::new(&args.bucket);
    let input = Input {
        paths: &args.paths,
        manifest: args.manifest.as_deref(),
        share: None,
        #[cfg(feature = "s3")]
        buckets: Some(&buckets),
        #[cfg(not(feature = "s3"))]
        buckets: None,
    };
    #[cfg(feature = "s3")]
    args.bucket.check(&input, common)?;
    let reading =
        readers::Reading { input, filter: &filter(args)?, threads: threads(args), quiet: common.quiet };
    if let Some(window) = &args.triage {
        return triage(args, &reading, window, common);
    }
    if let Some(list) = &args.list {
        return write_list(&input, list, common);
    }
    let wanted = ImportOutput {
        output: args.output.as_deref().unwrap_or(Path::new(".")),
        region: args.region.as_deref(),
        account: args.account.as_deref(),
        counts: args.counts.as_deref(),
        usage: args.usage.as_deref(),
        force: args.force,
    };
    if let Some(shard) = &args.shard {
        return share::run(shard, &reading, &wanted, common);
    }
    wanted.check()?;
    let gathered = readers::gather(&reading, &wanted.aside())?;
    wanted.make(gathered, common)
}

/// Lists the files.
fn write_list(input: &Input<'_>, list: &Path, common: &Common) -> Result<ExitCode, Error> {
    let listing = input.list(list)?;
    let text = if common.json {
        format!("{:#}\n", serde_json::json!({ "list": list, "files": listing.files, "bytes": listing.bytes }))
    } else {
        format!("{} files with {} bytes are listed in {}\n", listing.files, listing.bytes, list.display())
    };
    if common.json || !common.quiet {
        output::print(text)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn filter(args: &Args) -> Result<Filter, Error> {
    let time = |option: &str, text: &Option<String>| {
        let Some(text) = text else { return Ok(None) };
        let whole = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.clone() };
        let parsed: Result<jiff::Timestamp, _> = whole.parse();
        parsed.map(|at| Some(at.as_second())).map_err(|_| {
            Error::Usage(format!(
                "{option} `{text}` is no time; write it like 2026-11-23 or 2026-11-23T10:00:00Z"
            ))
        })
    };
    Ok(Filter {
        from: time("--from", &args.from)?,
        to: time("--to", &args.to)?,
        keys: args.key.clone(),
        callers: args.caller.clone(),
        keeps_own: args.keep_own,
    })
}

fn threads(args: &Args) -> usize {
    crate::cli::threads::threads(Some(args.threads).filter(|threads| *threads > 0))
}

/// Five lines about the end of a log.
fn triage(
    args: &Args,
    reading: &readers::Reading<'_>,
    window: &str,
    common: &Common,
) -> Result<ExitCode, Error> {
    let span = Span::parse(window).map_err(|why| Error::Usage(format!("--triage: {why}")))?;
    let mut triage = Triage::of(span.as_nanos().div_ceil(1_000_000_000));
    let readers::Reading { input, filter, threads, quiet } = *reading;
    let (region, account) = (args.region.as_deref(), args.account.as_deref());
    let wanted = Wanted { input, filter, region, account, threads, quiet };
    let log = go_through(&wanted, &mut |second| triage.add(second))?;
    let lines = triage.lines(&log);
    let text = if common.json {
        format!("{:#}\n", serde_json::json!({ "lines": lines }))
    } else {
        lines.join("\n") + "\n"
    };
    output::print(text)?;
    Ok(ExitCode::SUCCESS)
}
