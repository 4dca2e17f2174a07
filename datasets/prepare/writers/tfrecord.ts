// tfrecord.ts: shards as TFRecord files of Examples, with the names that TensorFlow's own image datasets have.
import { type Example, writeExample, writeRecord } from '../../formats/tf-record.ts';
import { parseNpy } from '../../npy.ts';
import type { Prepared } from '../sample.ts';
import type { WriterKind, Written } from './kind.ts';

export const tfrecord: WriterKind = {
  ending: 'tfrecord',
  create: async () => ({
    add: (sample) => writeRecord(writeExample(exampleOf(sample))),
    end: async () => [],
  }),
};

/** image/encoded, or `image` with `shape` for raw pixels, `features` for floats, `ids`; image/class/label and image/class/text. */
function exampleOf({ entry, prepared, labelName, classes }: Written): Example {
  const text = (value: string) => ({ bytes: [new TextEncoder().encode(value)] });
  const about: Record<string, Example[string]> = { key: text(entry.key) };
  if (entry.label !== null) about['image/class/label'] = { ints: [entry.label] };
  if (labelName !== null) about['image/class/text'] = text(labelName);
  Object.assign(about, placesOf(prepared, classes));
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

/** Boxes by their edges in shares of the image, and masks, under the names of TensorFlow's models. */
function placesOf({ places }: Prepared, classes: Written['classes']): Record<string, Example[string]> {
  if (places === undefined) return {};
  const encoder = new TextEncoder();
  if (places.mask)
    return {
      'image/segmentation/class/encoded': { bytes: [places.mask] },
      'image/segmentation/class/format': { bytes: [encoder.encode('png')] },
    };
  const { rows, columns, boxes, labels } = places.boxes!;
  return {
    'image/height': { ints: [rows] },
    'image/width': { ints: [columns] },
    'image/object/bbox/xmin': { floats: boxes.map(([x]) => x / columns) },
    'image/object/bbox/xmax': { floats: boxes.map(([x, , width]) => (x + width) / columns) },
    'image/object/bbox/ymin': { floats: boxes.map(([, y]) => y / rows) },
    'image/object/bbox/ymax': { floats: boxes.map(([, y, , height]) => (y + height) / rows) },
    'image/object/class/label': { ints: labels },
    'image/object/class/text': { bytes: labels.map((label) => encoder.encode(classes![label])) },
  };
}
