//! The statistics of studies: how often their intervals cover, stop and select as they promise.
//!
//! Each row draws many studies from a law with a known mean and counts. The stated coverages are
//! those of independent programs (scipy 1.17 and the papers' formulas, thousands of studies each);
//! a row is met within 1.5 points of them. Tests hold the closed forms digit by digit.

use loadbank::kernel::{Stream, Streams};
use loadbank::study::statistics::{
    Answer, Interval, LEVEL, Mean, OutageTally, Precision, Probe, Screening, Search,
    checkpoint_after, is_precise, quantile_ranks, survivors, unavailability,
};

use crate::data::print;

/// Points of coverage within which a row is met.
const TOLERANCE: f64 = 1.5;

/// Prints the table; fails where a target is missed.
pub(crate) fn run() -> Result<(), String> {
    let mut table = Table { missed: 0 };
    print(&format!("{:<64} {:>8} {:>8}  verdict", "share of studies, %", "stated", "ours"));
    fixed(&mut table);
    ranks(&mut table);
    outages(&mut table);
    stopping(&mut table);
    selection(&mut table);
    search(&mut table);
    match table.missed {
        0 => Ok(()),
        missed => Err(format!("{missed} targets missed")),
    }
}

struct Table {
    missed: u32,
}

impl Table {
    fn row(&mut self, what: &str, stated: f64, ours: f64, tolerance: f64) {
        let is_met = (ours - stated).abs() <= tolerance;
        self.missed += u32::from(!is_met);
        let verdict = if is_met { "met" } else { "MISSED" };
        print(&format!("{what:<64} {stated:>8.1} {ours:>8.1}  {verdict}"));
    }
}

/// A law with a known mean.
#[derive(Debug, Clone, Copy)]
enum Law {
    Normal,
    Exponential,
    Lognormal,
    /// Nothing nine times of ten, else exponential.
    Rare,
}

impl Law {
    fn name(self) -> &'static str {
        match self {
            Law::Normal => "normal (10, 2)",
            Law::Exponential => "exponential",
            Law::Lognormal => "lognormal, sigma 1",
            Law::Rare => "rare, 10 % exponential",
        }
    }

    fn mean(self) -> f64 {
        match self {
            Law::Normal => 10.0,
            Law::Exponential => 1.0,
            Law::Lognormal => 0.5f64.exp(),
            Law::Rare => 0.1,
        }
    }

    fn draw(self, stream: &mut Stream) -> f64 {
        match self {
            Law::Normal => 10.0 + 2.0 * stream.normal(),
            Law::Exponential => stream.exponential(1.0),
            Law::Lognormal => stream.lognormal(0.0, 1.0),
            Law::Rare => {
                let size = stream.exponential(1.0);
                if stream.uniform() < 0.1 { size } else { 0.0 }
            }
        }
    }
}

fn stream(subject: &str, study: u64) -> Stream {
    Streams::new(20_261_129, study).stream("validation-study", subject)
}

/// The share of `studies` in which `covers` holds, in per cent.
fn share(studies: u64, mut covers: impl FnMut(u64) -> bool) -> f64 {
    let held = (0..studies).filter(|&study| covers(study)).count();
    100.0 * held as f64 / studies as f64
}

/// Student-t over a fixed number of replications.
fn fixed(table: &mut Table) {
    for (law, n, stated) in [
        (Law::Normal, 10, 95.3),
        (Law::Normal, 30, 95.5),
        (Law::Exponential, 30, 91.7),
        (Law::Exponential, 100, 94.4),
        (Law::Lognormal, 30, 88.1),
        (Law::Lognormal, 100, 91.1),
        (Law::Rare, 30, 74.6),
        (Law::Rare, 100, 87.2),
    ] {
        let ours = share(4000, |study| {
            let mut stream = stream(law.name(), study);
            let values: Vec<f64> = (0..n).map(|_| law.draw(&mut stream)).collect();
            let mean = Mean::of(&values).expect("there are values");
            let half = mean.half_width(LEVEL).expect("there are several");
            Interval::around(mean.mean, half).contains(law.mean())
        });
        table.row(&format!("t, {n} replications, {}", law.name()), stated, ours, TOLERANCE);
    }
}

/// Order statistics: exact for any continuous law.
fn ranks(table: &mut Table) {
    for (n, p, stated) in [(30, 0.5, 95.6), (100, 0.9, 95.6), (300, 0.9, 96.7)] {
        let ranks = quantile_ranks(n, p, LEVEL);
        let ours = share(4000, |study| {
            let mut stream = stream("ranks", study);
            let mut values: Vec<f64> = (0..n).map(|_| stream.uniform()).collect();
            values.sort_by(f64::total_cmp);
            let end = |rank: Option<usize>, none: f64| rank.map_or(none, |rank| values[rank - 1]);
            (end(ranks.lower, 0.0)..=end(ranks.upper, 1.0)).contains(&p)
        });
        table.row(
            &format!("order statistics, {n} replications, p{:.0}", 100.0 * p),
            stated,
            ours,
            TOLERANCE,
        );
    }
}

