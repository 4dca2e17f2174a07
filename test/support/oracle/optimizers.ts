// optimizers.ts: Keras 3's optimizers, and timm's LARS, in float64 over whole tensors; clipping, accumulation and averages around them.
// Not schedules: the rate is given with each step.

type Config = Readonly<Record<string, unknown>>;
/** Keras' keys, as in its optimizers' configurations. */
export interface OptimizerConfig {
  readonly className: string;
  readonly config: Config;
}

type Vectors = Readonly<Record<string, Float64Array>>;
type Vector = Float64Array;

/** What a rule sees of one tensor. */
interface Tensor {
  readonly w: Vector;
  readonly g: Vector;
  readonly rate: number;
  /** The number of the update, from 1. */
  readonly t: number;
  readonly decays: boolean;
  /** A vector kept from step to step, of the given first value. */
  kept(name: string, initial?: number): Vector;
}
/** Changes w. */
type Rule = (tensor: Tensor, c: (key: string, fallback: number) => number, config: Config) => void;

const each = (v: Vector, change: (value: number, i: number) => number): void => {
  v.forEach((value, i) => {
    v[i] = change(value, i);
  });
};
const norm = (v: Vector): number => Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
const ratio = (w: number, g: number, otherwise: number): number => (w > 0 && g > 0 ? otherwise : 1);

/** First and second moment, as Adam's family keeps them. */
function moments({ g, kept }: Tensor, c: (key: string, fallback: number) => number): readonly [Vector, Vector] {
  const [m, v] = [kept('m'), kept('v')];
  each(m, (old, i) => old + (g[i]! - old) * (1 - c('beta_1', 0.9)));
  each(v, (old, i) => old + (g[i]! ** 2 - old) * (1 - c('beta_2', 0.999)));
  return [m, v];
}

/** Kingma and Ba's "epsilon hat" form, as Keras has it. */
const adam: Rule = (tensor, c, config) => {
  const { w, rate, t, kept } = tensor;
  const [m, v] = moments(tensor, c);
  const top = kept('top');
  each(top, (old, i) => (config['amsgrad'] ? Math.max(old, v[i]!) : v[i]!));
  const alpha = (rate * Math.sqrt(1 - c('beta_2', 0.999) ** t)) / (1 - c('beta_1', 0.9) ** t);
  each(w, (old, i) => old - (alpha * m[i]!) / (Math.sqrt(top[i]!) + c('epsilon', 1e-7)));
};

const rules: Readonly<Record<string, Rule>> = {
  SGD({ w, g, rate, kept }, c, config) {
    const momentum = c('momentum', 0);
    const v = kept('v');
    each(v, (old, i) => momentum * old - rate * g[i]!);
    each(w, (old, i) => old + (config['nesterov'] ? momentum * v[i]! - rate * g[i]! : v[i]!));
  },
  Adam: adam,
  AdamW: adam,
  Nadam(tensor, c) {
    const { w, g, rate, t, kept } = tensor;
    const [m, v] = moments(tensor, c);
    const u = (step: number) => c('beta_1', 0.9) * (1 - 0.5 * 0.96 ** step);
    const product = kept('product', 1);
    each(product, (old) => old * u(t));
    each(w, (old, i) => {
      const ahead = (u(t + 1) * m[i]!) / (1 - product[i]! * u(t + 1)) + ((1 - u(t)) * g[i]!) / (1 - product[i]!);
      return old - (rate * ahead) / (Math.sqrt(v[i]! / (1 - c('beta_2', 0.999) ** t)) + c('epsilon', 1e-7));
    });
  },
  Adamax(tensor, c) {
    const { w, g, rate, t, kept } = tensor;
    const [m] = moments(tensor, c);
    const u = kept('u');
    each(u, (old, i) => Math.max(c('beta_2', 0.999) * old, Math.abs(g[i]!)));
    each(w, (old, i) => old - (rate * m[i]!) / ((1 - c('beta_1', 0.9) ** t) * (u[i]! + c('epsilon', 1e-7))));
  },
  RMSprop({ w, g, rate, kept }, c, config) {
    const rho = c('rho', 0.9);
    const [v, a, m] = [kept('v'), kept('a'), kept('m')];
    each(v, (old, i) => rho * old + (1 - rho) * g[i]! ** 2);
    each(a, (old, i) => (config['centered'] ? rho * old + (1 - rho) * g[i]! : 0));
    each(m, (old, i) => c('momentum', 0) * old + (rate * g[i]!) / Math.sqrt(v[i]! - a[i]! ** 2 + c('epsilon', 1e-7)));
    each(w, (old, i) => old - m[i]!);
  },
  Adagrad({ w, g, rate, kept }, c) {
    const a = kept('a', c('initial_accumulator_value', 0.1));
    each(a, (old, i) => old + g[i]! ** 2);
    each(w, (old, i) => old - (rate * g[i]!) / Math.sqrt(a[i]! + c('epsilon', 1e-7)));
  },
  Adadelta({ w, g, rate, kept }, c) {
    const [rho, epsilon] = [c('rho', 0.95), c('epsilon', 1e-7)];
    const [a, d] = [kept('a'), kept('d')];
    each(a, (old, i) => rho * old + (1 - rho) * g[i]! ** 2);
    const delta = g.map((x, i) => (Math.sqrt(d[i]! + epsilon) * x) / Math.sqrt(a[i]! + epsilon));
    each(d, (old, i) => rho * old + (1 - rho) * delta[i]! ** 2);
    each(w, (old, i) => old - rate * delta[i]!);
  },
  Lion({ w, g, rate, kept }, c) {
    const [b1, b2] = [c('beta_1', 0.9), c('beta_2', 0.99)];
    const m = kept('m');
    each(w, (old, i) => old - rate * Math.sign(m[i]! * b1 + g[i]! * (1 - b1)));
    each(m, (old, i) => old * b2 + g[i]! * (1 - b2));
  },
  Lamb(tensor, c) {
    const { w, rate, t } = tensor;
    const [m, v] = moments(tensor, c);
    const step = m.map((x, i) => {
      const size = Math.sqrt(v[i]! / (1 - c('beta_2', 0.999) ** t)) + c('epsilon', 1e-7);
      return x / (1 - c('beta_1', 0.9) ** t) / size;
    });
    const trust = ratio(norm(w), norm(step), norm(w) / norm(step));
    each(w, (old, i) => old - trust * rate * step[i]!);
  },
  /** timm's: only what decays is adapted. */
  LARS({ w, g, rate, decays, kept }, c, config) {
    const decay = decays ? c('weight_decay', 0) : 0;
    const trusted = (c('trust_coefficient', 0.001) * norm(w)) / (norm(g) + norm(w) * decay + c('epsilon', 1e-8));
    const trust = decay === 0 ? 1 : ratio(norm(w), norm(g), trusted);
    const momentum = c('momentum', 0);
    const v = kept('v');
    const adapted = g.map((x, i) => trust * (x + decay * w[i]!));
    each(v, (old, i) => momentum * old + adapted[i]!);
    each(w, (old, i) => old - rate * (config['nesterov'] ? adapted[i]! + momentum * v[i]! : v[i]!));
  },
};

