//! What was acknowledged is there whatever happens; what was not is there whole or not at all.

use super::*;
use crate::kms::keys::{Alias, Eventual, Moment, Realm};
use redb::{Builder, StorageBackend};
use std::collections::BTreeMap;
use std::io::Error as BackendIoError;
use std::sync::{Arc, Mutex};

/// What was done to a file.
#[derive(Clone, Debug)]
enum Deed {
    Write(u64, Vec<u8>),
    Length(u64),
    Sync,
}

/// A file in memory that remembers what was done to it, and may be full.
#[derive(Clone, Debug, Default)]
struct Disk(Arc<Mutex<Contents>>);

#[derive(Debug, Default)]
struct Contents {
    bytes: Vec<u8>,
    deeds: Vec<Deed>,
    /// Writes fail beyond this length.
    room: Option<u64>,
}

fn full() -> BackendIoError {
    BackendIoError::from(std::io::ErrorKind::StorageFull)
}

impl StorageBackend for Disk {
    fn len(&self) -> Result<u64, BackendIoError> {
        Ok(self.0.lock().unwrap().bytes.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), BackendIoError> {
        let contents = self.0.lock().unwrap();
        let from = usize::try_from(offset).unwrap();
        let found = contents.bytes.get(from..from + out.len());
        out.copy_from_slice(found.ok_or_else(|| std::io::Error::from(std::io::ErrorKind::UnexpectedEof))?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> Result<(), BackendIoError> {
        let mut contents = self.0.lock().unwrap();
        if contents.room.is_some_and(|room| len > room) {
            return Err(full());
        }
        contents.bytes.resize(usize::try_from(len).unwrap(), 0);
        contents.deeds.push(Deed::Length(len));
        Ok(())
    }

    fn sync_data(&self) -> Result<(), BackendIoError> {
        self.0.lock().unwrap().deeds.push(Deed::Sync);
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), BackendIoError> {
        let mut contents = self.0.lock().unwrap();
        if contents.room == Some(0) {
            return Err(full());
        }
        let from = usize::try_from(offset).unwrap();
        contents.bytes[from..from + data.len()].copy_from_slice(data);
        contents.deeds.push(Deed::Write(offset, data.to_vec()));
        Ok(())
    }
}

fn on(disk: &Disk) -> Result<(Store, Vec<(RecordKey, Record)>), Error> {
    let disk = disk.clone();
    let open =
        move || Builder::new().create_with_backend(disk.clone()).map_err(|e| opened(Path::new("disk"), e));
    Store::with(Path::new("disk"), Box::new(open), &RootKey::of([7; 32]), false)
}

fn change(name: &str, created: i64) -> Change {
    let at = Moment::from_millis(created);
    let alias = Alias { name: name.into(), target: Eventual::new(None), created: at, updated: at };
    Change {
        key: RecordKey::Alias(Realm::new("123456789012", "eu-west-1"), name.into()),
        record: Some(Record::Alias(alias)),
    }
}

fn gone(name: &str) -> Change {
    Change { record: None, ..change(name, 0) }
}

/// The aliases kept, with when they were made.
fn kept(records: &[(RecordKey, Record)]) -> BTreeMap<String, i64> {
    let alias = |(_, record): &(RecordKey, Record)| match record {
        Record::Alias(alias) => (alias.name.to_string(), alias.created.as_millis()),
        _ => panic!("only aliases were kept"),
    };
    records.iter().map(alias).collect()
}

fn keep(store: &Store, changes: Vec<Change>) -> Result<(), Error> {
    store.keep(changes, 0).blocking_recv().unwrap()
}

/// What is on disk if the power fails after so many deeds: all that was synced, and of the rest what `survives`.
fn crashed(deeds: &[Deed], survives: impl Fn(usize) -> bool, tear_last: bool) -> Vec<u8> {
    let synced = deeds.iter().rposition(|deed| matches!(deed, Deed::Sync)).unwrap_or(0);
    let mut bytes: Vec<u8> = Vec::new();
    for (at, deed) in deeds.iter().enumerate() {
        let is_last = at + 1 == deeds.len();
        match deed {
            Deed::Length(length) => bytes.resize(usize::try_from(*length).unwrap(), 0),
            Deed::Write(offset, data) if at < synced || survives(at) => {
                let from = usize::try_from(*offset).unwrap();
                let data = if tear_last && is_last { &data[..data.len() / 2] } else { data };
                bytes[from..from + data.len()].copy_from_slice(data);
            }
            _ => {}
        }
    }
    bytes
}

#[test]
fn what_was_acknowledged_survives_a_crash_at_every_point() {
    let disk = Disk::default();
    let (store, _) = on(&disk).unwrap();
    // (deeds when it was acknowledged, what is kept from then on)
    let mut acknowledged = vec![(disk.0.lock().unwrap().deeds.len(), BTreeMap::new())];
    let mut expected: BTreeMap<String, i64> = BTreeMap::new();
    for n in 0..24i64 {
        let mut changes = vec![change(&format!("alias/{}", n % 7), n), change("alias/always", n)];
        if n % 5 == 4 {
            changes.push(gone(&format!("alias/{}", (n + 3) % 7)));
        }
        for change in &changes {
            let RecordKey::Alias(_, name) = &change.key else { unreachable!() };
            match &change.record {
                Some(Record::Alias(alias)) => drop(expected.insert(name.clone(), alias.created.as_millis())),
                _ => drop(expected.remove(name)),
            }
        }
        keep(&store, changes).unwrap();
        acknowledged.push((disk.0.lock().unwrap().deeds.len(), expected.clone()));
    }
    let deeds = disk.0.lock().unwrap().deeds.clone();
    let first = acknowledged[0].0;
    let mut tried = 0;
    for end in first..=deeds.len() {
        let at = acknowledged.iter().rposition(|(by, _)| *by <= end).unwrap();
        let allowed = [Some(&acknowledged[at].1), acknowledged.get(at + 1).map(|(_, kept)| kept)];
        type Survives = fn(usize) -> bool;
        let fates: [(Survives, bool); 4] =
            [(|_| false, false), (|_| true, false), (|at| at % 2 == 0, false), (|_| true, true)];
        for (survives, tear) in fates {
            let image = Disk(Arc::new(Mutex::new(Contents {
                bytes: crashed(&deeds[..end], survives, tear),
                ..Contents::default()
            })));
            let (_, records) = on(&image).unwrap_or_else(|e| panic!("after {end} deeds: {e}"));
            let found = kept(&records);
            assert!(
                allowed.contains(&Some(&found)),
                "after {end} of {} deeds: {found:?}, not {allowed:?}",
                deeds.len()
            );
            tried += 1;
        }
    }
    assert!(tried > 400, "{tried} crashes");
}

#[test]
fn a_full_disk_is_an_error_and_nothing_is_lost() {
    let disk = Disk::default();
    let (store, _) = on(&disk).unwrap();
    keep(&store, vec![change("alias/a", 1)]).unwrap();
    disk.0.lock().unwrap().room = Some(0);
    assert!(matches!(keep(&store, vec![change("alias/b", 2)]), Err(Error::Write(_))));
    assert!(keep(&store, vec![change("alias/c", 3)]).is_err(), "what came after is built on what was lost");
    disk.0.lock().unwrap().room = None;
    assert!(keep(&store, vec![change("alias/c", 3)]).is_err(), "until the server has gone back");
    let records = store.reload(1).unwrap();
    assert_eq!(kept(&records), BTreeMap::from([("alias/a".into(), 1)]));
    assert!(
        store.keep(vec![change("alias/d", 4)], 0).blocking_recv().unwrap().is_err(),
        "a change made before"
    );
    store.keep(vec![change("alias/e", 5)], 1).blocking_recv().unwrap().unwrap();
    drop(store);
    let (_, records) = on(&disk).unwrap();
    assert_eq!(kept(&records), BTreeMap::from([("alias/a".into(), 1), ("alias/e".into(), 5)]));
}

#[test]
fn a_folder_is_for_one_process_and_one_root_key() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (store, _) = Store::open(&data, None).unwrap();
    keep(&store, vec![change("alias/a", 1)]).unwrap();
    store.keep_clock_ahead(-5).unwrap();
    assert!(matches!(Store::open(&data, None).err(), Some(Error::InUse(_))));
    drop(store);
    let (store, records) = Store::open(&data, None).unwrap();
    assert_eq!((kept(&records).len(), store.clock_ahead()), (1, -5));
    drop(store);
    let key = data.join("root.key");
    let bytes = std::fs::read(data.join("keystorm.redb")).unwrap();
    assert!(!bytes.windows(9).any(|window| window == b"\"created\""), "contents are sealed");
    std::fs::write(&key, "0".repeat(64)).unwrap();
    let said = |result: Result<(Store, Vec<(RecordKey, Record)>), Error>| result.err().unwrap().to_string();
    assert!(said(Store::open(&data, None)).contains("not the one it was written with"));
    std::fs::write(&key, "short").unwrap();
    assert!(said(Store::open(&data, None)).contains("64 hex digits"));
    std::fs::remove_file(&key).unwrap();
    assert!(said(Store::open(&data, None)).contains("the root key is missing"));
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(&key, "0".repeat(64)).unwrap();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(said(Store::open(&data, None)).contains("chmod 600"));
}

#[test]
fn another_format_and_what_is_no_store_are_refused_with_words() {
    let disk = Disk::default();
    drop(on(&disk).unwrap());
    let database = Builder::new().create_with_backend(disk.clone()).unwrap();
    let write = database.begin_write().unwrap();
    write.open_table(ABOUT).unwrap().insert("format", 9u32.to_be_bytes().as_slice()).unwrap();
    write.commit().unwrap();
    drop(database);
    let said = on(&disk).err().unwrap().to_string();
    assert!(said.contains("has format 9, and this keystorm reads format 1"), "{said}");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("keystorm.redb"), "text").unwrap();
    std::fs::write(folder.path().join("root.key"), "0".repeat(64)).unwrap();
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(folder.path().join("root.key"), std::fs::Permissions::from_mode(0o600)).unwrap();
    assert!(Store::open(folder.path(), None).is_err());
}

#[test]
fn a_start_that_was_killed_leaves_nothing_in_the_way() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("root.new"), "00").unwrap();
    std::fs::write(folder.path().join("keystorm.new"), "half a data").unwrap();
    let (store, records) = Store::open(folder.path(), None).unwrap();
    assert!(records.is_empty());
    keep(&store, vec![change("alias/a", 1)]).unwrap();
    drop(store);
    let mut left: Vec<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, ["keystorm.redb", "root.key"]);
    assert_eq!(kept(&Store::open(folder.path(), None).unwrap().1).len(), 1);
}

