import '../shared/api/zod-without-eval.ts';

// In a chunk of its own, so that no schema is made before the line above has run, however the build splits the rest.
const { start } = await import('./start.ts');
await start();
