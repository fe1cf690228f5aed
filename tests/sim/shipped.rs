//! The shipped scenarios, listed in one place.

use keystorm::scenario::{Options, Scenario, Set};
use std::path::{Path, PathBuf};

/// Where they stand.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

/// Their files' names, in order.
pub fn names() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder())
        .expect("scenarios/")
        .map(|file| file.expect("a file").file_name().into_string().expect("UTF-8"))
        .collect();
    names.sort();
    names
}

/// The text of the one called `name`.
pub fn text(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).expect("the scenario is there")
}

/// The one called `name`, with `sets` laid over it.
pub fn scenario(name: &str, sets: &[(&str, &str)]) -> Scenario {
    let sets: Vec<Set> = sets.iter().map(|(path, value)| Set::new(path, value)).collect();
    let options = Options { file: name, sets: &sets, ..Options::default() };
    let checked = Scenario::parse(&text(name), &options);
    checked.unwrap_or_else(|problems| panic!("{problems}")).scenario
}

/// What makes the one called `name` small, where a part of the work shows as much.
pub fn smaller(name: &str) -> &'static [(&'static str, &'static str)] {
    match name {
        "02-spark-s3-read.yaml" => &[("workloads.tasks.iterations", "40")],
        _ => &[],
    }
}

/// All of them, of so many trials, small where that shows as much.
pub fn all(trials: &str) -> Vec<(String, Scenario)> {
    let load = |name: String| {
        let sets: Vec<_> = [("trials", trials)].into_iter().chain(smaller(&name).iter().copied()).collect();
        let scenario = scenario(&name, &sets);
        (name, scenario)
    };
    names().into_iter().map(load).collect()
}
