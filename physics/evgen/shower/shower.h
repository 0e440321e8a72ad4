/* The parton shower: dipoles radiate gluons, quark pairs and photons, ordered in transverse momentum. */
#ifndef EVGEN_SHOWER_H
#define EVGEN_SHOWER_H

#include <stdbool.h>

#include "../core/event.h"
#include "../core/random.h"
#include "coupling.h"

enum { VARIATIONS = 4 };

typedef struct {
  double alpha_s;  /* at mZ, MS-bar */
  double cutoff;   /* least transverse momentum, GeV */
  double hard_gluon; /* the first gluon's rate grows by this times 4 pT^2/s: what orders above the first add to hard ones */
  double variation;  /* of alpha_s, up and down, as weights of the event; 0 for none */
  double scale;      /* at which the coupling is taken, over the transverse momentum */
  double scale_variation; /* the same with the scale times and over this, as weights; 1 for none */
} ShowerParameters;

extern const ShowerParameters DEFAULT_SHOWER;

typedef struct {
  ShowerParameters parameters;
  Coupling coupling;
  int variations;
  int weight_of[VARIATIONS]; /* places in the event's weights */
  Coupling varied[VARIATIONS];
  double headroom; /* by which trials are more than needed, so that they are enough for the varied couplings: no weight is negative */
  double log_cutoff;
} Shower;

void shower_prepare(Shower *shower, const ShowerParameters *parameters, double z_mass);

/*
 * Lets the primary pair radiate. axial: share of the axial current in the cross-section. The partons left stand in a row from
 * *first to *last, string by string. False where the event holds no more.
 */
bool shower_event(const Shower *shower, Random *random, Event *event, double axial, int *first, int *last);

#endif
