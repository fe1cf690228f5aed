//! What a server keeps in a folder: records in redb, each sealed under a root key.
//!
//! ```text
//! call, under the lock: changes ─▶ channel ─▶ writer thread: seal, one transaction for all that wait ─▶ synced ─▶ answer
//!                                             fails: nothing of it is kept, nor anything sent after it, until the
//!                                             server has gone back to what is kept (Store::reload)
//! ```
//!
//! Names of records (ids, aliases) are clear, their contents are not. Key material is nowhere else on disk.

mod root_key;
mod sealed;
#[cfg(test)]
mod tests;

use crate::kms::keys::{Change, Record, RecordKey};
use redb::{Database, DatabaseError, ReadableDatabase as _, ReadableTable as _, TableDefinition};
use root_key::RootKey;
use sealed::Sealer;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// The records by their names.
const RECORDS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("records");
/// About the store itself.
const ABOUT: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("about");
/// Version of the records' format. A change here needs a migration from every older one.
const FORMAT: u32 = 1;
/// What the root key is recognised by.
const CHECK: &[u8] = b"keystorm";
/// Changes of one transaction, at most.
const BATCH: usize = 1_024;

/// Why the store cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// Another process has it.
    #[error("{0} is in use by another keystorm: stop it, or choose another --data-dir")]
    InUse(PathBuf),
    /// The folder or a file in it cannot be used.
    #[error("{path}: {what}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why, and what to do.
        what: String,
    },
    /// It was written by another version.
    #[error(
        "{path} has format {found}, and this keystorm reads format {FORMAT}: use the version that wrote it, or another --data-dir"
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// What it says.
        found: u32,
    },
    /// What it holds cannot be read.
    #[error("{path} is damaged: {what}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// It could not be written: nothing of the change is kept.
    #[error("the store cannot be written: {0}")]
    Write(String),
}

/// What the writer is asked.
enum Order {
    Keep { changes: Vec<Change>, epoch: u64, done: oneshot::Sender<Result<(), Error>> },
    Reload { epoch: u64, done: Sender<Result<Vec<(RecordKey, Record)>, Error>> },
    About { name: &'static str, value: Vec<u8>, done: Sender<Result<(), Error>> },
}

/// How the database is opened again after a failure.
type Opener = Box<dyn FnMut() -> Result<Database, Error> + Send>;

/// An open store; one writer thread.
pub struct Store {
    to: Option<Sender<Order>>,
    writer: Option<JoinHandle<()>>,
    tokens: [u8; 32],
    sessions: [u8; 32],
    ahead: i64,
}

/// What is waited for before a call is answered.
pub type Kept = oneshot::Receiver<Result<(), Error>>;

impl Store {
    /// Opens the store in a folder, or makes one; the root key is `root_key`, or a file in the folder.
    ///
    /// # Errors
    /// [`Error`], with its remedy.
    pub fn open(folder: &Path, root_key: Option<&Path>) -> Result<(Store, Vec<(RecordKey, Record)>), Error> {
        make_folder(folder)?;
        let path = folder.join("keystorm.redb");
        let key_path = root_key.map_or_else(|| folder.join("root.key"), Path::to_path_buf);
        // While the first start of all is under way: one that is killed may go on where it was.
        let begun = path.with_extension("founding");
        let is_new = !path.exists();
        if is_new {
            check_nothing_is_lost(&path, &key_path, &begun)?;
            own_file(&begun)?;
        }
        let root = RootKey::open(&key_path, !is_new)?;
        if is_new {
            found(&path, &root)?;
        }
        check_file(&path)?;
        match std::fs::remove_file(&begun) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(file_error(&begun, &e)),
            _ => {}
        }
        let opener = {
            let path = path.clone();
            move || Database::create(&path).map_err(|e| opened(&path, e))
        };
        Store::with(&path, Box::new(opener), &root, true)
    }

    /// A store on databases that `open` gives; one that `is_founded` has been written to before.
    fn with(
        path: &Path,
        mut open: Opener,
        root: &RootKey,
        is_founded: bool,
    ) -> Result<(Store, Vec<(RecordKey, Record)>), Error> {
        let database = open()?;
        let sealer = root.sealer(b"records");
        if is_founded && about(&database, path, "format")?.is_none() {
            return Err(emptied(path));
        }
        prepare(&database, path, &sealer)?;
        let records = read_all(&database, path, &sealer)?;
        let ahead = about(&database, path, "ahead")?
            .and_then(|bytes| Some(i64::from_be_bytes(bytes.try_into().ok()?)));
        let (to, from) = channel();
        let path = path.to_path_buf();
        let mut writer = Writer { database: Some(database), open, sealer, path, epoch: 0 };
        let writer = std::thread::Builder::new()
            .name("store".into())
            .spawn(move || writer.run(&from))
            .map_err(|e| Error::Write(e.to_string()))?;
        let store = Store {
            to: Some(to),
            writer: Some(writer),
            tokens: root.derive(b"tokens"),
            sessions: root.derive(b"sessions"),
            ahead: ahead.unwrap_or(0),
        };
        Ok((store, records))
    }

