/* The cross-section e+ e- -> gamma*, Z -> f fbar for one kind of fermion at one energy. */
#ifndef EVGEN_BORN_H
#define EVGEN_BORN_H

#include <stdbool.h>

#include "electroweak.h"

/* d sigma / d cos(theta) = c0 + c1 cos + c2 cos^2 in pb. theta: between e- and f. */
typedef struct {
  double c0, c1, c2;
  double axial;   /* share of the axial current of f in the cross-section */
  double beta;    /* velocity of f; 0 where the energy is not above the threshold */
  double maximum; /* of d sigma / d cos(theta), pb */
  /*
   * d sigma of right-handed less that of left-handed f: even (1 + cos^2) + 2 odd cos; the antifermion has the other helicity.
   * By their masses both have the same: flip (1 - cos^2), each sign as often.
   */
  double even, odd, flip;
} Channel;

/*
 * At leading order, or with corrections: running alpha, weak form factors, QCD and QED radiation of the final state, thresholds
 * of hadrons in place of quarks.
 */
Channel born_channel(double s, const Fermion *f, const Electroweak *inputs, bool corrected);

/* The least s at which hadrons of this quark pair can be made; 0 for leptons. */
double hadron_threshold(int pdg);

/* The mean helicity of f, from -1 to 1, among those whose antifermion has the other one. */
static inline double born_helicity(const Channel *channel, double cosine) {
  const double square = cosine * cosine;
  const double both = channel->c0 + cosine * (channel->c1 + cosine * channel->c2) - channel->flip * (1.0 - square);
  return both > 0 ? (channel->even * (1.0 + square) + 2.0 * channel->odd * cosine) / both : 0;
}

/* Over all angles, pb. */
static inline double born_total(const Channel *channel) { return 2.0 * (channel->c0 + channel->c2 / 3.0); }

#endif
