//! The work queue: cells of every run that is under way, each until a worker has acknowledged it.

use super::wire::{Offer, Version, bytes, short};
use super::{Error, Link};
use async_nats::jetstream::consumer::{AckPolicy, PullConsumer, pull};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{Config, RetentionPolicy, StorageType, Stream};
use futures_util::StreamExt as _;
use std::collections::BTreeSet;
use std::time::Duration;

/// The stream's name.
const STREAM: &str = "KEYSTORM_CELLS";
/// What its subjects begin with.
const SUBJECTS: &str = "keystorm.cells";
/// A worker that has not been heard of for so long is taken for lost: its cell goes to another.
const LOST_AFTER: Duration = Duration::from_secs(10);
/// How long a server remembers a message's id.
const REMEMBERS: Duration = Duration::from_secs(120);
/// Offers that are under way at once.
const AT_ONCE: usize = 256;

/// The work queue of a server, made if it is not there.
pub(super) struct Queue {
    link: Link,
    stream: Stream,
}

impl Queue {
    /// Finds or makes it.
    ///
    /// # Errors
    /// [`Error::Refused`] for a stream of this name that is no work queue, [`Error::Lost`] if it cannot be made now.
    pub async fn at(link: &Link) -> Result<Queue, Error> {
        link.judge()?;
        let config = Config {
            name: STREAM.into(),
            description: Some("cells of keystorm's runs".into()),
            subjects: vec![format!("{SUBJECTS}.>")],
            retention: RetentionPolicy::WorkQueue,
            // A coordinator offers anew what is lost: nothing is worth waiting for a disk.
            storage: StorageType::Memory,
            duplicate_window: REMEMBERS,
            num_replicas: 1,
            ..Config::default()
        };
        let made = link.streams.get_or_create_stream(config).await;
        let stream = made.map_err(|error| {
            Error::lost("the work queue cannot be made (nats-server needs JetStream, as with -js)", error)
        })?;
        if stream.cached_info().config.retention == RetentionPolicy::WorkQueue {
            return Ok(Queue { link: link.clone(), stream });
        }
        Err(Error::Refused(format!(
            "the stream {STREAM} on the bus is no work queue: remove it, or use another account"
        )))
    }

    /// What workers of this keystorm pull from.
    ///
    /// # Errors
    /// [`Error::Lost`] if it cannot be made now.
    pub async fn consumer(&self) -> Result<PullConsumer, Error> {
        let version = Version::own().token();
        let config = pull::Config {
            durable_name: Some(version.clone()),
            filter_subject: format!("{SUBJECTS}.{version}.>"),
            ack_policy: AckPolicy::Explicit,
            ack_wait: LOST_AFTER,
            max_ack_pending: 1_000_000,
            ..pull::Config::default()
        };
        self.stream.create_consumer(config).await.map_err(|error| Error::lost("nothing can be pulled", error))
    }

    /// The first digits of the keys of `run` that are still queued, or with a worker.
    ///
    /// # Errors
    /// [`Error::Lost`] if the server does not say.
    pub async fn left(&self, run: &str) -> Result<BTreeSet<String>, Error> {
        let lost =
            |error: &dyn std::fmt::Display| Error::lost("the queue does not tell what is in it", error);
        let told = self.stream.info_with_subjects(subject(run, "*")).await;
        let mut told = told.map_err(|error| lost(&error))?;
        let mut left = BTreeSet::new();
        while let Some(each) = told.next().await {
            let (subject, _) = each.map_err(|error| lost(&error))?;
            left.extend(subject.rsplit('.').next().map(str::to_owned));
        }
        Ok(left)
    }

    /// Offers cells, and gives those of which the server says that it has had this attempt already.
    ///
    /// # Errors
    /// [`Error::Lost`] if any is not taken.
    pub async fn offer(&self, offers: Vec<Offer>) -> Result<Vec<Offer>, Error> {
        let mut under_way = futures_util::stream::iter(offers)
            .map(|offer| async { self.offer_one(&offer).await.map(|is_known| is_known.then_some(offer)) })
            .buffer_unordered(AT_ONCE);
        let mut known = Vec::new();
        while let Some(offered) = under_way.next().await {
            known.extend(offered?);
        }
        Ok(known)
    }

    async fn offer_one(&self, offer: &Offer) -> Result<bool, Error> {
        let lost = |error: &dyn std::fmt::Display| Error::lost("a cell cannot be offered", error);
        let message = PublishMessage::build().message_id(offer.id()).payload(bytes(offer).into());
        let subject = subject(&offer.run, short(&offer.key));
        let taken = self.link.streams.send_publish(subject, message).await.map_err(|error| lost(&error))?;
        Ok(taken.await.map_err(|error| lost(&error))?.duplicate)
    }

    /// Takes back what is queued of `run`.
    ///
    /// # Errors
    /// [`Error::Lost`] if the server does not.
    pub async fn clear(&self, run: &str) -> Result<(), Error> {
        let cleared = self.stream.purge().filter(subject(run, "*")).await;
        cleared.map(drop).map_err(|error| Error::lost("the queue is not cleared", error))
    }
}

/// Where a cell of a run of this keystorm is queued.
fn subject(run: &str, key: &str) -> String {
    format!("{SUBJECTS}.{}.{}.{key}", Version::own().token(), short(run))
}
