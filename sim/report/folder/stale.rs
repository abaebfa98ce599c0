//! What killed processes leave beside run folders, and how it is told from what a living one writes.

use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// Extension of a folder that is being written.
pub(super) const PARTIAL: &str = "partial";
/// Extension of a folder that was moved aside for a new one.
pub(super) const REPLACED: &str = "replaced";

/// Creates `folder` and locks it. The lock ends with the process, however that ends.
pub(super) fn create_locked(folder: &Path) -> io::Result<Option<File>> {
    loop {
        fs::create_dir(folder)?;
        let lock = match File::open(folder) {
            Ok(lock) => lock,
            // Another process has taken it for a stale one.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(_) => return Ok(None),
        };
        if lock.lock().is_err() {
            return Ok(None);
        }
        // Another process may have taken the folder for a stale one before it was locked.
        if folder.exists() {
            return Ok(Some(lock));
        }
    }
}

/// Removes what dead processes have left in `parent`, and puts back what one had moved aside when
/// it died. Nothing that cannot be told for sure is touched, and no failure is reported: the next
/// run tries again.
pub(super) fn clean(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        match path.file_name().and_then(OsStr::to_str).and_then(left_over) {
            Some((_, PARTIAL)) => {
                // Held until it is gone, so that who has just created it notices.
                if let Some(_held) = hold(&path) {
                    tracing::info!(folder = %path.display(), "removing what a killed run has left");
                    let _ = fs::remove_dir_all(&path);
                }
            }
            Some((name, REPLACED)) => put_back(&path, &parent.join(name)),
            _ => {}
        }
    }
}

/// Name and extension, where `file` is `.NAME.ID.partial` or `.NAME.ID.replaced`.
fn left_over(file: &str) -> Option<(&str, &'static str)> {
    let (rest, extension) = file.strip_prefix('.')?.rsplit_once('.')?;
    let (name, id) = rest.rsplit_once('.')?;
    let extension = [PARTIAL, REPLACED].into_iter().find(|&known| known == extension)?;
    let is_id = !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit());
    (is_id && !name.is_empty()).then_some((name, extension))
}

/// The lock of `folder`, where it is there and no living process holds it.
fn hold(folder: &Path) -> Option<File> {
    File::open(folder).ok().filter(|file| file.try_lock().is_ok())
}

/// Whether a living process holds `folder`.
fn is_held(folder: &Path) -> bool {
    File::open(folder).is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
}

/// Puts `aside` back to `target` where nothing took its place, or removes it, unless the process
/// that moved it is still about to go on: it holds the folder that it had written, under its first
/// name or under that of the target.
fn put_back(aside: &Path, target: &Path) {
    let written: PathBuf = aside.with_extension(PARTIAL);
    if is_held(&written) || is_held(target) {
        return;
    }
    if fs::symlink_metadata(target).is_err() {
        let _ = fs::rename(aside, target);
    } else {
        let _ = fs::remove_dir_all(aside);
    }
}
