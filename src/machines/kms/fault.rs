//! What goes wrong: when, what it does, which calls it strikes; and how a file says it.

use crate::api::{Operation, words};
use crate::language::{
    Form, Item, MAX_JOBS, RATE, RATIO, Reader, SPAN, Shape, Shown, TEXT, TIME, Table, Walk, key, mapping,
    whole, words,
};
use crate::quota::catalogue::{self, POOL_NAMES};
use crate::time::Span;
use crate::units::{Rate, Ratio};
use std::sync::LazyLock;

/// The most faults of a scenario.
const MAX_FAULTS: usize = 1000;

/// The longest code of an error, and the longest text that a fault looks for.
const MAX_CODE: usize = 128;
const MAX_TEXT: usize = 2048;

/// Errors that are the service's own fault, so that they travel with HTTP 500 if nothing else is said.
///
/// Source: AWS KMS service model 2014-11-01 as of 2026-11-17, and the errors common to all AWS services.
const SERVICE_FAULTS: [&str; 6] = [
    "KMSInternalException",
    "DependencyTimeoutException",
    "KeyUnavailableException",
    "InternalFailure",
    "InternalServerError",
    "InternalError",
];

/// One thing that goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// When it begins.
    pub at: Span,
    /// How long it lasts; `None` with [`Strikes::Next`] means until used up.
    pub lasts: Option<Span>,
    /// What it does.
    pub kind: FaultKind,
    /// Which attempts it strikes.
    pub strikes: Strikes,
    /// Only this operation, or all.
    pub operation: Option<Operation>,
    /// Only these calls of a server, or all.
    pub aim: Option<Box<Aim>>,
    /// How many of the attempts that it could strike pass first.
    pub after: u64,
    /// Over which span its probability rises from 0, from its beginning on; `None`: it is there at once.
    pub ramp: Option<Span>,
    /// Key of its draws; `None`: the scenario's, and its place in the list.
    pub seed: Option<u64>,
}

impl Fault {
    /// One that strikes everything from the beginning on, without an end.
    pub const fn new(kind: FaultKind) -> Fault {
        Fault {
            at: Span::ZERO,
            lasts: None,
            kind,
            strikes: Strikes::Probability(Ratio::ONE),
            operation: None,
            aim: None,
            after: 0,
            ramp: None,
            seed: None,
        }
    }
}

/// The calls of a server that a fault is for; what is `None` does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aim {
    /// Who calls: an ARN, of a session its own or its role's, or an account; `*` stands for any letters.
    pub principal: Option<String>,
    /// The key that is named: an id, an ARN, or an alias.
    pub key: Option<String>,
    /// The Region that is called.
    pub region: Option<String>,
}

words! {
    /// The kinds of fault, as files name them.
    FaultWord {
        /// ThrottlingException though quota is left.
        Throttle = "throttle",
        /// Another error.
        Error = "error",
        /// A longer service time.
        Slow = "slow",
        /// No answer until the fault ends.
        Freeze = "freeze",
        /// A broken connection.
        Reset = "reset",
        /// An answer in small pieces.
        Trickle = "trickle",
        /// Half an answer.
        Truncate = "truncate",
        /// Another limit.
        Quota = "quota",
    }
}

/// What a fault does.
#[derive(Clone, Debug, PartialEq)]
pub enum FaultKind {
    /// Answers ThrottlingException though quota is left.
    Throttle,
    /// Answers KMSInternalException.
    Error,
    /// Answers another error.
    ErrorAs {
        /// Its code.
        code: String,
        /// Its HTTP status.
        status: u16,
    },
    /// Adds to the service time.
    Slow {
        /// How much.
        by: Span,
    },
    /// Answers nothing until the fault ends.
    Freeze,
    /// Breaks the connection.
    Reset,
    /// Sends the answer in small pieces.
    Trickle {
        /// How long after the first the last piece comes.
        by: Span,
    },
    /// Breaks the connection in the middle of the answer: what was asked has been done.
    Truncate,
    /// Sets a pool's limit for the duration; strikes and operation do not matter.
    Quota {
        /// Which pool, by name.
        pool: String,
        /// Its limit meanwhile.
        to: Rate,
    },
}

