// write-safetensors.ts: writes the golden tensors to the file named, for `make-safetensors.py --check`. Not a test.

import { writeSafetensors } from '../../trainer/export/safetensors.ts';
import { GOLDEN } from './safetensors-tensors.ts';

await writeSafetensors(process.argv[2]!, GOLDEN, { format: 'np' });
