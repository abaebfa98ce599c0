//! What `reliability` says of a power chain.

use std::fmt::Write as _;

use serde_json::{Map, Value as Json, json};

use crate::reliability::{BiasedFigures, ExactFigures, PowerStructure, SimulatedFigures, YEAR_H};
use crate::study::statistics::Interval;

/// How many causes and cut sets the text names.
const NAMED: usize = 8;

/// What was found of a power chain, by subject.
#[derive(Debug)]
pub struct Reliability<'a> {
    /// Name of the scenario.
    pub scenario: &'a str,
    /// Seed of the streams.
    pub seed: u64,
    /// Whose figures they are.
    pub structure: &'a PowerStructure,
    /// By plain simulation.
    pub simulated: Vec<SimulatedFigures>,
    /// By enumeration, with the probability of what was not visited.
    pub exact: Option<(Vec<ExactFigures>, f64)>,
    /// By simulation with failures made likely.
    pub biased: Option<Vec<BiasedFigures>>,
}

/// The result for people.
pub fn reliability_text(of: &Reliability<'_>) -> String {
    let mut text = format!(
        "{}: {} years, seed {}, {} units that fail. Lost: less served than with everything up\n",
        of.scenario,
        of.simulated.first().map_or(0, |figures| figures.years),
        of.seed,
        of.structure.unit_count(),
    );
    for note in notes(of.structure) {
        let _ = writeln!(text, "note: {note}");
    }
    let unit = |u: u32| of.structure.step(u);
    let subjects = of.structure.names().zip(of.structure.asked());
    for (index, (name, (asked_w, short))) in subjects.enumerate() {
        let _ = writeln!(text, "\n{name}");
        if short > 1e-9 {
            let percent = 100.0 * short;
            let _ = writeln!(text, "  {percent:.2} % of it is not served even with everything up");
        }
        let seen = &of.simulated[index];
        let (rate, interval) = seen.losses_per_year;
        let _ = writeln!(
            text,
            "  simulated  {} losses, {} of them under 5 min: {} per year, {}",
            seen.losses,
            seen.momentary,
            number(rate),
            range(interval)
        );
        if let (Some((hours, h)), Some((share, s))) = (seen.hours_per_year, seen.unserved) {
            let _ = writeln!(
                text,
                "             {} h per year, {}; mean {:.3} h, longest {:.1} h",
                number(hours),
                range(h),
                hours / rate,
                seen.longest_h
            );
            let _ = write!(
                text,
                "             not served: {} of the time and load, {}",
                number(share),
                range(s)
            );
            text += &energy(share, asked_w);
            text.push('\n');
        }
        let all_h: f64 = seen.causes.iter().map(|cause| cause.hours).sum();
        for cause in seen.causes.iter().take(NAMED) {
            let _ = writeln!(
                text,
                "             last step `{}`: {:.1} % of losses, {:.1} % of hours",
                unit(cause.step),
                100.0 * cause.losses as f64 / seen.losses as f64,
                100.0 * cause.hours / all_h
            );
        }
        if let Some((exact, beyond)) = &of.exact {
            text += &exact_text(&exact[index], *beyond, asked_w, &unit);
        }
        if let Some(biased) = &of.biased {
            text += &biased_text(&biased[index]);
        }
    }
    text
}

/// What is otherwise than in a run.
fn notes(structure: &PowerStructure) -> Vec<String> {
    let held = structure.held_to_rating().map(|name| {
        format!(
            "`{name}` puts out no more than its rating here, for its hot spot is not followed: losses \
             that its overload prevents for a time are counted"
        )
    });
    let new = structure.begins_new().map(|name| {
        format!(
            "`{name}` is not `new` here, but of an age as met in long service: these are figures of the \
             long run, not of the first years"
        )
    });
    held.into_iter().chain(new).collect()
}

fn exact_text<'a>(
    of: &ExactFigures,
    beyond: f64,
    asked_w: f64,
    unit: &impl Fn(u32) -> &'a str,
) -> String {
    let mut text = format!(
        "  exact      {} losses per year, {} h per year, not served {}{}\n",
        number(of.losses_per_year),
        number(of.unavailability * YEAR_H),
        number(of.unserved),
        energy(of.unserved, asked_w)
    );
    if beyond > 1e-12 {
        let _ = writeln!(
            text,
            "             at most {} h per year more, in states that were not visited",
            number(beyond * YEAR_H)
        );
    }
    let largest = of.cut_sets.iter().map(Vec::len).max().unwrap_or(0);
    let sizes = (1..=largest).map(|size| {
        let count = of.cut_sets.iter().filter(|cut| cut.len() == size).count();
        format!("{count} of order {size}")
    });
    let sizes: Vec<String> = sizes.collect();
    if !sizes.is_empty() {
        let _ = writeln!(text, "             minimal cut sets: {}", sizes.join(", "));
    }
    let mut ranked: Vec<(u32, _)> = (0..).zip(&of.importance).collect();
    ranked.retain(|(_, importance)| importance.fussell_vesely > 0.0);
    ranked.sort_by(|a, b| b.1.fussell_vesely.total_cmp(&a.1.fussell_vesely));
    for (u, importance) in ranked.iter().take(NAMED) {
        let _ = writeln!(
            text,
            "             `{}`: Fussell-Vesely {:.4}, Birnbaum {}, last step of {:.1} %",
            unit(*u),
            importance.fussell_vesely,
            number(importance.birnbaum),
            100.0 * importance.last_step
        );
    }
    text
}

