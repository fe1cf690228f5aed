//! Instructions and allocations that one call costs each server, counted by valgrind: the same on any machine of the same
//! architecture, whatever else it does.
//!
//!     cargo bench --no-default-features --features emulator --bench emulator_counts [-- FOLDER]
//!
//! Each server runs in a process of its own under callgrind, on one thread, and is asked by this process over the same 32
//! connections. It is run twice, with few and with many calls; what one more call costs is the difference, so that
//! starting, connecting and ending are not in it. Instructions of the kernel are not counted: both servers ask it for
//! the same. It fails when a call takes more than [`MAX_RATIO`] times what it takes the bare server, cryptography apart.

mod servers;

use servers::{CONNECTIONS, Until, bare_server, calls, load, our_server, request};
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

/// As the binary has it; the bare server has it too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Calls on each connection in the shorter run and in the longer.
const CALLS: [usize; 2] = [20, 120];

/// How many times the bare server's instructions a call may take, cryptography apart.
const MAX_RATIO: f64 = 1.5;

/// How functions of the cryptographic library are named, its C without a prefix included.
const LIBRARY: [&str; 3] = ["aws_lc", "aead_aes_gcm", "sha256_block"];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => tell(None),
        ["serve", which] => {
            serve(which);
            ExitCode::SUCCESS
        }
        [folder] => tell(Some(folder)),
        _ => panic!("nothing or a folder for callgrind's files can be given, and not {words:?}"),
    }
}

/// A server in a process of its own: tells its address and ends with its standard input.
fn serve(which: &str) {
    let running = (which == "ours").then(our_server);
    let address = running.as_ref().map_or_else(bare_server, |running| running.address());
    println!("{address}");
    std::io::stdin().read_to_end(&mut Vec::new()).expect("a pipe");
    if let Some(running) = running {
        running.stop();
    }
}

/// Counts and prints; with a folder, callgrind's own files stay there for `callgrind_annotate`.
fn tell(folder: Option<&str>) -> ExitCode {
    let own = std::env::temp_dir().join(format!("keystorm-counts-{}", std::process::id()));
    let folder = folder.map_or(own.as_path(), Path::new);
    std::fs::create_dir_all(folder).expect("a folder");
    println!(
        "{:<16} {:>12} {:>12} {:>7} {:>12} {:>12} {:>12}",
        "instructions", "bare", "ours", "ratio", "cryptography", "allocations", "bare's"
    );
    let mut is_well = true;
    for at in 0..3 {
        let [bare, ours] = ["bare", "ours"].map(|which| per_call(which, at, folder));
        println!(
            "{:<16} {:>12.0} {:>12.0} {:>7.2} {:>12.0} {:>12.1} {:>12.1}",
            ours.operation,
            bare.own,
            ours.own,
            ours.own / bare.own,
            ours.cryptography,
            ours.allocations,
            bare.allocations
        );
        is_well &= ours.own <= MAX_RATIO * bare.own;
    }
    if folder == own {
        std::fs::remove_dir_all(own).expect("our own folder");
    }
    if !is_well {
        println!("more than {MAX_RATIO} times the bare server's: docs/PERFORMANCE.md tells where they go");
    }
    ExitCode::from(u8::from(!is_well))
}

/// What one call costs.
struct Cost {
    operation: &'static str,
    /// Instructions, cryptography apart.
    own: f64,
    cryptography: f64,
    allocations: f64,
}

/// What one more call of the operation at this place costs a server.
fn per_call(which: &str, at: usize, folder: &Path) -> Cost {
    let [few, many] = CALLS.map(|calls| run(which, at, calls, folder));
    let more = ((CALLS[1] - CALLS[0]) * CONNECTIONS) as f64;
    let each = |of: fn(&Profile) -> u64| (of(&many.1) as f64 - of(&few.1) as f64) / more;
    Cost {
        operation: few.0,
        own: each(|profile| profile.instructions - profile.cryptography),
        cryptography: each(|profile| profile.cryptography),
        allocations: each(|profile| profile.allocations),
    }
}

/// One run of a server: which operation it was, and what callgrind counted.
fn run(which: &str, at: usize, calls_each: usize, folder: &Path) -> (&'static str, Profile) {
    let out = folder.join(format!("{which}-{at}-{calls_each}.callgrind"));
    let mut child = Command::new("valgrind")
        .args(["--tool=callgrind", "--compress-strings=no", "--compress-pos=no", "--quiet"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(std::env::current_exe().expect("a program has a path"))
        .args(["serve", which])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("valgrind is installed");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("its address");
    let address: SocketAddr = line.trim().parse().expect("its address");
    // The bare server makes no keys: what it is asked comes from one of ours in this process.
    let local = (which == "bare").then(our_server);
    let asked = calls(local.as_ref().map_or(address, |running| running.address()));
    let (operation, body) = &asked[at];
    load(address, &request(operation, body), Until::Calls(calls_each));
    if let Some(local) = local {
        local.stop();
    }
    drop(child.stdin.take());
    assert!(child.wait().expect("a child").success());
    (operation, Profile::read(&out))
}

/// What callgrind counted.
#[derive(Debug, Default)]
struct Profile {
    instructions: u64,
    cryptography: u64,
    allocations: u64,
}

impl Profile {
    /// Reads a file of callgrind: lines of a function's own cost follow its name; the line after a `calls=` is what the
    /// called function costs, which is told there itself.
    fn read(path: &Path) -> Profile {
        let text = std::fs::read_to_string(path).expect("callgrind's file");
        let mut profile = Profile::default();
        let (mut function, mut called, mut is_called) = ("", "", false);
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("fn=") {
                function = name;
            } else if let Some(name) = line.strip_prefix("cfn=") {
                called = name;
            } else if let Some(calls) = line.strip_prefix("calls=") {
                is_called = true;
                let count = calls.split(' ').next().and_then(|count| count.parse().ok()).unwrap_or(0);
                if is_allocator(called) && !is_allocator(function) {
                    profile.allocations += count;
                }
            } else if line.starts_with(|first: char| first.is_ascii_digit()) {
                let cost: u64 = line.split(' ').nth(1).and_then(|cost| cost.parse().ok()).unwrap_or(0);
                match std::mem::take(&mut is_called) {
                    false => profile.instructions += cost,
                    // What the library has done for it is its own too.
                    true if is_library(called) || !is_library(function) => continue,
                    true => {}
                }
                if is_library(function) {
                    profile.cryptography += cost;
                }
            }
        }
        profile
    }
}

/// Whether a function is one of the cryptographic library.
fn is_library(name: &str) -> bool {
    LIBRARY.iter().any(|part| name.contains(part))
}

/// Whether a function hands out memory.
fn is_allocator(name: &str) -> bool {
    ["mi_malloc", "mi_zalloc", "mi_realloc", "mi_heap", "_mi_", "malloc", "calloc", "realloc"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}
