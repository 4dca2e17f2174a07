// status.ts: how a run of several processes fares, as `GET /status` of its coordinator answers: the fields, checked where they come in.
import { z } from 'zod';
import { strict } from '../base/check.ts';

const text = z.string();
const number = z.number();
const traffic = {
  /** Over the wire's sockets since its process began: null before its first report. */
  bytes_in: number.nullable(),
  bytes_out: number.nullable(),
  /** Resident bytes of its process. */
  memory: number.nullable(),
};

const worker = strict({
  name: text,
  /** joining: not through the gate. computing: holds leases. idle. fenced: late, its work went to others. gone. */
  state: z.enum(['joining', 'computing', 'idle', 'fenced', 'gone']),
  /** Of training and evaluation, over the last ten seconds. */
  samples_per_second: number,
  leases: number,
  leases_done: number,
  /** Steps between the run's newest version and the one that it holds; null: it holds none. */
  lag: number.nullable(),
  /** Share of its time since its first batch in which it computed nothing, for data were not there; null: it has told nothing yet. */
  data_wait: number.nullable(),
  ...traffic,
  last_seen_s: number,
});

const server = strict({
  /** Null: nobody has come for this range. */
  name: text.nullable(),
  state: z.enum(['connected', 'missing']),
  /** Elements of the flat vector: [from, to). */
  from: number,
  to: number,
  version: number.nullable(),
  ...traffic,
  last_seen_s: number.nullable(),
});

export const statusSchema = strict({
  name: text,
  phase: z.enum(['gathering', 'loading', 'running', 'stopped']),
  /** What keeps it from going on; null: nothing. */
  waiting: text.nullable(),
  term: number,
  /** Committed, of how many. */
  step: number,
  steps: number,
  epoch: number,
  epochs: number,
  /** Of the newest step; null before the first, or where it is not finite. */
  loss: number.nullable(),
  /** Of training, over the last steps. */
  samples_per_second: number,
  eta_s: number.nullable(),
  /** The step that the newest checkpoint stands after. */
  checkpoint: number,
  coordinator: strict(traffic),
  servers: z.array(server),
  workers: z.array(worker),
});

export type Status = z.output<typeof statusSchema>;
export type WorkerStatus = Status['workers'][number];
export type ServerStatus = Status['servers'][number];
