// tensorflow-setup.ts: `shoal tensorflow setup`: one command from nothing to a TensorFlow that trains. What it does: bin/tensorflow/.
import { EXIT, type ExitCode } from '../output/exit-codes.ts';
import type { Screen } from '../output/screen.ts';
import { setUpTensorflow } from '../tensorflow/setup.ts';

export interface TensorflowSetupOptions {
  readonly python?: string;
  readonly gpu?: boolean;
  readonly json?: boolean;
}

export async function tensorflowSetupCommand(
  { python, gpu, json }: TensorflowSetupOptions,
  screen: Screen,
): Promise<ExitCode> {
  const report = await setUpTensorflow({
    ...(python !== undefined && { python }),
    ...(gpu !== undefined && { gpu }),
    say: (text) => screen.err(text),
  });
  if (json) screen.out(JSON.stringify({ event: 'tensorflow', ...report }));
  else screen.out('Next:  npx shoal train JOB --executor tensorflow');
  return EXIT.done;
}
