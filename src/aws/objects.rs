//! The objects of a bucket, by the library that knows S3: its requests leave through the same connections as everything
//! else here, to where the guard lets them, and its own client, credentials and environment are not used.

use super::Access;
use crate::clock::within;
use crate::guard::Reached;
use crate::time::Span;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::{HttpConnector as _, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest as Outgoing;
use aws_smithy_types::body::SdkBody;
use futures_util::TryStreamExt as _;
use futures_util::future::BoxFuture;
use http_body_util::BodyExt as _;
use hyper::body::Bytes;
use object_store::aws::{AmazonS3, AmazonS3Builder, AwsCredential};
use object_store::client::{
    ClientOptions, HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
    HttpResponseBody, HttpService,
};
use object_store::path::Path;
use object_store::{CredentialProvider, ObjectStore as _, ObjectStoreExt as _, RetryConfig};
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// Objects that are fetched and not yet read to their end: what is small waits for the network once, not each by itself.
pub const MAX_FETCHED: usize = 128;
/// Chunks of an object that wait to be read, so that a large one costs no memory.
const MAX_CHUNKS: usize = 1;
/// Threads that fetch.
const THREADS: usize = 2;
/// How long an answer may take to begin.
const PATIENCE: Span = Span::from_secs(30);
/// How often a request is sent again that met a throttle, a fault or no answer; the library spreads them.
const MAX_RETRIES: usize = 4;

/// Why objects cannot be listed or read.
#[derive(Debug, thiserror::Error)]
pub enum ObjectsError {
    /// It begins like no bucket and prefix.
    #[error("`{0}` names no bucket: write s3://BUCKET/PREFIX")]
    Url(String),
    /// The system has no threads left.
    #[error("cannot start: {0}")]
    Start(#[source] io::Error),
    /// The library says no; it names the object.
    #[error("s3://{bucket}: {source}")]
    Store {
        /// The bucket.
        bucket: String,
        /// In its words.
        #[source]
        source: object_store::Error,
    },
}

/// The objects of buckets at one endpoint.
pub struct Objects {
    access: Access,
    endpoint: Reached,
    is_signed: bool,
    /// A store for each bucket.
    stores: Mutex<BTreeMap<String, Arc<AmazonS3>>>,
    runtime: Runtime,
    fetched: Arc<Semaphore>,
}

impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Objects").field("endpoint", &self.endpoint.url()).finish_non_exhaustive()
    }
}

impl Objects {
    /// Objects at `endpoint`; asked for with the credentials of `access`, or by nobody.
    ///
    /// # Errors
    /// [`ObjectsError::Start`].
    pub fn new(endpoint: Reached, access: Access, is_signed: bool) -> Result<Objects, ObjectsError> {
        let runtime = Builder::new_multi_thread().worker_threads(THREADS).enable_all().build();
        Ok(Objects {
            access,
            endpoint,
            is_signed,
            stores: Mutex::default(),
            runtime: runtime.map_err(ObjectsError::Start)?,
            fetched: Arc::new(Semaphore::new(MAX_FETCHED)),
        })
    }

    /// Hands the URL and the size of every object below `url`, `s3://BUCKET/PREFIX`, to `found`, which says whether to go on.
    ///
    /// # Errors
    /// [`ObjectsError::Url`], [`ObjectsError::Store`].
    pub fn list(&self, url: &str, found: &mut dyn FnMut(&str, u64) -> bool) -> Result<(), ObjectsError> {
        let (bucket, prefix) = parts(url)?;
        let mut objects = self.store(&bucket)?.list(prefix.as_ref());
        loop {
            let next = self.runtime.block_on(objects.try_next());
            let next = next.map_err(|source| ObjectsError::Store { bucket: bucket.clone(), source })?;
            let Some(object) = next else { return Ok(()) };
            if !found(&format!("s3://{bucket}/{}", object.location), object.size) {
                return Ok(());
            }
        }
    }

    /// Begins to fetch the object at `url`, once not too many are fetched and unread. They are to be read in the order in
    /// which they are asked for.
    ///
    /// # Errors
    /// [`ObjectsError::Url`], [`ObjectsError::Store`]; that there is no such object, reading tells.
    pub fn fetch(&self, url: &str) -> Result<Fetched, ObjectsError> {
        let (bucket, key) = parts(url)?;
        let key = key.ok_or_else(|| ObjectsError::Url(url.into()))?;
        let store = self.store(&bucket)?;
        let (sender, chunks) = mpsc::channel(MAX_CHUNKS);
        // Nobody closes it.
        let permit = self.runtime.block_on(Arc::clone(&self.fetched).acquire_owned()).ok();
        self.runtime.spawn(async move {
            let sent = async {
                let mut stream = store.get(&key).await?.into_stream();
                while let Some(chunk) = stream.try_next().await? {
                    if sender.send(Ok(chunk)).await.is_err() {
                        // Nobody reads it any more.
                        break;
                    }
                }
                Ok::<(), object_store::Error>(())
            };
            if let Err(error) = sent.await {
                let _ = sender.send(Err(io::Error::other(error))).await;
            }
        });
        Ok(Fetched { chunks, chunk: Bytes::new(), _permit: permit })
    }