impl FaultKind {
    /// Its word in files.
    pub const fn word(&self) -> FaultWord {
        match self {
            FaultKind::Throttle => FaultWord::Throttle,
            FaultKind::Error | FaultKind::ErrorAs { .. } => FaultWord::Error,
            FaultKind::Slow { .. } => FaultWord::Slow,
            FaultKind::Freeze => FaultWord::Freeze,
            FaultKind::Reset => FaultWord::Reset,
            FaultKind::Trickle { .. } => FaultWord::Trickle,
            FaultKind::Truncate => FaultWord::Truncate,
            FaultKind::Quota { .. } => FaultWord::Quota,
        }
    }
}

/// Which attempts a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Strikes {
    /// Each, with this probability.
    Probability(Ratio),
    /// The next so many.
    Next(u64),
}

/// What strikes attempts.
const STRIKING: &[&str] = &[
    FaultWord::Throttle.name(),
    FaultWord::Error.name(),
    FaultWord::Slow.name(),
    FaultWord::Reset.name(),
    FaultWord::Freeze.name(),
    FaultWord::Trickle.name(),
    FaultWord::Truncate.name(),
];
/// What strikes attempts one by one.
const COUNTED: &[&str] = &[
    FaultWord::Throttle.name(),
    FaultWord::Error.name(),
    FaultWord::Slow.name(),
    FaultWord::Reset.name(),
    FaultWord::Trickle.name(),
    FaultWord::Truncate.name(),
];

/// A list of faults. Only a server has callers, keys and Regions that a fault can be for.
pub struct Faults {
    /// Whether a server reads it.
    pub is_server: bool,
}

impl Form for Faults {
    type Value = Vec<Fault>;
    fn shape(&self) -> Shape {
        Shape::List(&Shape::Record(table))
    }
    fn read(&self, r: &mut Reader, item: &Item) -> Option<Vec<Fault>> {
        let items = r.list(item)?;
        if items.len() > MAX_FAULTS {
            r.wrong(item, "these are too many faults", format!("at most {MAX_FAULTS}"));
            return None;
        }
        let form = mapping(table, walk, self.is_server);
        Some(items.iter().filter_map(|item| form.read(r, item)).collect())
    }
    fn write(&self, value: &Vec<Fault>) -> serde_yaml::Value {
        let form = mapping(table, walk, self.is_server);
        value.iter().map(|fault| form.write(fault)).collect::<Vec<_>>().into()
    }
}

/// The keys of a fault.
pub(crate) fn table() -> &'static Table {
    static TABLE: LazyLock<Table> =
        LazyLock::new(|| Table::described("fault", |keys| walk(keys, None, &true)));
    &TABLE
}

fn walk(walk: &mut Walk<'_, '_>, now: Option<&Fault>, is_server: &bool) -> Option<Fault> {
    let at = walk.part(key("at", "When it begins ({}).", SPAN).or(Span::ZERO), now.map(|now| &now.at));
    let about = "How long it lasts; may be left out with `next`.";
    let lasts = walk.part(key("for", about, TIME).optional(), now.map(|now| &now.lasts));
    let word = now.map(|now| now.kind.word().name());
    let word = FaultWord::from_name(walk.word("kind", "What it does.", FaultWord::WORDS, word)?);
    let kind = kind(walk, word, now.map(|now| &now.kind));
    if word == Some(FaultWord::Error) && kind.is_none() {
        return None;
    }
    // The limit of a pool strikes nobody by itself.
    let now = now.filter(|now| now.kind.word() != FaultWord::Quota);
    let strikes = strikes(walk, now.map(|now| &now.strikes));
    if word.is_some() && strikes.is_none() {
        return None;
    }
    let about = "So many of the attempts that it could strike pass first ({}).";
    let after = walk
        .part(key("after", about, whole(0, MAX_JOBS)).with(COUNTED).or(0).quiet(), now.map(|now| &now.after));
    let about = "Its probability rises from 0 over so long (it is there at once).";
    let ramp = walk.part(key("ramp", about, TIME).with(COUNTED).optional(), now.map(|now| &now.ramp));
    walk.look(|r, fields| {
        if let (Some(Some(_)), Some(Strikes::Next(_)), Some(item)) = (ramp, strikes, fields.get("ramp")) {
            r.wrong(&item, "`ramp` and `next` do not go together", "a probability, which rises");
        }
    });
    let about = "Key of its draws (the scenario's seed and its place).";
    let seed =
        walk.part(key("seed", about, whole(0, u64::MAX)).with(STRIKING).optional(), now.map(|now| &now.seed));
    let about = "Strikes this operation only (all).";
    let operation =
        walk.part(key("operation", about, words()).with(STRIKING).optional(), now.map(|now| &now.operation));
    let aim = aim(walk, now.and_then(|now| now.aim.as_deref()), *is_server);
    Some(Fault {
        at: at?,
        lasts: lasts?,
        kind: kind?,
        strikes: strikes?,
        operation: operation?,
        aim: aim?,
        after: after?,
        ramp: ramp?,
        seed: seed?,
    })
}