    /// What seals grant and import tokens: the same after a restart.
    pub const fn token_key(&self) -> [u8; 32] {
        self.tokens
    }

    /// What seals session tokens.
    pub const fn session_key(&self) -> [u8; 32] {
        self.sessions
    }

    /// By how many milliseconds the admin clock was ahead of the wall clock.
    pub const fn clock_ahead(&self) -> i64 {
        self.ahead
    }

    /// Keeps by how many milliseconds the admin clock is ahead.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn keep_clock_ahead(&self, millis: i64) -> Result<(), Error> {
        let (done, wait) = channel();
        self.send(Order::About { name: "ahead", value: millis.to_be_bytes().to_vec(), done });
        wait.recv().map_err(|_| ended())?
    }

    /// Keeps changes; call it in the order in which they were made. `epoch` counts the reloads before them.
    pub fn keep(&self, changes: Vec<Change>, epoch: u64) -> Kept {
        let (done, wait) = oneshot::channel();
        self.send(Order::Keep { changes, epoch, done });
        wait
    }

    /// What is kept, after a failure; changes made before are refused from now on. Waits for the disk.
    ///
    /// # Errors
    /// The database cannot be opened again.
    pub fn reload(&self, epoch: u64) -> Result<Vec<(RecordKey, Record)>, Error> {
        let (done, wait) = channel();
        self.send(Order::Reload { epoch, done });
        wait.recv().map_err(|_| ended())?
    }

    fn send(&self, order: Order) {
        if let Some(to) = &self.to {
            // A writer that has ended drops the order, and whoever waits learns of it.
            let _ = to.send(order);
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.to = None;
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has said so; everything acknowledged is on disk.
            let _ = writer.join();
        }
    }
}

fn ended() -> Error {
    Error::Write("its writer has ended".into())
}

fn make_folder(folder: &Path) -> Result<(), Error> {
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|e| Error::File { path: folder.into(), what: format!("cannot be made a folder: {e}") })?;
    let mode = std::fs::metadata(folder).map_err(|e| file_error(folder, &e))?.mode() & 0o7777;
    if mode & 0o002 == 0 {
        return Ok(());
    }
    let what = format!(
        "everybody may write into it (mode {mode:04o}), and so put another database there: chmod o-w it, or choose \
         another --data-dir"
    );
    Err(Error::File { path: folder.into(), what })
}

fn file_error(path: &Path, error: &std::io::Error) -> Error {
    Error::File { path: path.into(), what: error.to_string() }
}

/// Makes a file that its owner alone may read, unless it is there.
fn own_file(path: &Path) -> Result<(), Error> {
    let made = std::fs::File::options().write(true).create(true).truncate(false).mode(0o600).open(path);
    made.and_then(|file| file.sync_all()).map_err(|e| file_error(path, &e))
}

/// Refuses to begin anew in a folder whose database is gone, which its root key tells.
fn check_nothing_is_lost(path: &Path, key_path: &Path, begun: &Path) -> Result<(), Error> {
    let is_beside = key_path.parent() == path.parent();
    if !is_beside || !key_path.exists() || begun.exists() {
        return Ok(());
    }
    let what = format!(
        "the database is missing beside its root key: put it back, or remove {} to begin anew with nothing",
        key_path.display()
    );
    Err(Error::File { path: path.into(), what })
}

/// Refuses a database that somebody has emptied, and sees to it that nobody else can read one.
fn check_file(path: &Path) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt as _;
    let about = std::fs::metadata(path).map_err(|e| file_error(path, &e))?;
    if about.len() == 0 {
        return Err(emptied(path));
    }
    if about.mode() & 0o077 != 0 {
        // As earlier versions have made it.
        let mode = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(path, mode).map_err(|e| file_error(path, &e))?;
    }
    Ok(())
}

fn emptied(path: &Path) -> Error {
    let what =
        "it is empty, and its root key is there: put back what was in it, or remove both to begin anew";
    Error::Damaged { path: path.into(), what: what.into() }
}

