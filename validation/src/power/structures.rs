//! Structures by enumeration, simulation and biasing.

use std::sync::Arc;

use loadbank::kernel::{FailureLaw, Wear};
use loadbank::reliability::{Structure, Unit, YEAR_H, bias, enumerate, simulate};

use super::Rows;

type Unserved = dyn Fn(&[bool]) -> f64 + Send + Sync;

/// A structure of one subject: units by failures per year and hours of repair, and the share that is
/// not served by who is up.
#[derive(Clone)]
struct Written {
    units: Vec<Unit>,
    unserved: Arc<Unserved>,
}

impl Written {
    fn new(
        units: &[(f64, f64)],
        unserved: impl Fn(&[bool]) -> f64 + Send + Sync + 'static,
    ) -> Self {
        let unit = |(index, &(per_year, repair_h)): (usize, &(f64, f64))| {
            let law = FailureLaw::exponential(per_year / YEAR_H / 3600.0, repair_h * 3600.0);
            Unit::of(&format!("unit-{index}"), law)
        };
        let units = units.iter().enumerate().map(unit).collect();
        Self { units, unserved: Arc::new(unserved) }
    }

    /// `k` of `n` alike units are needed.
    fn k_of_n(k: usize, n: usize, unit: (f64, f64)) -> Self {
        Self::new(&vec![unit; n], move |up| f64::from(up.iter().filter(|up| **up).count() < k))
    }

    /// Unavailability, losses per year and share not served.
    fn exact(&self) -> (f64, f64, f64) {
        let (figures, _) = enumerate(self, 1 << 12);
        (figures[0].unavailability, figures[0].losses_per_year, figures[0].unserved)
    }
}

impl Structure for Written {
    fn units(&self) -> &[Unit] {
        &self.units
    }

    fn subjects(&self) -> usize {
        1
    }

    fn unserved(&mut self, down: &[u32], unserved: &mut [f64]) {
        let up: Vec<bool> = (0..self.units.len() as u32).map(|u| !down.contains(&u)).collect();
        unserved[0] = (self.unserved)(&up);
    }
}

/// The rows of the gold book's standard network: failures per year, hours to repair, availability as
/// printed and its last digit.
const GOLD_BOOK: [(&str, f64, f64, f64, f64); 13] = [
    ("utility, single circuit", 1.956, 1.32, 0.999705, 1e-6),
    ("diesel genset, packaged", 0.1235, 18.28, 0.99974231, 5e-8),
    ("transformer, liquid", 0.00111, 5.0, 0.99999937, 1e-8),
    ("breaker 600 V NC above 600 A", 0.00185, 0.5, 0.99999989, 1e-8),
    ("breaker 600 V NO above 600 A", 0.00553, 2.0, 0.99999874, 1e-8),
    ("breaker NC below 600 A", 0.00021, 6.0, 0.99999986, 1e-8),
    ("switchgear bare bus", 0.00949, 7.29, 0.9999921, 1e-7),
    ("switchgear insulated bus", 0.00170, 2.4, 0.99999953, 1e-8),
    ("cable aerial, a mile", 0.04717, 1.82, 0.99999022, 3e-8),
    ("cable in conduit, 1000 ft", 0.00201, 11.22, 0.99999743, 1e-8),
    ("manual disconnect", 0.00174, 1.0, 0.9999998, 1e-7),
    ("fuse 15 kV", 0.10154, 4.0, 0.99995363, 1e-8),
    ("bus duct, a foot", 0.000125, 12.9, 0.99999982, 1e-8),
];

