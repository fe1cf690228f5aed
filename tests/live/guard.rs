//! Who may be connected to, by the command itself in a network that has nothing but loopback: whatever is refused is
//! refused before a look-up or a connection, which a trace of its system calls shows.

use super::needs;
use super::socket::keystorm;
use keystorm::server::{Running, Settings};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Hosts of AWS in every form, and a part of the sentence that names the way out.
const AWS: [(&str, &str); 17] = [
    ("https://kms.us-east-1.amazonaws.com", "use --target aws --region us-east-1, with caps"),
    ("https://KMS.us-east-1.AMAZONAWS.com.", "use --target aws --region us-east-1, with caps"),
    ("http://kms.us-east-1.amazonaws.com:8080", "use --target aws --region us-east-1, with caps"),
    ("https://kms-fips.us-east-1.amazonaws.com", "--endpoint-url https://kms-fips.us-east-1.amazonaws.com"),
    ("https://kms.us-gov-west-1.amazonaws.com", "--region us-gov-west-1"),
    ("https://kms-fips.us-gov-east-1.amazonaws.com", "--region us-gov-east-1"),
    ("https://kms.cn-north-1.amazonaws.com.cn", "--region cn-north-1"),
    ("https://kms.eu-west-1.api.aws", "--region eu-west-1"),
    ("https://kms.cn-north-1.api.amazonwebservices.com.cn", "--region cn-north-1"),
    ("https://kms.eusc-de-east-1.amazonaws.eu", "--region eusc-de-east-1"),
    ("https://kms.eusc-de-east-1.api.amazonwebservices.eu", "--region eusc-de-east-1"),
    ("https://kms.us-iso-east-1.c2s.ic.gov", "--region us-iso-east-1"),
    ("https://kms.us-isob-east-1.sc2s.sgov.gov", "--region us-isob-east-1"),
    ("https://kms.eu-isoe-west-1.cloud.adc-e.uk", "--region eu-isoe-west-1"),
    ("https://kms.us-isof-south-1.csp.hci.ic.gov", "--region us-isof-south-1"),
    ("https://vpce-0a1b-2c3d.kms.us-east-1.vpce.amazonaws.com", "--endpoint-url https://vpce-0a1b-2c3d.kms"),
    ("https://vpce-0a1b-2c3d-us-east-1a.kms.us-east-1.vpce.amazonaws.com", "--region us-east-1"),
];

/// Others that are refused by what they say.
const OTHERS: [(&str, &str); 19] = [
    (
        "http://8.8.8.8",
        "needs --yes-remote, and caps.attempts, caps.rate and caps.duration\n  - caps.attempts is not given",
    ),
    ("http://100.64.0.1:8080", "neither this machine nor a private network"),
    ("http://[2001:db8::1]", "neither this machine nor a private network"),
    ("http://[64:ff9b::a00:1]", "neither this machine nor a private network"),
    ("http://169.254.169.254", "instance metadata"),
    ("http://[::ffff:169.254.169.254]", "instance metadata"),
    ("http://[fd00:ec2::254]", "instance metadata"),
    ("http://0.0.0.0:8080", "write 127.0.0.1"),
    ("http://[::]:8080", "write [::1]"),
    ("http://user:hush@127.0.0.1", "it has a user in it"),
    ("http://127.0.0.1:8080@kms.us-east-1.amazonaws.com", "it has a user in it"),
    ("https://kms%2eus-east-1%2eamazonaws%2ecom", "it has a % in its host"),
    ("http://[fe80::1%25lo]", "it has a % in its host"),
    ("https://kms\u{3002}us-east-1\u{3002}amazonaws\u{3002}com", "ASCII form"),
    ("http://2130706433", "write four decimal numbers"),
    ("http://0x7f.0.0.1", "write four decimal numbers"),
    ("http://0177.0.0.1", "write four decimal numbers"),
    ("http://127.1", "write four decimal numbers"),
    ("http://127.0.0.1.", "write four decimal numbers"),
];

