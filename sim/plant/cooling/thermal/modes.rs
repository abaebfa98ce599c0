//! The linear algebra of small symmetric systems, and one decaying mode.

/// A mode: `u' = drive - rate u` from `u(0) = start`.
///
/// `u(t) = start e^(-rate t) + drive (1 - e^(-rate t)) / rate`, in forms that keep their
/// digits as the rate vanishes; a negative rate grows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Mode {
    /// 1/s.
    pub(super) rate: f64,
    pub(super) start: f64,
    pub(super) drive: f64,
}

/// What a mode does between two instants: its change, where it ends, and its slopes at both.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach {
    pub(super) gain: f64,
    pub(super) at: f64,
    pub(super) slopes: (f64, f64),
}

impl Mode {
    pub(super) fn at(&self, t: f64) -> f64 {
        self.start + self.gain(0.0, t)
    }

    pub(super) fn slope(&self, t: f64) -> f64 {
        let x = -self.rate * t;
        // Most looks begin at the start, where the exponential is one.
        let left = if x == 0.0 { 1.0 } else { libm::exp(x) };
        (self.drive - self.rate * self.start) * left
    }

    /// Change between two instants.
    pub(super) fn gain(&self, from: f64, to: f64) -> f64 {
        self.slope(from) * faded(self.rate, to - from)
    }

    /// All of this between two instants.
    pub(super) fn reach(&self, from: f64, to: f64) -> Reach {
        let slope = self.slope(from);
        let gain = slope * faded(self.rate, to - from);
        let at = if from == 0.0 { self.start + gain } else { self.at(to) };
        Reach { gain, at, slopes: (slope, self.slope(to)) }
    }

    /// Integral between two instants.
    pub(super) fn integral(&self, from: f64, to: f64) -> f64 {
        let dt = to - from;
        self.at(from) * dt + self.slope(from) * faded_twice(self.rate, dt)
    }

    /// Where the mode goes, if anywhere. Rates that are nothing beside the `fastest` of the
    /// same system are rounding.
    pub(super) fn end(&self, fastest: f64) -> Option<f64> {
        let still = 1e-13 * fastest;
        if self.rate > still {
            Some(self.drive / self.rate)
        } else {
            (self.drive == 0.0 && self.rate >= -still).then_some(self.start)
        }
    }
}

/// Integral of `e^(-rate s)` over `0..t`.
fn faded(rate: f64, t: f64) -> f64 {
    let x = rate * t;
    if x == 0.0 { t } else { -libm::expm1(-x) / x * t }
}

/// Integral of [`faded`] over `0..t`.
fn faded_twice(rate: f64, t: f64) -> f64 {
    let x = rate * t;
    if x.abs() < 1e-3 {
        // The difference below would lose its digits: 1/2 - x/6 + x^2/24 - x^3/120 ...
        return t * t * (0.5 - x * (1.0 / 6.0 - x * (1.0 / 24.0 - x * (1.0 / 120.0 - x / 720.0))));
    }
    t * t * (x + libm::expm1(-x)) / (x * x)
}

/// Eigenvalues of a symmetric matrix and, as columns, its orthonormal eigenvectors.
///
/// Jacobi's rotations, cyclic: unconditionally convergent, and accurate to the last digits of
/// the largest eigenvalue; small ones of a graded matrix come out nearly as well.
pub(super) fn symmetric_modes(mut a: Vec<Vec<f64>>) -> (Vec<f64>, Vec<Vec<f64>>) {
    let n = a.len();
    let mut v: Vec<Vec<f64>> =
        (0..n).map(|i| (0..n).map(|j| if i == j { 1.0 } else { 0.0 }).collect()).collect();
    // Ten sweeps suffice for hundreds of rows; the bound is there to end on what is no number.
    for _ in 0..60 {
        let mut rotated = false;
        for p in 0..n {
            for q in p + 1..n {
                let least = f64::EPSILON * (a[p][p].abs() * a[q][q].abs()).sqrt();
                if a[p][q] == 0.0 || a[p][q].abs() <= 0.01 * least {
                    continue;
                }
                rotated = true;
                let theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
                let t = theta.signum() / (theta.abs() + (1.0 + theta * theta).sqrt());
                let c = 1.0 / (1.0 + t * t).sqrt();
                rotate(&mut a, &mut v, (p, q), (c, t * c));
            }
        }
        if !rotated {
            break;
        }
    }
    ((0..n).map(|i| a[i][i]).collect(), v)
}

