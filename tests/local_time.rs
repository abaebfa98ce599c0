//! Hours of the day and days of the week are those of the site's clock, also after it was set.

use super::support::{column, simulate};

/// Requests, jobs and heat at nine in the morning only, over the days around a change of the
/// clock, in rows of an hour from local midnight on.
fn site(start: &str) -> String {
    let nine: Vec<&str> = (0..24).map(|hour| if hour == 9 { "1" } else { "0" }).collect();
    let nine = nine.join(", ");
    format!(
        "\
name: nine
start: {start}
duration: 5 days
site: {{altitude: 100 m, time_zone: America/Chicago}}
weather: {{climate: nordic}}
price: {{fixed: 30 $/MWh}}
output: {{interval: 1 h}}
cooling:
  dry: {{kind: dry-cooler, design_heat: 500 kW}}
racks:
  chat-hall: {{kind: dgx-h100, cooled_by: dry}}
  train-hall: {{kind: dgx-h100, cooled_by: dry}}
  heat: {{kind: heat-load, power: 100 kW, cooled_by: dry, daily_profile: [{nine}]}}
workloads:
  chat:
    kind: llama-3.1-70b-h100
    racks: chat-hall
    replicas: 1
    arrivals: {{rate_per_replica: 0.01 /s, daily_profile: [{nine}]}}
  train:
    kind: training
    racks: train-hall
    jobs:
      kind: stream
      arrivals: 12 /day
      hours: [{nine}]
      classes: [{{nodes: 1, weight: 1, duration: {{kind: constant, value: 1 s}}}}]
"
    )
}

#[test]
fn nine_in_the_morning_is_nine_in_the_morning() {
    // The rows of nine o'clock: the clock is set back on 1 November 2026, a day of 25 hours, and
    // forward on 8 March, a day of 23.
    for (start, nines) in [
        ("2026-10-30T05:00:00Z", [9, 33, 58, 82, 106]),
        ("2026-03-06T06:00:00Z", [9, 33, 56, 80, 104]),
    ] {
        let told = simulate(&site(start), &[]);
        assert!(told.outcome.balanced());
        for name in ["chat_arrived_per_s", "train_busy_gpus", "heat_wanted_mw"] {
            let hours = column(&told, name);
            let busy: Vec<usize> = (0..hours.len()).filter(|&hour| hours[hour] > 0.0).collect();
            // A job or request of the last second may be at work when ten strikes.
            let is_nine = |hour: &usize| nines.contains(hour) || nines.contains(&(hour - 1));
            assert!(busy.iter().all(is_nine), "{name} from {start}: {busy:?}");
            assert!(nines.iter().all(|nine| busy.contains(nine)), "{name} from {start}: {busy:?}");
        }
    }
}
