//! The terminal behind stderr: taken for the view, and given back whatever happens.
//!
//! Whoever gives it back does so once, under the lock that pictures are drawn under: so no picture follows, and a
//! panic's message stays readable.

use super::behind::{BehindStderr, is_ours};
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::{Frame, Terminal};
use std::io;
use std::sync::{Mutex, MutexGuard, Once, PoisonError, TryLockError};
use std::thread::current;

/// The name of the thread that draws.
pub(super) const THREAD: &str = "live-view";

/// Whether the terminal is taken.
static TAKEN: Mutex<bool> = Mutex::new(false);
static HOOK: Once = Once::new();

/// The terminal while it is taken.
pub(super) struct Screen(Terminal<BehindStderr>);

impl Screen {
    /// Takes the terminal; a panic anywhere gives it back before it is told.
    pub(super) fn enter() -> io::Result<Screen> {
        if !is_ours() {
            return Err(io::Error::other("this process is in the background"));
        }
        HOOK.call_once(|| {
            let told = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                restore();
                told(panic);
            }));
        });
        *lock() = true;
        let taken = take();
        if taken.is_err() {
            restore();
        }
        taken
    }

    /// Draws a picture, unless the terminal was given back meanwhile.
    pub(super) fn draw(&mut self, picture: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        let taken = lock();
        if *taken {
            self.0.draw(picture)?;
        }
        Ok(())
    }
}

fn take() -> io::Result<Screen> {
    enable_raw_mode()?;
    execute!(io::stderr(), EnterAlternateScreen)?;
    let mut terminal = Terminal::new(BehindStderr::new())?;
    terminal.hide_cursor()?;
    terminal.clear()?;
    Ok(Screen(terminal))
}

fn lock() -> MutexGuard<'static, bool> {
    TAKEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Gives the terminal back as it was; does nothing if it is not taken. May be called from anywhere, at any time.
pub fn restore() {
    let mut taken = match TAKEN.try_lock() {
        Ok(taken) => taken,
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        // The drawing thread panicked in the middle of a picture: it holds the lock itself.
        Err(TryLockError::WouldBlock) if current().name() == Some(THREAD) => return give_back(),
        Err(TryLockError::WouldBlock) => lock(),
    };
    if std::mem::take(&mut *taken) {
        give_back();
    }
}

fn give_back() {
    // On the way out: if the terminal is gone, there is nobody to tell.
    let _ = execute!(io::stderr(), LeaveAlternateScreen, Show);
    let _ = disable_raw_mode();
}
