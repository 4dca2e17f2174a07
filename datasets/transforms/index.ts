// index.ts: the registry of row transforms, and a reader seen through them. Arithmetic on pixels is done by kernels, not here.
import { ShoalError } from '../../base/errors.ts';
import { type Field, type Fields, fieldBytes, type Reader, type Sample } from '../reader.ts';
import { type OneHotConfig, oneHot } from './one-hot.ts';
import { type ToFloatConfig, toFloat } from './to-float.ts';

/** A transform of one field, ready to be applied to rows. Raw bytes in, raw bytes out. */
export interface Transform {
  /** The field afterwards. */
  readonly after: Field;
  apply(source: Uint8Array, target: Uint8Array): void;
}

export type TransformMaker<Config> = (config: Config, before: Field) => Transform;

/** Plain data, so that it can be cloned to a thread. Applied in the order of the list. */
export type TransformConfig = OneHotConfig | ToFloatConfig;

const TRANSFORMS: { readonly [C in TransformConfig as C['transform']]: TransformMaker<C> } = {
  one_hot: oneHot,
  to_float: toFloat,
};

/** Samples as they come out of the transforms. */
export interface Rows {
  readonly fields: Fields;
  /** As Reader.read, for the transformed fields. */
  read(index: number, into: Sample): void;
  /** As Reader.ahead. */
  ahead?(indices: Uint32Array, fields: readonly string[]): void;
}

/**
 * A reader's samples after the transforms. Not shared between threads: it keeps a scratch row.
 * @throws {ShoalError} SHOAL_DATA_FIELD when a transform names a field that is missing, or cannot take it
 */
export function transformRows(reader: Reader, configs: readonly TransformConfig[]): Rows {
  if (configs.length === 0) return reader;
  const fields: Record<string, Field> = { ...reader.fields };
  // By field: its transforms in order, each with the scratch that it reads from.
  const chains = new Map<string, { transform: Transform; source: Uint8Array }[]>();
  for (const config of configs) {
    const before = fields[config.field];
    if (before === undefined) throw noSuchField(config, fields);
    const make = TRANSFORMS[config.transform] as TransformMaker<TransformConfig>;
    const transform = make(config, before);
    fields[config.field] = transform.after;
    const chain = chains.get(config.field) ?? [];
    chain.push({ transform, source: new Uint8Array(fieldBytes(before)) });
    chains.set(config.field, chain);
  }
  return {
    fields,
    ahead: (indices, names) => reader.ahead?.(indices, names),
    read(index, into) {
      const raw: Record<string, Uint8Array> = {};
      for (const name in into) raw[name] = chains.get(name)?.at(0)?.source ?? into[name]!;
      reader.read(index, raw);
      for (const name in into) {
        const chain = chains.get(name) ?? [];
        for (const [i, { transform, source }] of chain.entries()) {
          transform.apply(source, chain[i + 1]?.source ?? into[name]!);
        }
      }
    },
  };
}

const noSuchField = (config: TransformConfig, fields: Fields): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_FIELD',
    operation: `apply the transform ${config.transform}`,
    got: `the field "${config.field}"`,
    expected: `one of the fields ${Object.keys(fields).join(', ')}`,
    hint: 'Transforms name fields of the dataset.',
  });