/// Makes a database under another name and gives it its own when it is whole, so that a start that is killed leaves no
/// half of one behind.
fn found(path: &Path, root: &RootKey) -> Result<(), Error> {
    let draft = path.with_extension("new");
    let failed = |e: std::io::Error| Error::File { path: draft.clone(), what: e.to_string() };
    match std::fs::remove_file(&draft) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(failed(e)),
        _ => {}
    }
    own_file(&draft)?;
    let database = Database::create(&draft).map_err(|e| opened(&draft, e))?;
    prepare(&database, path, &root.sealer(b"records"))?;
    drop(database);
    match std::fs::hard_link(&draft, path) {
        // Another process was faster: its database it is.
        Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => return Err(failed(e)),
        _ => {}
    }
    std::fs::remove_file(&draft).map_err(failed)?;
    let folder =
        path.parent().map_or(Ok(()), |folder| std::fs::File::open(folder).and_then(|f| f.sync_all()));
    folder.map_err(failed)
}

fn opened(path: &Path, error: DatabaseError) -> Error {
    match error {
        DatabaseError::DatabaseAlreadyOpen => Error::InUse(path.into()),
        DatabaseError::UpgradeRequired(found) => Error::Format { path: path.into(), found: u32::from(found) },
        DatabaseError::Storage(redb::StorageError::Io(e)) if e.kind() == std::io::ErrorKind::InvalidData => {
            Error::Damaged { path: path.into(), what: "it is not a database of keystorm".into() }
        }
        other => Error::File { path: path.into(), what: other.to_string() },
    }
}

/// Reads from a database that may be damaged.
fn damaged(path: &Path) -> impl Fn(&dyn std::fmt::Display) -> Error {
    let path = path.to_path_buf();
    move |what| Error::Damaged { path: path.clone(), what: what.to_string() }
}

fn about(database: &Database, path: &Path, name: &str) -> Result<Option<Vec<u8>>, Error> {
    let bad = damaged(path);
    let read = database.begin_read().map_err(|e| bad(&e))?;
    let table = match read.open_table(ABOUT) {
        Ok(table) => table,
        Err(redb::TableError::TableDoesNotExist(_)) => return Ok(None),
        Err(e) => return Err(bad(&e)),
    };
    let found = table.get(name).map_err(|e| bad(&e))?;
    Ok(found.map(|value| value.value().to_vec()))
}

/// Writes format and check into a new database, compares them in one that is not.
fn prepare(database: &Database, path: &Path, sealer: &Sealer) -> Result<(), Error> {
    if let Some(format) = about(database, path, "format")? {
        let found = format.try_into().map_or(0, u32::from_be_bytes);
        if found != FORMAT {
            return Err(Error::Format { path: path.into(), found });
        }
        let check = about(database, path, "check")?.unwrap_or_default();
        return match sealer.open("check", &check) {
            Some(opened) if opened.as_bytes() == CHECK => Ok(()),
            _ => Err(Error::File {
                path: path.into(),
                what: "the root key is not the one it was written with".into(),
            }),
        };
    }
    let failed = |e: &dyn std::fmt::Display| Error::Write(e.to_string());
    let check = sealer.seal("check", CHECK).ok_or_else(|| failed(&"no randomness"))?;
    let write = database.begin_write().map_err(|e| failed(&e))?;
    {
        let mut table = write.open_table(ABOUT).map_err(|e| failed(&e))?;
        table.insert("format", FORMAT.to_be_bytes().as_slice()).map_err(|e| failed(&e))?;
        table.insert("check", check.as_slice()).map_err(|e| failed(&e))?;
        write.open_table(RECORDS).map_err(|e| failed(&e))?;
    }
    write.commit().map_err(|e| failed(&e))
}

/// Every record; grants last, since they belong to keys.
fn read_all(database: &Database, path: &Path, sealer: &Sealer) -> Result<Vec<(RecordKey, Record)>, Error> {
    let bad = damaged(path);
    let read = database.begin_read().map_err(|e| bad(&e))?;
    let table = read.open_table(RECORDS).map_err(|e| bad(&e))?;
    let mut records = Vec::new();
    for entry in table.iter().map_err(|e| bad(&e))? {
        let (name, value) = entry.map_err(|e| bad(&e))?;
        let name = name.value();
        let key = RecordKey::read(name)
            .ok_or_else(|| bad(&format!("`{}` is no name of a record", name.escape_debug())))?;
        let opened = sealer
            .open(name, value.value())
            .ok_or_else(|| bad(&format!("the record {key:?} does not open")))?;
        let record: Record = serde_json::from_slice(opened.as_bytes())
            .map_err(|e| bad(&format!("the record {key:?} cannot be read: {e}")))?;
        records.push((key, record));
    }
    records.sort_by_key(|(key, _)| matches!(key, RecordKey::Grant(..)));
    Ok(records)
}

