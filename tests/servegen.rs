//! Clients of ServeGen: a folder of windows and lengths as the arrivals of a service.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use loadbank::scenario::read_scenario;

use super::support::{Bench, SMALL, simulate_file};

/// The small site with a chat of these arrivals.
fn scenario(arrivals: &str) -> String {
    let drawn = "arrivals: {rate_per_replica: 0.05 /s}";
    assert!(SMALL.contains(drawn));
    SMALL.replace(drawn, &format!("arrivals: {arrivals}"))
}

const LENGTHS: &str = r#"{"0": {"input_tokens": "{100: 0.5, 300: 0.5}", "output_tokens": "{50: 1.0}", "reason_ratio": "{}"}}"#;

/// Two clients over three hours: one is bursty and silent in the second, one always there.
fn clients(bench: &Bench) {
    bench.file(
        "m/chunk-7-trace.csv",
        "0,0.05,3,Gamma,0.11,180\n3600,0,0,,0,0\n7200,0.1,1,Gamma,1,10\n",
    );
    bench.file("m/chunk-7-dataset.json", LENGTHS);
    let trace = "0,0.02,1.5,Weibull,0.7,40\n3600,0.02,1,Gamma,1,50\n7200,0.02,1,Gamma,1,50\n";
    bench.file("m/chunk-12-trace.csv.gz", packed(trace));
    bench.file("m/chunk-12-dataset.json.gz", packed(&LENGTHS.replace("50: 1.0", "20: 2")));
    bench.file("m/README.md", "not a client");
}

fn packed(text: &str) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

/// What `check` finds in and says of the chat with `arrivals`, and whether it can be run.
fn told(bench: &Bench, arrivals: &str) -> (bool, String) {
    let path = bench.file("small.yaml", scenario(arrivals));
    let reading = read_scenario(&path, &[]);
    let said = reading.diagnostics.render(&reading.files, false);
    let found = reading.loaded.as_ref().map(|loaded| loaded.found.join("\n"));
    (reading.loaded.is_some(), found.unwrap_or_default() + &said)
}

#[test]
fn a_folder_of_clients_is_the_arrivals_of_a_service() {
    let bench = Bench::new();
    clients(&bench);
    let (is_sound, said) = told(&bench, "{servegen: {folder: m}}");
    assert!(is_sound, "{said}");
    // 3600 (0.05 + 0.1) and 10,800 x 0.02 requests; the answers of the second are shorter.
    let expected = "`m`: 2 clients in 3 windows of 3600 s over 10800 s; 756 requests expected, 0.070 /s in the \
                    mean, 0.120 in the busiest window; prompt tokens 200 in the mean, 300 at most; generated \
                    41 in the mean, 50 at most";
    assert!(said.contains(expected), "{said}");
    let run = |arrivals: &str, sets: &[&str]| {
        let path = bench.file("small.yaml", scenario(arrivals));
        simulate_file(&path, sets)
    };
    let once = run("{servegen: {folder: m}}", &["duration=6 hours"]);
    assert!(once.outcome.balanced());
    let chat =
        |told: &super::support::Told, key: &str| told.outcome.named("chat").unwrap().count(key);
    // Four cells, each of which receives all clients. The count of a renewal process varies by its mean times
    // the squared variation of its gaps: (180 x 3^2 + 360 + 72 x 1.5^2 + 144) / 756 = 3.02 times the
    // mean; 4 are allowed.
    let near = |count: u64, mean: f64| {
        let five = 5.0 * (4.0 * mean).sqrt();
        assert!((count as f64 - mean).abs() < five, "{count} of {mean} +- {five}");
    };
    near(chat(&once, "arrived"), 4.0 * 756.0);
    assert_eq!(chat(&once, "served"), chat(&once, "arrived"));
    let notes =
        once.outcome.notes.iter().map(|note| note.text.as_str()).collect::<Vec<_>>().join("\n");
    assert!(notes.contains("its record ends after 3.0 h of 6.0 h"), "{notes}");
    let again = run("{servegen: {folder: m, repeat: true}}", &["duration=6 hours"]);
    near(chat(&again, "arrived"), 8.0 * 756.0);
    // The mean of the record is 0.07 /s; two replicas with 0.07 each receive twice as much.
    let scaled = run(
        "{rate_per_replica: 0.07 /s, servegen: {folder: m, repeat: true}}",
        &["duration=6 hours"],
    );
    near(chat(&scaled, "arrived"), 16.0 * 756.0);
    let one = run("{servegen: {folder: m, clients: [12]}}", &["duration=6 hours"]);
    near(chat(&one, "arrived"), 4.0 * 216.0);
    assert_eq!(chat(&one, "output_tokens"), 20 * chat(&one, "served"));
}

