//! Which share of a run this process does: `2/4`, or what a launcher says in its variables.

use crate::cli::Error;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::{Path, PathBuf};

/// Share number `index`, from 1, of `of`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// From 1.
    pub index: u32,
    /// How many there are.
    pub of: u32,
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

/// A share, and the variables that said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardGiven {
    /// The share.
    pub shard: Shard,
    /// `SLURM_ARRAY_TASK_ID=3 of SLURM_ARRAY_TASK_COUNT=8`; nothing if it was given in numbers.
    pub by: Option<String>,
}

/// The most shares of a run.
const MAX_SHARDS: u32 = 100_000;

impl Shard {
    /// All of it.
    pub const WHOLE: Shard = Shard { index: 1, of: 1 };

    /// Whether cell number `position` of the run is in the share.
    pub const fn has(self, position: usize) -> bool {
        position as u32 % self.of == self.index - 1
    }

    /// Reads `2/4`, `auto`, or `auto/4` where the launcher tells the index only.
    ///
    /// # Errors
    /// [`Error::Usage`] with what is missing, and the way out.
    pub fn parse(text: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<ShardGiven, Error> {
        let wrong = || {
            Error::Usage(format!(
                "--shard {text}: write I/N, such as 1/4 for the first of four, or auto, or auto/N under a launcher"
            ))
        };
        if text == "auto" {
            return launched(text, None, env);
        }
        let (index, of) = text.split_once('/').ok_or_else(wrong)?;
        let of: u32 = of.parse().ok().filter(|of| (1..=MAX_SHARDS).contains(of)).ok_or_else(wrong)?;
        if index == "auto" {
            return launched(text, Some(of), env);
        }
        let index: u32 = index.parse().ok().filter(|index| (1..=of).contains(index)).ok_or_else(wrong)?;
        Ok(ShardGiven { shard: Shard { index, of }, by: None })
    }
}

/// The folder, in whose name `{shard}` is the share: `2-of-8`.
pub fn named(out: &Path, shard: Option<Shard>) -> PathBuf {
    match (out.to_str(), shard) {
        (Some(text), Some(Shard { index, of })) => {
            PathBuf::from(text.replace("{shard}", &format!("{index}-of-{of}")))
        }
        _ => out.to_path_buf(),
    }
}

/// A launcher's variables: its name, the index from 0, and how many there are if it says.
struct Launcher {
    name: &'static str,
    index: u64,
    of: Option<u64>,
    read: String,
}

/// The share that a launcher's variables name; `of` is how many there are, where somebody has said so.
fn launched(text: &str, of: Option<u32>, env: &dyn Fn(&str) -> Option<String>) -> Result<ShardGiven, Error> {
    let mut found = Vec::new();
    for launcher in [slurm, kubernetes, batch] {
        found.extend(launcher(text, env)?);
    }
    let names: Vec<&str> = found.iter().map(|launcher| launcher.name).collect();
    let launcher = match found.as_slice() {
        [one] => one,
        [] => {
            return Err(Error::Usage(format!(
                "--shard {text}: no launcher has set SLURM_ARRAY_TASK_ID, SLURM_PROCID, JOB_COMPLETION_INDEX or \
                 AWS_BATCH_JOB_ARRAY_INDEX; write --shard I/N"
            )));
        }
        _ => {
            return Err(Error::Usage(format!(
                "--shard {text}: the variables of {} are set; write --shard I/N",
                names.join(" and ")
            )));
        }
    };
    let told = launcher.of;
    let count = match (of.map(u64::from), told) {
        (Some(given), Some(told)) if given != told => {
            return Err(Error::Usage(format!(
                "--shard {text}: {} says that there are {told} ({})",
                launcher.name, launcher.read
            )));
        }
        (Some(given), _) => given,
        (None, Some(told)) => told,
        (None, None) => {
            return Err(Error::Usage(format!(
                "--shard {text}: {} tells the index ({}) but not how many there are; write --shard auto/N",
                launcher.name, launcher.read
            )));
        }
    };
    if launcher.index >= count || count > u64::from(MAX_SHARDS) {
        return Err(Error::Usage(format!(
            "--shard {text}: index {} from 0 is none of {count} ({}); number them without gaps, or write --shard I/N",
            launcher.index, launcher.read
        )));
    }
    let shard = Shard { index: launcher.index as u32 + 1, of: count as u32 };
    Ok(ShardGiven { shard, by: Some(launcher.read.clone()) })
}

/// A whole number in the environment; `None` if it is not set.
fn number(text: &str, name: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<Option<u64>, Error> {
    let Some(value) = env(name) else { return Ok(None) };
    let wrong =
        || Error::Usage(format!("--shard {text}: {name}={value} is no whole number; write --shard I/N"));
    value.trim().parse().map(Some).map_err(|_| wrong())
}

/// A task of an array, a process of a step, or both: the processes of every task of the array in one row.
fn slurm(text: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<Option<Launcher>, Error> {
    let get = |name: &str| number(text, name, env);
    let task = get("SLURM_ARRAY_TASK_ID")?;
    let process = get("SLURM_PROCID")?;
    // Within `srun` the step says how many there are; a batch script has the job's number only.
    let (processes, name) = match get("SLURM_STEP_NUM_TASKS")? {
        Some(of) => (Some(of), "SLURM_STEP_NUM_TASKS"),
        None => (get("SLURM_NTASKS")?, "SLURM_NTASKS"),
    };
    let Some(task) = task else {
        return Ok(process.map(|index| Launcher {
            name: "Slurm",
            index,
            of: processes,
            read: match processes {
                Some(of) => format!("SLURM_PROCID={index}, {name}={of}"),
                None => format!("SLURM_PROCID={index}"),
            },
        }));
    };
    let first = get("SLURM_ARRAY_TASK_MIN")?.unwrap_or(0);
    let step = get("SLURM_ARRAY_TASK_STEP")?.filter(|step| *step > 0).unwrap_or(1);
    let of = get("SLURM_ARRAY_TASK_COUNT")?;
    let mut read = format!("SLURM_ARRAY_TASK_ID={task}");
    if first > 0 {
        read += &format!(", SLURM_ARRAY_TASK_MIN={first}");
    }
    if step > 1 {
        read += &format!(", SLURM_ARRAY_TASK_STEP={step}");
    }
    if let Some(of) = of {
        read += &format!(", SLURM_ARRAY_TASK_COUNT={of}");
    }
    if task < first || !(task - first).is_multiple_of(step) {
        return Err(Error::Usage(format!("--shard {text}: {read} is no task of a row; write --shard I/N")));
    }
    let index = (task - first) / step;
    // One process a task is the usual case, whether or not it is said.
    let (index, of) = match (process, processes.filter(|of| *of > 1)) {
        (Some(process), Some(each)) => {
            read += &format!(", SLURM_PROCID={process}, {name}={each}");
            (index * each + process, of.map(|of| of * each))
        }
        _ => (index, of),
    };
    Ok(Some(Launcher { name: "Slurm", index, of, read }))
}

/// A Pod of an Indexed Job: Kubernetes tells the index and not how many there are.
fn kubernetes(text: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<Option<Launcher>, Error> {
    let index = number(text, "JOB_COMPLETION_INDEX", env)?;
    let read = |index| format!("JOB_COMPLETION_INDEX={index}");
    Ok(index.map(|index| Launcher { name: "Kubernetes", index, of: None, read: read(index) }))
}

/// A child of an array job.
fn batch(text: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<Option<Launcher>, Error> {
    let Some(index) = number(text, "AWS_BATCH_JOB_ARRAY_INDEX", env)? else { return Ok(None) };
    let of = number(text, "AWS_BATCH_JOB_ARRAY_SIZE", env)?;
    let size = of.map(|of| format!(", AWS_BATCH_JOB_ARRAY_SIZE={of}")).unwrap_or_default();
    let read = format!("AWS_BATCH_JOB_ARRAY_INDEX={index}{size}");
    Ok(Some(Launcher { name: "AWS Batch", index, of, read }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str, set: &[(&str, &str)]) -> Result<ShardGiven, String> {
        let env =
            |name: &str| set.iter().find(|(each, _)| *each == name).map(|(_, value)| (*value).to_owned());
        Shard::parse(text, &env).map_err(|error| error.to_string())
    }

    fn shard(text: &str, set: &[(&str, &str)]) -> String {
        told(text, set).map_or_else(|said| panic!("{text} {set:?}: {said}"), |told| told.shard.to_string())
    }

    #[test]
    fn a_share_is_given_in_numbers_or_by_a_launcher() {
        assert_eq!(
            shard("2/4", &[("SLURM_PROCID", "0"), ("SLURM_NTASKS", "9")]),
            "2/4",
            "numbers are numbers"
        );
        let array = [("SLURM_ARRAY_TASK_ID", "3"), ("SLURM_ARRAY_TASK_COUNT", "8")];
        assert_eq!(shard("auto", &array), "4/8");
        let from_one = [array[0], array[1], ("SLURM_ARRAY_TASK_MIN", "1"), ("SLURM_PROCID", "0")];
        assert_eq!(shard("auto", &from_one), "3/8");
        let stepped = [
            ("SLURM_ARRAY_TASK_ID", "7"),
            ("SLURM_ARRAY_TASK_MIN", "1"),
            ("SLURM_ARRAY_TASK_STEP", "2"),
            ("SLURM_ARRAY_TASK_COUNT", "4"),
        ];
        assert_eq!(shard("auto", &stepped), "4/4");
        let step = [("SLURM_PROCID", "5"), ("SLURM_NTASKS", "1"), ("SLURM_STEP_NUM_TASKS", "6")];
        assert_eq!(shard("auto", &step), "6/6");
        let both = [array[0], array[1], ("SLURM_PROCID", "1"), ("SLURM_STEP_NUM_TASKS", "2")];
        assert_eq!(shard("auto", &both), "8/16");
        assert_eq!(shard("auto/5", &[("JOB_COMPLETION_INDEX", "0")]), "1/5");
        let batch = [("AWS_BATCH_JOB_ARRAY_INDEX", "9"), ("AWS_BATCH_JOB_ARRAY_SIZE", "10")];
        assert_eq!(shard("auto", &batch), "10/10");
        let read = told("auto", &batch).expect("both are set").by.expect("by a launcher");
        assert_eq!(
            read, "AWS_BATCH_JOB_ARRAY_INDEX=9, AWS_BATCH_JOB_ARRAY_SIZE=10",
            "which was read is said"
        );
        assert_eq!(told("1/1", &[]).expect("numbers").by, None);
    }

    #[test]
    fn what_cannot_be_told_is_refused_with_the_way_out() {
        for (text, set, part) in [
            ("0/4", &[][..], "write I/N"),
            ("5/4", &[], "write I/N"),
            ("half", &[], "write I/N"),
            ("1/0", &[], "write I/N"),
            ("auto", &[], "no launcher has set SLURM_ARRAY_TASK_ID"),
            ("auto", &[("JOB_COMPLETION_INDEX", "2")], "write --shard auto/N"),
            ("auto/2", &[("JOB_COMPLETION_INDEX", "2")], "index 2 from 0 is none of 2"),
            ("auto", &[("JOB_COMPLETION_INDEX", "x")], "JOB_COMPLETION_INDEX=x is no whole number"),
            ("auto/3", &[("SLURM_PROCID", "0"), ("SLURM_NTASKS", "4")], "says that there are 4"),
            ("auto", &[("SLURM_ARRAY_TASK_ID", "9"), ("SLURM_ARRAY_TASK_COUNT", "3")], "without gaps"),
            (
                "auto",
                &[("JOB_COMPLETION_INDEX", "0"), ("AWS_BATCH_JOB_ARRAY_INDEX", "0")],
                "variables of Kubernetes and AWS Batch",
            ),
        ] {
            let said = told(text, set).expect_err(text);
            assert!(said.contains(part), "{text} {set:?}: {said}");
        }
    }

    #[test]
    fn every_cell_is_in_one_share() {
        for of in 1..9 {
            for cell in 0..40 {
                let having = (1..=of).filter(|index| Shard { index: *index, of }.has(cell)).count();
                assert_eq!(having, 1, "{cell} of {of}");
            }
        }
    }
}
