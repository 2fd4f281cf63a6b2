//! What stands for the secrets of the settings file wherever its text leaves the engine.
//!
//! An editor of the file needs every line of it and no secret. It gets a stand-in for each secret that a person wrote
//! into the file, and gives it back; so no secret is on the control socket, in a view, or in a viewer.

use std::sync::{Mutex, PoisonError};

use zeroize::Zeroizing;

use crate::config;

/// So many secrets are remembered; more than a file has, and its past.
const REMEMBERED: usize = 1000;

/// The secrets that were shown by a stand-in, the oldest first.
#[derive(Default)]
pub(super) struct StandIns(Mutex<Vec<Known>>);

struct Known {
    stand_in: String,
    secret: Zeroizing<String>,
    /// The same as it stands in the file, quotes included.
    written: Zeroizing<String>,
}

impl StandIns {
    /// The text with a stand-in for each secret that stands in it. The same secret gets the same one each time. What is
    /// no TOML is masked, since nothing in it can be told apart.
    pub(super) fn put(&self, text: &str) -> String {
        let Some(given) = config::given(text) else { return config::masked(text) };
        let parts = given.into_iter().map(|given| {
            let written = text.get(given.span.clone()).unwrap_or_default();
            let stand_in = self.of(&given.secret, written);
            (given.span, format!("\"{stand_in}\""))
        });
        config::with_others(text, parts)
    }

    /// The text with the secrets again.
    pub(super) fn take_back(&self, text: &str) -> Result<String, String> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut parts = Vec::new();
        for given in config::given(text).unwrap_or_default() {
            if let Some(known) = known.iter().find(|known| known.stand_in == *given.secret) {
                parts.push((given.span, known.written.to_string()));
            } else if is_one(&given.secret) {
                let key = crate::text::printable(given.key.as_bytes()).into_owned();
                return Err(format!("{key}: the engine no longer knows this secret; read the file again, or enter it"));
            }
        }
        Ok(config::with_others(text, parts))
    }

    /// Whether a secret was shown by a stand-in.
    pub(super) fn knows(&self, secret: &str) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().any(|known| *known.secret == secret)
    }

    fn of(&self, secret: &str, written: &str) -> String {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.iter().find(|known| known.written.as_str() == written) {
            return known.stand_in.clone();
        }
        let stand_in = format!("{BEFORE}{:016x}{BEHIND}", fastrand::u64(..));
        if known.len() == REMEMBERED {
            known.remove(0);
        }
        let (secret, written) = (secret.to_owned().into(), written.to_owned().into());
        known.push(Known { stand_in: stand_in.clone(), secret, written });
        stand_in
    }
}

const BEFORE: &str = "<secret ";
const BEHIND: &str = ">";

/// Whether a text looks like a stand-in.
fn is_one(text: &str) -> bool {
    let digits = text.strip_prefix(BEFORE).and_then(|rest| rest.strip_suffix(BEHIND));
    digits.is_some_and(|digits| digits.len() == 16 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# ours\n[delivery.outbound_security]\npassword = 's3cret' # since May\nusername = \"u\"\n\
                        oauth = { client_secret = \"s3cret\", tenant = \"t\" }\n";

    #[test]
    fn the_text_comes_back_to_the_octet() {
        let stand_ins = StandIns::default();
        let shown = stand_ins.put(TEXT);
        assert!(!shown.contains("s3cret") && shown.contains("# since May"), "{shown}");
        assert_eq!(stand_ins.put(TEXT), shown, "the same each time");
        assert_eq!(stand_ins.take_back(&shown).unwrap(), TEXT);
        let moved =
            shown.replace("username", "# moved\nusername").replace("client_secret", "client_id = \"c\", client_secret");
        let expected =
            TEXT.replace("username", "# moved\nusername").replace("client_secret", "client_id = \"c\", client_secret");
        assert_eq!(stand_ins.take_back(&moved).unwrap(), expected);
    }

    #[test]
    fn what_another_engine_showed_is_refused() {
        let shown = StandIns::default().put(TEXT);
        let why = StandIns::default().take_back(&shown).unwrap_err();
        assert!(why.starts_with("delivery.outbound_security.password: the engine no longer knows"), "{why}");
    }

    #[test]
    fn what_is_no_settings_file_is_masked() {
        let shown = StandIns::default().put("password = \"s3cret\"\n= 1\n");
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}
