//! What is wrong with a scenario file: every problem, where it stands, and what would be right.

use super::Set;
use super::location::Location;
use std::fmt;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where in the scenario: `workloads.checkout.stages[1].target`; empty for the whole file.
    pub path: String,
    /// Line from 1; 0 for a value that came from an option.
    pub line: u32,
    /// Column from 1; 0 for a value that came from an option.
    pub column: u32,
    /// The option the value came from, as written: `--set trials=3`, `--rate 5`.
    pub set: Option<String>,
    /// What is wrong, in words.
    pub message: String,
    /// What was read there.
    pub read: Option<String>,
    /// What is allowed there.
    pub allowed: Option<String>,
    /// The nearest thing that would have been right.
    pub suggestion: Option<String>,
}

/// Every problem of a scenario, in the order of the file; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    /// The file's name, for messages.
    pub file: String,
    /// The problems; those of options come last.
    pub list: Vec<Problem>,
}

impl Problem {
    /// A problem at `location`, so far with no more than its message.
    pub fn new(location: Location, path: &str, message: impl Into<String>) -> Problem {
        Problem {
            path: path.to_owned(),
            line: location.line,
            column: location.column,
            set: (location.set > 0).then(|| location.set.to_string()),
            message: message.into(),
            read: None,
            allowed: None,
            suggestion: None,
        }
    }
    /// Adds what was read.
    pub fn read(mut self, read: impl Into<String>) -> Problem {
        self.read = Some(read.into());
        self
    }
    /// Adds what is allowed.
    pub fn allowed(mut self, allowed: impl Into<String>) -> Problem {
        self.allowed = Some(allowed.into());
        self
    }
    /// Adds the one of `known` that is nearest to `read`, if one is near.
    pub fn nearest<'a>(mut self, read: &str, known: impl IntoIterator<Item = &'a str>) -> Problem {
        self.suggestion = crate::api::nearest(read, known).map(str::to_owned);
        self
    }
}

impl Problems {
    /// Sorts `list` as the file reads, drops repetitions and names the option each problem came from.
    pub fn new(file: &str, mut list: Vec<Problem>, sets: &[Set]) -> Problems {
        list.sort_by_key(|problem| (problem.set.is_some(), problem.line, problem.column));
        let mut kept: Vec<Problem> = Vec::with_capacity(list.len());
        for mut problem in list {
            let number = problem.set.as_deref().and_then(|number| number.parse::<usize>().ok());
            if let Some(set) = number.and_then(|number| sets.get(number - 1)) {
                problem.set = Some(clip(&set.given));
            }
            let same = |old: &Problem| {
                (old.line, old.column, &old.set, &old.message)
                    == (problem.line, problem.column, &problem.set, &problem.message)
            };
            if !kept.iter().rev().take(64).any(same) {
                kept.push(problem);
            }
        }
        Problems { file: file.to_owned(), list: kept }
    }
}

impl Problems {
    /// Whether all of it came from options of the command line, and none from the file or from `--set`.
    pub fn are_of_options(&self) -> bool {
        let is_option = |set: &String| !Set::names_path(set);
        self.list.iter().all(|problem| problem.set.as_ref().is_some_and(is_option))
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.list.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            match &problem.set {
                // Who writes `--rate 5` knows no path.
                Some(given) if !Set::names_path(given) => {
                    write!(f, "{given}: {}", Problem { path: String::new(), ..problem.clone() })?;
                }
                Some(given) => write!(f, "{given}: {problem}")?,
                None => write!(f, "{}:{}:{}: {problem}", self.file, problem.line, problem.column)?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)?;
        if let Some(read) = &self.read {
            write!(f, "; read {read}")?;
        }
        if let Some(allowed) = &self.allowed {
            write!(f, "; allowed {allowed}")?;
        }
        match &self.suggestion {
            Some(suggestion) => write!(f, "; did you mean `{suggestion}`?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problems {}

/// Text as a message shows it: one line, at most 80 characters.
pub fn clip(text: &str) -> String {
    let mut clipped: String = text.chars().take(80).flat_map(char::escape_debug).collect();
    if text.chars().nth(80).is_some() {
        clipped.push('…');
    }
    clipped.replace("\\\"", "\"").replace("\\'", "'")
}
