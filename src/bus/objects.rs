//! The object store of one run: its question, its traces, and the cells that workers have put there.
//!
//! Objects are put by the library and read chunk by chunk here: it follows links, which only somebody hostile would put
//! there, and leaves a consumer behind for each object that it reads.

use super::wire::short;
use super::{Error, Link};
use async_nats::jetstream::context::ObjectStoreErrorKind;
use async_nats::jetstream::object_store::{Config, ObjectInfo, ObjectMetadata, ObjectStore};
use async_nats::jetstream::stream::{DirectGetErrorKind, StorageType, Stream};
use futures_util::StreamExt as _;
use std::time::Duration;

/// What nobody has fetched for so long is nobody's.
const KEPT_FOR: Duration = Duration::from_secs(24 * 3600);
/// Bytes of a chunk, at most half of what a server takes.
const CHUNK: usize = 512 * 1024;

/// A run's objects on the bus.
pub(super) struct RunObjects {
    link: Link,
    bucket: String,
    store: ObjectStore,
    stream: Stream<()>,
}

/// An object that was read.
pub(super) struct Found {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Under what its chunks are.
    nuid: String,
}

impl RunObjects {
    /// That of `run`, made if it is not there.
    ///
    /// # Errors
    /// [`Error::Lost`] if it cannot be made now.
    pub async fn make(link: &Link, run: &str) -> Result<RunObjects, Error> {
        let config = Config {
            bucket: bucket(run),
            description: Some("a run of keystorm".into()),
            max_age: KEPT_FOR,
            storage: StorageType::Memory,
            num_replicas: 1,
            ..Config::default()
        };
        let made = link.streams.create_object_store(config).await;
        RunObjects::of(
            link,
            run,
            made.map_err(|error| Error::lost("the object store cannot be made", error))?,
        )
        .await
    }

    /// That of `run`; `None` if it is not there.
    ///
    /// # Errors
    /// [`Error::Lost`] if the server does not say.
    pub async fn find(link: &Link, run: &str) -> Result<Option<RunObjects>, Error> {
        match link.streams.get_object_store(bucket(run)).await {
            Ok(store) => RunObjects::of(link, run, store).await.map(Some),
            Err(error) if error.kind() == ObjectStoreErrorKind::GetStore && is_absent(&error) => Ok(None),
            Err(error) => Err(Error::lost("the object store cannot be found", error)),
        }
    }

    async fn of(link: &Link, run: &str, store: ObjectStore) -> Result<RunObjects, Error> {
        let bucket = bucket(run);
        let stream = link.streams.get_stream_no_info(format!("OBJ_{bucket}")).await;
        let stream = stream.map_err(|error| Error::lost("the object store cannot be read", error))?;
        Ok(RunObjects { link: link.clone(), bucket, store, stream })
    }

    /// Puts an object there, instead of one of this name.
    ///
    /// # Errors
    /// [`Error::Lost`] if it is not taken.
    pub async fn put(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let chunk = CHUNK.min(self.link.client.max_payload() / 2).max(1);
        let about =
            ObjectMetadata { name: name.into(), chunk_size: Some(chunk), ..ObjectMetadata::default() };
        let put = self.store.put(about, &mut &*bytes).await;
        put.map(drop).map_err(|error| Error::lost("a result cannot be put into the object store", error))
    }

    /// Reads an object of at most `most` bytes; `None` if it is not there, or is being replaced.
    ///
    /// # Errors
    /// [`Error::Refused`] for what no keystorm has put there, [`Error::Lost`] if the server does not answer.
    pub async fn get(&self, name: &str, most: usize) -> Result<Option<Found>, Error> {
        let Some(info) = self.about(name).await? else { return Ok(None) };
        let is_plain = info.nuid.bytes().all(|b| b.is_ascii_alphanumeric()) && !info.nuid.is_empty();
        if !is_plain || info.size > most || info.chunks > info.size {
            return Err(Error::Refused(format!("the object {name} is none that keystorm puts there")));
        }
        let (mut bytes, mut after) = (Vec::new(), 0);
        for _ in 0..info.chunks {
            let subject = format!("$O.{}.C.{}", self.bucket, info.nuid);
            let chunk = match self.stream.direct_get_next_for_subject(subject, Some(after + 1)).await {
                Ok(chunk) => chunk,
                Err(error) if matches!(error.kind(), DirectGetErrorKind::NotFound) => return Ok(None),
                Err(error) => return Err(Error::lost("an object cannot be read", error)),
            };
            bytes.extend_from_slice(&chunk.payload);
            after = chunk.sequence;
            if bytes.len() > info.size {
                return Err(Error::Refused(format!("the object {name} is larger than it says")));
            }
        }
        Ok(Some(Found { bytes, nuid: info.nuid }))
    }

