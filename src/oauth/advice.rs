//! What to do about a refusal of a token endpoint.

/// By the number of Microsoft's error, which says more than the code.
const BY_NUMBER: &[(u32, &str)] = &[
    (
        7_000_222,
        "the client secret has expired: make a new one for the application and put it into oauth.client_secret",
    ),
    (7_000_215, "the client secret is wrong: oauth.client_secret takes the value of the secret, not its id"),
    (700_016, "the application is not known there: compare oauth.client_id and oauth.tenant with its registration"),
    (90_002, "the tenant is not known: oauth.tenant takes its id or one of its domains"),
    (900_023, "the tenant is not known: oauth.tenant takes its id or one of its domains"),
    (65_001, "an administrator has to grant the application its permission: SMTP.SendAsApp, or SMTP.Send for a login"),
    (7_000_218, "the application has to allow public client flows, or oauth.client_secret has to be set"),
    (70_011, SCOPE),
    (1_002_012, SCOPE),
    (28_002, SCOPE),
    (53_003, "a policy of conditional access forbids it: an administrator of the tenant has to allow it"),
    (50_057, "the account is disabled: an administrator of the tenant has to enable it"),
];

/// Numbers that say that a login is no longer good.
const LOGINS: &[u32] =
    &[50_076, 50_078, 50_079, 50_132, 50_133, 50_173, 54_005, 70_000, 70_008, 70_043, 700_082, 700_084];

const SCOPE: &str = "oauth.scope is not one for this grant: leave it empty for the usual one (Microsoft has \
                     https://outlook.office365.com/.default for client credentials, Google https://mail.google.com/)";
const LOG_IN: &str = "log in again with `mailroot config login`, or from the dashboard";

/// By the code of the standards (RFC 6749 5.2, RFC 8628 3.5).
const BY_CODE: &[(&str, &str)] = &[
    ("invalid_client", "compare oauth.client_id and oauth.client_secret with the application's registration"),
    (
        "unauthorized_client",
        "the application or the service account is not allowed this: for Google, give the service \
                             account domain-wide delegation with the scope https://mail.google.com/",
    ),
    ("invalid_scope", SCOPE),
    ("access_denied", "the login was declined, or a policy forbids it"),
    ("authorization_declined", "the login was declined by the person who was asked"),
    ("expired_token", "nobody typed the code in time: begin again"),
    (
        "unsupported_grant_type",
        "the endpoint does not know this way to get a token: see oauth.grant and oauth.token_url",
    ),
    ("temporarily_unavailable", "it is tried again by itself"),
    ("server_error", "it is tried again by itself"),
    ("slow_down", "it is tried again by itself"),
];

/// What to do, by the error code and the words of the endpoint.
pub(super) fn to(error: &str, words: &str) -> &'static str {
    if is_login(error, words) {
        return LOG_IN;
    }
    let by_number = numbers(words).find_map(|number| BY_NUMBER.iter().find(|(known, _)| *known == number));
    let by_code = || BY_CODE.iter().find(|(known, _)| *known == error).map(|(_, advice)| *advice);
    let grant = (error == "invalid_grant").then_some(
        "the assertion or the login is not accepted: check the mailbox, its delegation and this machine's clock",
    );
    by_number.map(|(_, advice)| *advice).or_else(by_code).or(grant).unwrap_or("the words of the endpoint say why")
}

/// Whether a person has to log in again.
pub(super) fn is_login(error: &str, words: &str) -> bool {
    let is_of_token = error == "invalid_grant" && (words.contains("refresh") || words.contains("expired or revoked"));
    error == "interaction_required" || is_of_token || numbers(words).any(|number| LOGINS.contains(&number))
}

/// The numbers of Microsoft's errors in a text: `AADSTS7000222: ...`.
fn numbers(words: &str) -> impl Iterator<Item = u32> {
    words.split("AADSTS").skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        rest[..end].parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_says_more_than_the_code() {
        let expired = "invalid_client: AADSTS7000222: The provided client secret keys for app 'x' are expired.";
        assert!(to("invalid_client", expired).contains("has expired"));
        assert!(
            to("invalid_client", "invalid_client: AADSTS7000215: Invalid client secret provided.")
                .contains("not its id")
        );
        assert!(to("unauthorized_client", "AADSTS700016: Application not found").contains("oauth.tenant"));
        assert!(to("invalid_client", "invalid_client").contains("compare"));
        assert!(to("invalid_scope", "invalid_scope: AADSTS70011: the scope is not valid").contains("leave it empty"));
        assert!(to("strange", "strange").contains("words"));
    }

    #[test]
    fn a_login_that_is_no_longer_good_is_to_be_made_anew() {
        assert!(is_login(
            "invalid_grant",
            "invalid_grant: AADSTS700082: The refresh token has expired due to inactivity."
        ));
        assert!(is_login("invalid_grant", "invalid_grant: Token has been expired or revoked."));
        assert!(is_login("interaction_required", "interaction_required"));
        assert!(!is_login("invalid_grant", "invalid_grant: Invalid JWT Signature."));
        assert!(!is_login("invalid_client", "AADSTS7000222"));
    }
}
