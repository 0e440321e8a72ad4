/* What the polarisation of a tau of the primary pair does to its decays. */
#ifndef EVGEN_TAU_H
#define EVGEN_TAU_H

#include <stdbool.h>

#include "../core/event.h"
#include "../core/vector.h"

typedef struct {
  double mass2; /* of the tau */
  bool meson;  /* it is of a meson that the tau decayed to */
  Vec spin;    /* of a tau: where its spin points (of an antitau the opposite), in its rest frame */
  Vec neutrino, probe; /* of a meson: directions in its rest frame, see tau_weight */
} TauSpin;

/*
 * Whether the decay of particle `index` depends on a helicity of the primary pair: that of a tau, or of a rho or K* which came
 * from one. If so, writes how.
 */
bool tau_spin(const Event *event, int index, TauSpin *spin);

/* Of products in the rest frame of what decays: the squared matrix element over its largest value. */
double tau_weight(const TauSpin *spin, int count, const int pdg[], const double m[], const Vec p[]);

#endif
