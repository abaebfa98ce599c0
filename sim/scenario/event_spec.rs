//! An event as users write it under `events:`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::plant::power::ActionSpec;

/// Something that is made to happen: `at`, and the name of a part of `power` or `cooling` with what
/// happens to it.
#[derive(Debug)]
pub(super) struct EventSpec;

impl JsonSchema for EventSpec {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "EventSpec".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let action = generator.subschema_for::<ActionSpec>();
        schemars::json_schema!({
            "type": "object",
            "description": "when (`3 days` after the start, an instant with its offset, or the hottest day), and the name of a part of `power`, of a machine of the cooling such as `water/pump-1`, or of a part of `cooling` for all of its machines, with what happens to it",
            "required": ["at"],
            "properties": {"at": {
                "description": "when: `3 days` after the start, an instant with its offset, or `{hottest: dry-bulb, clock: \"15:04\"}`, a local time of day on the hottest day of the run by `dry-bulb` or `wet-bulb`",
                "anyOf": [{"type": "string"}, {
                    "type": "object",
                    "required": ["hottest", "clock"],
                    "properties": {
                        "hottest": {"enum": ["dry-bulb", "wet-bulb"]},
                        "clock": {"type": "string"},
                    },
                    "additionalProperties": false,
                }],
            }},
            "additionalProperties": action,
        })
    }
}

/// A time of day on the hottest day of the run.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HottestSpec {
    /// By which temperature.
    pub(super) hottest: Bulb,
    /// Local time of day: `"15:04"`.
    pub(super) clock: String,
}

/// A temperature of the outdoor air.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Bulb {
    /// Dry bulb.
    DryBulb,
    /// Wet bulb.
    WetBulb,
}
