//! A share of an import: what one of several processes reads, kept for `keystorm merge`.

use super::input::Input;
use super::readers::{self, Reading};
use super::results::ImportOutput;
use super::{failed, merge};
use crate::cli::grid::{Shard, named};
use crate::cli::{Common, Error, load, output};
use crate::intake::cloudtrail::{About, Listing, Partial, Question};
use crate::notice;
use serde_json::json;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

/// Reads the share that `text` names, and keeps it in the folder of `wanted`.
///
/// # Errors
/// No such share, or no files that can be shared; whatever an import fails with.
pub fn run(
    text: &str,
    reading: &Reading<'_>,
    wanted: &ImportOutput<'_>,
    common: &Common,
) -> Result<ExitCode, Error> {
    let told = Shard::parse(text, &load::environment)?;
    let shard = told.shard;
    let folder = named(wanted.output, Some(shard));
    if let (Some(by), false) = (&told.by, reading.quiet) {
        notice::tell(format_args!("shard {shard}, by {by}"));
    }
    let share = reading.input.deal(shard)?;
    let question = Question {
        filter: reading.filter.clone(),
        region: wanted.region.map(Into::into),
        account: wanted.account.map(Into::into),
    };
    let about = About::new((shard.index, shard.of), question, share.listing.clone());
    let aside = folder.join(format!(".import-{}-of-{}", shard.index, shard.of));
    if wanted.force {
        forget(&folder, &about, &aside)?;
    } else if let Some(there) = there(&folder, &about)? {
        return show(&there, &about, true, common);
    }
    let own = Reading { input: Input { share: Some(&share), ..reading.input }, ..*reading };
    let gathered = readers::gather(&own, &aside)?;
    let path = Partial::write(gathered.collector, share.passed_over, about.clone(), &folder);
    let path = path.map_err(|error| failed(&folder, error))?;
    if aside.exists() {
        fs::remove_dir_all(&aside).map_err(|error| failed(&aside, error))?;
    }
    show(&path, &about, false, common)
}

/// The partial of this very share, if the folder has it: a launcher may begin a share again that is done.
fn there(folder: &Path, about: &About) -> Result<Option<std::path::PathBuf>, Error> {
    for path in merge::partials_in(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !name.starts_with(&about.stem()) {
            continue;
        }
        let partial = Partial::open(&path).map_err(|why| failed(&path, why))?;
        if partial.about() == about {
            return Ok(Some(path));
        }
        let why = "it is this share of another log, or with other filters; give another folder, or --force";
        return Err(Error::Usage(format!("{}: {why}", path.display())));
    }
    Ok(None)
}

/// Removes what an earlier import of the share has left.
fn forget(folder: &Path, about: &About, aside: &Path) -> Result<(), Error> {
    for path in merge::partials_in(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with(&about.stem()) {
            fs::remove_file(&path).map_err(|error| failed(&path, error))?;
        }
    }
    if aside.exists() {
        fs::remove_dir_all(aside).map_err(|error| failed(aside, error))?;
    }
    Ok(())
}

/// Says where the share is, and what makes an import of all.
fn show(path: &Path, about: &About, was_there: bool, common: &Common) -> Result<ExitCode, Error> {
    let Listing { files, bytes, .. } = about.listing;
    let (shard, of) = (about.shard, about.of);
    if common.json {
        let document = json!({
            "schema": "keystorm.import-share/1",
            "shard": format!("{shard}/{of}"),
            "files": files,
            "bytes": bytes,
            "was_there": was_there,
            "partial": path.display().to_string(),
        });
        output::print(format!("{document:#}\n"))?;
    } else if !common.quiet {
        let done = if was_there { "was read already" } else { "is read" };
        output::print(format!(
            "shard {shard}/{of} of {files} files with {bytes} bytes {done}: {}\n`keystorm merge DIR… -o OUT` makes the import of all \
             {of} shards.\n",
            path.display()
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}
