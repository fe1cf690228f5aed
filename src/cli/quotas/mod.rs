//! `keystorm quotas`: AWS's default request quotas of a Region, with who says so, or those of an account.

#[cfg(feature = "aws")]
mod account;
mod alarms;

use super::{Common, Error, output};
use crate::quota::PoolId;
use crate::quota::catalogue::{self, Basis, DATE, Entry, SOURCES};
use crate::units::Ratio;
use serde_json::json;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// The widest line.
const WIDTH: usize = 100;

/// Options of `quotas`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// AWS Region whose defaults to print.
    #[arg(long, default_value = "us-east-1", env = "KEYSTORM_REGION")]
    region: String,
    /// Write CloudWatch alarms on the use of each quota as files into this folder, and print the commands that make them.
    #[arg(long, value_name = "DIR", env = "KEYSTORM_ALARMS")]
    alarms: Option<PathBuf>,
    /// The share of a quota at which an alarm goes off (80%).
    #[arg(long, value_name = "SHARE", requires = "alarms", env = "KEYSTORM_ALARM_AT")]
    alarm_at: Option<String>,
    #[cfg(feature = "aws")]
    #[command(flatten)]
    asked: account::Asked,
}

/// Runs the command.
///
/// # Errors
/// [`Error::Usage`] if the Region is not in the catalogue.
pub fn run(args: Args, common: &Common) -> Result<ExitCode, Error> {
    let region = args.region.as_str();
    if !catalogue::is_region(region) {
        return Err(Error::Usage(unknown(region)));
    }
    let share = args.alarm_at.as_deref().map_or(Ratio::parse("80%"), Ratio::parse);
    let share = share.map_err(|why| Error::Usage(format!("--alarm-at: {why}")))?;
    #[cfg(feature = "aws")]
    if args.asked.is_wanted()? {
        return account::run(
            &args.asked,
            region,
            args.alarms.as_deref().map(|folder| (folder, share)),
            common,
        );
    }
    if let Some(folder) = &args.alarms {
        let limit = |(pool, ..): (PoolId, _, _)| (pool, catalogue::limit(region, pool).as_per_second(), None);
        let commands = alarms::write(folder, region, share, &rows(region).map(limit).collect::<Vec<_>>())?;
        output::print(commands.join("\n") + "\n")?;
        return Ok(ExitCode::SUCCESS);
    }
    let text = if common.json { format!("{:#}\n", document(region)) } else { table(region) };
    output::print(text)?;
    Ok(ExitCode::SUCCESS)
}

/// What to say about a Region nobody knows.
fn unknown(region: &str) -> String {
    match crate::api::nearest(region, catalogue::regions()) {
        Some(name) => format!("no quotas known for Region `{region}`; did you mean `{name}`?"),
        None => {
            let all: Vec<&str> = catalogue::regions().collect();
            format!("no quotas known for Region `{region}`; known are {}", all.join(", "))
        }
    }
}

/// The quotas the Region has, each with how sure its value is.
fn rows(region: &str) -> impl Iterator<Item = (PoolId, &'static Entry, Basis)> {
    let has = catalogue::all().filter(move |pool| catalogue::has(region, *pool));
    has.map(move |pool| (pool, catalogue::entry(pool), catalogue::basis(region, pool)))
}

/// The table for people.
fn table(region: &str) -> String {
    let mut text = format!("AWS KMS request quotas in {region}: defaults, per account and Region\n\n");
    let mut line = |pool: &str, limit: &str, code: &str, adjustable: &str, basis: &str| {
        let row = format!("{pool:<31}  {limit:>9}  {code:<10}  {adjustable:<10}  {basis}");
        writeln!(text, "{}", row.trim_end()).expect("a String takes every text");
    };
    line("POOL", "LIMIT", "CODE", "ADJUSTABLE", "SOURCE");
    for (pool, entry, basis) in rows(region) {
        let limit = catalogue::limit(region, pool).to_string();
        line(entry.pool, &limit, entry.code.unwrap_or("-"), entry.adjustable.name(), basis.name());
    }
    text.push_str("\nNotes\n");
    let notes = rows(region).map(|(pool, ..)| (pool, catalogue::note(region, pool)));
    for (pool, note) in notes.filter(|(_, note)| !note.is_empty()) {
        wrap(&mut text, &format!("{pool}: {note}"));
    }
    text.push_str("\nSources\n");
    for (_, title, address) in SOURCES {
        wrap(&mut text, &format!("{title}: {address}"));
    }
    let footer = format!(
        "Read on {DATE}. Your account's applied quotas may differ: ask Service Quotas. \"assumed\" marks what no source, \
         or not every source, states."
    );
    wrap(&mut text, &footer);
    text
}

/// Appends a paragraph, broken between words, its later lines indented.
fn wrap(text: &mut String, paragraph: &str) {
    let mut width = 1;
    for word in paragraph.split(' ') {
        let length = word.chars().count();
        if width > 1 && width + 1 + length > WIDTH {
            text.push_str("\n   ");
            width = 3;
        }
        text.push(' ');
        text.push_str(word);
        width += 1 + length;
    }
    text.push('\n');
}

/// The same for programs.
fn document(region: &str) -> serde_json::Value {
    let quotas: Vec<_> = rows(region)
        .map(|(pool, entry, basis)| {
            json!({
                "pool": entry.pool,
                "quota": entry.quota,
                "code": entry.code,
                "limit": catalogue::limit(region, pool).to_string(),
                "limit_per_s": catalogue::limit(region, pool).as_per_second(),
                "adjustable": entry.adjustable.name(),
                "basis": basis.name(),
                "assumed": basis != Basis::Published,
                "operations": entry.operations.iter().map(|each| each.name()).collect::<Vec<_>>(),
                "appliesTo": entry.applies_to,
                "note": catalogue::note(region, pool),
            })
        })
        .collect();
    let sources: Vec<_> =
        SOURCES.iter().map(|(_, title, address)| json!({ "title": title, "address": address })).collect();
    json!({ "region": region, "read": DATE, "sources": sources, "quotas": quotas })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_fits_a_hundred_columns_in_every_region() {
        for region in catalogue::regions() {
            for line in table(region).lines() {
                assert!(line.chars().count() <= WIDTH, "{region}: {line}");
            }
        }
    }

    #[test]
    fn assumptions_are_marked_and_china_alone_has_sm2() {
        let virginia = table("us-east-1");
        assert!(virginia.lines().any(|line| line.starts_with("ml-kem ") && line.ends_with("assumed")));
        assert!(virginia.lines().any(|line| line.starts_with("symmetric ") && line.contains("100000/s")));
        assert!(!virginia.contains("key-pair-sm2"));
        assert!(table("cn-north-1").contains("key-pair-sm2"));
        assert!(table("eu-south-2").contains("assumed (sources disagree)"));
        assert!(virginia.contains(DATE));
    }

    #[test]
    fn a_mistyped_region_is_answered_with_the_nearest_one() {
        assert!(unknown("us-esat-1").ends_with("did you mean `us-east-1`?"));
        assert!(unknown("eu-central1").ends_with("did you mean `eu-central-1`?"));
        assert!(unknown("atlantis").contains("known are us-east-1, us-east-2"));
    }

    #[test]
    fn the_document_lists_what_the_table_lists() {
        let document = document("us-east-1");
        assert_eq!(document["quotas"].as_array().map(Vec::len), Some(57));
        assert_eq!(document["quotas"][0]["limit_per_s"], 100_000.0);
    }
}
