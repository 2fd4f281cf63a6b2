//! What leaves the queue on our own account is not taken for the work of a person who looks at the folder meanwhile.

use std::sync::{Arc, Barrier};

use super::*;
use mailroot::ledger::Event;
use mailroot::mail::{Envelope, Recipient, ReversePath};
use mailroot::queue::{Change, DirectoryStore, Folders, Touched};

/// Looks at a message that is being taken out of the queue, between the moment in which its file is gone and the one
/// in which the scheduler hears of it: this thread, on which it would, does not go on before the looks are over.
async fn seen_by_the_watcher(house: &House, id: &QueueId, exit: Arc<Barrier>) -> Vec<Change> {
    let is_gone = Arc::clone(&exit);
    tokio::task::spawn_blocking(move || is_gone.wait()).await.unwrap();
    exit.wait();
    let look = || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut changes = Vec::new();
        for _ in 0..20 {
            for touched in [Touched::Message(id.clone()), Touched::Everything] {
                changes.extend(runtime.block_on(house.queue.reconcile([touched], &house.dispatcher)).changes);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        changes
    };
    assert!(house.dispatcher.known(id).is_some(), "the scheduler has not heard of it");
    std::thread::scope(|scope| scope.spawn(look).join().unwrap())
}

fn house(port: u16) -> (House, Arc<stores::FaultyStore>) {
    let folder = tempfile::tempdir().unwrap();
    let store = stores::FaultyStore::new(DirectoryStore::new(Folders::below(folder.path())));
    let to_smart_host = |settings: &mut mailroot::config::Settings| {
        settings.delivery.advanced.smart_host = Some(house::smart_host(port));
    };
    (House::over(Arc::clone(&store) as _, folder, "", to_smart_host), store)
}

#[tokio::test]
async fn a_message_that_was_delivered_was_not_removed_by_hand() {
    let peer = ScriptedPeer::new();
    let (house, store) = house(peer.listen().await.port());
    let exit = store.hold_up_at_exit();
    let id = house.send(&["bob@far.example"]).await;
    let seen = seen_by_the_watcher(&house, &id, exit).await;
    assert!(seen.is_empty(), "{seen:?}");
    house.emptied().await;
    assert_eq!(house.events(&id), [Event::Delivered]);
}

#[tokio::test]
async fn a_message_that_can_neither_be_delivered_nor_returned_was_not_removed_by_hand() {
    let peer = ScriptedPeer::new().first("RCPT", vec![say("550 5.1.1 nobody")]);
    let (house, store) = house(peer.listen().await.port());
    let exit = store.hold_up_at_exit();
    let mut envelope = Envelope::new(ReversePath::Null);
    envelope.recipients = vec![Recipient::new(house::address("bob@far.example"))];
    let id = house.send_envelope(envelope).await;
    let seen = seen_by_the_watcher(&house, &id, exit).await;
    assert!(seen.is_empty(), "{seen:?}");
    house.emptied().await;
    assert_eq!(house.events(&id), [Event::Failed, Event::Badmail]);
}

#[tokio::test]
async fn a_message_that_cannot_be_understood_was_not_removed_by_hand() {
    let peer = ScriptedPeer::new().first("RCPT", vec![say("451 4.7.1 later")]);
    let (house, store) = house(peer.listen().await.port());
    let id = house.send(&["bob@far.example"]).await;
    house.tried(&id, 1).await;
    let exit = store.hold_up_at_exit();
    std::fs::write(house.path(&format!("Queue/{id}.eml")), "x-sender: nonsense nonsense\n\n").unwrap();
    assert_eq!(house.dispatcher.retry(std::slice::from_ref(&id), "anna"), 1);
    let seen = seen_by_the_watcher(&house, &id, exit).await;
    assert!(seen.is_empty(), "{seen:?}");
    house.emptied().await;
    assert_eq!(house.events(&id).pop(), Some(Event::Badmail));
}

#[tokio::test]
async fn a_message_deleted_by_a_command_was_not_removed_by_hand() {
    let (house, store) = house(free_port());
    let id = house.send(&["bob@far.example"]).await;
    house.tried(&id, 1).await;
    let exit = store.hold_up_at_exit();
    let ids = [id.clone()];
    let (deleted, seen) = tokio::join!(house.dispatcher.delete(&ids, "anna"), seen_by_the_watcher(&house, &id, exit));
    assert!(seen.is_empty(), "{seen:?}");
    assert_eq!((deleted, house.events(&id).pop()), (1, Some(Event::Removed)));
}
