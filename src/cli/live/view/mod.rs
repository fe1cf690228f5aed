//! A live run on a terminal: a thread of its own draws what [`Control`] shows, and listens to keys.
//!
//! ```text
//!  engine ──snapshot──▶ Control ──snapshot──▶ LiveView ──▶ draw ──▶ the terminal behind stderr
//!                        ◀──── stop ────── q, Ctrl-C
//! ```
//!
//! stdout stays free for results. What is drawn where is `draw`'s and `panels`' business, what the terminal is in
//! `screen`'s.

mod behind;
mod draw;
mod pace;
mod panels;
mod plot;
mod scene;
mod screen;
mod theme;

pub use screen::restore;

use crate::cli::interrupt;
use crate::engine::live::Control;
use pace::Pace;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use scene::Scene;
use screen::Screen;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::Duration;
use theme::Theme;

/// How long a picture stays without anything happening.
const PICTURE: Duration = Duration::from_millis(200);

/// What does not change while a run is watched.
#[derive(Clone, Debug)]
pub struct Title {
    /// The scenario's name.
    pub name: String,
    /// Where attempts go.
    pub target: String,
}

/// A live run on a terminal, until told to finish.
pub struct LiveView {
    stop: Option<(Sender<()>, JoinHandle<io::Result<()>>)>,
}

impl LiveView {
    /// Takes the terminal and begins to draw. `colour` is off where `NO_COLOR` says so.
    ///
    /// # Errors
    /// The terminal cannot be taken; it is as it was then.
    pub fn start(control: &Arc<Control>, title: Title, colour: bool) -> io::Result<LiveView> {
        let screen = Screen::enter()?;
        control.watch();
        let (stop, stopped) = channel();
        let control = Arc::clone(control);
        let body = move || watch(screen, &control, &title, Theme { colour }, &stopped);
        match std::thread::Builder::new().name(screen::THREAD.into()).spawn(body) {
            Ok(thread) => Ok(LiveView { stop: Some((stop, thread)) }),
            Err(error) => {
                restore();
                Err(error)
            }
        }
    }

    /// Gives the terminal back as it was.
    ///
    /// # Errors
    /// The terminal could not be drawn on to the end; the run is not touched by that.
    pub fn finish(mut self) -> io::Result<()> {
        self.end()
    }

    fn end(&mut self) -> io::Result<()> {
        let Some((stop, thread)) = self.stop.take() else { return Ok(()) };
        drop(stop);
        let drawn = thread.join();
        restore();
        drawn.unwrap_or_else(|_| Err(io::Error::other("the live view panicked")))
    }
}

impl Drop for LiveView {
    fn drop(&mut self) {
        // Whoever drops it without finishing is on the way out with another error.
        let _ = self.end();
    }
}

/// Draws and listens until told to stop.
fn watch(
    mut screen: Screen,
    control: &Control,
    title: &Title,
    theme: Theme,
    stopped: &Receiver<()>,
) -> io::Result<()> {
    let mut pace = Pace::default();
    let mut hears = true;
    loop {
        let snapshot = control.snapshot();
        if let Some(snapshot) = &snapshot {
            pace.see(snapshot);
        }
        let is_stopping = control.stop.load(Ordering::Relaxed);
        let scene = Scene { title, snapshot: snapshot.as_ref(), pace: &pace, is_stopping, theme };
        screen.draw(|frame| draw::frame(frame, &scene))?;
        if hears {
            match event::poll(PICTURE).and_then(|is_there| if is_there { hear(control) } else { Ok(()) }) {
                Ok(()) => {}
                // Nobody can press a key where no keyboard is; signals still come.
                Err(_) => hears = false,
            }
            if stopped.try_recv() != Err(TryRecvError::Empty) {
                return Ok(());
            }
        } else if stopped.recv_timeout(PICTURE) != Err(RecvTimeoutError::Timeout) {
            return Ok(());
        }
    }
}

/// Takes in what happened on the terminal; a change of its size needs nothing but the next picture.
fn hear(control: &Control) -> io::Result<()> {
    if let Event::Key(key) = event::read()?
        && is_stop(key)
    {
        interrupt::interrupt(&control.stop);
    }
    Ok(())
}

/// Whether a key asks for the end: q, or Ctrl-C, which is no signal while keys are read one by one.
fn is_stop(key: KeyEvent) -> bool {
    let is_control_c = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
    key.kind == KeyEventKind::Press && (key.code == KeyCode::Char('q') || is_control_c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q_and_control_c_stop_and_nothing_else_does() {
        let key = |code, modifiers| KeyEvent::new(code, modifiers);
        assert!(is_stop(key(KeyCode::Char('q'), KeyModifiers::NONE)));
        assert!(is_stop(key(KeyCode::Char('c'), KeyModifiers::CONTROL)));
        for other in [KeyCode::Char('c'), KeyCode::Char('x'), KeyCode::Enter] {
            assert!(!is_stop(key(other, KeyModifiers::NONE)));
        }
        let release = KeyEvent { kind: KeyEventKind::Release, ..key(KeyCode::Char('q'), KeyModifiers::NONE) };
        assert!(!is_stop(release));
    }

    /// Takes the real terminal and panics: what is left must be the message on a terminal as it was.
    /// `cargo test --lib a_panic_gives_the_terminal_back -- --ignored --nocapture`, on a terminal.
    #[test]
    #[ignore = "needs a terminal, for people to look at"]
    fn a_panic_gives_the_terminal_back() {
        let control = Arc::new(Control::default());
        let title = Title { name: "panic".into(), target: "nowhere".into() };
        let _view = LiveView::start(&control, title, true).expect("a terminal");
        control.show(crate::engine::live::Snapshot::default());
        panic!("on purpose, while the view had the terminal");
    }
}
