//! The opening scene: what a person did before we looked, so that held mail and its lines in the log are there.

use std::net::Ipv4Addr;

use super::clients::Client;
use super::letter::Letter;
use super::people::OFFICES;
use crate::engine::view::QueueList;
use crate::engine::{Actor, Command, Outcome, QueueAct, Role, Target};

/// Who sends the bulletins.
pub(super) const NAME: &str = "intranet.corp.example";
pub(super) const ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 0, 10, 11);

const SENDER: &str = "bulletin@corp.example";

/// Sends a bulletin to each office, whose server is away at first, and holds them; one is released again, one deleted.
pub(super) async fn set(mut client: Client) {
    let Some(mut connection) = client.open().await else { return };
    for office in OFFICES {
        let letter = Letter {
            sender: SENDER,
            name: "Intranet",
            recipients: vec![office],
            subject: "Staff bulletin: new opening hours – 営業時間変更のお知らせ".to_owned(),
            text: "Dear colleagues,\n\nfrom Monday all offices open at 8.\n".to_owned(),
            attachment: None,
        };
        if client.send(&mut connection, &letter).await.is_none() {
            return;
        }
    }
    connection.quit().await;
    let actor = Actor { name: "anna".to_owned(), role: Role::Admin };
    let all = Command::QueueList { filter: format!("from:{SENDER}"), offset: 0, limit: OFFICES.len() };
    let Outcome::View { view } = client.handle.execute(&actor, all).await else { return };
    let Ok(QueueList { messages, .. }) = serde_json::from_value(view) else { return };
    let ids: Vec<String> = messages.into_iter().map(|message| message.id).collect();
    let [deleted, released, ..] = &ids[..] else { return };
    let acts = [
        (QueueAct::Hold, ids.clone()),
        (QueueAct::Release, vec![released.clone()]),
        (QueueAct::Delete, vec![deleted.clone()]),
    ];
    for (act, ids) in acts {
        client.handle.execute(&actor, Command::QueueAct { act, target: Target::Ids(ids) }).await;
    }
}
