//! What the GPUs of a job draw in each of its phases.

use crate::workload::gpu::{CapCurve, GpuRackDesign};

/// Mean draw and speed of a GPU that trains, over one iteration, by power cap.
///
/// An iteration computes for a share of its time and communicates for the rest. Computing
/// draws what the [`CapCurve`] says, scaled to the compute share; communication draws its own
/// share or, under a low cap, what computing does. The mean of both rises with the cap and so
/// does the speed, so each is a function of the other: piecewise linear, exactly, between the
/// points kept here.
#[derive(Debug, Clone, PartialEq)]
pub struct RunCurve {
    /// (mean draw in W, speed), both strictly rising.
    points: Vec<(f64, f64)>,
    /// Share of an iteration that computes, and what it draws uncapped otherwise, W.
    duty: f64,
    communicate_w: f64,
}

/// Draw of a GPU in the two parts of an iteration, W.
#[derive(Debug, Clone, Copy)]
struct Parts {
    compute_w: f64,
    communicate_w: f64,
}

impl RunCurve {
    /// The curve of iterations that compute for `duty` of their time, drawing `compute_w`
    /// uncapped, and communicate otherwise, drawing `communicate_w`.
    ///
    /// # Panics
    ///
    /// When `duty` or `compute_w` is not above zero.
    pub fn new(curve: &CapCurve, duty: f64, compute_w: f64, communicate_w: f64) -> Self {
        assert!(duty > 0.0 && compute_w > 0.0, "a job that trains computes");
        let scale = compute_w / curve.full().draw_w;
        // Computing draw and speed at the measured points; no GPU draws more than its cap.
        let mut points: Vec<(f64, f64)> =
            curve.points().iter().map(|p| ((p.draw_w * scale).min(p.cap_w), p.speed)).collect();
        // And where communication starts to be limited: between those all is linear.
        let kink = points.windows(2).position(|w| w[0].0 < communicate_w && communicate_w < w[1].0);
        if let Some(i) = kink {
            let (a, b) = (points[i], points[i + 1]);
            let speed = a.1 + (communicate_w - a.0) / (b.0 - a.0) * (b.1 - a.1);
            points.insert(i + 1, (communicate_w, speed));
        }
        for point in &mut points {
            point.0 = duty * point.0 + (1.0 - duty) * communicate_w.min(point.0);
        }
        Self { points, duty, communicate_w }
    }

    /// What an iteration draws in its parts that draws `mean_w` as a mean, W: under a low cap both the
    /// same.
    fn parts(&self, mean_w: f64) -> Parts {
        let communicate_w = self.communicate_w.min(mean_w);
        let compute_w = (mean_w - (1.0 - self.duty) * communicate_w) / self.duty;
        Parts { compute_w, communicate_w }
    }

    /// The longest iteration at full speed whose swing a store of `buffer_j` flattens where a GPU draws
    /// `floor_w` at least, s: what is above the mean while it computes must fit. None where it does not
    /// swing.
    pub fn flattened_s(&self, buffer_j: f64, floor_w: f64) -> Option<f64> {
        let Parts { compute_w, communicate_w } = self.parts(self.full_w());
        let swing_w = compute_w - communicate_w.max(floor_w);
        let above_w = swing_w * (1.0 - self.duty) * self.duty;
        (above_w > 0.0).then(|| buffer_j / above_w)
    }

    /// What a GPU burns while it communicates that draws `floor_w` at least and no more than while it
    /// computes, as a mean over iterations whose work draws `mean_w`, W.
    pub fn dips_w(&self, mean_w: f64, floor_w: f64) -> f64 {
        let Parts { compute_w, communicate_w } = self.parts(mean_w);
        (1.0 - self.duty) * (floor_w.min(compute_w) - communicate_w).max(0.0)
    }

    /// Mean draw at the lowest cap, W.
    pub fn floor_w(&self) -> f64 {
        self.points[0].0
    }

    /// Speed at the lowest cap.
    pub fn floor_speed(&self) -> f64 {
        self.points[0].1
    }

    /// Mean draw at full speed, W.
    pub fn full_w(&self) -> f64 {
        self.points[self.points.len() - 1].0
    }