/// Changes that wait, their epoch, and who waits for them.
type Waiting = (Vec<Change>, u64, oneshot::Sender<Result<(), Error>>);

/// The thread that writes.
struct Writer {
    /// `None` after a failure, until it is opened again.
    database: Option<Database>,
    open: Opener,
    sealer: Sealer,
    path: PathBuf,
    /// Changes of earlier epochs are built on what was lost.
    epoch: u64,
}

impl Writer {
    fn run(&mut self, from: &Receiver<Order>) {
        let mut next = from.recv().ok();
        while let Some(order) = next.take() {
            let mut batch = Vec::new();
            let mut other = None;
            match order {
                Order::Keep { changes, epoch, done } => batch.push((changes, epoch, done)),
                order => other = Some(order),
            }
            while other.is_none() && batch.len() < BATCH {
                match from.try_recv() {
                    Ok(Order::Keep { changes, epoch, done }) => batch.push((changes, epoch, done)),
                    Ok(order) => other = Some(order),
                    Err(_) => break,
                }
            }
            self.keep_batch(batch);
            match other {
                Some(Order::Reload { epoch, done }) => drop(done.send(self.reload(epoch))),
                Some(Order::About { name, value, done }) => drop(done.send(self.keep_about(name, &value))),
                Some(Order::Keep { .. }) | None => {}
            }
            next = from.recv().ok();
        }
    }

    fn keep_batch(&mut self, batch: Vec<Waiting>) {
        if batch.is_empty() {
            return;
        }
        let epoch = self.epoch;
        let good = batch.iter().filter(|(_, of, _)| *of == epoch).flat_map(|(changes, ..)| changes);
        let result = self.write(good);
        if result.is_err() {
            // redb does not go on after a failure; what comes next of this epoch is built on what was lost.
            self.database = None;
            self.epoch += 1;
        }
        for (_, of, done) in batch {
            let answer = if of == epoch {
                result.clone()
            } else {
                Err(Error::Write("an earlier change was lost".into()))
            };
            // Whoever no longer waits has broken its connection.
            let _ = done.send(answer);
        }
    }

    fn write<'a>(&mut self, changes: impl Iterator<Item = &'a Change>) -> Result<(), Error> {
        let failed = |e: &dyn std::fmt::Display| Error::Write(e.to_string());
        let database = self.database.as_ref().ok_or_else(|| failed(&"an earlier change was lost"))?;
        let write = database.begin_write().map_err(|e| failed(&e))?;
        {
            let mut table = write.open_table(RECORDS).map_err(|e| failed(&e))?;
            for change in changes {
                let name = change.key.to_string();
                match &change.record {
                    Some(record) => {
                        let text = crate::kms::crypto::Secret::new(
                            serde_json::to_vec(record).map_err(|e| failed(&e))?,
                        );
                        let sealed = self.sealer.seal(&name, text.as_bytes());
                        let sealed = sealed.ok_or_else(|| failed(&"no randomness"))?;
                        table.insert(name.as_str(), sealed.as_slice()).map_err(|e| failed(&e))?;
                    }
                    None => drop(table.remove(name.as_str()).map_err(|e| failed(&e))?),
                }
            }
        }
        // redb's default durability: the commit returns when the data is synced.
        write.commit().map_err(|e| failed(&e))
    }

    fn keep_about(&mut self, name: &str, value: &[u8]) -> Result<(), Error> {
        let failed = |e: &dyn std::fmt::Display| Error::Write(e.to_string());
        let database = self.database.as_ref().ok_or_else(|| failed(&"an earlier change was lost"))?;
        let write = database.begin_write().map_err(|e| failed(&e))?;
        write.open_table(ABOUT).map_err(|e| failed(&e))?.insert(name, value).map_err(|e| failed(&e))?;
        write.commit().map_err(|e| failed(&e))
    }

    fn reload(&mut self, epoch: u64) -> Result<Vec<(RecordKey, Record)>, Error> {
        self.database = None;
        let database = (self.open)()?;
        let records = read_all(&database, &self.path, &self.sealer)?;
        self.database = Some(database);
        self.epoch = epoch;
        Ok(records)
    }
}
