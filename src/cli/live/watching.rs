//! Who watches a live run: the view on a terminal, otherwise a line every so often.

use super::lines::LiveLines;
use crate::engine::live::Control;
use crate::runner::{Error, Watcher};
use crate::time::Span;
use std::cell::RefCell;
use std::io;
use std::sync::Arc;

/// How a live run is to be watched.
#[derive(Clone, Debug)]
#[cfg_attr(not(feature = "tui"), allow(dead_code, reason = "lines tell no title"))]
pub struct Settings {
    /// The scenario's name.
    pub name: String,
    /// Where attempts go.
    pub target: String,
    /// Whether the view may take the terminal, if there is one.
    pub view: bool,
    /// How often a line is told where it does not.
    pub every: Span,
    /// Whether nothing is to be told at all.
    pub quiet: bool,
}

/// Somebody who watches, until told to finish.
pub enum Watching {
    /// Nobody.
    Nobody,
    /// A line every so often.
    Lines(LiveLines),
    /// The live view.
    #[cfg(feature = "tui")]
    View(super::view::LiveView),
}

impl Watching {
    /// Begins to watch.
    ///
    /// # Errors
    /// No thread can be had; a terminal that cannot be taken is told of, and lines take its place.
    pub fn start(control: &Arc<Control>, settings: Settings) -> io::Result<Watching> {
        if settings.quiet {
            return Ok(Watching::Nobody);
        }
        #[cfg(feature = "tui")]
        if settings.view && io::IsTerminal::is_terminal(&io::stderr()) {
            let title = super::view::Title { name: settings.name, target: settings.target };
            let colour = !crate::cli::output::is_colourless();
            match super::view::LiveView::start(control, title, colour) {
                Ok(view) => return Ok(Watching::View(view)),
                // A run that nobody can see in full is still a run.
                Err(error) => crate::notice::tell(format_args!(
                    "keystorm: no live view, since {error}; a line every so often instead"
                )),
            }
        }
        LiveLines::start(control, settings.every).map(Watching::Lines)
    }

    /// Stops watching; the terminal is as it was.
    ///
    /// # Errors
    /// The terminal could not be drawn on to the end; the run is not touched by that.
    pub fn finish(self) -> io::Result<()> {
        match self {
            Watching::Nobody => Ok(()),
            Watching::Lines(lines) => {
                lines.finish();
                Ok(())
            }
            #[cfg(feature = "tui")]
            Watching::View(view) => view.finish(),
        }
    }
}

/// A run that is watched from its first trial to its last.
pub struct Watched<'a> {
    control: &'a Arc<Control>,
    settings: Settings,
    watching: RefCell<Option<Watching>>,
}

impl<'a> Watched<'a> {
    /// One that nobody looks at yet.
    pub const fn new(control: &'a Arc<Control>, settings: Settings) -> Watched<'a> {
        Watched { control, settings, watching: RefCell::new(None) }
    }
}

impl Watcher for Watched<'_> {
    fn begin(&self) -> Result<(), Error> {
        let watching = Watching::start(self.control, self.settings.clone()).map_err(|error| {
            Error::Failed(format!("cannot show the run ({error}); --no-tui tells it in lines"))
        })?;
        self.watching.replace(Some(watching));
        Ok(())
    }

    fn end(&self) {
        let ended = self.watching.take().map_or(Ok(()), Watching::finish);
        if let Err(error) = ended {
            crate::notice::tell(format_args!("keystorm: the run could not be shown to its end: {error}"));
        }
    }
}
