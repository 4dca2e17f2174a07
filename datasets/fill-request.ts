// fill-request.ts: what a feeder is asked for: checked against the layout, and cut into tasks for its threads. Pure.
import { ShoalError } from '../base/errors.ts';
import { type FeedTask, type InputLayout, NO_SAMPLE, SAMPLE } from './feed-messages.ts';
import { type Fields, fieldBytes } from './reader.ts';

/** One batch. Leaf i begins at address + i x leafBytes; row r of its field f at + fields[f].at + r x fields[f].rowBytes. */
export interface FillRequest {
  /** Byte address of the batch's slot in the memory. */
  readonly address: number;
  /** Rows of each micro-shard; together as many as there are indices. */
  readonly leaves: readonly number[];
  /** Samples, leaf after leaf. */
  readonly indices: Uint32Array;
  /** What random changes of samples are keyed by. Default: step 0, from place 0 of the batch on, a leaf being a micro-shard. */
  readonly drawn?: {
    /** Of the run. */
    readonly step: number;
    /** In the global batch, of the first row. */
    readonly place: number;
    /** Rows of each micro-shard; of those of a leaf together as many as it has. */
    readonly shards: readonly number[];
  };
}

const wrong = (operation: string, got: string, expected: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_LAYOUT',
    operation,
    got,
    expected,
    hint: 'The plan lays input slots out for the fields of the dataset and the largest leaf.',
  });

/** The rows for which a leaf has room. @throws {ShoalError} SHOAL_DATA_LAYOUT */
export function leafCapacity({ leafBytes, fields }: InputLayout, offered: Fields): number {
  for (const [name, { rowBytes }] of Object.entries(fields)) {
    const field = offered[name];
    const operation = `lay out the field "${name}"`;
    if (field === undefined) throw wrong(operation, 'no such field', `one of ${Object.keys(offered).join(', ')}`);
    const bytes = fieldBytes(field);
    if (rowBytes !== bytes) {
      throw wrong(operation, `${rowBytes} bytes a row`, `${bytes} (${field.dtype} of [${field.shape.join(', ')}])`);
    }
  }
  const inOrder = Object.values(fields).sort((a, b) => a.at - b.at);
  return Math.min(
    ...inOrder.map(({ at, rowBytes }, i) => Math.floor(((inOrder[i + 1]?.at ?? leafBytes) - at) / rowBytes)),
  );
}

/** @throws {ShoalError} SHOAL_DATA_LAYOUT when a request would write where it must not */
export function checkRequests(
  requests: readonly FillRequest[],
  { leafBytes }: InputLayout,
  capacity: number,
  memoryBytes: number,
): void {
  for (const { address, leaves, indices } of requests) {
    const operation = `fill the input slot at ${address}`;
    const rows = leaves.reduce((sum, n) => sum + n, 0);
    const end = address + leaves.length * leafBytes;
    if (rows !== indices.length) throw wrong(operation, `${indices.length} indices`, `${rows}, the rows of its leaves`);
    if (!leaves.every((n) => Number.isInteger(n) && n >= 0 && n <= capacity)) {
      throw wrong(operation, `leaves of ${leaves.join(', ')} rows`, `0 to ${capacity} rows a leaf`);
    }
    if (!(Number.isInteger(address) && address >= 0 && end <= memoryBytes)) {
      throw wrong(operation, `an end at ${end}`, `a slot within the ${memoryBytes} bytes of memory`);
    }
  }
}

/** At most `count` tasks of about as many rows each, cut between leaves. */
export function cutTasks(requests: readonly FillRequest[], leafBytes: number, count: number): FeedTask[] {
  const total = requests.reduce((sum, { indices }) => sum + indices.length, 0);
  const indices = new Uint32Array(total);
  const tasks: FeedTask[] = [];
  let addresses: number[] = [];
  let rows: number[] = [];
  let steps: number[] = [];
  let places: number[] = [];
  let shards: number[] = [];
  let first = 0; // of the task being gathered
  let end = 0; // of what is gathered
  const finish = () => {
    const status = new Int32Array(new SharedArrayBuffer(8));
    status[SAMPLE] = NO_SAMPLE;
    // slice: cloning a view would clone all that is under it
    const part = indices.slice(first, end);
    tasks.push({
      addresses: Float64Array.from(addresses),
      rows: Uint32Array.from(rows),
      steps: Uint32Array.from(steps),
      places: Uint32Array.from(places),
      shards: Uint32Array.from(shards),
      indices: part,
      status,
    });
    [addresses, rows, steps, places, shards] = [[], [], [], [], []];
    first = end;
  };
  let copied = 0;
  for (const request of requests) {
    indices.set(request.indices, copied);
    copied += request.indices.length;
    const { step, place, shards: all } = request.drawn ?? { step: 0, place: 0, shards: request.leaves };
    let shard = 0;
    let row = 0; // of the request
    request.leaves.forEach((leafRows, i) => {
      if (leafRows === 0) return;
      addresses.push(request.address + i * leafBytes);
      rows.push(leafRows);
      steps.push(step);
      places.push(place + row);
      row += leafRows;
      for (let left = leafRows; left > 0; shard++) {
        shards.push(all[shard]!);
        left -= all[shard]!;
      }
      end += leafRows;
      if (end * count >= total * (tasks.length + 1)) finish();
    });
  }
  return tasks;
}
