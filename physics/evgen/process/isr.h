/* Photons of the beams. */
#ifndef EVGEN_ISR_H
#define EVGEN_ISR_H

#include <stdbool.h>
#include <stdint.h>

#include "../core/vector.h"
#include "born.h"

typedef struct {
  bool corrections;
  bool isr;
  bool hadrons; /* quarks become hadrons: none below what these need */
  double least_s; /* of the hard process, as a fraction of the beams' */
} ProcessOptions;

enum { ISR_CELLS = 768, MOST_PHOTONS = 16 };

/* Density of u = v^beta, v being the share of energy that photons take: bounded by steps. */
typedef struct {
  double s, beta, soft; /* soft: virtual and soft photons */
  double edge[ISR_CELLS + 1], height[ISR_CELLS], upto[ISR_CELLS];
  bool wanted[FERMIONS], corrections, hadrons;
  Electroweak inputs;
} Radiator;

/* What was drawn. */
typedef struct {
  double share; /* v: s' = s (1 - v) */
  int photons;  /* those to be seen, 0 where none is */
  Vec photon[MOST_PHOTONS];
  int fermion;
  Channel channel[FERMIONS]; /* at the energy that is left */
} Radiation;

/* Returns the maximum that hit-or-miss multiplies, pb; 0 where no channel is open. */
double isr_prepare(Radiator *radiator, double energy, const bool wanted[FERMIONS], const Electroweak *inputs, ProcessOptions options);

/* d sigma / du, pb; fills the channels. */
double isr_density(const Radiator *radiator, double u, Channel channel[FERMIONS]);

/* Returns the attempts. */
uint64_t isr_generate(const Radiator *radiator, Random *random, Radiation *radiation);

#endif
