//! Open files: as many as the system gives.

/// Raises the limit of open files to the most this process may have. Returns the limit in force, `None` where
/// there is none.
pub fn raise_descriptor_limit() -> Option<u64> {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let limit = getrlimit(Resource::Nofile);
        let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
        // Where it is refused the old limit goes on, and the caller reckons with that one.
        if setrlimit(Resource::Nofile, raised).is_ok() { limit.maximum } else { limit.current }
    }
    #[cfg(windows)]
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_raised_to_what_the_system_allows() {
        let raised = raise_descriptor_limit();
        assert_eq!(raised, rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum);
        assert_eq!(raise_descriptor_limit(), raised);
    }
}
