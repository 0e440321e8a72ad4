import { inShell, shell } from '../../shared/shell.ts';

let told = false;

/** Tells the shell, once, that a person can see how the engine is: a frame that begins has drawn what the last one mounted. */
export function tellPainted(): void {
  if (!inShell || told) return;
  told = true;
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      // An older shell does not ask to be told.
      shell('painted', null).catch(() => {});
    }),
  );
}