#[test]
fn a_database_that_is_gone_or_empty_beside_its_root_key_is_refused() {
    let said = |folder: &Path| Store::open(folder, None).err().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = Store::open(folder.path(), None).unwrap();
    keep(&store, vec![change("alias/a", 1)]).unwrap();
    drop(store);
    let (path, key) = (folder.path().join("keystorm.redb"), folder.path().join("root.key"));
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, "").unwrap();
    assert!(said(folder.path()).contains("it is empty, and its root key is there"));
    std::fs::remove_file(&path).unwrap();
    drop(redb::Database::create(&path).unwrap());
    assert!(said(folder.path()).contains("it is empty"), "another program's, without anything in it");
    std::fs::remove_file(&path).unwrap();
    assert!(said(folder.path()).contains("missing beside its root key"));
    assert!(!path.exists(), "nothing is made in its place");
    std::fs::write(&path, &whole).unwrap();
    assert_eq!(kept(&Store::open(folder.path(), None).unwrap().1).len(), 1, "it was put back");
    std::fs::remove_file(&path).unwrap();
    std::fs::remove_file(&key).unwrap();
    assert!(Store::open(folder.path(), None).unwrap().1.is_empty(), "both are gone: anew");
    // A first start that was killed between its root key and its database.
    std::fs::remove_file(&path).unwrap();
    std::fs::write(folder.path().join("keystorm.founding"), "").unwrap();
    assert!(Store::open(folder.path(), None).unwrap().1.is_empty());
    assert!(!folder.path().join("keystorm.founding").exists());
    // A root key that is kept elsewhere is older than a new folder.
    let other = tempfile::tempdir().unwrap();
    assert!(Store::open(other.path(), Some(&key)).unwrap().1.is_empty());
}

#[test]
fn what_is_kept_is_its_owners_alone_and_a_folder_of_everybodys_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    drop(Store::open(&data, None).unwrap());
    let files = [data.join("keystorm.redb"), data.join("root.key")];
    assert_eq!((mode(&data), files.each_ref().map(|file| mode(file))), (0o700, [0o600, 0o600]));
    let set = |path: &Path, mode: u32| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    set(&files[0], 0o644);
    drop(Store::open(&data, None).unwrap());
    assert_eq!(mode(&files[0]), 0o600, "as an older version has left it");
    for open in [0o777, 0o702, 0o1777] {
        set(&data, open);
        let said = Store::open(&data, None).err().unwrap().to_string();
        assert!(said.contains("everybody may write into it") && said.contains("chmod o-w"), "{said}");
    }
    set(&data, 0o750);
    drop(Store::open(&data, None).unwrap());
}
