//! The AWS SDK as a backend: one SDK client for each simulated client, with a retry partition and a pool of its own.

use super::retries::Retries;
use super::tries::{self, Observer};
use super::{Access, errors};
use crate::api::{KeySpec, Operation};
use crate::backend::{AttemptObserver, Backend, Dispatch, KmsOutput, Refusal};
use crate::scenario::Scenario;
use aws_sdk_kms::Client;
use aws_sdk_kms::config::SharedHttpClient;
use aws_sdk_kms::config::retry::RetryPartition;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{DataKeySpec, KeyMetadata, MessageType, Tag};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

/// Makes the backends of a run's threads.
#[derive(Clone)]
pub struct SdkFactory {
    access: Access,
    /// By strategy and workload.
    retries: Arc<[Vec<Retries>]>,
}

impl SdkFactory {
    /// For the strategies of `scenario`, through `access`.
    pub fn new(access: Access, scenario: &Scenario) -> SdkFactory {
        let of = |strategy: usize| {
            scenario.workloads.iter().map(|workload| Retries::of(&workload.strategies[strategy])).collect()
        };
        SdkFactory { access, retries: (0..scenario.strategies.len()).map(of).collect() }
    }

    /// What makes each thread's backend for a trial of strategy number `strategy`.
    pub fn maker(&self, strategy: usize, trial: u32) -> impl Fn() -> Sdk + Clone + Send + 'static + use<> {
        let factory = self.clone();
        move || Sdk {
            access: factory.access.clone(),
            retries: factory.retries[strategy].clone(),
            trial,
            hosts: RefCell::default(),
        }
    }

    /// A backend for set-up, whose SDK makes no retries.
    pub fn for_setup(&self) -> Sdk {
        Sdk { access: self.access.clone(), retries: Vec::new(), trial: 0, hosts: RefCell::default() }
    }
}

/// The SDK clients of one thread, made when they are first used.
pub struct Sdk {
    access: Access,
    /// By workload.
    retries: Vec<Retries>,
    trial: u32,
    hosts: RefCell<BTreeMap<u32, Rc<Host>>>,
}

/// What one simulated client has.
struct Host {
    pool: SharedHttpClient,
    /// Its retry quota and rate limiter, which the SDK would otherwise share with every client of the process.
    partition: RetryPartition,
    /// Workloads may differ in the retries they ask for.
    clients: RefCell<BTreeMap<Retries, Client>>,
}

impl Sdk {
    /// The SDK client of `client` that makes `retries`.
    fn client(&self, client: u32, retries: Retries) -> Client {
        let host = Rc::clone(self.hosts.borrow_mut().entry(client).or_insert_with(|| {
            let name = format!("keystorm-{}-{client}", self.trial);
            Rc::new(Host {
                pool: self.access.wires().pool(),
                partition: RetryPartition::custom(name).build(),
                clients: RefCell::default(),
            })
        }));
        let make = || {
            let mut config = self
                .access
                .kms()
                .http_client(host.pool.clone())
                .retry_partition(host.partition.clone())
                .retry_config(retries.config())
                .timeout_config(super::transport::timeouts(self.access.transport()));
            if retries != Retries::Off {
                config = config.interceptor(Observer);
            }
            Client::from_conf(config.build())
        };
        host.clients.borrow_mut().entry(retries).or_insert_with(make).clone()
    }
}

impl Backend for Sdk {
    fn prepare(&self, clients: impl Iterator<Item = u32>) {
        for client in clients {
            for retries in &self.retries {
                self.client(client, *retries);
            }
        }
    }

    /// Service time begins when the attempt is handed to the SDK's pool of connections; a connection that must first
    /// come up is part of it, as it is to an application.
    async fn dispatch(
        &self,
        client: u32,
        dispatch: &Dispatch<'_>,
        observer: &AttemptObserver<'_>,
    ) -> Result<KmsOutput, Refusal> {
        let retries = observer.workload().and_then(|number| self.retries.get(number).copied());
        let kms = self.client(client, retries.unwrap_or(Retries::Off));
        tries::within(observer, send(&kms, dispatch)).await
    }
}

/// Sends a call by the SDK's builder for it and reads what set-up needs of the answer.
///
/// In a box: the SDK's future has several thousand bytes, which every layer around it would have room for and copy.
macro_rules! sent {
    ($builder:expr) => {
        Box::pin($builder.send()).await.map_err(errors::refusal)
    };
}

