#include "histograms.h"

#include <math.h>

#include "../core/maths.h"
#include "../process/electroweak.h"

const Axis AXIS[HISTOGRAMS] = {
    {"pdgCode", 0.5, 16.5, 16}, {"cosThetaMu", -1, 1, 40}, {"cosThetaTau", -1, 1, 40},
    {"cosThetaD", -1, 1, 40},   {"cosThetaU", -1, 1, 40},  {"cosThetaS", -1, 1, 40},
    {"cosThetaC", -1, 1, 40},   {"cosThetaB", -1, 1, 40},  {"phi", -180, 180, 36},
    {"transverseMomentum", 0, 1, 50},
};

_Static_assert(HISTOGRAM_PHI - HISTOGRAM_COS_THETA == FERMIONS, "one cos theta histogram for each fermion");

static void fill(Histograms *histograms, int h, double x) {
  const Axis *axis = &AXIS[h];
  const double position = (x - axis->low) * (axis->bins / (axis->high - axis->low));
  int slot = axis->bins + 1;
  if (position < 0) slot = 0;
  else if (position < axis->bins) slot = 1 + (int)position;
  histograms->counts[h][slot]++;
}

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

void histograms_fill(Histograms *histograms, const Event *event) {
  for (int i = 0; i < event->count; i++) {
    const Particle *p = &event->particle[i];
    const int f = p->status == STATUS_FINAL ? fermion_index(p->pdg) : -1;
    if (f < 0) continue;
    const double pt2 = p->px * p->px + p->py * p->py;
    const double momentum = sqrt(pt2 + p->pz * p->pz);
    fill(histograms, HISTOGRAM_PDG_CODE, p->pdg);
    fill(histograms, HISTOGRAM_COS_THETA + f, p->pz / momentum);
    fill(histograms, HISTOGRAM_PHI, angle_of(p->py, p->px) * (180.0 / PI));
    fill(histograms, HISTOGRAM_TRANSVERSE_MOMENTUM, 2.0 * sqrt(pt2) / event->energy);
  }
}
