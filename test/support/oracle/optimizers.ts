// optimizers.ts: Keras 3's SGD, Adam and AdamW in float64. Not a schedule: the rate is given with each step.

/** Keras' keys, as in its optimizers' configurations. */
export interface OptimizerConfig {
  readonly className: 'SGD' | 'Adam' | 'AdamW';
  readonly config: {
    readonly learning_rate: number;
    /** Decoupled in all three: w -= w * learning_rate * weight_decay, before the update. Default none. */
    readonly weight_decay?: number | null;
    readonly momentum?: number;
    readonly nesterov?: boolean;
    readonly beta_1?: number;
    readonly beta_2?: number;
    readonly epsilon?: number;
  };
}

type Vectors = Readonly<Record<string, Float64Array>>;

/** Adds what a step adds to one weight; its own two numbers are state[at] and state[at + 1]; `t` is the step's number, from 1. */
type Rule = (gradient: number, rate: number, state: Float64Array, at: number, t: number) => number;

function sgd({ momentum = 0, nesterov = false }: OptimizerConfig['config']): Rule {
  return (g, rate, state, at) => {
    if (momentum === 0) return -rate * g;
    state[at] = momentum * state[at]! - rate * g;
    return nesterov ? momentum * state[at]! - rate * g : state[at]!;
  };
}

/** Kingma and Ba's "epsilon hat" form, as Keras has it. */
function adam({ beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-7 }: OptimizerConfig['config']): Rule {
  return (g, rate, state, at, t) => {
    const alpha = (rate * Math.sqrt(1 - beta_2 ** t)) / (1 - beta_1 ** t);
    state[at]! += (g - state[at]!) * (1 - beta_1);
    state[at + 1]! += (g * g - state[at + 1]!) * (1 - beta_2);
    return (-state[at]! * alpha) / (Math.sqrt(state[at + 1]!) + epsilon);
  };
}

/**
 * An optimizer with its state. Each call is one step: it changes `weights` in place.
 * AdamW's weight_decay defaults to Keras' 0.004; rate defaults to learning_rate.
 */
export function oracleOptimizer({
  className,
  config,
}: OptimizerConfig): (weights: Vectors, gradients: Vectors, rate?: number) => void {
  const rule = className === 'SGD' ? sgd(config) : adam(config);
  const decay = config.weight_decay ?? (className === 'AdamW' ? 0.004 : 0);
  const states = new Map<string, Float64Array>();
  let t = 0;
  return (weights, gradients, rate = config.learning_rate) => {
    t++;
    for (const [path, w] of Object.entries(weights)) {
      const state = states.get(path) ?? new Float64Array(2 * w.length);
      states.set(path, state);
      for (let i = 0; i < w.length; i++) {
        w[i]! -= w[i]! * rate * decay;
        w[i]! += rule(gradients[path]![i]!, rate, state, 2 * i, t);
      }
    }
  };
}