/// What stands before a command so that it runs where there is nothing but loopback; `None`, with a word, where the
/// kernel or its tools do not allow it.
fn alone() -> Option<&'static [&'static str]> {
    const UP: &str = "ip link set lo up && exec \"$@\"";
    const WAYS: [&[&str]; 2] =
        [&["unshare", "-rn", "sh", "-c", UP, "sh"], &["unshare", "-n", "sh", "-c", UP, "sh"]];
    let works = |way: &&&[&str]| {
        let tried = Command::new(way[0]).args(&way[1..]).arg("true").output();
        tried.is_ok_and(|tried| tried.status.success())
    };
    let way = WAYS.iter().find(works).copied();
    if way.is_none() {
        needs::missing(
            "a network namespace of its own (unshare, ip) is needed to show that nothing leaves this machine",
        );
    }
    way
}

/// The command where there is nothing but loopback, traced into `trace` if that is given.
fn alone_with(way: &[&str], trace: Option<&Path>, arguments: &[&str], folder: &Path) -> Output {
    let mut command = Command::new(way[0]);
    command.args(&way[1..]);
    if let Some(trace) = trace {
        command.args(["strace", "-f", "-qq", "-e", "trace=network", "-o"]).arg(trace);
    }
    command.arg(env!("CARGO_BIN_EXE_keystorm")).args(arguments).current_dir(folder);
    // Whatever the chain would find must not be looked at.
    for (name, value) in [
        ("AWS_ACCESS_KEY_ID", "AKIAREAL"),
        ("AWS_SECRET_ACCESS_KEY", "hush"),
        ("HTTP_PROXY", "http://127.0.0.1:1"),
        ("HTTPS_PROXY", "http://127.0.0.1:1"),
    ] {
        command.env(name, value);
    }
    command.output().expect("it starts")
}

/// The ways to call a target: `run` and `calibrate`, by our own client and by the SDK.
fn ways(url: &str) -> Vec<Vec<&str>> {
    let clients: &[&str] = if cfg!(feature = "aws") { &["raw", "aws-sdk"] } else { &["raw"] };
    let run = ["run", "--op", "GenerateRandom", "-r", "1/s", "-d", "1s", "--target"];
    let calibrate = ["calibrate", "--op", "GenerateRandom", "--target"];
    let both = [run.as_slice(), calibrate.as_slice()];
    both.iter()
        .flat_map(|way| clients.iter().map(|client| [*way, &[url, "--client", client]].concat()))
        .collect()
}

#[test]
fn whatever_is_aws_or_far_away_is_refused_before_a_look_up_or_a_connection() {
    let Some(way) = alone() else { return };
    let traces = Command::new("strace").arg("-V").output().is_ok();
    if !traces {
        needs::missing("strace is needed to show that no socket is opened");
    }
    let next = Mutex::new(AWS.iter().chain(&OTHERS));
    let work = || {
        let folder = tempfile::tempdir().unwrap();
        let trace = folder.path().join("trace");
        loop {
            let Some((url, sentence)) = next.lock().unwrap().next() else { return };
            for arguments in ways(url) {
                let output = alone_with(way, traces.then_some(&trace), &arguments, folder.path());
                let said = String::from_utf8_lossy(&output.stderr);
                assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
                assert!(said.contains(sentence), "{arguments:?}: {said}");
                assert!(!said.contains("hush"), "{said}");
                if traces {
                    let calls = std::fs::read_to_string(&trace).unwrap();
                    assert!(
                        !calls.contains("socket(") && !calls.contains("connect("),
                        "{arguments:?}: {calls}"
                    );
                }
            }
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(work);
        scope.spawn(work);
    });
}

/// The table of `docs/VALIDATION.md` has every one of them, with what is said.
#[test]
fn the_documented_sentences_are_those_that_are_said() {
    let doc = include_str!("../../docs/VALIDATION.md");
    let table = doc.split("## Who is not connected to").nth(1).expect("the section is there");
    let mut shown = Vec::new();
    for row in table.lines().filter(|line| line.starts_with("| `http")) {
        let cells: Vec<&str> = row.trim_matches('|').splitn(3, " | ").map(str::trim).collect();
        let [url, code, sentence] = cells[..] else { panic!("{row}") };
        let url = url.trim_matches('`');
        let arguments =
            ["run", "--op", "GenerateRandom", "-r", "1/s", "-d", "1s", "--client", "raw", "--target", url];
        let output = keystorm().args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(said.lines().next(), Some(format!("keystorm: {sentence}").as_str()));
        assert_eq!(output.status.code().map(|code| code.to_string()).as_deref(), Some(code), "{url}");
        shown.push(url);
    }
    let all: Vec<&str> = AWS.iter().chain(&OTHERS).map(|(url, _)| *url).collect();
    assert_eq!(shown, all);
}

