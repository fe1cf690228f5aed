//! Accounts that no run may touch, whatever it is told: a list that an administrator keeps.

use std::collections::BTreeMap;

/// A list that cannot be used, which denies every account.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{file}: {why}: while the list of denied accounts cannot be read, every account is denied; it has one account id of \
     twelve digits a line, and comments behind #"
)]
pub struct Unreadable {
    /// Where the list stands, for messages.
    pub file: String,
    /// What is wrong with it; names the line.
    pub why: String,
}

/// Denied accounts, and the first file that names each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Denied(BTreeMap<String, String>);

impl Denied {
    /// Adds what the text of `file` denies; nothing takes an account off again.
    ///
    /// # Errors
    /// A line that is no account id.
    pub fn add(&mut self, file: &str, text: &str) -> Result<(), Unreadable> {
        for (number, line) in text.lines().enumerate() {
            let id = line.split('#').next().unwrap_or_default().trim();
            if id.is_empty() {
                continue;
            }
            if id.len() != 12 || !id.bytes().all(|byte| byte.is_ascii_digit()) {
                let why = format!("line {} is no account id", number + 1);
                return Err(Unreadable { file: file.into(), why });
            }
            self.0.entry(id.into()).or_insert_with(|| file.into());
        }
        Ok(())
    }

    /// The file that denies an account.
    pub fn by(&self, account: &str) -> Option<&str> {
        self.0.get(account).map(String::as_str)
    }
}

/// The account of an access key, which AWS writes into its id: 40 bits in base 32 behind the first four letters, from the
/// second bit on. `None` for what is not in the form of AWS's keys.
///
/// Source: AWS does not say how (STS GetAccessKeyInfo tells the account); found and published by Aidan Steele (2020) and
/// Tal Be'ery (2023), whose example is in the test (read 2026-11-29). Keys from before 2019 may have another account's.
pub fn account_of_access_key(id: &str) -> Option<String> {
    let letters =
        id.strip_prefix("AKIA").or_else(|| id.strip_prefix("ASIA")).filter(|rest| rest.len() == 16)?;
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => Some(u64::from(byte - b'A')),
        b'2'..=b'7' => Some(u64::from(byte - b'2') + 26),
        _ => None,
    };
    let all: Vec<u64> = letters.bytes().map(digit).collect::<Option<_>>()?;
    let first = all.iter().take(10).fold(0, |bits, digit| (bits << 5) | digit);
    Some(format!("{:012}", (first >> 9) & 0xff_ffff_ffff))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_access_key_tells_whose_it_is() {
        assert_eq!(account_of_access_key("ASIAQNZGKIQY56JQ7WML").as_deref(), Some("029608264753"));
        assert_eq!(account_of_access_key("AKIAIOSFODNN7EXAMPLE").as_deref(), Some("581039954779"));
        for id in ["AKIAANN", "test", "AKIAKEYSTORMNOCHECK0", "AROAQNZGKIQY56JQ7WML", ""] {
            assert_eq!(account_of_access_key(id), None, "{id}");
        }
    }

    #[test]
    fn lists_add_up_and_what_is_no_id_denies_everything() {
        let mut denied = Denied::default();
        denied.add("/etc/a", "# production\n111122223333 # payments\r\n\n  444455556666\n").unwrap();
        denied.add("/home/b", "777788889999\n111122223333").unwrap();
        assert_eq!(
            ["111122223333", "444455556666", "777788889999", "000000000000"].map(|id| denied.by(id)),
            [Some("/etc/a"), Some("/etc/a"), Some("/home/b"), None]
        );
        for text in
            ["11112222333", "1111-2222-3333", "arn:aws:iam::111122223333:root", "111122223333 444455556666"]
        {
            let said =
                denied.clone().add("/etc/a", &format!("000000000000\n{text}")).expect_err(text).to_string();
            assert!(
                said.starts_with("/etc/a: line 2 is no account id: ")
                    && said.contains("every account is denied")
            );
        }
    }
}
