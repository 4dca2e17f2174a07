// register-name.ts: what every registration of a user's own begins with: a module, and a class name that nobody else has. Not the registries.
import { type Problem, ShoalError } from '../base/errors.ts';

interface Named {
  readonly module: string;
  readonly className: string;
}

/**
 * @param what "layer", for messages
 * @param ours of Shoal's own, by class name
 * @param other the module that has registered the name, if one has
 * @throws the code
 */
export function checkName(
  code: Problem['code'],
  what: string,
  { module, className }: Named,
  ours: object,
  other: string | undefined,
): void {
  const operation = `register a ${what}`;
  // without a module, every compute thread would end as it starts: of models without the layer, too
  for (const [key, value] of Object.entries({ module, className }))
    if (typeof value !== 'string' || value === '')
      throw new ShoalError({
        code,
        operation,
        got: `${key}: ${value === undefined ? 'nothing' : JSON.stringify(value)}`,
        expected: 'module, which is import.meta.url, and className',
        hint: `Give both to the ${what}.`,
      });
  if (!Object.hasOwn(ours, className) && (other === undefined || other === module)) return;
  throw new ShoalError({
    code,
    operation,
    got: `the class name "${className}", which ${other === undefined ? 'Shoal has' : `${other} has registered`}`,
    expected: 'a class name of its own',
    hint: `Rename the ${what}.`,
  });
}
