//! What is said on the bus about a live load.

use crate::bus::wire::{Version, is_hash};
use crate::record::Piece;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Where loads are announced.
pub const CALLS: &str = "keystorm.live.calls";
/// Bytes of the longest message: what a server takes unless told otherwise.
const LONGEST: usize = 1 << 20;
/// Characters of a worker's token, and of its name.
const TOKEN: usize = 64;
const NAME: usize = 100;

/// Where the worker of this token hears.
pub fn worker_subject(token: &str) -> String {
    format!("keystorm.live.worker.{token}")
}

/// Where the coordinator of this session hears.
pub fn session_subject(session: &str) -> String {
    format!("keystorm.live.session.{}", crate::bus::wire::short(session))
}

/// That a load looks for workers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invitation {
    /// Of whom.
    pub of: Version,
    /// What is run, by the hash of everything that it follows from.
    pub run: String,
    /// This execution of it.
    pub session: String,
    /// What is loaded, by scheme, host and port, or by a word.
    pub target: String,
}

/// That a worker would take part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// Of whom.
    pub of: Version,
    /// The worker, by a token that no other has.
    pub worker: String,
    /// What people call it.
    pub name: String,
    /// Threads that send.
    pub threads: u32,
}

/// Which clients are a worker's: every `of`-th, from number `index` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seat {
    /// From 0.
    pub index: u32,
    /// How many workers there are.
    pub of: u32,
}

/// That the clients of a worker that is lost are the others'.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LostSeat {
    /// The worker's number.
    pub index: u32,
    /// From when on, on the trial's timeline, in nanoseconds.
    pub from_ns: u64,
}

/// What a worker is to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// Make ready for the trial.
    Prepare,
    /// Begin the trial at this moment of the worker's own clock, in nanoseconds, and run it to its end.
    Run {
        /// When.
        at_ns: u64,
    },
    /// End the trial: a threshold of the whole is missed.
    End,
    /// End the whole run.
    Stop,
    /// Everything was fetched: forget the run.
    Leave,
}

/// What the coordinator says to a worker, four times a second.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// What is run.
    pub run: String,
    /// This execution of it.
    pub session: String,
    /// Whose clients.
    pub seat: Seat,
    /// Number of the trial, of all strategies' in the order in which they are run, from 0.
    pub trial: u32,
    /// What to do.
    pub task: Task,
    /// The coordinator's clock, in nanoseconds.
    pub clock_ns: u64,
    /// Attempts that it may send, all trials together; as many as it likes if there is none.
    pub lease: Option<u64>,
    /// Grows whenever pieces are to begin anew.
    pub anew: u32,
    /// Workers whose clients are dealt to the others in this trial, in the order in which they were lost.
    pub lost: Vec<LostSeat>,
    /// Whether the sealed log of this trial is not there, although it was said to be.
    pub wants_log: bool,
}

/// What a worker does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WorkerPhase {
    /// It reads the question and makes connections.
    Preparing,
    /// It waits to be told when to begin.
    Ready,
    /// It runs the trial, or waits for the moment.
    Running,
    /// The trial is over, and its log is in the store under this name.
    Sealed {
        /// The name, with the sum of its bytes.
        log: String,
        /// Whether it ended before its time by what only this worker knows, such as a cap.
        is_early: bool,
    },
    /// It was told to stop before the trial began, and has nothing of it.
    Idle,
    /// It cannot take part.
    Refused {
        /// The reason.
        why: String,
    },
}

/// What a worker answers to each order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// The worker.
    pub worker: String,
    /// The trial that it is at.
    pub trial: u32,
    /// What it does.
    pub doing: WorkerPhase,
    /// [`Order::clock_ns`] of the order that this answers.
    pub echo_ns: u64,
    /// Its own clock when it heard that order, in nanoseconds.
    pub clock_ns: u64,
    /// Attempts that it has sent, all trials together, as far as it was told of.
    pub sent: u64,
}

/// All that workers say to a coordinator.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WorkerMessage {
    /// One would take part.
    Join(Join),
    /// An answer to an order.
    State(State),
    /// What came to a recording.
    Piece {
        /// The token of the worker that sends it.
        worker: String,
        /// Of which trial.
        trial: u32,
        /// What came.
        piece: Box<Piece>,
    },
}

impl Invitation {
    /// Reads one.
    ///
    /// # Errors
    /// A sentence, for what is none.
    pub fn read(bytes: &[u8]) -> Result<Invitation, String> {
        let call: Invitation = read(bytes)?;
        match is_hash(&call.run) && is_hash(&call.session) {
            true => Ok(call),
            false => Err("its run or its session is no hash".into()),
        }
    }
}

