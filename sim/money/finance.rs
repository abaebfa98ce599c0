//! Figures of merit of cash flows: pure functions over amounts at the ends of equal periods, of which
//! the first is paid at the start.

/// What `flows` are worth at the start, at a `rate` a period.
pub fn net_present_value(rate: f64, flows: &[f64]) -> f64 {
    flows.iter().rev().fold(0.0, |worth, flow| worth / (1.0 + rate) + flow)
}

/// The rate a period that comes to `yearly` in a year of `periods` of them.
pub fn rate_of_period(yearly: f64, periods: f64) -> f64 {
    libm::pow(1.0 + yearly, 1.0 / periods) - 1.0
}

/// Yearly rates between which rates of return are looked for.
pub const RATES: (f64, f64) = (-0.9, 10.0);

/// The yearly rates within [`RATES`] at which `flows`, of which a year has `periods`, are worth
/// nothing: the internal rate of return where there is one. There is none where all flows have one
/// sign, and there may be several where the sign changes more than once. Rates closer together than
/// a quarter of a per cent are not told apart.
pub fn internal_rates(flows: &[f64], periods: f64) -> Vec<f64> {
    const STEPS: u32 = 2000;
    if !(flows.iter().any(|flow| *flow > 0.0) && flows.iter().any(|flow| *flow < 0.0)) {
        return Vec::new();
    }
    // In the logarithm of what a dollar becomes in a year, where rates are spread evenly.
    let (least, most) = (libm::log1p(RATES.0), libm::log1p(RATES.1));
    let worth = |log: f64| net_present_value(libm::exp(log / periods) - 1.0, flows);
    let mut rates = Vec::new();
    let mut before: Option<(f64, f64)> = None;
    for step in 0..=STEPS {
        let log = least + (most - least) * f64::from(step) / f64::from(STEPS);
        let value = worth(log);
        if value == 0.0 {
            rates.push(libm::expm1(log));
            before = None;
            continue;
        }
        if let Some((low, of_low)) = before
            && (of_low > 0.0) != (value > 0.0)
        {
            rates.push(libm::expm1(bisect(low, log, of_low > 0.0, worth)));
        }
        before = Some((log, value));
    }
    rates
}

/// Where `of` changes its sign between `low`, where it is positive if `low_is_positive`, and `high`.
fn bisect(mut low: f64, mut high: f64, low_is_positive: bool, of: impl Fn(f64) -> f64) -> f64 {
    loop {
        let middle = low + 0.5 * (high - low);
        if middle <= low || middle >= high {
            return middle;
        }
        match (of(middle) > 0.0) == low_is_positive {
            true => low = middle,
            false => high = middle,
        }
    }
}

/// How many periods pass until the sum of `flows` is above zero and stays there; flows are spread
/// evenly over their period. None where it does not.
pub fn payback(flows: &[f64]) -> Option<f64> {
    let mut sum = 0.0;
    let mut back = None;
    for (period, flow) in flows.iter().enumerate() {
        let before = sum;
        sum += flow;
        if sum <= 0.0 {
            back = None;
        } else if back.is_none() {
            back = Some((period as f64 - 1.0 - before / flow).max(0.0));
        }
    }
    back
}

/// The least that the sum of `flows` comes to on the way, and no more than zero: what must be
/// financed.
pub fn trough(flows: &[f64]) -> f64 {
    let sums = flows.iter().scan(0.0, |sum, flow| {
        *sum += flow;
        Some(*sum)
    });
    sums.fold(0.0, f64::min)
}

/// The payment at the end of each of `years` that is worth `value` at the start.
pub fn annuity(value: f64, rate: f64, years: f64) -> f64 {
    if rate == 0.0 {
        return value / years;
    }
    value * rate / (1.0 - libm::pow(1.0 + rate, -years))
}

/// The integral, from year `from` to year `to`, of what changes by `growth` a year without steps and
/// is 1 at the start: what a price that drifts earns. With `(1 + growth) / (1 + rate) - 1` in the
/// place of `growth` it is that amount discounted at every instant.
pub fn drifted(growth: f64, from: f64, to: f64) -> f64 {
    let log = libm::log1p(growth);
    if log.abs() < 1e-12 {
        return to - from;
    }
    (libm::exp(log * to) - libm::exp(log * from)) / log
}

/// The same of what falls no lower than `floor`, a share of what it is at the start.
pub fn drifted_to(growth: f64, floor: f64, from: f64, to: f64) -> f64 {
    if growth >= 0.0 || floor <= 0.0 {
        return drifted(growth, from, to);
    }
    let there = (libm::log(floor) / libm::log1p(growth)).max(0.0);
    let falls = if from < there { drifted(growth, from, to.min(there)) } else { 0.0 };
    falls + floor * (to - from.max(there)).max(0.0)
}

/// What `units` a year cost each, at `capital` and `running` costs of a year.
pub fn levelised(capital: f64, running: f64, units: f64) -> Option<f64> {
    (units > 0.0).then(|| (capital + running) / units)
}
