//! A log in few bytes, so that years of jobs can be played from memory.

use std::sync::Arc;

use super::swf::{JobEnd, LogJob};
use crate::kernel::{Span, Time};

/// The jobs of a log in the order of their submission, about twelve bytes each where times are
/// whole seconds.
///
/// A job is a row of numbers of seven bits a byte, the lowest first: what its number and its
/// time of submission are above those of the job before, its run time, what it asked for above
/// that, processors with the kind of its end, user and queue.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct JobLog {
    bytes: Arc<[u8]>,
}

impl JobLog {
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn jobs(&self) -> Jobs {
        Jobs { bytes: Arc::clone(&self.bytes), at: 0, number: 0, submit: Time::ZERO }
    }
}

/// Takes the jobs of a log one by one.
#[derive(Debug, Default)]
pub(super) struct JobLogBuilder {
    bytes: Vec<u8>,
    number: u64,
    submit: Time,
}

impl JobLogBuilder {
    /// Appends a job that was not submitted before the last.
    pub(super) fn push(&mut self, job: &LogJob) {
        // Numbers may fall; the difference then wraps.
        self.write(zigzag(job.number.wrapping_sub(self.number) as i64));
        self.write_span(job.submit - self.submit);
        self.write_span(job.run);
        self.write_span(Span::from_nanos(job.requested.as_nanos() - job.run.as_nanos()));
        let end = match job.end {
            JobEnd::Completed => 0,
            JobEnd::Failed => 1,
            JobEnd::Cancelled => 2,
        };
        self.write((u64::from(job.processors) << 2) | end);
        self.write(job.user.map_or(0, |user| u64::from(user) + 1));
        self.write(job.queue.map_or(0, |queue| u64::from(queue) + 1));
        (self.number, self.submit) = (job.number, job.submit);
    }

    pub(super) fn finish(self) -> JobLog {
        JobLog { bytes: self.bytes.into() }
    }

    /// Whole seconds are even numbers, others odd ones.
    fn write_span(&mut self, span: Span) {
        let nanos = span.as_nanos();
        let whole = nanos.is_multiple_of(SECOND);
        self.write(if whole { (nanos / SECOND) << 1 } else { (nanos << 1) | 1 });
    }

    fn write(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }
}

const SECOND: u64 = 1_000_000_000;

/// Small numbers of either sign as small numbers.
fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

/// The jobs of a log, unpacked one by one.
#[derive(Debug, Clone)]
pub(super) struct Jobs {
    bytes: Arc<[u8]>,
    at: usize,
    number: u64,
    submit: Time,
}

impl Jobs {
    fn read(&mut self) -> u64 {
        let (mut value, mut shift) = (0, 0);
        loop {
            let byte = self.bytes[self.at];
            self.at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return value;
            }
            shift += 7;
        }
    }

    fn read_span(&mut self) -> Span {
        let value = self.read();
        let nanos = value >> 1;
        Span::from_nanos(if value & 1 == 0 { nanos * SECOND } else { nanos })
    }
}

impl Iterator for Jobs {
    type Item = LogJob;

    fn next(&mut self) -> Option<LogJob> {
        if self.at == self.bytes.len() {
            return None;
        }
        let step = self.read();
        let step = (step >> 1) as i64 ^ -((step & 1) as i64);
        self.number = self.number.wrapping_add(step as u64);
        let gap = self.read_span();
        self.submit += gap;
        let run = self.read_span();
        let requested = run + self.read_span();
        let processors = self.read();
        let end = match processors & 3 {
            0 => JobEnd::Completed,
            1 => JobEnd::Failed,
            _ => JobEnd::Cancelled,
        };
        let known = |value: u64| value.checked_sub(1).map(|value| value as u32);
        Some(LogJob {
            number: self.number,
            submit: self.submit,
            run,
            processors: (processors >> 2) as u32,
            requested,
            end,
            user: known(self.read()),
            queue: known(self.read()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn jobs() -> impl Strategy<Value = Vec<LogJob>> {
        let span = || prop_oneof![(0..1_000_000u64).prop_map(|s| s * SECOND), 0..1u64 << 52];
        let end =
            prop_oneof![Just(JobEnd::Completed), Just(JobEnd::Failed), Just(JobEnd::Cancelled)];
        let who = (prop::option::of(any::<u32>()), prop::option::of(0..9u32));
        let number = prop_oneof![0..100u64, 0..1u64 << 59];
        let job = (number, span(), span(), span(), any::<u32>(), end, who);
        prop::collection::vec(job, 0..20).prop_map(|rows| {
            let mut submit = Time::ZERO;
            let job = |(number, gap, run, more, processors, end, (user, queue))| {
                submit += Span::from_nanos(gap);
                let (run, requested) = (Span::from_nanos(run), Span::from_nanos(run + more));
                LogJob { number, submit, run, processors, requested, end, user, queue }
            };
            rows.into_iter().map(job).collect()
        })
    }

    proptest! {
        #[test]
        fn what_was_packed_comes_out(jobs in jobs()) {
            let mut packed = JobLogBuilder::default();
            jobs.iter().for_each(|job| packed.push(job));
            prop_assert_eq!(packed.finish().jobs().collect::<Vec<_>>(), jobs);
        }
    }
}
