//! `keystorm quotas`: AWS's default request quotas of a Region, with who says so, or those of an account.

#[cfg(feature = "aws")]
mod account;
mod alarms;

use super::{Common, Error, output};
use crate::api::Operation;
use crate::quota::PoolId;
use crate::quota::catalogue::{self, Basis, DATE, Entry, SOURCES};
use crate::report::format::per_second;
use crate::report::look::Look;
use crate::report::page::wrapped;
use crate::report::table::{Cell, Table};
use crate::units::Ratio;
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;

/// Options of `quotas`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// AWS Region whose defaults to print.
    #[arg(long, default_value = crate::api::partition::DEFAULT_REGION, env = "KEYSTORM_REGION")]
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
    let text =
        if common.json { format!("{:#}\n", document(region)) } else { table(region, output::look(false)) };
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
fn table(region: &str, look: Look) -> String {
    let said = |text: &str, head: &str| wrapped(&look.words(text), head, look);
    let mut text =
        said(&format!("AWS KMS request quotas in {region}: defaults, per account and Region"), "") + "\n";
    let mut table = Table::new("", &["pool", "limit", "<code", "<adjustable", "<source"]);
    for (pool, entry, basis) in rows(region) {
        let limit = per_second(catalogue::limit(region, pool).as_per_second());
        let (code, adjustable) = (entry.code.unwrap_or("-"), entry.adjustable.name());
        table.row(
            [entry.pool, &limit, code, adjustable, basis.name()].map(|text| Cell::from(text.to_owned())),
        );
    }
    text += &table.to_text(look);
    text.push_str("\nNotes\n");
    let notes = rows(region).map(|(pool, ..)| (pool, catalogue::note(region, pool)));
    for (pool, note) in notes.filter(|(_, note)| !note.is_empty()) {
        text += &said(&format!("{pool}: {note}"), "  - ");
    }
    text.push_str("\nSources\n");
    for (_, title, address) in SOURCES {
        text += &said(&format!("{title}: {address}"), "  - ");
    }
    text + "\n"
        + &said(
            &format!(
                "Read on {DATE}. Your account's applied quotas may differ: ask Service Quotas. \"assumed\" marks what no \
                 source, or not every source, states."
            ),
            "",
        )
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
                "operations": catalogue::operations(pool).map(Operation::name).collect::<Vec<_>>(),
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
    fn the_table_fits_its_columns_in_every_region() {
        for region in catalogue::regions() {
            for width in [60, 80, 100] {
                for line in table(region, Look { width, ..Look::PLAIN }).lines() {
                    // Addresses stand whole.
                    let fits = line.chars().count() <= width || !line.trim().contains(' ');
                    assert!(fits, "{region}: {line}");
                }
            }
        }
    }

    #[test]
    fn assumptions_are_marked_and_china_alone_has_sm2() {
        let virginia = table("us-east-1", Look::PLAIN);
        assert!(virginia.lines().any(|line| line.starts_with("  ml-kem ") && line.ends_with("assumed")));
        assert!(virginia.lines().any(|line| line.starts_with("  symmetric ") && line.contains("100,000/s")));
        assert!(!virginia.contains("key-pair-sm2"));
        assert!(table("cn-north-1", Look::PLAIN).contains("key-pair-sm2"));
        assert!(table("eu-south-2", Look::PLAIN).contains("assumed (sources disagree)"));
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
