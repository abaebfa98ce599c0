//! `loadbank reliability`.

use serde_json::Value;

use super::support::Bench;

/// Two halls: one on one cord, one on two.
const SITE: &str = "\
name: pair
start: 2026-06-01T00:00:00Z
duration: 1 day
weather: {climate: nordic}
price: {fixed: 40 $/MWh}
power:
  utility-{1..2}: {kind: feed, capacity: 2 MW}
  tx-{1..2}: {kind: transformer, rating: 2 MVA, fed_by: utility-{1..2}}
racks:
  single: {count: 2, kind: gb200-nvl72, fed_by: tx-1}
  double: {count: 2, kind: gb200-nvl72, fed_by: [tx-1, tx-2]}
";

fn reliability(bench: &Bench, options: &str) -> (Option<i32>, String, String) {
    let output = bench.loadbank(&format!("reliability site.yaml {options}")).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// Series and parallel of gold-book feeds (1.956 per year, 1.32 h) and transformers (0.00111 per
/// year, 5 h), by hand.
#[test]
fn halls_are_lost_as_often_as_their_chains() {
    let bench = Bench::new();
    bench.file("site.yaml", SITE);
    let options = "--years 20000 --exact --bias --cycles 20000 --format json";
    let (code, out, err) = reliability(&bench, options);
    assert_eq!(code, Some(0), "{err}");
    let json: Value = serde_json::from_str(&out).unwrap();
    let up = |rate: f64, repair: f64| 1.0 / (1.0 + rate / 8760.0 * repair);
    let chain = up(1.956, 1.32) * up(0.00111, 5.0);
    let single = chain * (1.956 + 0.00111);
    for (hall, rate, unavailability) in [
        ("single", single, 1.0 - chain),
        ("double", 2.0 * single * (1.0 - chain), (1.0 - chain).powi(2)),
    ] {
        let of = &json["subjects"][hall];
        let close = |value: &Value, target: f64, tolerance: f64| {
            let value = value.as_f64().unwrap();
            assert!((value / target - 1.0).abs() < tolerance, "{hall}: {value} not {target}");
        };
        close(&of["exact"]["losses_per_year"], rate, 1e-9);
        close(&of["exact"]["unavailability"], unavailability, 1e-9);
        close(&of["biased"]["losses_per_year"]["value"], rate, 0.05);
        let seen = &of["simulated"]["losses_per_year"];
        let (lower, upper) = (seen["lower"].as_f64().unwrap(), seen["upper"].as_f64().unwrap());
        assert!(lower < rate && rate < upper, "{hall}: {rate} not in {lower} to {upper}");
    }
    assert_eq!(json["subjects"]["double"]["exact"]["cut_sets"].as_array().unwrap().len(), 4);
    let alone = reliability(&bench, &format!("{options} --threads 1")).1;
    assert_eq!(alone, out, "threads change nothing");
    let text = reliability(&bench, "--years 2000 --exact").1;
    assert!(text.contains("minimal cut sets: 2 of order 1"), "{text}");
    assert!(text.contains("last step `utility-1`"), "{text}");
}

#[test]
fn what_cannot_be_followed_is_refused_by_name() {
    let bench = Bench::new();
    let battery =
        "  ups: {kind: ups, rating: 1 MW, fed_by: tx-1, battery: {runtime: 5 min}}\nracks";
    bench.file("site.yaml", SITE.replace("racks", battery).replace("by: tx-1}", "by: ups}"));
    let (code, _, err) = reliability(&bench, "");
    assert_eq!(code, Some(3), "{err}");
    assert!(err.contains("`ups` is a ups with states"), "{err}");

    let skewed = SITE.replace("2 MW}", "2 MW, failures: {repair_sigma: 1}}");
    bench.file("site.yaml", &skewed);
    assert_eq!(reliability(&bench, "--years 100").0, Some(0));
    let (code, _, err) = reliability(&bench, "--years 100 --bias");
    assert_eq!(code, Some(3), "{err}");
    assert!(err.contains("the repair of `utility-1` is not exponential"), "{err}");
    assert_eq!(reliability(&bench, "--years 0").0, Some(2));
}
