// one-cycle.ts: up from max_lr / div_factor to max_lr, and down to that start / final_div_factor. PyTorch's OneCycleLR and its keys,
// without the cycle of the momentum. Source: Smith and Topin (2018), Super-Convergence.
import { z } from 'zod';
import { cosineFall } from './cosine.ts';
import { positive, schedule, steps } from './kind.ts';

export const oneCycle = schedule({
  config: {
    max_lr: positive,
    total_steps: steps.min(2),
    pct_start: z.number().gt(0).lt(1).default(0.3),
    anneal_strategy: z.enum(['cos', 'linear']).default('cos'),
    div_factor: positive.default(25),
    final_div_factor: positive.default(10000),
    three_phase: z.boolean().default(false),
  },
  rate(c, step) {
    const first = c.max_lr / c.div_factor;
    const last = first / c.final_div_factor;
    const end = c.total_steps - 1;
    const up = c.pct_start * c.total_steps - 1;
    const phases: readonly (readonly [end: number, from: number, to: number])[] = c.three_phase
      ? [
          [up, first, c.max_lr],
          [2 * c.pct_start * c.total_steps - 2, c.max_lr, first],
          [end, first, last],
        ]
      : [
          [up, first, c.max_lr],
          [end, c.max_lr, last],
        ];
    let begin = 0;
    for (const [until, from, to] of phases) {
      if (step <= until || until === end) {
        const share = Math.min(1, (step - begin) / (until - begin));
        return c.anneal_strategy === 'cos' ? to + (from - to) * cosineFall(share) : from + (to - from) * share;
      }
      begin = until;
    }
    return last;
  },
});
