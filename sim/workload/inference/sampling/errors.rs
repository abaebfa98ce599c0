//! Standard errors of what windows stand for.
//!
//! Windows are one in each stratum, so their variance shows only between strata that are alike:
//! those of the same hour on two days, or of neighbouring hours in a run of few days (collapsed
//! strata). A mean or a share is a ratio of two sums, whose residuals are compared; a percentile
//! takes the error of the share of delays below it, and that to both sides on the distribution
//! (Woodruff 1952). Only sums over pairs are kept, for every group of bins that a percentile may
//! fall in, so that memory does not grow with the run.

use std::collections::VecDeque;

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::super::load::LoadDesign;
use super::super::records::{Records, Tally};
use crate::kernel::{Span, Time};
use crate::measure::Latency;

/// Percentiles that have an error, as shares.
pub(in crate::workload::inference) const PERCENTILES: [f64; 5] = [0.5, 0.9, 0.95, 0.99, 0.999];

/// Windows that must have seen the tail beyond a percentile for its error to be told.
const SEEN: u64 = 30;
/// Hours are alike whose rates differ by no more than rounding does.
const ALIKE: f64 = 1e-9;
/// Pairs from which on any error is.
const PAIRS: f64 = 4.0;
/// Half the 95 % interval of a normal law over its standard deviation.
const NORMAL: f64 = 1.959_963_984_540_054;

/// Standard errors of a delay, s; none where too little was seen.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LatencyErrors {
    /// Of the mean.
    pub mean_s: Option<f64>,
    /// Of the median, the 90th, 95th, 99th and 99.9th percentile.
    pub percentiles_s: [Option<f64>; PERCENTILES.len()],
}

/// Standard errors of what is told of requests that were sampled in time. Half a 95 % interval is
/// 1.96 times as wide: where few pairs of windows are compared, errors are raised for that.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct RequestErrors {
    /// Of TTFT, TPOT, TBT, E2E and queue.
    pub latencies: [LatencyErrors; 5],
    /// Of the requests that were served.
    pub served: Option<f64>,
    /// Of the tokens that they were answered with.
    pub output_tokens: Option<f64>,
    /// Of the share within targets.
    pub slo_attainment: Option<f64>,
}

/// Compares what windows record.
#[derive(Debug)]
pub(in crate::workload::inference) struct Errors {
    /// What is compared: an hour of whole strata.
    unit: Span,
    /// Hours between two that are compared.
    apart: usize,
    /// The hour that is being summed, by its number in the run.
    hour: u64,
    /// How much of it was passed in windows and gaps, and how much windows stand for, s.
    passed_s: f64,
    stood_for_s: f64,
    /// All that was passed and simulated in windows, s.
    sampled_s: f64,
    window_s: f64,
    /// Pairs of hours that were compared.
    pairs: f64,
    /// Of each of the last hours that was sampled throughout, how much arrives in such an hour.
    throughout: VecDeque<Option<f64>>,
    /// The same of this hour, /s.
    rate_per_s: f64,
    /// All requests, then those of each class where there are several.
    subjects: Vec<SubjectErrors>,
    /// Memory for the classes of a window together: asking for it anew costs more than to add them.
    total: Tally,
}

#[derive(Debug, Default)]
struct SubjectErrors {
    latencies: [DelayErrors; 5],
    served: Compared,
    output_tokens: Compared,
    decided: Compared,
    kept: Compared,
    /// Products of the differences of kept and decided.
    mixed: f64,
}

/// A count by hour and the squares of its differences.
#[derive(Debug, Default)]
struct Compared {
    now: f64,
    past: VecDeque<f64>,
    difference: f64,
    squares: f64,
}

impl Compared {
    /// Ends an hour. `compare` with that of `apart` hours ago.
    fn turn(&mut self, apart: usize, compare: bool) {
        self.past.push_back(std::mem::take(&mut self.now));
        self.difference = 0.0;
        if self.past.len() > apart {
            let before = self.past.pop_front().expect("there are as many");
            let now = self.past.back().expect("just pushed");
            if compare {
                self.difference = now - before;
                self.squares += self.difference * self.difference;
            }
        }
    }
}

/// The same of the distribution of a delay.
#[derive(Debug, Default)]
struct DelayErrors {
    now: Hour,
    past: VecDeque<Hour>,
    /// By group of bins: squares of differences of the counts up to it, and their products with
    /// those of all counts.
    squares: Vec<f64>,
    mixed: Vec<f64>,
    counts: f64,
    sums: f64,
    sums_counts: f64,
    /// Windows by the group of their longest delay.
    longest: Vec<u64>,
}

