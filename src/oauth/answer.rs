//! What a token endpoint answers (RFC 6749 5, RFC 8628 3.2).

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::OAuthError;
use super::hidden::Hidden;
use super::http::Response;
use crate::text::shortened;

/// What a token is good for if the endpoint does not say.
const USUAL: u64 = 3600;
/// The most believed of it.
const MOST: u64 = 24 * 3600;
/// Shorter texts are no secrets, and would be found in any words.
const SHORTEST_SECRET: usize = 6;
/// The longest words shown, in characters.
const MAX_WORDS: usize = 600;

/// A token, and what came with it.
#[derive(Debug)]
pub(super) struct Granted {
    pub(super) access_token: Hidden,
    pub(super) lasts: Duration,
    pub(super) refresh_token: Option<Hidden>,
}

/// A code for a login elsewhere.
#[derive(Debug, Deserialize)]
pub(super) struct DeviceCode {
    #[serde(rename = "device_code")]
    pub(super) secret: Hidden,
    pub(super) user_code: String,
    /// Google calls it `verification_url`.
    #[serde(alias = "verification_url")]
    pub(super) verification_uri: String,
    #[serde(default)]
    expires_in: Value,
    #[serde(default)]
    interval: Value,
}

impl DeviceCode {
    /// How long the code is good for.
    pub(super) fn lasts(&self) -> Duration {
        Duration::from_secs(seconds(&self.expires_in).unwrap_or(900).clamp(1, 3600))
    }

    /// How long to wait between two questions whether somebody typed it in.
    pub(super) fn interval(&self) -> Duration {
        Duration::from_secs(seconds(&self.interval).unwrap_or(5).clamp(1, 60))
    }
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: Hidden,
    #[serde(default)]
    token_type: Option<String>,
    #[serde(default)]
    expires_in: Value,
    #[serde(default)]
    refresh_token: Option<Hidden>,
}

#[derive(Deserialize)]
struct ErrorAnswer {
    error: String,
    #[serde(default)]
    error_description: Option<String>,
}

/// The token in an answer; `secrets` are ours, and are not told even if the endpoint repeats them.
pub(super) fn token(response: &Response, secrets: &[&str]) -> Result<Granted, OAuthError> {
    let answer: TokenAnswer = read(response, secrets)?;
    let kind = answer.token_type.as_deref().unwrap_or("Bearer");
    if !kind.eq_ignore_ascii_case("bearer") || !is_token(answer.access_token.as_str()) {
        return Err(unreadable(response, "its token is no bearer token"));
    }
    let lasts = Duration::from_secs(seconds(&answer.expires_in).unwrap_or(USUAL).min(MOST));
    let refresh_token = answer.refresh_token.filter(|token| is_token(token.as_str()));
    Ok(Granted { access_token: answer.access_token, lasts, refresh_token })
}

/// The code in an answer.
pub(super) fn device_code(response: &Response, secrets: &[&str]) -> Result<DeviceCode, OAuthError> {
    read(response, secrets)
}

fn read<T: DeserializeOwned>(response: &Response, secrets: &[&str]) -> Result<T, OAuthError> {
    if let Ok(answer) = serde_json::from_slice::<ErrorAnswer>(&response.body) {
        return Err(refused(response, &answer, secrets));
    }
    if !(200..300).contains(&response.status) {
        return Err(unreadable(response, "it is no error of OAuth"));
    }
    // What the parser says may quote the answer, and in it a token.
    serde_json::from_slice(&response.body).map_err(|error| {
        unreadable(response, if error.is_data() { "something is missing in it" } else { "it is no JSON" })
    })
}

fn refused(response: &Response, answer: &ErrorAnswer, secrets: &[&str]) -> OAuthError {
    let words = match answer.error_description.as_deref().map(str::trim) {
        Some(description) if !description.is_empty() => format!("{}: {description}", answer.error),
        _ => answer.error.clone(),
    };
    let without = |text: String, secret: &&str| {
        if secret.len() < SHORTEST_SECRET { text } else { text.replace(*secret, "********") }
    };
    let words = secrets.iter().fold(words, without).replace(['\r', '\n'], " ");
    let words = words.trim_end_matches(['.', ' ']);
    OAuthError::Refused {
        host: response.host.clone(),
        status: response.status,
        error: shortened(&secrets.iter().fold(answer.error.clone(), without), 100),
        words: shortened(words, MAX_WORDS),
    }
}

