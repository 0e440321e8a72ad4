/** Of the folder that publish-loop.ts publishes, beside the files that say the number alone. */
export const OTHERS = 20;

export function otherContent(number: number, i: number): string {
  return `${number} ${i} `.repeat(200);
}
