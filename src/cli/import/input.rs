//! What an import reads: files and objects that are found or listed, all of them or a share.

use super::failed;
use super::walk::{Found, is_log, walk};
use crate::cli::grid::Shard;
use crate::cli::{Error, absent, output};
use crate::intake::cloudtrail::{Collector, Listing};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Files, folders and patterns, or a list of files that was made before.
#[derive(Clone, Copy)]
pub struct Input<'i> {
    /// Files, folders and patterns.
    pub paths: &'i [PathBuf],
    /// A list that [`Input::list`] has written, instead.
    pub manifest: Option<&'i Path>,
    /// Which of the files; all of them without one.
    pub share: Option<&'i Share>,
    /// Where objects are, if they can be read here.
    pub buckets: Option<&'i dyn Bucket>,
}

/// Objects that are read like files; their names begin with `s3://`.
pub trait Bucket: Sync {
    /// Hands the name and size of every object below `url` to `found`, which says whether to go on.
    ///
    /// # Errors
    /// They cannot be listed.
    fn list(&self, url: &str, found: &mut dyn FnMut(&str, u64) -> bool) -> Result<(), Error>;

    /// Begins to fetch an object; objects are to be read in the order in which they are asked for.
    ///
    /// # Errors
    /// It cannot be asked for; what is wrong with it, reading tells.
    fn fetch(&self, url: &str) -> Result<Box<dyn Read + Send>, Error>;
}

/// How the names of objects begin.
const SCHEME: &str = "s3://";

/// The share of a log that one of several processes reads.
#[derive(Clone, Debug)]
pub struct Share {
    /// The share that is read.
    pub shard: Shard,
    /// What there is for all of them.
    pub listing: Listing,
    /// Files that are no logs by their names.
    pub passed_over: u64,
    /// Who reads which group of files, from 1.
    readers: BTreeMap<String, u32>,
    /// Bytes of each reader's files.
    loads: BTreeMap<u32, u64>,
}

/// A line of a list of files.
#[derive(serde::Serialize, serde::Deserialize)]
struct Line {
    path: String,
    bytes: u64,
}

/// Groups that files outside of a trail's folders fall into, so that their number costs no memory.
const OTHER_GROUPS: u64 = 1_024;

impl<'i> Input<'i> {
    /// All that is below `paths`.
    pub const fn all(paths: &'i [PathBuf]) -> Input<'i> {
        Input { paths, manifest: None, share: None, buckets: None }
    }

    /// Hands every file to `found`, which says whether to go on.
    ///
    /// # Errors
    /// What was named is not there or cannot be read, or a list is none.
    pub fn walk(&self, found: &mut dyn FnMut(Found) -> bool) -> Result<(), Error> {
        let mut mine = |file: Found| match (&file, self.share) {
            (Found::File(path, bytes), Some(share)) if !share.has(&path.to_string_lossy(), *bytes) => true,
            (Found::Object(name, bytes), Some(share)) if !share.has(name, *bytes) => true,
            _ => found(file),
        };
        if let Some(manifest) = self.manifest {
            return listed(manifest, &mut mine);
        }
        for path in self.paths {
            let mut goes_on = true;
            match path.to_str().filter(|text| text.starts_with(SCHEME)) {
                None => walk(std::slice::from_ref(path), &mut |file| {
                    goes_on = mine(file);
                    goes_on
                })?,
                Some(url) => self.buckets()?.list(url, &mut |name, bytes| {
                    goes_on = mine(if is_log(name) {
                        Found::Object(name.into(), bytes)
                    } else {
                        Found::PassedOver
                    });
                    goes_on
                })?,
            }
            if !goes_on {
                break;
            }
        }
        Ok(())
    }

    /// Begins to fetch an object.
    ///
    /// # Errors
    /// As [`Bucket::fetch`], or there are no buckets here.
    pub fn fetch(&self, name: &str) -> Result<Box<dyn Read + Send>, Error> {
        self.buckets()?.fetch(name)
    }

    fn buckets(&self) -> Result<&'i dyn Bucket, Error> {
        self.buckets.ok_or_else(|| match cfg!(feature = "s3") {
            true => Error::Usage("s3:// is read by `import cloudtrail` only: import the log first".into()),
            false => absent::missing(SCHEME, "s3"),
        })
    }

