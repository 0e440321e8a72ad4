#include "spectra.h"

#include <math.h>

#include "../core/maths.h"

/* |rapidity| along an axis. */
static double rapidity(double energy, double along) {
  const double forward = energy + along, backward = energy - along;
  return backward > 1e-300 ? 0.5 * log_of(forward / backward) : 700;
}

static void fill_along(Histograms *h, const Momenta *m, int i, const Vector axis[3], int y, int in, int out) {
  const Vector p = momentum_of(m, i);
  histogram_fill(h, y, rapidity(m->e[i], fabs(dot(p, axis[0]))));
  histogram_fill(h, in, fabs(dot(p, axis[1])));
  histogram_fill(h, out, fabs(dot(p, axis[2])));
}

static void fill_multiplicity(Histograms *h, int charged, int flavour) {
  histogram_fill(h, HISTOGRAM_MULTIPLICITY, charged);
  histogram_fill(h, flavour == 5 ? HISTOGRAM_MULTIPLICITY_B : flavour == 4 ? HISTOGRAM_MULTIPLICITY_C : HISTOGRAM_MULTIPLICITY_UDS, charged);
}

void fill_spectra(Histograms *h, const Momenta *m, const Axes *axes, const Event *event) {
  fill_multiplicity(h, m->count, event->particle[PRIMARY].pdg);
  const double scale = 2 / event->energy;
  for (int i = 0; i < m->count; i++) {
    const double x = m->p[i] * scale;
    histogram_fill(h, HISTOGRAM_XP, smaller(x, 1 - 1e-12));
    histogram_fill(h, HISTOGRAM_XI, larger(0, -log_of(x)));
    fill_along(h, m, i, axes->thrust, HISTOGRAM_RAPIDITY_THRUST, HISTOGRAM_PT_IN_THRUST, HISTOGRAM_PT_OUT_THRUST);
    fill_along(h, m, i, axes->sphericity, HISTOGRAM_RAPIDITY_SPHERICITY, HISTOGRAM_PT_IN_SPHERICITY, HISTOGRAM_PT_OUT_SPHERICITY);
  }
}
