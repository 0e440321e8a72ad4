#include "shapes.h"

#include <math.h>

#include "../core/maths.h"
#include "correlations.h"
#include "hemispheres.h"
#include "jets.h"
#include "tensors.h"
#include "thrust.h"

/* Below all bins where the transition never was: a pair of particles alone has no third jet at any y_cut. */
static double log_y(double y) { return y > 1e-300 ? log_of(y) : -700; }

/* Values that rounding may put on the upper end belong to the last bin. */
static double below(double x, double end) { return x < end ? x : end * (1 - 1e-12); }

/* What the thrust would be with another coupling: the same events by the weights of the variations. */
static void fill_variations(Histograms *h, double thrust, const Event *event) {
  for (int i = WEIGHT_ALPHA_S_UP; i <= WEIGHT_SCALE_DOWN; i++)
    if (event->varied[i]) histogram_weigh(h, HISTOGRAM_THRUST_ALPHA_S_UP + i - WEIGHT_ALPHA_S_UP, thrust, event->weight[i]);
}

/* Histograms in the order of HISTOGRAM_THRUST_MAJOR and HISTOGRAM_SPHERICITY, which is the same for charged particles. */
static void fill_across(Histograms *h, int first, const Thrust *t) {
  histogram_fill(h, first, t->major);
  histogram_fill(h, first + 1, t->minor);
  histogram_fill(h, first + 2, larger(0, t->major - t->minor));
}

static void fill_tensors(Histograms *h, int first, const TensorShapes *s) {
  histogram_fill(h, first, larger(0, below(s->sphericity, 1)));
  histogram_fill(h, first + 1, larger(0, below(s->aplanarity, 0.5)));
  histogram_fill(h, first + 2, larger(0, below(s->planarity, 0.5)));
  histogram_fill(h, first + 3, larger(0, below(s->c, 1)));
  histogram_fill(h, first + 4, larger(0, below(s->d, 1)));
}

void fill_all_shapes(Histograms *h, const Momenta *all, const Event *event) {
  const Thrust t = thrust_of(all);
  fill_variations(h, below(t.thrust, 1), event);
  histogram_fill(h, HISTOGRAM_THRUST, below(t.thrust, 1));
  fill_across(h, HISTOGRAM_THRUST_MAJOR, &t);
  const TensorShapes s = tensor_shapes(all);
  fill_tensors(h, HISTOGRAM_SPHERICITY, &s);

  const Hemispheres hemispheres = hemispheres_of(all, t.axis);
  histogram_fill(h, HISTOGRAM_HEAVY_MASS, hemispheres.heavy_mass);
  histogram_fill(h, HISTOGRAM_LIGHT_MASS, hemispheres.light_mass);
  histogram_fill(h, HISTOGRAM_WIDE_BROADENING, hemispheres.wide_broadening);
  histogram_fill(h, HISTOGRAM_TOTAL_BROADENING, hemispheres.wide_broadening + hemispheres.narrow_broadening);

  const Mergings jets = durham(all);
  for (int n = 0; n < 5; n++) histogram_fill(h, HISTOGRAM_LN_Y12 + n, log_y(jets.transition[n]));
}

void fill_slow_jets(Histograms *h, const Momenta *all) {
  const Mergings jets = jade(all);
  for (int n = 0; n < 2; n++) histogram_fill(h, HISTOGRAM_JADE_LN_Y23 + n, log_y(jets.transition[1 + n]));
  histogram_fill(h, HISTOGRAM_CAMBRIDGE_JETS, cambridge_jets(all, CAMBRIDGE_Y_CUT));
}

/*
 * Entries of one event are not independent of each other. The sum of the squares of what each event gives to a bin is kept too:
 * from it follows the error of the mean.
 */
static void fill_correlation(Histograms *h, const Momenta *charged) {
  uint32_t bins[CORRELATION_BINS];
  energy_correlation(charged, bins);
  for (int i = 0; i < CORRELATION_BINS; i++) {
    const uint64_t sum = bins[i];
    h->counts[HISTOGRAM_EEC][1 + i] += sum;
    h->counts[HISTOGRAM_EEC_SQUARES][1 + i] += (sum * sum + CORRELATION_SCALE / 2) / CORRELATION_SCALE;
  }
}

Axes fill_charged_shapes(Histograms *h, const Momenta *charged) {
  const Thrust t = thrust_of(charged);
  histogram_fill(h, HISTOGRAM_CHARGED_ONE_MINUS_T, larger(0, 1 - t.thrust));
  fill_across(h, HISTOGRAM_CHARGED_THRUST_MAJOR, &t);
  const TensorShapes s = tensor_shapes(charged);
  fill_tensors(h, HISTOGRAM_CHARGED_SPHERICITY, &s);

  const Mergings jets = durham(charged);
  for (int n = 0; n < 2; n++) histogram_fill(h, HISTOGRAM_CHARGED_Y23 + n, jets.transition[1 + n]);
  fill_correlation(h, charged);

  return (Axes){{t.axis, t.major_axis, t.minor_axis}, {s.axis[0], s.axis[1], s.axis[2]}};
}
