mod contracts;
mod finance;
mod leases;
mod projects;
mod reference;
mod service;
mod supply;

#[track_caller]
fn near(got: f64, wanted: f64, tolerance: f64) {
    assert!((got - wanted).abs() <= tolerance, "{got} for {wanted}");
}
