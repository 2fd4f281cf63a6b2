//! The assertion of a Google service account: a JWT that its key signs (RFC 7523, RFC 7515 with RS256).

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use serde::Deserialize;
use serde_json::json;
use zeroize::Zeroizing;

use super::error::OAuthError;
use super::hidden::Hidden;
use super::source::Source;
use crate::clock::Timestamp;
use crate::config::TokenUrl;

/// More than any key file holds.
const MAX_LENGTH: usize = 64 * 1024;
/// How long an assertion is good for, in seconds; Google allows an hour.
const LASTS: i64 = 600;
/// How far back it begins: the clocks of both sides differ a little.
const LENIENCE: i64 = 30;

/// A key file, as the console of Google gives it.
#[derive(Deserialize)]
struct KeyFile {
    client_email: String,
    private_key: Hidden,
    #[serde(default)]
    private_key_id: Option<String>,
    #[serde(default)]
    token_uri: Option<String>,
}

/// An assertion, and for which endpoint it is.
pub(super) struct Assertion {
    pub(super) url: TokenUrl,
    pub(super) text: Zeroizing<String>,
}

/// Signs an assertion with the key in the file. Takes a few milliseconds, and blocks on the disk.
pub(super) fn sign(source: &Source, now: Timestamp) -> Result<Assertion, OAuthError> {
    let path = source.oauth.service_account.as_deref();
    let path = path.ok_or(OAuthError::Settings("oauth.service_account names no key file"))?;
    sign_with(path, source, now)
}

fn sign_with(path: &Path, source: &Source, now: Timestamp) -> Result<Assertion, OAuthError> {
    let failed = |reason: String| OAuthError::ServiceAccount { path: path.to_owned(), reason };
    let octets = Zeroizing::new(std::fs::read(path).map_err(|error| failed(error.to_string()))?);
    if octets.len() > MAX_LENGTH {
        return Err(failed("it is too large for a key file".to_owned()));
    }
    // What the parser says may quote the file.
    let no_key = || failed("it is no key file of a service account in JSON".to_owned());
    let file: KeyFile = serde_json::from_slice(&octets).map_err(|_| no_key())?;
    let of_file = file.token_uri.as_deref().map(str::parse).transpose();
    let of_file = of_file.map_err(|error| failed(format!("its token_uri: {error}")))?;
    let url = source.token_url(of_file.as_ref())?;
    let key = key(&file).ok_or_else(|| failed("its private_key is no RSA key in PEM (PKCS #8)".to_owned()))?;
    let header = json!({ "alg": "RS256", "typ": "JWT", "kid": file.private_key_id });
    let claims = json!({
        "iss": file.client_email,
        "sub": source.mailbox,
        "scope": source.scope(),
        "aud": url.as_str(),
        "iat": now.as_unix() - LENIENCE,
        "exp": now.as_unix() + LASTS,
    });
    let mut text = Zeroizing::new(String::with_capacity(2048));
    URL_SAFE_NO_PAD.encode_string(header.to_string(), &mut text);
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(claims.to_string(), &mut text);
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
        .map_err(|_| failed("its private_key cannot sign".to_owned()))?;
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut text);
    Ok(Assertion { url, text })
}

fn key(file: &KeyFile) -> Option<RsaKeyPair> {
    let der = PrivatePkcs8KeyDer::from_pem_slice(file.private_key.as_str().as_bytes()).ok()?;
    RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).ok()
}

#[cfg(test)]
mod tests {
    use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    use super::*;
    use crate::config::{Grant, OutboundSecurity};

    /// Made for these tests by `openssl genpkey -algorithm RSA`.
    const KEY: &str = include_str!("../../tests/data/service_account.pem");

    fn source(key_file: &Path) -> Source {
        let mut oauth = OutboundSecurity::DEFAULT.oauth;
        oauth.grant = Grant::ServiceAccount;
        oauth.service_account = Some(key_file.to_owned());
        Source::new(&oauth, "box@corp.example")
    }

    fn signed(file: &serde_json::Value) -> Result<Assertion, OAuthError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.json");
        std::fs::write(&path, file.to_string()).unwrap();
        sign(&source(&path), Timestamp::from_unix(1_795_518_903))
    }

    #[test]
    fn an_assertion_says_what_google_asks_and_its_key_signed_it() {
        let file = json!({ "type": "service_account", "client_email": "relay@project.example", "private_key": KEY,
                           "private_key_id": "k1", "token_uri": "https://token.example/token" });
        let Assertion { url, text } = signed(&file).unwrap();
        assert_eq!(url.as_str(), "https://token.example/token");
        let parts: Vec<_> = text.split('.').collect();
        let json = |part: &str| -> serde_json::Value {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
        };
        assert_eq!(json(parts[0]), json!({ "alg": "RS256", "typ": "JWT", "kid": "k1" }));
        assert_eq!(
            json(parts[1]),
            json!({ "iss": "relay@project.example", "sub": "box@corp.example", "scope": "https://mail.google.com/",
                    "aud": "https://token.example/token", "iat": 1_795_518_873, "exp": 1_795_519_503 })
        );
        let der = PrivatePkcs8KeyDer::from_pem_slice(KEY.as_bytes()).unwrap();
        let pair = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).unwrap();
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public().as_ref());
        let message = format!("{}.{}", parts[0], parts[1]);
        public.verify(message.as_bytes(), &URL_SAFE_NO_PAD.decode(parts[2]).unwrap()).unwrap();
    }

    #[test]
    fn a_key_file_that_is_none_is_told_without_what_is_in_it() {
        for (file, reason) in [
            (json!({ "client_email": "a", "private_key": "s3cret" }), "no RSA key"),
            (json!({ "client_email": "a", "private_key": ["s3cret"] }), "no key file"),
            (json!(["s3cret"]), "no key file"),
            (json!({ "client_email": "a", "private_key": KEY, "token_uri": "http://evil.example/" }), "token_uri"),
        ] {
            let Err(error) = signed(&file) else { panic!("{file} was taken") };
            let told = error.to_string();
            assert!(told.contains(reason) && told.contains("key.json") && !told.contains("s3cret"), "{told}");
        }
        let missing = sign(&source(Path::new("/nowhere/key.json")), Timestamp::from_unix(0)).map(drop).unwrap_err();
        assert!(missing.to_string().contains("/nowhere/key.json"), "{missing}");
    }
}