/// Each file of a client is compressed or not, whatever the other is.
#[test]
fn either_file_of_a_client_may_be_compressed() {
    let bench = Bench::new();
    clients(&bench);
    let (_, expected) = told(&bench, "{servegen: {folder: m}}");
    for (file, text) in [
        (
            "trace.csv",
            "0,0.02,1.5,Weibull,0.7,40\n3600,0.02,1,Gamma,1,50\n7200,0.02,1,Gamma,1,50\n",
        ),
        ("dataset.json", LENGTHS.replace("50: 1.0", "20: 2").as_str()),
    ] {
        let bench = Bench::new();
        clients(&bench);
        std::fs::remove_file(bench.path().join(format!("m/chunk-12-{file}.gz"))).unwrap();
        bench.file(&format!("m/chunk-12-{file}"), text);
        assert_eq!(told(&bench, "{servegen: {folder: m}}"), (true, expected.clone()), "{file}");
    }
}

/// The same data elsewhere is the same run, and each file of the folder counts.
#[test]
fn what_is_run_depends_on_every_file_of_the_folder_and_on_no_path() {
    let hash_of = |change: &dyn Fn(&Bench), clients_of: &str| {
        let bench = Bench::new();
        clients(&bench);
        change(&bench);
        let text = scenario(&format!("{{servegen: {{folder: m{clients_of}}}}}"));
        let reading = read_scenario(&bench.file("small.yaml", text), &[]);
        let loaded = reading
            .loaded
            .unwrap_or_else(|| panic!("{}", reading.diagnostics.render(&reading.files, false)));
        // Written out, the scenario names the folder in full.
        let folder = bench.path().join("m").canonicalize().unwrap();
        assert!(
            loaded.effective_yaml.contains(folder.to_str().unwrap()),
            "{}",
            loaded.effective_yaml
        );
        (loaded.hash, loaded.inputs.len())
    };
    let hash = |change: Option<(&str, &str)>, clients_of: &str| {
        let write = |bench: &Bench| {
            if let Some((file, text)) = change {
                bench.file(file, text);
            }
        };
        hash_of(&write, clients_of)
    };
    let (plain, files) = hash(None, "");
    assert_eq!(files, 4);
    assert_eq!(hash(None, ""), (plain.clone(), 4));
    assert_eq!(hash(Some(("m/README.md", "another")), "").0, plain);
    let longer = LENGTHS.replace("300", "301");
    assert_ne!(hash(Some(("m/chunk-7-dataset.json", &longer)), "").0, plain);
    assert_eq!(hash(None, ", clients: [7]").1, 2);
    // The number of a client names its random streams: another one is another run.
    let renumber = |bench: &Bench| {
        for file in ["trace.csv", "dataset.json"] {
            let [old, new] = [7, 8].map(|n| bench.path().join(format!("m/chunk-{n}-{file}")));
            std::fs::rename(old, new).unwrap();
        }
    };
    let (renumbered, files) = hash_of(&renumber, "");
    assert_eq!(files, 4);
    assert_ne!(renumbered, plain);
}

