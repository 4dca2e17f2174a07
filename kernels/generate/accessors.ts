// accessors.ts: writes AssemblyScript functions that read a kernel's arguments by name, from signatures.ts. Generates no kernel.
import { type KernelName, kernelNames, signatures } from '../signatures.ts';

/** The source of assembly/generated/arguments.ts: one namespace a kernel, `gemm.a(d, b)`, `gemm.K(d)`. */
export function accessors(): string {
  const lines = [
    '// generated from kernels/signatures.ts',
    'import { floatAt, intAt, offsetAt, operandAt } from "../abi";',
    '',
  ];
  for (const kernel of kernelNames) lines.push(...namespace(kernel), '');
  return lines.join('\n');
}

function namespace(kernel: KernelName): string[] {
  const { operands, ints, floats } = signatures[kernel] as Record<'operands' | 'ints' | 'floats', readonly string[]>;
  const body: string[] = [];
  let word = 0;
  for (const name of operands) {
    body.push(`  // @ts-ignore: decorator`);
    body.push(`  @inline export function ${name}(d: usize, b: usize): usize { return operandAt(d, b, ${4 * word}); }`);
    body.push(`  // @ts-ignore: decorator`);
    body.push(`  @inline export function ${name}Offset(d: usize): usize { return offsetAt(d, ${4 * word}); }`);
    word += 2;
  }
  for (const [names, type, reader] of [
    [ints, 'i32', 'intAt'],
    [floats, 'f32', 'floatAt'],
  ] as const) {
    for (const name of names) {
      body.push(`  // @ts-ignore: decorator`);
      body.push(`  @inline export function ${name}(d: usize): ${type} { return ${reader}(d, ${4 * word++}); }`);
    }
  }
  return [`export namespace ${kernel} {`, ...body, '}'];
}
