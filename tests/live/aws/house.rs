//! An AWS of the test's own: the emulated KMS with its STS over TLS, which checks signatures, and the stand-in.

use super::standin::{Says, Standin};
use crate::socket::{admin, ample, keystorm, metric};
use aws_sdk_kms::config::Credentials;
use aws_sdk_kms::types::KeySpec;
use keystorm::aws::Access;
use keystorm::guard::nearby;
use keystorm::kms::access::Directory;
use keystorm::scenario::Transport;
use keystorm::server::{Auth, Running, Settings, Tls};
use std::path::PathBuf;
use std::process::{Command, Output};

pub const ACCOUNT: &str = "123456789012";
pub const REGION: &str = "eu-west-1";

/// Ann may do anything, Bob nothing but say who he is, and the role is Ann's to assume.
const PRINCIPALS: &str = r#"
principals:
  - arn: arn:aws:iam::123456789012:user/ann
    accessKeys: [ { id: AKIAANN, secret: hush } ]
    policies: [ { Version: "2012-10-17", Statement: [ { Effect: Allow, Action: ["kms:*", "sts:*"], Resource: "*" } ] } ]
  - arn: arn:aws:iam::123456789012:user/bob
    accessKeys: [ { id: AKIABOB, secret: hush } ]
    policies: [ { Version: "2012-10-17", Statement: [ { Effect: Allow, Action: "kms:DescribeKey", Resource: "*" } ] } ]
  - arn: arn:aws:iam::123456789012:role/app
    trust: { Version: "2012-10-17", Statement: [ { Effect: Allow, Principal: { AWS: "arn:aws:iam::123456789012:user/ann" }, Action: "sts:AssumeRole" } ] }
    policies: [ { Version: "2012-10-17", Statement: [ { Effect: Allow, Action: "kms:*", Resource: "*" } ] } ]
"#;

/// The house.
pub struct House {
    pub running: Running,
    pub standin: Standin,
    pub folder: tempfile::TempDir,
    /// A symmetric key of the account, by id.
    pub key: String,
}

impl House {
    /// With as much quota as anybody needs.
    pub fn new() -> House {
        House::with("", ample())
    }

    /// With these principals beside the usual ones.
    pub fn with(principals: &str, settings: Settings) -> House {
        let folder = tempfile::tempdir().unwrap();
        let directory = Directory::parse(&format!("{PRINCIPALS}{principals}")).unwrap();
        let settings = Settings {
            auth: Auth::Verify,
            tls: Some(Tls { ca: Some(folder.path().join("ca.pem")), ..Tls::default() }),
            admin_listen: Some("127.0.0.1:0".parse().unwrap()),
            ..settings
        }
        .emulating(|emulator| {
            emulator.directory = directory;
            emulator.account = ACCOUNT.into();
            emulator.region = REGION.into();
        });
        let running = Running::start(settings).unwrap();
        let standin = Standin::start(Says {
            quota: 10_000.0,
            minutes: vec![600.0, 1_200.0],
            denies: false,
            refuses: None,
            alarm: None,
        });
        let mut house = House { running, standin, folder, key: String::new() };
        house.key = house.make_key();
        house
    }

    pub fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The house by the SDK, as Ann.
    pub fn kms(&self) -> aws_sdk_kms::Client {
        let transport = Transport { ca: Some(self.ca().display().to_string()), ..Transport::default() };
        let access = Access::unchecked(REGION, &nearby(&self.running.url()).unwrap(), &transport).unwrap();
        let config = aws_sdk_kms::config::Builder::from(access.sdk())
            .endpoint_url(self.running.url())
            .credentials_provider(Credentials::new("AKIAANN", "hush", None, None, "test"));
        aws_sdk_kms::Client::from_conf(config.build())
    }

    fn make_key(&self) -> String {
        block_on(async {
            let made = self.kms().create_key().key_spec(KeySpec::SymmetricDefault).send().await.unwrap();
            made.key_metadata.unwrap().key_id
        })
    }

