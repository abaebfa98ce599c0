//! Clients of records against what their files say.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;
use crate::kernel::Time;

const SECOND: Ticks = 16_000_000_000;

/// A client from the texts of its two files.
fn chunk(number: u32, trace: &str, dataset: &str) -> Chunk {
    let mut windows = RateWindows::default();
    for (at, line) in trace.lines().enumerate() {
        windows.read(at as u64 + 1, line.as_bytes()).unwrap();
    }
    let lengths = read_lengths(dataset.as_bytes()).unwrap();
    Chunk { number, windows: windows.finish().unwrap(), lengths }
}

/// One prompt of 7 tokens and one answer of 3.
const SHORT: &str = r#"{"0": {"input_tokens": "{7: 1.0}", "output_tokens": "{3: 1.0}"}}"#;

fn load(chunks: Vec<Chunk>, repeat: bool) -> LoadDesign {
    let record = Arc::new(gather(chunks).unwrap());
    let end = Time::ZERO + Span::from_hours(20 * 365 * 24);
    let recorded = RecordedDesign { record, rate_scale: 1.0, repeat, end };
    let mut load = LoadDesign::poisson(1.0, LengthLaw::Fixed(1), LengthLaw::Fixed(1));
    load.classes[0].source = SourceDesign::Recorded(recorded);
    load
}

fn recorded(load: &mut LoadDesign) -> &mut RecordedDesign {
    let SourceDesign::Recorded(recorded) = &mut load.classes[0].source else {
        unreachable!("it was recorded")
    };
    recorded
}

/// What arrives between two instants, in s.
fn arrived(load: &LoadDesign, seed: u64, (from_s, until_s): (u64, u64)) -> Vec<Sent> {
    let load = Load::new(load, "s");
    let names = ("s/0", &Streams::new(seed, 0));
    let mut arrivals = Arrivals::new(&load, names, from_s * SECOND);
    let mut all = Vec::new();
    while arrivals.next() < until_s * SECOND {
        all.push(arrivals.take());
    }
    all
}

fn seconds(sent: &Sent) -> f64 {
    sent.at as f64 / SECOND as f64
}

/// Whole seconds are told as such, and so are windows of several lengths.
#[test]
fn windows_are_told_in_seconds_as_they_are_written() {
    for (starts, lengths_s, expected) in [
        ([0, 60, 120], [60.0, 60.0, 60.0], "in 3 windows of 60 s over 180 s;"),
        ([30, 630, 1830], [600.0, 1200.0, 1200.0], "in 3 windows of 600 s to 1200 s over 3000 s;"),
        ([0, 3, 6], [3.0, 3.0, 3.0], "in 3 windows of 3.000 s over 9.000 s;"),
    ] {
        let trace = starts.map(|start| format!("{start},1,1,Gamma,1,1")).join("\n");
        let record = gather(vec![chunk(0, &trace, SHORT)]).unwrap();
        assert_eq!(record.windows_s().collect::<Vec<_>>(), lengths_s);
        assert_eq!(record.length_s(), lengths_s.iter().sum::<f64>());
        assert!(record.found().contains(expected), "{}", record.found());
    }
}

/// Rates of 0.05 to 0.2 per second in windows of 600 s, by bursty, regular and Poisson-like laws in turn.
#[test]
fn each_window_expects_what_its_rate_says_whatever_the_laws_around_it() {
    let rows = [
        ("0,0.05,4,Gamma,0.0625,320", 30.0, 4.0),
        ("600,0.1,0.3,Gamma,11.1,0.9", 60.0, 0.3),
        ("1200,0.05,3,Weibull,0.42,7", 30.0, 3.0),
        ("1800,0,0,,0,0", 0.0, 0.0),
        ("2400,0.2,1,Gamma,1,5", 120.0, 1.0),
        ("3000,0.05,4,Gamma,0.0625,320", 30.0, 4.0_f64),
    ];
    let text = rows.map(|row| row.0).join("\n");
    let load = load(vec![chunk(3, &text, SHORT)], true);
    let passes = 1500;
    let mut counts = vec![vec![0.0_f64; passes]; rows.len()];
    for sent in arrived(&load, 1, (0, 3600 * passes as u64)) {
        let at = seconds(&sent);
        counts[(at % 3600.0 / 600.0) as usize][(at / 3600.0) as usize] += 1.0;
    }
    let n = passes as f64;
    for (counts, (row, expected, variation)) in counts.iter().zip(rows) {
        let mean = counts.iter().sum::<f64>() / n;
        let variance = counts.iter().map(|c| (c - mean) * (c - mean)).sum::<f64>() / n;
        let five = 5.0 * (variance / n).sqrt();
        assert!((mean - expected).abs() <= five, "{row}: {mean} for {expected} +- {five}");
        // Whole gaps from each border on would be seen.
        let excess = (variation * variation - 1.0) / 2.0;
        assert!(variation <= 1.0 || excess > five, "{row}: {excess} hides in {five}");
    }
    let rate = recorded(&mut load.clone()).rate_per_s();
    assert!((rate - 270.0 / 3600.0).abs() < 1e-12, "{rate}");
}

