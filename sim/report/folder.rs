//! The folder of a run: written under a temporary name, then renamed, so that a reader never
//! meets half a result.

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
}

impl Folder {
    /// Starts a folder that will be `target`.
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
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}.partial", std::process::id()));
        let temporary = parent.join(hidden);
        if temporary.exists() {
            // Left by a killed process that had our id.
            fs::remove_dir_all(&temporary)?;
        }
        fs::create_dir(&temporary)?;
        Ok(Self { temporary, target: target.to_owned(), published: false })
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

    /// Renames the folder into place. A folder of that name is replaced; it holds the same
    /// run, because names carry the hash of the scenario. Of several runs that end at once,
    /// the last one stays.
    ///
    /// # Errors
    ///
    /// When it cannot be renamed; what stood there is then still, or again, in place.
    pub fn publish(mut self) -> io::Result<PathBuf> {
        let aside = self.temporary.with_extension("replaced");
        for attempt in 0.. {
            let Err(error) = fs::rename(&self.temporary, &self.target) else { break };
            // Only a folder is replaced: a file of that name is somebody's.
            let is_folder = fs::symlink_metadata(&self.target).is_ok_and(|old| old.is_dir());
            if !is_folder || attempt == MOST_ATTEMPTS {
                // Another run may have taken the name meanwhile; then its folder stays.
                let _ = fs::rename(&aside, &self.target);
                return Err(error);
            }
            discard(&aside);
            match fs::rename(&self.target, &aside) {
                Ok(()) => {}
                // Another run has moved it aside at the same time.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        self.published = true;
        discard(&aside);
        Ok(self.target.clone())
    }
}

/// Renames that are tried while other runs put their folder under the same name.
const MOST_ATTEMPTS: usize = 100;

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
mod tests {
    use super::*;

    #[test]
    fn a_folder_appears_whole_or_not_at_all() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("runs/a");
        let folder = Folder::create(&target).unwrap();
        folder.write("x", b"1").unwrap();
        assert!(!target.exists());
        drop(folder);
        assert_eq!(fs::read_dir(root.path().join("runs")).unwrap().count(), 0);

        let folder = Folder::create(&target).unwrap();
        folder.write("x", b"1").unwrap();
        folder.write("gone", b"1").unwrap();
        folder.publish().unwrap();
        let folder = Folder::create(&target).unwrap();
        folder.write("x", b"2").unwrap();
        assert_eq!(fs::read(target.join("x")).unwrap(), b"1");
        folder.publish().unwrap();
        assert_eq!(fs::read(target.join("x")).unwrap(), b"2");
        assert!(!target.join("gone").exists());
        assert_eq!(fs::read_dir(root.path().join("runs")).unwrap().count(), 1);
    }

    #[test]
    fn a_file_of_that_name_stays() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("a");
        fs::write(&target, "mine").unwrap();
        let folder = Folder::create(&target).unwrap();
        folder.write("x", b"1").unwrap();
        folder.publish().unwrap_err();
        assert_eq!(fs::read(&target).unwrap(), b"mine");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }
}
