//! The containers of `examples/distributed/compose.yaml`, and the pods of `kubernetes-bus.yaml`: their commands, run here beside
//! a real server.

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

#[test]
fn the_pods_of_the_jobset_run_a_run_that_is_that_of_one_process() {
    let server = match Server::start(Which::Current, &[]) {
        Ok(server) => server,
        Err(why) => return missing(&why),
    };
    let place = Workspace::new();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/distributed/kubernetes-bus.yaml");
    let text = std::fs::read_to_string(file).expect("it is there");
    let documents: Vec<Value> =
        text.split("\n---\n").map(|part| serde_yaml::from_str(part).expect("YAML")).collect();
    let of = |kind: &str| {
        documents.iter().find(|each| each["kind"] == kind).unwrap_or_else(|| panic!("no {kind}")).clone()
    };
    let (nats, service, jobset) = (of("Deployment"), of("Service"), of("JobSet"));
    let labels = &nats["spec"]["template"]["metadata"]["labels"];
    assert_eq!(service["spec"]["selector"], *labels);
    assert_eq!(of("NetworkPolicy")["spec"]["podSelector"]["matchLabels"], *labels);
    assert_eq!(nats["spec"]["template"]["spec"]["containers"][0]["args"][0], "-js");
    let bus = format!("nats://{}:4222", service["metadata"]["name"].as_str().expect("a name"));
    let job = |name: &str| {
        let jobs = jobset["spec"]["replicatedJobs"].as_array().expect("jobs");
        jobs.iter().find(|job| job["name"] == name).unwrap_or_else(|| panic!("no {name}"))["template"]["spec"]
            .clone()
    };
    let line = |name: &str| {
        let args = &job(name)["template"]["spec"]["containers"][0]["args"];
        let words: Vec<&str> =
            args.as_array().expect("words").iter().map(|word| word.as_str().expect("a word")).collect();
        assert!(words.contains(&bus.as_str()), "{words:?}");
        let line = words.join(" ").replace(&bus, &server.url());
        line.replace("/scenario/scenario.yaml", "s.yaml").replace("/result/", "")
    };
    assert_eq!(
        (&job("workers")["completionMode"], &job("workers")["completions"]),
        (&"Indexed".into(), &8.into())
    );
    let workers = [place.start(&line("workers")), place.start(&line("workers"))];
    let (code, said) = place.start(&line("run")).end();
    assert_eq!(code, Some(0), "{said}");
    assert_same(&place.files("run"), &whole()[0]);
    drop(workers);
}