/// T7, T8, T9, T29: components, utilities, sets, chains.
pub(super) fn components(rows: &mut Rows) {
    for (name, per_year, repair_h, printed, digit) in GOLD_BOOK {
        let (down, ..) = Written::k_of_n(1, 1, (per_year, repair_h)).exact();
        // To the last printed digit, of which some were cut in place of rounded.
        rows.exact("T7", &format!("availability, {name}"), printed, 1.0 - down, digit);
    }
    let (down, losses, _) = Written::k_of_n(1, 2, (1.956, 1.32)).exact();
    rows.exact("T8", "two utilities: losses per year", 0.0011523, losses, 1e-4);
    rows.exact("T8", "two utilities: mean loss, h", 0.66, down * YEAR_H / losses, 1e-9);
    for (k, n, up) in
        [(2, 2, 0.99948477), (2, 3, 0.999999801), (3, 4, 0.999999602), (4, 5, 0.999999337)]
    {
        let (down, ..) = Written::k_of_n(k, n, (0.1235, 18.28)).exact();
        rows.exact("T9", &format!("availability, {k} of {n} sets"), up, 1.0 - down, 6e-9);
    }
    let (down, ..) = Written::k_of_n(1, 2, (0.1235, 18.28)).exact();
    rows.exact("T10", "two units, own crews: unavailability", 6.63826e-8, down, 1e-5);
    for (name, k, n, expected) in [
        ("N, four modules", 4, 4, 0.99987201),
        ("N+1, four of five", 4, 5, 0.999_999_989_76),
        ("2N of four modules", 1, 2, 0.999_999_983_6),
    ] {
        // A system of four modules is down when one of them is.
        let unit = (YEAR_H / 250_000.0, 8.0);
        let system = Written::k_of_n(4, 4, unit).exact().0;
        let down = if n == 2 { system * system } else { Written::k_of_n(k, n, unit).exact().0 };
        rows.exact(
            "T11",
            &format!("availability, {name}"),
            expected,
            1.0 - down,
            1e-10_f64.max(1e-8 * f64::from(n == 4)),
        );
    }
    // A mile of line, a fuse, a transformer, switchgear; one of each, two behind one utility, two.
    let chain = [
        (1.956, 1.32),
        (0.04717, 1.82),
        (0.10154, 4.0),
        (0.00111, 5.0),
        (0.00185, 0.5),
        (0.00949, 7.29),
        (0.00201, 11.22),
        (0.00021, 6.0),
    ];
    let radial = Written::new(&chain, |up| f64::from(!up.iter().all(|up| *up)));
    let (down, losses, _) = radial.exact();
    rows.exact("T29", "radial chain: hours per year", 3.1724, down * YEAR_H, 2e-5);
    let while_up = losses / (1.0 - down);
    rows.exact("T29", "radial chain: losses per year of being up", 2.11938, while_up, 2e-5);
    let seen = &simulate(&radial, 200_000, 1)[0];
    let error = 1.0 / (seen.losses as f64).sqrt();
    let rate = (seen.losses_per_year.0, error);
    let expected = 2.11938 * 0.999637850;
    rows.simulated("T29", "radial chain, simulated: losses per year", expected, rate, 0.005);
    rows.exact("T29", "full 2N: unavailability", 1.0 - 0.999999868847, down * down, 1e-5);
    rows.exact("T29", "full 2N: losses per year", 0.00153451, 2.0 * losses * down, 1e-4);
}

/// P10 and P12: redundancy patterns of UPS blocks, and a site of eleven components.
pub(super) fn patterns(rows: &mut Rows) {
    let block = (YEAR_H / 250_000.0, 8.0);
    let share = |n: usize, spare: f64, each: f64| {
        Written::new(&vec![block; n], move |up| {
            let down = up.iter().filter(|up| !**up).count() as f64;
            (down - spare).max(0.0) * each
        })
    };
    for (id, name, structure, unserved, losses) in [
        ("P10a", "2N", Written::k_of_n(1, 2, block), 1.02393446714692e-9, 2.2424164830503024e-6),
        ("P10b", "4N/3", four_to_make_three(), 2.0478252481706885e-9, 1.345363785170278e-5),
        (
            "P10c",
            "catcher, ideal switch",
            share(4, 1.0, 1.0 / 3.0),
            2.047825248170689e-9,
            1.345363785170278e-5,
        ),
        (
            "P10d",
            "N+1, four of five",
            share(5, 1.0, 0.25),
            2.559754257041661e-9,
            2.242201224844602e-5,
        ),
    ] {
        let (_, per_year, share) = structure.exact();
        rows.exact(id, &format!("{name}: share not served"), unserved, share, 1e-6);
        rows.exact(id, &format!("{name}: losses per year"), losses, per_year, 1e-6);
    }
    let site = site_of_eleven();
    let (figures, _) = enumerate(&site, 1 << 11);
    let of = &figures[0];
    rows.exact(
        "P12",
        "eleven components: unavailability",
        2.7514070550876534e-7,
        of.unavailability,
        1e-6,
    );
    rows.exact(
        "P12",
        "eleven components: losses per year",
        0.0020613491955361455,
        of.losses_per_year,
        1e-6,
    );
    let order = |size| of.cut_sets.iter().filter(|cut| cut.len() == size).count() as f64;
    rows.exact("P12", "minimal cut sets of order two", 17.0, order(2), 0.0);
    rows.exact("P12", "minimal cut sets of order three", 8.0, order(3), 0.0);
    for (name, unit, birnbaum, fussell_vesely) in [
        ("utility", 0, 5.231898553632077e-4, 0.5604211508235902),
        ("transformer", 2, 5.231551105079336e-4, 0.4341407717264121),
        ("board", 4, 5.584396154957966e-4, 9.457817893078894e-4),
        ("UPS", 7, 3.588951586524327e-5, 0.004174011030687798),
    ] {
        let importance = of.importance[unit];
        rows.exact("P12b", &format!("Birnbaum, {name}"), birnbaum, importance.birnbaum, 1e-6);
        let what = format!("Fussell-Vesely, {name}");
        rows.exact("P12b", &what, fussell_vesely, importance.fussell_vesely, 1e-6);
    }
    let seen = &simulate(&site, 400_000, 1)[0];
    let rate = (seen.losses_per_year.0, 1.0 / (seen.losses as f64).sqrt());
    rows.simulated(
        "P12",
        "eleven components, simulated: losses per year",
        0.00206134920,
        rate,
        0.05,
    );
}

