// server.ts: a server without floats: adding and updating takes a time by a model.
import type { ServerEvent } from '../server-types.ts';
import type { Frame, FrameHead } from './dial.ts';
import { type Machines, modelled, whole } from './machines.ts';
import { ServerDriver, type ServerWork } from './server-driver.ts';

export class SimulatedServer extends ServerDriver {
  readonly #machines: Machines;

  constructor(machines: Machines, name: string, incarnation: string) {
    const { profile } = modelled;
    super(machines, { peer: { role: 'server', name, incarnation }, profile, bugs: new Set() });
    this.#machines = machines;
  }

  protected work(action: ServerWork): { readonly ms: number; readonly event: () => ServerEvent } {
    const { vectors, job, times } = this.#machines;
    if (action.kind === 'prepare') {
      const { microShards } = job.schedule;
      return { ms: 1, event: () => ({ kind: 'prepared', vectors, microShards }) };
    }
    const { from, to } = this.state.range!;
    const adding = (nodes: number): number => times.addMs * (to - from) * nodes;
    if (action.kind === 'measure') {
      const { term, version, nodes, votes } = action.message;
      const round = votes.length;
      return { ms: adding(nodes.length), event: () => ({ kind: 'measured', term, version, round, sums: [] }) };
    }
    const { term, version, nodes } = action;
    return { ms: adding(nodes.length), event: () => ({ kind: 'applied', term, version: version + 1 }) };
  }

  protected vectors(head: FrameHead, count: number | null): readonly Frame[] {
    const { vectors, tensorBytes } = this.#machines;
    if (head.type === 'params') tensorBytes.params += 4 * (head.range.to - head.range.from);
    return Array.from({ length: count ?? vectors }, (_, vector) => whole(head, vector));
  }
  protected keep(): void {}
  protected left(): void {
    this.end();
  }
}
