//! The folder of a run: written under a temporary name, then renamed, so that a reader never
//! meets half a result.
//!
//! `.NAME.ID.partial` is a folder that process ID still writes. It is locked for as long as the
//! process lives, so that what a killed one has left is known for what it is and removed by the
//! next run into the same place. `.NAME.ID.replaced` is what stood under the name before, where the
//! file system cannot exchange two folders in one step.

mod stale;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A run folder that is still being written.
///
/// Dropped without [`publish`](Self::publish) it removes itself.
#[derive(Debug)]
pub struct Folder {
    temporary: PathBuf,
    target: PathBuf,
    published: bool,
    /// Says to others that the folder is being written; none where the system locks no folders.
    _lock: Option<File>,
}

impl Folder {
    /// Starts a folder that will be `target`, and removes what killed processes have left beside
    /// it.
    ///
    /// The temporary name carries the process id: two runs at once do not meet, and the one
    /// that ends last wins.
    ///
    /// # Errors
    ///
    /// When the folder cannot be created.
    pub fn create(target: &Path) -> io::Result<Self> {
        let name = target.file_name().ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, "the output folder needs a name")
        })?;
        let parent = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        fs::create_dir_all(parent)?;
        stale::clean(parent);
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}.{}", std::process::id(), stale::PARTIAL));
        let temporary = parent.join(hidden);
        if temporary.exists() {
            // Left by a killed process that had our id, on a system that locks no folders.
            fs::remove_dir_all(&temporary)?;
        }
        let lock = stale::create_locked(&temporary)?;
        Ok(Self { temporary, target: target.to_owned(), published: false, _lock: lock })
    }

    /// Where files are written for now.
    pub fn path(&self) -> &Path {
        &self.temporary
    }

    /// Writes a whole file of the folder.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn write(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let mut file = File::create(self.temporary.join(name))?;
        file.write_all(content)?;
        file.sync_all()
    }

    /// Puts the folder into place. A folder of that name is replaced; it holds the same
    /// run, because names carry the hash of the scenario. Of several runs that end at once,
    /// the last one stays. Where the file system can, both folders change places in one step, so
    /// that a kill at any moment leaves the old one or the new one.
    ///
    /// # Errors
    ///
    /// When it cannot be renamed; what stood there is then still, or again, in place.
    pub fn publish(mut self) -> io::Result<PathBuf> {
        let aside = self.temporary.with_extension(stale::REPLACED);
        for attempt in 0.. {
            let Err(error) = fs::rename(&self.temporary, &self.target) else {
                self.published = true;
                discard(&aside);
                break;
            };
            // Only a folder is replaced: a file of that name is somebody's.
            let is_folder = fs::symlink_metadata(&self.target).is_ok_and(|old| old.is_dir());
            if !is_folder || attempt == MOST_ATTEMPTS {
                // Another run may have taken the name meanwhile; then its folder stays.
                let _ = fs::rename(&aside, &self.target);
                return Err(error);
            }
            if exchange(&self.temporary, &self.target).is_ok() {
                // What was replaced is where we were, and goes with us.
                break;
            }
            discard(&aside);
            match fs::rename(&self.target, &aside) {
                Ok(()) => {}
                // Another run has moved it aside at the same time.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.target.clone())
    }
}

/// Renames that are tried while other runs put their folder under the same name.
const MOST_ATTEMPTS: usize = 100;

/// Lets two folders change places in one step.
///
/// # Errors
///
/// Where the system or the file system has no such step, or one of the two is not there.
#[cfg(any(target_os = "linux", target_vendor = "apple"))]
fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Removes a folder that is not needed any more. Nothing can be done about a failure here,
/// and the name of the folder says what it is.
fn discard(folder: &Path) {
    let _ = fs::remove_dir_all(folder);
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.published {
            discard(&self.temporary);
        }
    }
}

#[cfg(test)]
mod tests;
