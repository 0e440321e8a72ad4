/* Light-cone fractions after the Lund model. */
#ifndef EVGEN_LUND_H
#define EVGEN_LUND_H

#include "../core/random.h"
#include "parameters.h"

/* The share z of a hadron of transverse mass squared mt2 that holds the old end's flavour; `made` is the new end's. */
double lund_z(Random *random, const HadronParameters *parameters, int old, int made, double mt2);

/* z with density (1 - z)^a / z^c exp(-b / z). */
double sample_z(Random *random, double a, double b, double c);

#endif
