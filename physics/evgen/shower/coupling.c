#include "coupling.h"

#include "../core/maths.h"

/* Where perturbation theory has long lost its meaning the coupling stops growing. */
#define LARGEST 0.7

static int flavours(double log_t) {
  return log_t > 3.1372 ? 5 : log_t > 0.8109 ? 4 : 3; /* thresholds at 4.8 and 1.5 GeV */
}

/* d alpha / d ln t = -alpha^2 (b0 + b1 alpha); W. E. Caswell, Phys. Rev. Lett. 33 (1974) 244. */
static double slope(double alpha, int nf) {
  const double b0 = (33.0 - 2.0 * nf) / (12.0 * PI), b1 = (153.0 - 19.0 * nf) / (24.0 * PI * PI);
  return -alpha * alpha * (b0 + b1 * alpha);
}

static double step(double alpha, int nf, double h) {
  const double k1 = slope(alpha, nf), k2 = slope(alpha + 0.5 * h * k1, nf), k3 = slope(alpha + 0.5 * h * k2, nf),
               k4 = slope(alpha + h * k3, nf);
  return alpha + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4);
}

/* S. Catani, G. Marchesini, B. R. Webber, Nucl. Phys. B 349 (1991) 635: alpha (1 + K alpha / 2 pi). */
static double to_cmw(double alpha, int nf) {
  const double k = 3.0 * (67.0 / 18.0 - PI * PI / 6.0) - 5.0 / 9.0 * nf;
  return alpha * (1.0 + k * alpha / (2.0 * PI));
}

void coupling_prepare(Coupling *coupling, double alpha_s, double z_mass, double freeze) {
  const double log_z = 2.0 * log_of(z_mass), log_freeze = log_of(freeze);
  const double h = 1.0 / COUPLING_PER_UNIT;
  const int start = (int)((log_z - COUPLING_LOW) * COUPLING_PER_UNIT);
  const double start_log = COUPLING_LOW + start * h;
  double at_start = step(alpha_s, 5, start_log - log_z);
  double alpha = at_start;
  for (int i = start; i <= COUPLING_STEPS; i++) {
    coupling->value[i] = to_cmw(alpha, 5);
    alpha = step(alpha, 5, h);
  }
  alpha = at_start;
  for (int i = start; i >= 0; i--) {
    const double log_t = COUPLING_LOW + i * h;
    coupling->value[i] = to_cmw(alpha, flavours(log_t));
    if (log_t - h > log_freeze && alpha < LARGEST) alpha = step(alpha, flavours(log_t - 0.5 * h), -h);
  }
}

void coupling_shift(Coupling *shifted, const Coupling *coupling, double log_shift) {
  for (int i = 0; i <= COUPLING_STEPS; i++) shifted->value[i] = coupling_at(coupling, COUPLING_LOW + i / COUPLING_PER_UNIT + log_shift);
}
