// export.ts: `shoal export`: the model of a run, or of a file, in another library's format. The formats are in trainer/export/.
import { type ModelWriterName, modelWriters } from '../../trainer/export/index.ts';
import type { ExportedModel, ModelWriter } from '../../trainer/export/model-file.ts';
import { modelFormats, readModelFile } from '../../trainer/import/index.ts';
import { nodeFiles } from '../../trainer/node-files.ts';
import { parseModel } from '../../trainer/parse-model.ts';
import { snapshotWeights } from '../../trainer/snapshot.ts';
import { writeError } from '../../trainer/write-error.ts';
import { openTrained } from '../input/open-trained.ts';
import { EXIT, type ExitCode } from '../output/exit-codes.ts';
import type { Screen } from '../output/screen.ts';
import { usageError } from '../output/usage-error.ts';

export interface ExportOptions {
  readonly format: string;
  readonly out?: string;
  readonly json?: boolean;
}

export async function exportCommand(from: string, options: ExportOptions, screen: Screen): Promise<ExitCode> {
  const format = options.format as ModelWriterName;
  const writer = Object.hasOwn(modelWriters, format) ? modelWriters[format] : undefined;
  if (!writer) {
    const hint = 'For example: npx shoal export runs/digits --format keras';
    throw usageError('export', `--format ${format}`, `one of ${Object.keys(modelWriters).join(', ')}`, hint);
  }
  if (options.out !== undefined) checkEnding(options.out, writer);
  const { source, stem, ...exported } = await open(from, screen);
  const out = options.out ?? `${stem}${writer.ending === '' ? `-${format}` : writer.ending}`;
  const written = await writer.write(out, exported, nodeFiles).catch((error: unknown) => {
    throw writeError(error, `write the model ${out}`);
  });
  if (options.json) screen.out(JSON.stringify({ event: 'export', from: source, format, written }));
  else screen.out(`${source} -> ${written}  (${writer.title})`);
  return EXIT.done;
}

/** Libraries go by the name: a file that ends as another format's could not be loaded. @throws SHOAL_USAGE */
function checkEnding(out: string, { ending, title }: ModelWriter): void {
  const name = out.toLowerCase();
  const other = Object.values(modelWriters).find((one) => one.ending !== '' && name.endsWith(one.ending));
  if (!other || (ending !== '' && name.endsWith(ending)) || ending.endsWith(other.ending)) return;
  const expected = ending === '' ? 'a folder' : `a name that ends in ${ending}`;
  throw usageError('export', `--out ${out} for ${title}`, expected, 'Change --out, or --format.');
}

/** A model with its weights: of a file, or of a run's newest checkpoint. */
async function open(from: string, screen: Screen): Promise<ExportedModel & { source: string; stem: string }> {
  const format = modelFormats.find(({ ending }) => from.toLowerCase().endsWith(ending));
  if (!format) {
    const { path, job, checkpoint } = await openTrained(from, screen);
    const weights = snapshotWeights(job.model, checkpoint.snapshot);
    return { model: job.model, weights, source: checkpoint.path, stem: `${path}/model/${job.name}` };
  }
  const { config, weights } = await readModelFile(from);
  if (!weights) throw usageError('export', `${from}, which has no weights`, 'a model with weights', 'Train it first.');
  return { model: parseModel(config), weights, source: from, stem: from.slice(0, -format.ending.length) };
}
