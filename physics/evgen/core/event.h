/*
 * The event record, after HepMC3: particles in topological order, 0-based here. Momenta and masses in GeV, vertices
 * in mm. It is large, so nobody copies it whole: an event is written over the one before.
 *
 * Where what stands: BEAM, BEAM + 1, then the boson they made, then the primary fermion and antifermion; photons of
 * the beams follow. With a shower the partons that are left stand behind those in the order of their colour strings,
 * then hadrons string by string, then what decays made. A photon that a fermion radiated has the primary pair as parents.
 */
#ifndef EVGEN_EVENT_H
#define EVGEN_EVENT_H

#include <stdbool.h>
#include <stdint.h>

/* Decayed is said of all that went on: decayed hadrons, hadronised partons, fermions that radiated. */
enum { STATUS_FINAL = 1, STATUS_DECAYED = 2, STATUS_BEAM = 4 };
enum { BEAM = 0, BOSON = 2, PRIMARY = 3 };
enum { MAX_PARTICLES = 2000 };

/* An event's own weight, 1, and what it would weigh with other parameters: each more and less. */
enum {
  WEIGHT_OWN,
  WEIGHT_ALPHA_S_UP,
  WEIGHT_ALPHA_S_DOWN,
  WEIGHT_SCALE_UP,
  WEIGHT_SCALE_DOWN,
  WEIGHT_STRANGE_UP,
  WEIGHT_STRANGE_DOWN,
  WEIGHT_DIQUARK_UP,
  WEIGHT_DIQUARK_DOWN,
  WEIGHTS
};

typedef struct {
  double px, py, pz, e, m;
  double x, y, z, t; /* production vertex, mm (t: the speed of light times the time) */
  int pdg;           /* Particle Data Group code */
  int status;        /* as in HepMC3 */
  int parent, parent_last;     /* first and last of the particles this one came from, which stand in a row; -1 for a beam */
  int colour, anticolour;      /* colour-flow lines, 0 for none */
} Particle;

typedef struct {
  uint64_t number;
  double energy; /* in the centre of mass, GeV */
  int count;
  int helicity[2]; /* of the primary pair, 1 or -1; 0 where nothing asks for it */
  bool varied[WEIGHTS];   /* which weights the card asks for; the event's own always */
  double weight[WEIGHTS]; /* 1 where not varied */
  Particle particle[MAX_PARTICLES];
} Event;

#endif
