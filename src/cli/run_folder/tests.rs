//! A run's folder, whatever happens to it.

use super::*;

fn files(names: &[&str]) -> Vec<(String, Vec<u8>)> {
    names.iter().map(|name| ((*name).to_owned(), format!("new {name}").into_bytes())).collect()
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).expect("a folder");
    let name = |entry: io::Result<fs::DirEntry>| entry.expect("an entry").file_name();
    let mut names: Vec<String> = entries.map(|each| name(each).to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn put(dir: &Path, name: &str) {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().expect("a parent")).expect("made");
    fs::write(path, "old").expect("written");
}

#[test]
fn a_folder_is_claimed_once_and_filled_whole() {
    let outer = tempfile::tempdir().expect("a folder");
    let dir = outer.path().join("deep/out");
    let folder = RunFolder::claim(Some(&dir), "x", false).expect("claimed");
    assert!(dir.is_dir() && names(&dir).is_empty(), "claimed and probed");
    let second = RunFolder::claim(Some(&dir), "x", false).expect_err("it is taken");
    assert!(matches!(&second, Error::Usage(why) if why.contains("--force")), "{second}");
    folder.fill(&files(&["run.json", "charts/a.svg"])).expect("filled");
    assert_eq!(names(&dir), ["charts", "run.json"]);
    assert_eq!(names(&outer.path().join("deep")), ["out"], "nothing is left beside it");
}

#[test]
fn runs_of_one_second_have_folders_of_their_own() {
    let outer = tempfile::tempdir().expect("a folder");
    let local = outer.path().join("reports/local");
    let claim = |name: &str| make(&local.join(name));
    assert!(claim("x-20261129T000000Z").is_ok());
    let again = claim("x-20261129T000000Z").expect_err("exclusive");
    assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
}

#[test]
fn a_run_that_comes_to_nothing_leaves_no_folder() {
    let outer = tempfile::tempdir().expect("a folder");
    let dir = outer.path().join("out");
    drop(RunFolder::claim(Some(&dir), "x", false).expect("claimed"));
    assert!(!dir.exists());
}

#[test]
fn force_replaces_a_run_and_leaves_nothing_stale() {
    let outer = tempfile::tempdir().expect("a folder");
    let dir = outer.path().join("out");
    for name in ["run.json", "charts/old.svg", "histograms/old.hlog", ".part-1/run.json"] {
        put(&dir, name);
    }
    let folder = RunFolder::claim(Some(&dir), "x", true).expect("claimed");
    assert_eq!(fs::read_to_string(dir.join("run.json")).expect("there"), "old", "until the new one is whole");
    folder.fill(&files(&["run.json", "charts/new.svg"])).expect("filled");
    assert_eq!(
        (names(&dir), names(&dir.join("charts"))),
        (vec!["charts".into(), "run.json".into()], vec!["new.svg".into()])
    );
    assert_eq!(names(outer.path()), ["out"]);
}

#[test]
fn force_removes_nothing_that_no_run_has_written() {
    let outer = tempfile::tempdir().expect("a folder");
    let dir = outer.path().join("out");
    put(&dir, "run.json");
    put(&dir, "thesis.tex");
    let refused = RunFolder::claim(Some(&dir), "x", true).expect_err("not a run's folder").to_string();
    assert!(refused.contains("thesis.tex"), "{refused}");
    fs::remove_file(dir.join("thesis.tex")).expect("removed");
    // What comes in while the run is under way stays too.
    let folder = RunFolder::claim(Some(&dir), "x", true).expect("claimed");
    put(&dir, "notes.txt");
    folder.fill(&files(&["run.json"])).expect("filled");
    assert_eq!(names(&dir), ["notes.txt", "run.json"]);
}

#[test]
fn a_folder_that_cannot_be_replaced_is_refilled_and_nothing_stale_is_left() {
    let outer = tempfile::tempdir().expect("a folder");
    let dir = outer.path().join("out");
    put(&dir, "run.json");
    put(&dir, "charts/old.svg");
    let folder = RunFolder { dir: dir.clone(), is_new: false };
    folder.refill(&files(&["run.json", "report.md", "histograms/a.hlog"])).expect("filled");
    assert_eq!(names(&dir), ["histograms", "report.md", "run.json"]);
}

#[test]
fn what_cannot_be_written_leaves_the_older_run_as_it_was() {
    let outer = tempfile::tempdir().expect("a folder");
    let dir = outer.path().join("out");
    put(&dir, "run.json");
    let folder = RunFolder::claim(Some(&dir), "x", true).expect("claimed");
    // No file can lie below a file.
    let error = folder.fill(&files(&["run.json", "run.json/below"])).expect_err("it cannot be").to_string();
    assert!(error.contains("nothing of it was written"), "{error}");
    assert_eq!(fs::read_to_string(dir.join("run.json")).expect("there"), "old");
    assert_eq!((names(outer.path()), names(&dir)), (vec!["out".into()], vec!["run.json".into()]));
}

#[test]
fn everything_that_a_run_writes_is_known() {
    let run = crate::report::fixture::run();
    for (name, _) in crate::report::files(&run) {
        let first = name.split('/').next().expect("a name");
        assert!(NAMES.contains(&first), "{name} would be a stranger in its own folder");
    }
}
