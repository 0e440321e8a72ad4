#include "correlations.h"

#include <string.h>

void energy_correlation(const Momenta *m, uint32_t bins[CORRELATION_BINS]) {
  static double x[MAX_FINAL], y[MAX_FINAL], z[MAX_FINAL], share[MAX_FINAL];
  memset(bins, 0, CORRELATION_BINS * sizeof bins[0]);
  /* Directions carry a factor of the square root of half the bins a unit of cos, so that a product is a bin. */
  for (int i = 0; i < m->count; i++) {
    const double f = 5 / m->p[i];
    x[i] = m->x[i] * f, y[i] = m->y[i] * f, z[i] = m->z[i] * f;
    share[i] = m->e[i] / m->energy;
  }
  for (int i = 1; i < m->count; i++) {
    const double weight = share[i] * CORRELATION_SCALE;
    for (int j = 0; j < i; j++) {
      int bin = (int)(x[i] * x[j] + y[i] * y[j] + z[i] * z[j] + 25);
      if (bin >= CORRELATION_BINS) bin = CORRELATION_BINS - 1; /* cos = 1, or more by rounding; below 0 truncates to 0 */
      bins[bin] += (uint32_t)(weight * share[j] + 0.5);
    }
  }
}