fn unreadable(response: &Response, reason: &str) -> OAuthError {
    OAuthError::Unreadable { host: response.host.clone(), status: response.status, reason: reason.to_owned() }
}

/// A number, or as some endpoints have it a number in quotes.
fn seconds(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// What may stand in the message of a login and in a line of a file (RFC 6750 2.1 allows less).
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.len() <= 32 * 1024 && text.bytes().all(|octet| octet.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    fn response(status: u16, body: &str) -> Response {
        let body = Zeroizing::new(body.as_bytes().to_vec());
        Response { host: "login.example".to_owned(), status, body }
    }

    fn refusal(status: u16, body: &str) -> String {
        token(&response(status, body), &["s3cret"]).unwrap_err().explained()
    }

    #[test]
    fn a_token_comes_with_its_time() {
        let answer = r#"{"token_type":"Bearer","expires_in":3599,"ext_expires_in":3599,"access_token":"eyJ0"}"#;
        let granted = token(&response(200, answer), &[]).unwrap();
        assert_eq!((granted.access_token.as_str(), granted.lasts.as_secs()), ("eyJ0", 3599));
        assert!(granted.refresh_token.is_none());
        assert!(!format!("{granted:?}").contains("eyJ0"));
        let answer = r#"{"token_type":"bearer","expires_in":"60","access_token":"a","refresh_token":"r"}"#;
        let granted = token(&response(200, answer), &[]).unwrap();
        assert_eq!((granted.lasts.as_secs(), granted.refresh_token.unwrap().as_str()), (60, "r"));
        let unsaid = token(&response(200, r#"{"access_token":"a"}"#), &[]).unwrap();
        assert_eq!(unsaid.lasts.as_secs(), USUAL);
    }

    #[test]
    fn a_refusal_is_told_in_the_endpoints_words_with_what_to_do() {
        let body = r#"{"error":"invalid_client","error_description":"AADSTS7000222: The provided client secret keys for app 'a' are expired.\r\nTrace ID: b","error_codes":[7000222]}"#;
        assert_eq!(
            refusal(401, body),
            "the token endpoint login.example said invalid_client: AADSTS7000222: The provided client secret keys for \
             app 'a' are expired.  Trace ID: b: the client secret has expired: make a new one for the application and \
             put it into oauth.client_secret"
        );
        assert!(refusal(400, r#"{"error":"invalid_scope"}"#).contains("said invalid_scope: oauth.scope is not"));
    }

    #[test]
    fn what_an_endpoint_repeats_of_our_secrets_is_not_told() {
        let told = refusal(400, r#"{"error":"s3cret","error_description":"client_secret=s3cret \u001b[2J"}"#);
        assert!(
            !told.contains("s3cret") && told.contains("client_secret=********") && !told.contains('\u{1b}'),
            "{told}"
        );
    }

    #[test]
    fn other_answers_are_told_as_such_and_not_shown() {
        for (status, body, reason) in [
            (200, "<html>eyJ0</html>", "no JSON"),
            (200, r#"{"token":"eyJ0"}"#, "missing"),
            (200, r#"{"access_token":{"eyJ0":1}}"#, "missing"),
            (200, r#"{"access_token":"eyJ0\u0001"}"#, "no bearer token"),
            (200, r#"{"access_token":"eyJ0","token_type":"mac"}"#, "no bearer token"),
            (502, "<html>eyJ0</html>", "no error of OAuth"),
        ] {
            let told = refusal(status, body);
            assert!(told.contains(reason) && told.contains(&status.to_string()) && !told.contains("eyJ0"), "{told}");
        }
    }

    #[test]
    fn a_code_is_read_as_microsoft_and_google_write_it() {
        let microsoft = r#"{"user_code":"ABC","device_code":"d","verification_uri":"https://microsoft.com/devicelogin","expires_in":900,"interval":5,"message":"x"}"#;
        let code = device_code(&response(200, microsoft), &[]).unwrap();
        assert_eq!(
            (code.user_code.as_str(), code.verification_uri.as_str()),
            ("ABC", "https://microsoft.com/devicelogin")
        );
        assert_eq!((code.lasts().as_secs(), code.interval().as_secs()), (900, 5));
        let google = r#"{"user_code":"ABC","device_code":"d","verification_url":"https://www.google.com/device","expires_in":1800}"#;
        let code = device_code(&response(200, google), &[]).unwrap();
        assert_eq!((code.lasts().as_secs(), code.interval().as_secs()), (1800, 5));
    }
}
