//! The containers of `examples/distributed/compose.yaml`: their commands, run here beside a real server.

use crate::needs::missing;
use crate::server::{Server, Which};
use crate::support::{Process, Workspace, assert_same, whole};
use serde_json::Value;
use std::path::Path;

#[test]
fn the_containers_of_compose_run_a_run_that_is_that_of_one_process() {
    let server = match Server::start(Which::Current, &[]) {
        Ok(server) => server,
        Err(why) => return missing(&why),
    };
    let place = Workspace::new();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/distributed/compose.yaml");
    let text = std::fs::read_to_string(file).expect("it is there");
    let compose: Value = serde_yaml::from_str(&text).expect("YAML");
    let services = &compose["services"];
    assert_eq!(services["nats"]["command"][0], "-js");
    for service in ["worker", "run"] {
        assert_eq!(services[service]["build"]["args"]["FEATURES"], "bus", "{service}");
        assert_eq!(services[service]["depends_on"][0], "nats", "{service}");
    }
    let volumes: Vec<&str> =
        services["run"]["volumes"].as_array().expect("volumes").iter().filter_map(Value::as_str).collect();
    assert_eq!(volumes, ["./scenario.yaml:/scenario.yaml:ro", "./result:/result"]);
    let line = |service: &str| {
        let words: Vec<String> = services[service]["command"]
            .as_array()
            .expect("words")
            .iter()
            .map(|word| {
                let word = word.as_str().expect("a word");
                word.replace("nats://nats:4222", &server.url())
                    .replace("/scenario.yaml", "s.yaml")
                    .replace("/result/", "")
            })
            .collect();
        words.join(" ")
    };
    let replicas = services["worker"]["deploy"]["replicas"].as_u64().expect("a number");
    assert_eq!(replicas, 3);
    let workers: Vec<Process> = (0..replicas).map(|_| place.start(&line("worker"))).collect();
    let (code, said) = place.start(&line("run")).end();
    assert_eq!(code, Some(0), "{said}");
    assert_same(&place.files("run"), &whole()[0]);
    drop(workers);
}
