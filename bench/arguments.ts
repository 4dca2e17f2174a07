// arguments.ts: what `npm run bench` is asked for. It measures nothing.
import { parseArgs } from 'node:util';

export interface BenchArguments {
  readonly json: boolean;
  readonly only: string | undefined;
  readonly compare: string | undefined;
  readonly rounds: number;
  readonly seconds: number;
}

const USAGE = `npm run bench -- [options]: figures beside each peer that this machine has

  --only NAME     one of: NAMES
                  (kernels, executors and models are not part of a run without --only; models takes many minutes)
  --json          one line a figure: {"name","ours","peers":{..},"ratio"}
  --compare FILE  earlier lines of --json: tells what changed beyond the noise, and ends with 1 where something is slower
  --rounds N      turns of each (default 5)
  --seconds S     of training a turn (default 2)

SHOAL_BENCH_PYTHON and SHOAL_BENCH_KERAS name the Pythons of PyTorch and Keras. On a processor with 512-bit vectors
PyTorch is measured as it comes, and held to the 256 bits of WebAssembly (pytorch-avx2).
`;

/** The options, each settled; or the text to end with, and the exit code: of --help, or of what is wrong. */
export function benchArguments(
  words: readonly string[],
  names: readonly string[],
): BenchArguments | { text: string; code: 0 | 2 } {
  const usage = USAGE.replace('NAMES', names.join(', ').replace(/(.{80,100}?), /g, '$1,\n                  '));
  const wrong = (what: string) => ({ text: `${what}\n\n${usage}`, code: 2 as const });
  try {
    const { values } = parseArgs({
      args: [...words],
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        json: { type: 'boolean', default: false },
        only: { type: 'string' },
        compare: { type: 'string' },
        rounds: { type: 'string', default: '5' },
        seconds: { type: 'string', default: '2' },
      },
    });
    const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
    if (values.help) return { text: usage, code: 0 };
    if (values.only !== undefined && !names.includes(values.only))
      return wrong(`--only ${values.only}: no such figure`);
    if (!(Number.isInteger(rounds) && rounds > 0))
      return wrong(`--rounds ${values.rounds}: expected a whole number above 0`);
    if (!(seconds > 0 && seconds <= 600))
      return wrong(`--seconds ${values.seconds}: expected a number above 0, up to 600`);
    const { json, only, compare } = values;
    return { json, only, compare, rounds, seconds };
  } catch (error) {
    return wrong((error as Error).message);
  }
}
