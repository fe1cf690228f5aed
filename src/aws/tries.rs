//! When the tries of one call leave and what they meet, noted from inside the SDK.
//!
//! ```text
//! ask ─ within(tries) ─▶ SDK ─┬─ connector: leaves ──────────┐
//!                             ├─ answer, interceptor: meets ─┤ notes ─▶ AttemptObserver, after each poll
//!                             └─ backoff, again ─────────────┘
//! ```
//!
//! The SDK runs a call in the task that awaits it, so that a task-local finds the call's own notes.

use crate::api::{ErrorCode, Reply};
use crate::backend::{AttemptObserver, Refusal};
use crate::clock::RunClock;
use crate::time::Time;
use aws_sdk_kms::config::interceptors::FinalizerInterceptorContextRef;
use aws_sdk_kms::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint;
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;

tokio::task_local! {
    static TRIES: Rc<Tries>;
}

/// The tries of one call.
struct Tries {
    clock: RunClock,
    /// What the last try met, if it may be tried again.
    met: Cell<Option<(Reply, Time)>>,
    notes: RefCell<Vec<Note>>,
}

/// A try that has left.
struct Note {
    at: Time,
    /// What the try before it met, and when; `None` for the first.
    after: Option<(Reply, Time)>,
}

/// A try leaves now.
pub(super) fn leaves() {
    // Nobody listens outside of a call that is measured.
    let _ = TRIES.try_with(|tries| {
        let note = Note { at: tries.clock.now(), after: tries.met.take() };
        tries.notes.borrow_mut().push(note);
    });
}

/// What `work` gives; `observer` hears when its tries leave and what the earlier ones met.
pub(super) async fn within<F: Future>(observer: &AttemptObserver<'_>, work: F) -> F::Output {
    let tries = Rc::new(Tries { clock: observer.clock(), met: Cell::new(None), notes: RefCell::default() });
    let mut work = pin!(TRIES.scope(Rc::clone(&tries), work));
    poll_fn(|context| {
        let polled = work.as_mut().poll(context);
        for note in tries.notes.borrow_mut().drain(..) {
            match note.after {
                None => observer.sends_at(note.at),
                Some((reply, at)) => observer.retries_at(reply, at, note.at),
            }
        }
        polled
    })
    .await
}

/// Notes what each try meets; for clients whose SDK tries again by itself.
#[derive(Debug)]
pub(super) struct Observer;

#[dyn_dispatch_hint]
impl Intercept for Observer {
    fn name(&self) -> &'static str {
        "keystorm::Observer"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if context.output_or_error().is_some_and(|result| result.is_err()) {
            let reply = match context.response() {
                Some(said) => {
                    let body = said.body().bytes().unwrap_or_default();
                    Refusal::from_json(said.status().as_u16(), body).reply
                }
                None => Reply::Failed(ErrorCode::ConnectionReset),
            };
            let _ = TRIES.try_with(|tries| tries.met.set(Some((reply, tries.clock.now()))));
        }
        Ok(())
    }
}
