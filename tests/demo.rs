//! The demonstration: everything it promises to show is seen through its handle, and nothing of it is left.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail the test")]

use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use mailroot::config;
use mailroot::demo::Demo;
use mailroot::engine::view::{BadmailList, Log, QueueList, SessionList, Status};
use mailroot::engine::{Actor, Command, Handle, Outcome, QueueAct, Role, Target};
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, timeout};

/// How long everything may take to be seen once.
const LIMIT: Duration = Duration::from_secs(15);

/// One demonstration at a time, so that what is left can be told to be of it.
static STAGE: Mutex<()> = Mutex::const_new(());

/// What has to be seen, each as `pane: what`.
const SIGHTS: &[&str] = &[
    "session: inbound mfp-2nd-floor.corp.example",
    "session: inbound db01.corp.example",
    "session: inbound monitor.corp.example",
    "session: inbound shop.corp.example",
    "session: inbound UPS_ROOM2",
    "session: inbound laptop-anna",
    "session: inbound mail.bulk-offers.example",
    "session: outbound smtp.provider.example",
    "session: outbound mx1.partner.example",
    "session: outbound intake.archive.example",
    "session: outbound mail.pager.example",
    "queue: queued",
    "queue: active",
    "queue: held",
    "queue: 450",
    "queue: 452",
    "queue: cannot be reached",
    "queue: partly delivered",
    "destination: ready",
    "destination: held-back",
    "log: accepted",
    "log: refused",
    "log: delivered",
    "log: deferred",
    "log: failed",
    "log: local",
    "log: reported",
    "log: badmail",
    "log: held",
    "log: released",
    "log: removed",
    "origin: smtp",
    "origin: pickup",
    "badmail: three reasons",
];

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_seen_moving_and_nothing_is_left() {
    let _stage = STAGE.lock().await;
    let demo = Demo::start().await.unwrap();
    let handle = demo.handle();
    let mut missing: BTreeSet<&str> = SIGHTS.iter().copied().collect();
    let begun = Instant::now();
    while !missing.is_empty() {
        for sight in look(&handle).await {
            missing.remove(sight.as_str());
        }
        assert!(begun.elapsed() < LIMIT, "never seen: {missing:#?}");
        sleep(Duration::from_millis(25)).await;
    }
    let folder = demo.folder().to_owned();
    let ports = ports(&demo).await;
    assert!(folder.exists() && ports.len() > 4);
    drop(handle);
    timeout(Duration::from_secs(6), demo.stop()).await.expect("it stops within seconds").unwrap();
    assert_nothing_is_left(&folder, &ports).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dropped_without_a_word_it_leaves_nothing_either() {
    let _stage = STAGE.lock().await;
    let demo = Demo::start().await.unwrap();
    let (folder, ports) = (demo.folder().to_owned(), ports(&demo).await);
    drop(demo);
    assert_nothing_is_left(&folder, &ports).await;
}

#[test]
fn a_panic_leaves_nothing() {
    let _stage = STAGE.blocking_lock();
    let (tell, told) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let demo = Demo::start().await.unwrap();
            tell.send((demo.folder().to_owned(), ports(&demo).await)).unwrap();
            panic!("as a bug would");
        });
    });
    assert!(thread.join().is_err());
    let (folder, ports) = told.recv().unwrap();
    tokio::runtime::Runtime::new().unwrap().block_on(assert_nothing_is_left(&folder, &ports));
}

