// text.ts: `node test/verify/text.ts [NAME]`: gpt-nano and bert-small learn the licence texts of a Debian system to a held-out loss that
// the same model reaches in PyTorch (text-peer.py). Minutes; not part of `npm test`. What was seen here and there: docs/models.md.
import { reach } from './reach.ts';

await reach({ 'gpt-nano': { epochs: 4, most: 2.6 }, 'bert-small': { epochs: 20, most: 1.9 } }, process.argv[2]);
