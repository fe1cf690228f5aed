//! A nats-server of the test's own.

use crate::install;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use tempfile::TempDir;

/// The servers that tests meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The current one.
    Current,
    /// Debian's.
    Debian,
}

impl Which {
    /// Its program; why it cannot be had.
    pub fn program(self) -> Result<PathBuf, String> {
        match self {
            Which::Current => {
                let lists = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bus");
                Ok(install::venv(&lists, "nats")?.join("nats-server"))
            }
            Which::Debian => {
                let program = debian();
                match program.is_file() {
                    true => Ok(program.to_path_buf()),
                    false => Err("nats-server 2.9 is needed too (Debian: nats-server)".into()),
                }
            }
        }
    }
}

/// Where Debian's stands, or is said to.
fn debian() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    #[allow(clippy::disallowed_methods, reason = "where programs are stands in the environment")]
    PATH.get_or_init(|| {
        std::env::var_os("NATS_SERVER_DEBIAN").map_or("/usr/sbin/nats-server".into(), PathBuf::from)
    })
}

/// A server that runs, and ends with the test.
pub struct Server {
    program: PathBuf,
    more: Vec<String>,
    folder: TempDir,
    port: u16,
    child: Child,
}

impl Server {
    /// Starts one with JetStream, and with these options.
    pub fn start(which: Which, more: &[&str]) -> Result<Server, String> {
        let program = which.program()?;
        let folder = TempDir::new().expect("a folder");
        // A port that nobody has now; the server must come back at the same.
        let port = {
            let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
            taken.local_addr().expect("bound").port()
        };
        let more: Vec<String> = more.iter().map(|word| (*word).to_owned()).collect();
        let child = run(&program, folder.path(), port, &more);
        let mut server = Server { program, more, folder, port, child };
        server.answers();
        Ok(server)
    }

    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    pub fn url(&self) -> String {
        format!("nats://{}", self.address())
    }

    /// Kills it, which loses all that it has in memory.
    pub fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }

    /// Starts it anew, with nothing.
    pub fn start_again(&mut self) {
        self.child = run(&self.program, self.folder.path(), self.port, &self.more);
        self.answers();
    }

    fn answers(&mut self) {
        let address = self.address();
        crate::support::until("nats-server answers", || {
            assert_eq!(self.child.try_wait().expect("a process"), None, "nats-server ended");
            TcpStream::connect(address).is_ok()
        });
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that is dead already is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(program: &Path, folder: &Path, port: u16, more: &[String]) -> Child {
    let mut command = Command::new(program);
    command.args(["-js", "-a", "127.0.0.1", "-p", &port.to_string(), "-sd"]).arg(folder).args(more);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("nats-server starts")
}
