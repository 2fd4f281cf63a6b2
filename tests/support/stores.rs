//! Stores for tests: a disk that forgets what was not synced when its power is cut, and a store that fails or dies
//! at a chosen operation.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a helper of tests fails by panicking")]

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, Condvar, Mutex};
use std::time::Duration;

use mailroot::queue::{Access, Entry, Folder, Kind, Stamp, Store, StoredFile};

/// Octets a disk writes as a whole, whatever happens.
const SECTOR: usize = 512;

/// A disk in memory. It keeps apart what programs see and what would survive a power cut.
#[derive(Clone)]
pub(crate) struct Disk {
    state: Arc<Mutex<State>>,
    is_synced: bool,
}

#[derive(Default, Clone)]
struct State {
    files: HashMap<u64, Inode>,
    folders: HashMap<Folder, Names>,
    made: u64,
    is_locked: bool,
}

#[derive(Default, Clone)]
struct Inode {
    seen: Vec<u8>,
    safe: Vec<u8>,
    modified: i64,
}

#[derive(Default, Clone)]
struct Names {
    seen: BTreeMap<OsString, u64>,
    safe: BTreeMap<OsString, u64>,
    /// Each name that was given, or taken away, since the last sync.
    unsafe_changes: Vec<(OsString, Option<u64>)>,
}

impl Disk {
    pub(crate) fn new() -> Self {
        Self { state: Arc::default(), is_synced: true }
    }

    /// A disk whose syncs do nothing.
    pub(crate) fn without_sync() -> Self {
        Self { is_synced: false, ..Self::new() }
    }

    /// What is left after a power cut: of everything that was not synced, an arbitrary part.
    pub(crate) fn after_power_cut(&self, seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut state = self.state.lock().unwrap().clone();
        state.is_locked = false;
        let mut folders: Vec<_> = state.folders.iter_mut().collect();
        folders.sort_by_key(|(folder, _)| format!("{folder:?}"));
        for (_, names) in folders {
            for (name, change) in std::mem::take(&mut names.unsafe_changes) {
                if random.bool() {
                    set(&mut names.safe, name, change);
                }
            }
            names.seen = names.safe.clone();
        }
        let mut files: Vec<_> = state.files.iter_mut().collect();
        files.sort_by_key(|(number, _)| **number);
        for (_, file) in files {
            file.seen = survivor(file, &mut random);
            file.safe = file.seen.clone();
        }
        Self { state: Arc::new(Mutex::new(state)), is_synced: self.is_synced }
    }

    pub(crate) fn names(&self, folder: Folder) -> Vec<String> {
        let state = self.state.lock().unwrap();
        let names = state.folders.get(&folder).map(|names| names.seen.keys().cloned().collect()).unwrap_or_default();
        let names: Vec<OsString> = names;
        names.into_iter().map(|name| name.into_string().unwrap()).collect()
    }

    /// Puts octets in the place of a file's behind everybody's back.
    pub(crate) fn spoil(&self, folder: Folder, name: &str, content: &[u8]) {
        let mut state = self.state.lock().unwrap();
        let file = state.find(folder, OsStr::new(name)).unwrap();
        state.files.get_mut(&file).unwrap().seen = content.to_vec();
    }

    /// Puts octets in the place of a file's, as a person might.
    pub(crate) fn overwrite(&self, folder: Folder, name: &str, content: &[u8]) {
        let mut state = self.state.lock().unwrap();
        let file = state.find(folder, OsStr::new(name)).unwrap();
        state.files.get_mut(&file).unwrap().seen.clear();
        state.write(file, content, 0);
    }

    pub(crate) fn read(&self, folder: Folder, name: &str) -> Vec<u8> {
        let state = self.state.lock().unwrap();
        state.files[&state.folders[&folder].seen[OsStr::new(name)]].seen.clone()
    }
}

/// The content of a file after a power cut: sector by sector the old or the new one, and perhaps not all of it.
fn survivor(file: &Inode, random: &mut fastrand::Rng) -> Vec<u8> {
    if file.seen == file.safe || random.u8(..4) == 0 {
        return file.safe.clone();
    }
    let mut content = file.seen.clone();
    for (number, sector) in content.chunks_mut(SECTOR).enumerate() {
        if random.bool() {
            let at = number * SECTOR;
            for (offset, octet) in sector.iter_mut().enumerate() {
                *octet = file.safe.get(at + offset).copied().unwrap_or(0);
            }
        }
    }
    // The length on disk grows by whole sectors.
    if content.len() > file.safe.len() && random.bool() {
        let length = random.usize(file.safe.len()..=content.len());
        content.truncate((length - length % SECTOR).max(file.safe.len()));
    }
    content
}

