//! What the quantities of cooling may be: wide enough for every plant that is built, and narrow
//! enough that a slip of a unit or of a sign is refused at its field.

use crate::units::{
    Bounds, Conductance, Fraction, Length, MassFlow, Power, Pressure, Speed, Temperature,
    TemperatureDelta, Volume, VolumeFlow,
};

const fn degrees(least: f64, most: f64) -> Bounds<Temperature> {
    Bounds::new(Temperature(least), Temperature(most))
}

const fn kelvins(least: f64, most: f64) -> Bounds<TemperatureDelta> {
    Bounds::new(TemperatureDelta(least), TemperatureDelta(most))
}

const fn shares(least: f64, most: f64) -> Bounds<Fraction> {
    Bounds::new(Fraction(least), Fraction(most))
}

/// Heat that a part is built for, and the capacity of a chiller.
pub(super) const HEAT: Bounds<Power> = Bounds::new(Power(100.0), Power(10e9));
/// Power of a basin heater per kelvin that it is colder than its setpoint.
pub(super) const HEATER: Bounds<Conductance> = Bounds::new(Conductance(0.0), Conductance(1e9));

/// Supply of a loop: from glycol in the frost to hot water at sea level.
pub(super) const SUPPLY: Bounds<Temperature> = degrees(-40.0, 95.0);
/// Supply of chilled water, which is plain.
pub(super) const CHILLED_SUPPLY: Bounds<Temperature> = degrees(1.0, 40.0);
/// Supply that a bypass holds against frost.
pub(super) const MINIMUM_SUPPLY: Bounds<Temperature> = degrees(-40.0, 60.0);
/// Wet bulb of a design point.
pub(super) const WET_BULB: Bounds<Temperature> = degrees(-20.0, 40.0);
/// Dry bulb of a design point.
pub(super) const DRY_BULB: Bounds<Temperature> = degrees(-20.0, 60.0);
/// Dry bulb up to which a cooler does without water.
pub(super) const SWITCHOVER: Bounds<Temperature> = degrees(-40.0, 60.0);
/// Dry bulb from which water may run over coils.
pub(super) const SPRAYED_FROM: Bounds<Temperature> = degrees(0.0, 60.0);
/// Dry bulb from which pads are wetted: below they freeze.
pub(super) const WETTED_FROM: Bounds<Temperature> = degrees(5.0, 60.0);
/// Dry bulb below which basins are heated.
pub(super) const HEATED_BELOW: Bounds<Temperature> = degrees(0.0, 20.0);
/// Water that enters condensers or stands in a basin.
pub(super) const CONDENSER: Bounds<Temperature> = degrees(-10.0, 60.0);
/// Water leaving condensers by which their pumps are run: far from the pressure at which a machine
/// unloads, so that they are at full speed there.
pub(super) const LEAVING: Bounds<Temperature> = degrees(5.0, 45.0);
/// Air that dampers hold before racks, and that a coil holds behind fans.
pub(super) const AIR_INLET: Bounds<Temperature> = degrees(-40.0, 40.0);
pub(super) const AIR_SUPPLY: Bounds<Temperature> = degrees(5.0, 45.0);
/// The warmest air that racks may get from outdoors.
pub(super) const WARMEST_AIR: Bounds<Temperature> = degrees(5.0, 60.0);
/// Dew points of halls and of outdoor air that is let in.
pub(super) const HALL_DEW_POINT: Bounds<Temperature> = degrees(-20.0, 30.0);
pub(super) const DEW_POINT: Bounds<Temperature> = degrees(-60.0, 40.0);
/// Supply of a distribution unit, and the bath of a tank.
pub(super) const COLD_PLATE_SUPPLY: Bounds<Temperature> = degrees(1.0, 80.0);
pub(super) const BATH: Bounds<Temperature> = degrees(0.0, 70.0);
/// Ends of a chiller's curves.
pub(super) const CURVE_END: Bounds<Temperature> = degrees(-40.0, 80.0);

/// How much heat warms a stream at design.
pub(super) const RANGE: Bounds<TemperatureDelta> = kelvins(1.0, 40.0);
/// How far above a loop racks are: none for racks on the loop itself.
pub(super) const RACK_APPROACH: Bounds<TemperatureDelta> = kelvins(0.0, 30.0);
/// How much too warm a supply may be until chillers are called: more than what counts as too warm.
pub(super) const DEAD_BAND: Bounds<TemperatureDelta> = kelvins(0.1, 10.0);
/// How near an exchanger brings its streams.
pub(super) const APPROACH: Bounds<TemperatureDelta> = kelvins(0.1, 30.0);
/// How far above the wet bulb a tower is asked to cool.
pub(super) const ABOVE_WET_BULB: Bounds<TemperatureDelta> = kelvins(0.0, 30.0);
/// How far above the air the water must be for a dry cooler to be worth its fans.
pub(super) const DRY_DIFFERENCE: Bounds<TemperatureDelta> = kelvins(0.0, 40.0);
/// How much air that was blown out warms what enters.
pub(super) const RECIRCULATION: Bounds<TemperatureDelta> = kelvins(0.0, 20.0);

