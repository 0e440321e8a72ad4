/*
 * What the analysis must know of a particle from its code: Particle Data Group, "Monte Carlo particle numbering scheme",
 * Prog. Theor. Exp. Phys. 2022, 083C01. It is read from the digits: no table of masses, so the analysis fits any generator.
 */
#ifndef EVGEN_ANALYSIS_PARTICLES_H
#define EVGEN_ANALYSIS_PARTICLES_H

#include <stdbool.h>

bool is_charged(int pdg);

/* Whether a hadron carries a b quark or antiquark (as a valence quark; bb mesons do not count). */
bool is_b_hadron(int pdg);

/* The kinds of hadrons whose numbers are compared with data; particle and antiparticle together. Their order is that of IDENTIFIED_NAME. */
enum { IDENTIFIED = 26 };
extern const char *const IDENTIFIED_NAME[IDENTIFIED];

/* 1 to IDENTIFIED: the bin of `identified`; 0 for all others. */
int identified_bin(int pdg);

#endif
