//! The API's operations by AWS's names, and what each is, said once: a row of `table` for each. Its handler stands in
//! `kms::operations`; whatever else is asked of an operation (request and answer, quota, price, key states, the audit trail,
//! how a live run makes it) is read from its row.

mod fit;
mod live;
pub mod shapes;

use super::KeyUsage;
use shapes::{Field, Member};

/// Which request quota a call takes from.
///
/// Source: KMS Developer Guide, request quotas (read 2026-11-23).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakesFrom {
    /// The pool of its key's type, and that of the custom key store that the key lives in.
    Key,
    /// The pool of the type of data key pair.
    Pair,
    /// The pool of symmetric keys.
    Symmetric,
    /// A pool that no other operation takes from.
    Own,
}

/// What a request costs by.
///
/// Source: AWS Price List, October 2025.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PricedBy {
    /// By nothing: the least.
    Base,
    /// By the type of its key.
    Key,
    /// By the type of the data key pair.
    Pair,
}

/// What an operation says to a key in one of the states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InState {
    /// It goes on.
    Goes,
    /// X1: DisabledException.
    Disabled,
    /// X2, X3, 8.
    PendingDeletion,
    /// X4.
    NotPendingDeletion,
    /// X5.
    PendingImport,
    /// X11, and "not applicable".
    Unavailable,
    /// X14.
    Creating,
    /// X15.
    Updating,
}

/// A call that needs nothing but a key, a payload and what set-up has made.
#[derive(Clone, Copy, Debug)]
pub struct LiveCall {
    /// The members of its request.
    pub members: &'static [(&'static str, Fill)],
    /// The call of set-up whose answer it needs.
    pub needs: Option<Operation>,
    /// The member of its answer that other calls need.
    pub gives: Option<&'static str>,
    /// What it needs of IAM where that is not its own name.
    actions: &'static [&'static str],
}

/// What fills a member of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// The key.
    Key,
    /// The key, unless a ciphertext names it.
    KeyUnlessNamed,
    /// The type of the data key pair.
    PairSpec,
    /// Meaningless bytes.
    Payload,
    /// What set-up has made.
    Made,
    /// How many random bytes.
    Length,
    /// The encryption context, which symmetric keys alone have.
    Context,
    /// The algorithm, where a key of the type has several.
    Algorithm,
    /// This text.
    Word(&'static str),
}

impl LiveCall {
    /// A request of these members, that needs no other call's answer and gives none.
    const fn of(members: &'static [(&'static str, Fill)]) -> LiveCall {
        LiveCall { members, needs: None, gives: None, actions: &[] }
    }

    /// It needs the answer of another.
    const fn needing(self, maker: Operation) -> LiveCall {
        LiveCall { needs: Some(maker), ..self }
    }

    /// Others need this member of its answer.
    const fn giving(self, member: &'static str) -> LiveCall {
        LiveCall { gives: Some(member), ..self }
    }

    /// IAM allows it by other names than its own.
    const fn allowed_by(self, actions: &'static [&'static str]) -> LiveCall {
        LiveCall { actions, ..self }
    }
}

/// The published quota that counts one operation alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnQuota {
    /// Its code at Service Quotas; `None` where none is published.
    pub code: Option<&'static str>,
    /// Its default, in requests a second.
    pub per_second: u64,
    /// Whether sources disagree about its being adjustable.
    pub is_disputed: bool,
    /// Whether the Developer Guide alone has it, and the General Reference does not.
    pub is_in_guide_only: bool,
    /// Conflicts between sources and what is unknown; otherwise empty.
    pub note: &'static str,
}

/// A quota that both pages have.
const fn own(code: &'static str, per_second: u64) -> OwnQuota {
    OwnQuota { code: Some(code), ..uncoded(per_second) }
}

/// A quota without a published code.
const fn uncoded(per_second: u64) -> OwnQuota {
    OwnQuota { code: None, per_second, is_disputed: false, is_in_guide_only: false, note: "" }
}

impl OwnQuota {
    const fn disputed(self) -> OwnQuota {
        OwnQuota { is_disputed: true, ..self }
    }

    const fn guide_only(self) -> OwnQuota {
        OwnQuota { is_in_guide_only: true, ..self }
    }

    const fn note(self, note: &'static str) -> OwnQuota {
        OwnQuota { note, ..self }
    }
}

/// The row of an operation.
#[derive(Clone, Copy, Debug)]
struct Row {
    usage: Option<KeyUsage>,
    takes_from: TakesFrom,
    /// The quota of what takes from its own.
    quota: Option<OwnQuota>,
    /// AWS's name of that.
    quota_name: &'static str,
    /// Whether the quota of a custom key store counts it too.
    is_in_stores: bool,
    priced_by: PricedBy,
    effect: Effect,
    is_quick: bool,
    /// How runs on the real clock make it; they do not where there is nothing.
    live: Option<LiveCall>,
    states: [InState; 7],
    request: &'static [Member],
    answer: &'static [Field],
}

/// What an operation is of which its row says nothing: one that manages keys, reads, and has a quota of its own.
const ROW: Row = Row {
    usage: None,
    takes_from: TakesFrom::Own,
    quota: None,
    quota_name: "",
    is_in_stores: false,
    priced_by: PricedBy::Base,
    effect: Effect::Reads,
    is_quick: false,
    live: None,
    states: [InState::Goes; 7],
    request: &[],
    answer: &[],
};

