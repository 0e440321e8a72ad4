/** A machine elsewhere, in a network name space of its own: `node outside.ts PORT`. Prints a line for each who comes. */
import { listenEverywhere } from './listeners.ts';

await listenEverywhere(Number(process.argv[2]), (how) => console.log(`seen ${how}`));
console.log('listening');
// Whoever started us is gone.
process.stdin.resume().once('end', () => process.exit());
