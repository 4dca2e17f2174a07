// invariants.ts: what must hold of the coordinator at every event of a simulated run.
import type { CoordinatorState } from '../../../cluster/coordinator-types.ts';
import { type Cluster, must } from './cluster.ts';

/** Everything that grows has a bound. */
export function checkBounds(cluster: Cluster, { open, workers, leafTimes }: CoordinatorState): void {
  const leaves = cluster.schedule.microShards;
  must(leafTimes.length <= 64, () => 'more than 64 leaf times');
  must(workers.length <= cluster.workers.max, () => 'too many workers');
  must(!open || open.done.length <= 2 * leaves, () => `${open?.done.length} done nodes of ${leaves} leaves`);
  must(!open || open.leases.length <= 256 + 2 * leaves, () => `${open?.leases.length} leases`);
  for (const worker of workers)
    must(worker.busy.length <= leaves, () => `${worker.name} has ${worker.busy.length} leases`);
}

/** A commit must be true of every server that still is in its term. */
export function checkCommit(
  cluster: Cluster,
  { version, term }: { readonly version: number; readonly term: number },
): void {
  for (const { process } of cluster.listening.values()) {
    const { holds } = process as { readonly holds?: { readonly term: number; readonly version: number | null } };
    if (process.alive && holds?.term === term)
      must(
        holds.version !== null && holds.version >= version,
        () => `version ${version} committed while ${process.name} holds ${holds.version}`,
      );
  }
}
