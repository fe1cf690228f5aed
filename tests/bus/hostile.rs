//! Whoever may write to the bus may write anything: it is refused and told, and the run is what it would have been.

use crate::needs::missing;
use crate::server::{Server, Which};
use crate::support::{Process, Workspace, assert_same, until, whole};
use keystorm::bus::Version;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

/// Somebody on the bus who says exactly these bytes.
pub struct Stranger(BufReader<TcpStream>);

impl Stranger {
    pub fn at(address: SocketAddr) -> Stranger {
        let stream = TcpStream::connect(address).expect("the server accepts");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a time");
        let mut stranger = Stranger(BufReader::new(stream));
        stranger.write(b"CONNECT {\"verbose\":false,\"headers\":true}\r\n");
        stranger
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).expect("the server listens");
    }

    /// The next message on a subject that somebody answers with when `asked`: where it came, and what.
    #[cfg(feature = "live")]
    pub fn hears(&mut self, subject: &str, mut asked: impl FnMut(&mut Stranger)) -> (String, Vec<u8>) {
        self.write(format!("SUB {subject} 7\r\n").as_bytes());
        asked(self);
        loop {
            // Whoever is to answer may not be on the bus yet: it is asked again.
            self.0.get_ref().set_read_timeout(Some(Duration::from_millis(500))).expect("a time");
            let is_quiet = self.0.fill_buf().is_err();
            self.0.get_ref().set_read_timeout(Some(Duration::from_secs(30))).expect("a time");
            if is_quiet {
                asked(self);
                continue;
            }
            let mut line = String::new();
            self.0.read_line(&mut line).expect("a message");
            let Some(head) = line.strip_prefix("MSG ") else { continue };
            let mut words = head.split_ascii_whitespace();
            let came = words.next().expect("a subject").to_owned();
            let length: usize = words.next_back().expect("a length").parse().expect("a number");
            let mut payload = vec![0; length];
            std::io::Read::read_exact(&mut self.0, &mut payload).expect("a message");
            self.write(b"UNSUB 7\r\n");
            return (came, payload);
        }
    }

    /// Whether the run's store is on the server.
    fn sees_store(&mut self, run: &str) -> bool {
        let asked = format!("PUB $JS.API.STREAM.INFO.OBJ_keystorm-{} told 0\r\n\r\n", &run[..32]);
        self.write(b"SUB told 1\r\n");
        self.write(asked.as_bytes());
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).expect("an answer");
            let Some(head) = line.strip_prefix("MSG told ") else { continue };
            let length: usize = head.trim().rsplit(' ').next().expect("a length").parse().expect("a number");
            let mut payload = vec![0; length];
            std::io::Read::read_exact(&mut self.0, &mut payload).expect("an answer");
            self.write(b"UNSUB 1\r\n");
            return !String::from_utf8_lossy(&payload).contains("\"error\"");
        }
    }

    /// Says something, and does not wait until the server has heard it: what it says meanwhile is not passed over.
    #[cfg(feature = "live")]
    pub fn write_quietly(&mut self, subject: &str, payload: &[u8]) {
        self.write(format!("PUB {subject} {}\r\n", payload.len()).as_bytes());
        self.write(payload);
        self.write(b"\r\n");
    }

    pub fn publish(&mut self, subject: &str, payload: &[u8]) {
        self.write(format!("PUB {subject} {}\r\n", payload.len()).as_bytes());
        self.write(payload);
        self.write(b"\r\nPING\r\n");
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).expect("an answer");
            assert!(!line.starts_with("-ERR"), "{line}");
            if line.starts_with("PONG") {
                return;
            }
        }
    }
}

/// A run that is under way, and that nobody works for yet: every cell is missing, and the coordinator listens.
fn begun(server: &Server, place: &Workspace) -> (Process, Stranger, String) {
    let mut coordinator = place.start(&format!("run s.yaml -o out --bus {}", server.url()));
    let mut stranger = Stranger::at(server.address());
    until("its folder is there", || {
        assert!(coordinator.is_alive(), "{}", coordinator.end().1);
        place.path("out").join("shard.json").is_file()
    });
    let run = place.run_of("out");
    // The store is made after the coordinator has begun to listen.
    until("it listens", || stranger.sees_store(&run));
    (coordinator, stranger, run)
}

/// The first digits of the keys of all cells, by a process that has run them.
fn keys(place: &Workspace) -> Vec<String> {
    assert_eq!(place.ended("run s.yaml -q --shard 1/1 -o keys").0, 0);
    let files = place.files("keys");
    let keys: Vec<String> = files.keys().filter_map(|path| cell_key(path)).map(str::to_owned).collect();
    assert_eq!(keys.len(), 15);
    keys
}

/// The subject of what a store says of an object.
fn about(bucket: &str, name: &str) -> String {
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE, name);
    format!("$O.{bucket}.M.{encoded}")
}

