//! Shapes of what clients send: lengths and gaps of published logs, by name.

use schemars::JsonSchema;
use serde::Deserialize;

use super::laws::{AZURE_CONVERSATION, LengthSpec, LengthsSpec, RequestGapsSpec, VariedGapsSpec};
use crate::spec::LognormalSpec;

/// What clients send, in the shape of a published log: what `lengths` and the gaps of `arrivals` are
/// where they are not written. Laws are lognormal with the means and variations of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ShapeSpec {
    /// Chat as in the Azure conversation trace of November 2023: prompts of 1,155 tokens on average,
    /// answers of 211.
    Chat,
    /// Chat as a large model of Alibaba's Bailian received it in 2025 (ServeGen m-large): prompts of
    /// 914 tokens, answers of 155, gaps with a variation of 1.19.
    ChatLarge,
    /// Reasoning as DeepSeek-R1 on Bailian in 2025 (ServeGen): prompts of 1,268 tokens, answers of
    /// 1,527, of which 70 % are reasoning; gaps with a variation of 1.02.
    Reasoning,
    /// Code completion as in the Azure code trace of November 2023: prompts of 2,048 tokens, answers
    /// of 28.
    CodeCompletion,
    /// Questions about images on Bailian in 2025 (ServeGen mm-image): 572 tokens of text and 1.6
    /// images of 650 tokens, taken as independent (assumption); answers of 130.
    Images,
    /// Coding agents as in the AgentX traces of 2026 (claude-opus-4-8), for `arrivals` with `clients`:
    /// answers with a median of 608 tokens and a 90th percentile of 3,255. Of the prompts, half are
    /// longer than 200,448 tokens, and 99.4 % of a prompt was sent before: a turn adds 595 tokens
    /// beside the answer before it, with the spread of the prompts, and a session has 173 turns, with
    /// which half of the contexts are that long (assumptions).
    CodingAgents,
}

impl ShapeSpec {
    /// Tokens of prompts and answers; with sessions those of a turn.
    pub(super) fn lengths(self) -> &'static LengthsSpec {
        match self {
            Self::Chat => &CHAT,
            Self::ChatLarge => &CHAT_LARGE,
            Self::Reasoning => &REASONING,
            Self::CodeCompletion => &CODE_COMPLETION,
            Self::Images => &IMAGES,
            Self::CodingAgents => &CODING_AGENTS,
        }
    }

    /// Gaps of a client, where they are not those of a Poisson process.
    pub(super) const fn gaps(self) -> Option<RequestGapsSpec> {
        let variation = match self {
            Self::ChatLarge => 1.19,
            Self::Reasoning => 1.02,
            Self::Images => 1.01,
            Self::Chat | Self::CodeCompletion | Self::CodingAgents => return None,
        };
        Some(RequestGapsSpec::Gamma(VariedGapsSpec { variation }))
    }

    /// Turns of a session, where requests are turns.
    pub(super) const fn turns(self) -> Option<u32> {
        match self {
            Self::CodingAgents => Some(173),
            _ => None,
        }
    }
}

const fn of_mean(mean: f64, variation: f64, max: f64) -> LengthSpec {
    let law = LognormalSpec::of_mean(mean, variation);
    LengthSpec::Lognormal(LognormalSpec { max: Some(max), ..law })
}

const fn of_median(median: f64, sigma: f64, max: f64) -> LengthSpec {
    let law = LognormalSpec::of_median(median, sigma);
    LengthSpec::Lognormal(LognormalSpec { max: Some(max), ..law })
}

static CHAT: LengthsSpec = AZURE_CONVERSATION;
static CHAT_LARGE: LengthsSpec =
    LengthsSpec { prompt: of_mean(914.3, 1.247, 30_712.0), output: of_mean(155.1, 1.471, 9307.0) };
static REASONING: LengthsSpec = LengthsSpec {
    prompt: of_mean(1268.2, 3.124, 57_284.0),
    output: of_mean(1527.4, 1.517, 32_768.0),
};
static CODE_COMPLETION: LengthsSpec =
    LengthsSpec { prompt: of_mean(2047.8, 0.964, 7437.0), output: of_mean(27.9, 2.147, 1899.0) };
/// The mean of text and images, and the variation of the sum of a text (572.1, 1.388) and a number of
/// images (1.6, 1.548) of 649.8 tokens (0.734).
static IMAGES: LengthsSpec =
    LengthsSpec { prompt: of_mean(1612.0, 1.18, 66_962.0), output: of_mean(129.7, 1.189, 2000.0) };
/// The deviations are `ln(p90 / p50) / 1.2816`.
static CODING_AGENTS: LengthsSpec = LengthsSpec {
    prompt: of_median(595.0, 0.885, 622_803.0),
    output: of_median(608.0, 1.309, 32_768.0),
};