/// Delays of an hour.
#[derive(Debug, Default)]
struct Hour {
    /// Counts up to each group of bins, once the hour has ended; in each before.
    groups: Vec<f64>,
    count: f64,
    sum_s: f64,
}

impl Hour {
    fn up_to(&self, group: usize) -> f64 {
        self.groups.get(group).copied().unwrap_or(self.count)
    }
}

impl DelayErrors {
    fn add(&mut self, delays: &Latency, ratio: f64, scratch: &mut Vec<u64>) {
        scratch.clear();
        delays.add_groups(scratch);
        let groups = &mut self.now.groups;
        groups.resize(groups.len().max(scratch.len()), 0.0);
        groups.iter_mut().zip(&*scratch).for_each(|(all, &more)| *all += ratio * more as f64);
        self.now.count += ratio * delays.count() as f64;
        self.now.sum_s += ratio * delays.sum_s();
        let Some(longest) = delays.max_s() else { return };
        let group = Latency::group_of(longest);
        self.longest.resize(self.longest.len().max(group + 1), 0);
        self.longest[group] += 1;
    }

    fn turn(&mut self, apart: usize, compare: bool) {
        let mut now = std::mem::take(&mut self.now);
        let mut sum = 0.0;
        for group in &mut now.groups {
            sum += *group;
            *group = sum;
        }
        if self.past.len() == apart {
            let before = self.past.pop_front().expect("there are as many");
            if compare {
                self.compare(&now, &before);
            }
        }
        self.past.push_back(now);
    }

    fn compare(&mut self, now: &Hour, before: &Hour) {
        let groups = now.groups.len().max(before.groups.len()).max(self.squares.len());
        // Beyond the last group that was reached so far, counts up to it were all counts.
        self.squares.resize(groups, self.counts);
        self.mixed.resize(groups, self.counts);
        let count = now.count - before.count;
        for group in 0..groups {
            let up_to = now.up_to(group) - before.up_to(group);
            self.squares[group] += up_to * up_to;
            self.mixed[group] += up_to * count;
        }
        let sum_s = now.sum_s - before.sum_s;
        self.counts += count * count;
        self.sums += sum_s * sum_s;
        self.sums_counts += sum_s * count;
    }

    /// Squares of the differences of `counts up to group - share * counts`.
    fn residuals(&self, group: usize, share: f64) -> f64 {
        let of = |sums: &Vec<f64>| sums.get(group).copied().unwrap_or(self.counts);
        let squares =
            of(&self.squares) - 2.0 * share * of(&self.mixed) + share * share * self.counts;
        squares.max(0.0)
    }

    /// The standard error of the share of delays at most `at_s`, in sums over pairs.
    fn error_below(&self, delays: &Latency, at_s: f64) -> f64 {
        let group = Latency::group_of(at_s);
        let of = |group: usize| {
            let share = delays.share_up_to_group(group);
            (share, libm::sqrt(self.residuals(group, share)))
        };
        let share = delays.share_up_to(at_s);
        let (high, above) = of(group);
        let (low, below) = if group == 0 { (0.0, 0.0) } else { of(group - 1) };
        let part = if high > low { (share - low) / (high - low) } else { 1.0 };
        below + part.clamp(0.0, 1.0) * (above - below)
    }

    /// Whether enough windows have seen delays as long as `at_s`.
    fn has_seen(&self, at_s: f64) -> bool {
        let group = Latency::group_of(at_s).min(self.longest.len());
        self.longest[group..].iter().sum::<u64>() >= SEEN
    }

    /// Half the 95 % interval of a percentile of `delays`, s, where a sum over pairs is `scale` of
    /// the variance of what is summed over the run.
    fn half_s(&self, delays: &Latency, percentile: f64, scale: f64) -> Option<f64> {
        let at_s = delays.quantile_s(percentile).filter(|&at_s| self.has_seen(at_s))?;
        let error = self.error_below(delays, at_s) * scale / delays.count() as f64;
        let low = delays.quantile_s((percentile - error).max(0.0))?;
        let high = delays.quantile_s((percentile + error).min(1.0))?;
        // Two percentiles may lie a bin apart by where its edges fall, and are told to half of one.
        Some((0.5 * (high - low)).max(1.5 * Latency::resolution_s(at_s)))
    }
}

impl Errors {
    /// For requests of `load`; compares spans of `unit`, called hours here, that lie `apart`.
    pub(super) fn new(load: &LoadDesign, unit: Span, apart: usize) -> Self {
        let classes = load.classes.iter().filter(|class| !class.name.is_empty()).count();
        Self::empty((unit, apart), 0, 1 + classes)
    }

