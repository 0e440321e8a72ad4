#include "analyse.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "../core/maths.h"
#include "hadrons.h"
#include "particles.h"
#include "primary.h"
#include "shapes.h"
#include "spectra.h"

static bool is_hadronic(const Event *event) {
  const Particle *quark = &event->particle[PRIMARY];
  return abs(quark->pdg) <= 6 && quark->status != STATUS_FINAL;
}

/* sqrt(s'/s): the invariant mass of what the beams left after their own photons. */
static double reduced_energy(const Event *event) {
  const Particle *boson = &event->particle[BOSON];
  const double s = boson->e * boson->e - boson->px * boson->px - boson->py * boson->py - boson->pz * boson->pz;
  return sqrt(larger(0, s)) / event->energy;
}

void histograms_fill(Histograms *histograms, const Event *event) {
  fill_primary(histograms, event);
  if (!is_hadronic(event)) return;
  const double reduced = reduced_energy(event);
  histogram_fill(histograms, HISTOGRAM_REDUCED_ENERGY, smaller(reduced, 1 - 1e-12));
  if (reduced < 0.9) return;

  static Momenta all, charged; /* large */
  momenta_clear(&all);
  momenta_clear(&charged);
  for (int i = PRIMARY; i < event->count; i++) {
    const Particle *p = &event->particle[i];
    if (p->status != STATUS_FINAL || p->parent == BEAM) continue;
    momenta_add(&all, p->px, p->py, p->pz, p->e);
    if (is_charged(p->pdg)) momenta_add(&charged, p->px, p->py, p->pz, p->e);
  }
  /* Without two particles an event has no shape. Few have less than two charged ones, and no experiment took those. */
  if (all.count < 2 || charged.count < 2) return;
  histogram_fill(histograms, HISTOGRAM_ANALYSED, 1);
  fill_all_shapes(histograms, &all, event);
  if (event->number % 8 == 0) {
    histogram_fill(histograms, HISTOGRAM_ANALYSED_EIGHTH, 1);
    fill_slow_jets(histograms, &all);
  }
  const Axes axes = fill_charged_shapes(histograms, &charged);
  fill_spectra(histograms, &charged, &axes, event);
  fill_hadrons(histograms, event);
}
