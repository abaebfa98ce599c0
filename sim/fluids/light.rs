//! Light of sun and sky.

/// What comes from sun and sky over an interval, W/m2.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Irradiance {
    /// On level ground, in all.
    pub global: f64,
    /// From the sun, on a plane that faces it.
    pub direct: f64,
    /// From the sky, on level ground.
    pub diffuse: f64,
}