#[test]
fn a_name_that_nobody_knows_is_looked_up_and_no_more() {
    let Some(way) = alone() else { return };
    let folder = tempfile::tempdir().unwrap();
    for arguments in ways("http://kms.example.invalid:8080") {
        let output = alone_with(way, None, &arguments, folder.path());
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(
            said.contains("http://kms.example.invalid:8080 cannot be looked up"),
            "{arguments:?}: {said}"
        );
    }
}

#[test]
fn what_is_far_away_is_tried_with_a_yes_and_caps_only() {
    let Some(way) = alone() else { return };
    let folder = tempfile::tempdir().unwrap();
    let caps = ["caps.attempts=100", "caps.rate=50/s", "caps.duration=60s"];
    for client in CLIENTS {
        let base = [
            "run",
            "--op",
            "GenerateRandom",
            "-r",
            "5/s",
            "-d",
            "1s",
            "--strategy",
            "no-retry",
            "--client",
            client,
        ];
        let with = |more: &[&str]| {
            let target = ["--target", "http://203.0.113.7:8080", "-o", client];
            let output = alone_with(way, None, &[&base[..], &target, more].concat(), folder.path());
            (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
        };
        let sets: Vec<&str> = caps.iter().flat_map(|cap| ["--set", cap]).collect();
        let (code, said) = with(&sets);
        assert!(
            code == Some(2) && said.contains("needs --yes-remote") && !said.contains("is not given"),
            "{said}"
        );
        let (code, said) = with(&["--yes-remote"]);
        assert_eq!(code, Some(2), "{said}");
        for cap in ["attempts", "rate", "duration"] {
            assert!(said.contains(&format!("caps.{cap} is not given")), "{said}");
        }
        let (code, said) =
            with(&[&["--yes-remote", "--set", "caps.rate=1/s"], &sets[..2], &sets[4..]].concat());
        assert!(code == Some(2) && said.contains("peaks at 5.0 calls a second"), "{said}");
        // Nobody is there: every attempt is made, and has no answer.
        let (_, said) = with(&[&["--yes-remote"], &sets[..]].concat());
        let run =
            std::fs::read(folder.path().join(client).join("run.json")).unwrap_or_else(|_| panic!("{said}"));
        let run: serde_json::Value = serde_json::from_slice(&run).unwrap();
        assert!(run["strategies"][0]["attempts"].as_u64().unwrap() > 0, "{said}");
        assert_eq!(run["strategies"][0]["attempts"], run["strategies"][0]["faults"], "{said}");
    }
}

#[test]
fn health_checks_ask_nobody_far_away() {
    for (url, sentence) in [
        ("https://kms.us-east-1.amazonaws.com", "is AWS"),
        ("kms.us-east-1.amazonaws.com:443", "is AWS"),
        ("http://8.8.8.8", "only a server on this machine or a private network is asked"),
        ("http://169.254.169.254", "instance metadata"),
        ("ftp://127.0.0.1", "neither http:// nor https://"),
    ] {
        let output = keystorm().args(["serve", "--check", url]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{url}: {said}");
        assert!(said.contains(sentence), "{url}: {said}");
    }
}

/// A server that keeps the head of every request and answers with `answer`.
fn server(answer: String) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let heads = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&heads);
    std::thread::spawn(move || {
        for mut peer in listener.incoming().flatten() {
            let (mut bytes, mut part) = (Vec::new(), [0; 4_096]);
            while !bytes.windows(4).any(|four| four == b"\r\n\r\n") {
                match peer.read(&mut part) {
                    Ok(0) | Err(_) => break,
                    Ok(n) => bytes.extend_from_slice(&part[..n]),
                }
            }
            kept.lock().unwrap().push(String::from_utf8_lossy(&bytes).into_owned());
            let _ = peer.write_all(answer.as_bytes());
        }
    });
    (url, heads)
}