/// Droplets that are carried off.
pub(super) const DRIFT_FLOW: Bounds<VolumeFlow> = Bounds::new(VolumeFlow(0.0), VolumeFlow(1e3));
/// Coolant of a part, and water in a basin.
pub(super) const VOLUME: Bounds<Volume> = Bounds::new(Volume(0.0), Volume(1e6));
/// Head of pumps, up to that of deep mines.
pub(super) const PUMP_HEAD: Bounds<Pressure> = Bounds::new(Pressure(0.0), Pressure(10e6));
/// Pressure that fans raise, and that filters take.
pub(super) const FAN_PRESSURE: Bounds<Pressure> = Bounds::new(Pressure(0.0), Pressure(5e3));
/// Depth of pads, and speed of air through their face: what the fit of CelDek knows.
pub(super) const PAD_DEPTH: Bounds<Length> = Bounds::new(Length(0.05), Length(0.6));
pub(super) const FACE_VELOCITY: Bounds<Speed> = Bounds::new(Speed(0.5), Speed(4.0));

/// Efficiency of a machine and its motor.
pub(super) const EFFICIENCY: Bounds<Fraction> = shares(0.05, 1.0);
/// Least speed of running pumps and fans.
pub(super) const PUMP_SPEED: Bounds<Fraction> = shares(0.05, 1.0);
pub(super) const FAN_SPEED: Bounds<Fraction> = shares(0.01, 0.99);
/// Head of pumps at duty, over that at no flow.
pub(super) const HEAD_AT_DUTY: Bounds<Fraction> = shares(0.2, 0.98);
/// Resistance of a coil that lies within it.
pub(super) const COIL_RESISTANCE: Bounds<Fraction> = shares(0.0, 0.9);
/// Water that evaporates for each kelvin that it is cooled: all of its heat as vapour is 0.17 %.
pub(super) const EVAPORATION_LOSS: Bounds<Fraction> = shares(0.0, 0.01);
/// Droplets, a share of the circulating water.
pub(super) const DRIFT: Bounds<Fraction> = shares(0.0, 0.05);
/// Load at which chillers are switched.
pub(super) const STAGE: Bounds<Fraction> = shares(0.1, 1.0);
/// Part-load ratio below which a chiller cycles or no longer unloads.
pub(super) const PART_LOAD: Bounds<Fraction> = shares(0.01, 1.0);
/// Level at which a device that has run dry works again.
pub(super) const RESTART_LEVEL: Bounds<Fraction> = shares(0.01, 1.0);

/// Concentration of circulating water over that of its make-up: above 1, or it would all be
/// drained.
pub(super) const CYCLES: Bounds<f64> = Bounds::new(1.01, 1000.0);
/// Heat removed over power drawn at a rating.
pub(super) const COP: Bounds<f64> = Bounds::new(0.5, 30.0);
/// Greatest part-load ratio of a chiller.
pub(super) const MOST_PART_LOAD: Bounds<f64> = Bounds::new(0.5, 2.0);

/// What machines draw: nothing, or at most as much as the heat that they move, which is a hundred
/// times what is usual.
pub(super) const fn machine_power(heat_w: f64) -> Bounds<Power> {
    Bounds::new(Power(0.0), Power(heat_w))
}

/// A conductance that carries `heat_w` at a difference of 10,000 K down to a thousandth of a
/// kelvin.
pub(super) const fn ua(heat_w: f64) -> Bounds<Conductance> {
    Bounds::new(Conductance(heat_w / 1e4), Conductance(heat_w / 1e-3))
}

/// A flow within two orders of magnitude of what is usual for the heat.
pub(super) const fn flow(usual_kg_s: f64) -> Bounds<MassFlow> {
    Bounds::new(MassFlow(usual_kg_s / 100.0), MassFlow(usual_kg_s * 100.0))
}

/// The same by volume: air through fans, coolant to racks.
pub(super) const fn volume_flow(usual_m3_s: f64) -> Bounds<VolumeFlow> {
    Bounds::new(VolumeFlow(usual_m3_s / 100.0), VolumeFlow(usual_m3_s * 100.0))
}
