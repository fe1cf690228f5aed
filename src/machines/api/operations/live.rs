//! How a live run asks for an operation: the members of the request with what fills them, and what set-up makes for it.
//! Bodies, set-up, costs and policies of runs are made of this.

use super::super::key_spec::{ECDH, ML_KEM};
use super::super::{KeySpec, KeyUsage};
use super::{Fill, LiveCall, Operation};

impl Operation {
    /// The actions that a call needs of IAM.
    pub fn actions(self) -> Vec<String> {
        let own = self.live().map_or(&[][..], |call| call.actions);
        let names = if own.is_empty() { &[self.name()][..] } else { own };
        names.iter().map(|name| format!("kms:{name}")).collect()
    }
}

impl LiveCall {
    /// Whether its request names a key.
    pub fn takes_key(&self) -> bool {
        self.members.iter().any(|(_, fill)| *fill == Fill::Key)
    }

    /// Whether one made under another encryption context is another.
    pub fn has_context(&self) -> bool {
        self.members.iter().any(|(_, fill)| *fill == Fill::Context)
    }
}

impl KeySpec {
    /// The algorithm that a key of the type is used with for `usage`; `None` where it goes without saying, or there is
    /// none.
    pub fn algorithm_for(self, usage: KeyUsage) -> Option<&'static str> {
        match usage {
            KeyUsage::EncryptDecrypt if self == KeySpec::SymmetricDefault => None,
            KeyUsage::EncryptDecrypt => self.best_encryption_algorithm().map(|each| each.name()),
            KeyUsage::SignVerify => self.best_signing_algorithm().map(|each| each.name()),
            KeyUsage::GenerateVerifyMac => self.mac_algorithm().map(|each| each.name()),
            KeyUsage::KeyAgreement => self.usages().contains(&usage).then_some(ECDH),
            KeyUsage::EncapsulateDecapsulate => self.usages().contains(&usage).then_some(ML_KEM),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Fill::{Algorithm, Made};
    use super::*;

    #[test]
    fn what_a_call_needs_another_gives_and_a_live_run_can_make_it() {
        for operation in Operation::ALL {
            let Some(call) = operation.live() else { continue };
            assert_eq!(
                call.members.iter().any(|(_, fill)| *fill == Made),
                call.needs.is_some(),
                "{operation}"
            );
            if let Some(maker) = call.needs {
                let made = maker.live().unwrap_or_else(|| panic!("{operation} needs {maker}"));
                assert!(made.gives.is_some() && made.needs.is_none(), "{operation} needs {maker}");
            }
            let has_algorithm = call.members.iter().any(|(_, fill)| *fill == Algorithm);
            assert!(!has_algorithm || operation.usage().is_some(), "{operation}");
            // What takes no key has no usage, and what has one takes it.
            assert!(call.takes_key() || operation.usage().is_none(), "{operation}");
        }
    }

    #[test]
    fn every_key_that_can_do_a_live_call_has_its_algorithm() {
        for operation in Operation::ALL {
            let Some(call) = operation.live() else { continue };
            let Some(usage) = operation.usage() else { continue };
            if !call.members.iter().any(|(_, fill)| *fill == Algorithm) {
                continue;
            }
            for spec in KeySpec::ALL.iter().filter(|spec| spec.can_do(*operation)) {
                let goes_without = *spec == KeySpec::SymmetricDefault;
                assert_eq!(spec.algorithm_for(usage).is_none(), goes_without, "{operation} {spec}");
            }
        }
    }

    #[test]
    fn every_cryptographic_operation_can_be_made_live() {
        for operation in Operation::ALL.iter().filter(|operation| operation.usage().is_some()) {
            assert!(operation.live().is_some(), "{operation}");
        }
    }
}