#[tokio::test(flavor = "multi_thread")]
async fn its_settings_file_is_private_valid_and_explains_itself() {
    let _stage = STAGE.lock().await;
    let demo = Demo::start().await.unwrap();
    let file = demo.settings_file();
    assert!(file.starts_with(demo.folder()));
    assert_eq!(config::load(file).unwrap(), *demo.handle().settings());
    let text = std::fs::read_to_string(file).unwrap();
    assert!(text.starts_with("# The settings of the demonstration"));
    assert!(text.lines().filter(|line| line.starts_with('#')).count() > 50, "each key has its comment");
    demo.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handle_kept_longer_still_answers_and_brings_nothing_back() {
    let _stage = STAGE.lock().await;
    let demo = Demo::start().await.unwrap();
    let (handle, folder) = (demo.handle(), demo.folder().to_owned());
    demo.stop().await.unwrap();
    let status: Status = timeout(LIMIT, view(&handle, Command::Status)).await.expect("it answers");
    assert_eq!(status.state, "stopping");
    let actor = Actor { name: "the test".to_owned(), role: Role::Admin };
    for act in [QueueAct::Retry, QueueAct::Hold, QueueAct::Release, QueueAct::Delete] {
        let act = Command::QueueAct { act, target: Target::All };
        timeout(LIMIT, handle.execute(&actor, act)).await.expect("it answers");
    }
    drop(handle);
    assert!(!folder.exists(), "{} came back", folder.display());
}

/// All that can be seen at this moment, in the words of [`SIGHTS`] and others.
async fn look(handle: &Handle) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let sessions: SessionList = view(handle, Command::Sessions).await;
    for session in sessions.sessions {
        seen.insert(format!("session: {} {}", session.direction, session.name.unwrap_or_default()));
    }
    let status: Status = view(handle, Command::Status).await;
    seen.extend(status.destinations.into_iter().map(|destination| format!("destination: {}", destination.state)));
    let all = Command::QueueList { filter: String::new(), offset: 0, limit: 500 };
    let queue: QueueList = view(handle, all).await;
    for message in queue.messages {
        seen.insert(format!("queue: {}", message.state));
        let reply = message.last_reply.unwrap_or_default();
        seen.insert(format!("queue: {}", reply.get(..3).unwrap_or_default()));
        if reply.contains("cannot be reached") {
            seen.insert("queue: cannot be reached".to_owned());
        }
        let count = |status| message.recipients.iter().filter(|recipient| recipient.status == status).count();
        if count("delivered") > 0 && count("pending") > 0 {
            seen.insert("queue: partly delivered".to_owned());
        }
    }
    let newest = Command::Log { filter: String::new(), limit: 500, follow: false };
    let log: Log = view(handle, newest).await;
    for record in log.records {
        if record.event == "accepted" {
            seen.insert(format!("origin: {}", if record.client.is_some() { "smtp" } else { "pickup" }));
        }
        seen.insert(format!("log: {}", record.event));
    }
    let all = Command::BadmailList { filter: String::new(), offset: 0, limit: 500 };
    let badmail: BadmailList = view(handle, all).await;
    let reasons: BTreeSet<String> = badmail.messages.into_iter().map(|message| message.reason).collect();
    if reasons.len() >= 3 {
        seen.insert("badmail: three reasons".to_owned());
    }
    seen
}

async fn view<V: DeserializeOwned>(handle: &Handle, command: Command) -> V {
    let actor = Actor { name: "the test".to_owned(), role: Role::Observer };
    match handle.execute(&actor, command).await {
        Outcome::View { view } => serde_json::from_value(view).unwrap(),
        other => panic!("no view: {other:?}"),
    }
}

/// Where the engine listens, and where the smart hosts do.
async fn ports(demo: &Demo) -> Vec<SocketAddr> {
    let settings = demo.handle().settings();
    let general = settings.delivery.advanced.smart_host.iter();
    let hosts = general.chain(settings.domains.iter().filter_map(|domain| domain.smart_host.as_ref()));
    let hosts = hosts.filter_map(|host| host.port).map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
    demo.handle().listeners().await.into_iter().chain(hosts).collect()
}

/// The folder is gone and stays away, nobody listens any more, and no thread is left.
async fn assert_nothing_is_left(folder: &Path, ports: &[SocketAddr]) {
    assert!(!folder.exists(), "{} is left", folder.display());
    for &port in ports {
        assert!(TcpStream::connect(port).is_err(), "somebody listens on {port}");
    }
    #[cfg(target_os = "linux")]
    assert_no_thread_is_left().await;
    assert!(!folder.exists(), "{} came back", folder.display());
}

/// The threads of its runtime end on their own once they are told to.
#[cfg(target_os = "linux")]
async fn assert_no_thread_is_left() {
    let begun = Instant::now();
    loop {
        let threads = std::fs::read_dir("/proc/self/task").unwrap();
        let names = threads.filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("comm")).ok());
        let left: Vec<_> = names
            .filter(|name| ["demonstration", "commit-", "queue-"].iter().any(|start| name.starts_with(start)))
            .collect();
        if left.is_empty() {
            return;
        }
        assert!(begun.elapsed() < LIMIT, "threads are left: {left:?}");
        sleep(Duration::from_millis(10)).await;
    }
}
