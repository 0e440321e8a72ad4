#include "hadrons.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "../core/maths.h"
#include "particles.h"

/* The histogram of xi = -ln(2 p / sqrt(s)) of a kind; -1 for one that has none. */
static int spectrum_of(int pdg) {
  switch (abs(pdg)) {
    case 211: return HISTOGRAM_PION_XI;
    case 321: return HISTOGRAM_KAON_XI;
    case 2212: return HISTOGRAM_PROTON_XI;
    case 130:
    case 310: return HISTOGRAM_K0_XI;
    case 3122: return HISTOGRAM_LAMBDA_XI;
    default: return -1;
  }
}

/* The hadrons with a b quark that decay weakly are those of which no hadron with a b quark came. */
static void fill_b_hadrons(Histograms *h, const Event *event) {
  static bool passed_on[MAX_PARTICLES];
  for (int i = 0; i < event->count; i++) {
    passed_on[i] = false;
    const Particle *p = &event->particle[i];
    if (p->parent >= 0 && p->parent == p->parent_last && is_b_hadron(p->pdg)) passed_on[p->parent] = true;
  }
  for (int i = 0; i < event->count; i++) {
    const Particle *p = &event->particle[i];
    if (is_b_hadron(p->pdg) && !passed_on[i]) histogram_fill(h, HISTOGRAM_B_HADRON_X, smaller(2 * p->e / event->energy, 1 - 1e-12));
  }
}

void fill_hadrons(Histograms *h, const Event *event) {
  for (int i = 0; i < event->count; i++) {
    const Particle *p = &event->particle[i];
    if (abs(p->pdg) < 100) continue;
    const int kind = identified_bin(p->pdg);
    if (!kind) continue;
    histogram_fill(h, HISTOGRAM_IDENTIFIED, kind);
    for (int w = WEIGHT_STRANGE_UP; w <= WEIGHT_DIQUARK_DOWN; w++)
      if (event->varied[w]) histogram_weigh(h, HISTOGRAM_IDENTIFIED_STRANGE_UP + w - WEIGHT_STRANGE_UP, kind, event->weight[w]);
    if (abs(p->pdg) == 413) histogram_fill(h, HISTOGRAM_D_STAR_X, smaller(2 * p->e / event->energy, 1 - 1e-12));
    const int spectrum = spectrum_of(p->pdg);
    if (spectrum < 0) continue;
    const double p2 = p->px * p->px + p->py * p->py + p->pz * p->pz;
    if (p2 > 0) histogram_fill(h, spectrum, larger(0, -0.5 * log_of(4 * p2 / (event->energy * event->energy))));
  }
  if (event->particle[PRIMARY].pdg == 5) fill_b_hadrons(h, event);
}
