use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, DuplexStream, duplex};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;
use crate::clock::Timestamp;
use crate::config::Settings;
use crate::dashboard::{Answer, Key, KeyCode};
use crate::engine::{EngineState, QueueSummary, Snapshot};

/// Shows what was typed and the time; `!` and `?` break it, `q` leaves, `c` copies, `t` wants something of the engine.
#[derive(Default)]
struct Typewriter {
    text: String,
    size: Option<Size>,
    breaks: bool,
    pictures: Arc<AtomicUsize>,
}

impl Program for Typewriter {
    fn update(&mut self, message: Msg) -> Vec<Effect> {
        match message {
            Msg::Input(Input::Key(Key { code: KeyCode::Char(c), .. })) => {
                self.text.push(c);
                match c {
                    '!' => panic!("broken by hand"),
                    '?' => self.breaks = true,
                    'q' => return vec![Effect::Quit],
                    'c' => return vec![Effect::Copy("copied".to_owned())],
                    't' => return vec![Effect::ReadShape],
                    _ => {}
                }
            }
            Msg::Input(Input::Resize(size)) => self.size = Some(size),
            Msg::Snapshot(snapshot) => self.text = snapshot.time.to_string(),
            Msg::Answer(_) => self.text.push_str("answered"),
            Msg::Input(_) => {}
        }
        Vec::new()
    }

    fn view(&self, frame: &mut Frame<'_>) {
        self.pictures.fetch_add(1, Ordering::Relaxed);
        assert!(!self.breaks, "broken while drawing");
        let size = self.size.map(|size| size.to_string()).unwrap_or_default();
        frame.render_widget(format!("{}{size}", self.text), frame.area());
    }
}

struct Engine {
    messages: mpsc::UnboundedReceiver<Msg>,
    performed: Arc<Mutex<Vec<Effect>>>,
}

impl Relay for Engine {
    async fn next(&mut self) -> Msg {
        match self.messages.recv().await {
            Some(message) => message,
            None => std::future::pending().await,
        }
    }

    fn perform(&mut self, effect: Effect) {
        self.performed.lock().unwrap().push(effect);
    }
}

/// A viewer, and the far end of everything it has.
struct Desk {
    typed: Option<mpsc::Sender<Typed>>,
    sizes: watch::Sender<Size>,
    engine: mpsc::UnboundedSender<Msg>,
    performed: Arc<Mutex<Vec<Effect>>>,
    output: DuplexStream,
    stop: Option<oneshot::Sender<()>>,
    pictures: Arc<AtomicUsize>,
    viewer: JoinHandle<Ended>,
}

impl Desk {
    fn new() -> Self {
        Self::with(1 << 20, None)
    }

    /// With so many bytes of output that fit before somebody reads.
    fn with(room: usize, idle: Option<Duration>) -> Self {
        let (typed, inputs) = mpsc::channel(super::super::keyboard::BACKLOG);
        let (size, sizes) = watch::channel(Size::new(40, 5));
        let (engine, messages) = mpsc::unbounded_channel();
        let (writer, output) = duplex(room);
        let (stop, stopped) = oneshot::channel();
        let performed = Arc::default();
        let mut program = Typewriter::default();
        let pictures = Arc::clone(&program.pictures);
        let relay = Engine { messages, performed: Arc::clone(&performed) };
        let seat = Seat { typed: inputs, sizes, writer, pace: Pace::LOCAL, idle };
        let viewer = tokio::spawn(async move {
            let stop = async {
                let _ = stopped.await;
            };
            run(&mut program, Vec::new(), relay, seat, stop).await
        });
        let (typed, stop) = (Some(typed), Some(stop));
        Self { typed, sizes: size, engine, performed, output, stop, pictures, viewer }
    }

    async fn press(&self, keys: &str) {
        let bytes = Bytes::copy_from_slice(keys.as_bytes());
        self.typed.as_ref().unwrap().send(Typed::Bytes(bytes)).await.unwrap();
    }

    /// Lets everything happen that is to happen within a time.
    async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    fn pictures(&self) -> usize {
        self.pictures.load(Ordering::Relaxed)
    }