/// The largest distance of an empirical distribution from `cdf`.
fn kolmogorov(mut values: Vec<f64>, cdf: impl Fn(f64) -> f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let n = values.len() as f64;
    let distance = |(at, &value): (usize, &f64)| {
        let p = cdf(value);
        (p - at as f64 / n).abs().max((p - (at + 1) as f64 / n).abs())
    };
    values.iter().enumerate().map(distance).fold(0.0, f64::max)
}

/// Gaps within windows of 6 h have the rate, the variation and the family of their row: an Erlang law of
/// two stages, and a Weibull law of shape 1/2, whose variation is the root of five.
#[test]
fn gaps_have_the_rate_the_variation_and_the_family_of_their_window() {
    let text = "0,0.5,0.7071067811865476,Gamma,2,1\n21600,0.5,2.23606797749979,Weibull,0.5,1";
    let load = load(vec![chunk(0, text, SHORT)], true);
    let passes = 8;
    let all: Vec<f64> = arrived(&load, 1, (0, 43_200 * passes)).iter().map(seconds).collect();
    let window = |at: f64| (at / 21_600.0) as u64;
    let erlang = |x: f64| 1.0 - (-2.0 * x).exp() * (1.0 + 2.0 * x);
    let weibull = |x: f64| 1.0 - (-(2.0 * x).sqrt()).exp();
    for (half, variation) in [(0, 0.5_f64.sqrt()), (1, 5.0_f64.sqrt())] {
        let pairs = all.windows(2).filter(|pair| window(pair[0]) == window(pair[1]));
        let gaps: Vec<f64> = pairs
            .filter(|pair| window(pair[0]) % 2 == half)
            .map(|pair| 0.5 * (pair[1] - pair[0]))
            .collect();
        let n = gaps.len() as f64;
        assert!(n > 70_000.0, "{n} gaps");
        let mean = gaps.iter().sum::<f64>() / n;
        // A gap across the end of a window is not seen, and long ones are oftener across.
        let cut = 1.0 / 10_800.0 * (1.0 + variation * variation);
        assert!((mean - 1.0).abs() < 5.0 * variation / n.sqrt() + cut, "mean {mean}");
        let second = gaps.iter().map(|gap| gap * gap).sum::<f64>() / n;
        let got = (second - mean * mean).sqrt();
        assert!((got / variation - 1.0).abs() < 0.05, "variation {got} for {variation}");
        let distance = match half {
            0 => kolmogorov(gaps, erlang),
            _ => kolmogorov(gaps, weibull),
        };
        // Exceeded once in 10,000 times.
        assert!(distance < 2.23 / n.sqrt() + cut, "{distance} of {n} gaps");
    }
}

