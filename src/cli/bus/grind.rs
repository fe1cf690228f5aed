//! Cells of whatever run comes over the bus. Nothing of it is believed: the question is read as a file of anybody's is, its
//! hash must be the run's, its traces are those of their sums, and no file of this machine is read for it.

use crate::bus::{Cell, Mill};
use crate::cli::grid::{Grid, Opened, SHARE, TRACES, source, store};
use crate::cli::{Error, memory};
use crate::engine::{Control, run_trial};
use crate::record::Layout;
use std::fs::{self, DirBuilder};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Runs cells of runs that it is handed.
pub struct Grinder {
    /// How many it runs at once.
    pub threads: usize,
    /// What stops it.
    pub control: Arc<Control>,
}

/// A run, with the layout of each of its points.
pub struct Open {
    grid: Grid,
    layouts: Vec<Arc<Layout>>,
}

impl Mill for Grinder {
    type Run = Open;

    fn traces(&self, question: &[u8]) -> Result<Vec<String>, String> {
        in_folder(question, &[], |dir| Ok(Opened::read(dir)?.traces()))
    }

    fn open(&self, run: &str, question: &[u8], traces: &[(String, Vec<u8>)]) -> Result<Open, String> {
        are_of_their_sums(traces)?;
        let grid = in_folder(question, traces, |dir| Opened::read(dir)?.grid())?;
        if grid.id() != run {
            return Err("the question on the bus is another run's".into());
        }
        for point in &grid.points {
            memory::fits(&point.loaded.scenario, self.threads, &grid.source.file)
                .map_err(|e| e.to_string())?;
        }
        let layout =
            |point: &crate::cli::grid::Point| Arc::new(Layout::new(&point.loaded.scenario.workloads));
        let layouts = grid.points.iter().map(layout).collect();
        Ok(Open { grid, layouts })
    }

    fn grind(&self, run: &Open, key: &str) -> Result<Option<Cell>, String> {
        let cell = run.grid.cells().get(key).ok_or("its run has no such cell")?;
        let scenario = &run.grid.points[cell.point].loaded.scenario;
        let trial = run_trial(scenario, &run.layouts[cell.point], cell.strategy, cell.trial, &self.control);
        // What was cut short is no cell.
        if self.control.stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let (name, bytes) =
            store::file(key, &run.grid.label(cell), &trial).map_err(|error| error.to_string())?;
        Ok(Some(Cell { name, bytes }))
    }
}

/// Refuses traces that are not those of their names.
pub(super) fn are_of_their_sums(traces: &[(String, Vec<u8>)]) -> Result<(), String> {
    match traces.iter().find(|(name, bytes)| *name != source::sum(bytes)) {
        Some((name, _)) => Err(format!("trace {name} has other bytes than its name tells")),
        None => Ok(()),
    }
}

/// Reads a question as the folder of a share, which nobody else has and which is gone afterwards.
pub(super) fn in_folder<T>(
    question: &[u8],
    traces: &[(String, Vec<u8>)],
    read: impl FnOnce(&Path) -> Result<T, Error>,
) -> Result<T, String> {
    let dir = new_folder().map_err(|error| format!("no folder can be made for a run's traces: {error}"))?;
    let write = || {
        fs::write(dir.join(SHARE), question)?;
        fs::create_dir(dir.join(TRACES))?;
        traces.iter().try_for_each(|(sum, bytes)| fs::write(dir.join(TRACES).join(sum), bytes))
    };
    let written = write().map_err(|error| format!("a run's traces cannot be kept meanwhile: {error}"));
    let read = written.and_then(|()| {
        // The folder is nobody's: only what is wrong is told.
        let (folder, file) = (format!("{}: ", dir.display()), format!("{}: ", dir.join(SHARE).display()));
        read(&dir).map_err(|error| error.to_string().replace(&file, "").replace(&folder, ""))
    });
    let removed = fs::remove_dir_all(&dir);
    removed.map_err(|error| format!("{} is not removed: {error}", dir.display())).and(read)
}

/// A folder that is this process's own: whoever has made one of this name already does not get in between.
fn new_folder() -> std::io::Result<PathBuf> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let dir = std::env::temp_dir().join(format!("keystorm-worker-{}-{number}", std::process::id()));
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(&dir)?;
    Ok(dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grinder() -> Grinder {
        Grinder { threads: 1, control: Arc::default() }
    }

    #[test]
    fn what_is_no_question_is_refused_in_words_and_no_file_is_read_for_it() {
        let grinder = grinder();
        for (question, part) in [
            ("", "this is no share"),
            ("{}", "this is no share"),
            ("\u{0}\u{1}", "this is no share"),
            ("[[[[[[[[[[[[", "this is no share"),
        ] {
            let said = grinder.traces(question.as_bytes()).expect_err(question);
            assert!(said.contains(part) && !said.contains("keystorm-worker-"), "{said}");
        }
        let path = share("../../../etc/passwd");
        let said = grinder.traces(path.as_bytes()).expect_err("a path is no sum");
        assert!(said.contains("not named by its sum"), "{said}");
    }

    #[test]
    fn a_trace_that_is_not_among_the_copies_is_no_file_of_this_machine() {
        let folder = std::env::temp_dir().join(format!("keystorm-grind-test-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let file = folder.join("jobs.csv");
        fs::write(&file, "time_s,count\n0,5\n").expect("written");
        let question = share(&"a".repeat(64)).replace("FILE", &file.display().to_string());
        let opened = grinder().open(&"a".repeat(64), question.as_bytes(), &[]);
        fs::remove_dir_all(&folder).expect("there");
        let said = opened.err().expect("it is not there");
        assert!(said.contains("No such file") && !said.contains("another run"), "{said}");
    }

    /// A question whose scenario has a trace that is there, under a name that nobody has copied.
    fn share(sum: &str) -> String {
        let text = "workloads: { w: { executor: trace, file: \\\"FILE\\\", jobs: { Decrypt: 1 } } }\\nstrategies: { a: {} }\\n";
        format!(
            "{{\"schema\":\"keystorm.shard/1\",\"tool\":{{\"name\":\"keystorm\",\"version\":\"{}\"}},\"definitions\":{},\
             \"name\":\"x\",\"run\":\"{}\",\"shard\":{{\"index\":1,\"of\":1}},\"cells\":1,\"over\":[],\"source\":{{\"text\":\"{text}\",\
             \"file\":\"x.yaml\",\"sets\":[],\"strategies\":[],\"words\":[],\"env\":{{}},\"traces\":{{\"other.csv\":\"{sum}\"}}}}}}",
            env!("CARGO_PKG_VERSION"),
            crate::results::DEFINITIONS,
            "a".repeat(64)
        )
    }
}
