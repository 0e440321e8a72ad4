import { config } from 'zod';

// zod compiles parsers with `new Function` where it may; under our Content-Security-Policy even the probe for it is
// reported as a violation. Must run before the first schema is made: import this module before any other.
config({ jitless: true });
