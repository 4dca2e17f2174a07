// placement.ts: where a process that a launcher started belongs, as the launcher's variables say (cluster/launchers/environment.ts).
import { inUrl, isLoopback } from '../../cluster/address.ts';
import { type Placement, placementOf } from '../../cluster/launchers/environment.ts';
import { usageError } from '../output/usage-error.ts';

/** @throws SHOAL_USAGE where nothing says where this process belongs */
export function placement(): Placement {
  const found = placementOf(process.env);
  if (found) return found;
  throw usageError(
    'start a worker',
    "neither --connect nor a launcher's variables",
    'either',
    'Start it with --connect ws://HOST:PORT; or by srun, mpirun or another launcher that docs/launch-mpi.md lists.',
  );
}

/** Where a worker without --connect and without a job finds its coordinator. */
export function coordinatorOf(insecure = false): string {
  const { master, port } = placement();
  return `${isLoopback(master) || insecure ? 'ws' : 'wss'}://${inUrl(master)}:${port}`;
}