/// The keys that go with a kind; all of them where no `word` was read.
fn kind(walk: &mut Walk<'_, '_>, word: Option<FaultWord>, now: Option<&FaultKind>) -> Option<FaultKind> {
    const SLOW: &[&str] = &[FaultWord::Slow.name(), FaultWord::Trickle.name()];
    let goes = |with: &[FaultWord]| word.is_none_or(|word| with.contains(&word));
    let (mut by, mut pool, mut to, mut error) = (None, None, None, None);
    if goes(&[FaultWord::Slow, FaultWord::Trickle]) {
        let about = "Added to the service time; the answer's last piece comes so much later.";
        let now = match now {
            Some(FaultKind::Slow { by } | FaultKind::Trickle { by }) => Some(by),
            _ => None,
        };
        by = walk.part(key("by", about, TIME).with(SLOW).needed(), now);
    }
    if goes(&[FaultWord::Error]) {
        error = self::error(walk, now);
    }
    if goes(&[FaultWord::Quota]) {
        const QUOTA: &[&str] = &[FaultWord::Quota.name()];
        let now = if let Some(FaultKind::Quota { pool, to }) = now { Some((pool, to)) } else { None };
        let about = "The pool whose limit changes.";
        pool = walk.part(key("pool", about, POOL).with(QUOTA).needed(), now.map(|(pool, _)| pool));
        let about = "The pool's limit meanwhile.";
        to = walk.part(key("to", about, RATE).with(QUOTA).needed(), now.map(|(_, to)| to));
    }
    Some(match word? {
        FaultWord::Throttle => FaultKind::Throttle,
        FaultWord::Error => error?,
        FaultWord::Slow => FaultKind::Slow { by: by? },
        FaultWord::Freeze => FaultKind::Freeze,
        FaultWord::Reset => FaultKind::Reset,
        FaultWord::Trickle => FaultKind::Trickle { by: by? },
        FaultWord::Truncate => FaultKind::Truncate,
        FaultWord::Quota => FaultKind::Quota { pool: pool?, to: to? },
    })
}

/// A pool, by its name.
const POOL: Shown<String> = Shown {
    shape: Shape::Named(POOL_NAMES),
    read: |r, item| {
        let names: Vec<&'static str> = catalogue::pool_names().collect();
        r.word(item, &names).map(str::to_owned)
    },
};

/// The error that a fault answers: KMSInternalException, or what `errorCode` and `status` say, each of which makes the
/// other up where it can be told.
fn error(walk: &mut Walk<'_, '_>, now: Option<&FaultKind>) -> Option<FaultKind> {
    const ERROR: &[&str] = &[FaultWord::Error.name()];
    let now = match now {
        Some(FaultKind::ErrorAs { code, status }) => (Some(code.clone()), Some(*status)),
        _ => (None, None),
    };
    let about = "What it answers (KMSInternalException).";
    let code =
        walk.part(key("errorCode", about, TEXT.checked(error_code)).with(ERROR).optional(), Some(&now.0));
    let about = "The HTTP status of that (the code's usual one).";
    let status = walk.part(key("status", about, whole(400, 599)).with(ERROR).optional(), Some(&now.1));
    let mut read = match (code?, status?) {
        (None, None) => Some(FaultKind::Error),
        (Some(code), status) => {
            let status = status.unwrap_or_else(|| usual_status(&code));
            Some(FaultKind::ErrorAs { code, status })
        }
        (None, Some(500)) => Some(FaultKind::Error),
        (None, Some(503)) => Some(FaultKind::ErrorAs { code: "ServiceUnavailable".into(), status: 503 }),
        (None, Some(status)) => {
            walk.look(|r, fields| {
                if let Some(item) = fields.get("status").filter(|_| fields.get("errorCode").is_none()) {
                    let message = format!("many errors have the status {status}");
                    r.wrong(&item, message, "an errorCode beside it; 500 and 503 need none");
                }
            });
            None
        }
    };
    walk.look(|_, fields| {
        // What stands there and could not be read was told.
        if read == Some(FaultKind::Error)
            && ["errorCode", "status"].iter().any(|name| fields.get(name).is_some())
        {
            read = read.take().filter(|_| status == Some(Some(500)));
        }
    });
    read
}

