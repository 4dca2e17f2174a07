// model-file.ts: what a format of another library needs to write a model. No format stands here.
import type { Files } from '../files.ts';
import type { Model } from '../model.ts';
import type { NamedWeight } from '../order-weights.ts';

export interface ExportedModel {
  readonly model: Model;
  /** All of the model's, moving statistics included, by path ("conv2d/kernel"), in any order. */
  readonly weights: readonly NamedWeight[];
}

export interface ModelWriter {
  /** For messages: "Keras 3's .keras". */
  readonly title: string;
  /** How the file's name ends; empty for a folder. */
  readonly ending: string;
  /**
   * Writes a file, or a folder, anew; one that stands there is replaced once the new one is whole.
   * @returns the path to load
   * @throws SHOAL_EXPORT_UNSUPPORTED for what the library does not have, SHOAL_EXPORT_WEIGHTS, the file system's errors
   */
  write(path: string, exported: ExportedModel, files: Files): Promise<string>;
}
