//! Bodies that were written once, kept for the attempts that ask the same again.

use crate::backend::{Dispatch, Mark, body};
use aws_lc_rs::digest::{SHA256, digest};
use hyper::body::Bytes;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Most bytes that are kept: a thousand calls with the largest payload, or ten thousand common ones.
const ROOM: usize = 4 << 20;

/// One body.
pub(super) struct Body {
    /// What is sent.
    pub(super) bytes: Bytes,
    /// SHA-256 of it in hexadecimal digits, as a signature covers it.
    pub(super) hash: String,
}

impl Body {
    fn new(dispatch: &Dispatch<'_>) -> Body {
        let bytes = Bytes::from(body::json(dispatch));
        Body { hash: hex::encode(digest(&SHA256, &bytes)), bytes }
    }
}

/// The bodies that are kept: those that came first, as long as there is room. What is asked often comes early.
#[derive(Default)]
pub(super) struct Bodies {
    kept: BTreeMap<Mark, Rc<Body>>,
    bytes: usize,
}

impl Bodies {
    /// The body of a call.
    pub(super) fn of(&mut self, dispatch: &Dispatch<'_>) -> Rc<Body> {
        let Some(mark) = dispatch.mark else { return Rc::new(Body::new(dispatch)) };
        if let Some(known) = self.kept.get(&mark) {
            return Rc::clone(known);
        }
        let body = Rc::new(Body::new(dispatch));
        let size = body.bytes.len() + body.hash.len();
        if self.bytes + size <= ROOM {
            self.bytes += size;
            self.kept.insert(mark, Rc::clone(&body));
        }
        body
    }
}