    /// Whether objects are looked for, which takes requests.
    pub fn has_objects(&self) -> bool {
        self.manifest.is_none() && self.paths.iter().any(|path| path.to_string_lossy().starts_with(SCHEME))
    }

    /// Writes the list of all files; gives how many they are.
    ///
    /// # Errors
    /// As [`Input::walk`]; stdin and names that are no text cannot be listed.
    pub fn list(&self, to: &Path) -> Result<Listing, Error> {
        let mut listing = Listing::default();
        let mut walked = Ok(());
        let written = output::write_with(to, |out| {
            let mut lines = csv::Writer::from_writer(out);
            let mut trouble = None;
            walked = self
                .walk_named("--list", &mut |path, bytes| {
                    listing.add(path, bytes);
                    trouble = lines.serialize(Line { path: path.into(), bytes }).err();
                    trouble.is_none()
                })
                .map(drop);
            trouble.map_or(Ok(()), |error| Err(io::Error::other(error)))?;
            if walked.is_err() {
                // Half a list is none.
                return Err(io::Error::other("the files cannot be listed"));
            }
            lines.flush()
        });
        walked?;
        written.map(|()| listing)
    }

    /// Deals the files: those of one account, Region and day to one process, and each process about as many bytes.
    ///
    /// # Errors
    /// As [`Input::list`].
    pub fn deal(&self, shard: Shard) -> Result<Share, Error> {
        let mut groups = BTreeMap::<String, u64>::new();
        let mut listing = Listing::default();
        let passed_over = self.walk_named("--shard", &mut |path, bytes| {
            listing.add(path, bytes);
            *groups.entry(group(path, bytes)).or_default() += bytes;
            true
        })?;
        let mut order: Vec<(&String, u64)> = groups.iter().map(|(group, bytes)| (group, *bytes)).collect();
        order.sort_by_key(|(group, bytes)| (Reverse(*bytes), *group));
        let mut loads: BinaryHeap<Reverse<(u64, u32)>> = (1..=shard.of).map(|n| Reverse((0, n))).collect();
        let (mut readers, mut shares) = (BTreeMap::new(), BTreeMap::new());
        for (group, bytes) in order {
            if let Some(Reverse((load, reader))) = loads.pop() {
                readers.insert(group.clone(), reader);
                *shares.entry(reader).or_default() += bytes;
                // An empty file is work too.
                loads.push(Reverse((load + bytes.max(1), reader)));
            }
        }
        Ok(Share { shard, listing, passed_over, readers, loads: shares })
    }

    /// Hands on every file by its name; gives how many were passed over.
    fn walk_named(&self, option: &str, each: &mut dyn FnMut(&str, u64) -> bool) -> Result<u64, Error> {
        let (mut passed_over, mut trouble) = (0, None);
        self.walk(&mut |found| match found {
            Found::PassedOver => {
                passed_over += 1;
                true
            }
            Found::Stdin => {
                trouble = Some(format!("{option}: stdin is read once and by one; give files"));
                false
            }
            Found::Object(name, bytes) => each(&name, bytes),
            Found::File(path, bytes) => match path.to_str() {
                Some(name) => each(name, bytes),
                None => {
                    trouble = Some(format!("{option}: the name of {} is no text in UTF-8", path.display()));
                    false
                }
            },
        })?;
        trouble.map_or(Ok(passed_over), |why| Err(Error::Usage(why)))
    }
}

impl Share {
    /// Whether the file belongs to it.
    fn has(&self, name: &str, bytes: u64) -> bool {
        self.readers.get(&group(name, bytes)) == Some(&self.shard.index)
    }

    /// Bytes of its files.
    pub fn bytes(&self) -> u64 {
        self.loads.get(&self.shard.index).copied().unwrap_or_default()
    }

