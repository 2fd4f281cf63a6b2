//! Secrets that a person typed, in files of their own beside the settings file, so that it can be shown to others.

use std::fs;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::load::{base_of, read, relative};
use super::save::{SaveError, failed, save};
use super::secrets::{given, with_others};
use super::setting::in_toml;
use super::{Secret, Settings, parse};
use crate::platform::files;

/// The folder of the files, beside the settings file.
const FOLDER: &str = "secrets";

/// How many digits tell the files of one key apart. The old file stays for as long as the settings can be brought back
/// in which it stands.
const DIGITS: usize = 8;

/// The folder of secrets that belongs to the settings file at `path`.
pub fn secrets_folder(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    path.with_file_name(FOLDER)
}

/// The text of a settings file in which every new secret is only named, and the files that are to hold them.
pub struct SecretFiles {
    text: String,
    files: Vec<(PathBuf, Zeroizing<String>)>,
}

impl SecretFiles {
    /// Finds the secrets in `text`, the coming text of the settings file at `path`, that are not `known`: those that a
    /// person wrote into the file by hand stay there. Nothing is written yet.
    pub fn of(path: &Path, text: &str, known: impl Fn(&str) -> bool) -> std::io::Result<Self> {
        let base = base_of(path)?;
        let folder = secrets_folder(path);
        let settings = parse(text, &base).ok();
        let (mut parts, mut files) = (Vec::new(), Vec::new());
        for secret in given(text).unwrap_or_default().into_iter().filter(|given| !known(&given.secret)) {
            let file = folder.join(format!("{}-{:08x}", file_name(&secret.key, settings.as_ref()), fastrand::u32(..)));
            parts.push((secret.span, format!("{{ file = {} }}", in_toml(&relative(path, &file)))));
            files.push((file, secret.secret));
        }
        Ok(Self { text: with_others(text, parts), files })
    }

    /// The text to be written as the settings file.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The files.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|(path, _)| path.as_path())
    }

    /// Writes the files, private to this account, and then the settings file at `path` as [`save`] does. If that fails
    /// they go again. Files of secrets that stand neither in the new settings nor in those `before`, to which a person
    /// may want to go back, are removed.
    pub fn save(&self, path: &Path, before: &str) -> Result<(), SaveError> {
        let saved = self.write().and_then(|()| save(path, before, &self.text));
        match saved {
            Ok(()) => sweep(path, &[before, &self.text]),
            // The new settings are in place where only the sync of their folder failed.
            Err(_) if read(path).is_ok_and(|there| there == self.text) => {}
            Err(_) => self.discard(),
        }
        saved
    }

    fn write(&self) -> Result<(), SaveError> {
        self.files.iter().try_for_each(|(path, secret)| write(path, secret))
    }

    fn discard(&self) {
        for path in self.paths() {
            // It may never have come to be; the error to tell is another one.
            let _ = fs::remove_file(path);
        }
    }
}

/// Which of the files in which the settings of `path` keep their secrets others may read, the settings file itself
/// included. A file that is not there is told of when it is used.
pub fn readable_by_others(path: &Path, text: &str, settings: &Settings) -> Vec<PathBuf> {
    let own = settings.domains.iter().filter_map(|domain| domain.security.as_ref());
    let secrets = std::iter::once(&settings.delivery.security).chain(own).flat_map(|security| {
        let accounts = security.oauth.service_account.clone();
        let of_file = |secret: &Secret| if let Secret::File(path) = secret { Some(path.clone()) } else { None };
        [&security.password, &security.oauth.client_secret].into_iter().flatten().filter_map(of_file).chain(accounts)
    });
    let settings_file = given(text).is_some_and(|given| !given.is_empty()).then(|| path.to_owned());
    let keys = settings.access.private_key.clone();
    let files = settings_file.into_iter().chain(keys).chain(secrets);
    files.filter(|file| fs::metadata(file).is_ok_and(|metadata| !files::is_private(&metadata))).collect()
}

