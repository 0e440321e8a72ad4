/**
 * Variant links: "$(NAME)" or "$(NAME:-default)" in a link's target stands for a variable of the reader's environment.
 * An unset variable without default is nothing; what is not closed stays as it is written.
 */
export function expandVariant(
  target: string,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  return target.replaceAll(/\$\(([^)]*)\)/g, (_all, inside: string) => {
    const at = inside.indexOf(':-');
    const name = at < 0 ? inside : inside.slice(0, at);
    const set = Object.hasOwn(environment, name) ? environment[name] : undefined;
    return set ?? (at < 0 ? '' : inside.slice(at + 2));
  });
}
