#!/bin/bash
# A share of a run for each task of a job array: sbatch slurm.sh SCENARIO SHARED-FOLDER
#SBATCH --job-name=keystorm
#SBATCH --array=0-7
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=4
#SBATCH --time=01:00:00
set -euo pipefail
scenario=${1:?the scenario}
shared=${2:?a folder that every node sees}

# Slurm says which task of how many this is. A task that is requeued goes on where it was.
exec keystorm run "$scenario" --shard auto --threads "${SLURM_CPUS_PER_TASK:-4}" -o "$shared/{shard}"
