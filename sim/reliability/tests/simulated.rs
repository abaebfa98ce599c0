use super::super::{YEAR_H, enumerate, simulate};
use super::{Written, close, four_to_make_three, site_of_eleven};

/// The radial chain of T29 and two utilities (T8): within three standard errors, and 1 %, of the
/// closed form; the shares of the causes are those of their rates.
#[test]
fn plain_years_meet_closed_forms() {
    let rows = [
        ("utility", 1.956, 1.32),
        ("line", 0.04717, 1.82),
        ("fuse", 0.10154, 4.0),
        ("transformer", 0.00111, 5.0),
        ("breaker", 0.00185, 0.5),
        ("bus", 0.00949, 7.29),
        ("cable", 0.00201, 11.22),
        ("last", 0.00021, 6.0),
    ];
    let chain = Written::new(&rows, |up| f64::from(!up.iter().all(|up| *up)));
    let (exact, _) = enumerate(&chain, 1 << 8);
    let seen = &simulate(&chain, 50_000, 3)[0];
    let error = 3.0 / (seen.losses as f64).sqrt();
    close(seen.losses_per_year.0, exact[0].losses_per_year, error.min(0.01));
    let (hours, interval) = seen.hours_per_year.unwrap();
    close(hours, exact[0].unavailability * YEAR_H, 0.015);
    assert!(interval.contains(exact[0].unavailability * YEAR_H));
    assert_eq!(seen.causes[0].step, 0);
    close(
        seen.causes[0].losses as f64 / seen.losses as f64,
        exact[0].importance[0].last_step,
        0.01,
    );
}

/// P12: an order-2 site, seen some two hundred times.
#[test]
fn plain_years_meet_the_site_of_eleven() {
    let seen = &simulate(&site_of_eleven(), 100_000, 8)[0];
    let (rate, interval) = seen.losses_per_year;
    assert!(interval.contains(0.0020613491955361455), "{rate}, {interval:?}");
    let (hours, interval) = seen.hours_per_year.unwrap();
    assert!(interval.contains(0.00241023), "{hours}, {interval:?}");
}

#[test]
fn threads_change_nothing() {
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let biased = super::super::bias(&four_to_make_three(), 0, "load", 5000, 7).unwrap();
            (simulate(&site_of_eleven(), 20_500, 5), biased)
        })
    };
    assert_eq!(on(1), on(3));
}