/** Gradients as the rule gets them: clipped as the configuration says, by the first of Keras' three ways that is set. */
function clipped(gradients: Vectors, config: Config): Vectors {
  const scaled = (of: (g: Vector, path: string) => (x: number) => number): Vectors =>
    Object.fromEntries(Object.entries(gradients).map(([path, g]) => [path, g.map(of(g, path))]));
  const [each, all, value] = ['clipnorm', 'global_clipnorm', 'clipvalue'].map((key) => config[key] as number | null);
  if (each) return scaled((g) => (x) => (x * each) / Math.max(norm(g), each));
  const total = Math.sqrt(Object.values(gradients).reduce((sum, g) => sum + norm(g) ** 2, 0));
  if (all) return scaled(() => (x) => x * all * Math.min(1 / total, 1 / all));
  if (value) return scaled(() => (x) => Math.min(Math.max(x, -value), value));
  return gradients;
}

/**
 * An optimizer with its state. Each call is one step: it changes `weights` in place, and returns their moving average where
 * the configuration asks for one. AdamW's weight_decay defaults to Keras' 0.004; rate defaults to learning_rate.
 */
export function oracleOptimizer({
  className,
  config,
}: OptimizerConfig): (weights: Vectors, gradients: Vectors, rate?: number) => Vectors | null {
  const rule = rules[className]!;
  const c = (key: string, fallback: number): number => (config[key] as number | null | undefined) ?? fallback;
  const excluded = (config['exclude_from_weight_decay'] as readonly string[] | undefined) ?? [];
  const steps = c('gradient_accumulation_steps', 1);
  const states = new Map<string, Vector>();
  let accumulated: Vectors | null = null;
  let step = 0;
  let average: Vectors | null = null;
  /** Keras averages after every step; its count of updates, before this one where this is one, says how and whether weights are replaced. */
  const averaged = (weights: Vectors): Vectors | null => {
    if (config['use_ema'] !== true) return null;
    const update = Math.floor((step - 1) / steps);
    const momentum = update === 0 ? 0 : c('ema_momentum', 0.99);
    const old = average;
    average = Object.fromEntries(
      Object.entries(weights).map(([path, w]) => [
        path,
        w.map((x, i) => momentum * (old === null ? 0 : old[path]![i]!) + (1 - momentum) * x),
      ]),
    );
    const frequency = config['ema_overwrite_frequency'] as number | null | undefined;
    if (frequency && (update + 1) % frequency === 0)
      for (const [path, w] of Object.entries(weights)) w.set(average[path]!);
    return average;
  };
  return (weights, gradients, rate = config['learning_rate'] as number) => {
    const before = accumulated;
    accumulated = Object.fromEntries(
      Object.entries(gradients).map(([path, g]) => [
        path,
        Float64Array.from(g, (x, i) => x + (before === null ? 0 : before[path]![i]!)),
      ]),
    );
    if (++step % steps !== 0) return averaged(weights);
    const whole = Object.fromEntries(Object.entries(accumulated).map(([path, g]) => [path, g.map((x) => x / steps)]));
    accumulated = null;
    const given = clipped(whole, config);
    for (const [path, w] of Object.entries(weights)) {
      const decays = !excluded.some((part) => path.includes(part));
      const decay = decays && className !== 'LARS' ? c('weight_decay', className === 'AdamW' ? 0.004 : 0) : 0;
      each(w, (x) => x - x * rate * decay);
      const kept = (name: string, initial = 0): Vector => {
        const key = `${path} ${name}`;
        const state = states.get(key) ?? new Float64Array(w.length).fill(initial);
        states.set(key, state);
        return state;
      };
      rule({ w, g: given[path]!, rate, t: step / steps, decays, kept }, c, config);
    }
    return averaged(weights);
  };
}
