// tfrecord.ts: shards as TFRecord files of Examples, with the names that TensorFlow's own image datasets have.
import { type Example, writeExample, writeRecord } from '../../formats/tf-record.ts';
import { parseNpy } from '../../npy.ts';
import type { WriterKind, Written } from './kind.ts';

export const tfrecord: WriterKind = {
  ending: 'tfrecord',
  create: async () => ({
    add: (sample) => writeRecord(writeExample(exampleOf(sample))),
    end: async () => [],
  }),
};

/** image/encoded, or `image` with `shape` for raw pixels, `features` for floats, `ids`; image/class/label and image/class/text. */
function exampleOf({ entry, prepared, labelName }: Written): Example {
  const text = (value: string) => ({ bytes: [new TextEncoder().encode(value)] });
  const about: Record<string, Example[string]> = { key: text(entry.key) };
  if (entry.label !== null) about['image/class/label'] = { ints: [entry.label] };
  if (labelName !== null) about['image/class/text'] = text(labelName);
  const { ending, bytes, shape } = prepared;
  if (ending === 'txt') return { ...about, text: { bytes: [bytes] } };
  if (ending !== 'npy') return { ...about, 'image/encoded': { bytes: [bytes] }, 'image/format': text(ending) };
  const { data } = parseNpy(bytes, entry.key);
  const values: Example[string] =
    data instanceof Uint8Array
      ? { bytes: [data] }
      : data instanceof Float32Array
        ? { floats: [...data] }
        : { ints: [...data] };
  const name = data instanceof Uint8Array ? 'image' : data instanceof Float32Array ? 'features' : 'ids';
  return { ...about, [name]: values, shape: { ints: [...shape!] } };
}