/// A quick run against `url`, with real-looking credentials and a proxy in its environment.
fn quick(url: &str, client: &str, more: &[&str]) -> Command {
    let mut command = keystorm();
    let jobs = ["run", "--op", "GenerateRandom", "-r", "5/s", "-d", "1s", "--strategy", "no-retry", "-q"];
    command.args(jobs).args(["--target", url, "--client", client]).args(more);
    command.env("AWS_ACCESS_KEY_ID", "AKIAREAL").env("AWS_SECRET_ACCESS_KEY", "hush");
    command
}

const CLIENTS: &[&str] = if cfg!(feature = "aws") { &["raw", "aws-sdk"] } else { &["raw"] };

#[test]
fn redirections_are_not_followed_and_proxies_not_asked() {
    let (elsewhere, asked) =
        server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}".into());
    let redirects = format!(
        "HTTP/1.1 307 Temporary Redirect\r\nLocation: {elsewhere}/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    for client in CLIENTS {
        let (url, heads) = server(redirects.clone());
        let folder = tempfile::tempdir().unwrap();
        let mut command = quick(&url, client, &["-o", "out"]);
        for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
            command.env(name, &elsewhere);
        }
        let output = command.env("NO_PROXY", "").current_dir(folder.path()).output().unwrap();
        let heads = heads.lock().unwrap();
        assert!(!heads.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(*asked.lock().unwrap(), Vec::<String>::new(), "{client}");
        for head in heads.iter() {
            // It went straight to the server, not through it.
            assert!(head.starts_with("POST / HTTP/1.1\r\n"), "{client}: {head}");
        }
    }
}

#[test]
fn every_call_says_which_run_it_belongs_to_and_carries_nobodys_credentials() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
    for client in CLIENTS {
        for (credentials, id) in
            [(None, "AKIAKEYSTORMNOCHECK0/"), (Some("test"), "test/"), (Some("env:ANN"), "AKIAANN/")]
        {
            if credentials.is_some() && !cfg!(feature = "aws") {
                continue;
            }
            let (url, heads) = server(answer.into());
            let folder = tempfile::tempdir().unwrap();
            let more = credentials.map(|whose| vec!["--credentials", whose]).unwrap_or_default();
            let mut command = quick(&url, client, &[&more[..], &["-o", "out"]].concat());
            command.env("ANN_ACCESS_KEY_ID", "AKIAANN").env("ANN_SECRET_ACCESS_KEY", "quiet");
            let output = command.current_dir(folder.path()).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            let run = std::fs::read(folder.path().join("out/run.json")).unwrap_or_else(|_| panic!("{said}"));
            let run: serde_json::Value = serde_json::from_slice(&run).unwrap();
            let agent = format!(
                "keystorm/{} run/{}",
                env!("CARGO_PKG_VERSION"),
                run["wall"]["runId"].as_str().unwrap()
            );
            let heads = heads.lock().unwrap();
            assert!(heads.len() >= 3, "{client}: {heads:?}");
            for head in heads.iter() {
                let line =
                    head.lines().find(|line| line.to_ascii_lowercase().starts_with("user-agent:")).unwrap();
                assert!(line.ends_with(&agent), "{client}: {line}");
                assert!(
                    head.contains(&format!("Credential={id}")) && !head.contains("AKIAREAL"),
                    "{client}: {head}"
                );
            }
        }
    }
}

#[test]
fn what_would_be_ignored_is_refused() {
    let running = Running::start(Settings::default()).unwrap();
    let url = running.url();
    for (more, sentence) in [
        (&["--endpoint-url", "http://127.0.0.1:1"] as &[&str], "--endpoint-url is for target aws"),
        (&["--profile", "ann"], "--profile is for target aws"),
        (&["--credentials", "env:NOBODY"], "NOBODY_ACCESS_KEY_ID is not set"),
        (&["--credentials", "env:AWS"], "belongs to AWS's own chain"),
        (&["--credentials", "chain"], "--yes-real-aws"),
    ] {
        let output = quick(&url, CLIENTS[CLIENTS.len() - 1], more).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{more:?}: {said}");
        assert!(said.contains(sentence), "{more:?}: {said}");
    }
    running.stop();
}

