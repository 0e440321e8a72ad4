/* The particles there are: masses, widths, lifetimes and decays, all read once from one table of text. */
#ifndef EVGEN_PARTICLES_H
#define EVGEN_PARTICLES_H

#include <stdbool.h>

enum { MAX_KINDS = 260, MAX_CHANNELS = 1100, MAX_PRODUCTS = 6 };

/* How the products' momenta are weighted. */
typedef enum {
  DECAY_PHASE_SPACE,
  DECAY_VECTOR_3PI,    /* omega, phi -> pi pi pi: |p1 x p2|^2 */
  DECAY_WEAK,          /* of c, lepton and neutrino last: V - A */
  DECAY_WEAK_DOWN,     /* the same of b or tau, whose neutrino is an antiparticle where that of c is none */
  DECAY_DALITZ_PAIR,   /* first a photon (or meson), then e+ e- by way of a virtual photon */
  DECAY_QUARKS         /* products are quarks (and perhaps leptons), made into hadrons by decays/quarks.c */
} DecayKind;

typedef struct {
  double upto; /* cumulative branching fraction */
  DecayKind kind;
  int products;
  int pdg[MAX_PRODUCTS];
  double threshold; /* sum of the products' least masses, GeV */
} DecayChannel;

typedef struct {
  int pdg;
  double mass, width; /* GeV */
  double low, high;   /* of the mass, where there is a width */
  double atan_low, atan_high;
  double ctau;        /* mm */
  int charge3;        /* three times the charge */
  bool self_conjugate;
  int first, channels; /* in CHANNEL */
  double branching_sum; /* of the table, before it was divided by it */
} Kind;

extern Kind KIND[MAX_KINDS];
extern int KINDS;
extern DecayChannel CHANNEL[MAX_CHANNELS];

/* Reads the table; must be called before all else. Returns false where the table is not sound. */
bool particles_prepare(void);

/* The place in KIND of a particle or antiparticle, -1 where unknown. */
int kind_of(int pdg);

/* Three times the charge of anything by its code, diquarks too. */
int charge3_of(int pdg);

/* Baryon number times three. */
int baryon3_of(int pdg);

/* The antiparticle's code, the same for what is its own. */
int conjugate_of(int pdg);

#endif