/// P23: strings of batteries that wear, replaced at an age or when they fail.
pub(super) fn worn(rows: &mut Rows) {
    const YEAR_S: f64 = YEAR_H * 3600.0;
    let replaced_at = |years: f64| {
        let mut string = Written::k_of_n(1, 1, (0.0, 0.0));
        let wear = Wear { shape: 3.5, replaced: (years * YEAR_S, 1.0), new: false };
        // The mean life of Weibull's law of 3.5 and 7 years.
        let law = FailureLaw::exponential(0.158_774_760_9 / YEAR_S, 1.0);
        string.units[0] = Unit::of("string", FailureLaw { wear: Some(wear), ..law });
        string
    };
    let string = replaced_at(5.0);
    let [failures, replacements] =
        [string.units[0].failures_per_h(), string.units[0].replacements_per_h()];
    rows.exact("P23", "strings replaced at 5 years: failures", 0.0565766, failures * YEAR_H, 1e-6);
    let what = "strings replaced at 5 years: replacements";
    rows.exact("P23", what, 0.156851, replacements * YEAR_H, 3e-6);
    let never = replaced_at(f64::INFINITY).units[0].outages_per_h() * YEAR_H;
    rows.exact("P23", "strings never replaced: failures", 0.158775, never, 3e-6);
    let seen = &simulate(&string, 1_000_000, 1)[0];
    let of =
        |step: u32| seen.causes.iter().find(|cause| cause.step == step).map_or(0, |it| it.losses);
    for (what, expected, count) in
        [("failures", 0.0565766, of(0)), ("replacements", 0.156851, of(1))]
    {
        // No more scattered than if they were Poisson.
        let found = (count as f64 / seen.years as f64, 1.0 / (count as f64).sqrt());
        let what = format!("strings replaced at 5 years, simulated: {what}");
        rows.simulated("P23", &what, expected, found, 0.01);
    }
}

/// R1, R2, R4 and P10b by failure biasing: half the width of the interval at most 5 %.
pub(super) fn biased(rows: &mut Rows) {
    for (id, name, structure, losses) in [
        ("R4", "two chains of four", two_chains(), 2.7325930050731257e-5),
        ("P10b", "4N/3", four_to_make_three(), 1.345363785170278e-5),
    ] {
        let found = bias(&structure, 0, "load", 100_000, 1).expect("repairs are exponential");
        let (rate, interval) = found.losses_per_year;
        let error = interval.half_width() / 1.96 / rate;
        let what = format!("{name}, biased: losses per year");
        rows.simulated(id, &what, losses, (rate, error), 0.0255);
    }
    for (id, name, structure, per_cycle) in [
        ("R1", "two units", Written::k_of_n(1, 2, (0.1235, 18.28)), 2.57648e-4),
        ("R2", "five of eight", Written::k_of_n(5, 8, (8.76, 10.0)), 3.44081e-5),
    ] {
        let found = bias(&structure, 0, "load", 100_000, 1).expect("repairs are exponential");
        let (chance, interval) = found.per_cycle;
        let error = interval.half_width() / 1.96 / chance;
        let what = format!("{name}, biased: loss in a cycle");
        rows.simulated(id, &what, per_cycle, (chance, error), 0.0255);
    }
}

/// A rack on two PDUs, boards 1 and 2 with a tie that closes when one side has no source.
fn site_of_eleven() -> Written {
    let units = [
        (1.956, 1.32),
        (1.956, 1.32),
        (0.01, 200.0),
        (0.01, 200.0),
        (0.0017, 2.4),
        (0.0017, 2.4),
        (0.00553, 2.0),
        (0.03504, 8.0),
        (0.03504, 8.0),
        (0.005, 6.0),
        (0.005, 6.0),
    ];
    Written::new(&units, |up| {
        let [u1, u2, t1, t2, b1, b2, tie, upsa, upsb, pdua, pdub] =
            up.try_into().expect("eleven units");
        let (s1, s2) = (u1 && t1, u2 && t2);
        let first = b1 && (s1 || (tie && b2 && s2));
        let second = b2 && (s2 || (tie && b1 && s1));
        f64::from(!(first && upsa && pdua || second && upsb && pdub))
    })
}

/// Two chains of four unequal components.
fn two_chains() -> Written {
    let chain = [(0.01, 200.0), (0.0017, 2.4), (0.03504, 8.0), (0.005, 6.0)];
    Written::new(&[chain, chain].concat(), |up| {
        f64::from(!up[..4].iter().all(|u| *u) && !up[4..].iter().all(|u| *u))
    })
}

/// Six groups of a sixth of the load on the pairs of four blocks of a third, shared fairly.
fn four_to_make_three() -> Written {
    Written::new(&[(YEAR_H / 250_000.0, 8.0); 4], |up| {
        let (mut unserved, mut on) = (0.0, [0.0; 4]);
        for (a, b) in [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)] {
            let live: Vec<usize> = [a, b].into_iter().filter(|&block| up[block]).collect();
            match live.len() {
                0 => unserved += 1.0 / 6.0,
                n => live.iter().for_each(|&block| on[block] += 1.0 / 6.0 / n as f64),
            }
        }
        let over = |load: &f64| (load - 1.0 / 3.0 - 1e-12).max(0.0);
        unserved + on.iter().map(over).sum::<f64>()
    })
}
