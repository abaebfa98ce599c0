use super::*;

/// The names of everything in `folder`, in order.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

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

/// What dead processes left goes, what a living one writes and what is no left-over stays.
#[cfg(unix)]
#[test]
fn the_next_run_cleans_up_after_killed_ones() {
    let root = tempfile::tempdir().unwrap();
    let make = |name: &str| {
        fs::create_dir(root.path().join(name)).unwrap();
        fs::write(root.path().join(name).join("x"), name).unwrap();
    };
    for name in [".a-1.17.partial", ".b.18.partial", ".partial", ".b.me.partial", ".b.partial"] {
        make(name);
    }
    let living = Folder::create(&root.path().join("living")).unwrap();
    let folder = Folder::create(&root.path().join("a")).unwrap();
    let own = |name: &str| format!(".{name}.{}.partial", std::process::id());
    let mut left = [".b.me.partial", ".b.partial", ".partial"].map(str::to_owned).to_vec();
    left.extend([own("a"), own("living")]);
    left.sort();
    assert_eq!(names(root.path()), left);
    living.publish().unwrap();
    folder.publish().unwrap();
}

/// A process killed between two renames has left nothing under the name: the old folder returns.
#[cfg(unix)]
#[test]
fn what_was_moved_aside_is_put_back() {
    let root = tempfile::tempdir().unwrap();
    let write = |name: &str| {
        fs::create_dir(root.path().join(name)).unwrap();
        fs::write(root.path().join(name).join("x"), name).unwrap();
    };
    write(".lost.17.replaced");
    write(".there.17.replaced");
    write("there");
    // One whose process is between its two renames at this moment.
    write(".busy.17.replaced");
    let busy = stale::create_locked(&root.path().join(".busy.17.partial")).unwrap();
    stale::clean(root.path());
    assert_eq!(names(root.path()), [".busy.17.partial", ".busy.17.replaced", "lost", "there"]);
    let read = |name: &str| fs::read_to_string(root.path().join(name).join("x")).unwrap();
    assert_eq!([read("lost"), read("there")], [".lost.17.replaced", "there"]);
    drop(busy);
    stale::clean(root.path());
    assert_eq!(names(root.path()), ["busy", "lost", "there"]);
}

/// In one step: at no moment is there nothing under the name.
#[cfg(target_os = "linux")]
#[test]
fn a_reader_finds_a_folder_at_every_moment() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let root = tempfile::tempdir().unwrap();
    let target = root.path().join("a");
    Folder::create(&target).unwrap().publish().unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let (mut looks, mut missing) = (0, 0);
            while !done.load(Ordering::Relaxed) || looks == 0 {
                looks += 1;
                missing += usize::from(fs::symlink_metadata(&target).is_err());
            }
            missing
        });
        for _ in 0..200 {
            Folder::create(&target).unwrap().publish().unwrap();
        }
        done.store(true, Ordering::Relaxed);
        assert_eq!(reader.join().unwrap(), 0);
    });
    assert_eq!(names(root.path()), ["a"]);
}
