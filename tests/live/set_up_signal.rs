//! A signal ends set-up, whatever it waits for; what was made is given up all the same.

use super::support::read;
use keystorm::backend::{AttemptObserver, Backend, Dispatch, KmsOutput, Refusal};
use keystorm::engine::live::{Control, Error, Provision, Setup};
use keystorm::time::Span;
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Answers nothing, and ends the run from outside when it is asked for the first time.
struct Silent {
    control: Arc<Control>,
    asked: Cell<u32>,
}

impl Backend for Silent {
    async fn dispatch(
        &self,
        _client: u32,
        _dispatch: &Dispatch<'_>,
        _observer: &AttemptObserver<'_>,
    ) -> Result<KmsOutput, Refusal> {
        self.asked.set(self.asked.get() + 1);
        self.control.stop.store(true, Ordering::Relaxed);
        std::future::pending().await
    }
}

#[test]
fn a_signal_ends_set_up_though_no_answer_comes() {
    let scenario = read(
        "version: 1\ntarget: emulator\n\
         workloads: { load: { executor: constant-vus, vus: 1, duration: 1s, jobs: { Decrypt: 1 } } }\n\
         strategies: { no-retry: { retry: { mode: none } } }",
    );
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let control = Arc::new(Control::default());
        let backend = Silent { control: Arc::clone(&control), asked: Cell::new(0) };
        let provision = Provision::Made { tag: "signal".into(), given_up: true, policy: None };
        let mut setup = Setup { control: Some(Arc::clone(&control)), ..Setup::default() };
        let ended = setup.fixtures(&backend, &scenario, &provision).await;
        assert!(matches!(ended, Err(Error::Interrupted)), "it goes on");
        assert_eq!((backend.asked.get(), setup.attempts), (1, 1));
        // A pause as long as others need it ends too.
        control.stop.store(true, Ordering::Relaxed);
        let mut slow =
            Setup { control: Some(control), pause: Some(Span::from_secs(3_600)), ..Setup::default() };
        assert!(matches!(slow.fixtures(&backend, &scenario, &provision).await, Err(Error::Interrupted)));
        assert_eq!(slow.attempts, 0);
    });
}
