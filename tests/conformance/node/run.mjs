// Runs one scenario with openid-client: `node run.mjs SCENARIO`, settings as JSON on stdin, what was seen as JSON on stdout.
import { text } from 'node:stream/consumers';
import process from 'node:process';

import * as scenarios from './scenarios.mjs';

const settings = JSON.parse(await text(process.stdin));
const seen = await scenarios[process.argv[2]](settings);
process.stdout.write(`${JSON.stringify(seen)}\n`);