fn set(names: &mut BTreeMap<OsString, u64>, name: OsString, file: Option<u64>) {
    match file {
        Some(file) => names.insert(name, file),
        None => names.remove(&name),
    };
}

impl State {
    fn find(&self, folder: Folder, name: &OsStr) -> io::Result<u64> {
        let names = self.folders.get(&folder).ok_or(io::ErrorKind::NotFound)?;
        names.seen.get(name).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn name(&mut self, folder: Folder, name: &OsStr, file: Option<u64>) {
        let names = self.folders.get_mut(&folder).unwrap();
        set(&mut names.seen, name.to_owned(), file);
        names.unsafe_changes.push((name.to_owned(), file));
    }

    fn stamp(&self, file: u64) -> Stamp {
        let file = &self.files[&file];
        Stamp { modified: file.modified, size: file.seen.len() as u64 }
    }

    fn write(&mut self, file: u64, bytes: &[u8], at: usize) {
        self.made += 1;
        let modified = i64::try_from(self.made).unwrap();
        let file = self.files.get_mut(&file).unwrap();
        file.modified = modified;
        if file.seen.len() < at + bytes.len() {
            file.seen.resize(at + bytes.len(), 0);
        }
        file.seen[at..at + bytes.len()].copy_from_slice(bytes);
    }

    fn rename(&mut self, from: (Folder, &OsStr), to: (Folder, &OsStr)) -> io::Result<()> {
        let file = self.find(from.0, from.1)?;
        self.name(to.0, to.1, Some(file));
        self.name(from.0, from.1, None);
        Ok(())
    }
}

impl Store for Disk {
    fn place(&self) -> String {
        "memory".to_owned()
    }

    fn prepare(&self) -> io::Result<()> {
        let mut state = self.state.lock().unwrap();
        for folder in Folder::ALL {
            state.folders.entry(folder).or_default();
        }
        Ok(())
    }

    fn lock(&self) -> io::Result<Option<Box<dyn Send + Sync>>> {
        struct Unlock(Arc<Mutex<State>>);
        impl Drop for Unlock {
            fn drop(&mut self) {
                self.0.lock().unwrap().is_locked = false;
            }
        }
        let was_locked = std::mem::replace(&mut self.state.lock().unwrap().is_locked, true);
        Ok((!was_locked).then(|| Box::new(Unlock(Arc::clone(&self.state))) as Box<dyn Send + Sync>))
    }

    fn create(&self, folder: Folder, name: &OsStr) -> io::Result<Box<dyn StoredFile>> {
        let mut state = self.state.lock().unwrap();
        if state.find(folder, name).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        state.made += 1;
        let file = state.made;
        state.files.insert(file, Inode::default());
        state.name(folder, name, Some(file));
        Ok(Box::new(OpenFile { disk: self.clone(), file, end: 0 }))
    }

    fn open(&self, folder: Folder, name: &OsStr, _: Access) -> io::Result<(Box<dyn StoredFile>, Stamp)> {
        let state = self.state.lock().unwrap();
        let file = state.find(folder, name)?;
        Ok((Box::new(OpenFile { disk: self.clone(), file, end: 0 }), state.stamp(file)))
    }

    fn stat(&self, folder: Folder, name: &OsStr) -> io::Result<Stamp> {
        let state = self.state.lock().unwrap();
        Ok(state.stamp(state.find(folder, name)?))
    }

    fn list(&self, folder: Folder, each: &mut dyn FnMut(Entry)) -> io::Result<()> {
        let names: Vec<_> = {
            let state = self.state.lock().unwrap();
            state.folders.get(&folder).ok_or(io::ErrorKind::NotFound)?.seen.keys().cloned().collect()
        };
        for name in names {
            each(Entry { name, kind: Kind::File });
        }
        Ok(())
    }

    fn publish(&self, from: (Folder, &OsStr), to: (Folder, &OsStr)) -> io::Result<()> {
        let mut state = self.state.lock().unwrap();
        if state.find(to.0, to.1).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        state.rename(from, to)
    }

