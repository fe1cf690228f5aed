//! Sleeping, and waiting no longer than so long, on tokio.

use crate::time::Span;
use std::future::poll_fn;
use std::task::Poll;

/// Sleeps without holding a thread.
pub async fn sleep(span: Span) {
    tokio::time::sleep(std::time::Duration::from_nanos(span.as_nanos())).await;
}

/// What `work` gives, or `None` if it takes longer than `span`.
pub async fn within<F: Future>(span: Span, work: F) -> Option<F::Output> {
    let mut work = std::pin::pin!(work);
    // What is done at once needs no timer.
    if let Poll::Ready(done) = poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await {
        return Some(done);
    }
    tokio::time::timeout(std::time::Duration::from_nanos(span.as_nanos()), work).await.ok()
}
