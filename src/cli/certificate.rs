//! `mailroot config certificate`: a certificate that the server signs for itself.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::config::ConfigError;
use crate::config::{self, Draft, Edit, LoadError};
use crate::platform::files;
use crate::text::shown_path;
use crate::tls::{Identity, IdentityError, SelfSignedError, self_signed};

/// The files, beside the settings file. Their names say what they are.
const CERTIFICATE: &str = "self-signed.pem";
const KEY: &str = "self-signed.key";

/// Why no certificate was made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CertificateError {
    /// The settings name a certificate that did not come from here.
    #[error(
        "access.certificate is {} already, which this command did not make; to have a self-signed one instead, set \
         access.certificate and access.private_key to \"\" in the file first", shown_path(.0)
    )]
    Taken(PathBuf),
    /// It cannot be made for these names.
    #[error(transparent)]
    Made(#[from] SelfSignedError),
    /// A file cannot be written.
    #[error("cannot write {}: {source}", shown_path(path))]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What was written cannot be used.
    #[error(transparent)]
    Read(#[from] IdentityError),
}

/// Makes certificate and key and names them in the settings, or makes those that were made here anew. Without names it
/// is for the host name of the settings.
pub(super) fn make(
    file: Option<&Path>,
    mut names: Vec<String>,
    days: u32,
    out: &mut dyn Write,
) -> Result<(), ConfigError> {
    let path = config::place(file);
    let mut draft = Draft::of_file(&path)?;
    let settings = config::load_text(&path, draft.original())?;
    let whole = std::path::absolute(&path).map_err(|source| LoadError::Read { path: path.clone(), source })?;
    let (certificate, key) = (whole.with_file_name(CERTIFICATE), whole.with_file_name(KEY));
    if let Some(other) = settings.access.certificate.as_ref().filter(|named| **named != certificate) {
        return Err(CertificateError::Taken(other.clone()).into());
    }
    if names.is_empty() {
        names.push(settings.general.hostname.to_string());
    }
    let made = self_signed(&names, Duration::from_hours(24 * u64::from(days))).map_err(CertificateError::from)?;
    replace(&key, made.key_pem.as_bytes())?;
    replace(&certificate, made.cert_pem.as_bytes())?;
    let identity = Identity::load(&certificate, &key).map_err(CertificateError::from)?;

    let edits = [("access.certificate", &certificate), ("access.private_key", &key)].map(|(key, file)| Edit::Set {
        key: key.to_owned(),
        value: toml_edit::Value::from(config::relative(&path, file)).to_string(),
    });
    let is_new = settings.access.certificate.is_none();
    if is_new {
        draft.edit(&edits).map_err(ConfigError::Value)?;
        draft.save(&path)?;
        writeln!(out, "{}: access.certificate and access.private_key are set", shown_path(&path))?;
    }
    writeln!(out, "{}: a SELF-SIGNED certificate for {}", shown_path(&certificate), identity.names().join(", "))?;
    writeln!(out, "{}: its key, which only this account can read", shown_path(&key))?;
    writeln!(
        out,
        "It is good until {}. No client trusts it by itself: one that verifies certificates",
        identity.expires()
    )?;
    writeln!(out, "refuses it until it is told to trust this file. Make it anew with the same command; a")?;
    writeln!(out, "certificate of an authority goes into the same two settings.")?;
    if settings.general.listen_tls.is_empty() {
        writeln!(
            out,
            "STARTTLS is offered now; general.listen_tls = [\"0.0.0.0:465\"] would offer implicit TLS as well."
        )?;
    }
    Ok(())
}

fn replace(path: &Path, content: &[u8]) -> Result<(), CertificateError> {
    let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    let replaced = folder.and_then(|()| files::replace_private(path, content));
    replaced.map_err(|source| CertificateError::Write { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn made(path: &Path, names: &[&str]) -> Result<String, ConfigError> {
        let mut out = Vec::new();
        let names = names.iter().copied().map(str::to_owned).collect();
        make(Some(path), names, 30, &mut out).map(|()| String::from_utf8(out).unwrap())
    }

    #[test]
    fn it_is_made_for_the_host_name_named_for_what_it_is_and_offered() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config").join("mailroot.toml");
        fs::create_dir(folder.path().join("config")).unwrap();
        fs::write(&path, "[general]\nhostname = \"relay.example\" # ours\n").unwrap();
        let said = made(&path, &[]).unwrap();
        assert!(said.contains("SELF-SIGNED certificate for relay.example"), "{said}");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("certificate = \"config/self-signed.pem\"") && text.contains("# ours"), "{text}");
        let access = config::load(&path).unwrap().access;
        let first = Identity::load(&access.certificate.unwrap(), &access.private_key.unwrap()).unwrap();
        assert!(first.is_self_signed());
    }

    #[test]
    fn it_is_made_anew_and_the_settings_stay_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mailroot.toml");
        made(&path, &["a.example"]).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let said = made(&path, &["b.example", "192.0.2.1"]).unwrap();
        assert!(said.contains("for b.example, 192.0.2.1") && !said.contains("are set"), "{said}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }

    #[test]
    fn a_certificate_from_elsewhere_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mailroot.toml");
        let text = "[access]\ncertificate = \"site.pem\"\nprivate_key = \"site.key\"\n";
        fs::write(&path, text).unwrap();
        let error = made(&path, &[]).unwrap_err();
        assert!(error.exit_status() == 1 && error.to_string().contains("site.pem already"), "{error}");
        assert_eq!(
            (fs::read_to_string(&path).unwrap().as_str(), fs::read_dir(folder.path()).unwrap().count()),
            (text, 1)
        );
    }

    #[test]
    fn only_this_account_can_read_the_key() {
        let folder = tempfile::tempdir().unwrap();
        made(&folder.path().join("mailroot.toml"), &["a.example"]).unwrap();
        assert!(files::is_private(&fs::metadata(folder.path().join(KEY)).unwrap()));
    }
}
