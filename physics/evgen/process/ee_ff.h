/* The hard process: e+ e- -> gamma*, Z -> f fbar at leading order. */
#ifndef EVGEN_EE_FF_H
#define EVGEN_EE_FF_H

#include <stdbool.h>
#include <stdint.h>

#include "../core/event.h"
#include "../core/philox.h"
#include "born.h"
#include "electroweak.h"
#include "isr.h"

typedef struct {
  double energy;
  double maximum_pb; /* what hit-or-miss multiplies: sum of 2 * channel maximum, or the radiator's */
  Channel channel[FERMIONS];
  double upto[FERMIONS]; /* cumulative share of each channel in maximum_pb */
  bool isr;              /* photons of the beams: by this, in place of the above */
  Radiator radiator;
} Process;

/*
 * Prepares the process for a centre-of-mass energy (GeV).
 * Returns false where no wanted channel is open at this energy.
 */
bool process_prepare(Process *process, double energy, const bool wanted[FERMIONS], const Electroweak *inputs, ProcessOptions options);

/* Writes what all events share: beams, boson. The fermions' places are kept for process_generate. */
void process_begin(const Process *process, Event *event);

/*
 * Generates event `number` of `seed` (hit-or-miss, weight 1) into `event`, on which process_begin was called once.
 * Returns the attempts it took, at least 1; *axial: the axial current's share in the fermion's cross-section.
 */
uint64_t process_generate(const Process *process, uint64_t seed, uint64_t number, Event *event, double *axial);

#endif
