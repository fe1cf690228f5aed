//! Commented scenarios to start from, embedded in the program.

/// A scenario to start from.
#[derive(Clone, Copy, Debug)]
pub struct Template {
    /// What `keystorm new --template` calls it.
    pub name: &'static str,
    /// What it shows, in a line.
    pub about: &'static str,
    /// The commented YAML that `keystorm new` prints.
    pub text: &'static str,
}

/// Every template; the first is the default.
pub const ALL: [Template; 11] = [
    Template {
        name: "quickstart",
        about: "a peak over the quota and three retry strategies",
        text: include_str!("quickstart.yaml"),
    },
    Template {
        name: "spike",
        about: "a spike with faults: does the trouble outlive its cause?",
        text: include_str!("spike.yaml"),
    },
    Template {
        name: "closed",
        about: "batch work by VUs beside an online service",
        text: include_str!("closed.yaml"),
    },
    Template { name: "trace", about: "recorded arrivals from a CSV file", text: include_str!("trace.yaml") },
    Template { name: "cache", about: "envelope jobs with data-key caches", text: include_str!("cache.yaml") },
    Template { name: "multi", about: "several workloads, keys and pools", text: include_str!("multi.yaml") },
    Template {
        name: "lambda",
        about: "functions that start cold, with and without a cache of their secrets",
        text: include_str!("lambda.yaml"),
    },
    Template {
        name: "eks-rollout",
        about: "pods that read their secrets at once: when is every one up?",
        text: include_str!("eks-rollout.yaml"),
    },
    Template {
        name: "spark",
        about: "tasks of a batch job that share a quota",
        text: include_str!("spark.yaml"),
    },
    Template {
        name: "cloudtrail-growth",
        about: "recorded traffic, grown by 40 %",
        text: include_str!("cloudtrail-growth.yaml"),
    },
    Template {
        name: "ci-gate",
        about: "thresholds that a pipeline holds a service to",
        text: include_str!("ci-gate.yaml"),
    },
];

/// The template called `name`.
pub fn named(name: &str) -> Option<&'static Template> {
    ALL.iter().find(|template| template.name == name)
}
