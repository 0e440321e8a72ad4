/* The event record, after HepMC3: particles in topological order, 0-based here. Momenta and masses in GeV. */
#ifndef EVGEN_EVENT_H
#define EVGEN_EVENT_H

#include <stdint.h>

enum { STATUS_FINAL = 1, STATUS_DECAYED = 2, STATUS_BEAM = 4 };
enum { MAX_PARTICLES = 8 };

typedef struct {
  double px, py, pz, e, m;
  int pdg;    /* Particle Data Group code */
  int status; /* as in HepMC3 */
  int parent; /* index of the particle this one came from; -1 for a beam, 0 for what the two beams made */
  int colour, anticolour; /* colour-flow lines, 0 for none */
} Particle;

typedef struct {
  uint64_t number;
  double energy; /* in the centre of mass, GeV */
  int count;
  Particle particle[MAX_PARTICLES];
} Event;

#endif