    /// One line of the emulator's metrics.
    pub fn metric(&self, name: &str) -> f64 {
        metric(self.running.admin_address().unwrap(), name)
    }

    /// All of them.
    #[allow(dead_code, reason = "each test binary uses what it needs")]
    pub fn metrics(&self) -> String {
        admin(self.running.admin_address().unwrap(), "GET", "metrics", "", "").text()
    }

    pub fn admin(&self, path: &str, body: &str) {
        let reply = admin(self.running.admin_address().unwrap(), "POST", path, body, "");
        assert_eq!(reply.status, 200, "{}", reply.text());
    }

    /// The command with this house for AWS, Ann's credentials in its environment.
    pub fn command(&self) -> Command {
        let mut command = keystorm();
        #[allow(clippy::disallowed_methods, reason = "what a test runs must not depend on where it runs")]
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
            command.env_remove(name);
        }
        let url = self.running.url();
        command
            .env("AWS_CONFIG_FILE", self.folder.path().join("config"))
            .env("AWS_SHARED_CREDENTIALS_FILE", self.folder.path().join("credentials"))
            .env("XDG_CONFIG_HOME", self.folder.path())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_ENDPOINT_URL_KMS", &url)
            .env("AWS_ENDPOINT_URL_STS", &url)
            .env("AWS_ENDPOINT_URL_CLOUDWATCH", &self.standin.url)
            .env("AWS_ENDPOINT_URL_SERVICE_QUOTAS", &self.standin.url)
            .env("AWS_ACCESS_KEY_ID", "AKIAANN")
            .env("AWS_SECRET_ACCESS_KEY", "hush")
            .current_dir(self.folder.path());
        command
    }

    /// `run` of a scenario against this house; `more` overrides values.
    pub fn run(&self, more: &[&str]) -> Command {
        let path = self.folder.path().join("scenario.yaml");
        std::fs::write(&path, scenario(&format!("{{ ids: [{}] }}", self.key), &self.ca())).unwrap();
        let mut command = self.command();
        command.args(["run", "scenario.yaml", "--yes-real-aws", "-o", "out", "--force"]).args(more);
        command
    }

    /// What a run saved.
    pub fn saved(&self) -> serde_json::Value {
        let bytes = std::fs::read(self.folder.path().join("out/run.json")).expect("the run is saved");
        serde_json::from_slice(&bytes).unwrap()
    }
}

/// A scenario of 40 jobs in a second, within every bound.
pub fn scenario(keys: &str, ca: &std::path::Path) -> String {
    format!(
        "version: 1
name: house
target: aws
region: {REGION}
transport: {{ ca: '{}' }}
caps: {{ attempts: 200, rate: 150/s, duration: 60s }}
allow: {{ accounts: ['{ACCOUNT}'], regions: [{REGION}] }}
workloads:
  w: {{ executor: constant-arrival-rate, rate: 40/s, arrivals: uniform, duration: 1s, jobs: {{ GenerateDataKey: 3, Decrypt: 1 }}, keys: {keys} }}
strategies: {{ no-retry: {{ retry: {{ mode: none }} }} }}
",
        ca.display()
    )
}

/// What a command came to: its exit code, stdout and stderr.
pub fn end(command: &mut Command) -> (i32, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap_or(-1), text(stdout), text(stderr))
}

/// Fails the test unless the command ends with this code and says this on stderr.
pub fn says(command: &mut Command, code: i32, sentence: &str) {
    let (met, stdout, stderr) = end(command);
    assert_eq!(met, code, "{stdout}\n{stderr}");
    assert!(stderr.contains(sentence), "{sentence}: {stderr}");
    for secret in ["hush", "meaningless"] {
        assert!(!stderr.contains(secret) && !stdout.contains(secret), "{secret}: {stdout}\n{stderr}");
    }
}

pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}
