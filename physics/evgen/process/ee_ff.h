/* The hard process: e+ e- -> gamma*, Z -> f fbar at leading order. */
#ifndef EVGEN_EE_FF_H
#define EVGEN_EE_FF_H

#include <stdbool.h>
#include <stdint.h>

#include "../core/event.h"
#include "../core/philox.h"
#include "electroweak.h"

/* One final state: d sigma / d cos(theta) = c0 + c1 cos + c2 cos^2 in pb. theta: between e- and f. */
typedef struct {
  double c0, c1, c2;
  double axial; /* share of the axial current of f in the cross-section */
  double beta;    /* velocity of f; 0 where the energy is not above the threshold */
  double maximum; /* of d sigma / d cos(theta), pb */
} Channel;

typedef struct {
  double energy;
  double maximum_pb; /* what hit-or-miss multiplies: sum of 2 * channel maximum */
  Channel channel[FERMIONS];
  double upto[FERMIONS]; /* cumulative share of each channel in maximum_pb */
} Process;

/*
 * Prepares the process for a centre-of-mass energy (GeV).
 * Returns false where no wanted channel is open at this energy.
 */
bool process_prepare(Process *process, double energy, const bool wanted[FERMIONS], const Electroweak *inputs);

/* Writes what all events share: beams, boson. The fermions' places are kept for process_generate. */
void process_begin(const Process *process, Event *event);

/*
 * Generates event `number` of `seed` (hit-or-miss, weight 1) into `event`, on which process_begin was called once.
 * Returns the attempts it took, at least 1.
 */
uint64_t process_generate(const Process *process, uint64_t seed, uint64_t number, Event *event);

/* The axial current's share for an event's fermion. */
double process_axial_share(const Process *process, const Event *event);

#endif
