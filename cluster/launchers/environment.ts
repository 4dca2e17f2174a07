// environment.ts: the place of a process among those that a launcher started, read from the variables that it set. Pure; it starts nothing.
import { ShoalError } from '../../base/errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** One of `world` processes that were started together. */
export interface Placement {
  /** Whose variables said so. */
  readonly source: string;
  /** From 0; rank 0 leads. */
  readonly rank: number;
  readonly world: number;
  /** From 0, among those on the same machine. */
  readonly localRank: number;
  /** How many are on the same machine. */
  readonly localWorld: number;
  /** Host of rank 0 as the others reach it. */
  readonly master: string;
  readonly port: number;
  /** Processors that are this process's own; null where the launcher does not say. */
  readonly cpus: number | null;
  /** How often the launcher has started this job before. */
  readonly restarts: number;
}

interface Source {
  readonly name: string;
  /** Its presence means that this launcher started us. */
  readonly rank: string;
  read(of: Reading): Omit<Placement, 'source' | 'cpus' | 'restarts' | 'master' | 'port'> & {
    readonly master: string | null;
    readonly port?: number;
  };
}

/** torchrun's, which the others took over. */
const PORT = 29_500;

/** In the order in which they are looked for: an explicit rank before what a scheduler says of its own. */
const SOURCES: readonly Source[] = [
  {
    name: 'RANK',
    rank: 'RANK',
    read: ({ count, optional, text }) => ({
      rank: count('RANK'),
      world: count('WORLD_SIZE'),
      localRank: optional('LOCAL_RANK') ?? 0,
      localWorld: optional('LOCAL_WORLD_SIZE') ?? 1,
      master: text('MASTER_ADDR'),
    }),
  },
  {
    // one process a node: its threads are ours to start
    name: 'Kubeflow',
    rank: 'PET_NODE_RANK',
    read: ({ count, optional, text }) => ({
      rank: count('PET_NODE_RANK'),
      world: count('PET_NNODES'),
      localRank: 0,
      localWorld: 1,
      master: text('PET_MASTER_ADDR'),
      port: optional('PET_MASTER_PORT') ?? PORT,
    }),
  },
  {
    // Kubernetes does not tell a pod how many there are
    name: 'Indexed Job',
    rank: 'JOB_COMPLETION_INDEX',
    read: ({ count, text }) => ({
      rank: count('JOB_COMPLETION_INDEX'),
      world: count('WORLD_SIZE'),
      localRank: 0,
      localWorld: 1,
      master: text('MASTER_ADDR'),
    }),
  },
  {
    name: 'Slurm',
    rank: 'SLURM_PROCID',
    read: ({ count, optional, text }) => ({
      rank: count('SLURM_PROCID'),
      world: count('SLURM_NTASKS'),
      localRank: optional('SLURM_LOCALID') ?? 0,
      localWorld: firstNumber(text('SLURM_STEP_TASKS_PER_NODE') ?? text('SLURM_TASKS_PER_NODE')) ?? 1,
      master: text('MASTER_ADDR') ?? firstHost(text('SLURM_STEP_NODELIST') ?? text('SLURM_JOB_NODELIST')),
      // two jobs may share a node
      port: 20_000 + ((optional('SLURM_JOB_ID') ?? 9500) % 20_000),
    }),
  },
  {
    name: 'Open MPI',
    rank: 'OMPI_COMM_WORLD_RANK',
    read: ({ count, optional, text }) => {
      const world = count('OMPI_COMM_WORLD_SIZE');
      const localWorld = optional('OMPI_COMM_WORLD_LOCAL_SIZE') ?? 1;
      return {
        rank: count('OMPI_COMM_WORLD_RANK'),
        world,
        localRank: optional('OMPI_COMM_WORLD_LOCAL_RANK') ?? 0,
        localWorld,
        master: text('MASTER_ADDR') ?? (localWorld === world ? '127.0.0.1' : null),
      };
    },
  },
  {
    name: 'SkyPilot',
    rank: 'SKYPILOT_NODE_RANK',
    read: ({ count, text }) => ({
      rank: count('SKYPILOT_NODE_RANK'),
      world: count('SKYPILOT_NUM_NODES'),
      localRank: 0,
      localWorld: 1,
      master: text('MASTER_ADDR') ?? (text('SKYPILOT_NODE_IPS')?.trim().split('\n')[0]?.trim() || null),
    }),
  },
];

/** How a source reads its variables. */
interface Reading {
  text(name: string): string | null;
  /** @throws SHOAL_LAUNCH_ENVIRONMENT where it is no whole number */
  optional(name: string): number | null;
  /** @throws SHOAL_LAUNCH_ENVIRONMENT where it is missing, too */
  count(name: string): number;
}

/**
 * The place of this process, from the first launcher whose variables are there; null where none started it.
 * @throws SHOAL_LAUNCH_ENVIRONMENT for variables that are missing, no numbers, or out of range
 */
export function placementOf(environment: Environment): Placement | null {
  const text = (name: string): string | null => environment[name] || null;
  const source = SOURCES.find((it) => text(it.rank) !== null);
  if (!source) return null;
  const optional = (name: string): number | null => {
    const found = text(name);
    if (found === null) return null;
    if (/^\d{1,9}$/.test(found)) return Number(found);
    throw flaw(source, `${name}=${found}`, 'a whole number');
  };
  const count = (name: string): number => {
    const found = optional(name);
    if (found !== null) return found;
    throw flaw(source, `${source.rank} without ${name}`, `${name}, a whole number`);
  };
  const { port, master, ...found } = source.read({ text, optional, count });
  const { rank, world } = found;
  if (world < 1 || rank >= world)
    throw flaw(source, `rank ${rank} of ${world}`, 'a rank below the number of processes');
  if (master === null) throw flaw(source, 'no MASTER_ADDR', 'the host of rank 0 as the others reach it');
  return {
    source: source.name,
    ...found,
    master,
    port: optional('MASTER_PORT') ?? port ?? PORT,
    cpus: optional('SLURM_CPUS_PER_TASK'),
    restarts: optional('SLURM_RESTART_COUNT') ?? optional('TORCHELASTIC_RESTART_COUNT') ?? 0,
  };
}

/** The variables that are looked at, for docs and errors. */
export const launcherNames = SOURCES.map(({ name }) => name);

/** The first host of Slurm's list: "n[3-5,9],m1" is "n3", with the zeros of "n[003-010]". */
export function firstHost(list: string | null): string | null {
  const [, prefix, inside, suffix] = /^([^,[\]]+)(?:\[([^\]]+)\])?([^,[\]]*)/.exec(list ?? '') ?? [];
  if (prefix === undefined) return null;
  return `${prefix}${inside?.split(/[-,]/)[0] ?? ''}${suffix ?? ''}`;
}

/** Of "2(x3),1": the tasks of the first node. Nodes may differ; the number only shares out processors. */
const firstNumber = (text: string | null): number | null => {
  const found = /^\d+/.exec(text ?? '');
  return found ? Number(found[0]) : null;
};

const flaw = ({ name }: Source, got: string, expected: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_LAUNCH_ENVIRONMENT',
    operation: `find this process's place among those that ${name === 'RANK' ? 'a launcher' : name} started`,
    got,
    expected,
    hint: 'docs/launch-mpi.md lists the variables of each launcher; or name the coordinator with --connect.',
  });
