//! A client that sends mail to the relay in the terminal.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;

use crate::pty::Site;

/// A session whose greeting was read.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    /// Connects to the first listener of the relay that runs at a site.
    pub(crate) fn connect(site: &Site) -> Self {
        let status = site.ask(&["status", "--json"]);
        let stream = TcpStream::connect(status["listeners"][0].as_str().unwrap()).unwrap();
        let mut client = Self { stream: BufReader::new(stream) };
        assert!(client.reply().starts_with("220 "));
        client
    }

    /// Sends a line and gives the reply, all its lines.
    pub(crate) fn say(&mut self, line: impl AsRef<[u8]>) -> String {
        let line = [line.as_ref(), b"\r\n"].concat();
        self.stream.get_mut().write_all(&line).unwrap();
        self.reply()
    }

    /// Sends a message whose content ends without a line end.
    #[track_caller]
    pub(crate) fn send(&mut self, sender: &str, recipient: &str, content: impl AsRef<[u8]>) {
        let end = [content.as_ref(), b"\r\n."].concat();
        let mail = format!("MAIL FROM:<{sender}>");
        let rcpt = format!("RCPT TO:<{recipient}>");
        let dialogue: [(&[u8], &str); 4] =
            [(mail.as_bytes(), "250 "), (rcpt.as_bytes(), "250 "), (b"DATA", "354 "), (&end, "250 ")];
        for (line, code) in dialogue {
            let reply = self.say(line);
            assert!(reply.starts_with(code), "{:?}: {reply}", String::from_utf8_lossy(line));
        }
    }

    fn reply(&mut self) -> String {
        let mut reply = String::new();
        loop {
            let start = reply.len();
            assert!(self.stream.read_line(&mut reply).unwrap() > 0, "the server closed the session: {reply:?}");
            if reply.as_bytes()[start..].get(3) == Some(&b' ') {
                return reply;
            }
        }
    }
}
