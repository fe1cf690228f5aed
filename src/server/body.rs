//! The body of an answer, and how it comes: whole, in pieces, or broken off.

use crate::clock::sleep;
use crate::kms::Delivery;
use crate::time::Span;
use hyper::body::{Bytes, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The pieces in which a body trickles, at most.
const PIECES: usize = 16;

/// A pause between two pieces.
type Pause = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The connection is to be broken.
#[derive(Debug, thiserror::Error)]
#[error("a fault breaks the connection")]
pub(super) struct Reset;

/// The body of an answer.
pub(super) struct Body {
    rest: Bytes,
    way: Way,
}

/// How the rest of it comes.
enum Way {
    Whole,
    /// The next piece comes after a pause, once the first has been sent.
    Trickle {
        piece: usize,
        every: Span,
        pause: Option<Pause>,
    },
    /// Half of it, and then nothing.
    Cut(Cut),
}

/// How far a body that breaks off has come.
enum Cut {
    Half,
    /// What was sent must leave before the connection breaks.
    Flush,
    Break,
}

impl Body {
    pub(super) fn new(bytes: Vec<u8>, delivery: Delivery) -> Body {
        let rest = Bytes::from(bytes);
        let way = match delivery {
            Delivery::Trickle(by) if !rest.is_empty() => {
                let piece = rest.len().div_ceil(PIECES);
                let pauses = rest.len().div_ceil(piece).saturating_sub(1).max(1);
                Way::Trickle { piece, every: Span::from_nanos(by.as_nanos() / pauses as u64), pause: None }
            }
            Delivery::Cut => Way::Cut(Cut::Half),
            Delivery::Whole | Delivery::Trickle(_) => Way::Whole,
        };
        Body { rest, way }
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = Reset;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Reset>>> {
        let Body { rest, way } = &mut *self;
        let next = match way {
            Way::Whole => std::mem::take(rest),
            Way::Cut(Cut::Half) => {
                *way = Way::Cut(Cut::Flush);
                rest.split_to(rest.len() / 2)
            }
            Way::Cut(Cut::Flush) => {
                *way = Way::Cut(Cut::Break);
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Way::Cut(Cut::Break) => return Poll::Ready(Some(Err(Reset))),
            Way::Trickle { .. } if rest.is_empty() => Bytes::new(),
            Way::Trickle { piece, every, pause } => {
                if let Some(waiting) = pause {
                    ready!(waiting.as_mut().poll(context));
                }
                *pause = Some(Box::pin(sleep(*every)));
                rest.split_to((*piece).min(rest.len()))
            }
        };
        let is_over = next.is_empty() && !matches!(way, Way::Cut(_));
        Poll::Ready((!is_over).then(|| Ok(Frame::data(next))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && !matches!(self.way, Way::Cut(_))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}