    /// What was written since the last time.
    async fn written(&mut self) -> String {
        let mut written = Vec::new();
        let mut bytes = [0; 4096];
        // The clock stands still while there is something to do, so this time passes only when all is quiet.
        while let Ok(Ok(count @ 1..)) =
            tokio::time::timeout(Duration::from_millis(1), self.output.read(&mut bytes)).await
        {
            written.extend(&bytes[..count]);
        }
        String::from_utf8(written).unwrap()
    }

    async fn end(&mut self) -> End {
        let Ended { why, is_restored } = (&mut self.viewer).await.unwrap();
        assert_eq!(is_restored, !matches!(why, End::Stalled));
        why
    }
}

fn snapshot(second: i64) -> Msg {
    Msg::Snapshot(Arc::new(Snapshot {
        time: Timestamp::from_unix(second),
        state: EngineState::Running,
        since: Timestamp::from_unix(0),
        listeners: Arc::new([]),
        tls_listeners: Arc::new([]),
        certificate: None,
        tokens: Arc::default(),
        settings: Arc::new(Settings::defaults(Path::new("/"))),
        settings_file: None,
        sessions: Arc::new([]),
        queue: QueueSummary::default(),
        destinations: Arc::new([]),
        badmail: 0,
        totals: Arc::new([]),
        history: Arc::default(),
        log: Arc::default(),
        disk: None,
        problems: Arc::new([]),
        warnings: Arc::new([]),
    }))
}

const LONG: Duration = Duration::from_hours(1);

#[tokio::test(start_paused = true)]
async fn nothing_is_drawn_and_no_byte_is_sent_while_nothing_happens() {
    let mut desk = Desk::new();
    assert!(desk.written().await.starts_with("\x1b[?1049h"));
    desk.pass(LONG).await;
    assert_eq!(desk.pictures(), 1);
    assert_eq!(desk.written().await, "");
}

