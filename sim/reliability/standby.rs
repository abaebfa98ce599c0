//! Standby generators behind batteries, exactly: a semi-Markov process.
//!
//! A source fails and returns at constant rates. When it fails, each set that stands ready starts or
//! does not; those that run break at a constant rate and are repaired by so many crews; a repaired
//! set carries at once while the source is away. While fewer run than are needed, a battery carries
//! for a fixed time, and it is full whenever the load is carried. Between two changes of whether
//! enough run, the states are a Markov chain; a stay of fixed length in the states that the battery
//! carries has transition matrix `exp(T b)` and mean stays `T^-1 (exp(T b) - 1)`, from which the
//! stationary shares follow by one linear system.

use super::YEAR_H;

/// A source, its generators and batteries.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standby {
    /// Failures of the source per hour of its being up, and its mean time away, h.
    pub source: (f64, f64),
    /// Generators.
    pub sets: usize,
    /// How many of them carry the load.
    pub needed: usize,
    /// Chance that one does not start when the source fails.
    pub fails_to_start: f64,
    /// Failures per hour of running.
    pub run_rate_per_h: f64,
    /// Mean time to repair one, h.
    pub repair_h: f64,
    /// How many are repaired at a time.
    pub crews: usize,
    /// How long the battery carries, h.
    pub battery_h: f64,
}

/// What comes of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StandbyFigures {
    /// Losses of the load per year.
    pub losses_per_year: f64,
    /// Hours per year in which it is lost.
    pub hours_per_year: f64,
    /// Hours per year on the battery.
    pub battery_hours_per_year: f64,
}

/// Whether the source is up, and how many sets are broken.
type State = (bool, usize);

impl Standby {
    /// Losses, hours lost and hours on the battery per year.
    pub fn figures(&self) -> StandbyFigures {
        let carried = |&(up, broken): &State| up || self.sets - broken >= self.needed;
        let states: Vec<State> = [true, false]
            .into_iter()
            .flat_map(|up| (0..=self.sets).map(move |j| (up, j)))
            .collect();
        let (good, bad): (Vec<State>, Vec<State>) = states.iter().partition(|state| carried(state));
        let (g, b) = (good.len(), bad.len());
        let place = |state: State| match good.iter().position(|&other| other == state) {
            Some(place) => (true, place),
            None => (false, bad.iter().position(|&other| other == state).expect("one of the two")),
        };
        let (mut within_good, mut lost, mut within_bad, mut regained) =
            (Matrix::zero(g, g), Matrix::zero(g, b), Matrix::zero(b, b), Matrix::zero(b, g));
        for &from in &states {
            for (to, rate) in self.transitions(from) {
                let ((from_good, i), (to_good, j)) = (place(from), place(to));
                let (own, matrix) = match (from_good, to_good) {
                    (true, true) => (true, &mut within_good),
                    (true, false) => (true, &mut lost),
                    (false, false) => (false, &mut within_bad),
                    (false, true) => (false, &mut regained),
                };
                matrix.add(i, j, rate);
                let own = if own { &mut within_good } else { &mut within_bad };
                own.add(i, i, -rate);
            }
        }
        // From the states in which the battery begins: after its time, and its mean stays.
        let survive = within_bad.exponential(self.battery_h);
        let stays = within_bad.integral(self.battery_h);
        let back = lost.times(&stays).times(&regained);
        let end = lost.times(&survive);
        // Shares of time in good states and in those in which the load is lost: they balance, and
        // are one together with the time on the battery.
        let n = g + b;
        let mut system = Matrix::zero(n, n);
        for i in 0..g {
            for j in 0..g {
                system.add(j, i, within_good.at(i, j) + back.at(i, j));
            }
            for j in 0..b {
                system.add(g + j, i, end.at(i, j));
            }
        }
        for i in 0..b {
            for j in 0..g {
                system.add(j, g + i, regained.at(i, j));
            }
            for j in 0..b {
                system.add(g + j, g + i, within_bad.at(i, j));
            }
        }
        let on_battery = lost.times(&stays);
        // One equation follows from the others: the sum takes its place.
        for column in 0..n {
            let whole = if column < g { 1.0 + on_battery.row_sum(column) } else { 1.0 };
            system.set(n - 1, column, whole);
        }
        let mut right = vec![0.0; n];
        right[n - 1] = 1.0;
        let shares = system.solve(&right);
        let over_good = |matrix: &Matrix| -> f64 {
            (0..g).map(|state| shares[state] * matrix.row_sum(state)).sum()
        };
        StandbyFigures {
            losses_per_year: over_good(&end) * YEAR_H,
            hours_per_year: shares[g..].iter().sum::<f64>() * YEAR_H,
            battery_hours_per_year: over_good(&on_battery) * YEAR_H,
        }
    }

