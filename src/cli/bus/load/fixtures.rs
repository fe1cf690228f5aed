//! What set-up has made, as workers are handed it: ids of keys, and what was made under them; on an account of AWS what they may do
//! there too. No secret is among it.

use super::warrant::SavedWarrant;
use crate::api::Operation;
use crate::backend::Fixtures;
use crate::cli::Error;
use crate::guard::Agent;
use crate::runner::{Handed, Warrant};
use crate::scenario::{Scenario, Target};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The object.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SavedFixtures {
    /// The id of the run, which every call carries.
    run_id: String,
    /// By workload and key.
    keys: Vec<Vec<SavedKey>>,
    /// What all workers may do together, on an account of AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    warrant: Option<SavedWarrant>,
}

/// The object, read.
pub struct ReadFixtures {
    /// What attempts are made of.
    pub fixtures: Fixtures,
    /// Under which name is called.
    pub agent: Agent,
    /// What all workers may do together; there for target aws, and for nothing else.
    pub warrant: Option<Warrant>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedKey {
    id: String,
    /// By the operation that made it.
    made: BTreeMap<Operation, Vec<String>>,
}

/// The bytes of the object.
///
/// # Errors
/// Never in practice: it is written to memory.
pub fn written(handed: &Handed<'_>) -> Result<Vec<u8>, Error> {
    let base64 = |bytes: &Vec<u8>| base64_simd::STANDARD.encode_to_string(bytes);
    let of_workload = |workload: &crate::backend::WorkloadFixtures| {
        let keys = workload.keys.iter().map(|key| SavedKey {
            id: key.id.clone(),
            made: key.made.iter().map(|(maker, all)| (*maker, all.iter().map(base64).collect())).collect(),
        });
        keys.collect()
    };
    let saved = SavedFixtures {
        run_id: handed.agent.run().into(),
        keys: handed.fixtures.workloads.iter().map(of_workload).collect(),
        warrant: handed.warrant.map(SavedWarrant::of),
    };
    serde_json::to_vec(&saved)
        .map_err(|error| Error::Failed(format!("cannot write what set-up has made: {error}")))
}

/// What set-up has made for `scenario`.
///
/// # Errors
/// A sentence, for what was made for another scenario.
pub fn read(bytes: &[u8], scenario: &Scenario) -> Result<ReadFixtures, String> {
    let wrong = |why: &dyn std::fmt::Display| format!("what set-up has made cannot be read: {why}");
    let saved: SavedFixtures = serde_json::from_slice(bytes).map_err(|error| wrong(&error))?;
    let agent = Agent::of(&saved.run_id).ok_or_else(|| wrong(&"its run has no id"))?;
    let has_keys = |keys: &Vec<SavedKey>| !keys.is_empty();
    if saved.keys.len() != scenario.workloads.len() || !saved.keys.iter().all(has_keys) {
        return Err(wrong(&"it is of other workloads"));
    }
    let ids = saved.keys.iter().map(|keys| keys.iter().map(|key| key.id.clone()).collect()).collect();
    let mut fixtures = Fixtures::new(&scenario.workloads, ids);
    let bytes =
        |text: &String| base64_simd::STANDARD.decode_to_vec(text).map_err(|_| wrong(&"it is no Base64"));
    for (workload, keys) in fixtures.workloads.iter_mut().zip(&saved.keys) {
        for (key, saved) in workload.keys.iter_mut().zip(keys) {
            for (maker, all) in &saved.made {
                key.made.insert(*maker, all.iter().map(bytes).collect::<Result<_, _>>()?);
            }
        }
    }
    let warrant = saved.warrant.map(SavedWarrant::into_warrant).transpose().map_err(|why| wrong(&why))?;
    match warrant.is_some() == (scenario.target == Target::Aws) {
        true => Ok(ReadFixtures { fixtures, agent, warrant }),
        false => Err(wrong(&"it is of another target")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Options;

    fn scenario(workloads: &str) -> Scenario {
        let text = format!("workloads: {{ {workloads} }}\nstrategies: {{ s: {{}} }}\n");
        Scenario::parse(&text, &Options::default()).expect("valid").scenario
    }

    const ONE: &str = "w: { executor: constant-arrival-rate, rate: 1/s, duration: 9s, jobs: { Decrypt: 1 } }";
    const TWO: &str = "v: { executor: constant-arrival-rate, rate: 1/s, duration: 9s, jobs: { Decrypt: 1 } }";

    fn agent() -> Agent {
        Agent::of("0123456789abcdef").expect("an id")
    }

    fn bytes(scenario: &Scenario, fixtures: &Fixtures, warrant: Option<&Warrant>) -> Vec<u8> {
        written(&Handed { scenario, fixtures, attempts: 0, agent: &agent(), warrant }).expect("memory")
    }

    #[test]
    fn fixtures_read_back_as_they_were() {
        let scenario = scenario(ONE);
        let mut fixtures = Fixtures::new(&scenario.workloads, vec![vec!["k1".into(), "k2".into()]]);
        let keys = &mut fixtures.workloads[0].keys;
        keys[1].made.insert(Operation::Encrypt, vec![vec![0, 255], Vec::new()]);
        keys[0].made.insert(Operation::GenerateMac, vec![vec![7]]);
        let read = read(&bytes(&scenario, &fixtures, None), &scenario).expect("its own");
        assert_eq!((read.agent, read.warrant), (agent(), None));
        let keys = |fixtures: &Fixtures| {
            let told = |key: &crate::backend::KeyFixture| (key.id.clone(), key.made.clone());
            fixtures.workloads[0].keys.iter().map(told).collect::<Vec<_>>()
        };
        assert_eq!(keys(&read.fixtures), keys(&fixtures));
    }

    #[test]
    fn a_warrant_comes_with_target_aws_and_with_no_other() {
        let (near, warrant) = (scenario(ONE), super::super::warrant::tests::warrant());
        let aws = Scenario { target: Target::Aws, ..near.clone() };
        let fixtures = Fixtures::new(&near.workloads, vec![vec!["k".into()]]);
        let [with, without] = [Some(&warrant), None].map(|warrant| bytes(&near, &fixtures, warrant));
        assert_eq!(read(&with, &aws).expect("its own").warrant, Some(warrant));
        for (bytes, scenario) in [(&with, &near), (&without, &aws)] {
            let said = read(bytes, scenario).err().expect("refused");
            assert!(said.contains("of another target"), "{said}");
        }
    }

    #[test]
    fn fixtures_of_other_workloads_and_what_are_none_are_refused() {
        let own = scenario(ONE);
        let one = Fixtures::new(&own.workloads, vec![vec!["k".into()]]);
        let bytes = bytes(&own, &one, None);
        let refused = |bytes: &[u8], scenario: &Scenario| read(bytes, scenario).err().expect("refused");
        assert!(refused(&bytes, &scenario(&format!("{ONE}, {TWO}"))).contains("other workloads"));
        assert!(refused(b"{}", &scenario(ONE)).contains("cannot be read"));
        let unnamed = String::from_utf8(bytes).expect("text").replace("0123456789abcdef", "x y");
        assert!(refused(unnamed.as_bytes(), &scenario(ONE)).contains("no id"));
    }
}
