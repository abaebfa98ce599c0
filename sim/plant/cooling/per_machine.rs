//! The three kinds of machines that a loop has.

use std::ops::{Index, IndexMut};

/// One of each for the fans, the pumps and the chillers of a loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PerMachine<T> {
    /// Fans: cells of a tower, units of a cooler, exhaust fans of a hall.
    pub fans: T,
    /// Pumps; those of chilled and of condenser water in pairs.
    pub pumps: T,
    /// Chillers.
    pub chillers: T,
}

/// A kind of machines of a loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Machine {
    /// Cells of a tower, units of a cooler, exhaust fans of a hall.
    Fan,
    /// Pumps; those of chilled and of condenser water in pairs.
    Pump,
    /// Chillers.
    Chiller,
}

impl Machine {
    /// All of them, in the order in which [`PerMachine::map`] goes through them.
    pub const ALL: [Machine; 3] = [Machine::Fan, Machine::Pump, Machine::Chiller];

    /// What one of them is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fan => "fan",
            Self::Pump => "pump",
            Self::Chiller => "chiller",
        }
    }
}

impl<T> PerMachine<T> {
    /// The same of each.
    #[inline]
    pub fn map<U>(self, mut f: impl FnMut(T) -> U) -> PerMachine<U> {
        PerMachine { fans: f(self.fans), pumps: f(self.pumps), chillers: f(self.chillers) }
    }

    /// The two together.
    #[inline]
    pub fn zip<U>(self, other: PerMachine<U>) -> PerMachine<(T, U)> {
        PerMachine {
            fans: (self.fans, other.fans),
            pumps: (self.pumps, other.pumps),
            chillers: (self.chillers, other.chillers),
        }
    }

    /// A reference to each.
    #[inline]
    pub fn each_ref(&self) -> PerMachine<&T> {
        PerMachine { fans: &self.fans, pumps: &self.pumps, chillers: &self.chillers }
    }

    /// A mutable reference to each.
    #[inline]
    pub fn each_mut(&mut self) -> PerMachine<&mut T> {
        PerMachine { fans: &mut self.fans, pumps: &mut self.pumps, chillers: &mut self.chillers }
    }
}

impl<T> Index<Machine> for PerMachine<T> {
    type Output = T;

    fn index(&self, machine: Machine) -> &T {
        match machine {
            Machine::Fan => &self.fans,
            Machine::Pump => &self.pumps,
            Machine::Chiller => &self.chillers,
        }
    }
}

impl<T> IndexMut<Machine> for PerMachine<T> {
    fn index_mut(&mut self, machine: Machine) -> &mut T {
        match machine {
            Machine::Fan => &mut self.fans,
            Machine::Pump => &mut self.pumps,
            Machine::Chiller => &mut self.chillers,
        }
    }
}