    fn empty((unit, apart): (Span, usize), hour: u64, subjects: usize) -> Self {
        Self {
            unit,
            apart,
            hour,
            passed_s: 0.0,
            stood_for_s: 0.0,
            sampled_s: 0.0,
            window_s: 0.0,
            pairs: 0.0,
            throughout: VecDeque::new(),
            rate_per_s: 0.0,
            subjects: (0..subjects).map(|_| SubjectErrors::default()).collect(),
            total: Tally::default(),
        }
    }

    /// Classes that are told apart.
    pub(in crate::workload::inference) fn classes(&self) -> usize {
        self.subjects.len() - 1
    }

    /// Forgets all that was compared.
    pub(in crate::workload::inference) fn clear(&mut self) {
        *self = Self::empty((self.unit, self.apart), self.hour, self.subjects.len());
    }

    /// `seconds` from `from` on were passed, and windows in them stand for `stood_for_s`.
    pub(super) fn pass(&mut self, from: Time, seconds: f64, stood_for_s: f64) {
        self.turn_to(from);
        self.passed_s += seconds;
        self.sampled_s += seconds;
        self.stood_for_s += stood_for_s;
        self.window_s += if stood_for_s > 0.0 { seconds } else { 0.0 };
    }

    /// A window that began at `from` recorded `records`, and stands for `ratio` times its length.
    /// `rate_per_s` is what is expected to arrive in such an hour of the week.
    pub(in crate::workload::inference) fn add(
        &mut self,
        from: Time,
        records: &Records,
        ratio: u32,
        rate_per_s: f64,
    ) {
        self.turn_to(from);
        self.rate_per_s = rate_per_s;
        let ratio = f64::from(ratio);
        let mut scratch = Vec::new();
        let total = records.total_in(&mut self.total);
        let tallies = std::iter::once(total).chain(records.classes());
        for (subject, tally) in self.subjects.iter_mut().zip(tallies) {
            for (errors, (_, delays)) in subject.latencies.iter_mut().zip(tally.latencies()) {
                errors.add(delays, ratio, &mut scratch);
            }
            subject.served.now += ratio * tally.served as f64;
            subject.output_tokens.now += ratio * tally.output_tokens as f64;
            subject.decided.now += ratio * tally.slo.decided() as f64;
            subject.kept.now += ratio * tally.slo.kept as f64;
        }
    }

    /// Ends the hours before that in which `at` lies.
    fn turn_to(&mut self, at: Time) {
        let hour = at.as_nanos() / self.unit.as_nanos();
        while self.hour < hour {
            self.hour += 1;
            // An hour of which a part was not sampled is like no other.
            let missing_s = self.unit.as_secs_f64() - self.passed_s;
            let is_sampled = missing_s < 1.0 && self.stood_for_s > 0.0;
            (self.passed_s, self.stood_for_s) = (0.0, 0.0);
            let is_full = self.throughout.len() == self.apart;
            let before = if is_full { self.throughout.pop_front() } else { None };
            let rate_per_s = is_sampled.then_some(self.rate_per_s);
            self.throughout.push_back(rate_per_s);
            let compare = before.flatten().zip(rate_per_s).is_some_and(|(before, now)| {
                // Neighbouring hours of a run of few days differ by its profile.
                self.apart == 1 || (before - now).abs() <= ALIKE * now
            });
            self.pairs += f64::from(u8::from(compare));
            for subject in &mut self.subjects {
                let SubjectErrors { latencies, served, output_tokens, decided, kept, mixed } =
                    subject;
                latencies.iter_mut().for_each(|errors| errors.turn(self.apart, compare));
                for count in [served, output_tokens, &mut *decided, &mut *kept] {
                    count.turn(self.apart, compare);
                }
                *mixed += decided.difference * kept.difference;
            }
        }
    }

    /// The root of the variance of a sum over the run to the root of a sum over pairs, and the factor
    /// by which few pairs widen an interval; none where there are too few.
    fn scale(&self) -> Option<(f64, f64)> {
        if self.pairs < PAIRS {
            return None;
        }
        let hours = self.sampled_s / self.unit.as_secs_f64();
        let share = self.window_s / self.sampled_s;
        let law = StudentsT::new(0.0, 1.0, self.pairs * 2.0 / 3.0).ok()?;
        let scale = libm::sqrt(hours * (1.0 - share) / (2.0 * self.pairs));
        Some((scale, law.inverse_cdf(0.975) / NORMAL))
    }

