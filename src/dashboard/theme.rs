//! Stand-in.

/// How many colours a terminal shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Colors {
    /// None: `NO_COLOR`, or a terminal that has none.
    Mono,
    /// The sixteen of ANSI, which the terminal's own palette defines.
    Ansi,
    /// 256.
    Indexed,
    /// All.
    True,
}
