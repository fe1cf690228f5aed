//! A stream of which some bytes were read already, and come first once more.

use std::io::{IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream with bytes before it.
pub(super) struct Rewound<S> {
    first: Vec<u8>,
    given: usize,
    stream: S,
}

impl<S> Rewound<S> {
    /// A stream before which `first` is read.
    pub(super) const fn new(first: Vec<u8>, stream: S) -> Rewound<S> {
        Rewound { first, given: 0, stream }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Rewound<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        let Rewound { first, given, stream } = &mut *self;
        if first.is_empty() {
            return Pin::new(stream).poll_read(context, into);
        }
        let count = into.remaining().min(first.len() - *given);
        into.put_slice(&first[*given..*given + count]);
        *given += count;
        if *given == first.len() {
            *first = Vec::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Rewound<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt as _;

    #[tokio::test]
    async fn what_was_read_comes_first_in_pieces_of_any_size_and_then_the_rest() {
        for size in 1..9 {
            let (mut stream, mut all) = (Rewound::new(b"before".to_vec(), &b" and after"[..]), Vec::new());
            let mut piece = vec![0; size];
            while let count @ 1.. = stream.read(&mut piece).await.unwrap() {
                all.extend_from_slice(&piece[..count]);
            }
            assert_eq!(all, b"before and after", "{size}");
        }
    }
}