/// Removes the files beside the settings file at `path` that this module made, and that neither `texts` nor another
/// settings file there names.
fn sweep(path: &Path, texts: &[&str]) {
    let Ok(entries) = fs::read_dir(path.with_file_name(FOLDER)) else { return };
    let Some(others) = others(path) else { return };
    let texts: Vec<&str> = texts.iter().copied().chain(others.iter().map(String::as_str)).collect();
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| is_ours(name)) else { continue };
        if !texts.iter().any(|text| text.contains(name)) {
            // What cannot be removed is tried again with the next change.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The other settings files of a folder; `None` if one of them cannot be read, and so may name anything.
fn others(path: &Path) -> Option<Vec<String>> {
    let entries = fs::read_dir(path.with_file_name(".")).ok()?.flatten().map(|entry| entry.path());
    let is_other = |other: &PathBuf| {
        other.extension().is_some_and(|extension| extension == "toml") && other.file_name() != path.file_name()
    };
    entries.filter(is_other).map(|other| fs::read_to_string(other).ok()).collect()
}

/// The key, in which a remote domain goes by its name: numbers shift.
fn file_name(key: &str, settings: Option<&Settings>) -> String {
    let domain = || {
        let (number, rest) = key.strip_prefix("domain[")?.split_once("].")?;
        let domain = settings?.domains.get(number.parse::<usize>().ok()?.checked_sub(1)?)?;
        Some(format!("{}.{rest}", domain.name.to_string().replace('*', "_")))
    };
    domain().unwrap_or_else(|| key.replace(['[', ']'], "_"))
}

/// Whether a file is called as [`SecretFiles::of`] calls them.
fn is_ours(name: &str) -> bool {
    let is_key = |key: &str| key.ends_with(".password") || key.ends_with(".client_secret");
    name.rsplit_once('-').is_some_and(|(key, digits)| {
        is_key(key) && digits.len() == DIGITS && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
    })
}

fn write(path: &Path, secret: &str) -> Result<(), SaveError> {
    let folder = path.parent().unwrap_or(path);
    files::make_private_folder(folder).map_err(failed("create", folder))?;
    files::replace_private(path, secret.as_bytes()).map_err(failed("write", path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Secret, load};

    const TYPED: &str = "[delivery.outbound_security]\npassword = \"one\" # ours\n[[domain]]\nname = \"*.a.example\"\n\
                         security = { password = 'two' }\n";

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("config")).unwrap();
        let path = folder.path().join("config").join("mailroot.toml");
        (folder, path)
    }

    fn revealed(secret: Option<&Secret>) -> String {
        secret.unwrap().reveal().unwrap().as_str().to_owned()
    }

    #[test]
    fn what_was_typed_goes_to_files_of_which_the_settings_file_tells_the_place() {
        let (_folder, path) = folder();
        let files = SecretFiles::of(&path, TYPED, |_| false).unwrap();
        files.save(&path, "").unwrap();
        assert!(!files.text().contains("one") && !files.text().contains("two"), "{}", files.text());
        assert!(files.text().contains("\npassword = { file = \"config/secrets/delivery.outbound_security.password-"));
        assert!(files.text().contains("{ file = \"config/secrets/_.a.example.security.password-"), "{}", files.text());
        let settings = load(&path).unwrap();
        assert_eq!(revealed(settings.delivery.security.password.as_ref()), "one");
        let own = settings.domains[0].security.as_ref().unwrap();
        assert_eq!(revealed(own.password.as_ref()), "two");
    }

    #[test]
    fn only_this_account_can_read_them() {
        let (_folder, path) = folder();
        SecretFiles::of(&path, TYPED, |_| false).unwrap().write().unwrap();
        let secrets = path.with_file_name(FOLDER);
        let is_private = |path: &Path| files::is_private(&fs::metadata(path).unwrap());
        let files: Vec<_> = fs::read_dir(&secrets).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(files.len() == 2 && files.iter().all(|file| is_private(file)) && is_private(&secrets));
    }

    #[test]
    fn what_stood_in_the_file_by_hand_stays_there() {
        let (_folder, path) = folder();
        let more = TYPED.replace("'two'", "'three'");
        let files = SecretFiles::of(&path, &more, |secret| secret == "one").unwrap();
        assert_eq!(files.files.len(), 1);
        assert!(files.text().contains("password = \"one\" # ours"));
        assert_eq!(SecretFiles::of(&path, TYPED, |_| true).unwrap().text(), TYPED);
    }

    #[test]
    fn the_files_of_another_settings_file_beside_it_stay() {
        let (_folder, path) = folder();
        let other = path.with_file_name("staging.toml");
        let theirs = SecretFiles::of(&other, TYPED, |_| false).unwrap();
        theirs.save(&other, "").unwrap();
        let mut before = String::new();
        for secret in ["three", "four", "five"] {
            let ours = SecretFiles::of(&path, &TYPED.replace("one", secret), |_| false).unwrap();
            ours.save(&path, &before).unwrap();
            before = ours.text().to_owned();
        }
        assert_eq!(revealed(load(&other).unwrap().delivery.security.password.as_ref()), "one");
    }

    #[test]
    fn the_files_go_one_change_after_they_are_no_longer_named() {
        let (_folder, path) = folder();
        let files = |secret: &str| SecretFiles::of(&path, &TYPED.replace("one", secret), |_| false).unwrap();
        let count = || fs::read_dir(path.with_file_name(FOLDER)).unwrap().count();
        let first = files("one");
        first.save(&path, "").unwrap();
        let others = path.with_file_name(FOLDER).join("password");
        fs::write(&others, "three").unwrap();
        let second = files("four");
        second.save(&path, first.text()).unwrap();
        assert_eq!(count(), 5, "those before can come back");
        let third = files("five");
        third.save(&path, second.text()).unwrap();
        assert_eq!(count(), 5);
        assert!(others.exists());
        assert!(matches!(files("six").save(&path, "# another\n"), Err(SaveError::Changed(_))));
        assert_eq!(count(), 5, "what was not saved leaves nothing");
    }
}
