//! Installing clients, and a server for them.

use crate::install::{self, done, home, once};
use crate::socket::until;
use keystorm::kms::access::Directory;
use keystorm::quota::catalogue;
use keystorm::server::{Auth, Running, Settings, Tls};
use keystorm::units::Rate;
use serde_json::{Value, json};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What clients sign with.
pub const ACCESS_KEY: &str = "AKIAKEYSTORMCLIENTS0";
pub const SECRET: &str = "a+secret/that+signs";

/// Settings of a server that no quota disturbs.
pub fn unthrottled() -> Settings {
    let mut settings = Settings::default();
    for pool in catalogue::pool_names() {
        settings.emulator.quotas.overrides.insert(pool.into(), Rate::per_second(1_000_000_000));
    }
    settings
}

/// A server that checks signatures, over TLS; its CA's certificate is at `ca`.
pub fn strict(ca: &Path) -> Settings {
    // A user, since the root user of an account assumes no roles.
    let user = "arn:aws:iam::123456789012:user/clients";
    let statement = |more: Value| {
        let mut statement = json!({ "Effect": "Allow", "Action": ["kms:*", "sts:*"] });
        statement.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "Version": "2012-10-17", "Statement": [statement] })
    };
    let principals = json!({ "principals": [
        {
            "arn": user,
            "accessKeys": [{ "id": ACCESS_KEY, "secret": SECRET }],
            "policies": [statement(json!({ "Resource": "*" }))],
        },
        {
            "arn": "arn:aws:iam::123456789012:role/app",
            "trust": statement(json!({ "Action": "sts:AssumeRole", "Principal": { "AWS": user } })),
        },
    ] });
    let directory = Directory::parse(&principals.to_string()).unwrap();
    Settings {
        auth: Auth::Verify,
        tls: Some(Tls { ca: Some(ca.to_path_buf()), ..Tls::default() }),
        ..unthrottled()
    }
    .emulating(|emulator| emulator.directory = directory)
}

/// Starts a server.
pub fn start(settings: Settings) -> Running {
    Running::start(settings).unwrap()
}

/// The folder of the clients' scripts.
pub fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}

/// A Python with boto3 and the AWS Encryption SDK.
pub fn python() -> Result<PathBuf, String> {
    venv("python")
}

/// A Python with moto's server.
pub fn moto() -> Result<PathBuf, String> {
    venv("moto")
}

/// moto's server, which ends when the test does.
pub struct Moto {
    process: Child,
    /// Where it is.
    pub url: String,
}

impl Moto {
    /// Starts it with these variables, and waits until it can be connected to.
    pub fn start(python: &Path, set: &[(&str, &str)]) -> Moto {
        // Nobody else takes a port that was free a moment ago.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut server = Command::new(python);
        server.args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &address.port().to_string()]);
        server.envs(set.iter().copied()).stdout(Stdio::null()).stderr(Stdio::null());
        let moto = Moto { process: server.spawn().unwrap(), url: format!("http://{address}") };
        until("moto answers", || TcpStream::connect(address).is_ok());
        moto
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A Python with what the list in the folder `name` of the scripts says.
pub fn venv(name: &str) -> Result<PathBuf, String> {
    Ok(install::venv(&scripts(), name)?.join("python"))
}

/// The script `script` of the folder `of`, beside the packages that it needs.
pub fn node(of: &str, script: &str) -> Result<PathBuf, String> {
    let place = home().join(of);
    let from = scripts().join(of);
    let lists = [from.join("package.json"), from.join("package-lock.json")];
    once(&place, &lists, || {
        for list in &lists {
            let name = list.file_name().ok_or("no name")?;
            std::fs::copy(list, place.join(name)).map_err(|e| e.to_string())?;
        }
        let missing = |e| format!("Node 20 or later with npm is needed for its clients: {e}");
        done(Command::new("npm").args(["ci", "--silent", "--no-audit", "--no-fund"]).current_dir(&place))
            .map(drop)
            .map_err(missing)
    })?;
    let copy = place.join(script);
    // Another test may be reading it: it is there whole or not at all.
    let whole = tempfile::NamedTempFile::new_in(&place).map_err(|e| e.to_string())?;
    std::fs::copy(from.join(script), whole.path()).map_err(|e| e.to_string())?;
    whole.persist(&copy).map_err(|e| e.to_string())?;
    Ok(copy)
}

/// A browser that speaks the DevTools protocol.
#[allow(clippy::disallowed_methods, reason = "where programs are stands in the environment")]
pub fn browser() -> Result<PathBuf, String> {
    const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = || std::env::split_paths(&path).flat_map(|folder| NAMES.map(|name| folder.join(name)));
    let found = all().find(|program| program.is_file());
    found.ok_or_else(|| "Chromium is needed to look at the page (Debian: chromium)".to_string())
}

/// A client's process, told where the server is and nothing else about AWS.
pub fn client(program: &Path, url: &str, ca: Option<&Path>) -> Command {
    let mut command = Command::new(program);
    command
        .env_remove("AWS_PROFILE")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ENDPOINT_URL", url)
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_DEFAULT_REGION", "eu-west-1")
        .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
        .env("AWS_SECRET_ACCESS_KEY", SECRET);
    match ca {
        Some(ca) => command.env("AWS_CA_BUNDLE", ca).env("NODE_EXTRA_CA_CERTS", ca),
        None => command.env_remove("AWS_CA_BUNDLE"),
    };
    command
}

/// What a process printed; fails the test with what it said otherwise.
pub fn printed(command: &mut Command) -> String {
    match done(command) {
        Ok(output) => String::from_utf8(output.stdout).unwrap(),
        Err(said) => panic!("{said}"),
    }
}
