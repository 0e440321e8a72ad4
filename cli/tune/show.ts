import type { Sum, Tune } from '../../physics/tune/document.ts';
import { clean, type Terminal, table } from '../terminal.ts';
import { withError } from '../words.ts';

const perBin = ({ chi2, bins }: Sum) => (bins === 0 ? '-' : (chi2 / bins).toFixed(2));

/** A tune for people. */
export function show(terminal: Terminal, tune: Tune): void {
  const say = (lines: readonly string[]) => {
    const [head = '', ...rows] = lines;
    terminal.say(terminal.style('dim', head));
    for (const row of rows) terminal.say(row);
    terminal.say();
  };
  const { fit, names, provenance } = tune;
  terminal.say(
    `${terminal.style('bold', clean(tune.title))} (${clean(provenance.application)} ${provenance.version})`,
  );
  terminal.say(
    `${fit.samples} samples, polynomials of order ${fit.order} with ${fit.coefficients} coefficients, ${fit.bins} bins`,
  );
  terminal.say();
  say(
    table(
      ['parameter', 'default', 'tuned', '+-', 'sensitivity', ''],
      names.map((name) => [
        clean(name),
        String(tune.defaults[name]),
        ...withError(tune.parameters[name] ?? 0, tune.errors[name] ?? 0),
        (tune.sensitivities[name] ?? 0).toFixed(1),
        tune.atEdge.includes(name) ? 'at the edge of its range' : '',
      ]),
      ['left', 'right', 'right', 'right', 'right', 'left'],
    ),
  );
  say(
    table(
      ['correlation', ...names.map(clean)],
      names.map((name, i) => [clean(name), ...(tune.correlations[i] ?? []).map((value) => value.toFixed(2))]),
      ['left', ...names.map(() => 'right' as const)],
    ),
  );
  say(
    table(
      ['eigentune', 'sigma / range', ...names.map(clean)],
      tune.eigentunes.map(({ sigma, direction }, i) => [
        String(i + 1),
        (sigma / 2).toFixed(3),
        ...names.map((name) => (direction[name] ?? 0).toFixed(2)),
      ]),
      ['right', 'right', ...names.map(() => 'right' as const)],
    ),
  );
  const row = (what: string, sums: Tune['fitted']) => [
    what,
    String(sums.tuned.bins),
    perBin(sums.default),
    perBin(sums.tuned),
    perBin(sums.predicted),
    perBin(sums.surrogate),
  ];
  const columns = ['', 'bins', 'default', 'tuned', 'predicted', 'polynomials'];
  say(
    table(
      ['chi2/N', ...columns.slice(1)],
      [
        ...tune.observables.map((one) => [
          `${clean(one.id)}${one.weight === 0 ? ' (held out)' : one.weight === 1 ? '' : ` (weight ${one.weight})`}`,
          String(one.bins),
          ...[one.chi2Default, one.chi2Tuned, one.chi2Predicted, one.chi2Surrogate].map((chi2) =>
            perBin({ chi2, bins: one.bins }),
          ),
        ]),
        row('all that was fitted', tune.fitted),
        row('all that was held out', tune.heldOut),
      ],
      ['left', 'right', 'right', 'right', 'right', 'right'],
    ),
  );
  terminal.say(
    tune.atLeastAsGood
      ? 'The tuned parameters describe what was fitted and what was held out at least as well as the defaults.'
      : 'The tuned parameters do not describe all of it as well as the defaults do.',
  );
}
