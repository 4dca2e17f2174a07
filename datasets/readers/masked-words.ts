// masked-words.ts: hides some ids of a window, to be told from the others. Which and how, a source of draws says. Not the reading.
// Source of the shares: Devlin et al., "BERT" (2018), arXiv 1810.04805, section 3.1.
import { unit } from '../../base/random.ts';
import { consecutive } from '../permutation.ts';

/**
 * A share of the places, at least one: of these four fifths become the id `size`, a tenth any id below it, a tenth stay. Labels are the
 * window's own ids there, and -1, which counts nowhere, elsewhere. The number of places is the same for all windows.
 */
export function maskedWords(
  window: Int32Array,
  rate: number,
  size: number,
  draw: (index: number) => number,
): readonly [ids: Int32Array, labels: Int32Array] {
  const ids = window.slice();
  const labels = new Int32Array(window.length).fill(-1);
  const places = consecutive(0, window.length);
  const count = Math.max(1, Math.round(rate * window.length));
  const below = (word: number, n: number): number => Math.floor(unit(word) * n);
  for (let i = 0; i < count; i++) {
    const other = i + below(draw(3 * i), places.length - i); // the next of a shuffle
    const place = places[other]!;
    places[other] = places[i]!;
    labels[place] = window[place]!;
    const how = unit(draw(3 * i + 1));
    if (how < 0.8) ids[place] = size;
    else if (how < 0.9) ids[place] = below(draw(3 * i + 2), size);
  }
  return [ids, labels];
}
