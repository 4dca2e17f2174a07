// generate.ts: `shoal generate`: a text continued by a run's model. The computing is trainer/generate.ts, the ids datasets' text-tokens.ts.
import { ShoalError } from '../../base/errors.ts';
import { learnsNext } from '../../datasets/readers/text.ts';
import { openTokens } from '../../datasets/readers/text-tokens.ts';
import { generate } from '../../trainer/generate.ts';
import { openTrained } from '../input/open-trained.ts';
import { EXIT, type ExitCode } from '../output/exit-codes.ts';
import type { Screen } from '../output/screen.ts';

export interface GenerateCommandOptions {
  readonly prompt?: string;
  readonly length?: number;
  readonly temperature?: number;
  readonly topK?: number;
  readonly seed?: number;
  readonly json?: boolean;
}

export async function generateCommand(
  path: string,
  { prompt = '\n', length = 200, temperature = 0.8, topK = 0, seed = 1, json = false }: GenerateCommandOptions,
  screen: Screen,
): Promise<ExitCode> {
  const { job, checkpoint, path: run } = await openTrained(path, screen);
  const { reader, task, tokenizer } = job.data as { reader: string; task?: string; tokenizer?: string };
  if (!learnsNext(job.data)) {
    throw new ShoalError({
      code: 'SHOAL_SHAPE',
      operation: `generate text with ${run}`,
      got: `a run on the reader "${reader}"${reader === 'text' ? `, with the task "${task}"` : ''}`,
      expected: 'one on "text" that learnt the next ids',
      hint: 'Train one: npx shoal train examples/gpt-nano.json',
    });
  }
  const tokens = await openTokens(tokenizer ?? 'bytes');
  const given = [...tokens.encode(Buffer.from(prompt === '' ? '\n' : prompt))];
  const { snapshot } = checkpoint;
  const ids = [...generate({ job, snapshot, prompt: given, count: length, temperature, topK, seed })];
  const text = tokens.decode([...given, ...ids]);
  screen.out(json ? JSON.stringify({ run, prompt, ids, text }) : text);
  return EXIT.done;
}
