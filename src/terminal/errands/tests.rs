use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::*;
use crate::config::load;
use crate::engine::{CheckEvent, Engine, Options, QueueQuery, Role, SortKey};
use crate::queue::Filter;

/// An engine on a runtime of its own, as in the program.
struct House {
    folder: TempDir,
    runtime: Runtime,
    engine: Option<Engine>,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "");
        let runtime = Runtime::new().unwrap();
        let file = folder.path().join("mailroot.toml");
        let options = Options {
            settings: load(&file).unwrap(),
            settings_file: Some(file),
            resolver: None,
            application_log: None,
            unsafe_no_sync: true,
        };
        let engine = Some(runtime.block_on(Engine::start(options)).unwrap());
        Self { folder, runtime, engine }
    }

    /// To be called on the runtime of the viewers.
    fn errands(&self) -> Errands {
        let handle = self.engine.as_ref().unwrap().handle();
        let actor = Actor { name: "anna".to_owned(), role: Role::Admin };
        let viewing = handle.watch();
        Errands::new(handle, actor, self.runtime.handle().clone(), viewing, Some(self.folder.path().to_owned()))
    }
}

fn write(folder: &Path, more: &str) {
    let text = format!("[general]\nhostname = \"relay.example\"\nlisten = [\"127.0.0.1:0\"{more}]\n");
    std::fs::write(folder.join("mailroot.toml"), text).unwrap();
}

fn viewers() -> Runtime {
    crate::terminal::runtime().unwrap()
}

/// The next answer, whatever snapshots come before it.
async fn answer(errands: &mut Errands) -> Answer {
    let next = async {
        loop {
            if let Msg::Answer(answer) = errands.next().await {
                return answer;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), next).await.unwrap()
}

#[test]
fn snapshots_come_until_the_engine_is_gone_and_answers_after_that() {
    let mut house = House::new();
    let viewers = viewers();
    viewers.block_on(async {
        let mut errands = house.errands();
        assert!(matches!(errands.next().await, Msg::Snapshot(_)), "time passes");
        let engine = house.engine.take().unwrap();
        house.runtime.spawn(engine.drain()).await.unwrap();
        while errands.is_running {
            let _ = tokio::time::timeout(Duration::from_millis(50), errands.next()).await;
        }
        errands.perform(Effect::Execute(Request::Act, Command::Status));
        assert!(matches!(answer(&mut errands).await, Answer::Outcome(Request::Act, Outcome::View { .. })));
    });
}

#[test]
fn of_several_wishes_for_a_page_the_last_one_is_read() {
    let house = House::new();
    // One thread: nobody reads before the next await.
    let viewer = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    viewer.block_on(async {
        let mut errands = house.errands();
        let query = |limit| QueueQuery {
            filter: Filter::default(),
            sort: SortKey::default(),
            descending: false,
            offset: 0,
            limit,
            selected: None,
        };
        for limit in 1..1000 {
            errands.perform(Effect::ReadQueue(query(limit)));
        }
        errands.perform(Effect::ReadShape);
        errands.perform(Effect::ReadIds(query(1)));
        assert!(matches!(answer(&mut errands).await, Answer::Page(_)));
        assert!(matches!(answer(&mut errands).await, Answer::Ids(_)));
        assert!(matches!(answer(&mut errands).await, Answer::Shape(_)));
        assert!(errands.answers.is_empty());
    });
}

#[test]
fn what_a_command_begins_outlives_the_viewers() {
    let house = House::new();
    let viewers = viewers();
    let spare = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    write(house.folder.path(), &format!(", \"{spare}\""));
    viewers.block_on(async {
        let mut errands = house.errands();
        errands.perform(Effect::Execute(Request::Act, Command::Reload));
        let done = answer(&mut errands).await;
        assert!(matches!(done, Answer::Outcome(_, Outcome::Done { .. })), "{done:?}");
    });
    drop(viewers);
    let mut stream = TcpStream::connect(spare).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut greeting = [0; 4];
    std::io::Read::read_exact(&mut stream, &mut greeting).unwrap();
    assert_eq!(&greeting, b"220 ");
}

#[test]
fn a_session_that_is_not_there_is_said_to_be_not_there() {
    let house = House::new();
    viewers().block_on(async {
        let mut errands = house.errands();
        errands.perform(Effect::WatchSession(17));
        assert!(matches!(answer(&mut errands).await, Answer::NoTranscript(17, _)));
    });
}

#[test]
fn a_test_message_tells_its_dialogue_to_the_end() {
    let house = House::new();
    viewers().block_on(async {
        let mut errands = house.errands();
        let to = Address::parse("bob@relay.example", true).unwrap();
        errands.perform(Effect::TestMessage { from: None, to });
        let mut lines = 0;
        loop {
            match answer(&mut errands).await {
                Answer::Trial(TrialEvent::Line { .. }) => lines += 1,
                Answer::Trial(TrialEvent::Accepted { .. }) => break,
                other => panic!("{other:?}"),
            }
        }
        assert!(lines > 8, "{lines}");
    });
}

#[test]
fn a_check_of_the_smart_host_tells_its_steps_to_the_end() {
    let house = House::new();
    viewers().block_on(async {
        let mut errands = house.errands();
        errands.perform(Effect::CheckSmartHost { number: 7, domain: None });
        let mut steps = 0;
        loop {
            match answer(&mut errands).await {
                Answer::Check(7, CheckEvent::Step(_)) => steps += 1,
                Answer::Check(7, CheckEvent::Line { .. }) => {}
                Answer::Check(7, CheckEvent::Finished { can_send }) => break assert!(!can_send),
                other => panic!("{other:?}"),
            }
        }
        assert!(steps > 0);
        errands.perform(Effect::BreakOffCheck);
    });
}
