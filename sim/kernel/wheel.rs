//! The calendar: a 64-ary radix wheel in front of which a short sorted window runs.
//!
//! A key is `time << 2 | class`. A pending entry is kept in one of three places, and which one
//! follows from its key alone:
//!
//! - **today**: pushed for the instant at which the clock stands. A queue for each class.
//! - **near**: at most `near_last`. A short list, sorted.
//! - **the wheel**: later. Filed under the highest base-64 digit in which the key differs from
//!   `base`: digit position is the level, digit value the slot. Whatever is filed at a lower
//!   level is earlier, so the earliest slot is two bit scans away.
//!
//! When the window is empty the earliest slot is opened. A slot of few entries is sorted and
//! becomes the window; a larger one moves down the wheel first, what is due straight to its own key. Every entry so moves a few times,
//! by copying whole runs of memory, and nothing depends on how times are distributed.
//!
//! Entries of equal key are always in the same place, in the order of their pushes, except that
//! what is pushed for today comes after what was waiting for today. That is all that first in,
//! first out needs, so no entry carries a sequence number.
//!
//! The wheel never opens a slot that begins after the limit of a pop, nor is `base` moved to an entry behind
//! it. If it were, `base` would stand ahead of the clock, and an entry pushed between the two would be filed in
//! the past.

use std::collections::VecDeque;

/// Bits of a digit.
const DIGIT: u32 = 6;
/// Slots of a level, one for each value of a digit.
const SLOTS: usize = 1 << DIGIT;
/// Digits in a key; the last has only four bits.
const LEVELS: usize = 11;
/// Entries of a block.
const BLOCK: usize = 64;
/// The largest slot that is sorted into the window as it is.
const SORTED: usize = 16;
/// The largest one that is sorted by counting.
const RANKED: usize = 8;
/// The window length at which a push sends the window back to the wheel.
const CROWDED: usize = 64;
/// The bits of a key that hold the class.
const CLASS: u64 = 3;
/// No block.
const NONE: u32 = u32::MAX;

/// A priority queue of `(key, item)` with a clock that only runs forward.
#[derive(Clone)]
pub(super) struct Wheel<T> {
    /// The instant of the clock, with the bits of the class clear.
    clock: u64,
    /// Entries in all three places.
    len: usize,
    /// Pushed for the instant of the clock, by class.
    today: [VecDeque<T>; 4],
    /// Entries in `today`.
    today_len: usize,
    /// The window, latest first, and of equal keys the last pushed first.
    near: Vec<Entry<T>>,
    /// What is later is in the wheel.
    near_last: u64,
    /// What the entries of the wheel are filed against.
    base: u64,
    /// Which levels hold an entry.
    levels: u32,
    /// Which slots of each level hold an entry.
    occupied: [u64; LEVELS],
    /// The slots of all levels; empty until the window is first crowded.
    slots: Vec<Slot>,
    /// The blocks that the slots are chains of.
    blocks: Vec<Block<T>>,
    /// The first of the chain of blocks that no slot uses.
    free: u32,
}

#[derive(Debug, Clone, Copy)]
struct Entry<T> {
    key: u64,
    item: T,
}

/// A chain of blocks, all full but the last. A slot that is emptied keeps its first block, so that few
/// entries need a new one. If it gave that back too, the first entry of every slot would need one, and
/// which entries those are is chance, which no processor foresees.
#[derive(Debug, Clone, Copy)]
struct Slot {
    first: u32,
    last: u32,
    len: u32,
}

#[derive(Debug, Clone, Copy)]
struct Block<T> {
    entries: [Entry<T>; BLOCK],
    next: u32,
}

impl Slot {
    const EMPTY: Slot = Slot { first: NONE, last: NONE, len: 0 };
}

impl<T: Copy> Wheel<T> {
    /// An empty wheel at key zero. Allocates nothing.
    pub(super) fn new() -> Self {
        Self {
            clock: 0,
            len: 0,
            today: Default::default(),
            today_len: 0,
            near: Vec::new(),
            near_last: u64::MAX,
            base: 0,
            levels: 0,
            occupied: [0; LEVELS],
            slots: Vec::new(),
            blocks: Vec::new(),
            free: NONE,
        }
    }

    /// The instant of the clock, as the key of its first class.
    pub(super) fn clock(&self) -> u64 {
        self.clock
    }