fn biased_text(of: &BiasedFigures) -> String {
    let (rate, interval) = of.losses_per_year;
    let (down, hours) = of.unavailability;
    format!(
        "  biased     {} losses in {} cycles: {} per year, {}; {} h per year, {}\n",
        of.lost,
        of.cycles,
        number(rate),
        range(interval),
        number(down * YEAR_H),
        range(Interval { lower: hours.lower * YEAR_H, upper: hours.upper * YEAR_H }),
    )
}

fn energy(share: f64, asked_w: f64) -> String {
    if asked_w == 0.0 {
        return String::new();
    }
    format!(", {} MWh per year", number(share * asked_w * YEAR_H / 1e6))
}

fn range(of: Interval) -> String {
    format!("95 %: {} to {}", number(of.lower.max(0.0)), number(of.upper))
}

fn number(value: f64) -> String {
    match value {
        0.0 => "0".to_owned(),
        small if small < 1e-3 => format!("{small:.3e}"),
        other => format!("{other:.4}"),
    }
}

/// The result for programs.
///
/// # Panics
///
/// Never: it is plain figures.
pub fn reliability_json(of: &Reliability<'_>) -> String {
    let named = |u: u32| of.structure.step(u);
    let mut subjects = Map::new();
    for (index, (name, (asked_w, short))) in
        of.structure.names().zip(of.structure.asked()).enumerate()
    {
        let seen = &of.simulated[index];
        let causes = seen.causes.iter().map(|cause| {
            json!({"step": named(cause.step), "losses": cause.losses, "hours": cause.hours})
        });
        let mut figures = Map::new();
        figures.insert("rated_kw".into(), json!(asked_w / 1e3));
        figures.insert("share_short_with_all_up".into(), json!(short));
        let simulated = json!({
            "losses": seen.losses,
            "momentary": seen.momentary,
            "losses_per_year": estimate(Some(seen.losses_per_year)),
            "hours_per_year": estimate(seen.hours_per_year),
            "share_unserved": estimate(seen.unserved),
            "longest_h": seen.longest_h,
            "causes": causes.collect::<Vec<_>>(),
        });
        figures.insert("simulated".into(), simulated);
        if let Some((exact, beyond)) = &of.exact {
            figures.insert("exact".into(), exact_json(&exact[index], *beyond, &named));
        }
        if let Some(biased) = &of.biased {
            let biased = &biased[index];
            let json = json!({
                "cycles": biased.cycles,
                "steps": biased.steps,
                "cycles_with_loss": biased.lost,
                "losses_per_year": estimate(Some(biased.losses_per_year)),
                "unavailability": estimate(Some(biased.unavailability)),
                "share_unserved": estimate(Some(biased.unserved)),
                "probability_per_cycle": estimate(Some(biased.per_cycle)),
            });
            figures.insert("biased".into(), json);
        }
        subjects.insert(name.to_owned(), Json::Object(figures));
    }
    let mut json = json!({
        "scenario": of.scenario,
        "seed": of.seed,
        "years": of.simulated.first().map_or(0, |figures| figures.years),
        "units": of.structure.unit_count(),
        "subjects": subjects,
    });
    let notes = notes(of.structure);
    if !notes.is_empty() {
        json["notes"] = json!(notes);
    }
    format!("{json:#}\n")
}

fn exact_json<'a>(of: &ExactFigures, beyond: f64, named: &impl Fn(u32) -> &'a str) -> Json {
    let cut_sets = of.cut_sets.iter();
    let cut_sets = cut_sets.map(|cut| cut.iter().map(|&u| named(u)).collect::<Vec<_>>());
    let importance = (0..).zip(&of.importance).filter(|(_, i)| i.fussell_vesely > 0.0);
    let importance = importance.map(|(u, importance)| {
        let json = json!({
            "birnbaum": importance.birnbaum,
            "fussell_vesely": importance.fussell_vesely,
            "share_of_losses_as_last_step": importance.last_step,
        });
        (named(u).to_owned(), json)
    });
    json!({
        "losses_per_year": of.losses_per_year,
        "unavailability": of.unavailability,
        "share_unserved": of.unserved,
        "probability_not_visited": beyond,
        "cut_sets": cut_sets.collect::<Vec<_>>(),
        "importance": importance.collect::<Map<String, Json>>(),
    })
}

fn estimate(of: Option<(f64, Interval)>) -> Json {
    of.map_or(Json::Null, |(value, interval)| {
        json!({"value": value, "lower": interval.lower.max(0.0), "upper": interval.upper})
    })
}
