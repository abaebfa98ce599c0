//! Streams of jobs of the catalogue against the published statistics of the logs that they
//! take after.

use loadbank::facility::WorkDesign;
use loadbank::kernel::Streams;
use loadbank::workload::training::JobEnd;

use super::support::{Bench, load};

/// A job of a stream: seconds of its arrival and its work, its GPUs, its end.
#[derive(Debug, Clone, Copy)]
struct Job {
    at_s: f64,
    run_s: f64,
    gpus: f64,
    end: JobEnd,
}

impl Job {
    fn gpu_s(&self) -> f64 {
        self.gpus * self.run_s
    }
}

/// The first `count` jobs of the catalogue entry `kind`, on nodes of one GPU.
fn jobs(kind: &str, count: usize) -> Vec<Job> {
    let text = format!(
        "\
name: t
start: 2026-06-01T00:00:00Z
duration: 1 day
weather: {{climate: nordic}}
price: {{fixed: 40 $/MWh}}
power: {{utility: {{kind: feed, capacity: 10 MW}}}}
racks:
  hall:
    kind: gpu
    count: 45
    nodes: 64
    gpus_per_node: 1
    gpu_power: 400 W
    node_overhead: 100 W
    fed_by: utility
workloads:
  jobs: {{kind: {kind}, racks: hall}}
"
    );
    let bench = Bench::new();
    let design = load(&bench.file("site.yaml", text), &[]).design;
    let WorkDesign::Training { design, .. } = &design.works[0].design else { panic!("{kind}") };
    let job =
        |(at, request): (loadbank::kernel::Time, loadbank::workload::training::Request)| Job {
            at_s: at.as_secs_f64(),
            run_s: request.work_s,
            gpus: request.nodes as f64,
            end: request.end,
        };
    design.arrivals("jobs", &Streams::new(1, 0)).take(count).map(job).collect()
}

/// The mean of `value` over `jobs`, and its standard error.
fn mean(jobs: &[Job], value: impl Fn(&Job) -> f64) -> (f64, f64) {
    let count = jobs.len() as f64;
    let mean = jobs.iter().map(&value).sum::<f64>() / count;
    let square = jobs.iter().map(|job| (value(job) - mean).powi(2)).sum::<f64>() / count;
    (mean, (square / count).sqrt())
}

/// `published` lies within four standard errors of the run and `rounding`, a relative error.
#[track_caller]
fn agrees(what: &str, (mean, error): (f64, f64), published: f64, rounding: f64) {
    let tolerance = 4.0 * error + rounding * published;
    assert!((mean - published).abs() <= tolerance, "{what}: {mean} +- {error} is not {published}");
}

