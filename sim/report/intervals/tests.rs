//! What is written is read back by the reader of the histogram crate.

use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

use super::*;

const MINUTES: u64 = 20;

/// A line of the log: tag, start and length in minutes, requests, longest in ms.
type Line = (Option<String>, u64, u64, u64, f64);

fn read(bytes: &[u8]) -> Vec<Line> {
    let entries = IntervalLogIterator::new(bytes).map(|entry| entry.expect("a sound line"));
    entries
        .filter_map(|entry| {
            let LogEntry::Interval(interval) = entry else { return None };
            let bytes = STANDARD.decode(interval.encoded_histogram()).unwrap();
            let back: Histogram<u64> = Deserializer::new().deserialize(&mut &bytes[..]).unwrap();
            let tag = interval.tag().map(|tag| tag.as_str().to_owned());
            let minutes = |time: std::time::Duration| time.as_secs() / 60;
            let (start, length) = (interval.start_timestamp(), interval.duration());
            Some((tag, minutes(start), minutes(length), back.len(), interval.max()))
        })
        .collect()
}

/// The log of intervals of 20 minutes, each with its requests and with what happened in it.
fn log(intervals: &[(u64, &[(What, u32)])]) -> String {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("latency.hlog");
    let start = "2026-06-01T00:00:00Z".parse().unwrap();
    let mut log = IntervalLog::create(&path, start).unwrap();
    for (n, (requests, events)) in intervals.iter().enumerate() {
        let at = |n: usize| Time::ZERO + Span::from_secs(60 * MINUTES * n as u64);
        for &(what, count) in *events {
            log.record(&Record { at: at(n), what, subject: "hall", count });
        }
        let mut records = Tally::default();
        records.ttft.record_n(Span::from_secs(2), *requests);
        records.e2e.record_n(Span::from_secs(3), *requests);
        let interval =
            InferenceInterval { records, classes: Vec::new(), energy_j: 0.0, simulated: None };
        log.served((at(n), at(n + 1)), "a b", &interval).unwrap();
        log.close_interval().unwrap();
    }
    log.finish().unwrap();
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn hours_have_no_gap_and_incidents_stand_among_them() {
    let lost = [(What::PowerLost, 3)];
    let trip = [(What::PowerRestored, 3), (What::HeatTrip, 1)];
    let back = [(What::HeatRestart, 1), (What::HeatFull, 1)];
    let text = log(&[
        (1, &[]),
        (2, &[(What::Failed, 1)]),
        (4, &lost),
        (0, &[]),
        (0, &trip),
        (8, &back),
        (0, &[]),
        (0, &[]),
        (0, &[(What::Curtailed, 1), (What::Uncurtailed, 1)]),
        (16, &[(What::HeatFull, 1)]),
    ]);
    let line = |tag: &str, start, length, requests, most| {
        let tag = (!tag.is_empty()).then(|| tag.to_owned());
        (tag, start, length, requests, most)
    };
    // Longest delays to three digits: 2 s and 3 s end bins of 1.024 ms and 2.048 ms.
    let found = read(text.as_bytes());
    let (two, three) = (found[0].4, found[1].4);
    assert!((two / 2000.0 - 1.0).abs() < 1e-3 && (three / 3000.0 - 1.0).abs() < 1e-3);
    assert_eq!(
        found,
        [
            line("", 0, 60, 7, two),
            line("a_b/e2e", 0, 60, 7, three),
            line("a_b/ttft@incident-1", 40, 80, 12, two),
            line("a_b/e2e@incident-1", 40, 80, 12, three),
            line("", 60, 60, 8, two),
            line("a_b/e2e", 60, 60, 8, three),
            line("", 120, 60, 0, 0.0),
            line("a_b/ttft@incident-2", 160, 20, 0, 0.0),
            line("", 180, 20, 16, two),
            line("a_b/e2e", 180, 20, 16, three),
        ]
    );
    assert!(text.contains("#[the intervals without a tag are a b/ttft, hour by hour]\n"), "{text}");
}

#[test]
fn an_incident_that_does_not_end_is_written_at_the_end() {
    let found = read(log(&[(1, &[(What::HeatSlow, 2)]), (1, &[])]).as_bytes());
    let of = |tag: &str| found.iter().find(|line| line.0.as_deref() == Some(tag)).unwrap();
    assert_eq!((of("a_b/e2e@incident-1").2, of("a_b/e2e@incident-1").3), (40, 2));
    assert_eq!(found.len(), 4);
}