/// Whether CloudTrail takes it for one that changes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    Reads,
    Changes,
}

/// Declares the operations, each with its row; a type for each, by which others say something of it (`each`); and a macro that
/// hands all their names to another (`each_operation`). `$d` is a dollar sign.
macro_rules! operations {
    (($d:tt) $($operation:ident = $name:literal { $($field:ident: $value:expr,)* })*) => {
        named! {
            /// One operation of the KMS API.
            ///
            /// Source: AWS KMS service model 2014-11-01 as of 2026-11-17 (56 operations).
            #[allow(missing_docs)]
            Operation { $($operation = $name,)* }
        }

        /// By [`Operation::index`].
        pub(super) static ROWS: [Row; Operation::ALL.len()] = [$(
            Row {
                quota_name: concat!($name, " request rate"),
                $($field: $value,)*
                ..ROW
            },
        )*];

        /// A type for each operation.
        pub mod each {
            $(#[doc = concat!("Stands for ", $name, ".")] pub struct $operation;)*
        }

        /// Hands the names of all operations to another macro.
        #[macro_export]
        macro_rules! each_operation {
            ($d other:ident) => {
                $d other! { $($operation)* }
            };
        }
    };
}

mod table;

pub use table::{GrantOperation, Operation, each};

impl GrantOperation {
    /// The one that allows an action: `kms:Decrypt`.
    pub fn of_action(action: &str) -> Option<GrantOperation> {
        GrantOperation::from_name(action.strip_prefix("kms:")?)
    }

    /// The operation that it allows, or half of it.
    pub fn operation(self) -> Operation {
        match self {
            GrantOperation::ReEncryptFrom | GrantOperation::ReEncryptTo => Operation::ReEncrypt,
            other => Operation::from_name(other.name()).expect("a grant's operations are KMS's"),
        }
    }

    /// Whether calls of it carry an encryption context, so that a constraint on it can be met.
    pub fn takes_context(self) -> bool {
        self.operation().live().is_some_and(LiveCall::has_context)
    }
}

impl Operation {
    const fn row(self) -> &'static Row {
        &table::ROWS[self.index()]
    }

    /// What the key of a cryptographic operation must be for; `None` where that does not matter.
    pub const fn usage(self) -> Option<KeyUsage> {
        self.row().usage
    }

    /// Which request quota it takes from.
    pub const fn takes_from(self) -> TakesFrom {
        self.row().takes_from
    }

    /// The quota of one that takes from its own.
    pub const fn own_quota(self) -> Option<OwnQuota> {
        self.row().quota
    }

    /// AWS's name of a quota of its own.
    pub const fn own_quota_name(self) -> &'static str {
        self.row().quota_name
    }

    /// Whether the quota of a custom key store counts it, under a key that lives there.
    pub const fn is_in_stores(self) -> bool {
        self.row().is_in_stores
    }

    /// The members of its request.
    pub const fn request(self) -> &'static [Member] {
        self.row().request
    }

    /// The members of its answer, in the model's order.
    pub const fn answer(self) -> &'static [Field] {
        self.row().answer
    }

    /// What it costs by.
    pub const fn priced_by(self) -> PricedBy {
        self.row().priced_by
    }

    /// Whether CloudTrail says that it changes nothing: of cryptographic operations it does.
    pub const fn is_read_only(self) -> bool {
        matches!(self.row().effect, Effect::Reads)
    }

    /// Whether its arithmetic is nearly always done in microseconds.
    pub const fn is_quick(self) -> bool {
        self.row().is_quick
    }

    /// How a live run makes this call; `None` where it does not.
    pub const fn live(self) -> Option<&'static LiveCall> {
        self.row().live.as_ref()
    }

    /// What it says to a key that is Enabled, Disabled, PendingDeletion, PendingImport, Unavailable, Creating, Updating.
    ///
    /// Source: KMS Developer Guide, "Key states of AWS KMS keys" (stored copy of 2026, read 2026-11-23), which allows
    /// either of two errors for cryptographic calls on a key pending deletion: KMSInvalidStateException is chosen.
    /// Encapsulate, Decapsulate and GetKeyLastUsage are younger than the page: assumed to do as DeriveSharedSecret and
    /// DescribeKey. Where the page has "not applicable", an unavailable key is refused as such.
    pub const fn in_states(self) -> &'static [InState; 7] {
        &self.row().states
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::KeySpec;

    #[test]
    fn who_uses_a_key_takes_from_its_pool_and_changes_nothing() {
        for operation in Operation::ALL {
            let is_own = operation.takes_from() == TakesFrom::Own;
            assert_eq!(operation.own_quota().is_some(), is_own, "{operation}");
        }
        for operation in Operation::ALL.iter().filter(|operation| operation.usage().is_some()) {
            assert!(matches!(operation.takes_from(), TakesFrom::Key | TakesFrom::Pair), "{operation}");
            assert!(operation.is_read_only(), "{operation}");
        }
        assert!(!Operation::CreateKey.is_read_only() && Operation::GetPublicKey.live().is_some());
    }

    #[test]
    fn names_read_back_and_are_in_the_model() {
        assert_eq!(Operation::ALL.len(), 56);
        for operation in Operation::ALL {
            assert_eq!(Operation::from_name(operation.name()), Some(*operation));
        }
        for spec in KeySpec::ALL {
            assert_eq!(KeySpec::from_name(spec.name()), Some(*spec));
        }
        assert_eq!(Operation::from_name("decrypt"), None);
    }
}
