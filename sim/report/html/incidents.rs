//! Chains of cause and effect, as the table `incidents` has them.

use super::super::table::{Columns, NEVER};

/// A chain: its links in order, the first of which is the cause.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Incident {
    pub(super) links: Vec<Link>,
}

/// A link of a chain.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Link {
    pub(super) at: i64,
    /// None where it was still so at the end of the run.
    pub(super) until: Option<i64>,
    pub(super) subject: String,
    pub(super) what: String,
    pub(super) cause: String,
    /// How many units of the subject.
    pub(super) count: f64,
    pub(super) cost: Cost,
}

/// What a link cost; zero where nothing is known of it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Cost {
    pub(super) energy_mwh: f64,
    pub(super) gpu_h: f64,
    pub(super) requests: f64,
    pub(super) jobs: f64,
}

impl Incident {
    /// All chains of the table, in order of their starts.
    pub(super) fn all(table: &Columns) -> Vec<Self> {
        let number = |name: &str, row: usize| {
            let value = table.reals(name).and_then(|values| values.get(row)).copied();
            value.filter(|value| value.is_finite())
        };
        let amount = |name: &str, row: usize| number(name, row).unwrap_or(0.0);
        let time = |name: &str, row: usize| table.times(name).get(row).copied();
        let text = |name: &str, row: usize| table.texts(name).get(row).cloned().unwrap_or_default();
        let mut rows: Vec<(u64, u64, Link)> = (0..table.rows())
            .filter_map(|row| {
                let link = Link {
                    at: time("at_utc", row)?,
                    until: time("until_utc", row).filter(|until| *until != NEVER),
                    subject: text("subject", row),
                    what: text("what", row),
                    cause: text("cause", row),
                    count: amount("count", row),
                    cost: Cost {
                        energy_mwh: amount("energy_mwh", row),
                        gpu_h: amount("gpu_h", row),
                        requests: amount("requests", row),
                        jobs: amount("jobs", row),
                    },
                };
                Some((number("incident", row)? as u64, amount("seq", row) as u64, link))
            })
            .collect();
        rows.sort_by_key(|(incident, seq, _)| (*incident, *seq));
        let mut all: Vec<(u64, Self)> = Vec::new();
        for (incident, _, link) in rows {
            match all.last_mut() {
                Some((known, chain)) if *known == incident => chain.links.push(link),
                _ => all.push((incident, Self { links: vec![link] })),
            }
        }
        let mut all: Vec<Self> = all.into_iter().map(|(_, chain)| chain).collect();
        all.sort_by_key(Self::at);
        all
    }

    /// When it began.
    pub(super) fn at(&self) -> i64 {
        self.links.iter().map(|link| link.at).min().unwrap_or(0)
    }

    /// When its last link ended; the end of the run, `end`, where one did not.
    pub(super) fn until(&self, end: i64) -> i64 {
        self.links.iter().map(|link| link.until.unwrap_or(end)).max().unwrap_or(end)
    }

    /// What all its links cost.
    pub(super) fn cost(&self) -> Cost {
        self.links.iter().fold(Cost::default(), |sum, link| Cost {
            energy_mwh: sum.energy_mwh + link.cost.energy_mwh,
            gpu_h: sum.gpu_h + link.cost.gpu_h,
            requests: sum.requests + link.cost.requests,
            jobs: sum.jobs + link.cost.jobs,
        })
    }

    /// What tells its family: who was struck by what, whatever the times.
    fn family(&self) -> Vec<(String, String)> {
        let links = self.links.iter().map(|link| (link.subject.clone(), link.what.clone()));
        let mut family: Vec<(String, String)> = links.collect();
        family.dedup();
        family
    }
}

/// Incidents of a kind: the longest, and all.
#[derive(Debug)]
pub(super) struct Family<'a> {
    pub(super) longest: &'a Incident,
    pub(super) all: Vec<&'a Incident>,
}

/// `incidents` by family, the longest first; each alone where there are few.
pub(super) fn families(incidents: &[Incident], end: i64) -> Vec<Family<'_>> {
    /// Up to as many are told one by one.
    const FEW: usize = 12;
    let alone = |incident| Family { longest: incident, all: vec![incident] };
    if incidents.len() <= FEW {
        return incidents.iter().map(alone).collect();
    }
    let length = |incident: &Incident| incident.until(end) - incident.at();
    let mut found: Vec<(Vec<(String, String)>, Family<'_>)> = Vec::new();
    for incident in incidents {
        let mine = incident.family();
        match found.iter_mut().find(|(known, _)| *known == mine) {
            Some((_, family)) => {
                if length(incident) > length(family.longest) {
                    family.longest = incident;
                }
                family.all.push(incident);
            }
            None => found.push((mine, alone(incident))),
        }
    }
    let mut families: Vec<Family<'_>> = found.into_iter().map(|(_, family)| family).collect();
    families.sort_by_key(|family| -length(family.longest));
    families
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(subject: &str, what: &str, at: i64, until: Option<i64>) -> Link {
        Link {
            at,
            until,
            subject: subject.to_owned(),
            what: what.to_owned(),
            cause: "random".to_owned(),
            count: 1.0,
            cost: Cost { energy_mwh: 1.5, ..Cost::default() },
        }
    }

    #[test]
    fn equal_chains_are_one_family_told_by_its_longest() {
        let mut incidents: Vec<Incident> = (0..20)
            .map(|i| Incident { links: vec![link("bus", "failed", 100 * i, Some(100 * i + i))] })
            .collect();
        incidents.push(Incident {
            links: vec![
                link("bus", "failed", 5000, Some(5010)),
                link("hall", "tripped", 5002, None),
            ],
        });
        let told = families(&incidents, 6000);
        assert_eq!(told.len(), 2);
        assert_eq!((told[0].all.len(), told[0].longest.until(6000)), (1, 6000));
        assert_eq!((told[1].all.len(), told[1].longest.at()), (20, 1900));
        assert_eq!(told[0].longest.cost().energy_mwh, 3.0);
        assert_eq!(families(&incidents[..12], 6000).len(), 12);
    }
}