    /// What tells it from every other share of this or another log.
    pub fn scope(&self) -> String {
        let Listing { files, bytes, sum, .. } = self.listing;
        format!("{} of {files} files, {bytes} bytes, {sum:016x}", self.shard)
    }
}

/// The account, Region and day that a file is of, by its path as a trail makes it; else one of some groups.
fn group(path: &str, bytes: u64) -> String {
    let parts: Vec<&str> = path.split('/').collect();
    let is_number =
        |text: &str, digits: usize| text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
    let trail = parts.windows(6).find(|six| {
        is_number(six[0], 12)
            && six[1] == "CloudTrail"
            && is_number(six[3], 4)
            && is_number(six[4], 2)
            && is_number(six[5], 2)
    });
    match trail {
        Some(six) => format!("{}/{}/{}-{}-{}", six[0], six[2], six[3], six[4], six[5]),
        None => format!("{}", Collector::mark(path, bytes) % OTHER_GROUPS),
    }
}

/// Hands on the files of a list.
fn listed(manifest: &Path, found: &mut dyn FnMut(Found) -> bool) -> Result<(), Error> {
    let wrong = |error: csv::Error| {
        failed(manifest, format!("this is no list of files, which --list writes: {error}"))
    };
    let mut lines = csv::Reader::from_path(manifest).map_err(wrong)?;
    if lines.headers().map_err(wrong)? != ["path", "bytes"][..] {
        return Err(failed(manifest, "this is no list of files, which --list writes"));
    }
    for line in lines.deserialize::<Line>() {
        let Line { path, bytes } = line.map_err(wrong)?;
        if path.starts_with(SCHEME) {
            if !found(Found::Object(path, bytes)) {
                break;
            }
            continue;
        }
        let path = PathBuf::from(path);
        let now = fs::metadata(&path).map_err(|error| failed(&path, error))?.len();
        if now != bytes {
            let why = format!("it has {now} bytes, and had {bytes} when it was listed: list the files again");
            return Err(failed(&path, why));
        }
        if !found(Found::File(path, bytes)) {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_a_trail_are_grouped_by_account_region_and_day() {
        let of = |path: &str| group(path, 10);
        let day = "AWSLogs/o-1234567890/111122223333/CloudTrail/eu-west-1/2026/11/23";
        assert_eq!(of(&format!("s3/{day}/a.json.gz")), "111122223333/eu-west-1/2026-11-23");
        assert_eq!(of(&format!("/logs/{day}/b.json.gz")), of(&format!("/logs/{day}/a.json.gz")));
        assert_ne!(
            of(&format!("/logs/{day}/a.json.gz")),
            of(&format!("/logs/{}/a.json.gz", day.replace("23", "24")))
        );
        assert!(of("/tmp/one.json").parse::<u64>().unwrap() < OTHER_GROUPS);
    }

    #[test]
    fn every_file_is_in_one_share_and_shares_are_about_as_large() {
        let folder = tempfile::tempdir().unwrap();
        for day in 1..=20_usize {
            let below =
                folder.path().join(format!("AWSLogs/111122223333/CloudTrail/eu-west-1/2026/11/{day:02}"));
            fs::create_dir_all(&below).unwrap();
            fs::write(below.join("a.json"), "x".repeat(100 * day)).unwrap();
            fs::write(below.join("b.json"), "x".repeat(50)).unwrap();
        }
        let paths = [folder.path().to_path_buf()];
        let all = Input::all(&paths);
        let mut read = Vec::new();
        for index in 1..=3 {
            let share = all.deal(Shard { index, of: 3 }).unwrap();
            assert_eq!((share.listing.files, share.listing.bytes), (40, 22_000));
            let mut own = 0;
            Input { share: Some(&share), ..all }
                .walk(&mut |found| {
                    let Found::File(path, bytes) = found else { panic!() };
                    own += bytes;
                    read.push(path);
                    true
                })
                .unwrap();
            assert!((6_000..9_000).contains(&own), "{own} of 22,000 in one of three");
        }
        assert_eq!(read.len(), 40);
        read.sort();
        read.dedup();
        assert_eq!(read.len(), 40);
    }
}
