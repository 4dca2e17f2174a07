// backends.ts: the backends of tfjs that an executor may compute with, by the names of --executor: one entry each. Loaded when asked for.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ShoalError } from '../../base/errors.ts';
import { findPackage } from '../../datasets/optional-package.ts';
import { findTensorflow, loadTensorflow, quietTensorflow, readRecord, SETUP, tensorflowFolder } from './tensorflow.ts';
import type { Tf } from './tf.ts';

export interface Backend {
  /** What of it decides the bits. To be called on the main thread before any thread loads it. @throws where it is not installed, with the command that mends it */
  version(): string;
  /** Into this thread. */
  load(): Promise<Tf>;
}

/** A package that may be required, and its version. @throws SHOAL_OPTIONAL_PACKAGE */
function required(name: string): { readonly module: unknown; readonly version: string } {
  const found = findPackage(name);
  if (found === null) throw absent(name);
  const require = createRequire(found);
  const path = fileURLToPath(found);
  const folder = path.slice(0, path.lastIndexOf(join('node_modules', name)) + join('node_modules', name).length);
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  return {
    get module() {
      return require(path);
    },
    version,
  };
}

const absent = (name: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_OPTIONAL_PACKAGE',
    operation: 'compute by tfjs',
    got: `no package "${name}"`,
    expected: `it beside shoal or in ${process.cwd()}`,
    hint: `Install it: npm install ${name}.`,
  });

export const backends = {
  tensorflow: {
    version() {
      const found = findTensorflow();
      if (!found)
        throw new ShoalError({
          code: 'SHOAL_TENSORFLOW',
          operation: 'compute by TensorFlow',
          got: 'no tfjs-node',
          expected: 'one with its native part',
          hint: `It is made by: ${SETUP}`,
        });
      quietTensorflow();
      const record = found.by === 'setup' ? readRecord(tensorflowFolder()) : null;
      return record ? `tensorflow ${record.tensorflow}` : 'tensorflow of tfjs-node as installed';
    },
    load: async () => loadTensorflow(),
  },
  'tfjs-cpu': {
    version: () => `tfjs ${required('@tensorflow/tfjs').version} cpu`,
    async load() {
      const tf = required('@tensorflow/tfjs').module as Tf;
      tf.enableProdMode(); // no greeting, no checks of each value
      await tf.setBackend('cpu');
      return tf;
    },
  },
} as const satisfies Readonly<Record<string, Backend>>;

export type BackendName = keyof typeof backends;
