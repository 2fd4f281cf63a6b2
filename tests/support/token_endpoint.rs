//! A token endpoint on loopback: answers as the test wants, and tells what it was asked.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What to answer: by path and form, with a status.
type Answers = dyn FnMut(&str, &str) -> (u16, String) + Send;

/// The endpoint. It serves until the test's runtime ends.
pub(crate) struct TokenEndpoint {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    answers: Mutex<Box<Answers>>,
    asked: Mutex<Vec<String>>,
}

impl TokenEndpoint {
    pub(crate) async fn start(answers: impl FnMut(&str, &str) -> (u16, String) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared { answers: Mutex::new(Box::new(answers)), asked: Mutex::default() });
        let serving = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&serving)));
            }
        });
        Self { port, shared }
    }

    /// The address of its token endpoint; `/devicecode` is beside it.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/token", self.port)
    }

    /// Answers otherwise from now on.
    pub(crate) fn answer(&self, answers: impl FnMut(&str, &str) -> (u16, String) + Send + 'static) {
        *self.shared.answers.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(answers);
    }

    /// The forms it was sent until now.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.shared.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A token that is good for so many seconds.
pub(crate) fn granted(token: &str, lasts: u64) -> (u16, String) {
    (200, format!(r#"{{"token_type":"Bearer","expires_in":{lasts},"access_token":"{token}"}}"#))
}

/// A refusal as Microsoft words it.
pub(crate) fn refused(error: &str, description: &str) -> (u16, String) {
    (401, format!(r#"{{"error":"{error}","error_description":"{description}"}}"#))
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    let mut request = Vec::new();
    let (path, form) = loop {
        if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
            return;
        }
        let Ok(text) = std::str::from_utf8(&request) else { return };
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length =
            head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned));
        if length.is_some_and(|length| length.parse() == Ok(body.len())) {
            break (head.split(' ').nth(1).unwrap_or_default().to_owned(), body.to_owned());
        }
    };
    let (status, answer) = shared.answers.lock().unwrap_or_else(PoisonError::into_inner)(&path, &form);
    shared.asked.lock().unwrap_or_else(PoisonError::into_inner).push(form);
    let answer = format!("HTTP/1.1 {status} Said\r\nContent-Length: {}\r\n\r\n{answer}", answer.len());
    let _ = stream.write_all(answer.as_bytes()).await;
}