    fn replace(&self, from: (Folder, &OsStr), to: (Folder, &OsStr)) -> io::Result<()> {
        self.state.lock().unwrap().rename(from, to)
    }

    fn remove(&self, folder: Folder, name: &OsStr) -> io::Result<()> {
        let mut state = self.state.lock().unwrap();
        state.find(folder, name)?;
        state.name(folder, name, None);
        Ok(())
    }

    fn sync_folder(&self, folder: Folder) -> io::Result<()> {
        if self.is_synced {
            let mut state = self.state.lock().unwrap();
            let names = state.folders.get_mut(&folder).ok_or(io::ErrorKind::NotFound)?;
            names.safe = names.seen.clone();
            names.unsafe_changes.clear();
        }
        Ok(())
    }

    fn space(&self) -> io::Result<(u64, u64)> {
        Ok((1 << 30, 1 << 30))
    }
}

struct OpenFile {
    disk: Disk,
    file: u64,
    end: usize,
}

impl StoredFile for OpenFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.disk.state.lock().unwrap().write(self.file, bytes, self.end);
        self.end += bytes.len();
        Ok(())
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let state = self.disk.state.lock().unwrap();
        let content = &state.files[&self.file].seen;
        let from = usize::try_from(offset).unwrap().min(content.len());
        let read = buffer.len().min(content.len() - from);
        buffer[..read].copy_from_slice(&content[from..from + read]);
        Ok(read)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.disk.state.lock().unwrap().write(self.file, bytes, usize::try_from(offset).unwrap());
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        if self.disk.is_synced {
            let mut state = self.disk.state.lock().unwrap();
            let file = state.files.get_mut(&self.file).unwrap();
            file.safe = file.seen.clone();
        }
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.sync()
    }

    fn stamp(&self) -> io::Result<Stamp> {
        Ok(self.disk.state.lock().unwrap().stamp(self.file))
    }
}

/// Another store, with faults. Operations are counted from 0 in the order in which they happen.
pub(crate) struct FaultyStore {
    inner: Arc<dyn Store>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    plan: Mutex<Plan>,
    gate: Mutex<Gate>,
    moved: Condvar,
    exit: Mutex<Option<Arc<Barrier>>>,
}

#[derive(Default)]
struct Plan {
    operations: Vec<String>,
    fail: Option<(usize, i32)>,
    fail_kinds: Vec<FailKind>,
    die: Option<usize>,
}

/// Operations of one kind fail.
struct FailKind {
    kind: &'static str,
    errno: i32,
    /// This many are done before the first fails,
    spared: usize,
    /// and so many fail.
    times: usize,
}

/// Holds back syncs of Queue and of the journal.
#[derive(Default)]
struct Gate {
    is_closed: bool,
    waiting: usize,
    passes: usize,
}

impl FaultyStore {
    pub(crate) fn new(inner: impl Store) -> Arc<Self> {
        Arc::new(Self { inner: Arc::new(inner), shared: Arc::default() })
    }

    /// The operation `number` from now on fails once with a system error.
    pub(crate) fn fail_at(&self, number: usize, errno: i32) {
        let mut plan = self.shared.plan.lock().unwrap();
        plan.operations.clear();
        plan.fail = Some((number, errno));
    }

    /// From now on all operations of this kind fail, whatever they are done to.
    pub(crate) fn fail_all(&self, kind: &'static str, errno: i32) {
        self.add(FailKind { kind, errno, spared: 0, times: usize::MAX });
    }

    /// The next operation of this kind fails.
    pub(crate) fn fail_next(&self, kind: &'static str, errno: i32) {
        self.fail_after(0, kind, errno);
    }

    /// The operation of this kind that comes after so many others fails.
    pub(crate) fn fail_after(&self, spared: usize, kind: &'static str, errno: i32) {
        self.add(FailKind { kind, errno, spared, times: 1 });
    }

    fn add(&self, fail: FailKind) {
        self.shared.plan.lock().unwrap().fail_kinds.push(fail);
    }

    /// No kind of operation fails any more.
    pub(crate) fn heal(&self) {
        self.shared.plan.lock().unwrap().fail_kinds.clear();
    }

