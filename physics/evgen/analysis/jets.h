/*
 * Jets by successive recombination, momenta added (E scheme). The distance y of a pair, over the square of the visible energy:
 *   Durham: 2 min(E_i^2, E_j^2) (1 - cos)   S. Catani et al., Phys. Lett. B 269 (1991) 432
 *   JADE:   2 E_i E_j (1 - cos)             JADE, Z. Phys. C 33 (1986) 23
 * Cambridge: pairs in the order of their angle (Yu. L. Dokshitzer et al., JHEP 08 (1997) 001).
 */
#ifndef EVGEN_JETS_H
#define EVGEN_JETS_H

#include "momenta.h"

enum { MERGINGS = 5 };

/*
 * transition[k]: the largest y_cut at which the event still has more than k + 1 jets, so transition[1] is y_23 (0 where there
 * never were so many particles). The number of jets at y_cut follows from these for up to MERGINGS + 1 jets.
 */
typedef struct {
  double transition[MERGINGS + 1];
} Mergings;

Mergings durham(const Momenta *momenta);
Mergings jade(const Momenta *momenta);

/* The number of jets at y_cut: it cannot be had for all y_cut from one clustering, as the order knows of y_cut. */
int cambridge_jets(const Momenta *momenta, double y_cut);

#endif
