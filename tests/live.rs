//! A run that is watched: it is the run that nobody watches, and what is shown of it is what it has
//! come to.

use std::ops::ControlFlow;
use std::path::Path;

use loadbank::facility::{End, Facility, Observer, Outcome, Record};
use loadbank::kernel::Time;
use loadbank::workload::training::JobRecord;

use super::determinism::RESTLESS;
use super::support::{Bench, SMALL, load};

/// A run as it is told; what it has come to so far is asked for after so many intervals each.
struct Asking {
    every: usize,
    told: Vec<String>,
    so_far: Vec<Outcome>,
    intervals: usize,
}

impl Observer for Asking {
    fn interval(&mut self, start: Time, values: &[f64]) {
        self.intervals += 1;
        self.told.push(format!("{start} {values:?}"));
    }

    fn so_far(&mut self, outcome: &mut dyn FnMut() -> Outcome) {
        if self.intervals.is_multiple_of(self.every) {
            self.so_far.push(outcome());
        }
    }

    fn record(&mut self, record: &Record<'_>) {
        self.told.push(format!("{record:?}"));
    }

    fn job(&mut self, workload: &str, job: &JobRecord) {
        self.told.push(format!("{workload} {job:?}"));
    }

    fn proceed(&mut self, _: Time) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// The scenario at `path` with `sets`, asked every so many intervals: how it was told, what it came
/// to.
fn asked(path: &Path, sets: &[&str], every: usize) -> (Asking, Outcome) {
    let loaded = load(path, sets);
    let mut asking = Asking { every, told: Vec::new(), so_far: Vec::new(), intervals: 0 };
    let mut facility = Facility::new(&loaded.design, 0);
    assert_eq!(facility.run(&mut asking), End::Complete);
    (asking, facility.outcome())
}

/// What the small site has not: a programme that calls for less power.
const PROGRAMME: &str = "
programmes:
  ecrs:
    kind: dispatch
    award: 200 kW
    response: 10 min
    price: {fixed: 9.62 $/MW-h}
    energy_price: 100 $/MWh
    calls: {at: [{start: 2026-07-01T06:10:00Z, duration: 2 h}]}
";

#[test]
fn to_ask_what_a_run_has_come_to_changes_nothing() {
    let bench = Bench::new();
    let small = bench.file("small.yaml", SMALL);
    let called = bench.file("called.yaml", format!("{SMALL}{PROGRAMME}"));
    let [failures, .., days] = RESTLESS;
    let mut runs = vec![(small, RESTLESS.to_vec()), (called, vec![failures, days])];
    // Loads of heat, batteries and engines, arrays, sags, contracts.
    for name in
        ["cooling-bus-loss", "plant-tower-phoenix", "power-generators", "power-sags", "solar-miner"]
    {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name);
        runs.push((path.with_extension("yaml"), vec!["duration=1 day"]));
    }
    for (path, sets) in runs {
        let (quiet, outcome) = asked(&path, &sets, usize::MAX);
        let (asking, same) = asked(&path, &sets, 1);
        let path = path.display();
        assert!(asking.so_far.len() >= 24 && quiet.so_far.is_empty(), "{path}");
        assert!(quiet.told == asking.told, "{path} is told otherwise");
        assert_eq!(format!("{outcome:?}"), format!("{same:?}"), "{path}");
    }
}

/// A run of three days has come, after one and after two, to what runs of one and of two come to.
#[test]
fn what_a_run_has_come_to_is_what_a_shorter_run_comes_to() {
    let [utility, ups, pdu, duration] = RESTLESS;
    let bench = Bench::new();
    let small = bench.file("small.yaml", SMALL);
    let (asking, _) = asked(&small, &[utility, ups, pdu, duration], 24);
    for (days, so_far) in ["duration=1 day", "duration=2 days"].into_iter().zip(&asking.so_far) {
        let (_, shorter) = asked(&small, &[utility, ups, pdu, days], usize::MAX);
        assert_eq!(so_far.simulated_days, shorter.simulated_days);
        let mut compared = 0;
        for (one, other) in so_far.figures().zip(shorter.figures()) {
            assert_eq!(one.address(), other.address());
            match (one.value, other.value) {
                (Some(one_is), Some(other_is)) => {
                    let near = 1e-9 * one_is.abs().max(other_is.abs());
                    assert!(
                        (one_is - other_is).abs() <= near,
                        "{}: {one_is}, {other_is}",
                        one.address()
                    );
                    compared += 1;
                }
                (one_is, other_is) => assert_eq!(one_is, other_is, "{}", one.address()),
            }
        }
        assert!(compared > 300, "{compared} figures");
    }
}

