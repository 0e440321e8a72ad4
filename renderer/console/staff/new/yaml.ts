import { Document, isPair, isScalar, isSeq, visit } from 'yaml';

/** Keys of these are few and read together. */
const ON_ONE_LINE: readonly unknown[] = ['validation', 'canary', 'adaptive', 'inputs'];

/** A document as a person would write it: short lists, points and ranges on one line each. */
export function yamlOf(document: object): string {
  const made = new Document(document);
  visit(made, {
    Seq(_, node) {
      if (node.items.every((item) => isScalar(item))) node.flow = true;
    },
    Map(_, node, path) {
      const above = path.at(-1);
      const key = isPair(above) && isScalar(above.key) ? above.key.value : null;
      if (isSeq(above) || node.has('low') || ON_ONE_LINE.includes(key)) node.flow = true;
    },
  });
  return made.toString({ lineWidth: 100 });
}
