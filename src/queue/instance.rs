//! The name of this server among others: random, made once, kept in `.state`.

use std::ffi::OsStr;
use std::io;

use super::core::Core;
use super::store::{Access, Folder};

/// The file that holds it.
const FILE: &str = "instance";
/// Letters and digits in a new one.
const LENGTH: usize = 16;

/// Reads the name, or makes one where there is none that could be ours.
pub(super) fn read_or_make(core: &Core) -> io::Result<String> {
    if let Some(instance) = read(core)? {
        return Ok(instance);
    }
    let instance: String = std::iter::repeat_with(fastrand::alphanumeric).take(LENGTH).collect();
    let mut file = core.temporary()?;
    file.append(instance.as_bytes())?;
    file.append(b"\n")?;
    file.finish()?;
    file.replace(Folder::State, OsStr::new(FILE))?;
    core.store.sync_folder(Folder::State)?;
    Ok(instance)
}

fn read(core: &Core) -> io::Result<Option<String>> {
    let file = match core.store.open(Folder::State, OsStr::new(FILE), Access::Read) {
        Ok((file, _)) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = [0; 64];
    let read = file.read_at(&mut bytes, 0)?;
    let text = bytes[..read].trim_ascii_end();
    let is_ours = (8..=32).contains(&text.len()) && text.iter().all(u8::is_ascii_alphanumeric);
    Ok(is_ours.then(|| text.iter().copied().map(char::from).collect()))
}