    /// Where a state leads to, and how often an hour.
    fn transitions(&self, (up, broken): State) -> Vec<(State, f64)> {
        let (rate, away_h) = self.source;
        let ready = self.sets - broken;
        let mut to = Vec::new();
        if broken > 0 {
            to.push(((up, broken - 1), broken.min(self.crews) as f64 / self.repair_h));
        }
        if up {
            for fail in 0..=ready {
                let p = binomial(ready, fail, self.fails_to_start);
                to.push(((false, broken + fail), rate * p));
            }
        } else {
            if ready > 0 {
                to.push(((false, broken + 1), ready as f64 * self.run_rate_per_h));
            }
            to.push(((true, broken), 1.0 / away_h));
        }
        to
    }
}

/// Probability that exactly `k` of `n` independent trials of chance `p` succeed.
pub fn binomial(n: usize, k: usize, p: f64) -> f64 {
    let choices: f64 = (0..k).map(|i| (n - i) as f64 / (k - i) as f64).product();
    choices * p.powi(k as i32) * (1.0 - p).powi((n - k) as i32)
}

/// A small dense matrix.
#[derive(Debug, Clone)]
struct Matrix {
    rows: usize,
    columns: usize,
    of: Vec<f64>,
}

impl Matrix {
    fn zero(rows: usize, columns: usize) -> Self {
        Self { rows, columns, of: vec![0.0; rows * columns] }
    }

    fn identity(n: usize) -> Self {
        let mut matrix = Self::zero(n, n);
        (0..n).for_each(|i| matrix.add(i, i, 1.0));
        matrix
    }

    fn at(&self, i: usize, j: usize) -> f64 {
        self.of[i * self.columns + j]
    }

    fn add(&mut self, i: usize, j: usize, value: f64) {
        self.of[i * self.columns + j] += value;
    }

    fn set(&mut self, i: usize, j: usize, value: f64) {
        self.of[i * self.columns + j] = value;
    }

    fn row_sum(&self, i: usize) -> f64 {
        self.of[i * self.columns..(i + 1) * self.columns].iter().sum()
    }

    fn times(&self, other: &Self) -> Self {
        let mut product = Self::zero(self.rows, other.columns);
        for i in 0..self.rows {
            for k in 0..self.columns {
                for j in 0..other.columns {
                    product.add(i, j, self.at(i, k) * other.at(k, j));
                }
            }
        }
        product
    }

    fn plus(&self, other: &Self, factor: f64) -> Self {
        let of = self.of.iter().zip(&other.of).map(|(a, b)| a + factor * b);
        Self { of: of.collect(), ..*self }
    }

    /// `exp(self t)` of a generator of rates: with its integral, by halving until the series is
    /// short and doubling back.
    fn powers(&self, t: f64) -> (Self, Self) {
        let rate = (0..self.rows).map(|i| self.at(i, i).abs()).fold(0.0, f64::max);
        let (mut h, mut halvings) = (t, 0);
        while rate * h > 0.1 {
            h /= 2.0;
            halvings += 1;
        }
        // Terms (self h)^k / k! of the exponential, and h (self h)^k / (k + 1)! of the integral.
        let mut term = Self::identity(self.rows);
        let mut sum = Self::zero(self.rows, self.rows);
        let mut integral = sum.clone();
        for k in 0..12 {
            sum = sum.plus(&term, 1.0);
            integral = integral.plus(&term, h / f64::from(k + 1));
            term = Self::zero(self.rows, self.rows).plus(&term.times(self), h / f64::from(k + 1));
        }
        for _ in 0..halvings {
            // The integral over twice the time: over the first half, and over the second after it.
            integral = integral.plus(&sum.times(&integral), 1.0);
            sum = sum.times(&sum);
        }
        (sum, integral)
    }

    fn exponential(&self, t: f64) -> Self {
        self.powers(t).0
    }

    fn integral(&self, t: f64) -> Self {
        self.powers(t).1
    }

    /// The solution `x` of `self x = right`, by elimination with pivots in rows that are scaled to
    /// their largest entry.
    fn solve(&self, right: &[f64]) -> Vec<f64> {
        let n = self.rows;
        let mut rows: Vec<Vec<f64>> = (0..n)
            .map(|i| {
                let row = &self.of[i * n..(i + 1) * n];
                let scale = row.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
                row.iter().chain([&right[i]]).map(|value| value / scale).collect()
            })
            .collect();
        for column in 0..n {
            let pivot = (column..n)
                .max_by(|&a, &b| rows[a][column].abs().total_cmp(&rows[b][column].abs()));
            rows.swap(column, pivot.expect("a row is left"));
            let (done, rest) = rows.split_at_mut(column + 1);
            let pivot = &done[column];
            for row in rest {
                let factor = row[column] / pivot[column];
                for (value, own) in row.iter_mut().zip(pivot).skip(column) {
                    *value -= factor * own;
                }
            }
        }
        let mut x = vec![0.0; n];
        for i in (0..n).rev() {
            let known: f64 = (i + 1..n).map(|j| rows[i][j] * x[j]).sum();
            x[i] = (rows[i][n] - known) / rows[i][i];
        }
        x
    }
}