    fn store(&self, bucket: &str) -> Result<Arc<AmazonS3>, ObjectsError> {
        let mut stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = stores.get(bucket) {
            return Ok(Arc::clone(store));
        }
        let builder = AmazonS3Builder::new()
            .with_bucket_name(bucket)
            .with_region(self.access.region())
            .with_endpoint(self.endpoint.url().to_string().trim_end_matches('/'))
            .with_allow_http(!self.endpoint.url().is_tls)
            .with_virtual_hosted_style_request(false)
            .with_retry(RetryConfig { max_retries: MAX_RETRIES, ..RetryConfig::default() })
            .with_http_connector(Wire(self.access.wires().connector()));
        let builder = match self.access.sdk().credentials_provider() {
            Some(provider) if self.is_signed => builder.with_credentials(Arc::new(Chain(provider))),
            _ => builder.with_skip_signature(true),
        };
        let built = builder.build();
        let store = built.map_err(|source| ObjectsError::Store { bucket: bucket.into(), source })?;
        let store = Arc::new(store);
        stores.insert(bucket.into(), Arc::clone(&store));
        Ok(store)
    }
}

/// The bucket and what stands behind it.
fn parts(url: &str) -> Result<(String, Option<Path>), ObjectsError> {
    let wrong = || ObjectsError::Url(url.into());
    let rest = url.strip_prefix("s3://").ok_or_else(wrong)?;
    let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
    if bucket.is_empty() {
        return Err(wrong());
    }
    let key = Path::parse(key.trim_end_matches('/')).map_err(|_| wrong())?;
    Ok((bucket.into(), (!key.as_ref().is_empty()).then_some(key)))
}

/// An object's bytes as they come.
#[derive(Debug)]
pub struct Fetched {
    chunks: mpsc::Receiver<io::Result<Bytes>>,
    chunk: Bytes,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Read for Fetched {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() {
            match self.chunks.blocking_recv() {
                Some(chunk) => self.chunk = chunk?,
                None => return Ok(0),
            }
        }
        let count = out.len().min(self.chunk.len());
        out[..count].copy_from_slice(&self.chunk.split_to(count));
        Ok(count)
    }
}

/// Whoever the SDK finds, for the library.
struct Chain(SharedCredentialsProvider);

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Chain")
    }
}

impl CredentialProvider for Chain {
    type Credential = AwsCredential;

    fn get_credential<'s, 'f>(&'s self) -> BoxFuture<'f, object_store::Result<Arc<AwsCredential>>>
    where
        's: 'f,
        Self: 'f,
    {
        Box::pin(async move {
            let failed = |error| object_store::Error::Generic { store: "S3", source: Box::new(error) };
            let found = self.0.provide_credentials().await.map_err(failed)?;
            Ok(Arc::new(AwsCredential {
                key_id: found.access_key_id().to_owned(),
                secret_key: found.secret_access_key().to_owned(),
                token: found.session_token().map(str::to_owned),
            }))
        })
    }
}

/// The connections, as the library wants them. Who calls is put into a request as it leaves.
#[derive(Debug, Clone)]
struct Wire(SharedHttpConnector);

impl HttpConnector for Wire {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

impl HttpService for Wire {
    fn call<'s, 'f>(&'s self, request: HttpRequest) -> BoxFuture<'f, Result<HttpResponse, HttpError>>
    where
        's: 'f,
        Self: 'f,
    {
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.map_err(|error| wrong(HttpErrorKind::Request, error))?.to_bytes();
            let request = hyper::Request::from_parts(head, SdkBody::from(body.to_vec()));
            let request =
                Outgoing::try_from(request).map_err(|error| wrong(HttpErrorKind::Request, error))?;
            let answer = within(PATIENCE, self.0.call(request)).await;
            let answer = answer
                .ok_or_else(|| wrong(HttpErrorKind::Timeout, io::Error::from(io::ErrorKind::TimedOut)))?
                .map_err(|error| wrong(HttpErrorKind::Connect, error))?;
            let mut built = hyper::Response::builder().status(answer.status().as_u16());
            for (name, value) in answer.headers() {
                built = built.header(name, value);
            }
            let broken =
                |error: aws_smithy_types::body::Error| wrong(HttpErrorKind::Interrupted, Broken(error));
            let body = HttpResponseBody::new(answer.into_body().map_err(broken));
            built.body(body).map_err(|error| wrong(HttpErrorKind::Decode, error))
        })
    }
}

fn wrong(kind: HttpErrorKind, error: impl std::error::Error + Send + Sync + 'static) -> HttpError {
    HttpError::new(kind, error)
}

/// What ended a body too soon.
#[derive(Debug, thiserror::Error)]
#[error("the answer broke off: {0}")]
struct Broken(aws_smithy_types::body::Error);
