// webdataset.ts: shards as WebDataset has them: a tar with, for each sample, NAME.jpg (.png, .npy, .txt), NAME.cls, .boxes.json or .mask.png, and NAME.json.
import { canonicalJson } from '../../../base/hash.ts';
import { tarEnd, tarMember } from '../../formats/tar.ts';
import type { WriterKind } from './kind.ts';

export const webdataset: WriterKind = {
  ending: 'tar',
  async create() {
    const text = new TextEncoder();
    return {
      add({ name, entry, prepared, labelName, classes }) {
        const { key, label, meta } = entry;
        const { ending, bytes, shape, sha256, places } = prepared;
        const boxes = places?.boxes && { ...places.boxes, names: places.boxes.labels.map((of) => classes![of]) };
        const about = { ...meta, key, label: labelName, shape, sha256 };
        return [
          ...tarMember(`${name}.${ending}`, bytes),
          ...(label === null ? [] : tarMember(`${name}.cls`, text.encode(String(label)))),
          ...(boxes ? tarMember(`${name}.boxes.json`, text.encode(canonicalJson(boxes))) : []),
          ...(places?.mask ? tarMember(`${name}.mask.png`, places.mask) : []),
          ...tarMember(`${name}.json`, text.encode(canonicalJson(about))),
        ];
      },
      end: async () => [tarEnd()],
    };
  },
};