async fn send(kms: &Client, dispatch: &Dispatch<'_>) -> Result<KmsOutput, Refusal> {
    match dispatch.operation {
        Operation::CreateKey
        | Operation::DescribeKey
        | Operation::DescribeCustomKeyStores
        | Operation::ScheduleKeyDeletion
        | Operation::GetPublicKey => manage(kms, dispatch).await,
        Operation::Encrypt | Operation::Decrypt | Operation::ReEncrypt => cipher(kms, dispatch).await,
        Operation::Sign | Operation::Verify | Operation::GenerateMac | Operation::VerifyMac => {
            sign(kms, dispatch).await
        }
        Operation::Encapsulate | Operation::Decapsulate | Operation::DeriveSharedSecret => {
            share(kms, dispatch).await
        }
        _ => generate(kms, dispatch).await,
    }
}

/// Making keys, looking at them, and giving them up.
async fn manage(kms: &Client, dispatch: &Dispatch<'_>) -> Result<KmsOutput, Refusal> {
    match dispatch.operation {
        Operation::CreateKey => {
            let tag = Tag::builder().tag_key(Dispatch::TAG).tag_value(dispatch.tag).build();
            let tag = tag.map_err(|error| Refusal::from_service(400, "TagException", error.to_string()))?;
            let call = kms
                .create_key()
                .key_spec(dispatch.spec.name().into())
                .key_usage(dispatch.usage.name().into())
                .description("Made by keystorm for a load test; to be deleted.")
                .set_policy(dispatch.policy.map(str::to_owned))
                .tags(tag);
            Ok(described(sent!(call)?.key_metadata()))
        }
        Operation::DescribeKey => {
            Ok(described(sent!(kms.describe_key().key_id(dispatch.key))?.key_metadata()))
        }
        Operation::ScheduleKeyDeletion => {
            let call = kms.schedule_key_deletion().key_id(dispatch.key).pending_window_in_days(DELETION_DAYS);
            sent!(call).map(|_| KmsOutput::default())
        }
        Operation::DescribeCustomKeyStores => {
            sent!(kms.describe_custom_key_stores()).map(|_| KmsOutput::default())
        }
        _ => {
            let call = kms.get_public_key().key_id(dispatch.key);
            sent!(call).map(|said| blob(dispatch, said.public_key))
        }
    }
}

/// How long a key that was made waits for its deletion: the least that KMS allows.
pub(super) const DELETION_DAYS: i32 = 7;

/// What is told about a key.
fn described(key: Option<&KeyMetadata>) -> KmsOutput {
    let arn = key.and_then(KeyMetadata::arn).unwrap_or_default().to_owned();
    let spec = key.and_then(KeyMetadata::key_spec).and_then(|spec| KeySpec::from_name(spec.as_str()));
    KmsOutput { key: arn, spec, ..KmsOutput::default() }
}

/// What other calls need of an answer, if it is read.
fn blob(dispatch: &Dispatch<'_>, blob: Option<Blob>) -> KmsOutput {
    let bytes = blob.filter(|_| dispatch.is_read).map(Blob::into_inner);
    KmsOutput { blob: bytes.unwrap_or_default(), ..KmsOutput::default() }
}

async fn cipher(kms: &Client, dispatch: &Dispatch<'_>) -> Result<KmsOutput, Refusal> {
    let is_symmetric = dispatch.spec == KeySpec::SymmetricDefault;
    // No other key has a context.
    let algorithm = dispatch.algorithm().map(Into::into);
    let context = dispatch
        .context
        .filter(|_| is_symmetric)
        .map(|value| [(Dispatch::CONTEXT.into(), value.into())].into());
    match dispatch.operation {
        Operation::Encrypt => {
            let call = kms.encrypt().key_id(dispatch.key).plaintext(Blob::new(dispatch.payload));
            let call = call.set_encryption_algorithm(algorithm).set_encryption_context(context);
            sent!(call).map(|said| blob(dispatch, said.ciphertext_blob))
        }
        Operation::Decrypt => {
            let call = kms.decrypt().key_id(dispatch.key).ciphertext_blob(Blob::new(dispatch.blob));
            let call = call.set_encryption_algorithm(algorithm).set_encryption_context(context);
            sent!(call).map(|_| KmsOutput::default())
        }
        _ => {
            let call = kms
                .re_encrypt()
                .ciphertext_blob(Blob::new(dispatch.blob))
                .destination_key_id(dispatch.key)
                .set_source_key_id((!is_symmetric).then(|| dispatch.key.to_owned()))
                .set_source_encryption_algorithm(algorithm.clone())
                .set_destination_encryption_algorithm(algorithm)
                .set_source_encryption_context(context.clone())
                .set_destination_encryption_context(context);
            sent!(call).map(|_| KmsOutput::default())
        }
    }
}

