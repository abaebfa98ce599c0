//! Scripts that spread a study over the machines of a cluster.
//!
//! Each shard knows its number from the scheduler and how many there are from the script: a
//! resubmission of two shards of four tells its jobs that there are two.

use std::time::Duration;

/// Where shards run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Scheduler {
    /// Slurm: an array job and a merge that waits for it.
    Slurm,
    /// HyperQueue: an array of tasks.
    Hq,
    /// GNU parallel on this machine or over ssh.
    Parallel,
    /// MPI: a rank for each shard.
    Mpi,
    /// Kubernetes: an indexed job.
    K8s,
}

/// How long before the limit of its job a shard begins no further replication.
const MARGIN: Duration = Duration::from_secs(120);

/// The script that computes `study`, a file, in `shards` shards into `output`, each for at most
/// `time`.
pub fn script(
    scheduler: Scheduler,
    study: &str,
    output: &str,
    shards: u32,
    time: Duration,
) -> String {
    let (study, output) = (quoted(study), quoted(output));
    let limit = time.saturating_sub(MARGIN).as_secs().max(1);
    let run = |index: &str| {
        format!(
            "loadbank study {study} --shard {index}/{shards} --time-limit {limit}s --output {output} --threads 1 --progress off"
        )
    };
    let merge = format!("loadbank merge {study} --output {output}");
    let last = shards - 1;
    match scheduler {
        Scheduler::Slurm => format!(
            "#!/bin/bash\n\
             # Submits {shards} shards and a merge. To submit one again: sbatch --array=2 shard.sh\n\
             # A shard that has used up its time ends with 75 and goes on when it is submitted again.\n\
             set -euo pipefail\n\
             cat > shard.sh <<'SHARD'\n\
             #!/bin/bash\n\
             #SBATCH --array=0-{last}\n\
             #SBATCH --cpus-per-task=1\n\
             #SBATCH --time={minutes}\n\
             #SBATCH --signal=B:TERM@60\n\
             #SBATCH --requeue\n\
             {shard} &\n\
             shard=$!\n\
             trap 'kill -TERM \"$shard\"; wait \"$shard\"' TERM\n\
             wait \"$shard\" && code=0 || code=$?\n\
             [ \"$code\" = 75 ] && scontrol requeue \"${{SLURM_ARRAY_JOB_ID}}_${{SLURM_ARRAY_TASK_ID}}\"\n\
             exit \"$code\"\n\
             SHARD\n\
             array=$(sbatch --parsable shard.sh)\n\
             # Not `afterok`: the merge itself says which replications are missing, with 6.\n\
             sbatch --dependency=afterany:\"$array\" --wrap={merge_quoted}\n",
            minutes = time.as_secs().div_ceil(60),
            shard = run("\"$SLURM_ARRAY_TASK_ID\""),
            merge_quoted = quoted(&merge),
        ),
        Scheduler::Hq => format!(
            "#!/bin/bash\n\
             # Submits {shards} tasks to HyperQueue, waits for them and merges.\n\
             # HyperQueue numbers its tasks but does not tell them how many there are.\n\
             hq submit --array 0-{last} --cpus 1 --max-fails {shards} --wait -- \\\n\
             \x20   bash -c {shard}\n\
             {merge}\n",
            shard = quoted(&run("\"$HQ_TASK_ID\"")),
        ),
        Scheduler::Parallel => format!(
            "#!/bin/bash\n\
             # Runs {shards} shards with GNU parallel and merges.\n\
             # Run it again to go on: what is there is not made again.\n\
             seq 0 {last} | parallel {shard}\n\
             {merge}\n",
            shard = quoted(&run("{}")),
        ),
        Scheduler::Mpi => format!(
            "#!/bin/bash\n\
             # Runs {shards} shards as ranks of MPI and merges. Set --oversubscribe for more ranks\n\
             # than cores; another MPI than Open MPI names its ranks PMI_RANK.\n\
             mpirun -n {shards} bash -c {shard}\n\
             {merge}\n",
            shard = quoted(&run("\"$OMPI_COMM_WORLD_RANK\"")),
        ),
        Scheduler::K8s => format!(
            "# An indexed job of {shards} shards on a volume that all of them can write, then\n\
             # `{merge}` anywhere that sees it.\n\
             apiVersion: batch/v1\n\
             kind: Job\n\
             metadata: {{name: loadbank-study}}\n\
             spec:\n\
             \x20 completionMode: Indexed\n\
             \x20 completions: {shards}\n\
             \x20 parallelism: {shards}\n\
             \x20 backoffLimitPerIndex: 3\n\
             \x20 template:\n\
             \x20   spec:\n\
             \x20     restartPolicy: Never\n\
             \x20     containers:\n\
             \x20       - name: shard\n\
             \x20         image: loadbank  # yours\n\
             \x20         command: [bash, -c, {shard}]\n\
             \x20         resources: {{requests: {{cpu: 1}}}}\n\
             \x20         volumeMounts: [{{name: study, mountPath: /study}}]\n\
             \x20         workingDir: /study\n\
             \x20     volumes:\n\
             \x20       - name: study\n\
             \x20         persistentVolumeClaim: {{claimName: study}}  # ReadWriteMany\n",
            shard = serde_json::Value::from(run("\"$JOB_COMPLETION_INDEX\"")),
        ),
    }
}

/// `text` as one word of a shell.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}