/// Lengths of each window against its histograms, by chi-square; zero tokens are one.
#[test]
fn lengths_are_those_of_the_window_in_which_a_request_is_sent() {
    let dataset = r#"{
        "0": {"input_tokens": "{0: 0.1, 1: 0.1, 50: 0.3, 9000: 0.5}", "output_tokens": "{3: 1.0}", "other": "{0.5: 1}"},
        "1200": {"input_tokens": "{20: 0.25, 40: 0.75}", "output_tokens": "{5: 0.5, 6: 0.2, 7: 0.3}"}
    }"#;
    let text = "0,2,1,Gamma,1,1\n600,3,2,Gamma,1,1\n1200,2,1,Gamma,1,1\n1800,1,1.5,Weibull,1,1";
    let load = load(vec![chunk(0, text, dataset)], true);
    let all = arrived(&load, 1, (0, 2400 * 8));
    let first = |sent: &&Sent| seconds(sent) % 2400.0 < 1200.0;
    let (early, late): (Vec<&Sent>, Vec<&Sent>) = all.iter().partition(first);
    type Side = fn(&Sent) -> u32;
    let (prompt, output): (Side, Side) = (|sent| sent.prompt, |sent| sent.output);
    // The 99.9th percentile of chi-square with 0 to 2 degrees of freedom.
    let bounds = [1e-9, 10.83, 13.82];
    for (sent, side, law) in [
        (&early, prompt, &[(1, 0.2), (50, 0.3), (9000, 0.5)][..]),
        (&early, output, &[(3, 1.0)]),
        (&late, prompt, &[(20, 0.25), (40, 0.75)]),
        (&late, output, &[(5, 0.5), (6, 0.2), (7, 0.3)]),
    ] {
        let n = sent.len() as f64;
        assert!(n > 5000.0);
        let count = |tokens| sent.iter().filter(|sent| side(sent) == tokens).count() as f64;
        let counts: Vec<f64> = law.iter().map(|bin| count(bin.0)).collect();
        assert_eq!(counts.iter().sum::<f64>(), n, "no other lengths");
        let terms = counts.iter().zip(law).map(|(c, bin)| (c - n * bin.1).powi(2) / (n * bin.1));
        let chi_square: f64 = terms.sum();
        assert!(chi_square <= bounds[law.len() - 1], "{chi_square}: {counts:?} of {law:?}");
    }
}

#[test]
fn a_record_ends_or_starts_again_and_may_be_joined_late() {
    let text = "10,0,0,,0,0\n110,1,1,Gamma,1,1";
    let mut once = load(vec![chunk(0, text, SHORT)], false);
    let all = arrived(&once, 1, (0, 10_000));
    assert!(all.iter().all(|sent| (100.0..200.0).contains(&seconds(sent))), "it ends after 200 s");
    assert!((50..150).contains(&all.len()), "{} arrivals", all.len());
    assert_eq!(recorded(&mut once).length_s(), Some(200.0));
    recorded(&mut once).repeat = true;
    assert_eq!(recorded(&mut once).length_s(), None);
    let again = arrived(&once, 1, (0, 10_000));
    assert_eq!(again[..all.len()], all);
    assert!(again.iter().all(|sent| seconds(sent) % 200.0 >= 100.0));
    assert!((4500..5500).contains(&again.len()), "{} arrivals", again.len());
    let late = arrived(&once, 1, (150, 350));
    assert!(late.iter().all(|sent| seconds(sent) >= 150.0 && seconds(sent) % 200.0 >= 100.0));
    recorded(&mut once).rate_scale = 3.0;
    let more = arrived(&once, 1, (0, 10_000)).len();
    assert!((14_000..16_000).contains(&more), "{more} arrivals");
}

#[derive(Debug, Clone)]
struct Rows(Vec<(f64, f64, bool)>);

impl Rows {
    fn text(&self) -> String {
        let row = |(at, &(rate, variation, is_gamma)): (usize, &(f64, f64, bool))| {
            let family = if is_gamma { "Gamma" } else { "Weibull" };
            format!("{},{rate},{variation},{family},0,0", 60 * at)
        };
        self.0.iter().enumerate().map(row).collect::<Vec<_>>().join("\n")
    }
}

fn rows() -> impl Strategy<Value = Rows> {
    let rate = prop_oneof![Just(0.0), 0.01..3.0_f64];
    let row = (rate, prop_oneof![Just(1.0), 0.05..9.0_f64], any::<bool>());
    proptest::collection::vec(row, 4).prop_map(Rows)
}