    /// The highest speed at a mean draw of at most `limit_w`; zero below the floor, where a
    /// GPU cannot run. A limit that misses a draw by rounding alone is not a limit.
    pub fn speed_at(&self, limit_w: f64) -> f64 {
        if limit_w * (1.0 + ROUNDING) >= self.full_w() {
            return self.points[self.points.len() - 1].1;
        }
        if limit_w * (1.0 + ROUNDING) < self.floor_w() {
            return 0.0;
        }
        let limit = limit_w.max(self.floor_w());
        let upper = self.points.iter().position(|p| p.0 > limit).expect("the last point is above");
        let (a, b) = (self.points[upper - 1], self.points[upper]);
        a.1 + (limit - a.0) / (b.0 - a.0) * (b.1 - a.1)
    }

    /// Mean draw at `speed`, W. Speeds below that of the lowest cap come from heat, which
    /// lowers the clock further than a cap can: the draw then falls linearly to `resident_w`
    /// at rest.
    pub fn draw_at(&self, speed: f64, resident_w: f64) -> f64 {
        let (mut low, mut low_speed) = (resident_w, 0.0);
        for &(draw, at) in &self.points {
            if speed <= at {
                return low + (speed - low_speed) / (at - low_speed) * (draw - low);
            }
            (low, low_speed) = (draw, at);
        }
        self.full_w()
    }
}

/// Relative error that sums of a rack's draws may carry when they come back as a cap.
pub(super) const ROUNDING: f64 = 1e-9;

/// Draw of one GPU in the phases of a job, W.
#[derive(Debug, Clone, PartialEq)]
pub struct PowerDesign {
    /// While training.
    pub run: RunCurve,
    /// While a checkpoint is written.
    pub checkpoint_w: f64,
    /// While a job loads its state and connects.
    pub restart_w: f64,
    /// While the survivors of a failure wait for it to be noticed: they spin in a collective.
    pub hung_w: f64,
    /// While it holds a job in memory and nothing moves.
    pub resident_w: f64,
    /// While it holds nothing.
    pub idle_w: f64,
}

impl PowerDesign {
    /// Mean draw over whole checkpoint cycles of a job that runs at `speed`, W: the writes
    /// are no events, so their dip is spread over the cycle. Energy over whole cycles is
    /// exact.
    pub(super) fn cycle_mean_w(&self, speed: f64, interval_s: f64, write_s: f64) -> f64 {
        let run_w = self.run.draw_at(speed, self.resident_w);
        if interval_s.is_infinite() {
            return run_w;
        }
        let compute_s = interval_s / speed;
        (compute_s * run_w + write_s * self.checkpoint_w.min(run_w)) / (compute_s + write_s)
    }

    /// What a GPU burns that draws `floor_w` at least while its job runs at `speed`, as a mean over whole
    /// checkpoint cycles, W: writes burn nothing.
    pub(super) fn cycle_dips_w(
        &self,
        speed: f64,
        (interval_s, write_s): (f64, f64),
        floor_w: f64,
    ) -> f64 {
        let dips_w = self.run.dips_w(self.run.draw_at(speed, self.resident_w), floor_w);
        if interval_s.is_infinite() {
            return dips_w;
        }
        let compute_s = interval_s / speed;
        dips_w * compute_s / (compute_s + write_s)
    }

    /// The same with GPUs that are capped at `cap_w`, at least the lowest cap of `curve`: none
    /// draws more in any phase.
    pub(super) fn capped(mut self, curve: &CapCurve, cap_w: f64) -> Self {
        if let Some(point) = curve.at_cap(cap_w) {
            let draw_w = self.run.draw_at(point.speed, self.resident_w);
            self.run.points.retain(|&(_, speed)| speed < point.speed);
            self.run.points.push((draw_w, point.speed));
        }
        for phase_w in [&mut self.checkpoint_w, &mut self.restart_w, &mut self.hung_w] {
            *phase_w = phase_w.min(cap_w).max(self.resident_w);
        }
        self
    }

