// inject.ts: does one fault to a simulated run. Which and when: faults.ts.

import type { Process } from '../../../cluster/simulate/world.ts';
import type { Fault } from './faults.ts';
import type { Run } from './run.ts';

const alive = <P extends Process>(processes: Iterable<P>): P[] => [...processes].filter((it) => it.alive);

export function inject(run: Run, fault: Fault): void {
  if (run.over) return;
  const { world } = run;
  const done = does(run, fault);
  if (done) world.count(`fault ${fault.kind}`);
  world.log(() => `FAULT ${fault.kind}${done ? '' : ' (nothing there)'}`);
}

/** @returns whether there was something to do it to */
function does(run: Run, { kind, point, nth }: Fault): boolean {
  const { world } = run;
  const workers = alive(run.workers.values());
  const servers = alive(run.servers.values());
  const coordinator = alive(run.coordinator ? [run.coordinator] : []);
  const crash = (processes: readonly Process[]): boolean => {
    for (const process of processes) process.crash(`by ${kind}`);
    return processes.length > 0;
  };
  const freeze = (processes: readonly Process[]): boolean => {
    if (processes.length === 0) return false;
    const process = world.pick(processes);
    const thaw = world.now + world.pick([50, 300, 2000]) * (0.5 + world.random());
    process.frozenUntil = Math.max(process.frozenUntil, thaw);
    return true;
  };
  const one = <P>(list: readonly P[]): readonly P[] => (list.length === 0 ? [] : [world.pick(list)]);
  switch (kind) {
    case 'crash a worker':
      return crash(one(workers));
    case 'crash a server':
      return crash(one(servers));
    case 'crash the coordinator':
      return crash(coordinator);
    case 'crash all workers':
      return crash(workers);
    case 'crash a server and the coordinator':
      return crash([...one(servers), ...coordinator]);
    case 'crash everything':
      return crash([...workers, ...servers, ...coordinator]);
    case 'cut the power': {
      const { disk } = run.cluster;
      const kept = disk.synced + world.below(disk.log.length - disk.synced + 1);
      if (kept < disk.log.length) world.count('log records lost');
      disk.log = disk.log.slice(0, kept);
      return crash([...workers, ...servers, ...coordinator]);
    }
    case 'crash at a failpoint':
      world.armed = { point, nth };
      return true;
    case 'reset a connection':
    case 'reset many connections': {
      const many = kind === 'reset a connection' ? 1 : 6;
      const open = world.connections.size;
      for (let i = 0; i < many && world.connections.size > 0; i++) world.pick([...world.connections]).reset();
      return open > 0;
    }
    case 'freeze a worker':
      return freeze(workers);
    case 'freeze a server':
      return freeze(servers);
    case 'freeze the coordinator':
      return freeze(coordinator);
    case 'slow a worker':
      for (const worker of one(workers)) worker.slowness = world.pick([3, 10, 40]);
      return workers.length > 0;
    case 'add a worker': {
      const name = `worker-${run.wanted.size + world.below(3)}`;
      run.wanted.add(name);
      run.startWorker(name);
      return true;
    }
    case 'remove a worker': {
      if (run.wanted.size <= run.cluster.workers.min) return false;
      const name = world.pick([...run.wanted]);
      run.wanted.delete(name);
      const worker = run.workers.get(name);
      if (worker?.alive) worker.end();
      return true;
    }
    case 'start a worker twice':
      for (const { name } of one(workers)) run.startWorker(name, true);
      return workers.length > 0;
    case 'start a server twice':
      for (const { name } of one(servers)) run.startServer(name, true);
      return servers.length > 0;
    case 'tear the newest checkpoint': {
      const newest = [...run.cluster.disk.checkpoints.values()].at(-1);
      if (newest) newest.good = false;
      return newest !== undefined;
    }
    case 'fill the disk':
      run.cluster.disk.full = true;
      world.after(world.between(50, 500), () => {
        run.cluster.disk.full = false;
      });
      return true;
    case 'interrupt':
      for (const process of coordinator) process.after(0, () => process.feed({ kind: 'interrupt' }));
      return coordinator.length > 0;
  }
}
