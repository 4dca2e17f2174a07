// environment.test.ts: every launcher's variables, as they stand in its documentation, give rank, world, master and port; and what a rank
// makes of them.
import assert from 'node:assert/strict';
import { type Environment, firstHost, launcherNames, placementOf } from '../../../cluster/launchers/environment.ts';
import { follow } from '../../../cluster/launchers/rank.ts';

const plain = { cpus: null, restarts: 0 };

const CASES: readonly (readonly [string, Environment, object])[] = [
  [
    'RANK',
    {
      RANK: '5',
      WORLD_SIZE: '8',
      LOCAL_RANK: '1',
      LOCAL_WORLD_SIZE: '4',
      MASTER_ADDR: 'head',
      MASTER_PORT: '1234',
      SLURM_PROCID: '0',
      TORCHELASTIC_RESTART_COUNT: '2',
    },
    { rank: 5, world: 8, localRank: 1, localWorld: 4, master: 'head', port: 1234, cpus: null, restarts: 2 },
  ],
  [
    'Kubeflow',
    {
      PET_NODE_RANK: '1',
      PET_NNODES: '3',
      PET_NPROC_PER_NODE: 'auto',
      PET_MASTER_ADDR: 'trainer-node-0-0.trainer',
      PET_MASTER_PORT: '29400',
      JOB_COMPLETION_INDEX: '1',
    },
    { rank: 1, world: 3, localRank: 0, localWorld: 1, master: 'trainer-node-0-0.trainer', port: 29_400, ...plain },
  ],
  [
    'Indexed Job',
    { JOB_COMPLETION_INDEX: '2', WORLD_SIZE: '4', MASTER_ADDR: 'digits-0.digits' },
    { rank: 2, world: 4, localRank: 0, localWorld: 1, master: 'digits-0.digits', port: 29_500, ...plain },
  ],
  [
    'Slurm',
    {
      SLURM_PROCID: '3',
      SLURM_NTASKS: '6',
      SLURM_LOCALID: '1',
      SLURM_STEP_TASKS_PER_NODE: '2(x3)',
      SLURM_NODEID: '1',
      SLURM_JOB_NODELIST: 'rack[07-09,12]',
      SLURM_JOB_ID: '41234',
      SLURM_CPUS_PER_TASK: '16',
      SLURM_RESTART_COUNT: '1',
    },
    { rank: 3, world: 6, localRank: 1, localWorld: 2, master: 'rack07', port: 21_234, cpus: 16, restarts: 1 },
  ],
  [
    'Open MPI',
    {
      OMPI_COMM_WORLD_RANK: '2',
      OMPI_COMM_WORLD_SIZE: '3',
      OMPI_COMM_WORLD_LOCAL_RANK: '2',
      OMPI_COMM_WORLD_LOCAL_SIZE: '3',
    },
    { rank: 2, world: 3, localRank: 2, localWorld: 3, master: '127.0.0.1', port: 29_500, ...plain },
  ],
  [
    'SkyPilot',
    {
      SKYPILOT_NODE_RANK: '1',
      SKYPILOT_NUM_NODES: '2',
      SKYPILOT_NODE_IPS: '10.0.0.7\n10.0.0.8\n',
      MASTER_PORT: '7000',
    },
    { rank: 1, world: 2, localRank: 0, localWorld: 1, master: '10.0.0.7', port: 7000, ...plain },
  ],
];

describe('the place of a process among others', () => {
  for (const [source, environment, expected] of CASES) {
    it(`is read from the variables of ${source}`, () => {
      assert.deepEqual(placementOf(environment), { source, ...expected });
    });
  }

  it('has a case for each launcher that it knows, and is null without any', () => {
    assert.deepEqual(CASES.map(([source]) => source).toSorted(), launcherNames.toSorted());
    assert.equal(placementOf({ PATH: '/bin', SLURM_JOB_ID: '3' }), null);
    assert.equal(placementOf({ RANK: '' }), null);
  });

  it('takes MASTER_ADDR and MASTER_PORT before what Slurm and Open MPI say', () => {
    const slurm = { SLURM_PROCID: '0', SLURM_NTASKS: '1', SLURM_JOB_NODELIST: 'n1' };
    const { master, port } = placementOf({ ...slurm, MASTER_ADDR: '10.1.1.1', MASTER_PORT: '7070' })!;
    assert.deepEqual([master, port], ['10.1.1.1', 7070]);
    const mpi = { OMPI_COMM_WORLD_RANK: '0', OMPI_COMM_WORLD_SIZE: '4', OMPI_COMM_WORLD_LOCAL_SIZE: '2' };
    assert.equal(placementOf({ ...mpi, MASTER_ADDR: 'a' })!.master, 'a');
    assert.throws(() => placementOf(mpi), { code: 'SHOAL_LAUNCH_ENVIRONMENT', got: 'no MASTER_ADDR' });
  });

  it('refuses what is missing, no number or out of range, and names the variable', () => {
    const refused = (environment: Environment, got: string) =>
      assert.throws(() => placementOf(environment), { code: 'SHOAL_LAUNCH_ENVIRONMENT', got });
    refused({ RANK: '1' }, 'RANK without WORLD_SIZE');
    refused({ RANK: '-1', WORLD_SIZE: '2' }, 'RANK=-1');
    refused({ RANK: '2', WORLD_SIZE: '2', MASTER_ADDR: 'a' }, 'rank 2 of 2');
    refused({ RANK: '0', WORLD_SIZE: '2' }, 'no MASTER_ADDR');
    refused({ RANK: '0', WORLD_SIZE: '2', MASTER_ADDR: 'a', MASTER_PORT: 'x' }, 'MASTER_PORT=x');
    refused({ JOB_COMPLETION_INDEX: '0' }, 'JOB_COMPLETION_INDEX without WORLD_SIZE');
  });

  it("finds the first host of Slurm's lists", () => {
    const hosts = { n1: 'n1', 'n[1-3]': 'n1', 'rack[007-010,20],x': 'rack007', 'a,b': 'a', 'n[3,5]-ib': 'n3-ib' };
    for (const [list, host] of Object.entries(hosts)) assert.equal(firstHost(list), host);
    assert.equal(firstHost(null), null);
  });
});

describe('a rank that does not lead', () => {
  it('starts a worker with its threads and what it is to compute with', async () => {
    const says = "console.error(process.argv.slice(1).join(' ')); process.exit(2)"; // 2: it is not started again
    const environment = { RANK: '1', WORLD_SIZE: '2', MASTER_ADDR: '127.0.0.1', MASTER_PORT: '7070' };
    const rank = follow({
      placement: placementOf(environment)!,
      command: [process.execPath, '-e', says],
      token: 'a-token-of-the-test',
      threads: 3,
      executor: 'tensorflow',
      signal: new AbortController().signal,
      onSaid() {},
      ca: null,
    });
    const options = /worker --connect ws:\/\/127\.0\.0\.1:7070 --name rank-1 --threads 3 --executor tensorflow$/;
    await assert.rejects(rank, { code: 'SHOAL_PROCESS', got: options });
  });
});
