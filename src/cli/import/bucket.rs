//! Logs in a bucket, `s3://BUCKET/PREFIX`: where it is, whose credentials are used, and what that takes.

use super::input::{Bucket, Input};
use crate::aws::{Access, Objects, ObjectsError};
use crate::cli::account::{AccountArgs, Way};
use crate::cli::consent::{self, Credentials};
use crate::cli::{Common, Error, load};
use crate::guard::{Agent, Consent, Guard, Objection, Reached};
use crate::planner::partition::Partition;
use crate::quota::catalogue;
use crate::runner;
use crate::scenario::Transport;
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};

/// The Region that requests are signed for where it does not matter.
const ANY_REGION: &str = "us-east-1";

/// Options for paths that are in a bucket.
#[derive(clap::Args, Debug)]
pub struct BucketArgs {
    /// Where S3 is, for s3:// paths, instead of AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL and AWS itself.
    #[arg(long, value_name = "URL", env = "KEYSTORM_ENDPOINT_URL")]
    endpoint_url: Option<String>,
    /// The Region of the bucket, where S3 is AWS.
    #[arg(long, value_name = "REGION", env = "KEYSTORM_BUCKET_REGION")]
    bucket_region: Option<String>,
    /// Whose credentials S3 is asked with where it is not AWS: none (nobody signs), test (`test` and `test`), env:PREFIX, or
    /// chain, AWS's own, with --yes-real-aws [default: none].
    #[arg(long, value_name = "WHOSE", value_parser = Credentials::parse)]
    credentials: Option<Credentials>,
    #[command(flatten)]
    account: AccountArgs,
    /// Yes, read from a bucket of a real account, which costs money: S3 and STS.
    #[arg(long)]
    yes_real_aws: bool,
    /// Yes, connect to an S3 that is neither this machine, a private network nor AWS.
    #[arg(long)]
    yes_remote: bool,
}

/// What is asked of an account, for sentences.
const ASKED: &str = "S3 and STS";

impl BucketArgs {
    /// Refuses what means something for objects only, where there are none.
    ///
    /// # Errors
    /// [`Error::Usage`], with the option's name.
    pub fn check(&self, input: &Input<'_>, common: &Common) -> Result<(), Error> {
        let own =
            ["endpoint_url", "bucket_region", "credentials", "profile", "ca", "yes_real_aws", "yes_remote"];
        let given = own.into_iter().find(|option| common.is_given(option));
        match given.filter(|_| input.manifest.is_none() && !input.has_objects()) {
            Some(option) => {
                let option = option.replace('_', "-");
                Err(Error::Usage(format!("--{option} means something with s3:// paths only")))
            }
            None => Ok(()),
        }
    }

    fn open(&self) -> Result<Objects, Error> {
        let configured = || {
            let set = |name: &str| load::environment(name).filter(|url| !url.is_empty());
            set("AWS_ENDPOINT_URL_S3").or_else(|| set("AWS_ENDPOINT_URL"))
        };
        let region = self.bucket_region.as_deref();
        let url = match (self.endpoint_url.clone().or_else(configured), region) {
            (Some(url), _) => url,
            (None, Some(region)) if catalogue::is_region(region) => Partition::endpoint("s3", region, false),
            (None, Some(region)) => {
                return Err(Error::Usage(format!("--bucket-region: `{region}` is no Region of AWS")));
            }
            (None, None) => {
                return Err(Error::Usage(
                    "s3:// needs to know where: --bucket-region REGION for AWS, or --endpoint-url URL".into(),
                ));
            }
        };
        let agent =
            Agent::new().map_err(|error| Error::Failed(format!("no import can be named: {error}")))?;
        let consent = Consent { remote: self.yes_remote, aws: self.yes_real_aws };
        let endpoint =
            Guard::new(consent, agent).reach(&url).map_err(|objection| self.objected(objection))?;
        let is_aws = endpoint.addresses().is_none();
        let by_chain = matches!(self.credentials, Some(Credentials::Chain));
        if is_aws && !matches!(self.credentials, None | Some(Credentials::Chain)) {
            return Err(Error::Usage(
                "S3 of AWS takes the credentials of AWS's chain: --credentials chain, or none of it".into(),
            ));
        }
        let region = region.unwrap_or(ANY_REGION);
        if is_aws || by_chain {
            return self.of_account(region, endpoint);
        }
        consent::tell_ignored();
        let transport = Transport { ca: self.account.ca.clone(), ..Transport::default() };
        let access = Access::unchecked(region, &endpoint, &transport)?;
        let keys = self.credentials.as_ref().map(Credentials::resolved).transpose()?;
        let is_signed = keys.is_some();
        let access = match keys {
            Some(runner::Credentials::Keys { id, secret, token }) => {
                access.with_credentials(&id, &secret, token)
            }
            _ => access,
        };
        Ok(Objects::new(endpoint, access, is_signed)?)
    }

    /// With the chain's credentials, after STS has said whose they are and nobody denies that account.
    fn of_account(&self, region: &str, endpoint: Reached) -> Result<Objects, Error> {
        let way = Way {
            region,
            profile: self.account.profile.as_deref(),
            ca: self.account.ca.as_deref(),
            is_permitted: self.yes_real_aws,
            is_remote: self.yes_remote,
            what: ASKED,
        };
        let (_, access, _) = way.open()?;
        Ok(Objects::new(endpoint, access, true)?)
    }

    /// Why S3 may not be connected to, in words about S3.
    fn objected(&self, objection: Objection) -> Error {
        match objection {
            Objection::Aws { url, domain, .. } => Error::Usage(format!(
                "{url} is AWS (a host in {domain}): reading a bucket there needs --bucket-region and --yes-real-aws: {ASKED} of a real \
                 account, which cost money"
            )),
            Objection::Remote { url, address } => Error::Usage(format!(
                "{url} leads to {address}, which is neither this machine nor a private network: that needs --yes-remote"
            )),
            other => other.into(),
        }
    }
}

/// Buckets that are connected to once somebody asks for an object.
pub struct Buckets<'b> {
    args: &'b BucketArgs,
    objects: Mutex<Option<Arc<Objects>>>,
}

impl<'b> Buckets<'b> {
    /// As `args` say.
    pub fn new(args: &'b BucketArgs) -> Buckets<'b> {
        Buckets { args, objects: Mutex::default() }
    }

    fn objects(&self) -> Result<Arc<Objects>, Error> {
        let mut objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
        match &*objects {
            Some(objects) => Ok(Arc::clone(objects)),
            None => Ok(Arc::clone(objects.insert(Arc::new(self.args.open()?)))),
        }
    }
}

impl Bucket for Buckets<'_> {
    fn list(&self, url: &str, found: &mut dyn FnMut(&str, u64) -> bool) -> Result<(), Error> {
        Ok(self.objects()?.list(url, found)?)
    }

    fn fetch(&self, url: &str) -> Result<Box<dyn Read + Send>, Error> {
        Ok(Box::new(self.objects()?.fetch(url)?))
    }
}

impl From<ObjectsError> for Error {
    fn from(error: ObjectsError) -> Error {
        match error {
            ObjectsError::Url(_) => Error::Usage(error.to_string()),
            other => Error::Failed(other.to_string()),
        }
    }
}