    /// Waits until so many operations of a kind were done since the plan was made.
    pub(crate) fn wait_for(&self, kind: &str, count: usize) {
        let start = std::time::Instant::now();
        while self.count(kind) < count {
            assert!(
                start.elapsed() < Duration::from_mins(1),
                "{count} of {kind:?} never came: {:?}",
                self.operations()
            );
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// The operation `number` from now on is done by half or not at all, and none succeeds after it.
    pub(crate) fn die_at(&self, number: usize) {
        let mut plan = self.shared.plan.lock().unwrap();
        plan.operations.clear();
        plan.die = Some(number);
    }

    /// What was done since the plan was made.
    pub(crate) fn operations(&self) -> Vec<String> {
        self.shared.plan.lock().unwrap().operations.clone()
    }

    pub(crate) fn count(&self, kind: &str) -> usize {
        let is_of_kind = |operation: &&String| operation.strip_prefix(kind).is_some_and(|rest| !rest.starts_with('_'));
        self.operations().iter().filter(is_of_kind).count()
    }

    /// From now on a sync of Queue or of the journal waits until it is let pass.
    pub(crate) fn close_gate(&self) {
        self.shared.gate.lock().unwrap().is_closed = true;
    }

    pub(crate) fn open_gate(&self) {
        self.shared.gate.lock().unwrap().is_closed = false;
        self.shared.moved.notify_all();
    }

    /// Whoever takes the next file out of Queue meets this barrier twice: when it is gone, and before going on.
    pub(crate) fn hold_up_at_exit(&self) -> Arc<Barrier> {
        let barrier = Arc::new(Barrier::new(2));
        *self.shared.exit.lock().unwrap() = Some(Arc::clone(&barrier));
        barrier
    }

    /// Lets one waiting sync pass.
    pub(crate) fn let_one_pass(&self) {
        self.shared.gate.lock().unwrap().passes += 1;
        self.shared.moved.notify_all();
    }

    /// Waits until a sync waits at the gate.
    pub(crate) fn wait_for_sync(&self) {
        let mut gate = self.shared.gate.lock().unwrap();
        while gate.waiting == 0 {
            let (woken, waited) = self.shared.moved.wait_timeout(gate, Duration::from_mins(1)).unwrap();
            assert!(!waited.timed_out(), "no sync came");
            gate = woken;
        }
    }
}

impl Plan {
    fn fails(&mut self, what: &str) -> Option<i32> {
        // `sync` is no `sync_data`.
        let is_meant = |fail: &&mut FailKind| what.strip_prefix(fail.kind).is_some_and(|rest| !rest.starts_with('_'));
        let fail = self.fail_kinds.iter_mut().filter(|fail| fail.times > 0).find(is_meant)?;
        if fail.spared > 0 {
            fail.spared -= 1;
            return None;
        }
        fail.times -= 1;
        Some(fail.errno)
    }
}

impl Shared {
    /// Counts an operation. `Err` if it is to fail.
    fn step(&self, what: String) -> io::Result<()> {
        let mut plan = self.plan.lock().unwrap();
        let number = plan.operations.len();
        let fails = plan.fails(&what);
        plan.operations.push(what);
        if plan.die.is_some_and(|die| number >= die) {
            return Err(io::Error::other("the machine is off"));
        }
        match (plan.fail, fails) {
            (Some((at, errno)), _) if at == number => Err(io::Error::from_raw_os_error(errno)),
            (_, Some(errno)) => Err(io::Error::from_raw_os_error(errno)),
            _ => Ok(()),
        }
    }

    /// Whether the last operation is the one at which the machine died.
    fn just_died(&self) -> bool {
        let plan = self.plan.lock().unwrap();
        plan.die.is_some_and(|die| plan.operations.len() == die + 1)
    }

    fn pass_exit(&self, folder: Folder) {
        if folder != Folder::Queue {
            return;
        }
        let barrier = self.exit.lock().unwrap().take();
        if let Some(barrier) = barrier {
            barrier.wait();
            barrier.wait();
        }
    }

    fn pass_gate(&self) {
        let mut gate = self.gate.lock().unwrap();
        gate.waiting += 1;
        self.moved.notify_all();
        while gate.is_closed && gate.passes == 0 {
            gate = self.moved.wait(gate).unwrap();
        }
        gate.passes = gate.passes.saturating_sub(1);
        gate.waiting -= 1;
    }
}

fn shown(folder: Folder, name: &OsStr) -> String {
    format!("{folder:?}/{}", name.to_string_lossy())
}

impl Store for FaultyStore {
    fn place(&self) -> String {
        self.inner.place()
    }

    fn prepare(&self) -> io::Result<()> {
        self.shared.step("prepare".to_owned())?;
        self.inner.prepare()
    }

    fn lock(&self) -> io::Result<Option<Box<dyn Send + Sync>>> {
        self.inner.lock()
    }

    fn create(&self, folder: Folder, name: &OsStr) -> io::Result<Box<dyn StoredFile>> {
        self.shared.step(format!("create {}", shown(folder, name)))?;
        let inner = self.inner.create(folder, name)?;
        Ok(Box::new(FaultyFile { inner, shared: Arc::clone(&self.shared), is_spoilt: false.into() }))
    }

    fn open(&self, folder: Folder, name: &OsStr, access: Access) -> io::Result<(Box<dyn StoredFile>, Stamp)> {
        self.shared.step(format!("open {}", shown(folder, name)))?;
        let (inner, stamp) = self.inner.open(folder, name, access)?;
        Ok((Box::new(FaultyFile { inner, shared: Arc::clone(&self.shared), is_spoilt: false.into() }), stamp))
    }

    fn stat(&self, folder: Folder, name: &OsStr) -> io::Result<Stamp> {
        self.shared.step(format!("stat {}", shown(folder, name)))?;
        self.inner.stat(folder, name)
    }

    fn list(&self, folder: Folder, each: &mut dyn FnMut(Entry)) -> io::Result<()> {
        self.shared.step(format!("list {folder:?}"))?;
        self.inner.list(folder, each)
    }

    fn publish(&self, from: (Folder, &OsStr), to: (Folder, &OsStr)) -> io::Result<()> {
        self.shared.step(format!("publish {}", shown(to.0, to.1)))?;
        self.inner.publish(from, to)
    }

    fn replace(&self, from: (Folder, &OsStr), to: (Folder, &OsStr)) -> io::Result<()> {
        self.shared.step(format!("replace {}", shown(to.0, to.1)))?;
        self.inner.replace(from, to)?;
        self.shared.pass_exit(from.0);
        Ok(())
    }

    fn remove(&self, folder: Folder, name: &OsStr) -> io::Result<()> {
        self.shared.step(format!("remove {}", shown(folder, name)))?;
        self.inner.remove(folder, name)?;
        self.shared.pass_exit(folder);
        Ok(())
    }

    fn sync_folder(&self, folder: Folder) -> io::Result<()> {
        self.shared.step(format!("sync_folder {folder:?}"))?;
        if folder == Folder::Queue {
            self.shared.pass_gate();
        }
        self.inner.sync_folder(folder)
    }

    fn space(&self) -> io::Result<(u64, u64)> {
        self.inner.space()
    }
}

struct FaultyFile {
    inner: Box<dyn StoredFile>,
    shared: Arc<Shared>,
    /// A write or sync failed: the queue must not sync this handle any more.
    is_spoilt: AtomicBool,
}

impl FaultyFile {
    fn spoil(&self, done: io::Result<()>) -> io::Result<()> {
        self.is_spoilt.fetch_or(done.is_err(), Ordering::Relaxed);
        done
    }
}

impl StoredFile for FaultyFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let step = self.shared.step("append".to_owned());
        if step.is_err() && self.shared.just_died() {
            self.inner.append(&bytes[..bytes.len() / 2])?;
        }
        self.spoil(step)?;
        self.inner.append(bytes)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.shared.step("read_at".to_owned())?;
        self.inner.read_at(buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let step = self.shared.step("write_at".to_owned());
        self.spoil(step)?;
        self.inner.write_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        assert!(!self.is_spoilt.load(Ordering::Relaxed), "a handle was synced after it had failed");
        let step = self.shared.step("sync".to_owned());
        self.spoil(step)?;
        self.inner.sync()
    }

    fn sync_data(&self) -> io::Result<()> {
        assert!(!self.is_spoilt.load(Ordering::Relaxed), "a handle was synced after it had failed");
        let step = self.shared.step("sync_data".to_owned());
        self.spoil(step)?;
        self.shared.pass_gate();
        self.inner.sync_data()
    }

    fn stamp(&self) -> io::Result<Stamp> {
        self.shared.step("stamp".to_owned())?;
        self.inner.stamp()
    }
}