#[test]
fn what_strangers_say_is_refused_and_told_and_changes_nothing() {
    let server = match Server::start(Which::Current, &[]) {
        Ok(server) => server,
        Err(why) => return missing(&why),
    };
    let place = Workspace::new();
    let keys = keys(&place);
    let (mut coordinator, mut stranger, run) = begun(&server, &place);
    let (short, version) = (&run[..32], Version::own().token());
    let queue = format!("keystorm.cells.{version}.{short}");
    let offer = |run: &str, key: &str| {
        serde_json::json!({ "of": Version::own(), "run": run, "key": key, "attempt": 1 }).to_string()
    };
    let unknown = "e".repeat(64);
    let offers: [Vec<u8>; 6] = [
        b"".to_vec(),
        b"\x00\xff\x1b[2J".to_vec(),
        b"{\"of\":".to_vec(),
        // A run that nobody coordinates, a cell that the run has not, and a path.
        offer(&unknown, &unknown).into_bytes(),
        offer(&run, &unknown).into_bytes(),
        offer("../../etc/passwd", &unknown).into_bytes(),
    ];
    for (number, payload) in offers.iter().enumerate() {
        stranger.publish(&format!("{queue}.stranger{number}"), payload);
    }
    let note = format!("keystorm.notes.{short}");
    stranger.publish(&note, b"\xff\xfe");
    stranger.publish(&note, br#"{"note":"kept","name":"../../../etc/passwd"}"#);
    stranger.publish(&note, br#"{"note":"kept","name":"0123.cell","more":1}"#);
    stranger.publish(
        &note,
        "{\"note\":\"trouble\",\"worker\":\"\\u001b[31mred\",\"why\":\"\\u0007bell\"}".as_bytes(),
    );
    stranger.publish("keystorm.workers", b"[]");
    let older =
        serde_json::json!({ "of": { "version": "0.0.1", "definitions": 1 }, "worker": "old", "threads": 1 });
    stranger.publish("keystorm.workers", older.to_string().as_bytes());
    // An object that says it is a cell of the run, and a link that leads to itself.
    let bucket = format!("keystorm-{short}");
    for (number, meta) in [
        serde_json::json!({ "name": "x", "bucket": bucket, "nuid": "stranger", "size": 3, "chunks": 1 }),
        serde_json::json!({ "name": "x", "bucket": bucket, "nuid": "a.b", "size": 3, "chunks": 1 }),
        serde_json::json!({ "name": "x", "bucket": bucket, "nuid": "y", "size": 9_000_000_000_000_u64, "chunks": 3 }),
        serde_json::json!({ "name": "x", "bucket": bucket, "options": { "link": { "bucket": bucket, "name": "x" } } }),
        serde_json::json!([1]),
    ]
    .iter()
    .enumerate()
    {
        stranger.publish(&format!("$O.{bucket}.C.stranger"), b"abc");
        // A cell that the run has not, and one that is missing.
        for key in ["ab".repeat(16), keys[number].clone()] {
            let name = format!("{key}.{number:016x}.cell");
            stranger.publish(&about(&bucket, &name), meta.to_string().as_bytes());
        }
    }
    let mut workers = ["one", "two"].map(|name| place.worker(&server.url(), name));
    coordinator.says("refused from the bus: a note that is none");
    coordinator.says("refused from the bus: a worker's word that is none");
    coordinator.says("worker  [31mred:  bell");
    coordinator.says("worker old is of keystorm 0.0.1 with definitions 1, and runs no cell of");
    let (code, said) = coordinator.end();
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains('\u{1b}') && !said.contains("panicked"), "{said}");
    assert_same(&place.files("out"), &whole()[0]);
    assert!(workers.iter_mut().all(Process::is_alive), "no worker ends over it");
    let words: Vec<String> = workers
        .iter_mut()
        .map(|worker| {
            worker.kill();
            worker.end().1
        })
        .collect();
    let words = words.join("\n");
    assert!(words.contains("refused from the bus: a cell that is none"), "{words}");
    assert!(!words.contains("panicked") && !words.contains("passwd") && !words.contains('\u{1b}'), "{words}");
}

/// The key in the name of a cell's file.
fn cell_key(path: &std::path::Path) -> Option<&str> {
    path.file_name()?.to_str()?.strip_suffix(".cell")?.split_once('.').map(|(key, _)| key)
}

#[test]
fn a_cell_with_other_bytes_than_its_name_tells_is_refused_and_run_again() {
    let server = match Server::start(Which::Current, &[]) {
        Ok(server) => server,
        Err(why) => return missing(&why),
    };
    let place = Workspace::new();
    let keys = keys(&place);
    let (mut coordinator, mut stranger, run) = begun(&server, &place);
    let bucket = format!("keystorm-{}", &run[..32]);
    stranger.publish(&format!("$O.{bucket}.C.stranger"), b"abc");
    for key in &keys {
        let name = format!("{key}.{}.cell", "0".repeat(16));
        let meta =
            serde_json::json!({ "name": name, "bucket": bucket, "nuid": "stranger", "size": 3, "chunks": 1 });
        stranger.publish(&about(&bucket, &name), meta.to_string().as_bytes());
    }
    coordinator.says("this cell is damaged: its bytes are not those that its name tells");
    let _worker = place.worker(&server.url(), "one");
    let (code, said) = coordinator.end();
    assert_eq!(code, Some(0), "{said}");
    assert_same(&place.files("out"), &whole()[0]);
}

#[test]
fn a_server_that_loses_streams_is_refused_in_words() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    let server = std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("somebody comes");
        let mut stream = BufReader::new(stream);
        let info = "INFO {\"server_id\":\"x\",\"version\":\"2.10.21\",\"proto\":1,\"max_payload\":1048576,\"headers\":true}\r\n";
        stream.get_mut().write_all(info.as_bytes()).expect("it listens");
        let mut line = String::new();
        while stream.read_line(&mut line).is_ok_and(|read| read > 0) {
            if line.starts_with("PING") {
                stream.get_mut().write_all(b"PONG\r\n").expect("it listens");
            }
            line.clear();
        }
    });
    let (code, said) = Workspace::new().ended(&format!("worker --bus nats://{address}"));
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("nats-server 2.10.21") && said.contains("use 2.10.23 or later"), "{said}");
    server.join().expect("it has gone");
}
