//! mailroot
fn main() {}