    /// Whether an object of this name and of so many bytes is there.
    ///
    /// # Errors
    /// [`Error::Lost`] if the server does not say.
    pub async fn has(&self, name: &str, bytes: usize) -> Result<bool, Error> {
        match self.about(name).await {
            Ok(info) => Ok(info.is_some_and(|info| info.size == bytes)),
            // Whatever stands there is replaced.
            Err(Error::Refused(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// What the store says of an object; `None` if it is not there.
    async fn about(&self, name: &str) -> Result<Option<ObjectInfo>, Error> {
        let told = match self.stream.direct_get_last_for_subject(self.subject(name)).await {
            Ok(told) => told,
            Err(error) if matches!(error.kind(), DirectGetErrorKind::NotFound) => return Ok(None),
            Err(error) => return Err(Error::lost("an object cannot be read", error)),
        };
        match serde_json::from_slice::<ObjectInfo>(&told.payload) {
            Ok(info) => Ok(Some(info).filter(|info| !info.deleted)),
            Err(_) => Err(Error::Refused(format!("the object {name} is none that keystorm puts there"))),
        }
    }

    /// Where the store says what an object is.
    fn subject(&self, name: &str) -> String {
        format!("$O.{}.M.{}", self.bucket, base64_simd::URL_SAFE.encode_to_string(name))
    }

    /// Removes an object; its chunks too, where it was read.
    ///
    /// # Errors
    /// [`Error::Lost`] if the server does not.
    pub async fn remove(&self, name: &str, found: Option<&Found>) -> Result<(), Error> {
        let chunks = found.map(|found| format!("$O.{}.C.{}", self.bucket, found.nuid));
        for subject in chunks.into_iter().chain([self.subject(name)]) {
            let purged = self.stream.purge().filter(subject).await;
            purged.map_err(|error| Error::lost("an object is not removed", error))?;
        }
        Ok(())
    }

    /// The names of all objects.
    ///
    /// # Errors
    /// [`Error::Lost`] if the server does not say.
    pub async fn names(&self) -> Result<Vec<String>, Error> {
        let lost = |error: &dyn std::fmt::Display| {
            Error::lost("the object store does not tell what is in it", error)
        };
        let filter = format!("$O.{}.M.*", self.bucket);
        let told = self.stream.info_builder().subjects(filter).fetch().await;
        let mut told = told.map_err(|error| lost(&error))?;
        let mut names = Vec::new();
        while let Some(each) = told.next().await {
            let (subject, _) = each.map_err(|error| lost(&error))?;
            let encoded = subject.rsplit('.').next().unwrap_or_default();
            let name = base64_simd::URL_SAFE.decode_to_vec(encoded).ok();
            // What no keystorm has named is nobody's cell.
            names.extend(name.and_then(|name| String::from_utf8(name).ok()));
        }
        Ok(names)
    }

    /// Removes everything.
    ///
    /// # Errors
    /// [`Error::Lost`] if the server does not.
    pub async fn clear(&self) -> Result<(), Error> {
        let removed = self.link.streams.delete_object_store(&self.bucket).await;
        removed.map_err(|error| Error::lost("the object store is not removed", error))
    }
}

fn bucket(run: &str) -> String {
    format!("keystorm-{}", short(run))
}

/// Whether an error says that a stream is not there, rather than that nobody answered.
fn is_absent(error: &(dyn std::error::Error + 'static)) -> bool {
    use async_nats::jetstream::ErrorCode;
    use async_nats::jetstream::context::{GetStreamError, GetStreamErrorKind};
    std::iter::successors(Some(error), |error| error.source()).any(|error| {
        let told = error.downcast_ref::<GetStreamError>().map(|error| error.kind());
        matches!(told, Some(GetStreamErrorKind::JetStream(said)) if said.error_code() == ErrorCode::STREAM_NOT_FOUND)
    })
}