    /// Entries pushed and not popped.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.len
    }

    /// Adds an entry. Its key may be below the last one popped, but not its instant below the
    /// clock.
    #[inline]
    pub(super) fn push(&mut self, key: u64, item: T) {
        debug_assert!(key >= self.clock, "key {key} lies before the clock {}", self.clock);
        self.len += 1;
        if key & !CLASS == self.clock {
            self.today[(key & CLASS) as usize].push_back(item);
            self.today_len += 1;
        } else if key > self.near_last {
            self.file(Entry { key, item });
        } else {
            self.push_near(Entry { key, item });
        }
    }

    /// Adds an entry of the window.
    #[inline(never)]
    fn push_near(&mut self, entry: Entry<T>) {
        if self.near.len() < CROWDED {
            let place = self.near.partition_point(|other| other.key > entry.key);
            self.near.insert(place, entry);
        } else {
            self.retreat();
            self.file(entry);
        }
    }

    /// Takes the earliest entry, if its key is at most `limit`, and sets the clock to its
    /// instant. Otherwise sets the clock to the instant of `limit`, unless it is later already.
    #[inline]
    pub(super) fn pop(&mut self, limit: u64) -> Option<(u64, T)> {
        if self.today_len > 0 {
            let class = self.today.iter().position(|queue| !queue.is_empty())?;
            let key = self.clock | class as u64;
            if self.near.last().is_none_or(|entry| entry.key > key) {
                if key > limit {
                    return None;
                }
                let item = self.today[class].pop_front()?;
                self.today_len -= 1;
                self.forget_one();
                return Some((key, item));
            }
        } else if self.near.is_empty() && !self.open(limit) {
            self.clock = self.clock.max(limit & !CLASS);
            return None;
        }
        match self.near.pop_if(|entry| entry.key <= limit) {
            Some(Entry { key, item }) => {
                self.clock = key & !CLASS;
                self.forget_one();
                Some((key, item))
            }
            None => {
                self.clock = self.clock.max(limit & !CLASS);
                None
            }
        }
    }

    /// The earliest key whose item satisfies `wanted`. Usually the first entry of the window;
    /// where the window is empty, every entry of a slot is looked at.
    pub(super) fn earliest(&self, wanted: impl Fn(&T) -> bool) -> Option<u64> {
        let today = self.today.iter().position(|queue| queue.iter().any(&wanted));
        let today = today.map(|class| self.clock | class as u64);
        let near = self.near.iter().rev().find(|entry| wanted(&entry.item)).map(|entry| entry.key);
        match (today, near) {
            (Some(today), Some(near)) => Some(today.min(near)),
            (None, None) => self.earliest_filed(wanted),
            (one, other) => one.or(other),
        }
    }

    /// Removes the entries whose item `keep` rejects. Looks at every entry.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        for queue in &mut self.today {
            queue.retain(&mut keep);
        }
        self.today_len = self.today.iter().map(VecDeque::len).sum();
        self.near.retain(|entry| keep(&entry.item));
        self.len = self.today_len + self.near.len();
        for level in 0..LEVELS {
            let mut occupied = self.occupied[level];
            while occupied != 0 {
                let place = occupied.trailing_zeros() as usize;
                occupied &= occupied - 1;
                let mut slot = self.vacate(level, place);
                while slot.len > 0 {
                    let (block, count) = self.take_block(&mut slot);
                    for i in 0..count {
                        let entry = self.blocks[block].entries[i];
                        if keep(&entry.item) {
                            self.append(level, place, entry);
                            self.len += 1;
                        }
                    }
                    self.release(block, level, place);
                }
            }
        }
        self.rewind_if_empty();
    }

    fn forget_one(&mut self) {
        self.len -= 1;
        self.rewind_if_empty();
    }

    /// With nothing pending the window may as well be the whole future: what holds only a few
    /// entries at a time then never touches the wheel.
    fn rewind_if_empty(&mut self) {
        if self.len == 0 {
            self.near_last = u64::MAX;
        }
    }

    /// Narrows the window to the instant of the clock and files the rest of it.
    #[cold]
    fn retreat(&mut self) {
        self.base = self.clock;
        self.near_last = self.clock | CLASS;
        let later = self.near.partition_point(|entry| entry.key > self.near_last);
        for i in (0..later).rev() {
            self.file(self.near[i]);
        }
        self.near.drain(..later);
    }

    /// Makes the earliest slot the window, which must be empty. Refuses, with `false`, where
    /// that slot begins after `limit`.
    #[inline(never)]
    fn open(&mut self, limit: u64) -> bool {
        while self.levels != 0 {
            let level = self.levels.trailing_zeros() as usize;
            let place = self.occupied[level].trailing_zeros() as usize;
            let start = self.start(level, place);
            if start > limit {
                return false;
            }
            if level == 0 {
                // Slots of level 0 hold one key each. The classes of an instant are opened
                // together, so that what is pushed for that instant later can be put in `today`.
                self.base = start & !CLASS;
                self.near_last = start | CLASS;
                let end = (place | CLASS as usize) + 1;
                for place in place..end {
                    if self.occupied[0] >> place & 1 == 1 {
                        self.pour(0, place);
                    }
                }
                self.near.reverse();
                return true;
            }
            self.base = start;
            let slot = self.slots[level * SLOTS + place];
            if slot.len <= SORTED as u32 {
                self.near_last = start | below(level);
                self.pour_sorted(level, place);
                return true;
            }
            // What is due now is filed at its own key at once: the machines of a hall, which all act at one
            // instant, do not stop at every level.
            let earliest = self.keys(slot).min().unwrap_or(start);
            if earliest <= limit {
                self.base = earliest & !CLASS;
            }
            self.cascade(level, place);
        }
        false
    }

    /// The keys of a slot, in the order of their pushes.
    fn keys(&self, mut slot: Slot) -> impl Iterator<Item = u64> + '_ {
        let blocks = std::iter::from_fn(move || {
            let block = self.blocks.get(slot.first as usize).filter(|_| slot.len > 0)?;
            let count = slot.len.min(BLOCK as u32);
            slot = Slot { first: block.next, len: slot.len - count, ..slot };
            Some(&block.entries[..count as usize])
        });
        blocks.flatten().map(|entry| entry.key)
    }

    /// Files the entries of a slot anew, against the `base` that has moved into it.
    fn cascade(&mut self, level: usize, place: usize) {
        let mut slot = self.vacate(level, place);
        while slot.len > 0 {
            let (block, count) = self.take_block(&mut slot);
            for i in 0..count {
                self.file(self.blocks[block].entries[i]);
            }
            self.release(block, level, place);
        }
    }

    /// Appends the entries of a slot to the window, in the order of their pushes.
    fn pour(&mut self, level: usize, place: usize) {
        let mut slot = self.vacate(level, place);
        while slot.len > 0 {
            let (block, count) = self.take_block(&mut slot);
            self.near.extend_from_slice(&self.blocks[block].entries[..count]);
            self.release(block, level, place);
        }
    }

    /// Makes a slot of few entries the window, which is empty.
    fn pour_sorted(&mut self, level: usize, place: usize) {
        let slot = self.vacate(level, place);
        let entries = &self.blocks[slot.first as usize].entries;
        let len = slot.len as usize;
        if len > RANKED {
            self.near.extend(entries[..len].iter().rev());
            self.near.sort_by_key(|entry| std::cmp::Reverse(entry.key));
            return;
        }
        // Times are chance, which no processor foresees: the place of each entry is counted, without a
        // branch that depends on a time or on how many there are. What lies behind the last one in the
        // block takes a key of 0, which no filed one has, and so counts as popped before all.
        let keys: [u64; RANKED] = std::array::from_fn(|i| if i < len { entries[i].key } else { 0 });
        self.near.resize(RANKED, entries[0]);
        for i in 0..RANKED {
            let later = (0..i).map(|j| usize::from(keys[j] > keys[i])).sum::<usize>();
            let not_sooner =
                (i + 1..RANKED).map(|j| usize::from(keys[j] >= keys[i])).sum::<usize>();
            self.near[later + not_sooner] = entries[i];
        }
        self.near.truncate(len);
    }

    /// The earliest key in the wheel whose item is wanted.
    fn earliest_filed(&self, wanted: impl Fn(&T) -> bool) -> Option<u64> {
        for level in 0..LEVELS {
            let mut occupied = self.occupied[level];
            while occupied != 0 {
                let place = occupied.trailing_zeros() as usize;
                occupied &= occupied - 1;
                let mut slot = self.slots[level * SLOTS + place];
                let mut earliest = None;
                while slot.len > 0 {
                    let block = &self.blocks[slot.first as usize];
                    let count = slot.len.min(BLOCK as u32);
                    let keys = block.entries[..count as usize]
                        .iter()
                        .filter(|entry| wanted(&entry.item))
                        .map(|entry| entry.key);
                    earliest = keys.chain(earliest).min();
                    slot.len -= count;
                    slot.first = block.next;
                }
                if earliest.is_some() {
                    return earliest;
                }
            }
        }
        None
    }

    /// Files an entry that is later than the window, and so than the start: a filed key is never 0.
    fn file(&mut self, entry: Entry<T>) {
        debug_assert!(entry.key > 0, "what is due at the start is due at once");
        if self.slots.is_empty() {
            self.slots = vec![Slot::EMPTY; LEVELS * SLOTS];
        }
        let differs = (entry.key ^ self.base) | 1;
        let level = (differs.ilog2() / DIGIT) as usize;
        let place = (entry.key >> (level as u32 * DIGIT)) as usize % SLOTS;
        self.append(level, place, entry);
    }

    #[inline]
    fn append(&mut self, level: usize, place: usize, entry: Entry<T>) {
        let index = level * SLOTS + place;
        let Slot { first, last, len } = self.slots[index];
        let within = len as usize % BLOCK;
        if (within == 0) & ((len > 0) | (first == NONE)) {
            self.extend(index, entry);
        } else {
            self.blocks[last as usize].entries[within] = entry;
        }
        self.slots[index].len += 1;
        self.occupied[level] |= 1 << place;
        self.levels |= 1 << level;
    }

    /// Adds a block with one entry to the chain of a slot.
    #[cold]
    fn extend(&mut self, index: usize, entry: Entry<T>) {
        let block = self.acquire(entry);
        let slot = &mut self.slots[index];
        if slot.first == NONE {
            slot.first = block;
        } else {
            self.blocks[slot.last as usize].next = block;
        }
        slot.last = block;
    }

    /// Empties a slot and returns what was its chain, whose blocks are to be released.
    fn vacate(&mut self, level: usize, place: usize) -> Slot {
        self.occupied[level] &= !(1 << place);
        if self.occupied[level] == 0 {
            self.levels &= !(1 << level);
        }
        let slot = &mut self.slots[level * SLOTS + place];
        let chain = *slot;
        (slot.last, slot.len) = (slot.first, 0);
        chain
    }

    /// Takes the first block off a chain: its index and the count of its entries.
    fn take_block(&mut self, chain: &mut Slot) -> (usize, usize) {
        let block = chain.first as usize;
        let count = chain.len.min(BLOCK as u32);
        chain.len -= count;
        chain.first = self.blocks[block].next;
        (block, count as usize)
    }

    /// A block whose first entry is `entry`.
    fn acquire(&mut self, entry: Entry<T>) -> u32 {
        if self.free == NONE {
            if self.blocks.len() == self.blocks.capacity() {
                // In steps of a quarter: doubling would cost up to twice the memory.
                self.blocks.reserve_exact(self.blocks.len() / 4 + 1);
            }
            self.blocks.push(Block { entries: [entry; BLOCK], next: NONE });
            return (self.blocks.len() - 1) as u32;
        }
        let block = self.free;
        self.free = self.blocks[block as usize].next;
        self.blocks[block as usize].next = NONE;
        self.blocks[block as usize].entries[0] = entry;
        block
    }

    /// Gives back a block that was taken from a slot, unless the slot keeps it.
    fn release(&mut self, block: usize, level: usize, place: usize) {
        if self.slots[level * SLOTS + place].first as usize != block {
            self.blocks[block].next = self.free;
            self.free = block as u32;
        }
    }

    /// The first key of a slot.
    fn start(&self, level: usize, place: usize) -> u64 {
        (self.base & !below(level + 1)) | (place as u64) << (level as u32 * DIGIT)
    }
}

