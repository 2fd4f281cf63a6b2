//! One POST of a form to a token endpoint, with bounds on time and size. No redirect is followed.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, CONNECTION, CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use zeroize::Zeroizing;

use super::error::OAuthError;
use crate::config::TokenUrl;
use crate::tls::{Client, Trust};

/// How long the whole exchange may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long one address may take to be connected to.
const CONNECT: Duration = Duration::from_secs(8);
/// Addresses tried.
const ADDRESSES: usize = 4;
/// The longest answer read, in octets: tokens run to some 4 KiB.
const MAX_ANSWER: usize = 64 * 1024;

/// The answer of an endpoint.
pub(super) struct Response {
    /// The endpoint, for messages.
    pub(super) host: String,
    /// The status of HTTP.
    pub(super) status: u16,
    /// The body.
    pub(super) body: Zeroizing<Vec<u8>>,
}

/// A form: names, and values that may be secret.
pub(super) type Form<'a> = Vec<(&'static str, &'a str)>;

/// Posts a form, and gives the answer whatever its status.
pub(super) async fn post(url: &TokenUrl, form: &Form<'_>) -> Result<Response, OAuthError> {
    let uri: Uri = url.as_str().parse().map_err(|_| OAuthError::Settings("oauth.token_url is no address"))?;
    let host = uri.host().unwrap_or_default().to_owned();
    let failed = |reason: String| OAuthError::Unreachable { host: host.clone(), reason };
    match tokio::time::timeout(PATIENCE, exchange(&uri, encoded(form))).await {
        Ok(Ok((status, body))) => Ok(Response { host, status, body }),
        Ok(Err(Failure::TooLarge(status))) => {
            let reason = format!("it is larger than {MAX_ANSWER} octets");
            Err(OAuthError::Unreadable { host, status, reason })
        }
        Ok(Err(Failure::Unreachable(reason))) => Err(failed(reason)),
        Err(_) => Err(failed(format!("no answer within {} seconds", PATIENCE.as_secs()))),
    }
}

enum Failure {
    Unreachable(String),
    TooLarge(u16),
}

impl Failure {
    fn of(error: impl std::fmt::Display) -> Self {
        Self::Unreachable(error.to_string())
    }
}

type Answer = Result<(u16, Zeroizing<Vec<u8>>), Failure>;

async fn exchange(uri: &Uri, body: Bytes) -> Answer {
    // Brackets belong to the written form of an IPv6 address.
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let is_secure = uri.scheme_str() != Some("http");
    let port = uri.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
    let stream = connect(host, port).await.map_err(Failure::of)?;
    if !is_secure {
        // The name was said to be this machine's own; a secret goes nowhere else in clear.
        if !stream.peer_addr().is_ok_and(|peer| peer.ip().to_canonical().is_loopback()) {
            return Err(Failure::Unreachable("http:// is for this machine only".to_owned()));
        }
        return request(stream, uri, body).await;
    }
    // Roots are read from disk, and so rarely that whoever adds one need not start us anew.
    let client = tokio::task::spawn_blocking(|| Client::new(&Trust::Platform)).await;
    let client = client.map_err(Failure::of)?.map_err(Failure::of)?;
    let stream = client.connect(stream, host).await.map_err(Failure::of)?;
    request(stream, uri, body).await
}

async fn connect(host: &str, port: u16) -> io::Result<TcpStream> {
    let addresses: Vec<SocketAddr> = lookup_host((host, port)).await?.take(ADDRESSES).collect();
    let mut last = io::Error::other("its name has no address");
    for address in addresses {
        match tokio::time::timeout(CONNECT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = io::Error::new(error.kind(), format!("{address}: {error}")),
            Err(_) => last = io::Error::new(io::ErrorKind::TimedOut, format!("{address}: no answer")),
        }
    }
    Err(last)
}

async fn request<S>(stream: S, uri: &Uri, body: Bytes) -> Answer
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(Failure::of)?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::post(path)
        .header(HOST, uri.authority().map_or("", |authority| authority.as_str()))
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(ACCEPT, "application/json")
        .header(USER_AGENT, concat!("mailroot/", env!("CARGO_PKG_VERSION")))
        .header(CONNECTION, "close")
        .body(Full::new(body))
        .map_err(Failure::of)?;
    let answer = async {
        let response = sender.send_request(request).await.map_err(Failure::of)?;
        let status = response.status().as_u16();
        match Limited::new(response.into_body(), MAX_ANSWER).collect().await {
            Ok(body) => Ok((status, Zeroizing::new(body.to_bytes().into()))),
            Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(Failure::TooLarge(status)),
            Err(error) => Err(Failure::of(error)),
        }
    };
    // The connection makes headway only while it is polled, and has nothing to say once the answer is there.
    tokio::pin!(answer, connection);
    tokio::select! {
        biased;
        answer = &mut answer => answer,
        ended = &mut connection => match ended {
            Ok(()) => answer.await,
            Err(error) => Err(Failure::of(error)),
        },
    }
}

/// The form as the body of a request, in memory that is wiped.
fn encoded(form: &Form<'_>) -> Bytes {
    let length = form.iter().map(|(name, value)| name.len() + value.len() * 3 + 2).sum();
    let mut body = Zeroizing::new(Vec::with_capacity(length));
    for (name, value) in form {
        if !body.is_empty() {
            body.push(b'&');
        }
        body.extend_from_slice(name.as_bytes());
        body.push(b'=');
        for &octet in value.as_bytes() {
            if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) {
                body.push(octet);
            } else {
                body.extend([b'%', hex(octet >> 4), hex(octet & 15)]);
            }
        }
    }
    Bytes::from_owner(body)
}

fn hex(digit: u8) -> u8 {
    b"0123456789ABCDEF"[usize::from(digit & 15)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_encoded_so_that_no_value_can_end_early() {
        let form = vec![("a", "x y&b=c%+\u{e4}"), ("scope", "https://outlook.office365.com/.default")];
        let body = encoded(&form);
        let expected = "a=x%20y%26b%3Dc%25%2B%C3%A4&scope=https%3A%2F%2Foutlook.office365.com%2F.default";
        assert_eq!(std::str::from_utf8(&body), Ok(expected));
    }
}
