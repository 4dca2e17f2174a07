// optimizers.ts: signatures of optimizers, penalties, constraints and norms. No arithmetic (../signatures.ts).
import { define, fixed, update, updateTiles } from './kind.ts';

export const optimizers = {
  // ---- optimizers: g = reduced gradient / scalars[0]; p and slots are read, next* written. scalars[1] = rate; more as each says.
  // The sum that is reduced has what earlier steps carried (abi.ts) at its left, and is clipped to +-scalars[14] where that is above 0
  // Weight decay is Keras 3's, decoupled: q = p (1 - rate * weightDecay) comes first
  sgd: update([], []),
  sgd_momentum: define(
    ['p', 'nextP', 'velocity', 'nextVelocity', 'scalars'],
    ['count', 'partAt', 'nesterov'],
    ['weightDecay', 'momentum'],
    updateTiles,
  ),
  // ---- regularisers: sums[tile] (f64) = l1 |w| + l2 w^2 over the tile; sum (f64) = all `count` of them x rows, leaf by leaf in the tree
  penalty: define(['source', 'sums'], ['count'], ['l1', 'l2'], updateTiles),
  penalty_loss: define(['sums', 'sum'], ['count'], [], () => fixed(1)),
  // out = scalars[0] (l1 sign(p) + 2 l2 p): what a reduce program adds to the sums of a gradient
  penalty_gradient: define(['p', 'scalars', 'out'], ['count'], ['l1', 'l2'], updateTiles),
  // ---- constraints, in place after an update. w (outer, K, inner): each vector along K x (rate clip(norm, floor, ceiling)
  // + (1 - rate) norm) / (norm + 1e-7); w = max(w, 0)
  limit_norm: define(['w'], ['outer', 'K', 'inner'], ['floor', 'ceiling', 'rate'], (i) =>
    fixed(i.outer * Math.ceil(i.inner / 4)),
  ),
  limit_sign: define(['w'], ['count'], [], updateTiles),

  // p' = p momentum + s oneMinusMomentum: a moving statistic, s = its reduced sum over the rows / scalars[0]
  moving_average: define(['p', 'nextP', 'scalars'], ['count', 'partAt'], ['momentum', 'oneMinusMomentum'], updateTiles),
  // m += (g - m)(1 - b1); v += (g^2 - v)(1 - b2); p' = q - scalars[2] m / (sqrt(v) + eps)
  adam: update(['m', 'nextM', 'v', 'nextV'], ['oneMinusBeta1', 'oneMinusBeta2', 'epsilon']),
  // the same with the greatest v so far: top = max(top, v); p' = q - scalars[2] m / (sqrt(top) + eps)
  amsgrad: update(['m', 'nextM', 'v', 'nextV', 'top', 'nextTop'], ['oneMinusBeta1', 'oneMinusBeta2', 'epsilon']),
  // m and v as adam's; p' = q - (scalars[2] m + scalars[3] g) / (sqrt(scalars[4] v) + eps)
  nadam: update(['m', 'nextM', 'v', 'nextV'], ['oneMinusBeta1', 'oneMinusBeta2', 'epsilon']),
  // m as adam's; u = max(b2 u, |g|); p' = q - scalars[2] m / (u + eps)
  adamax: update(['m', 'nextM', 'u', 'nextU'], ['oneMinusBeta1', 'beta2', 'epsilon']),
  // p' = q - rate sign(m b1 + g (1 - b1)); m' = m b2 + g (1 - b2)
  lion: update(['m', 'nextM'], ['beta1', 'oneMinusBeta1', 'beta2', 'oneMinusBeta2']),
  // a += g^2; p' = q - rate g / sqrt(a + eps)
  adagrad: update(['a', 'nextA'], ['epsilon']),
  // a = rho a + (1 - rho) g^2; delta = sqrt(d + eps) g / sqrt(a + eps); d = rho d + (1 - rho) delta^2; p' = q - rate delta
  adadelta: update(['a', 'nextA', 'd', 'nextD'], ['rho', 'oneMinusRho', 'epsilon']),
  // v = rho v + (1 - rho) g^2; centred: a = rho a + (1 - rho) g, v - a^2 in place of v below; step = rate g / sqrt(v + eps);
  // with momentum: m = momentum m + step, m in place of step; p' = q - step. Slots that it does not use are never touched
  rmsprop: define(
    ['p', 'nextP', 'v', 'nextV', 'a', 'nextA', 'm', 'nextM', 'scalars'],
    ['count', 'partAt', 'centered', 'hasMomentum'],
    ['weightDecay', 'rho', 'oneMinusRho', 'momentum', 'epsilon'],
    updateTiles,
  ),
  // m and v as adam's; squares, f64, one a tile: of q, and of step = scalars[2] m / (sqrt(scalars[3] v) + eps)
  lamb_moments: define(
    ['p', 'm', 'nextM', 'v', 'nextV', 'scalars', 'wSquares', 'uSquares'],
    ['count', 'partAt'],
    ['weightDecay', 'oneMinusBeta1', 'oneMinusBeta2', 'epsilon'],
    updateTiles,
  ),
  // p' = q - rate scalars[15] step, of such m and v
  lamb: define(['p', 'nextP', 'm', 'v', 'scalars'], ['count'], ['weightDecay', 'epsilon'], updateTiles),
  // v = momentum v + scalars[15] (g + weightDecay p); p' = p - rate v. The decay is not decoupled here
  lars: define(
    ['p', 'nextP', 'velocity', 'nextVelocity', 'scalars'],
    ['count', 'partAt', 'nesterov'],
    ['weightDecay', 'momentum'],
    updateTiles,
  ),
  // a = scalars[12] a + scalars[13] p; p = a where scalars[11] is above 0
  average: define(['p', 'a', 'nextA', 'scalars'], ['count'], [], updateTiles),
  // y = x, or 0
  carry: define(['x', 'y'], ['count', 'clears'], [], updateTiles),
  // out = the sum that an optimizer would divide
  gradient_sums: define(['scalars', 'out'], ['count', 'partAt'], [], updateTiles),

  // ---- norms, f64. out = the sum of x^2 (of g^2) over each tile
  squares: define(['x', 'out'], ['count'], [], updateTiles),
  gradient_squares: define(['scalars', 'out'], ['count', 'partAt'], [], updateTiles),
  // sum = values added pair by pair, in place
  tree_f64: define(['values', 'sum'], ['count'], [], () => fixed(1)),
  // next = now, 16 scalars; a norm sqrt(sum) beyond `most` raises the divisor so that the norm is `most`
  clip_scale: define(['sum', 'now', 'next'], [], ['most'], () => fixed(1)),
  // next = now but for [15] = coefficient |w| / (|g| + decay |w| + epsilon), of w and g the squares; 1 where one of them is 0
  trust_ratio: define(['w', 'g', 'now', 'next'], [], ['coefficient', 'decay', 'epsilon'], () => fixed(1)),
};
