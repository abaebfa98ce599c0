//! `base:`, by which one scenario builds upon another.

use super::tree::{Map, Node, Value};

/// Lays `child` over `base`.
///
/// Mappings merge key by key, to any depth; a `null` in the child removes the key; everything
/// else in the child replaces what the base has. Keys keep the order of the base, new ones
/// follow. Every value keeps the place of the file that it came from. Linear in both.
pub(crate) fn overlay(base: Node, child: Node) -> Node {
    match (base, child) {
        (
            Node { value: Value::Map(base), .. },
            Node { value: Value::Map(child), mark, used_at },
        ) => Node { mark, used_at, value: Value::Map(overlay_maps(base, child)) },
        (_, child) => child,
    }
}

fn overlay_maps(base: Map, child: Map) -> Map {
    let mut index: std::collections::HashMap<String, usize> =
        base.entries.iter().enumerate().map(|(at, entry)| (entry.key.text.clone(), at)).collect();
    let mut slots: Vec<Option<super::tree::Entry>> = base.entries.into_iter().map(Some).collect();
    for mut entry in child.entries {
        match index.remove(&entry.key.text) {
            Some(at) if matches!(entry.value.value, Value::Null) => slots[at] = None,
            Some(at) => {
                if let Some(below) = slots[at].take() {
                    entry.value = overlay(below.value, entry.value);
                }
                slots[at] = Some(entry);
            }
            None => slots.push(Some(entry)),
        }
    }
    Map { entries: slots.into_iter().flatten().collect() }
}
