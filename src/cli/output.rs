//! What commands write: stdout, and files with the folders they stand in. What is written is decided elsewhere.

use super::Error;
use std::fs;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

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
/// # Errors
/// [`Error::Failed`] with the file's name.
pub fn write_with(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<fs::File>) -> io::Result<()>,
) -> Result<(), Error> {
    let written = || {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut out = BufWriter::new(fs::File::create(path)?);
        fill(&mut out)?;
        out.flush()
    };
    written().map_err(|error| Error::Failed(format!("cannot write {}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
