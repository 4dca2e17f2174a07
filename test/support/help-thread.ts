// help-thread.ts: a thread of the help suite: in each command it runs calls of its own that last as long as they like, then helps the others. A
// kernel counts each tile at the place that its bindings name.
import { parentPort, workerData } from 'node:worker_threads';
import { draws } from '../../base/random.ts';
import { BINDING, type KernelEntry, SPACES } from '../../kernels/abi.ts';
import { createHelp } from '../../trainer/help.ts';

export interface HelpThreadData {
  readonly memory: SharedArrayBuffer;
  readonly index: number;
  readonly bindings: readonly number[];
  readonly help: number;
  /** Byte address of the calls' records: kernel, descriptor. */
  readonly call: number;
  /** Where the counts stand: of each command, of each thread, of each call, of each tile. */
  readonly counts: number;
  readonly commands: number;
  readonly calls: number;
  readonly tiles: number;
}

const SCRATCH = BINDING.base + SPACES.indexOf('scratch');
const { memory, index, bindings, help, call, counts, commands, calls, tiles } = workerData as HelpThreadData;
const i32 = new Int32Array(memory);
const draw = draws([1, 2], index, 0, 0);
const own = bindings[index]! >>> 2;
/** Tiles of its own calls, whoever makes them, and tiles that it makes of others'. */
const made = { own: 0, forOthers: 0 };

function busy(turns: number): void {
  for (let i = 0; i < turns; i++) Atomics.load(i32, own);
}

const kernel: KernelEntry = (_, at, from, to) => {
  const word = at >>> 2;
  if (i32[word + SCRATCH] !== index)
    throw new Error(`thread ${index} has the scratch of thread ${i32[word + SCRATCH]}`);
  if (i32[word + BINDING.slot] !== index) made.forOthers += to - from;
  for (let tile = from; tile < to; tile++) {
    Atomics.add(i32, i32[word + BINDING.rows]! + tile, 1);
    busy(i32[word + BINDING.step]!);
  }
};

const { run, others } = createHelp({
  i32,
  entries: [kernel],
  bindings,
  scratch: index,
  help,
  index,
  waitWhile(word, value) {
    busy(i32[own + BINDING.step]!);
    while (Atomics.load(i32, word) === value) Atomics.wait(i32, word, value, 1000);
    return true;
  },
});

for (let command = 1; command <= commands; command++) {
  for (let n = 0; n < calls; n++) {
    const drawn = draw(calls * command + n);
    i32[own + BINDING.slot] = index;
    i32[own + BINDING.rows] = counts + (((command - 1) * bindings.length + index) * calls + n) * tiles;
    i32[own + BINDING.step] = drawn % (command % 2 === index % 2 ? 200 : 2);
    i32[own + SCRATCH] = index;
    made.own += 1 + (drawn % tiles);
    run(command, call >>> 2, 1 + (drawn % tiles), (drawn >>> 16) % 2 === 0);
  }
  others(command);
}
parentPort!.postMessage(made);
