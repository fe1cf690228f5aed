//! The fact sheets and recordings in `tests/facts/`; its README says where each is from and when it was read.
#![allow(dead_code, reason = "each test binary uses what it needs")]

use std::path::{Path, PathBuf};

/// Where a sheet or a recording stands; a name that is not there fails the test.
pub fn path(name: &str) -> PathBuf {
    // A member of the workspace is some folders below.
    let sheets = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|folder| folder.join("tests/facts"));
    let path = sheets.map(|folder| folder.join(name)).find(|path| path.exists());
    path.unwrap_or_else(|| panic!("tests/facts/{name} is missing: it is part of the repository"))
}

/// Its bytes.
pub fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(path(name)).unwrap_or_else(|e| panic!("tests/facts/{name}: {e}"))
}

/// Its text.
pub fn text(name: &str) -> String {
    String::from_utf8(bytes(name)).unwrap_or_else(|e| panic!("tests/facts/{name}: {e}"))
}
