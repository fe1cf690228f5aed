//! What commands write: stdout, and files with the folders they stand in. What is written is decided elsewhere.

use super::Error;
use crate::report::look::{Look, NARROWEST, WIDEST};
use crate::report::paint::Paint;
use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

/// Prints to stdout; a reader that went away (`| head`) is no failure.
///
/// # Errors
/// [`Error::Failed`] when stdout cannot be written for another reason.
pub fn print(bytes: impl AsRef<[u8]>) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes.as_ref()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::Failed(format!("cannot write to stdout: {error}")))
        }
        _ => Ok(()),
    }
}

/// Whether `NO_COLOR` is set to anything.
pub fn is_colourless() -> bool {
    #[allow(
        clippy::disallowed_methods,
        reason = "colours are no result; NO_COLOR is asked here and nowhere else"
    )]
    let forbidden = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    forbidden
}

/// Whether text on stdout may be painted: it is a terminal, and `NO_COLOR` does not forbid it.
pub fn paints() -> bool {
    io::stdout().is_terminal() && !is_colourless()
}

/// How a summary on stdout is to look: as wide as the terminal, in its characters, painted if it may be; `verbose` with
/// every detail. What goes elsewhere is a hundred columns wide.
pub fn look(verbose: bool) -> Look {
    let is_terminal = io::stdout().is_terminal();
    let columns = is_terminal.then(terminal_size::terminal_size).flatten();
    let width = columns.map_or(Look::PLAIN.width, |(columns, _)| usize::from(columns.0));
    Look {
        width: width.clamp(NARROWEST, WIDEST),
        paint: Paint { colour: paints() },
        ascii: is_ascii_only(&locale()),
        verbose,
    }
}

/// The locale that decides characters; empty where none is set.
fn locale() -> String {
    #[allow(
        clippy::disallowed_methods,
        reason = "characters are no result; the locale is asked here and nowhere else"
    )]
    let value = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(value).unwrap_or_default()
}

/// Whether a locale has ASCII only. Where none is set terminals are as everywhere today, in UTF-8.
fn is_ascii_only(locale: &str) -> bool {
    let name = locale.to_ascii_lowercase();
    let is_utf_8 = name.ends_with("utf-8") || name.ends_with("utf8");
    let has_charset = name.contains('.');
    !is_utf_8 && (has_charset || ["c", "posix"].contains(&name.as_str()))
}

/// Writes files below `folder`, by their names; gives how many.
///
/// # Errors
/// [`Error::Failed`], naming the first that cannot be written.
pub fn write_files(
    folder: &Path,
    files: impl IntoIterator<Item = (String, Vec<u8>)>,
) -> Result<usize, Error> {
    let mut written = 0;
    for (name, bytes) in files {
        write_file(&folder.join(name), bytes)?;
        written += 1;
    }
    Ok(written)
}

/// Writes one file.
///
/// # Errors
/// As [`write_with`].
pub fn write_file(path: &Path, bytes: impl AsRef<[u8]>) -> Result<(), Error> {
    write_with(path, |out| out.write_all(bytes.as_ref()))
}

/// Writes one file, making its folder; `fill` may write as little at a time as it likes.
///
/// It is written beside and then renamed: whoever looks finds the old file or the new one, and a full disk leaves the old.
///
/// # Errors
/// [`Error::Failed`] with the file's name.
pub fn write_with(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<(), Error> {
    let written = || {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        // A link stays one, and a pipe or a device cannot be replaced.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        if fs::metadata(&target).is_ok_and(|what| !what.is_file()) {
            return write_new(File::options().write(true).open(&target)?, fill).map(drop);
        }
        let part = beside(&target, "part");
        let result = File::create(&part)
            .and_then(|file| write_new(file, fill)?.sync_all())
            .and_then(|()| fs::rename(&part, &target));
        if result.is_err() {
            // It says nothing; were it not there, all the better.
            let _ = fs::remove_file(&part);
        }
        result
    };
    written().map_err(|error| Error::Failed(format!("cannot write {}: {error}", path.display())))
}

fn write_new(file: File, fill: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<File> {
    let mut out = BufWriter::new(file);
    fill(&mut out)?;
    out.into_inner().map_err(io::IntoInnerError::into_error)
}

/// A hidden name beside `path`, of this process.
pub fn beside(path: &Path, ending: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{ending}-{}", std::process::id()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_says_whether_there_is_more_than_ascii() {
        for (locale, ascii) in [
            ("C", true),
            ("POSIX", true),
            ("en_US.ISO-8859-1", true),
            ("C.UTF-8", false),
            ("de_DE.utf8", false),
            ("en_US", false),
            ("", false),
        ] {
            assert_eq!(is_ascii_only(locale), ascii, "{locale}");
        }
    }

    #[test]
    fn files_are_written_with_their_folders_and_counted() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = [("a.txt", "one"), ("deep/er/b.txt", "two")];
        let files = files.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()));
        assert_eq!(write_files(folder.path(), files).expect("writable"), 2);
        assert_eq!(fs::read_to_string(folder.path().join("deep/er/b.txt")).expect("written"), "two");
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        write_file(&folder.path().join("a"), "").expect("writable");
        let error = write_file(&folder.path().join("a/b"), "").expect_err("a file is no folder");
        assert!(error.to_string().contains("a/b: "), "{error}");
    }

    #[test]
    fn what_cannot_be_written_to_its_end_leaves_what_was_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a");
        write_file(&path, "old").expect("writable");
        let full = |out: &mut BufWriter<File>| {
            out.write_all(b"new")?;
            Err(io::Error::from(io::ErrorKind::StorageFull))
        };
        assert!(write_with(&path, full).is_err());
        assert_eq!(fs::read_to_string(&path).expect("it stays"), "old");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing half done is left");
    }

    #[test]
    #[cfg(unix)]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, link) = (folder.path().join("a"), folder.path().join("b"));
        write_file(&path, "old").expect("writable");
        std::os::unix::fs::symlink(&path, &link).expect("a link");
        write_file(&link, "new").expect("writable");
        assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
        assert_eq!(fs::read_to_string(&path).expect("written"), "new");
    }
}
