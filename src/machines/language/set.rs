//! Values that are laid over a scenario's text: `--set`, and options that mean one.

/// A value laid over the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Set {
    /// The keys on the way to it, outermost first. A key that has dots may stand in one piece or in several.
    pub path: Vec<String>,
    /// The value, as YAML.
    pub value: String,
    /// Whether it joins the list that stands there instead of taking its place.
    pub joins: bool,
    /// The option as its user wrote it, for messages: `--rate 5`.
    pub given: String,
}

impl Set {
    /// `--set path=value`.
    pub fn new(path: &str, value: &str) -> Set {
        let steps = path.split('.').map(str::to_owned).collect();
        Set { path: steps, value: value.to_owned(), joins: false, given: format!("--set {path}={value}") }
    }

    /// What another option means; `given` is the option as its user wrote it.
    pub fn option(path: &[&str], value: &str, given: &str) -> Set {
        let steps = path.iter().map(|step| (*step).to_owned()).collect();
        Set { path: steps, value: value.to_owned(), joins: false, given: given.to_owned() }
    }

    /// What an option means that has the name of a key: `--region eu-west-1`.
    pub fn key(name: &str, value: &str) -> Set {
        Set::option(&[name], value, &format!("--{name} {value}"))
    }

    /// The same, joining the list that stands there.
    #[must_use]
    pub fn joining(self) -> Set {
        Set { joins: true, ..self }
    }

    /// Whether its user has named the path, so that messages need not.
    pub fn names_path(given: &str) -> bool {
        given.starts_with("--set ")
    }
}
