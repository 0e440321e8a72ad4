/* Histograms of charged particles: multiplicity, momenta along and across the event's axes. */
#ifndef EVGEN_SPECTRA_H
#define EVGEN_SPECTRA_H

#include "../core/event.h"
#include "histograms.h"
#include "shapes.h"

void fill_spectra(Histograms *histograms, const Momenta *charged, const Axes *axes, const Event *event);

#endif
