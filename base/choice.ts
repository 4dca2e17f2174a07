// choice.ts: a schema for one of several named things with options, in Keras' two forms. Not the things themselves.
import { z } from 'zod';
import { ignored, strict } from './check.ts';

export type Shapes = Readonly<Record<string, z.ZodRawShape>>;

/** One of the things, its options' defaults filled in. */
export type Choice<S extends Shapes> = {
  [K in keyof S & string]: { readonly class_name: K; readonly config: z.output<z.ZodObject<S[K], z.core.$strict>> };
}[keyof S & string];

/** "glorot_uniform", "GlorotUniform" and "glorotuniform" are one name. */
const plain = (name: string): string => name.replaceAll('_', '').toLowerCase();

/**
 * A name ("he_normal", "HeNormal"), or {class_name, config}; comes out as the latter.
 * @param what plural, for the message: "initializers"
 * @param shapes options of each, by class name
 */
export function choice<S extends Shapes>(what: string, shapes: S): z.ZodType<Choice<S>> {
  const classNames = new Map(Object.keys(shapes).map((name) => [plain(name), name]));
  const resolve = (name: unknown) => (typeof name === 'string' ? (classNames.get(plain(name)) ?? name) : name);
  const entries = Object.entries(shapes).map(([name, shape]) =>
    strict({
      class_name: z.literal(name),
      config: strict(shape).prefault({}),
      module: ignored,
      registered_name: ignored,
    }).transform(({ class_name, config }) => ({ class_name, config })),
  );
  const [first, ...others] = entries;
  if (!first) throw new RangeError('a choice of nothing');
  return z.preprocess(
    (value) => {
      if (typeof value === 'string') return { class_name: resolve(value) };
      const named = typeof value === 'object' && value !== null && 'class_name' in value;
      return named ? { ...value, class_name: resolve(value.class_name) } : value;
    },
    z.discriminatedUnion('class_name', [first, ...others], {
      error: () => `one of the known ${what}: ${Object.keys(shapes).join(', ')}`,
    }),
  ) as unknown as z.ZodType<Choice<S>>;
}
