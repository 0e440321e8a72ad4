/*
 * Thrust: T = max over n of sum |p_i n| / sum |p_i| (E. Farhi, Phys. Rev. Lett. 39 (1977) 1587); thrust major is the
 * same across the thrust axis, thrust minor what is left across both (MARK J, Phys. Rev. Lett. 43 (1979) 830).
 */
#ifndef EVGEN_THRUST_H
#define EVGEN_THRUST_H

#include "momenta.h"

typedef struct {
  double thrust, major, minor;
  Vector axis, major_axis, minor_axis; /* unit vectors; the sign of each is without meaning */
} Thrust;

/* Exact but for rounding. There must be at least one momentum. */
Thrust thrust_of(const Momenta *momenta);

#endif
