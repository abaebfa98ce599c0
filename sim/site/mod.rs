//! The site graph: one topology shared by power and cooling.
//!
//! Every thing on the site is one node, whether it passes power on, carries heat away or takes
//! both; edges say who feeds whom and who cools whom. The graph knows names, roles and
//! connections and nothing of watts or temperatures: it answers what can reach what, and what
//! depends on a single thing.
//!
//! * [`SiteBuilder`] collects nodes and edges and refuses what cannot work.
//! * [`Site`] answers questions of reach, in a fixed order.
//! * [`SinglePoint`] is a thing whose loss alone takes power or cooling from racks.

pub use build::SiteBuilder;
pub use graph::{Concern, Edge, GroupId, Medium, Node, NodeId, Role, Site, SiteFault};
pub use weak::SinglePoint;

mod build;
mod graph;
mod weak;
