/* Histograms of event shapes and jets. */
#ifndef EVGEN_SHAPES_H
#define EVGEN_SHAPES_H

#include "histograms.h"
#include "momenta.h"

/* Main axis, the next in the event's plane, and the one out of it. */
typedef struct {
  Vector thrust[3], sphericity[3];
} Axes;

void fill_all_shapes(Histograms *histograms, const Momenta *all, const Event *event);
void fill_slow_jets(Histograms *histograms, const Momenta *all);
Axes fill_charged_shapes(Histograms *histograms, const Momenta *charged);

#endif
