/*
 * Energy-energy correlation: how the energy is spread over the angles between particles (C. L. Basham et al., Phys. Rev.
 * Lett. 41 (1978) 1585). Here each pair counts once, a particle with itself not: DELPHI, Z. Phys. C 73 (1996) 11. Its asymmetry,
 * AEEC(cos) = EEC(-cos) - EEC(cos), follows from the bins.
 */
#ifndef EVGEN_CORRELATIONS_H
#define EVGEN_CORRELATIONS_H

#include <stdint.h>

#include "momenta.h"

enum { CORRELATION_BINS = 50, CORRELATION_SCALE = 1 << 20 };

/* bins[k]: sum of E_i E_j / E^2 over pairs with cos in bin k of 50 from -1 to 1, times CORRELATION_SCALE, each pair rounded. */
void energy_correlation(const Momenta *momenta, uint32_t bins[CORRELATION_BINS]);

#endif