/// Real keys under another name belong to their account all the same.
#[cfg(feature = "aws")]
#[test]
fn keys_of_a_denied_account_are_not_used_under_another_name() {
    let running = Running::start(Settings::default()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list");
    std::fs::write(&list, "029608264753\n").unwrap();
    for client in CLIENTS {
        let mut command = quick(&running.url(), client, &["--credentials", "env:ANN"]);
        command.env("ANN_ACCESS_KEY_ID", "ASIAQNZGKIQY56JQ7WML").env("ANN_SECRET_ACCESS_KEY", "quiet");
        let output = command.env("KEYSTORM_DENIED_ACCOUNTS", &list).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("--credentials env:ANN: account 029608264753 is denied by"), "{said}");
    }
    running.stop();
}

/// A look-up of the test's own: private the first time, elsewhere from then on.
struct Turning(Arc<AtomicUsize>, std::net::IpAddr);

impl keystorm::guard::Lookup for Turning {
    fn look_up(&self, _name: &str) -> std::io::Result<Vec<std::net::IpAddr>> {
        let before = self.0.fetch_add(1, Ordering::Relaxed);
        Ok(vec![if before == 0 { self.1 } else { "203.0.113.7".parse().unwrap() }])
    }
}

/// Our own client and the SDK connect to the addresses that were judged, however often they connect.
#[test]
fn clients_connect_to_the_addresses_of_the_first_look_up() {
    use keystorm::api::{KeySpec, KeyUsage, Operation};
    use keystorm::backend::http::{HttpFactory, Signer, Trust};
    use keystorm::backend::{AttemptObserver, Backend, Dispatch};
    use keystorm::guard::{Agent, Consent, Guard};
    use keystorm::scenario::Transport;
    use keystorm::time::Span;
    let settings = Settings { host_names: vec!["kms.internal".into()], ..super::socket::ample() };
    let running = Running::start(settings).unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let lookup = Turning(Arc::clone(&asked), running.address().ip());
    let guard = Guard::asking(lookup, Consent::default(), Agent::unnamed());
    let url = format!("http://kms.internal:{}", running.address().port());
    let reached = guard.reach(&url).expect("loopback, the first time");
    let dispatch = Dispatch {
        operation: Operation::GenerateRandom,
        key: "",
        spec: KeySpec::SymmetricDefault,
        pair_spec: KeySpec::Rsa2048,
        usage: KeyUsage::EncryptDecrypt,
        context: None,
        payload: &[],
        blob: &[],
        length: 16,
        tag: "",
        policy: None,
        is_read: false,
        mark: None,
    };
    // No connection is used again.
    let transport = Transport { idle_timeout: Span::ZERO, ..Transport::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let http = HttpFactory::new(&reached, "eu-west-1", &transport, Trust::System, Signer::Nobody).unwrap().make();
        for client in 0..3 {
            http.dispatch(client, &dispatch, &AttemptObserver::nobody()).await.unwrap();
        }
        #[cfg(feature = "aws")]
        {
            let access = keystorm::aws::Access::unchecked("eu-west-1", &reached, &transport).unwrap();
            let text = format!(
                "version: 1\ntarget: {url}\nworkloads: {{ w: {{ executor: constant-arrival-rate, rate: 1/s, duration: 1s, jobs: {{ \
                 GenerateRandom: 1 }} }} }}\nstrategies: {{ s: {{ retry: {{ mode: none }} }} }}"
            );
            let options = keystorm::scenario::Options::default();
            let scenario = keystorm::scenario::Scenario::parse(&text, &options).expect("valid").scenario;
            let sdk = keystorm::aws::SdkFactory::new(access, &scenario).for_setup();
            for client in 0..3 {
                sdk.dispatch(client, &dispatch, &AttemptObserver::nobody()).await.unwrap();
            }
        }
    });
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    running.stop();
}
