//! What a comparison may not say: the rules of `--fail-on`.

use super::{Comparison, Difference, Figure, Outcome};

/// A rule of `--fail-on`: `p99 worse than 5%`, `goodput{strategy:cached} worse than 2%`.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// As written.
    pub text: String,
    /// Which figure.
    pub figure: Figure,
    /// Of this strategy only.
    pub strategy: Option<String>,
    /// By more than this share (points for shares).
    pub by: f64,
}

impl Rule {
    /// Reads a rule.
    ///
    /// # Errors
    /// A sentence that says how to write it.
    pub fn parse(text: &str) -> Result<Rule, String> {
        let words = || Figure::ALL.map(Figure::word).join(", ");
        let wrong = || {
            format!(
                "write FIGURE worse than SHARE, such as 'p99 worse than 5%' or 'goodput{{strategy:cached}} worse than 2%'; \
                 figures are {}",
                words()
            )
        };
        let (what, by) = text.split_once(" worse than ").ok_or_else(wrong)?;
        let (name, strategy) = match what.trim().split_once('{') {
            None => (what.trim(), None),
            Some((name, tag)) => {
                let tag =
                    tag.strip_suffix('}').and_then(|tag| tag.strip_prefix("strategy:")).ok_or_else(wrong)?;
                (name.trim(), Some(tag.trim().to_owned()))
            }
        };
        let figure = Figure::ALL.into_iter().find(|figure| figure.word() == name).ok_or_else(wrong)?;
        let number = by.trim().strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
        let by = number.filter(|number| (0.0..1e6).contains(number)).ok_or_else(wrong)? / 100.0;
        Ok(Rule { text: text.to_owned(), figure, strategy, by })
    }

    /// The differences that break it: surely worse, and by more than the rule allows.
    pub fn broken<'c>(&'c self, comparison: &'c Comparison) -> impl Iterator<Item = &'c Difference> {
        let of = |difference: &&Difference| {
            difference.figure == self.figure
                && self.strategy.as_ref().is_none_or(|name| *name == difference.strategy)
        };
        let is_broken = |difference: &&Difference| {
            difference.verdict == Outcome::Worse && difference.worsening().is_none_or(|by| by > self.by)
        };
        comparison.differences.iter().filter(of).filter(is_broken)
    }

    /// Whether the comparison says anything of what the rule is about.
    pub fn speaks_of(&self, comparison: &Comparison) -> bool {
        let of = |difference: &Difference| {
            difference.figure == self.figure
                && self.strategy.as_ref().is_none_or(|name| *name == difference.strategy)
        };
        comparison.differences.iter().any(of)
    }
}