/// The bits of a key that lie below `level`.
fn below(level: usize) -> u64 {
    u64::MAX.checked_shr(64_u32.saturating_sub(level as u32 * DIGIT)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Step {
        /// Push `count` entries, each `offset`, `offset + stride`, ... keys after the clock.
        Push { offset: u64, stride: u64, count: u64 },
        /// Pop up to `count` entries that lie at most `ahead` after the clock.
        Pop { ahead: u64, count: usize },
        /// Drop the items divisible by `divisor`.
        Retain { divisor: u64 },
        /// Pop everything.
        Drain,
    }

    /// Offsets of every magnitude, small ones above all: a digit is six bits.
    fn offset() -> impl Strategy<Value = u64> {
        prop_oneof![
            4 => 0..4_u64,
            4 => 0..300_u64,
            4 => (0..50_u32, any::<u64>()).prop_map(|(bits, raw)| raw & ((1 << bits) - 1)),
            1 => any::<u64>(),
        ]
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            8 => (offset(), 0..2_u64, 1..4_u64)
                .prop_map(|(offset, stride, count)| Step::Push { offset, stride, count }),
            4 => (offset(), offset(), 1..200_u64)
                .prop_map(|(offset, stride, count)| Step::Push { offset, stride, count }),
            8 => (offset(), 1..100_usize).prop_map(|(ahead, count)| Step::Pop { ahead, count }),
            1 => (2..5_u64).prop_map(|divisor| Step::Retain { divisor }),
            1 => Just(Step::Drain),
        ]
    }

    /// Runs `steps` on the wheel and on an ordered map, and demands the same of both.
    fn agree(steps: &[Step]) {
        let mut wheel = Wheel::new();
        let mut model = BTreeMap::new();
        let mut clock = 0_u64;
        let mut pushed = 0_u64;
        for step in steps {
            match *step {
                Step::Push { offset, stride, count } => {
                    let mut key = clock.saturating_add(offset);
                    for _ in 0..count {
                        wheel.push(key, pushed);
                        model.insert((key, pushed), ());
                        pushed += 1;
                        key = key.saturating_add(stride);
                    }
                }
                Step::Pop { ahead, count } => {
                    let limit = clock.saturating_add(ahead) | CLASS;
                    for _ in 0..count {
                        let expected = model.first_key_value().map(|(&entry, ())| entry);
                        let expected = expected.filter(|&(key, _)| key <= limit);
                        assert_eq!(wheel.earliest(|_| true), first_key(&model));
                        assert_eq!(wheel.pop(limit), expected);
                        clock = expected.map_or(limit, |(key, _)| key) & !CLASS;
                        assert_eq!(wheel.clock(), clock);
                        match expected {
                            Some(entry) => model.remove(&entry),
                            None => break,
                        };
                    }
                }
                Step::Retain { divisor } => {
                    wheel.retain(|item| item % divisor != 0);
                    model.retain(|(_, item), ()| item % divisor != 0);
                }
                Step::Drain => {
                    while let Some(((key, item), ())) = model.pop_first() {
                        assert_eq!(wheel.pop(u64::MAX), Some((key, item)));
                        clock = key & !CLASS;
                    }
                }
            }
            assert_eq!(wheel.len(), model.len());
            assert_eq!(wheel.earliest(|_| true), first_key(&model));
            let odd = model.keys().find(|(_, item)| item % 2 == 1).map(|&(key, _)| key);
            assert_eq!(wheel.earliest(|item| item % 2 == 1), odd);
        }
    }

    fn first_key(model: &BTreeMap<(u64, u64), ()>) -> Option<u64> {
        model.first_key_value().map(|(&(key, _), ())| key)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

        #[test]
        fn pops_what_an_ordered_map_pops(steps in prop::collection::vec(step(), 1..60)) {
            agree(&steps);
        }
    }

    #[test]
    fn an_entry_pushed_between_clock_and_slot_is_not_lost() {
        // A look past the horizon must not move `base`: the slot of key 2^40 begins later.
        let mut wheel = Wheel::new();
        for item in 0..200 {
            wheel.push((1 << 40) + item * 1000, item);
        }
        assert_eq!(wheel.pop(1 << 20 | CLASS), None);
        wheel.push(1 << 21, 777);
        assert_eq!(wheel.pop(u64::MAX), Some((1 << 21, 777)));
    }

    #[test]
    fn the_pool_does_not_grow_with_simulated_time() {
        let mut wheel = Wheel::new();
        for item in 0..5000_u64 {
            wheel.push(item * 7919, item);
        }
        let mut sizes = Vec::new();
        for _ in 0..10 {
            for _ in 0..50_000 {
                let (key, item) = wheel.pop(u64::MAX).unwrap();
                wheel.push(key + 1 + item.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 80_000_000, item);
            }
            sizes.push(wheel.blocks.len());
        }
        assert!(sizes[9] <= sizes[1] + sizes[1] / 10, "blocks in use over time: {sizes:?}");
    }

    #[test]
    fn a_pending_entry_takes_at_most_24_bytes() {
        let mut wheel = Wheel::new();
        let entries = 200_000_u64;
        for item in 0..entries {
            // Multiples of the golden ratio: even over the whole range and never in order.
            wheel.push(item.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20, item);
        }
        let bytes = wheel.blocks.capacity() * size_of::<Block<u64>>()
            + wheel.slots.capacity() * size_of::<Slot>()
            + wheel.near.capacity() * size_of::<Entry<u64>>();
        assert!(bytes as u64 <= 24 * entries, "{bytes} bytes for {entries} entries");
    }

    #[test]
    fn a_block_holds_entries_of_sixteen_bytes() {
        assert_eq!(size_of::<Entry<u64>>(), 16);
        assert_eq!(size_of::<Block<u64>>(), 16 * BLOCK + 8);
    }
}
