//! Who runs this process.

/// A name for the person, as their session gives it. It is shown and written down, and nothing rests on it: who can
/// set it can do as they like with this process anyway.
pub fn user_name() -> String {
    // Behind `sudo` the person, not the superuser.
    let names = ["SUDO_USER", "USER", "LOGNAME", "USERNAME"].into_iter();
    names
        .filter_map(|name| std::env::var(name).ok())
        .find(|name| !name.is_empty())
        .unwrap_or_else(|| "local".to_owned())
}