#[cfg(feature = "live")]
mod served {
    use std::fs;
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};
    use std::process::{Child, Command, Stdio};
    use std::time::Duration;

    use serde_json::Value as Json;

    use crate::determinism::files;
    #[cfg(unix)]
    use crate::interrupt::interrupt;
    use crate::support::{BINARY, Bench, SMALL};

    /// A run that is watched.
    struct Watched {
        child: Child,
        /// Host and port of its page.
        host: String,
        /// The path of its page, which nobody can guess.
        path: String,
    }

    fn watched(bench: &Bench, args: &str) -> Watched {
        bench.file("small.yaml", SMALL);
        let mut child = Command::new(BINARY)
            .args("run small.yaml --tables csv --live 127.0.0.1:0".split(' '))
            .args(args.split(' '))
            .current_dir(bench.path())
            .env_remove("RUST_LOG")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.as_mut().unwrap()).lines();
        let named = lines.find_map(|line| {
            let line = line.unwrap();
            let (host, rest) = line.split_once("http://")?.1.split_once('/')?;
            let (path, _) = rest.split_once(' ')?;
            Some((host.to_owned(), format!("/{path}")))
        });
        let (host, path) = named.expect("the page is named");
        Watched { child, host, path }
    }

    impl Watched {
        /// Asks for `place` below the path of the page, with `headers`, and leaves the answer to be
        /// read.
        fn ask(&self, place: &str, headers: &str) -> TcpStream {
            self.ask_path(&format!("{}{place}", self.path), headers)
        }

        fn ask_path(&self, path: &str, headers: &str) -> TcpStream {
            let mut stream = TcpStream::connect(&self.host).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
            // By the older protocol, in which an answer ends with its connection.
            write!(stream, "GET {path} HTTP/1.0\r\n{headers}\r\n").unwrap();
            stream
        }

        /// The status of the answer for `path`.
        fn status(&self, path: &str, headers: &str) -> u16 {
            answer(self.ask_path(path, headers)).0
        }

        fn own(&self) -> String {
            format!("Host: {}\r\n", self.host)
        }

        /// The page and what its script reads.
        fn page(&self) -> (String, Json) {
            let (status, head, page) = answer(self.ask("", &self.own()));
            assert_eq!(status, 200, "{page}");
            assert!(head.contains("cross-origin-resource-policy: same-origin"), "{head}");
            let (_, data) = page.split_once("id=\"data\">").unwrap();
            let data = serde_json::from_str(data.split_once("</script>").unwrap().0).unwrap();
            (page, data)
        }
    }

    /// The status, the head and the body of an answer.
    fn answer(mut stream: TcpStream) -> (u16, String, String) {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), head.to_lowercase(), body.to_owned())
    }

    /// The next event of a stream: its name and its data.
    fn next(stream: &mut impl std::io::BufRead) -> Option<(String, String)> {
        let (mut event, mut data) = (String::new(), Vec::new());
        for line in stream.lines() {
            let line = line.unwrap();
            if let Some(name) = line.strip_prefix("event: ") {
                event = name.to_owned();
            } else if let Some(part) = line.strip_prefix("data: ") {
                data.push(part.to_owned());
            } else if line.is_empty() && !event.is_empty() {
                return Some((event, data.join("\n")));
            }
        }
        None
    }

    /// How many intervals the data of a page tells.
    fn intervals(data: &Json) -> usize {
        let runs = data["starts"].as_array().unwrap();
        runs.iter().map(|run| run[2].as_u64().unwrap() as usize).sum()
    }

    fn numbers(json: &Json) -> Vec<f64> {
        json.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
    }

    /// Of a page that is not of this run.
    const ELSEWHERE: &str = "events?after=other.page.0.0.0";

    /// A reader that stalls changes nothing of a run.
    #[test]
    fn nobody_can_tell_that_a_run_was_watched() {
        let bench = Bench::new();
        // Long enough to be asked twice before its server ends with it.
        let run = watched(&bench, "--set duration=60days --output watched");
        let own = run.own();
        let place = run.page().1["place"].as_str().unwrap().to_owned();
        let stalled = run.ask(&format!("events?after={place}"), &own);
        assert!(run.child.wait_with_output().unwrap().status.success());
        drop(stalled);

        let quiet = "run small.yaml --tables csv --set duration=60days --output quiet";
        bench.loadbank(quiet).assert().success();
        assert!(files(&bench, "watched") == files(&bench, "quiet"), "the watched run differs");
    }

    /// What an open page is told follows, row for row, on what it has; the end of the run brings its
    /// report.
    #[cfg(unix)]
    #[test]
    fn a_page_grows_by_the_rows_of_the_run() {
        let bench = Bench::new();
        // Of a longer run, several intervals would be told as one.
        let run = watched(&bench, "--set duration=1600days");
        let own = run.own();
        for headers in ["Host: evil.example\r\n", "Host: 127.0.0.1\r\n", ""] {
            assert_eq!(run.status(&run.path, headers), 403, "a stranger: {headers}");
        }
        for foreign in ["Origin: http://evil.example\r\n", "Sec-Fetch-Site: cross-site\r\n"] {
            assert_eq!(run.status(&run.path, &format!("{own}{foreign}")), 403, "{foreign}");
        }
        let guessed = format!("/{}/", "0".repeat(32));
        for path in ["/", "/events?after=other.page.0.0.0", "/etc/passwd", guessed.as_str()] {
            assert_eq!(run.status(path, &own), 404, "{path}");
        }

        let mut events = BufReader::new(run.ask(ELSEWHERE, &own));
        assert_eq!(next(&mut events).unwrap().0, "renew", "of a page of another run");
        let (page, mut data) = run.page();
        assert!(page.contains("connect-src 'self'") && page.contains(", so far</dt>"));
        assert!(page.contains("Books are closed when the run ends"));

        let mut told: Vec<(usize, Vec<f64>, Vec<f64>)> = Vec::new();
        let report = 'page: loop {
            let mut have = intervals(&data);
            let place = data["place"].as_str().unwrap();
            let mut events = BufReader::new(run.ask(&format!("events?after={place}"), &own));
            while let Some((event, tail)) = next(&mut events) {
                match event.as_str() {
                    "ended" => break 'page tail,
                    "renew" => {
                        // Causes that are new to the page, each once: this comes to an end.
                        data = run.page().1;
                        continue 'page;
                    }
                    _ => assert_eq!(event, "grown"),
                }
                let tail: Json = serde_json::from_str(&tail).unwrap();
                assert!(tail["head"].as_str().unwrap().contains("Running: figures are so far"));
                let (starts, import) =
                    (numbers(&tail["starts"]), numbers(&tail["charts"][0]["values"][0]));
                assert_eq!(import.len(), starts.len());
                let rows = starts.len();
                told.push((have, starts, import));
                have += rows;
                if told.len() == 3 {
                    interrupt(&run.child);
                }
            }
            panic!("the events end without the report");
        };
        assert_eq!(run.child.wait_with_output().unwrap().status.code(), Some(130));
        let left: Json = serde_json::from_str(&report).unwrap();
        let (page, folder) = (left["page"].as_str().unwrap(), bench.the_run());
        assert!(page == fs::read_to_string(folder.join("report.html")).unwrap());
        assert!(page.contains("Partial: the run was interrupted"));
        assert_eq!(left["folder"], folder.to_str().unwrap());
        assert!(told.len() >= 3);

        let mut reader = csv::Reader::from_path(bench.the_run().join("timeseries.csv")).unwrap();
        let heads = reader.headers().unwrap().clone();
        let import_at = heads.iter().position(|name| name == "import_mw").unwrap();
        let rows: Vec<(jiff::Timestamp, f64)> = reader
            .records()
            .map(|row| row.map(|row| (row[0].parse().unwrap(), row[import_at].parse().unwrap())))
            .collect::<Result<_, _>>()
            .unwrap();
        for (from, starts, import) in told {
            assert!(!starts.is_empty());
            for ((at, expected), (start, told)) in
                rows[from..].iter().zip(starts.iter().zip(import))
            {
                assert_eq!(*start, at.as_second() as f64);
                // A site below a megawatt is told in kilowatts.
                assert!(
                    [1.0, 1000.0].iter().any(|unit| (told - unit * expected).abs() <= 1e-12 * told)
                );
            }
        }
    }

    #[test]
    fn an_address_that_cannot_be_listened_on_is_refused_before_the_run() {
        let bench = Bench::new();
        bench.file("small.yaml", SMALL);
        let taken = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let holder = TcpListener::bind(taken).unwrap();
        let refused = |address: &str| {
            let output = bench.loadbank("run small.yaml --live").arg(address).output().unwrap();
            assert_eq!(output.status.code(), Some(2));
            assert!(!bench.path().join("runs").exists());
            String::from_utf8(output.stderr).unwrap()
        };
        let said = refused(&taken.to_string());
        assert!(said.contains(&format!("--live: cannot listen on `{taken}`")), "{said}");
        assert!(said.contains("port 0"), "{said}");
        assert!(refused("0.0.0.0:7417").contains("ssh -L"));
        assert!(refused("small.yaml").contains("FILE goes before"));
        drop(holder);
    }
}
