/*
 * The two halves of an event on either side of the plane across its thrust axis: jet masses (L. Clavelli, D. Wyler, Phys.
 * Lett. B 103 (1981) 383) and broadenings (S. Catani, G. Turnock, B. R. Webber, Phys. Lett. B 295 (1992) 269).
 */
#ifndef EVGEN_HEMISPHERES_H
#define EVGEN_HEMISPHERES_H

#include "momenta.h"

typedef struct {
  double heavy_mass, light_mass;       /* M^2 / E^2, E: the sum of energies */
  double wide_broadening, narrow_broadening; /* sum |p x n| / (2 sum |p|); total: both together */
} Hemispheres;

Hemispheres hemispheres_of(const Momenta *momenta, Vector axis);

#endif