impl Order {
    /// Reads one.
    ///
    /// # Errors
    /// A sentence, for what is none.
    pub fn read(bytes: &[u8]) -> Result<Order, String> {
        let order: Order = read(bytes)?;
        if !is_hash(&order.run) || !is_hash(&order.session) {
            return Err("its run or its session is no hash".into());
        }
        let lost = order.lost.iter().map(|lost| lost.index);
        let (most, is_seat) = (order.seat.of as usize, |index: u32| index < order.seat.of);
        match is_seat(order.seat.index) && order.lost.len() < most && lost.into_iter().all(is_seat) {
            true => Ok(order),
            false => Err("its worker is none of those that there are".into()),
        }
    }
}

impl WorkerMessage {
    /// Reads one.
    ///
    /// # Errors
    /// A sentence, for what is none.
    pub fn read(bytes: &[u8]) -> Result<WorkerMessage, String> {
        let upward: WorkerMessage = read(bytes)?;
        let (worker, name) = match &upward {
            WorkerMessage::Join(join) => (&join.worker, join.name.as_str()),
            WorkerMessage::State(state) => (&state.worker, ""),
            WorkerMessage::Piece { worker, .. } => (worker, ""),
        };
        // It becomes a part of a subject.
        let is_token =
            (1..=TOKEN).contains(&worker.len()) && worker.bytes().all(|b| b.is_ascii_alphanumeric());
        match is_token && name.len() <= NAME {
            true => Ok(upward),
            false => Err("its worker has no token that a worker makes".into()),
        }
    }
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    if bytes.len() > LONGEST {
        return Err(format!("it has {} bytes, and none of ours has more than {LONGEST}", bytes.len()));
    }
    serde_json::from_slice(bytes).map_err(|error| crate::bus::printable(&error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::wire::bytes;
    use proptest::prelude::*;

    fn order() -> Order {
        Order {
            run: "a".repeat(64),
            session: "0f".repeat(32),
            seat: Seat { index: 1, of: 3 },
            trial: 2,
            task: Task::Run { at_ns: u64::MAX },
            clock_ns: 5,
            lease: Some(100),
            anew: 1,
            lost: vec![LostSeat { index: 2, from_ns: 7 }],
            wants_log: false,
        }
    }

    fn state() -> WorkerMessage {
        let doing = WorkerPhase::Sealed { log: "x".into(), is_early: true };
        WorkerMessage::State(State { worker: "w1".into(), trial: 0, doing, echo_ns: 1, clock_ns: 2, sent: 3 })
    }

    #[test]
    fn what_is_written_reads_the_same() {
        assert_eq!(Order::read(&bytes(&order())), Ok(order()));
        let Ok(WorkerMessage::State(read)) = WorkerMessage::read(&bytes(&state())) else { panic!("a state") };
        let WorkerMessage::State(written) = state() else { panic!("a state") };
        assert_eq!(read, written);
    }

    #[test]
    fn what_is_none_of_ours_is_refused_in_words() {
        let beyond = Order { seat: Seat { index: 3, of: 3 }, ..order() };
        assert!(Order::read(&bytes(&beyond)).expect_err("beyond").contains("none of those"));
        let gone = |index| LostSeat { index, from_ns: 0 };
        for lost in [vec![gone(3)], vec![gone(0), gone(1), gone(2)]] {
            assert!(
                Order::read(&bytes(&Order { lost, ..order() }))
                    .expect_err("beyond")
                    .contains("none of those")
            );
        }
        let path = Order { session: "../x".into(), ..order() };
        assert!(Order::read(&bytes(&path)).expect_err("a path").contains("no hash"));
        for worker in ["", "a.b", "*", ">", &"x".repeat(65)] {
            let join = Join { of: Version::own(), worker: worker.into(), name: "n".into(), threads: 1 };
            assert!(
                WorkerMessage::read(&bytes(&WorkerMessage::Join(join)))
                    .expect_err(worker)
                    .contains("no token")
            );
        }
        assert!(WorkerMessage::read(&vec![b' '; LONGEST + 1]).expect_err("long").contains("none of ours"));
    }

    proptest! {
        #[test]
        fn a_changed_message_is_a_message_or_a_sentence(at in 0usize..400, byte in any::<u8>()) {
            for mut changed in [bytes(&order()), bytes(&state())] {
                let length = changed.len();
                changed[at % length] = byte;
                for refused in [Order::read(&changed).err(), WorkerMessage::read(&changed).err(), Invitation::read(&changed).err()] {
                    prop_assert!(refused.is_none_or(|why| !why.is_empty() && !why.chars().any(char::is_control)));
                }
            }
        }
    }
}
