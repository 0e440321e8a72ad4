/* Events as HepMC3 ASCII ("Asciiv3"): A. Buckley et al., Comput. Phys. Commun. 260 (2021) 107310. */
#ifndef EVGEN_HEPMC_H
#define EVGEN_HEPMC_H

#include <stdint.h>
#include <stdio.h>

#include "../core/event.h"

/* The cross-section known so far, pb. */
typedef struct {
  double value, error;
  uint64_t accepted, attempted;
} CrossSection;

/* Hit-or-miss under maximum_pb; the error is that of the binomial share. */
CrossSection cross_section(double maximum_pb, uint64_t accepted, uint64_t attempted);

/* With the names of the weights that this and all events have. */
void hepmc_begin(FILE *file, const Event *event);
void hepmc_event(FILE *file, const Event *event, const CrossSection *so_far);
void hepmc_end(FILE *file);

#endif