/// Prompts that tell who sent them.
fn dataset(number: u32) -> String {
    let tokens = 10 * (number + 1);
    format!(
        r#"{{"0": {{"input_tokens": "{{{tokens}: 1, {}: 1}}", "output_tokens": "{{1: 0.5, 2: 0.5}}"}}}}"#,
        tokens + 1
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// What a client sends does not depend on who sends beside it, and two runs are alike.
    #[test]
    fn a_client_that_is_added_moves_nothing_of_another(
        all in proptest::collection::vec(rows(), 2..5),
        repeat: bool,
        seed: u64,
    ) {
        let chunks = |numbers: &[usize]| {
            let of = |&at: &usize| chunk(at as u32, &all[at].text(), &dataset(at as u32));
            numbers.iter().map(of).collect::<Vec<_>>()
        };
        let everyone: Vec<usize> = (0..all.len()).collect();
        let together = arrived(&load(chunks(&everyone), repeat), seed, (0, 600));
        prop_assert_eq!(&together, &arrived(&load(chunks(&everyone), repeat), seed, (0, 600)));
        for at in everyone {
            let alone = arrived(&load(chunks(&[at]), repeat), seed, (0, 600));
            let mine = |sent: &&Sent| sent.prompt / 10 == at as u32 + 1;
            prop_assert!(together.iter().filter(mine).eq(alone.iter()), "client {at}");
        }
        let mut order = together.iter().map(|sent| sent.at);
        prop_assert!(order.by_ref().is_sorted());
    }
}

/// What is wrong with each text of a trace.
#[test]
fn odd_traces_are_refused_at_their_line() {
    let said = |text: &str| {
        let mut windows = RateWindows::default();
        let mut lines = (1..).zip(text.lines());
        let read = lines.try_for_each(|(number, line)| windows.read(number, line.as_bytes()));
        read.and_then(|()| windows.finish().map(|_| ())).unwrap_err().to_string()
    };
    let good = "0,1,1,Gamma,1,1\n";
    for (text, part) in [
        ("0,1,1,Gamma,1", "line 1: 5 fields, the header has 6"),
        ("start,rate,cv,family,shape,scale", "line 1: `start` needs a number, got `start`"),
        ("600,NaN,1,Gamma,1,1", "line 2: `rate` needs a number, got `NaN`"),
        ("600,,1,Gamma,1,1", "line 2: `rate` needs a number from 0 to 1000000, got nothing"),
        ("600,-1,1,Gamma,1,1", "line 2: `rate` needs a number from 0 to 1000000, got `-1`"),
        ("600,inf,1,Gamma,1,1", "line 2: `rate` needs a number, got `inf`"),
        ("600,1,-2,Gamma,1,1", "line 2: `cv` needs a number from 0.01 to 1000, got `-2`"),
        ("600,1,0,Gamma,1,1", "line 2: `cv` needs a number from 0.01 to 1000, got `0`"),
        ("600,1,1,Pareto,1,1", "line 2: the family of gaps is `Gamma` or `Weibull`, got `Pareto`"),
        ("600,1,1,,1,1", "got ``"),
        ("0,1,1,Gamma,1,1", "line 2: a window that begins at 0 s, the one before at 0 s"),
        ("-600,1,1,Gamma,1,1", "line 2: `start` needs a number from 0"),
        ("", "1 windows: the length of one is told by the next"),
    ] {
        let is_first = part.contains("line 1");
        let text = if is_first { text.to_owned() } else { format!("{good}{text}") };
        let said = said(&text);
        assert!(said.contains(part), "{text:?}: {said}");
    }
}

#[test]
fn odd_datasets_are_refused_at_their_window() {
    let window = |prompt: &str| {
        format!(r#"{{"0": {{"input_tokens": "{prompt}", "output_tokens": "{{1: 1}}"}}}}"#)
    };
    for (text, part) in [
        ("{\n\"0\": 7}", "line 2: invalid type"),
        ("[1]", "invalid type: sequence, expected an object"),
        ("{\"0\": {\"input_tokens\": \"{1: 1}\"", "line 1: EOF"),
        ("{\"x\": {}}", "window `x`: needs its start in seconds"),
        ("{\"0\": {}}", "window `0`: needs one `input_tokens`; fields: "),
        ("{\"0\": {\"text_tokens\": \"{}\"}}", "fields: `text_tokens`"),
        (&window("7"), "window `0`: `input_tokens`: needs the text of a mapping"),
        (
            &window("{1: NaN}"),
            "needs tokens up to 1048576 and their share, zero or more, got `1: NaN`",
        ),
        (&window("{1: -1}"), "got `1: -1`"),
        (&window("{99999999: 1}"), "got `99999999: 1`"),
        (&window("{5: 1, 5: 1}"), "tokens rise from entry to entry, got `5: 1`"),
        (&window("{5: 0, 6: 0}"), "all shares are zero"),
    ] {
        let said = read_lengths(text.as_bytes()).unwrap_err().to_string();
        assert!(said.contains(part), "{text}: {said}");
    }
    let twice = window("{1: 1}").replace("}}", "}, \"0\": {}}");
    assert!(read_lengths(twice.as_bytes()).unwrap_err().message.contains("does not begin after"));
}

#[test]
fn clients_that_do_not_fit_are_refused_by_number_and_line() {
    let said = |chunks| {
        let (number, error) = gather(chunks).unwrap_err();
        format!("{number}: {error}")
    };
    let trace = "0,1,1,Gamma,1,1\n600,1,1,Gamma,1,1\n";
    let shifted = "0,1,1,Gamma,1,1\n700,1,1,Gamma,1,1\n";
    let longer = format!("{trace}1200,1,1,Gamma,1,1\n");
    let first = || chunk(4, trace, SHORT);
    let told = said(vec![first(), chunk(9, shifted, SHORT)]);
    assert!(told.starts_with("9: line 2: its windows are not those of client 4"), "{told}");
    let told = said(vec![first(), chunk(9, &longer, SHORT)]);
    assert!(told.starts_with("9: line 3: its windows"), "{told}");
    let empty = r#"{"0": {"input_tokens": "{}", "output_tokens": "{1: 1}"}}"#;
    let told = said(vec![first(), chunk(9, trace, empty)]);
    assert_eq!(
        told,
        "9: line 1: requests from 0 s on, for which `input_tokens` of window `0` in `chunk-9-dataset.json` \
         is empty"
    );
    let late = SHORT.replace("\"0\"", "\"600\"");
    let told = said(vec![chunk(9, trace, &late)]);
    assert!(
        told.contains(
            "line 1: requests from 0 s on, for which `chunk-9-dataset.json` has no window"
        )
    );
    // Nothing is asked of the lengths of a time in which nothing was sent.
    let idle = "0,0,0,,0,0\n600,1,1,Gamma,1,1\n";
    let empty_at_first = r#"{"0": {"input_tokens": "{}", "output_tokens": "{}"},
        "600": {"input_tokens": "{7: 1}", "output_tokens": "{1: 1}"}}"#;
    assert!(gather(vec![chunk(9, idle, empty_at_first)]).is_ok());
}

/// The files of a packed archive of tar by name; none where the data is not at hand.
#[allow(clippy::print_stderr)] // the one way to say that a test was skipped
fn archive(name: &str) -> Option<Vec<(String, Vec<u8>)>> {
    let root = std::env::var_os("LOADBANK_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let Ok(packed) = std::fs::File::open(root.join("inference").join(name)) else {
        eprintln!("skipped: no data");
        return None;
    };
    let mut bytes = Vec::new();
    flate2::read::MultiGzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
    let text = |field: &[u8]| {
        let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
        String::from_utf8(field[..end].to_vec()).unwrap()
    };
    let (mut files, mut at) = (Vec::new(), 0);
    // A header of 512 bytes with the name and, in octal, the size; then the file, up to whole blocks.
    while at + 512 <= bytes.len() && bytes[at] != 0 {
        let size = usize::from_str_radix(text(&bytes[at + 124..at + 136]).trim(), 8).unwrap();
        let content = at + 512;
        files.push((text(&bytes[at..at + 100]), bytes[content..content + size].to_vec()));
        at = content + size.div_ceil(512) * 512;
    }
    Some(files)
}

/// The clients of a published archive, by number.
fn published(name: &str) -> Option<Vec<Chunk>> {
    let files = archive(name)?;
    let file = |name: &str| {
        let found = files.iter().find(|(path, _)| path.ends_with(&format!("/{name}")));
        std::str::from_utf8(&found.unwrap().1).unwrap()
    };
    let number = |(path, _): &(String, Vec<u8>)| {
        let name = path.rsplit('/').next()?;
        name.strip_prefix("chunk-")?.strip_suffix("-trace.csv")?.parse::<u32>().ok()
    };
    let mut numbers: Vec<u32> = files.iter().filter_map(number).collect();
    numbers.sort_unstable();
    let of = |number: u32| {
        let named = |what: &str| file(&format!("chunk-{number}-{what}"));
        chunk(number, named("trace.csv"), named("dataset.json"))
    };
    Some(numbers.into_iter().map(of).collect())
}

/// Requests of each hour of `hours` against the sum of the rates of the files, of which the variance of
/// a renewal count is variation squared times its mean at most.
fn hold_by_hour(load: &mut LoadDesign, hours: u64) -> Vec<Sent> {
    let all = arrived(load, 1, (0, 3600 * hours));
    let record = Arc::clone(&recorded(load).record);
    let (mut expected, mut variance) = (vec![0.0; hours as usize], vec![0.0; hours as usize]);
    for client in &record.clients {
        for (at, window) in client.windows.iter().enumerate().take(6 * hours as usize) {
            let Some(window) = window else { continue };
            let (GapLaw::Gamma { variation } | GapLaw::Weibull { variation }) = window.gaps else {
                unreachable!("two families")
            };
            expected[at / 6] += 600.0 * window.rate_per_s;
            variance[at / 6] += 600.0 * window.rate_per_s * variation * variation;
        }
    }
    let mut counts = vec![0.0; hours as usize];
    for sent in &all {
        counts[(seconds(sent) / 3600.0) as usize] += 1.0;
    }
    for (hour, count) in counts.iter().enumerate() {
        let five: f64 = 5.0 * f64::sqrt(variance[hour]);
        assert!(
            (count - expected[hour]).abs() < five,
            "hour {hour}: {count} of {} +- {five}",
            expected[hour]
        );
    }
    let (total, mean): (f64, f64) = (counts.iter().sum(), expected.iter().sum());
    let five = 5.0 * variance.iter().sum::<f64>().sqrt();
    assert!((total - mean).abs() < five, "{total} of {mean} +- {five}");
    all
}

/// DeepSeek-R1 on Bailian over a day: requests by hour, and the lengths that the catalogue has from the
/// same files: prompts of 1,268 tokens with a variation of 3.12, answers of 1,527 with 1.52.
#[test]
fn a_day_of_published_clients_has_their_requests_and_lengths() {
    let Some(chunks) = published("reason_deepseek-r1.tar.gz") else { return };
    assert_eq!(chunks.len(), 73);
    let mut load = load(chunks, false);
    // The sum of rates times 600 s over all rows.
    assert!((recorded(&mut load).record.requests() - 1_383_669.0).abs() < 1e-3);
    let all = hold_by_hour(&mut load, 24);
    type Side = fn(&Sent) -> u32;
    let (prompt, output): (Side, Side) = (|sent| sent.prompt, |sent| sent.output);
    for (side, mean, variation) in [(prompt, 1268.0, 3.12), (output, 1527.0, 1.52)] {
        let n = all.len() as f64;
        let got = all.iter().map(|sent| f64::from(side(sent))).sum::<f64>() / n;
        let square = all.iter().map(|sent| f64::from(side(sent)).powi(2)).sum::<f64>() / n;
        let spread = (square - got * got).sqrt() / got;
        // Clients differ in length, and how much each sends of a day varies by a few percent.
        assert!((got / mean - 1.0).abs() < 0.02, "mean {got} for {mean}");
        assert!((spread / variation - 1.0).abs() < 0.02, "variation {spread} for {variation}");
    }
}

/// The first two of fourteen days of ten clients of m-large, the burstiest of the published files.
#[test]
fn days_of_bursty_clients_have_their_requests() {
    let Some(chunks) = published("language_m-large_chunks0-9.tar.gz") else { return };
    let mut load = load(chunks, true);
    assert!((recorded(&mut load).record.requests() - 5_196_496.0).abs() < 1e-3);
    hold_by_hour(&mut load, 48);
}
