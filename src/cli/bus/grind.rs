//! Cells of whatever run comes over the bus. Nothing of it is believed: the question is read as a file of anybody's is, its
//! hash must be the run's, its traces are those of their sums, and no file of this machine is read for it.

use crate::bus::search::{AskedCell, SearchQuestion, key as key_of};
use crate::bus::{Cell, Mill};
use crate::cli::grid::{Grid, Opened, SHARE, TRACES, source, store};
use crate::cli::{Error, memory};
use crate::engine::{Control, run_trial};
use crate::record::Layout;
use crate::workload::{Trace, TraceRows, trace};
use std::collections::BTreeMap;
use std::fs::{self, DirBuilder};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// Runs cells of runs that it is handed.
pub struct Grinder {
    /// How many it runs at once.
    pub threads: usize,
    /// What stops it.
    pub control: Arc<Control>,
}

/// What cells are of.
pub enum Open {
    /// A run, with the layout of each of its points.
    Run(Box<Grid>, Vec<Arc<Layout>>),
    /// A search, each of whose cells tells what is asked.
    Search(Search),
}

/// A search.
pub struct Search {
    run: String,
    /// Its traces, by the names that scenarios have for them.
    traces: BTreeMap<String, Vec<u8>>,
    /// Their rows, as columns are called.
    rows: Mutex<BTreeMap<Columns, Arc<TraceRows>>>,
}

/// A trace's name, and what it calls its columns.
type Columns = (String, BTreeMap<String, String>);

/// Readings of traces that are kept: one search asks with the columns of its scenario, and whoever writes to the bus fills no
/// memory.
const READINGS: usize = 64;

impl Mill for Grinder {
    type Run = Open;

    fn traces(&self, question: &[u8]) -> Result<Vec<String>, String> {
        if let Some(search) = SearchQuestion::read(question)? {
            return Ok(search.traces.into_values().collect());
        }
        in_folder(question, &[], |dir| Ok(Opened::read(dir)?.traces()))
    }

    fn open(&self, run: &str, question: &[u8], traces: &[(String, Vec<u8>)]) -> Result<Open, String> {
        are_of_their_sums(traces)?;
        if let Some(question) = SearchQuestion::read(question)?.map(|search| (search, question)) {
            return Search::open(run, question, traces).map(Open::Search);
        }
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
        Ok(Open::Run(Box::new(grid), layouts))
    }

    fn is_asked_by_cell(&self, run: &Open) -> bool {
        matches!(run, Open::Search(_))
    }

    fn grind(&self, run: &Open, key: &str, asked: &[u8]) -> Result<Option<Cell>, String> {
        let (trial, label) = match run {
            Open::Run(grid, layouts) => {
                let cell = grid.cells().get(key).ok_or("its run has no such cell")?;
                let scenario = &grid.points[cell.point].loaded.scenario;
                let layout = &layouts[cell.point];
                (run_trial(scenario, layout, cell.strategy, cell.trial, &self.control), grid.label(cell))
            }
            Open::Search(search) => {
                let cell = search.cell(key, asked)?;
                memory::fits(&cell.scenario, self.threads, "a search").map_err(|error| error.to_string())?;
                let layout = Arc::new(Layout::new(&cell.scenario.workloads));
                (run_trial(&cell.scenario, &layout, 0, cell.trial, &self.control), cell.label())
            }
        };
        // What was cut short is no cell.
        if self.control.stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let (name, bytes) = store::file(key, &label, &trial).map_err(|error| error.to_string())?;
        Ok(Some(Cell { name, bytes }))
    }
}

impl Search {
    fn open(
        run: &str,
        (search, question): (SearchQuestion, &[u8]),
        traces: &[(String, Vec<u8>)],
    ) -> Result<Search, String> {
        if SearchQuestion::run(question) != run {
            return Err("the question on the bus is another run's".into());
        }
        let of = |(name, sum): (String, String)| {
            let found = traces.iter().find(|(each, _)| *each == sum);
            found.map(|(_, bytes)| (name, bytes.clone())).ok_or_else(|| format!("trace {sum} is not there"))
        };
        let traces = search.traces.into_iter().map(of).collect::<Result<_, _>>()?;
        Ok(Search { run: run.to_owned(), traces, rows: Mutex::default() })
    }

    /// What a text asks for, if it is that of this key.
    fn cell(&self, key: &str, asked: &[u8]) -> Result<AskedCell, String> {
        if key_of(&self.run, asked) != key {
            return Err("what is asked is another cell's".into());
        }
        let text = std::str::from_utf8(asked).map_err(|_| "what is asked is no text")?;
        let mut cell = AskedCell::read(text)?;
        cell.fill(|trace| self.rows(trace))?;
        Ok(cell)
    }

    /// The rows of a trace; no file of this machine is read for it.
    fn rows(&self, asked: &Trace) -> Result<Arc<TraceRows>, String> {
        let mut rows = self.rows.lock().expect("nobody panics holding it");
        let named = (asked.file.clone(), asked.columns.clone());
        if let Some(known) = rows.get(&named) {
            return Ok(Arc::clone(known));
        }
        let bytes = self.traces.get(&asked.file).ok_or("its search has no such trace")?;
        let read = trace::read(bytes, &asked.columns).map_err(|error| error.to_string())?;
        let read = Arc::new(read);
        if rows.len() < READINGS {
            rows.insert(named, Arc::clone(&read));
        }
        Ok(read)
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

    #[test]
    fn a_search_runs_what_its_key_tells_and_reads_no_file_for_it() {
        let text = "name: s\nworkloads: { w: { executor: trace, file: jobs.csv, jobs: { Decrypt: 1 } } }\nstrategies: { a: {} }\n";
        let parsed = crate::scenario::Scenario::parse(text, &crate::scenario::Options::default());
        let asked = AskedCell::of(&parsed.expect("valid").scenario, 0, 1).text().expect("it reads");
        let csv = b"time_s,count\n0,5\n".to_vec();
        let (grinder, named) = (grinder(), BTreeMap::from([("jobs.csv".to_owned(), source::sum(&csv))]));
        let question = SearchQuestion::new("onset", "x", named).bytes();
        let (run, traces) = (SearchQuestion::run(&question), [(source::sum(&csv), csv)]);
        assert!(grinder.open(&"a".repeat(64), &question, &traces).is_err(), "another search's");
        assert!(grinder.open(&run, &question, &[]).is_err(), "a trace is missing");
        let open = grinder.open(&run, &question, &traces).unwrap_or_else(|why| panic!("{why}"));
        assert!(grinder.is_asked_by_cell(&open));
        let key = key_of(&run, asked.as_bytes());
        let cell = grinder.grind(&open, &key, asked.as_bytes()).expect("it runs").expect("to its end");
        assert!(cell.name.starts_with(store::short(&key)), "{}", cell.name);
        for (asked, part) in [
            (asked.replace("trial: 1", "trial: 2"), "another cell's"),
            (asked.replace("jobs.csv", "/etc/passwd"), "another cell's"),
        ] {
            let said = grinder.grind(&open, &key, asked.as_bytes()).expect_err(part);
            assert!(said.contains(part), "{said}");
        }
        let foreign = asked.replace("jobs.csv", "/etc/passwd");
        let said = grinder.grind(&open, &key_of(&run, foreign.as_bytes()), foreign.as_bytes());
        assert!(said.expect_err("no such trace").contains("no such trace"));
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
