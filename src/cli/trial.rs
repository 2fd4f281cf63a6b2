//! `test`: a message through this server, with the dialogue printed line by line. The old telnet test.

use std::path::Path;
use std::sync::Arc;

use super::{output, remote};
use crate::clock::Clock;
use crate::config;
use crate::engine::Trial;
use crate::mail::{Address, Reply};
use crate::smtp::{Side, Transcript};
use crate::text;

/// Sends the message to the first listener of the settings.
pub(super) fn send(file: Option<&Path>, to: &Address, from: Option<&Address>) -> anyhow::Result<()> {
    let general = config::locate(file)?.settings.general;
    let trial = Trial::new(general.hostname, from.cloned(), to.clone())?;
    let reply = remote::block_on(async {
        let now = Clock::system().now();
        Ok(trial.send(general.listen.first().copied(), now, Arc::new(Printed)).await?)
    })?;
    output::write(&advice(&reply))?;
    Ok(())
}

/// What to do next.
fn advice(reply: &Reply) -> String {
    match Trial::queue_id(reply) {
        Some(id) => format!(
            "\nAccepted as {id}. What becomes of it: `mailroot log --follow --filter id:{id}`; while it waits: \
             `mailroot queue show {id}`.\n"
        ),
        None => "\nAccepted. What becomes of it: `mailroot log --follow`.\n".to_owned(),
    }
}

/// Prints the dialogue while it happens.
struct Printed;

impl Transcript for Printed {
    fn line(&self, side: Side, line: &str) {
        let side = match side {
            Side::Client => 'C',
            Side::Server => 'S',
        };
        // Nobody may read along; the message is sent all the same.
        let _ = output::write(&format!("{side}: {}\n", text::printable(line)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::EnhancedStatus;

    #[test]
    fn the_advice_names_the_id_of_the_reply() {
        let reply = |text: &str| Reply::new(250, EnhancedStatus::new(2, 6, 0), text);
        assert!(advice(&reply("<0JX4-a_b> Queued mail for delivery")).contains("queue show 0JX4-a_b`"));
        assert!(advice(&reply("ok")).starts_with("\nAccepted. "));
    }
}