/// Share of GPU time of the jobs that `holds`, with an error by the delta method.
fn gpu_time(jobs: &[Job], holds: impl Fn(&Job) -> bool) -> (f64, f64) {
    let (all, _) = mean(jobs, Job::gpu_s);
    let part = |job: &Job| if holds(job) { job.gpu_s() } else { 0.0 };
    let share = mean(jobs, part).0 / all;
    let (_, error) = mean(jobs, |job| part(job) - share * job.gpu_s());
    (share, error / all)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

fn ended(job: &Job, end: JobEnd) -> f64 {
    f64::from(u8::from(job.end == end))
}

/// What the summary of a cluster publishes, as AcmeTrace has it.
struct Summary {
    jobs_per_day: f64,
    mean_gpus: f64,
    mean_run_s: f64,
    median_run_s: f64,
    /// Failed and cancelled shares of jobs, then of GPU time.
    jobs: [f64; 2],
    gpu_time: [f64; 2],
    mean_gpu_s: f64,
}

fn check(kind: &str, count: usize, published: &Summary) -> Vec<Job> {
    let jobs = jobs(kind, count);
    let per_day = count as f64 / (jobs[count - 1].at_s / 86_400.0);
    agrees("jobs a day", (per_day, per_day / (count as f64).sqrt()), published.jobs_per_day, 1e-3);
    // The figures are printed to three digits.
    agrees("GPUs", mean(&jobs, |job| job.gpus), published.mean_gpus, 5e-3);
    agrees("run time", mean(&jobs, |job| job.run_s), published.mean_run_s, 5e-3);
    agrees("GPU time", mean(&jobs, Job::gpu_s), published.mean_gpu_s, 5e-3);
    let median = median(jobs.iter().map(|job| job.run_s).collect());
    assert!((median / published.median_run_s - 1.0).abs() < 0.03, "median {median} s");
    for (index, end) in [JobEnd::Failed, JobEnd::Cancelled].into_iter().enumerate() {
        agrees(end.name(), mean(&jobs, |job| ended(job, end)), published.jobs[index], 0.02);
        let share = gpu_time(&jobs, |job| job.end == end);
        agrees(end.name(), share, published.gpu_time[index], 0.02);
    }
    jobs
}

#[test]
fn kalos_jobs_have_the_published_statistics() {
    let jobs = check(
        "acme-kalos-jobs",
        200_000,
        &Summary {
            jobs_per_day: 19_907.0 / 184.0,
            mean_gpus: 26.77,
            mean_run_s: 1259.7,
            median_run_s: 124.0,
            jobs: [0.397, 0.062],
            gpu_time: [0.080, 0.607],
            mean_gpu_s: (1_667_685_146.0 + 3_239_202_064.0 + 426_292_851.0) / 19_907.0,
        },
    );
    agrees("large jobs", gpu_time(&jobs, |job| job.gpus >= 256.0), 0.96, 0.01);
    assert_eq!(median(jobs.iter().map(|job| job.gpus).collect()), 1.0);
    assert_eq!(jobs.iter().map(|job| job.gpus).fold(0.0, f64::max), 1024.0);
}

#[test]
fn seren_jobs_have_the_published_statistics() {
    let jobs = check(
        "acme-seren-jobs",
        400_000,
        &Summary {
            jobs_per_day: 663_813.0 / 184.0,
            mean_gpus: 5.68,
            mean_run_s: 1414.3,
            median_run_s: 122.0,
            jobs: [0.429, 0.075],
            gpu_time: [0.124, 0.664],
            mean_gpu_s: (4_560_592_618.0 + 14_274_584_510.0 + 2_675_447_459.0) / 663_813.0,
        },
    );
    assert_eq!(median(jobs.iter().map(|job| job.gpus).collect()), 1.0);
}

/// The log of 82,247 jobs: shares of its sizes, gaps, hours and weekdays.
#[test]
fn philly_jobs_have_the_statistics_of_the_log() {
    let jobs = jobs("philly-jobs", 400_000);
    agrees("run time", mean(&jobs, |job| job.run_s), 13_136.0, 5e-3);
    for (end, of_jobs, of_time) in
        [(JobEnd::Failed, 0.305, 0.386), (JobEnd::Cancelled, 0.090, 0.294)]
    {
        agrees(end.name(), mean(&jobs, |job| ended(job, end)), of_jobs, 0.02);
        agrees(end.name(), gpu_time(&jobs, |job| job.end == end), of_time, 0.02);
    }
    for (gpus, of_jobs, of_time) in [
        (1.0, 0.93167, 0.1807),
        (4.0, 0.02274, 0.1673),
        (8.0, 0.01998, 0.4844),
        (16.0, 0.00242, 0.1148),
    ] {
        let this = |job: &Job| job.gpus == gpus;
        agrees("jobs", mean(&jobs, |job| f64::from(u8::from(this(job)))), of_jobs, 0.01);
        agrees("GPU time", gpu_time(&jobs, this), of_time, 0.02);
    }
    let run: Vec<f64> = jobs.iter().map(|job| job.run_s).collect();
    let middle = median(run);
    assert!((middle / 1144.0 - 1.0).abs() < 0.05, "median run time {middle} s");

    // The log's gaps: mean 114 s, median 8 s, coefficient of variation 15.1. The spread of a
    // sample with so heavy a tail converges slowly, from below.
    let gaps: Vec<f64> = jobs.windows(2).map(|pair| pair[1].at_s - pair[0].at_s).collect();
    let gap = gaps.iter().sum::<f64>() / gaps.len() as f64;
    assert!((gap / 114.4 - 1.0).abs() < 4.0 * 15.1 / (400_000_f64).sqrt(), "mean gap {gap} s");
    let square = gaps.iter().map(|g| (g - gap).powi(2)).sum::<f64>() / gaps.len() as f64;
    let cv = square.sqrt() / gap;
    assert!((10.0..20.0).contains(&cv), "coefficient of variation {cv}");
    let middle = median(gaps);
    assert!((6.0..10.0).contains(&middle), "median gap {middle} s");

    // The run starts on a Monday. The busiest and the quietest hour, and the weekend.
    let share = |holds: &dyn Fn(u64) -> bool| {
        let of = |job: &&Job| holds((job.at_s / 3600.0) as u64);
        jobs.iter().filter(of).count() as f64 / 4e5
    };
    let hour = |wanted: u64| share(&|hour| hour % 24 == wanted);
    assert!((hour(7) - 0.087).abs() < 0.01, "{}", hour(7));
    assert!((hour(14) - 0.027).abs() < 0.005, "{}", hour(14));
    let weekend = share(&|hour| hour / 24 % 7 >= 5);
    assert!((weekend - 0.172).abs() < 0.02, "{weekend}");
}
