// model-file.ts: what a file of another library holds: a configuration, and weights by our names. No format stands here.
import type { Files } from '../files.ts';
import type { NamedWeight } from '../order-weights.ts';

export interface ImportedModel {
  /** For parseModel, which has taken it once already. */
  readonly config: unknown;
  /** In Keras' order; undefined where the file has none. */
  readonly weights: readonly NamedWeight[] | undefined;
}

export interface ModelFormat {
  /** For messages: "Keras' .keras". */
  readonly title: string;
  /** How names of its files end. */
  readonly ending: string;
  /** @throws ShoalError where it is damaged or holds what Shoal does not have; the file system's errors */
  read(path: string, files: Files): Promise<ImportedModel>;
}