    /// The same for jobs that draw `draw_w` while they train, uncapped, but no more than `cap_w`:
    /// under a limit they lose as much speed as others do for the same part of what their work
    /// draws.
    pub(super) fn drawing(&self, draw_w: f64, cap_w: f64) -> Self {
        let full_w = self.run.full_w();
        let resident_w = self.resident_w.min(draw_w);
        // The lowest cap of a GPU is no higher for jobs that draw more.
        let (low_w, to_w) = match draw_w > full_w {
            true => (self.run.floor_w(), self.run.floor_w()),
            false => (self.resident_w, resident_w),
        };
        let scale = (draw_w - to_w) / (full_w - low_w);
        let scaled = |w: f64| (to_w + scale * (w - low_w)).max(0.0);
        let mut run = RunCurve {
            points: self.run.points.iter().map(|&(w, speed)| (scaled(w), speed)).collect(),
            duty: self.run.duty,
            communicate_w: scaled(self.run.communicate_w),
        };
        if cap_w < draw_w {
            let speed = run.speed_at(cap_w).max(run.floor_speed());
            run.points.retain(|&(w, _)| w < cap_w);
            run.points.push((cap_w, speed));
        }
        let of_phase = |w: f64| w.min(draw_w).min(cap_w).max(resident_w);
        Self {
            run,
            checkpoint_w: of_phase(self.checkpoint_w),
            restart_w: of_phase(self.restart_w),
            hung_w: of_phase(self.hung_w),
            resident_w,
            idle_w: self.idle_w,
        }
    }

    /// Resolves shares of the thermal design power on `rack`.
    pub(super) fn new(rack: &GpuRackDesign, shares: Shares) -> Self {
        let tdp = rack.gpu_tdp_w;
        let above_rest = |share: f64| (share * tdp).max(rack.gpu_resident_w);
        Self {
            run: RunCurve::new(
                &rack.curve,
                shares.duty,
                shares.compute * tdp,
                above_rest(shares.communicate),
            ),
            checkpoint_w: above_rest(shares.checkpoint),
            restart_w: above_rest(shares.restart),
            hung_w: above_rest(shares.communicate),
            resident_w: rack.gpu_resident_w,
            idle_w: rack.gpu_idle_w,
        }
    }
}

