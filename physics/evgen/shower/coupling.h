/* The strong coupling at two loops, in the scheme of Catani, Marchesini and Webber, as a table over the logarithm of the scale. */
#ifndef EVGEN_COUPLING_H
#define EVGEN_COUPLING_H

enum { COUPLING_STEPS = 640 };
/* ln(t / GeV^2) from COUPLING_LOW in steps of 1/32 */
#define COUPLING_LOW (-4.0)
#define COUPLING_PER_UNIT 32.0

typedef struct {
  double value[COUPLING_STEPS + 1];
} Coupling;

/* alpha_s(mZ) in the MS-bar scheme is given; below the scale `freeze` (GeV^2) the coupling stays as it is there. */
void coupling_prepare(Coupling *coupling, double alpha_s, double z_mass, double freeze);

/* The same at scales larger by exp(log_shift) in t. */
void coupling_shift(Coupling *shifted, const Coupling *coupling, double log_shift);

static inline double coupling_at(const Coupling *coupling, double log_t) {
  const double at = (log_t - COUPLING_LOW) * COUPLING_PER_UNIT;
  if (!(at > 0)) return coupling->value[0];
  if (at >= COUPLING_STEPS) return coupling->value[COUPLING_STEPS];
  const int i = (int)at;
  return coupling->value[i] + (at - i) * (coupling->value[i + 1] - coupling->value[i]);
}

#endif
