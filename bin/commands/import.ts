// import.ts: `shoal import`: a model file of another library as one file that a job can start from. The formats are in trainer/import/.
import { basename } from 'node:path';
import { modelWriters } from '../../trainer/export/index.ts';
import { readModelFile } from '../../trainer/import/index.ts';
import type { ImportedModel } from '../../trainer/import/model-file.ts';
import { readTorch } from '../../trainer/import/torch.ts';
import { nodeFiles } from '../../trainer/node-files.ts';
import { parseModel } from '../../trainer/parse-model.ts';
import { summarize } from '../../trainer/summary.ts';
import { writeError } from '../../trainer/write-error.ts';
import { EXIT, type ExitCode } from '../output/exit-codes.ts';
import { count, table } from '../output/format.ts';
import type { Screen } from '../output/screen.ts';
import { typed, usageError } from '../output/usage-error.ts';

export interface ImportOptions {
  readonly out?: string;
  /** A named model, or {builder, ...options}: then the file is a state dict of PyTorch. */
  readonly model?: string;
  readonly json?: boolean;
}

export async function importCommand(file: string, options: ImportOptions, screen: Screen): Promise<ExitCode> {
  const { out = `${basename(file).replace(/\.[^.]*$/, '')}.safetensors`, json } = options;
  if (!out.endsWith('.safetensors')) {
    throw usageError(
      'import',
      `--out ${out}`,
      'a name that ends in .safetensors',
      'It holds the model and its weights.',
    );
  }
  const { config, weights } =
    options.model === undefined ? await readModelFile(file) : await ofTorch(file, options.model);
  if (!weights) {
    throw usageError(
      'import',
      `${file}, which has no weights`,
      'a model with weights',
      'A job can name the file itself.',
    );
  }
  const model = parseModel(config);
  const written = await modelWriters.safetensors.write(out, { model, weights }, nodeFiles).catch((error: unknown) => {
    throw writeError(error, `write the model ${out}`);
  });
  const { rows, parameters } = summarize(model);
  if (json) {
    screen.out(JSON.stringify({ event: 'import', file, written, model: model.name, layers: rows.length, parameters }));
    return EXIT.done;
  }
  screen.out(
    table([
      ['model', `${model.name}: ${count(rows.length)} layers, ${count(parameters)} parameters`],
      ['written', written],
    ]),
  );
  screen.out(`\nIn a job:  "model": ${JSON.stringify({ $file: written, weights: true })}`);
  screen.out(`Next:      npx shoal export ${typed(written)} --format keras`);
  return EXIT.done;
}

async function ofTorch(file: string, given: string): Promise<ImportedModel> {
  const config = given.startsWith('{') ? parseGiven(given) : { builder: given };
  return { config, weights: await readTorch(file, parseModel(config)) };
}

function parseGiven(given: string): unknown {
  try {
    return JSON.parse(given);
  } catch (error) {
    throw usageError(
      'import',
      `--model ${given}: ${error instanceof Error ? error.message : String(error)}`,
      'the name of a model, or JSON',
      'For example --model \'{"builder":"resnet18","classes":10}\'.',
    );
  }
}