/// Draws as shares of the thermal design power, and the share of time spent computing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shares {
    pub(super) compute: f64,
    pub(super) communicate: f64,
    pub(super) duty: f64,
    pub(super) checkpoint: f64,
    pub(super) restart: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn h100() -> RunCurve {
        RunCurve::new(&CapCurve::h100(700.0), 0.8, 630.0, 350.0)
    }

    /// P28: 65 J flatten a square swing of 700 W, half of the time, up to a period of 0.371429 s. By
    /// hand: 350 W above the mean for half of it.
    #[test]
    fn a_buffer_flattens_short_iterations() {
        let square = RunCurve::new(&CapCurve::h100(800.0), 0.5, 800.0, 100.0);
        let period_s = square.flattened_s(65.0, 0.0).unwrap();
        assert!((period_s - 0.371429).abs() < 5e-7, "{period_s}");
        assert!((350.0 * 0.5 * period_s - 65.0).abs() < 1e-9);
        assert_eq!(
            RunCurve::new(&CapCurve::h100(800.0), 1.0, 800.0, 100.0).flattened_s(65.0, 0.0),
            None
        );
        // A floor that halves the swing doubles the period.
        let period_s = square.flattened_s(65.0, 450.0).unwrap();
        assert!((350.0 * 0.25 * period_s - 65.0).abs() < 1e-9);
    }

    /// By hand for 80 % at 630 W and 20 % at 350 W: at full speed; where computing draws 400 W; and where
    /// both are held to 300 W.
    #[test]
    fn dips_are_between_what_is_communicated_and_computed_now() {
        let run = h100();
        for (compute_w, floor_w, expected_w) in [
            (630.0, 560.0, 0.2 * 210.0),
            (630.0, 700.0, 0.2 * 280.0),
            (630.0, 300.0, 0.0),
            (400.0, 560.0, 0.2 * 50.0),
            (400.0, 380.0, 0.2 * 30.0),
            (300.0, 560.0, 0.0),
        ] {
            let mean_w = 0.8 * compute_w + 0.2 * 350.0_f64.min(compute_w);
            let found = run.dips_w(mean_w, floor_w);
            assert!((found - expected_w).abs() < 1e-9, "{compute_w} {floor_w}: {found}");
        }
    }

    #[test]
    fn uncapped_draw_is_the_mean_of_both_phases() {
        assert!((h100().full_w() - (0.8 * 630.0 + 0.2 * 350.0)).abs() < 1e-9);
        assert!((h100().floor_w() - 199.0 * 630.0 / 647.0).abs() < 1e-9);
    }

    /// With computing alone at the measured draw, the curve is that of T23 on its draw axis.
    #[test]
    fn computing_alone_reproduces_the_measured_curve() {
        let run = RunCurve::new(&CapCurve::h100(700.0), 1.0, 647.0, 350.0);
        assert!((run.speed_at(0.75 * 647.0) - 0.908).abs() < 5e-4);
        assert!((run.speed_at(0.50 * 647.0) - 0.654).abs() < 5e-4);
        assert_eq!(run.speed_at(198.0), 0.0);
    }

    #[test]
    fn speed_and_draw_are_inverse_to_each_other() {
        let run = h100();
        for i in 0..=1000 {
            let draw = run.floor_w() + (run.full_w() - run.floor_w()) * f64::from(i) / 1000.0;
            let back = run.draw_at(run.speed_at(draw), 120.0);
            assert!((back - draw).abs() < 1e-5, "{draw} W came back as {back} W");
        }
        assert_eq!(run.speed_at(run.full_w() * (1.0 - 1e-10)), 1.0);
        assert_eq!(run.draw_at(0.0, 120.0), 120.0);
        assert!(run.draw_at(0.1, 120.0) < run.floor_w());
    }

    /// The kink where communication starts to be limited is a point of the curve: just above
    /// it the draw rises with the share of computing, below it with the whole.
    #[test]
    fn below_the_communication_draw_both_phases_are_limited() {
        let run = h100();
        let at = |cap: f64| {
            let compute = CapCurve::h100(700.0).at_cap(cap).unwrap();
            let draw = compute.draw_w * 630.0 / 647.0;
            (0.8 * draw + 0.2 * draw.min(350.0), compute.speed)
        };
        for cap in [220.0, 333.0, 360.0, 365.0, 401.0, 650.0] {
            let (draw, speed) = at(cap);
            assert!((run.speed_at(draw) - speed).abs() < 1e-8, "at {cap} W");
        }
    }

    /// T23 by a cap that the jobs set themselves.
    #[test]
    fn a_cap_of_the_jobs_is_the_top_of_their_curve() {
        let power = PowerDesign {
            run: RunCurve::new(&CapCurve::h100(700.0), 1.0, 647.0, 350.0),
            checkpoint_w: 175.0,
            restart_w: 140.0,
            hung_w: 350.0,
            resident_w: 119.0,
            idle_w: 70.0,
        };
        for (cap_w, draw_w, speed) in [
            (200.0, 199.0, 0.320),
            (300.0, 298.0, 0.594),
            (450.0, 444.0, 0.868),
            (700.0, 647.0, 1.0),
        ] {
            let capped = power.clone().capped(&CapCurve::h100(700.0), cap_w);
            assert!((capped.run.speed_at(f64::INFINITY) - speed).abs() < 5e-4);
            assert!((capped.run.full_w() - draw_w).abs() < 1e-9);
            assert_eq!(capped.hung_w, cap_w.min(350.0));
        }
    }

    #[test]
    fn writes_lower_the_mean_draw_by_their_share_of_time() {
        let power = PowerDesign {
            run: h100(),
            checkpoint_w: 175.0,
            restart_w: 140.0,
            hung_w: 350.0,
            resident_w: 120.0,
            idle_w: 70.0,
        };
        let mean = power.cycle_mean_w(1.0, 900.0, 100.0);
        assert!((mean - (0.9 * 574.0 + 0.1 * 175.0)).abs() < 1e-9);
        assert!((power.cycle_mean_w(1.0, f64::INFINITY, 100.0) - 574.0).abs() < 1e-9);
    }
}
