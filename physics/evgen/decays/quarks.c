#include <math.h>
#include <string.h>

#include "../hadronisation/flavour.h"
#include "decays.h"
#include "particles.h"

/* Mean number of hadrons beyond one for each pair: grows with the logarithm of the energy left, after data on B and D decays. */
#define MULTIPLICITY_SCALE 0.7
#define MULTIPLICITY_GROWTH 1.4

enum { MOST_ENDS = 16 };

/*
 * New quark pairs are put into the pairs given, hadrons are made of what then stands beside each other; the momenta are
 * those of phase space. As in T. Sjostrand, L. Lonnblad, S. Mrenna, PYTHIA 6.2, hep-ph/0108264, section 13.3.
 */
static int attempt(Random *random, const int q[], int count, int hadrons_wanted, int pdg[], int room) {
  FlavourChoices choices; /* are not varied here */
  memset(&choices, 0, sizeof choices);
  int made = 0, whole = 0, pairs = 0;
  for (int i = 0; i < count; i++) {
    const int baryon = baryon3_of(q[i]);
    if (baryon % 3 == 0 && !(q[i] > -10 && q[i] < 10)) pdg[made++] = q[i], whole++;
  }
  pairs = (count - whole) / 2;
  int extra = hadrons_wanted - pairs - whole;
  int pair = 0;
  for (int i = 0; i + 1 < count; i++) {
    if (baryon3_of(q[i]) % 3 == 0) continue;
    End end = {q[i], false};
    const int last = q[i + 1];
    /* what is left over falls to the last pair, else chance decides */
    int here = 0;
    for (int k = 0; k < extra; k++) here += pair == pairs - 1 || flat(random) < 0.5;
    extra -= here;
    pair++;
    for (; here > 0; here--) {
      if (made == room) return 0;
      pdg[made++] = break_string(random, &DEFAULT_HADRONS, &end, &choices);
    }
    const int hadron = is_diquark(end.flavour) && is_diquark(last) ? 0 : hadron_of(random, &DEFAULT_HADRONS, end.flavour, last);
    if (!hadron || made == room) return 0;
    pdg[made++] = hadron;
    i++;
  }
  return made;
}

int quarks_to_hadrons(Random *random, const int q[], int count, double energy, int pdg[], double m[], int room) {
  double least = 0;
  int given = 0, pairs = 0;
  for (int i = 0; i < count; i++) {
    const int index = kind_of(q[i]);
    const bool quark = baryon3_of(q[i]) % 3 != 0;
    pairs += quark;
    given += !quark;
    least += quark ? constituent_mass(q[i]) : index < 0 ? 0 : KIND[index].mass;
  }
  pairs /= 2;
  const double free_energy = energy - least;
  double mean = MULTIPLICITY_GROWTH * log_of(1.0 + (free_energy > 0 ? free_energy : 0) / MULTIPLICITY_SCALE);
  for (int tries = 0; tries < 50; tries++) {
    double r1, r2;
    gaussian_pair(random, &r1, &r2);
    int hadrons = given + pairs + (int)(mean + r1 * sqrt(mean) * 0.9 + 0.5 > 0 ? mean + r1 * sqrt(mean) * 0.9 + 0.5 : 0);
    if (hadrons < 2) hadrons = 2;
    if (hadrons > 9) hadrons = 9;
    const int made = attempt(random, q, count, hadrons, pdg, room);
    if (made < 2) continue;
    double sum = 0;
    for (int i = 0; i < made; i++) sum += m[i] = sample_mass(random, pdg[i], energy);
    if (sum < energy - 0.02) return made;
  }
  return 0;
}
