// exercised.ts: what runs each command of the pages about launching and scaling: a test here, or one of `npm run verify:*`. Held against pages and
// tests by commands.test.ts.

/** The file of a test, and its title. */
export type Exercise = readonly [file: string, title: string];

const TYPED = 'types in what the page shows, word for word';
const local: Exercise = ['test/docs/typed/launch-local.slow.test.ts', TYPED];
const kubernetes: Exercise = ['test/docs/typed/launch-kubernetes.test.ts', TYPED];
const ssh: Exercise = ['test/verify/ssh.ts', 'types in what docs/launch-ssh.md shows, word for word'];
const slurm: Exercise = ['test/verify/slurm.ts', 'types in what docs/launch-slurm.md shows, word for word'];
const mpi: Exercise = ['test/verify/mpi.ts', 'types in what docs/launch-mpi.md shows, word for word'];
const simulate: Exercise = [
  'test/docs/typed/scale.slow.test.ts',
  'simulates what the page does, and prints the figures that stand there',
];
const starter: Exercise = [
  'test/docs/commands.test.ts',
  'names scripts of npm that there are, and the packages that their starters install',
];

export const EXERCISED: Readonly<Record<string, Readonly<Record<string, Exercise>>>> = {
  'launch.md': {
    'npx shoal launch --prep --engine local --workers 2 -- digits -o prepared --encode raw --shard-size 2500': [
      'test/bin/launch.slow.test.ts',
      '--prep makes the dataset of one data prep, in tasks of their own',
    ],
    'npx shoal launch examples/digits.json --engine slurm --workers 4 --executor tensorflow --set tolerance=0.001 --sbatch=--gpus-per-task=1 --print':
      [
        'test/bin/launch.slow.test.ts',
        '--executor is passed on to workers, installed here or not, where the job has a tolerance',
      ],
    'npx shoal launch JOB --engine local --workers 2': local,
    'npx shoal launch JOB --engine ssh --hostfile hosts': ssh,
    'npx shoal launch JOB --engine slurm --workers 8': slurm,
    'npx shoal launch JOB --engine kubernetes --image NAME': kubernetes,
    'mpirun -n 3 -x SHOAL_TOKEN npx shoal worker JOB': mpi,
  },
  'launch-local.md': {
    'npx shoal launch examples/digits.json --engine local --workers 2 --epochs 1': local,
    'npx shoal launch --engine local --resume runs/digits --servers 2 --epochs 2': local,
    'npx shoal audit runs/digits': local,
    'npx shoal train examples/digits.json --epochs 1': local,
    'export SHOAL_TOKEN=$(openssl rand -hex 32)': local,
    'npx shoal coordinator examples/digits.json --epochs 1 --listen 127.0.0.1:7070 &': local,
    'npx shoal server --connect ws://127.0.0.1:7070 &': local,
    'npx shoal worker --connect ws://127.0.0.1:7070': local,
    wait: local,
    'npx shoal status runs/digits': [
      'test/bin/status.test.ts',
      'ends: status says so with the way to go on; logs have a line for each thing that happened, and nobody wrote the token',
    ],
    'npx shoal chaos examples/digits.json --mtbf 5s': [
      'test/cluster/processes-killed.slow.test.ts',
      'shoal chaos lists what it killed, and finds the bytes of one undisturbed process',
    ],
  },
  'launch-ssh.md': {
    'cat hosts': ssh,
    'npx shoal launch examples/digits.json --engine ssh --hostfile hosts': ssh,
    'ssh -o BatchMode=yes n1 true': ssh,
    'npm run verify:ssh': starter,
  },
  'launch-slurm.md': {
    'npx shoal launch examples/digits.json --engine slurm --workers 2 --threads 1': slurm,
    'squeue -j 1': slurm,
    'tail -f runs/digits/slurm-1.out': slurm,
    'npx shoal status runs/digits': slurm,
    'scancel 1': slurm,
    'scancel JOB': slurm,
    'shoal launch --engine slurm --resume runs/digits': slurm,
    'scontrol requeue JOB': [
      'test/verify/slurm.ts',
      'scontrol requeue starts it again, and it goes on from its checkpoint to the same hashes',
    ],
    '#SBATCH --ntasks=8 --cpus-per-task=16': slurm,
    'export SHOAL_TOKEN=$(openssl rand -hex 32)': slurm,
    'srun npx shoal worker examples/digits.json --insecure': slurm,
    'sbatch own.sh': slurm,
    'npm run verify:slurm': starter,
  },
  'launch-mpi.md': {
    'export SHOAL_TOKEN=$(openssl rand -hex 32)': mpi,
    'mpirun -n 3 -x SHOAL_TOKEN npx shoal worker examples/digits.json --epochs 1': mpi,
    'mkdir -p runs/shared': mpi,
    'cp examples/digits.json runs/shared/job.json': mpi,
    "export MASTER_ADDR=$(hostname -I | cut -d ' ' -f 1)": mpi,
    'mpirun -n 3 -x SHOAL_TOKEN -x MASTER_ADDR npx shoal worker --resume runs/shared --epochs 1': mpi,
    'export MASTER_ADDR=127.0.0.1 MASTER_PORT=7070': mpi,
    'npx shoal coordinator examples/digits.json --epochs 1 --listen $MASTER_ADDR:$MASTER_PORT --workers 1:8 &': mpi,
    'npx shoal server --connect ws://$MASTER_ADDR:$MASTER_PORT &': mpi,
    'mpirun -n 3 -x SHOAL_TOKEN -x MASTER_ADDR -x MASTER_PORT npx shoal worker': mpi,
    'npm run verify:mpi': starter,
    'apt-get install openmpi-bin': starter,
  },
  'launch-kubernetes.md': {
    'docker build -t registry.example/shoal:0.1.0 .': kubernetes,
    'docker push registry.example/shoal:0.1.0': kubernetes,
    'npx shoal launch examples/digits.json --engine kubernetes --image registry.example/shoal:0.1.0 --workers 4 --threads 8':
      kubernetes,
    'kubectl get pods -l app=digits': kubernetes,
    'kubectl logs -f job/digits-coordinator-0': kubernetes,
    'kubectl apply -f files.yaml': kubernetes,
    'kubectl cp files:/runs/digits runs/digits': kubernetes,
    'kubectl delete pod files': kubernetes,
    'kubectl get crd jobsets.jobset.x-k8s.io': kubernetes,
    'kubectl delete jobset digits': kubernetes,
    'kubectl delete jobset,configmap,secret,pdb,pvc -l app=digits': kubernetes,
    'npm run verify:kubernetes': starter,
  },
  'scale.md': {
    'npx shoal scale examples/digits.json --threads 1,2': [
      'test/bin/scale.slow.test.ts',
      'measures a grid, writes a page, and resumes: only what is missing is run again',
    ],
    'npx shoal simulate examples/digits.json --workers 1000 --link 100Mbit --latency 40ms --mtbf 1h': simulate,
    'npx shoal simulate examples/digits.json --workers 256 --servers 2 --steps 12': simulate,
    'npx shoal simulate examples/resnet50.json --batch 1024 --set microShards=64 --set \'data={"reader":"digits"}\' --set \'model={"builder":"resnet50","input":[28,28,1]}\' --set \'normalize={"mean":[0.13],"std":[0.31]}\' --workers 256 --servers 8 --link 10Gbit --leaf-ms 5000 --steps 4':
      simulate,
  },
};
