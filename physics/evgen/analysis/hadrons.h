/* Histograms of hadrons by kind, final and decayed ones. */
#ifndef EVGEN_HADRONS_H
#define EVGEN_HADRONS_H

#include "../core/event.h"
#include "histograms.h"

void fill_hadrons(Histograms *histograms, const Event *event);

#endif
