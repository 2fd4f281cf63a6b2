use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::task::JoinHandle;

use super::*;
use crate::clock::{Clock, Timestamp};
use crate::config::Settings;
use crate::engine::{EngineState, QueueSummary};

/// Something to take pictures of.
struct Scene {
    sampler: Sampler,
    clock: Clock,
    plain: Snapshot,
    taken: AtomicUsize,
    /// Shown as the number of files in Badmail.
    number: AtomicUsize,
}

impl Source for Scene {
    fn picture(&self, last: Option<&Snapshot>) -> Snapshot {
        self.taken.fetch_add(1, Ordering::Relaxed);
        let badmail = self.number.load(Ordering::Relaxed);
        Snapshot { time: self.clock.now(), badmail, ..last.unwrap_or(&self.plain).clone() }
    }
}

impl Scene {
    fn start() -> (Arc<Self>, JoinHandle<()>) {
        let plain = Snapshot {
            time: Timestamp::default(),
            state: EngineState::Running,
            since: Timestamp::default(),
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
        };
        let scene = Arc::new(Self {
            sampler: Sampler::default(),
            clock: Clock::starting_at(Timestamp::from_unix(1000)),
            plain,
            taken: AtomicUsize::new(0),
            number: AtomicUsize::new(0),
        });
        let run = Arc::clone(&scene);
        let task = tokio::spawn(async move { run.sampler.run(&*run).await });
        (scene, task)
    }

    fn watch(&self) -> Viewing {
        self.sampler.watch(self)
    }

    fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    fn change(&self) {
        self.number.fetch_add(1, Ordering::Relaxed);
    }
}

async fn seconds(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

/// How often a viewer is told of something new in this time.
async fn told(viewing: &mut Viewing, span: Duration) -> usize {
    let end = Instant::now() + span;
    let mut times = 0;
    while tokio::time::timeout_at(end, viewing.changed()).await.is_ok_and(|goes_on| goes_on) {
        times += 1;
    }
    times
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sampled_while_nobody_watches() {
    let (scene, _task) = Scene::start();
    seconds(60).await;
    assert_eq!(scene.taken(), 0);
    let (one, other) = (scene.watch(), scene.watch());
    seconds(1).await;
    drop(one);
    let with_two = scene.taken();
    seconds(1).await;
    assert!(scene.taken() > with_two, "one of two still watches");
    drop(other);
    seconds(1).await;
    let afterwards = scene.taken();
    seconds(60).await;
    assert_eq!(scene.taken(), afterwards);
    let _again = scene.watch();
    seconds(1).await;
    assert!(scene.taken() > afterwards + 5);
}

#[tokio::test(start_paused = true)]
async fn where_nothing_happens_there_is_a_version_a_second() {
    let (scene, _task) = Scene::start();
    let mut viewing = scene.watch();
    let times = told(&mut viewing, Duration::from_secs(20)).await;
    assert!((19..=20).contains(&times), "{times}");
}

#[tokio::test(start_paused = true)]
async fn however_much_happens_there_are_no_more_than_ten_versions_a_second() {
    let (scene, _task) = Scene::start();
    let mut viewing = scene.watch();
    let changes = Arc::clone(&scene);
    tokio::spawn(async move {
        loop {
            changes.change();
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    let times = told(&mut viewing, Duration::from_secs(10)).await;
    assert!((98..=100).contains(&times), "{times}");
}

#[tokio::test(start_paused = true)]
async fn what_changes_is_shown_within_the_gap() {
    let (scene, _task) = Scene::start();
    let mut viewing = scene.watch();
    seconds(1).await;
    viewing.changed().await;
    scene.change();
    assert!(tokio::time::timeout(GAP * 2, viewing.changed()).await.unwrap());
    assert_eq!(viewing.latest().badmail, 1);
}

#[tokio::test(start_paused = true)]
async fn a_slow_viewer_skips_versions() {
    let (scene, _task) = Scene::start();
    let mut viewing = scene.watch();
    for _ in 0..50 {
        scene.change();
        tokio::time::sleep(GAP).await;
    }
    tokio::time::sleep(GAP / 2).await;
    assert!(viewing.changed().await);
    assert_eq!(viewing.latest().badmail, 50, "all that it missed is in one");
    assert!(tokio::time::timeout(GAP / 4, viewing.changed()).await.is_err(), "there is nothing older to come");
}

#[tokio::test(start_paused = true)]
async fn a_late_watcher_gets_the_picture_that_the_others_see() {
    let (scene, _task) = Scene::start();
    let first = scene.watch();
    scene.change();
    seconds(2).await;
    let taken = scene.taken();
    let late = scene.watch();
    assert_eq!(late.latest().badmail, 1);
    assert!(Arc::ptr_eq(&late.latest(), &first.latest()));
    assert!(Arc::ptr_eq(&scene.sampler.latest(&*scene), &first.latest()));
    assert_eq!(scene.taken(), taken);
}

#[tokio::test(start_paused = true)]
async fn who_comes_back_sees_what_happened_meanwhile() {
    let (scene, _task) = Scene::start();
    drop(scene.watch());
    scene.change();
    assert_eq!(scene.watch().latest().badmail, 1);
    scene.change();
    assert_eq!(scene.sampler.latest(&*scene).badmail, 2, "also who does not stay");
}

#[tokio::test(start_paused = true)]
async fn those_who_watch_are_told_when_the_engine_is_gone() {
    let (scene, _task) = Scene::start();
    let mut viewing = scene.watch();
    scene.sampler.end();
    assert!(!viewing.changed().await);
    assert_eq!(viewing.latest().badmail, 0, "what was seen last stays");
    let mut late = scene.watch();
    assert_eq!(late.latest().badmail, 0);
    assert!(!late.changed().await);
}
