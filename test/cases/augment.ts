// augment.ts: the suite that every transform of training images passes: the same bytes from every build of the kernels and from their
// plain twins, keyed by step and place alone, and pinned.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { seedWords } from '../../base/random.ts';
import { type Augmenter, createAugmenter } from '../../datasets/augment/augmenter.ts';
import { type AugmentConfig, augmentedFields, augmentSchema } from '../../datasets/augment/index.ts';
import type { PixelKernels } from '../../datasets/image/pixel-kernels.ts';
import type { Arena } from '../../kernels/arena.ts';
import { instantiate, loadKernels } from '../../kernels/load.ts';
import { referenceKernels } from '../../kernels/reference.ts';

export const ROWS = 20;
export const COLUMNS = 24;

/** Colours that run, and squares: the same on every machine. */
export function testPicture(channels: number): Uint8Array {
  const bytes = new Uint8Array(ROWS * COLUMNS * channels);
  for (let i = 0; i < bytes.length; i++) {
    const [row, column] = [Math.floor(i / (COLUMNS * channels)), Math.floor(i / channels) % COLUMNS];
    const square = (Math.floor(row / 5) + Math.floor(column / 6)) % 2;
    bytes[i] = [9 * column + 2 * row, 200 - 7 * row, 40 + 160 * square][i % channels]! + ((i * 37) % 11);
  }
  return bytes;
}

type Made = (arena: Arena) => PixelKernels;
const builds: Readonly<Record<string, Made>> = {
  reference: ({ views }) => referenceKernels(views) as PixelKernels,
  relaxed: ({ memory }) => instantiate(loadKernels('relaxed'), memory),
  simd: ({ memory }) => instantiate(loadKernels('simd'), memory),
};

const PLACES = 12;

/** Every option left out is at its default. */
export const transform = (json: unknown): AugmentConfig => augmentSchema.parse(json);

export function openAugmenter(configs: readonly AugmentConfig[], channels: number, heldOut = false, build = 'relaxed') {
  const field = { dtype: 'u8', shape: [ROWS, COLUMNS, channels] } as const;
  const after = augmentedFields({ image: field }, configs)['image']!;
  const size = after.shape.reduce((a, b) => a * b, 1);
  const augmenter = createAugmenter({ configs, field, seed: seedWords(5), heldOut, kernels: builds[build]! });
  return { augmenter, shape: after.shape, size };
}

/** One picture, as it comes out at a place of a step. */
function changed(augmenter: Augmenter, channels: number, size: number, slot: number, step = 3): Uint8Array {
  augmenter.raw().set(testPicture(channels));
  const into = new Uint8Array(size);
  augmenter.write(into, { step, slot });
  return into;
}

export interface AugmentCase {
  /** As a job has it. */
  readonly json: { readonly class_name: string; readonly config?: object };
  /** Of twelve pictures of three channels, one after another: what they were when they were looked at. */
  readonly sha256: string;
  /** It makes the same of every picture. */
  readonly fixed?: boolean;
}

export function augmentSuite(cases: readonly AugmentCase[]): void {
  for (const { json, sha256, fixed = false } of cases) {
    describe(`the transform ${JSON.stringify(json)}`, () => {
      const configs = [transform(json)];
      const sheet = (channels: number, build: string): Uint8Array[] => {
        const { augmenter, size } = openAugmenter(configs, channels, false, build);
        return Array.from({ length: PLACES }, (_, slot) => changed(augmenter, channels, size, slot));
      };
      for (const channels of [1, 3])
        it(`makes the same bytes of ${channels === 1 ? 'grey' : 'coloured'} pictures with every build as with the plain twins`, () => {
          const expected = sheet(channels, 'reference');
          assert.deepEqual(sheet(channels, 'relaxed'), expected);
          assert.deepEqual(sheet(channels, 'simd'), expected);
        });
      it('makes the pictures that it made when they were looked at', () => {
        const hash = createHash('sha256');
        for (const bytes of sheet(3, 'relaxed')) hash.update(bytes);
        assert.equal(hash.digest('hex').slice(0, 16), sha256);
      });
      it('depends on step and place alone, not on what came before', () => {
        const { augmenter, size } = openAugmenter(configs, 3);
        const all = sheet(3, 'relaxed');
        for (const slot of [7, 2, 2, 11]) assert.deepEqual(changed(augmenter, 3, size, slot), all[slot]);
        const others = all.filter((bytes) => !Buffer.from(bytes).equals(Buffer.from(all[0]!)));
        assert.equal(others.length > 0, !fixed);
        if (!fixed)
          assert.notDeepEqual(
            Array.from({ length: PLACES }, (_, i) => changed(augmenter, 3, size, i, 4)),
            all,
          );
      });
      it('makes one thing of a held-out picture, of the same size, wherever it stands', () => {
        const { augmenter, size } = openAugmenter(configs, 3, true);
        const first = changed(augmenter, 3, size, 0);
        assert.deepEqual(changed(augmenter, 3, size, 9, 8), first);
      });
    });
  }
}
