// shuffled.ts: every sample once an epoch, in random order.
import { draws, SITE } from '../../base/random.ts';
import { permutation } from '../permutation.ts';
import { samplerKind, wholeEpochs } from './kind.ts';

/**
 * A whole permutation, kept for one epoch: 4 bytes and some 80 ns a sample once an epoch. A Feistel network would need no memory, but
 * on small sets its few rounds reach only some of the orders, and it costs a cipher for each index; this is exactly uniform.
 */
export const shuffled = samplerKind({
  config: {},
  byLabel: false,
  open: (_, { length, seed }) => wholeEpochs((epoch) => permutation(length, draws(seed, 0, SITE.shuffle, epoch))),
});
