//! Who calls: the user agent that every call of a run carries, so that logs tell its calls from everybody else's.

/// The user agent of one run, `keystorm/0.1.0 run/1f0c2d3e4b5a6978`. The AWS SDK's own words stand before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    run: String,
}

const PRODUCT: &str = "keystorm";
const VERSION: &str = env!("CARGO_PKG_VERSION");

impl Agent {
    /// Of a new run, whose id is drawn.
    ///
    /// # Errors
    /// The system has no random bytes.
    #[cfg(feature = "emulator")]
    pub fn new() -> Result<Agent, crate::kms::crypto::Error> {
        crate::kms::crypto::random_array::<8>().map(|bytes| Agent { run: hex::encode(bytes) })
    }

    /// Of the run of this id, which somebody else has drawn; `None` for what is no id.
    pub fn of(run: &str) -> Option<Agent> {
        let is_id = run.len() == 16 && run.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        is_id.then(|| Agent { run: run.into() })
    }

    /// Of a call that belongs to no run.
    pub fn unnamed() -> Agent {
        Agent { run: "none".into() }
    }

    /// The run's id: sixteen hexadecimal digits.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// The header `user-agent`.
    pub fn header(&self) -> String {
        format!("{PRODUCT}/{VERSION} run/{}", self.run)
    }

    /// The same as the AWS SDK has room for in a header that it signs: it becomes `app/keystorm-run-1f0c2d3e4b5a6978`.
    pub fn app_name(&self) -> String {
        format!("{PRODUCT}-run-{}", self.run)
    }

    /// Whether a user agent is keystorm's, of any version.
    pub fn is_own(user_agent: &str) -> bool {
        let is_ours = |word: &str| {
            let after = |before: &str| word.strip_prefix(before)?.strip_prefix(PRODUCT);
            after("").is_some_and(|rest| rest.starts_with('/'))
                || after("app/").is_some_and(|rest| rest.is_empty() || rest.starts_with("-run-"))
        };
        user_agent.split_ascii_whitespace().any(is_ours)
    }
}

// A run's id is drawn by the emulator's source of random bytes.
#[cfg(all(test, feature = "emulator"))]
mod tests {
    use super::*;

    #[test]
    fn each_run_has_an_id_of_its_own_and_is_known_by_its_agent() {
        let (one, two) = (Agent::new().unwrap(), Agent::new().unwrap());
        assert_ne!(one, two);
        assert_eq!(one.header(), format!("keystorm/{} run/{}", env!("CARGO_PKG_VERSION"), one.run()));
        assert!(one.run().len() == 16 && one.run().bytes().all(|b| b.is_ascii_hexdigit()));
        assert_eq!(Agent::of(one.run()), Some(one.clone()));
        assert!(
            ["", "none", "0123456789abcde\n", "0123456789ABCDEF"]
                .into_iter()
                .all(|id| Agent::of(id).is_none())
        );
        assert!(Agent::is_own(&one.header()));
        assert!(Agent::is_own(&format!("aws-sdk-rust/1.4 ua/2.1 api/kms/1.1 {}", two.header())));
        assert!(Agent::is_own(&format!("aws-sdk-rust/1.4 app/{}", one.app_name())));
        for other in
            ["", "keystorm", "app/keystormy", "notkeystorm/1", "aws-cli/2.1 keystormy/1", "x/keystorm/1"]
        {
            assert!(!Agent::is_own(other), "{other}");
        }
    }
}
