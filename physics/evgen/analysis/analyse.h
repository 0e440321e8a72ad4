/* The analysis of an event: all histograms. */
#ifndef EVGEN_ANALYSE_H
#define EVGEN_ANALYSE_H

#include "../core/event.h"
#include "histograms.h"

/*
 * Adds an event. The primary pair fills the first histograms, whatever the event. Where it is of quarks that became hadrons, with
 * nearly all of the beams' energy (sqrt(s'/s) >= 0.9, as in the experiments above the Z), the rest is filled from the final
 * particles, without photons of the beams. JADE and Cambridge jets, which take long, in every eighth event.
 */
void histograms_fill(Histograms *histograms, const Event *event);

#endif