async fn sign(kms: &Client, dispatch: &Dispatch<'_>) -> Result<KmsOutput, Refusal> {
    let message = Blob::new(dispatch.payload);
    match dispatch.operation {
        Operation::Sign => {
            let call = kms.sign().key_id(dispatch.key).message(message).message_type(MessageType::Raw);
            let call = call.set_signing_algorithm(dispatch.algorithm().map(Into::into));
            sent!(call).map(|said| blob(dispatch, said.signature))
        }
        Operation::Verify => {
            let call = kms.verify().key_id(dispatch.key).message(message).message_type(MessageType::Raw);
            let call = call.set_signing_algorithm(dispatch.algorithm().map(Into::into));
            sent!(call.signature(Blob::new(dispatch.blob))).map(|_| KmsOutput::default())
        }
        Operation::GenerateMac => {
            let call = kms.generate_mac().key_id(dispatch.key).message(message);
            sent!(call.set_mac_algorithm(dispatch.algorithm().map(Into::into)))
                .map(|said| blob(dispatch, said.mac))
        }
        _ => {
            let call = kms.verify_mac().key_id(dispatch.key).message(message).mac(Blob::new(dispatch.blob));
            sent!(call.set_mac_algorithm(dispatch.algorithm().map(Into::into))).map(|_| KmsOutput::default())
        }
    }
}

/// Shared secrets: encapsulated, or agreed on.
async fn share(kms: &Client, dispatch: &Dispatch<'_>) -> Result<KmsOutput, Refusal> {
    match dispatch.operation {
        Operation::Encapsulate => {
            let call = kms.encapsulate().key_id(dispatch.key);
            let call = call.set_encapsulation_algorithm(dispatch.algorithm().map(Into::into));
            sent!(call).map(|said| blob(dispatch, said.shared_secret_ciphertext_blob))
        }
        Operation::Decapsulate => {
            let call = kms.decapsulate().key_id(dispatch.key);
            let call = call.set_encapsulation_algorithm(dispatch.algorithm().map(Into::into));
            let call = call.shared_secret_ciphertext_blob(Blob::new(dispatch.blob));
            sent!(call).map(|_| KmsOutput::default())
        }
        _ => {
            let call = kms.derive_shared_secret().key_id(dispatch.key).public_key(Blob::new(dispatch.blob));
            let call = call.set_key_agreement_algorithm(dispatch.algorithm().map(Into::into));
            sent!(call).map(|_| KmsOutput::default())
        }
    }
}

async fn generate(kms: &Client, dispatch: &Dispatch<'_>) -> Result<KmsOutput, Refusal> {
    let is_symmetric = dispatch.spec == KeySpec::SymmetricDefault;
    let context = dispatch
        .context
        .filter(|_| is_symmetric)
        .map(|value| [(Dispatch::CONTEXT.into(), value.into())].into());
    match dispatch.operation {
        Operation::GenerateDataKey => {
            let call = kms.generate_data_key().key_id(dispatch.key).key_spec(DataKeySpec::Aes256);
            sent!(call.set_encryption_context(context)).map(|_| KmsOutput::default())
        }
        Operation::GenerateDataKeyWithoutPlaintext => {
            let call =
                kms.generate_data_key_without_plaintext().key_id(dispatch.key).key_spec(DataKeySpec::Aes256);
            sent!(call.set_encryption_context(context)).map(|_| KmsOutput::default())
        }
        Operation::GenerateDataKeyPair => {
            let call = kms
                .generate_data_key_pair()
                .key_id(dispatch.key)
                .key_pair_spec(dispatch.pair_spec.name().into());
            sent!(call.set_encryption_context(context)).map(|_| KmsOutput::default())
        }
        Operation::GenerateDataKeyPairWithoutPlaintext => {
            let call = kms.generate_data_key_pair_without_plaintext().key_id(dispatch.key);
            let call = call.key_pair_spec(dispatch.pair_spec.name().into());
            sent!(call.set_encryption_context(context)).map(|_| KmsOutput::default())
        }
        Operation::GenerateRandom => {
            let call = kms.generate_random().number_of_bytes(dispatch.length.try_into().unwrap_or(i32::MAX));
            sent!(call).map(|_| KmsOutput::default())
        }
        other => {
            let message = format!("live runs do not make {other} calls");
            Err(Refusal::from_service(400, "UnsupportedOperationException", message))
        }
    }
}
