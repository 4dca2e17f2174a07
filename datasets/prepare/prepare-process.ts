// prepare-process.ts: a process of a preparation: writes the shards that it is given. Decides nothing: run.ts says which. The side that asks: shard-process.ts.
import { fromWire, type Problem, toWire } from '../../base/errors.ts';
import type { ReaderShare } from '../reader.ts';
import { type Content, type Entry, type Loader, type Mask, type Places, reopenSource } from '../source.ts';
import type { PrepareJob } from './job.ts';
import { type ShardRecord, type ShardTask, writeShard } from './shard.ts';

export interface PrepareSetup {
  readonly out: string;
  /** Null where the contents lie in the memory of the process that asks. */
  readonly share: ReaderShare | null;
  readonly job: PrepareJob;
  readonly classes: readonly string[] | null;
  readonly places: Places | undefined;
}

type Failed = { readonly problem: Problem };
type Given = { readonly value: Content | Mask } | Failed;
export type ToProcess =
  | { readonly kind: 'setup'; readonly setup: PrepareSetup }
  | { readonly kind: 'task'; readonly task: ShardTask }
  | { readonly kind: 'given'; readonly number: number; readonly given: Given };
export type FromProcess =
  | { readonly kind: 'wanted'; readonly number: number; readonly what: 'load' | 'mask'; readonly entry: Entry }
  | { readonly kind: 'written'; readonly written: { readonly record: ShardRecord } | Failed };

/** Where nobody listens any more, `disconnect` tells it. */
const send = (message: FromProcess): void => void process.send!(message, undefined, undefined, () => {});

/** What is wanted, by its number: at most what one shard has under way. */
const waiting = new Map<number, (given: Given) => void>();
let wanted = 0;

/** Contents from the process that asks. */
const asked: Loader = {
  load: (entry) => want('load', entry) as Promise<Content>,
  mask: (entry) => want('mask', entry) as Promise<Mask>,
  async close() {},
};

async function want(what: 'load' | 'mask', entry: Entry): Promise<Content | Mask> {
  const number = wanted++;
  send({ kind: 'wanted', number, what, entry });
  const given = await new Promise<Given>((resolve) => waiting.set(number, resolve));
  waiting.delete(number);
  if ('problem' in given) throw fromWire(given.problem);
  return given.value;
}

let writing: ((task: ShardTask) => Promise<ShardRecord>) | null = null;

function begin({ out, share, job, classes, places }: PrepareSetup): void {
  const opening = share ? reopenSource(share) : Promise.resolve(asked);
  opening.catch(() => {}); // told with the first task
  writing = async (task) => writeShard(out, task, await opening, job, { classes, places });
}

process.on('message', async (message: ToProcess) => {
  if (message.kind === 'setup') return begin(message.setup);
  if (message.kind === 'given') return waiting.get(message.number)!(message.given);
  try {
    send({ kind: 'written', written: { record: await writing!(message.task) } });
  } catch (error) {
    send({ kind: 'written', written: { problem: toWire(error) } });
  }
});
process.once('disconnect', () => process.exit()); // nobody asks any more
// a terminal sends them to all its processes; the one that asks ends this one
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
