#include "primary.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#include "../core/maths.h"
#include "../process/electroweak.h"

_Static_assert(HISTOGRAM_PHI - HISTOGRAM_COS_THETA == FERMIONS, "one cos theta histogram for each fermion");

/* The place of a fermion in FERMION by its PDG code; -1 for others. */
static int fermion_index(int pdg) {
  switch (pdg) {
    case 13: return 0;
    case 15: return 1;
    case 1: return 2;
    case 2: return 3;
    case 3: return 4;
    case 4: return 5;
    case 5: return 6;
    default: return -1;
  }
}

/*
 * The pion's share of the tau's energy in tau -> pi nu, flat but for the tau's polarisation P: 1 + P (2 x - 1)
 * (Y. S. Tsai, Phys. Rev. D 4 (1971) 2821).
 */
static void fill_tau(Histograms *histograms, const Event *event, int tau) {
  const Particle *pion = NULL;
  int children = 0;
  for (int i = tau + 1; i < event->count; i++) {
    const Particle *p = &event->particle[i];
    if (p->parent != tau || p->parent_last != tau) continue;
    children++;
    if (p->pdg == 211 || p->pdg == -211) pion = p;
  }
  if (pion && children == 2) histogram_fill(histograms, HISTOGRAM_TAU_PION_X, smaller(pion->e / event->particle[tau].e, 1 - 1e-12));
}

void fill_primary(Histograms *histograms, const Event *event) {
  const Particle *p = &event->particle[PRIMARY];
  const int f = fermion_index(p->pdg);
  if (f < 0) return;
  const double pt2 = p->px * p->px + p->py * p->py;
  const double momentum = sqrt(pt2 + p->pz * p->pz);
  histogram_fill(histograms, HISTOGRAM_PDG_CODE, p->pdg);
  histogram_fill(histograms, HISTOGRAM_COS_THETA + f, p->pz / momentum);
  histogram_fill(histograms, HISTOGRAM_PHI, angle_of(p->py, p->px) * (180.0 / PI));
  histogram_fill(histograms, HISTOGRAM_TRANSVERSE_MOMENTUM, 2.0 * sqrt(pt2) / event->energy);
  if (p->pdg == 15 && p->status == STATUS_DECAYED) {
    /* those that radiated photons go on behind them */
    for (int i = PRIMARY; i < event->count; i++)
      if (abs(event->particle[i].pdg) == 15) fill_tau(histograms, event, i);
  }
}
