/* Decays of hadrons and taus, down to what lives longer than 100 mm. */
#ifndef EVGEN_DECAYS_H
#define EVGEN_DECAYS_H

#include <stdbool.h>

#include "../core/event.h"
#include "../core/random.h"
#include "../core/vector.h"

/* Particles with a larger c tau (mm) are final: LEP's definition of stable. */
#define STABLE_CTAU 100.0

/* A mass of the particle's Breit-Wigner shape, at most `most`; its only mass where it has no width worth telling. */
double sample_mass(Random *random, int pdg, double most);

/* Isotropic momenta of n particles with the masses m and total energy `energy` in their rest frame. */
void phase_space(Random *random, double energy, int n, const double m[], Vec p[]);

/*
 * Hadrons out of quarks q[0..count), which pair up in order, with sum of masses below `energy`.
 * Returns their number, 0 where it did not work.
 */
int quarks_to_hadrons(Random *random, const int q[], int count, double energy, int pdg[], double m[], int room);

/* Decays everything in the event from particle `first` on that can. False: could not (to be counted and tried anew). */
bool decay_all(Random *random, Event *event, int first);

/* Appends a particle with the parents' range, at the given vertex. NULL where the event is full. */
Particle *event_add(Event *event, int pdg, Vec p, double m, int parent, int parent_last);

#endif