/// `J^T A J` and `V J` for the rotation by `(cosine, sine)` in the plane of `(p, q)`.
fn rotate(a: &mut [Vec<f64>], v: &mut [Vec<f64>], (p, q): (usize, usize), (c, s): (f64, f64)) {
    for row in a.iter_mut().chain(v) {
        let (x, y) = (row[p], row[q]);
        row[p] = c * x - s * y;
        row[q] = s * x + c * y;
    }
    let (above, below) = a.split_at_mut(q);
    for (x, y) in above[p].iter_mut().zip(&mut below[0]) {
        (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
    }
    // Zero by construction: what rounding left would only be rotated again.
    a[p][q] = 0.0;
    a[q][p] = 0.0;
}

/// Solves `a x = right` for a symmetric positive definite matrix by Cholesky's factors, or
/// `None` where it is not positive definite.
pub(super) fn positive_solve(a: &[Vec<f64>], mut right: Vec<f64>) -> Option<Vec<f64>> {
    let n = a.len();
    let mut l = vec![vec![0.0; n]; n];
    for i in 0..n {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| l[i][k] * l[j][k]).sum();
            let left = a[i][j] - sum;
            if i != j {
                l[i][j] = left / l[j][j];
            } else if left > f64::EPSILON * a[i][i].abs() {
                l[i][i] = left.sqrt();
            } else {
                return None;
            }
        }
    }
    for i in 0..n {
        let sum: f64 = (0..i).map(|k| l[i][k] * right[k]).sum();
        right[i] = (right[i] - sum) / l[i][i];
    }
    for i in (0..n).rev() {
        let sum: f64 = (i + 1..n).map(|k| l[k][i] * right[k]).sum();
        right[i] = (right[i] - sum) / l[i][i];
    }
    Some(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_of_a_known_matrix() {
        // The chain of three: eigenvalues 2 - sqrt 2, 2 and 2 + sqrt 2.
        let chain = vec![vec![2.0, -1.0, 0.0], vec![-1.0, 2.0, -1.0], vec![0.0, -1.0, 2.0]];
        let (mut values, vectors) = symmetric_modes(chain.clone());
        for k in 0..3 {
            for i in 0..3 {
                let image: f64 = (0..3).map(|j| chain[i][j] * vectors[j][k]).sum();
                assert!((image - values[k] * vectors[i][k]).abs() < 1e-14);
            }
        }
        values.sort_by(f64::total_cmp);
        for (value, known) in values.iter().zip([2.0 - 2f64.sqrt(), 2.0, 2.0 + 2f64.sqrt()]) {
            assert!((value - known).abs() < 1e-14);
        }
    }

    #[test]
    fn a_positive_system_is_solved_and_another_refused() {
        let a = vec![vec![4.0, -1.0], vec![-1.0, 3.0]];
        let x = positive_solve(&a, vec![7.0, 1.0]).unwrap();
        assert!((4.0 * x[0] - x[1] - 7.0).abs() < 1e-14 && (3.0 * x[1] - x[0] - 1.0).abs() < 1e-14);
        assert_eq!(positive_solve(&[vec![1.0, -1.0], vec![-1.0, 1.0]], vec![1.0, 0.0]), None);
        assert_eq!(positive_solve(&[], vec![]), Some(vec![]));
    }

    #[test]
    fn a_mode_keeps_its_digits_as_its_rate_vanishes() {
        for rate in [1e-3, 1e-9, 1e-15, 0.0, -1e-15, -1e-9] {
            let mode = Mode { rate, start: 2.0, drive: 3.0 };
            let line = 2.0 + (3.0 - rate * 2.0) * (1.0 - rate / 2.0 + rate * rate / 6.0);
            assert!((mode.at(1.0) - line).abs() < 1e-9, "{rate}");
            let area = 2.0 + (3.0 - rate * 2.0) * (0.5 - rate / 6.0 + rate * rate / 24.0);
            assert!((mode.integral(0.0, 1.0) - area).abs() < 1e-9, "{rate}");
            assert!((mode.gain(0.5, 1.0) + mode.at(0.5) - mode.at(1.0)).abs() < 1e-14);
        }
        let mode = Mode { rate: 0.5, start: 2.0, drive: 3.0 };
        assert_eq!(mode.end(0.5), Some(6.0));
        assert_eq!(Mode { rate: 1e-17, ..mode }.end(0.5), None);
        assert_eq!(Mode { rate: 1e-17, drive: 0.0, ..mode }.end(0.5), Some(2.0));
    }
}
