//! Standby generators: the exact evaluator against the same process in another program, and the
//! machines of a run against it.

use super::super::{Standby, YEAR_H};
use super::close;

/// Utility 1.956 a year and 1.32 h; sets that start with 0.985647 and break once in 1100 h, 18.28 h;
/// battery 300 s.
fn standby(sets: usize, needed: usize, crews: usize) -> Standby {
    Standby {
        source: (1.956 / YEAR_H, 1.32),
        sets,
        needed,
        fails_to_start: 1.0 - 0.995 * (1.0 - 0.0094),
        run_rate_per_h: 1.0 / 1100.0,
        repair_h: 18.28,
        crews,
        battery_h: 300.0 / 3600.0,
    }
}

/// P2 and P3: one set, two of three with one and three crews, four of five.
#[test]
fn sets_behind_batteries() {
    for (sets, needed, crews, losses, hours, battery) in [
        (1, 1, 1, 0.02849679307301364, 0.035082460109953126, 0.0024569502104846543),
        (3, 2, 1, 0.0013182073243880696, 0.0016234392191208128, 1.1365271360790255e-4),
        (3, 2, 3, 0.0013097457494335182, 0.001511638524595004, 1.1318277947678846e-4),
        (5, 4, 1, 0.004303400885427954, 0.0053037037422418954, 3.710217371740653e-4),
    ] {
        let found = standby(sets, needed, crews).figures();
        close(found.losses_per_year, losses, 1e-6);
        close(found.hours_per_year, hours, 1e-6);
        close(found.battery_hours_per_year, battery, 1e-6);
    }
}

/// Without sets the battery covers outages that are shorter; without a battery every outage is a
/// loss: closed forms.
#[test]
fn limits_of_the_evaluator() {
    let alone = Standby { sets: 0, needed: 1, ..standby(1, 1, 1) }.figures();
    let outages = YEAR_H / (YEAR_H / 1.956 + 1.32);
    let longer = (-300.0 / 3600.0 / 1.32_f64).exp();
    close(alone.losses_per_year, outages * longer, 1e-9);
    close(alone.hours_per_year, outages * longer * 1.32, 1e-9);
    let bare = Standby { sets: 0, needed: 1, battery_h: 0.0, ..standby(1, 1, 1) }.figures();
    close(bare.losses_per_year, outages, 1e-9);
    close(bare.hours_per_year, outages * 1.32, 1e-9);
}