#[tokio::test(start_paused = true)]
async fn a_burst_of_keys_is_one_picture_and_the_next_keeps_its_distance() {
    let mut desk = Desk::new();
    desk.pass(LONG).await;
    desk.press("abc").await;
    desk.press("def").await;
    desk.press("ghi").await;
    assert!(desk.written().await.contains("abcdefghi"));
    assert_eq!(desk.pictures(), 2);
    desk.press("j").await;
    desk.pass(Pace::LOCAL.input / 2).await;
    assert_eq!(desk.pictures(), 2, "one follows the other too soon");
    desk.pass(Pace::LOCAL.input).await;
    assert_eq!(desk.pictures(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_happens_is_drawn_at_its_own_pace_and_a_key_does_not_wait_for_it() {
    let mut desk = Desk::new();
    desk.pass(LONG).await;
    desk.written().await;
    let before = desk.pictures();
    for second in 0..1000 {
        desk.engine.send(snapshot(second)).unwrap();
        desk.pass(Duration::from_millis(1)).await;
    }
    let drawn = desk.pictures() - before;
    assert!((8..=11).contains(&drawn), "{drawn} pictures in a second");
    desk.pass(LONG).await;
    desk.engine.send(snapshot(0)).unwrap();
    desk.pass(Pace::LOCAL.input).await;
    let before = desk.pictures();
    desk.engine.send(snapshot(1)).unwrap();
    desk.press("a").await;
    desk.pass(Pace::LOCAL.input).await;
    assert_eq!(desk.pictures(), before + 1, "the key is shown before the snapshot alone would have been");
}

#[tokio::test(start_paused = true)]
async fn a_viewer_who_does_not_read_is_cut_off_and_nothing_is_drawn_for_it() {
    let mut desk = Desk::with(16, None);
    for second in 0..20 {
        desk.engine.send(snapshot(second)).unwrap();
        desk.press("abc").await;
        desk.pass(Duration::from_secs(1)).await;
    }
    assert_eq!(desk.pictures(), 1, "no picture is made while one is on its way");
    assert!(matches!(desk.end().await, End::Stalled));
}

#[tokio::test(start_paused = true)]
async fn a_viewer_who_reads_late_gets_the_newest_picture_only() {
    let mut desk = Desk::with(16, None);
    for second in 0..20 {
        desk.engine.send(snapshot(second)).unwrap();
        desk.pass(Duration::from_secs(1)).await;
    }
    let written = desk.written().await;
    assert_eq!(written.matches("1970").count(), 1, "{written:?}");
    assert!(written.contains("1970-01-01T00:00:19Z"), "{written:?}");
    assert_eq!(desk.pictures(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_input_keeps_neither_pictures_nor_the_deadline_away() {
    let mut desk = Desk::with(16, None);
    let typed = desk.typed.take().unwrap();
    let flood = tokio::spawn(async move {
        let piece = Typed::Bytes(Bytes::from_static(&[b'a'; 16]));
        while typed.send(piece.clone()).await.is_ok() {
            tokio::task::yield_now().await;
            tokio::time::advance(Duration::from_millis(1)).await;
        }
    });
    assert!(matches!(desk.end().await, End::Stalled));
    flood.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_panic_ends_the_viewer_in_words_and_with_its_terminal_restored() {
    for (key, said) in [("!", "broken by hand"), ("?", "broken while drawing")] {
        let mut desk = Desk::new();
        desk.written().await;
        desk.press(key).await;
        assert!(matches!(desk.end().await, End::Panicked(text) if text == said));
        assert!(desk.written().await.ends_with(&*String::from_utf8(leave()).unwrap()));
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_ends_it_the_terminal_is_left() {
    let left = String::from_utf8(leave()).unwrap();
    let mut desk = Desk::new();
    desk.press("q").await;
    assert!(matches!(desk.end().await, End::Quit));
    assert!(desk.written().await.ends_with(&left));
    let mut desk = Desk::new();
    drop(desk.stop.take());
    assert!(matches!(desk.end().await, End::Told));
    assert!(desk.written().await.ends_with(&left));
    let mut desk = Desk::new();
    drop(desk.typed.take());
    assert!(matches!(desk.end().await, End::Closed));
    assert!(desk.written().await.ends_with(&left));
}

#[tokio::test(start_paused = true)]
async fn who_types_nothing_for_too_long_is_sent_away_though_pictures_change() {
    let mut desk = Desk::with(1 << 20, Some(Duration::from_mins(15)));
    for second in 0..20 * 60 {
        if second == 10 * 60 {
            desk.press("a").await;
        }
        let _ = desk.engine.send(snapshot(second));
        desk.pass(Duration::from_secs(1)).await;
        desk.written().await;
    }
    assert!(!desk.viewer.is_finished(), "ten minutes since the key");
    desk.pass(Duration::from_mins(6)).await;
    assert!(matches!(desk.end().await, End::Idle));
}

#[tokio::test(start_paused = true)]
async fn sizes_are_taken_together_cut_and_drawn_anew() {
    let mut desk = Desk::new();
    desk.pass(LONG).await;
    desk.written().await;
    for width in 1..100 {
        desk.sizes.send(Size::new(width, 2)).unwrap();
    }
    desk.sizes.send(Size::new(60_000, 60_000)).unwrap();
    assert!(desk.written().await.contains("500x200"));
    assert_eq!(desk.pictures(), 2);
    desk.pass(LONG).await;
    desk.sizes.send(Size::new(60_001, 60_001)).unwrap();
    assert!(desk.written().await.contains("500x200"), "the terminal may have lost what it showed");
}

#[tokio::test(start_paused = true)]
async fn effects_go_to_the_terminal_or_to_the_engine_and_answers_come_back() {
    let mut desk = Desk::new();
    desk.written().await;
    desk.press("ct").await;
    desk.pass(LONG).await;
    assert!(desk.written().await.contains("\x1b]52;c;Y29waWVk\x1b\\"));
    assert!(matches!(desk.performed.lock().unwrap()[..], [Effect::ReadShape]));
    desk.engine.send(Msg::Answer(Answer::Exported(Ok(String::new())))).unwrap();
    desk.pass(LONG).await;
    assert!(desk.written().await.contains("answered"));
}

#[tokio::test(start_paused = true)]
async fn an_escape_alone_is_a_key_after_a_moment() {
    let mut desk = Desk::new();
    desk.written().await;
    desk.press("\x1b").await;
    desk.pass(Duration::from_millis(10)).await;
    desk.press("[C").await;
    desk.press("\x1b").await;
    desk.pass(Duration::from_secs(1)).await;
    desk.press("[C").await;
    desk.pass(Duration::from_secs(1)).await;
    assert!(desk.written().await.contains("[C"), "typed after the escape, and not its rest");
    assert_eq!(desk.pictures(), 4);
}
