/* Histograms of the primary fermion pair. */
#ifndef EVGEN_PRIMARY_H
#define EVGEN_PRIMARY_H

#include "../core/event.h"
#include "histograms.h"

void fill_primary(Histograms *histograms, const Event *event);

#endif