    /// The errors of subject `subject` (0 for all requests, then classes), which recorded `tally`.
    pub(in crate::workload::inference) fn of(
        &self,
        subject: usize,
        tally: &Tally,
    ) -> RequestErrors {
        let Some((scale, few)) = self.scale() else { return RequestErrors::default() };
        let subject = &self.subjects[subject];
        let mut errors = RequestErrors::default();
        let latencies = subject.latencies.iter().zip(tally.latencies());
        for (out, (of, (_, delays))) in errors.latencies.iter_mut().zip(latencies) {
            let Some(mean_s) = delays.mean_s() else { continue };
            let residuals = of.sums - 2.0 * mean_s * of.sums_counts + mean_s * mean_s * of.counts;
            let error = libm::sqrt(residuals.max(0.0)) * scale / delays.count() as f64;
            out.mean_s = Some(few * error);
            out.percentiles_s = PERCENTILES.map(|percentile| {
                let half = of.half_s(delays, percentile, few * NORMAL * scale)?;
                Some(half / NORMAL)
            });
        }
        errors.served = Some(few * scale * libm::sqrt(subject.served.squares));
        errors.output_tokens = Some(few * scale * libm::sqrt(subject.output_tokens.squares));
        errors.slo_attainment = tally.slo_attainment().map(|share| {
            let residuals = subject.kept.squares - 2.0 * share * subject.mixed
                + share * share * subject.decided.squares;
            few * scale * libm::sqrt(residuals.max(0.0)) / tally.slo.decided() as f64
        });
        errors
    }