/// Reports what is no code of an error.
fn error_code(r: &mut Reader, item: &Item, code: String) -> Option<String> {
    let is_code = (1..=MAX_CODE).contains(&code.len())
        && code.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    if !is_code {
        let allowed = format!("1 to {MAX_CODE} letters, digits, `.`, `_` and `-`: ServiceUnavailable");
        r.wrong(item, "this is no error's code", allowed);
    }
    is_code.then_some(code)
}

/// The status that an error usually travels with.
fn usual_status(code: &str) -> u16 {
    match code {
        "ServiceUnavailable" | "ServiceUnavailableException" => 503,
        code if SERVICE_FAULTS.contains(&code) => 500,
        _ => 400,
    }
}

/// Which attempts it strikes: each by chance, or the next ones.
fn strikes(walk: &mut Walk<'_, '_>, now: Option<&Strikes>) -> Option<Strikes> {
    let (share, count) = match now {
        Some(Strikes::Probability(share)) => (Some(share), None),
        Some(Strikes::Next(count)) => (None, Some(*count)),
        None => (None, None),
    };
    let about = "Which share of attempts it strikes ({}).";
    let share = walk.part(key("probability", about, RATIO).with(STRIKING).or(Ratio::ONE), share);
    let about = "Strikes the next so many attempts instead.";
    let count = walk.part(key("next", about, whole(1, MAX_JOBS)).with(COUNTED).optional(), Some(&count))?;
    let mut read = share.map(Strikes::Probability);
    walk.look(|r, fields| match (fields.get("next"), fields.get("probability")) {
        (Some(next), Some(_)) => {
            r.wrong(&next, "`next` and `probability` do not go together", "either of the two");
            read = None;
        }
        (Some(_), None) => read = count.map(Strikes::Next),
        (None, _) if fields.get("for").is_none() && fields.is_whole() => r.missing(fields, "for"),
        (None, _) => {}
    });
    read
}

/// For which calls it is.
fn aim(walk: &mut Walk<'_, '_>, now: Option<&Aim>, is_server: bool) -> Option<Option<Box<Aim>>> {
    let mut text = |name: &'static str, about: &'static str, now: Option<&Option<String>>| {
        walk.part(key(name, about, Aimed { name, is_server }).with(STRIKING).optional(), now)
    };
    let about = "In a server: strikes calls of this ARN or account only; `*` for any letters.";
    let principal = text("principal", about, now.map(|now| &now.principal));
    let about = "In a server: strikes calls that name this key only, by id, ARN or alias.";
    let of_key = text("key", about, now.map(|now| &now.key));
    let about = "In a server: strikes calls to this Region only.";
    let region = text("region", about, now.map(|now| &now.region));
    let aim = Aim { principal: principal?, key: of_key?, region: region? };
    Some((aim != Aim::default()).then(|| Box::new(aim)))
}

/// What a server looks for in a call.
struct Aimed {
    name: &'static str,
    is_server: bool,
}

impl Form for Aimed {
    type Value = String;
    fn shape(&self) -> Shape {
        Shape::Text
    }
    fn read(&self, r: &mut Reader, item: &Item) -> Option<String> {
        if !self.is_server {
            let name = self.name;
            let message = format!("a scenario has one caller, and keys and a Region of its own: no `{name}`");
            r.wrong(item, message, "leaving it out; `serve --fault` has it");
            return None;
        }
        let text = r.string(item)?;
        if text.is_empty() || text.len() > MAX_TEXT {
            r.wrong(item, "this names nobody", format!("1 to {MAX_TEXT} characters"));
            return None;
        }
        Some(text)
    }
    fn write(&self, value: &String) -> serde_yaml::Value {
        value.as_str().into()
    }
}