/// The mean unavailability over 30 replications with Poisson outages of 1.3 h on average.
fn outages(table: &mut Table) {
    for (per_year, days, exponential, stated) in [
        (2.0, 7.0, false, 99.4),
        (2.0, 30.0, false, 93.8),
        (2.0, 30.0, true, 94.4),
        (2.0, 90.0, false, 94.0),
        (2.0, 90.0, true, 95.3),
        (12.0, 7.0, false, 92.3),
        (12.0, 7.0, true, 93.4),
        (2.0, 365.0, false, 96.6),
    ] {
        let (hours, rate) = (30.0 * days * 24.0, per_year / 8760.0);
        let truth = rate * 1.3;
        let ours = share(6000, |study| {
            let mut stream = stream("outages", study);
            let mut tally = OutageTally::default();
            let mut at = stream.exponential(1.0 / rate);
            while at < hours {
                tally.add(match exponential {
                    true => stream.exponential(1.3),
                    false => stream.lognormal_mean(1.3, 1.0),
                });
                at += stream.exponential(1.0 / rate);
            }
            // Without an outage only the rate is bounded, and that bound holds here.
            unavailability(&tally, hours, 1.3, 0.025)
                .is_none_or(|(_, interval)| interval.contains(truth))
        });
        let law = if exponential { "exponential" } else { "lognormal" };
        let what = format!("Fay-Feuer, {per_year} per year, 30 x {days} d, {law} repairs");
        table.row(&what, stated, ours, TOLERANCE);
    }
}

/// Studies that stop by themselves at checkpoints.
fn stopping(table: &mut Table) {
    for (law, relative, stated) in [
        (Law::Normal, 0.05, 94.3),
        (Law::Exponential, 0.1, 94.3),
        (Law::Lognormal, 0.1, 93.4),
        (Law::Rare, 0.2, 94.6),
    ] {
        let ours = share(4000, |study| {
            let mut stream = stream("stopping", study);
            let mut values = Vec::new();
            loop {
                let checkpoint = checkpoint_after(values.len() + 1, 30);
                values.extend((values.len()..checkpoint).map(|_| law.draw(&mut stream)));
                if is_precise(&values, Precision::Relative(relative), LEVEL) {
                    break;
                }
            }
            let mean = Mean::of(&values).expect("there are values");
            let half = mean.half_width(LEVEL).expect("there are several");
            Interval::around(mean.mean, half).contains(law.mean())
        });
        let what = format!("stopped at {:.0} %, {}", 100.0 * relative, law.name());
        table.row(&what, stated, ours, TOLERANCE);
    }
}

/// The best of five designs, one of them better by the difference that is asked for.
fn selection(table: &mut Table) {
    let sd = [1.0, 1.0, 2.0, 1.0, 0.5];
    for (procedure, common, stated) in [
        (Screening::Kn, 0.0, 97.7),
        (Screening::KnPlusPlus, 0.0, 97.0),
        (Screening::Kn, 0.5, 99.7),
        (Screening::KnPlusPlus, 0.5, 99.3),
    ] {
        let ours = share(1000, |study| {
            let mut shared = stream("selection", study);
            let mut own: Vec<Stream> =
                (0..5).map(|i| stream(&format!("selection-{i}"), study)).collect();
            let mut samples = vec![Vec::new(); 5];
            let mut left: Vec<usize> = (0..5).collect();
            let mut round = 0;
            while left.len() > 1 {
                let z = shared.normal();
                for (i, own) in own.iter_mut().enumerate() {
                    let z = f64::sqrt(1.0 - common) * own.normal() + f64::sqrt(common) * z;
                    if left.contains(&i) {
                        samples[i].push(f64::from(u8::from(i == 0)) + sd[i] * z);
                    }
                }
                round += 1;
                if round >= 10 {
                    left = survivors(procedure, &samples, &left, 10, 1.0, 0.05, common > 0.0);
                }
            }
            left == [0]
        });
        let what = format!("{procedure:?}, five designs, common share {common}");
        // At least 95 % is promised; the stated shares come from 300 studies.
        table.row(&what, stated, ours, 2.0);
    }
}

/// The search for the largest of eleven values, of which the sixth is the last that holds.
fn search(table: &mut Table) {
    let p = |value: usize| {
        let z = (72.0 - 0.12 * (400.0 + 24.0 * value as f64)) / 6.0;
        // The normal distribution function by its complementary error function.
        0.5 * libm::erfc(-z / std::f64::consts::SQRT_2)
    };
    let ours = share(1000, |study| {
        let probe = Probe::new(0.9, 0.05, 11, 32, 4096);
        let mut search = Search::new(11);
        while let Some(index) = search.next() {
            let mut stream = stream(&format!("search-{index}"), study);
            let (mut trials, mut successes) = (0, 0);
            let answer: Answer = loop {
                let target = if trials == 0 { probe.at_least } else { 2 * trials };
                successes +=
                    (trials..target).filter(|_| stream.uniform() < p(index)).count() as u64;
                trials = target;
                if let Some(answer) = probe.judge(successes, trials) {
                    break answer;
                }
            };
            search.learn(index, answer);
        }
        search.answer() == Some((Some(5), Some(6)))
    });
    table.row("search, step 24: the exact border", 99.9, ours, TOLERANCE);
}
