use super::super::{YEAR_H, enumerate};
use super::{Written, close, four_to_make_three, site_of_eleven, two_chains};

/// P12 and P12b, by enumeration of all 2^11 states in another program.
#[test]
fn a_site_of_eleven_components() {
    let (figures, beyond) = enumerate(&site_of_eleven(), 2048);
    let of = &figures[0];
    assert!(beyond < 1e-12);
    close(of.unavailability, 2.7514070550876534e-7, 1e-6);
    close(of.losses_per_year, 0.0020613491955361455, 1e-6);
    close(of.unavailability * YEAR_H / of.losses_per_year, 1.1692500161914081, 1e-6);
    let order = |size| of.cut_sets.iter().filter(|cut| cut.len() == size).count();
    assert_eq!((order(1), order(2), order(3), of.cut_sets.len()), (0, 17, 8, 25));
    for (unit, birnbaum, fussell_vesely, last_step) in [
        (0, 0.0005231898553632077, 0.5604211508235902, 0.4963049557658182),
        (2, 0.0005231551105079336, 0.4341407717264121, 0.0025373463996207456),
        (4, 0.0005584396154957966, 0.0009457817893078894, 0.0004605465113),
        (6, 3.7021229391867466e-8, 1.6997669287905459e-7, 9.931705918660719e-8),
        (7, 3.588951586524327e-5, 0.004174011030687798, 0.0006100511246384968),
    ] {
        close(of.importance[unit].birnbaum, birnbaum, 1e-6);
        close(of.importance[unit].fussell_vesely, fussell_vesely, 1e-6);
        close(of.importance[unit].last_step, last_step, 1e-5);
    }
}

/// P10a, b and d: 2N, 4N/3 and four of five blocks.
#[test]
fn patterns_of_blocks() {
    let rate = YEAR_H / 250_000.0;
    let share = |n: usize, spare: f64, each: f64| {
        Written::alike(n, rate, 8.0, move |up| {
            let down = up.iter().filter(|up| !**up).count() as f64;
            (down - spare).max(0.0) * each
        })
    };
    for (structure, unserved, losses) in [
        (Written::k_of_n(1, 2, rate, 8.0), 1.02393446714692e-9, 2.2424164830503024e-6),
        (four_to_make_three(), 2.0478252481706885e-9, 1.345363785170278e-5),
        // A catcher of three and one, whose switch never fails.
        (share(4, 1.0, 1.0 / 3.0), 2.047825248170689e-9, 1.345363785170278e-5),
        (share(5, 1.0, 0.25), 2.559754257041661e-9, 2.242201224844602e-5),
    ] {
        let (figures, _) = enumerate(&structure, 1000);
        close(figures[0].unserved, unserved, 1e-6);
        close(figures[0].losses_per_year, losses, 1e-6);
    }
}

/// R4 in the steady state: the product of two chains.
#[test]
fn two_chains_of_four() {
    let (figures, _) = enumerate(&two_chains(), 256);
    close(figures[0].unavailability, 6.976964663548171e-8, 1e-6);
    close(figures[0].losses_per_year, 2.7325930050731257e-5, 1e-6);
}

/// T8: one of two utilities; T9: generators of which some are needed.
#[test]
fn some_of_several() {
    let (figures, _) = enumerate(&Written::k_of_n(1, 2, 1.956, 1.32), 4);
    close(figures[0].unavailability, 8.682e-8, 1e-3);
    close(figures[0].losses_per_year, 0.0011523, 1e-4);
    close(figures[0].unavailability * YEAR_H / figures[0].losses_per_year, 0.66, 1e-9);
    for (k, n, availability) in
        [(2, 2, 0.99948477), (2, 3, 0.999999801), (3, 4, 0.999999602), (4, 5, 0.999999337)]
    {
        let (figures, _) = enumerate(&Written::k_of_n(k, n, 0.1235, 18.28), 1000);
        assert!((1.0 - figures[0].unavailability - availability).abs() < 6e-9, "{k} of {n}");
    }
}

/// What is not visited is bounded, and what is visited stands.
#[test]
fn a_cut_enumeration_says_what_it_leaves_out() {
    let (whole, _) = enumerate(&site_of_eleven(), 2048);
    let (part, beyond) = enumerate(&site_of_eleven(), 100);
    assert!(part[0].unavailability < whole[0].unavailability);
    assert!(part[0].unavailability + beyond >= whole[0].unavailability);
    assert_eq!(part[0].cut_sets.len(), 17, "those of order 2");
}
