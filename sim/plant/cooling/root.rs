//! The one root finder of the plant.

/// Where `f` crosses zero between `a` and `b`, given that `fa = f(a)` and `fb = f(b)` have
/// opposite signs (or are zero).
///
/// Chandrupatla's method: inverse quadratic interpolation where it is safe, bisection where
/// it is not, so that it never leaves the bracket and never needs more than about three
/// times the steps of bisection. Stops at `|f| <= f_tolerance` or when the bracket has
/// shrunk to `x_tolerance`. On the smooth monotone curves of a plant: three to seven calls.
pub(super) fn bracketed(
    f: impl Fn(f64) -> f64,
    (a, fa): (f64, f64),
    (b, fb): (f64, f64),
    x_tolerance: f64,
    f_tolerance: f64,
) -> f64 {
    assert!(fa * fb <= 0.0, "a root needs a bracket, got f({a}) = {fa} and f({b}) = {fb}");
    if fa.abs() <= f_tolerance {
        return a;
    }
    if fb.abs() <= f_tolerance {
        return b;
    }
    // x1 is the newest point, x2 the other end of the bracket, x3 the point before.
    let ((mut x1, mut f1), (mut x2, mut f2)) = ((b, fb), (a, fa));
    let mut t = f1 / (f1 - f2);
    for _ in 0..200 {
        let x = x1 + t * (x2 - x1);
        let fx = f(x);
        let (x3, f3);
        if (fx > 0.0) == (f1 > 0.0) {
            (x3, f3) = (x1, f1);
        } else {
            (x3, f3) = (x2, f2);
            (x2, f2) = (x1, f1);
        }
        (x1, f1) = (x, fx);
        let best = if f1.abs() < f2.abs() { x1 } else { x2 };
        let width = (x2 - x1).abs();
        if f1.abs().min(f2.abs()) <= f_tolerance || width <= x_tolerance {
            return best;
        }
        let (xi, phi) = ((x1 - x2) / (x3 - x2), (f1 - f2) / (f3 - f2));
        t = if phi * phi < xi && (1.0 - phi) * (1.0 - phi) < 1.0 - xi {
            f1 / (f2 - f1) * f3 / (f2 - f3)
                + (x3 - x1) / (x2 - x1) * f1 / (f3 - f1) * f2 / (f3 - f2)
        } else {
            0.5
        };
        let least = 0.5 * x_tolerance / width;
        t = t.clamp(least, 1.0 - least);
    }
    x1
}

/// Looks for the fixed point of a map that moves much less than its argument, such as the
/// temperature that water settles at when the heat put into it depends a little on itself.
///
/// `excess(x)` is the map's value less `x`, known at `start`; nothing lies below `least`. It
/// returns when `excess` has been within `held` there, or within a millionth where it went on;
/// the caller keeps what it has seen. One step beyond the image brackets the point where the
/// map's slope lies below a sixth, and three to five calls find it.
pub(super) fn settled(
    excess: impl Fn(f64) -> f64,
    (start, excess_there): (f64, f64),
    least: f64,
    held: f64,
) {
    if excess_there.abs() <= held {
        return;
    }
    let (mut x, mut fx) = (start, excess_there);
    let mut reach = 1.2;
    for _ in 0..100 {
        let next = (x + reach * fx).max(least);
        // The least there is counts as reached from above.
        let there = excess(next);
        let f_next = if next == least { there.max(0.0) } else { there };
        if fx * f_next <= 0.0 {
            bracketed(excess, (x, fx), (next, f_next), 1e-9, 1e-6);
            return;
        }
        (x, fx) = (next, f_next);
        reach *= 2.0;
    }
    panic!("nothing settles: {fx} is left at {x}, from {excess_there} at {start}");
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn roots_of_known_functions() {
        let root =
            |f: fn(f64) -> f64, a: f64, b: f64| bracketed(f, (a, f(a)), (b, f(b)), 1e-13, 0.0);
        assert!((root(|x| x * x * x - 2.0, 0.0, 3.0) - 2f64.cbrt()).abs() < 1e-12);
        assert!((root(|x| 1.0 / x - 4.0, 1e-6, 1e6) - 0.25).abs() < 1e-12);
        assert!((root(|x| (x - 0.3).signum(), 0.0, 1.0) - 0.3).abs() < 1e-12);
        assert_eq!(root(|x| x, 0.0, 1.0), 0.0);
    }

    #[test]
    fn a_smooth_curve_takes_few_calls() {
        let calls = Cell::new(0);
        let f = |r: f64| {
            calls.set(calls.get() + 1);
            3.0 + 6.0 / r - 20.0
        };
        let ends = ((0.2, 3.0 + 30.0 - 20.0), (1.0, 3.0 + 6.0 - 20.0));
        let r = bracketed(f, ends.0, ends.1, 1e-9, 1e-6);
        assert!((r - 6.0 / 17.0).abs() < 1e-6);
        assert!(calls.get() <= 8, "{} calls", calls.get());
    }

    /// Against the closed form of an affine map, from either side and from the least there is.
    #[test]
    fn a_map_that_moves_little_settles_in_few_calls() {
        for slope in [-0.4, 0.0, 0.05, 0.3] {
            let point = 7.0 / (1.0 - slope);
            for start in [0.0, 6.0, 30.0] {
                let (calls, nearest) = (Cell::new(0), Cell::new(f64::INFINITY));
                let excess = |x: f64| {
                    calls.set(calls.get() + 1);
                    if (x - point).abs() < f64::abs(nearest.get() - point) {
                        nearest.set(x);
                    }
                    7.0 + slope * x - x
                };
                settled(excess, (start, excess(start)), 0.0, 0.0);
                assert!((nearest.get() - point).abs() < 1e-5, "{slope} {start}");
                assert!(calls.get() <= 8, "{} calls for a slope of {slope}", calls.get());
            }
        }
        // Below the least nothing is looked for.
        let lowest = Cell::new(f64::INFINITY);
        let excess = |x: f64| {
            lowest.set(x.min(lowest.get()));
            -5.0 - x
        };
        settled(excess, (3.0, -8.0), 1.0, 1e-6);
        assert_eq!(lowest.get(), 1.0);
    }

    #[test]
    #[should_panic(expected = "needs a bracket")]
    fn no_bracket_is_a_bug() {
        bracketed(|x| x, (1.0, 1.0), (2.0, 2.0), 1e-9, 1e-9);
    }
}
