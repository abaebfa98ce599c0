//! Of workloads.

use crate::facility::design::WorkDesign;
use crate::facility::figures::{Column, Total, View, mwh};
use crate::measure::Join::Sum;
use crate::measure::Scale;
use crate::workload::mining::Cause;

/// Of any workload.
pub(super) static WORK: &[Column] = &[Column::new(
    "",
    Scale::MW,
    Sum,
    |v, i| v.works_w[i],
    "What its racks draw; of a heat load that is not electric, its heat.",
)
.totals(&[Total::integral(mwh(
    "energy",
    "What its racks drew; of a heat load that is not electric, its heat.",
))])];

/// What a fleet does not draw for one cause; its integral is the figure `curtailed.CAUSE`.
const fn curtailed(
    name: &'static str,
    read: fn(&View<'_>, usize) -> f64,
    doc: &'static str,
) -> Column {
    Column::new(name, Scale::MW, Sum, read, doc)
}

pub(super) static MINING: &[Column] = &[
    Column::new("hash_rate", Scale::PH_PER_S, Sum, |v, i| v.works[i].activity(), "Hash rate."),
    curtailed(
        "curtailed_price",
        |v, i| v.works[i].curtailed_w(Cause::Price),
        "Not drawn because power is dear.",
    ),
    curtailed(
        "curtailed_cap",
        |v, i| v.works[i].curtailed_w(Cause::Cap),
        "Not drawn because a limit leaves nothing for it.",
    ),
    curtailed(
        "curtailed_heat",
        |v, i| v.works[i].curtailed_w(Cause::Heat),
        "Not drawn because it is too warm.",
    ),
    curtailed(
        "curtailed_outage",
        |v, i| v.works[i].curtailed_w(Cause::Outage),
        "Not drawn because the bus is dead.",
    ),
    curtailed(
        "curtailed_restart",
        |v, i| v.works[i].curtailed_w(Cause::Restart),
        "Not drawn while booting or waking.",
    ),
    curtailed(
        "curtailed_failure",
        |v, i| v.works[i].curtailed_w(Cause::Failure),
        "Not drawn because broken.",
    ),
];

/// Of a workload of jobs, whose processors are GPUs or cores of CPUs.
macro_rules! cluster {
    ($columns:ident, $one:literal, $told:literal) => {
        pub(super) static $columns: &[Column] = &[
            Column::new(
                "burned",
                Scale::MW,
                Sum,
                |v, i| v.works[i].burn_w(),
                "Drawn by its racks for no work, to smooth what they draw.",
            )
            .only(|design, i| burns(&design.works[i].design))
            .totals(&[Total::integral(
                mwh(
                    "burned",
                    "What its racks drew for no work, to smooth what they draw; a part of its energy.",
                )
                .lower(),
            )]),
            Column::new(
                concat!("busy_", $one, "s"),
                Scale::NUMBER,
                Sum,
                |v, i| v.works[i].activity(),
                concat!($told, "s that jobs hold."),
            ),
            Column::new(
                concat!("idle_", $one, "s"),
                Scale::NUMBER,
                Sum,
                |v, i| v.works[i].gpus_without_jobs()[0],
                concat!($told, "s that are on and that no job holds."),
            ),
            Column::new(
                concat!("down_", $one, "s"),
                Scale::NUMBER,
                Sum,
                |v, i| v.works[i].gpus_without_jobs()[1],
                concat!($told, "s out of service: under repair, or with a part that nodes share."),
            ),
            Column::new(
                concat!("dark_", $one, "s"),
                Scale::NUMBER,
                Sum,
                |v, i| v.works[i].gpus_without_jobs()[2],
                concat!($told, "s without power, or starting after it has come back."),
            ),
            Column::new(
                "queued_jobs",
                Scale::NUMBER,
                Sum,
                |v, i| v.works[i].queued_jobs(),
                "Jobs in the queue.",
            ),
        ];
    };
}

cluster!(TRAINING, "gpu", "GPU");
cluster!(CORES, "core", "Core");

fn burns(design: &WorkDesign) -> bool {
    matches!(design, WorkDesign::Training { rack, .. } if rack.smoothing.burn.is_some())
}

pub(super) static INFERENCE: &[Column] = &[Column::new(
    "requests_in_flight",
    Scale::NUMBER,
    Sum,
    |v, i| v.works[i].activity(),
    "Requests under way.",
)];

pub(super) static HEAT_LOAD: &[Column] = &[Column::new(
    "wanted",
    Scale::MW,
    Sum,
    |v, i| v.works[i].activity(),
    "What it would give off with power and cooling.",
)];