    /// The widest half of a 95 % interval over what it is of, among the percentiles up to the 99th of
    /// TTFT, TPOT and E2E of `tally` that windows have seen often enough; none where there are none.
    /// At the end of a run that is `longer` times as long, of which `left_s` are sampled at `ratio`
    /// from here on.
    pub(super) fn widest(
        &self,
        tally: &Tally,
        left_s: f64,
        longer: f64,
        ratio: u32,
    ) -> Option<f64> {
        let (scale, few) = self.scale()?;
        // The variance of an hour goes with what its windows leave out over what they hold.
        let ratio_so_far = self.sampled_s / self.window_s;
        let more = left_s / self.sampled_s * (f64::from(ratio) - 1.0) / (ratio_so_far - 1.0);
        let scale = few * NORMAL * scale * libm::sqrt(1.0 + more) / longer;
        let latencies = self.subjects[0].latencies.iter().zip(tally.latencies());
        let looked_at = latencies.filter(|(_, (name, _))| matches!(*name, "ttft" | "tpot" | "e2e"));
        let halves = looked_at.flat_map(|(of, (_, delays))| {
            PERCENTILES[..4].iter().filter_map(move |&percentile| {
                let half = of.half_s(delays, percentile, scale)?;
                Some(half / delays.quantile_s(percentile)?)
            })
        });
        halves.reduce(f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Stream, Streams};
    use crate::workload::inference::load::LengthLaw;

    const RATIO: u32 = 4;

    /// A window of an hour at whose start is `level` more to wait: an hour's delays in seconds.
    fn delays(stream: &mut Stream, level: f64) -> Vec<f64> {
        let n = 200 + stream.below(50);
        (0..n).map(|_| level + stream.exponential(0.2)).collect()
    }

    fn load() -> LoadDesign {
        LoadDesign::poisson(1.0, LengthLaw::Fixed(1), LengthLaw::Fixed(1))
    }

    /// Errors of `hours` of which each has a window, beside the delays of those.
    fn observe(hours: usize, apart: usize, seed: u64) -> (Errors, Tally, Vec<Vec<f64>>) {
        let mut stream = Streams::new(seed, 0).stream("delays", "t");
        let mut errors = Errors::new(&load(), Span::from_hours(1), apart);
        let (mut all, mut told) = (Tally::default(), Vec::new());
        for hour in 0..hours {
            let from = Time::ZERO + Span::from_hours(hour as u64);
            let mut records = Records::of_one_class();
            let level = 0.05 * (hour % 24) as f64 / 24.0;
            let mine = delays(&mut stream, level);
            for &seconds in &mine {
                records.of(0).ttft.record(Span::from_secs_f64(seconds));
                records.of(0).served += 1;
            }
            let window_s = 3600.0 / f64::from(RATIO);
            errors.pass(from, window_s, 3600.0);
            errors.add(from, &records, RATIO, 1.0);
            errors.pass(from, 3600.0 - window_s, 0.0);
            all.merge_window(&records.total(), RATIO.into());
            told.push(mine);
        }
        errors.turn_to(Time::ZERO + Span::from_hours(hours as u64));
        (errors, all, told)
    }

    /// The error of a ratio of two sums over hours, from all pairs of hours one by one.
    fn ratio_error(tops: &[f64], bottoms: &[f64], apart: usize) -> f64 {
        let ratio = tops.iter().sum::<f64>() / bottoms.iter().sum::<f64>();
        let pairs = tops.len() - apart;
        let squares: f64 = (0..pairs)
            .map(|hour| {
                let residual = |hour: usize| tops[hour] - ratio * bottoms[hour];
                (residual(hour + apart) - residual(hour)).powi(2)
            })
            .sum();
        let left_out = 1.0 - 1.0 / f64::from(RATIO);
        let variance = tops.len() as f64 * left_out * squares / (2.0 * pairs as f64);
        variance.sqrt() / bottoms.iter().sum::<f64>()
    }

    #[test]
    fn errors_are_those_of_all_pairs_one_by_one() {
        for (hours, apart) in [(96, 24), (240, 24), (40, 1)] {
            let (errors, all, told) = observe(hours, apart, 7);
            let few = errors.scale().expect("enough pairs").1;
            let errors = errors.of(0, &all);
            let counts: Vec<f64> = told.iter().map(|hour| hour.len() as f64).collect();
            let sums: Vec<f64> = told.iter().map(|hour| hour.iter().sum()).collect();
            let mean = few * ratio_error(&sums, &counts, apart);
            let got = errors.latencies[0].mean_s.expect("a mean has an error");
            assert!((got / mean - 1.0).abs() < 1e-3, "{hours} h: {got} s, {mean} s one by one");
            // That of the share below the median, brought to the delays on both sides of it.
            let mut sorted: Vec<f64> = told.iter().flatten().copied().collect();
            sorted.sort_by(f64::total_cmp);
            let quantile = |q: f64| sorted[(q * sorted.len() as f64) as usize];
            let median = quantile(0.5);
            let below: Vec<f64> = told
                .iter()
                .map(|hour| hour.iter().filter(|&&delay| delay <= median).count() as f64)
                .collect();
            let share = few * NORMAL * ratio_error(&below, &counts, apart);
            let half = 0.5 * (quantile(0.5 + share) - quantile(0.5 - share));
            let got = errors.latencies[0].percentiles_s[0].expect("the median has an error");
            // Groups of bins lie 2 % apart, between which the error is interpolated.
            assert!((got * NORMAL / half - 1.0).abs() < 0.1, "{hours} h: {got} s, {half} s");
        }
    }

    /// Over many draws, the stated intervals hold the true values about as often as they say.
    #[test]
    fn intervals_hold_what_they_are_of() {
        let (hours, runs) = (96, 200);
        let truth = |level: f64| level + 0.2;
        let mean = (0..24).map(|hour| truth(0.05 * hour as f64 / 24.0)).sum::<f64>() / 24.0;
        let mut held = 0;
        for seed in 0..runs {
            let (errors, all, _) = observe(hours, 24, seed);
            let error = errors.of(0, &all).latencies[0].mean_s.expect("a mean has an error");
            // All of the population that a window of a quarter of it is drawn from.
            let error = error / (1.0 - 1.0 / f64::from(RATIO)).sqrt();
            held += u32::from((all.ttft.mean_s().unwrap() - mean).abs() <= NORMAL * error);
        }
        // 95 % of 200, within three standard errors.
        assert!((181..=199).contains(&held), "{held} of {runs}");
    }

    #[test]
    fn a_tail_that_few_windows_have_seen_has_no_error() {
        let mut stream = Streams::new(3, 0).stream("delays", "t");
        let mut errors = Errors::new(&load(), Span::from_hours(1), 1);
        let mut all = Tally::default();
        let hours = 80;
        for hour in 0..hours {
            let from = Time::ZERO + Span::from_hours(hour);
            let mut records = Records::of_one_class();
            // Two delays in a hundred are far longer, in 20 of 80 windows.
            let mut mine = delays(&mut stream, 0.0);
            if hour % 4 == 0 {
                mine.extend([9.0; 20]);
            }
            mine.iter().for_each(|&s| records.of(0).ttft.record(Span::from_secs_f64(s)));
            errors.pass(from, 3600.0, 3600.0 * f64::from(RATIO));
            errors.add(from, &records, RATIO, 1.0);
            all.merge_window(&records.total(), RATIO.into());
        }
        errors.turn_to(Time::ZERO + Span::from_hours(hours));
        let told = errors.of(0, &all).latencies[0].percentiles_s.map(|error| error.is_some());
        assert_eq!(told, [true, true, true, false, false]);
    }
}