#[test]
fn folders_that_cannot_be_read_are_refused_where_they_are_named() {
    let bench = Bench::new();
    clients(&bench);
    bench.file("m.tar.gz", "packed");
    bench.file("none/README.md", "");
    bench.file("torn/chunk-0-trace.csv", "0,1,1,Gamma,1,1\n600,NaN,1,Gamma,1,1\n");
    bench.file("torn/chunk-0-dataset.json", LENGTHS);
    bench.file("half/chunk-0-trace.csv", "0,1,1,Gamma,1,1\n600,1,1,Gamma,1,1\n");
    bench.file("both/chunk-0-trace.csv", "0,1,1,Gamma,1,1\n600,1,1,Gamma,1,1\n");
    bench.file("both/chunk-0-dataset.json", LENGTHS);
    bench.file("both/chunk-0-dataset.json.gz", packed(LENGTHS));
    bench.file("odd/chunk-0-trace.csv", "0,1,1,Gamma,1,1\n600,1,1,Gamma,1,1\n");
    bench.file(
        "odd/chunk-0-dataset.json",
        r#"{"0": {"input_tokens": "{}", "output_tokens": "{1: 1}"}}"#,
    );
    bench.file("two/chunk-0-trace.csv", "0,1,1,Gamma,1,1\n600,1,1,Gamma,1,1\n");
    bench.file("two/chunk-00-trace.csv", "0,1,1,Gamma,1,1\n600,1,1,Gamma,1,1\n");
    bench.file("idle/chunk-0-trace.csv", "0,0,0,,0,0\n600,0,0,,0,0\n");
    bench.file("idle/chunk-0-dataset.json", "{}");
    for (arrivals, parts) in [
        ("{servegen: {folder: gone}}", &["cannot read `", "gone`"][..]),
        (
            "{servegen: {folder: m.tar.gz}}",
            &["`m.tar.gz` is a file, not a folder", "unpack an archive"],
        ),
        ("{servegen: {folder: none}}", &["`none` has no file such as `chunk-0-trace.csv`"]),
        (
            "{servegen: {folder: torn}}",
            &["`torn`: `chunk-0-trace.csv`: line 2: `rate` needs a number, got `NaN`"],
        ),
        (
            "{servegen: {folder: half}}",
            &["`half`: `chunk-0-trace.csv` has no `chunk-0-dataset.json` beside it"],
        ),
        (
            "{servegen: {folder: both}}",
            &["`chunk-0-dataset.json` and `chunk-0-dataset.json.gz` are of one client"],
        ),
        (
            "{servegen: {folder: odd}}",
            &["`odd`: `chunk-0-trace.csv`: line 1: ", "`input_tokens` of window `0`"],
        ),
        (
            "{servegen: {folder: two}}",
            &["`chunk-0-trace.csv` and `chunk-00-trace.csv` are of one client"],
        ),
        (
            "{rate_per_replica: 1 /s, servegen: {folder: idle}}",
            &["`idle`: its clients send nothing"],
        ),
        ("{servegen: {folder: m, clients: [7, 8]}}", &["`m` has no `chunk-8-trace.csv`", "7, 12"]),
        ("{servegen: {folder: m, clients: []}}", &["needs 1 to 4096 numbers of clients"]),
        ("{servegen: {folder: m, clients: [7, 7]}}", &["client 7 stands there twice"]),
        ("{servegen: {folder: m}, clients: 3}", &["`clients` and `servegen` exclude each other"]),
        (
            "{servegen: {folder: m}, noise: {variation: 0.1}}",
            &[
                "error: workloads.chat.arrivals.noise: a record of clients has its own `noise`\n",
                "leave one of the two out",
            ],
        ),
        (
            "{rate_per_replica: 1 /s, servegen: {folder: m}, gaps: {kind: exponential}}",
            &["error: workloads.chat.arrivals.gaps: a record of clients has its own `gaps`\n"],
        ),
        (
            "{servegen: {folder: m}, weekly_profile: [1, 1, 1, 1, 1, 1, 1]}",
            &[
                "error: workloads.chat.arrivals.weekly_profile: a record of clients has its own `weekly_profile`\n",
            ],
        ),
        (
            "{servegen: {folder: m}}\n    lengths: {prompt: {kind: fixed, tokens: 1}, output: {kind: fixed, tokens: 1}}",
            &["a record of clients has its own `lengths`"],
        ),
        (
            "{servegen: {folder: m}}\n    trace: {kind: azure, file: none/README.md}",
            &["requests are either drawn or recorded"],
        ),
    ] {
        let (is_sound, said) = told(&bench, arrivals);
        assert!(!is_sound, "{arrivals}: {said}");
        for part in parts.iter().chain(&["small.yaml:"]) {
            assert!(said.contains(part), "`{part}` is missing for {arrivals}:\n{said}");
        }
    }
    // What is no error is said.
    let (is_sound, said) = told(&bench, "{servegen: {folder: m}}\n    requests: {sample: 10 %}");
    let whole =
        "is simulated whole: the laws of its clients change from window to window of their record";
    assert!(is_sound && said.contains(whole), "{said}");
    bench.file("m/chunk-7-dataset.json", LENGTHS.replace("300: 0.5", "1000000: 0.5"));
    let (is_sound, said) = told(&bench, "{servegen: {folder: m}}");
    // Half the prompts of 540 of 756 requests.
    let long =
        "35.71 % of its requests need more KV memory than a replica has: they will be rejected";
    assert!(is_sound && said.contains(long), "{said}");
}
