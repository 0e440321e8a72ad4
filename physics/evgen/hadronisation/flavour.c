#include "flavour.h"

#include <stdlib.h>

/*
 * Begun at the Monash tune (P. Skands, S. Carrazza, J. Rojo, Eur. Phys. J. C 74 (2014) 3024), then fitted to LEP's 1 - T, x_p,
 * charged multiplicity and rates of identified hadrons at the Z; a, b, sigma and strange are of the tune physics/tunes/lep.json.
 */
const HadronParameters DEFAULT_HADRONS = {
    .a = 0.654, .b = 0.832, .a_diquark = 1.05, .r_charm = 1.49, .r_bottom = 0.717, .sigma = 0.2887,
    .strange = 0.2245, .diquark = 0.1, .heavy_diquark = 3.0, .strange_diquark = 0.72, .spin1_diquark = 0.09, .popcorn = 0.58,
    .vector_light = 0.56, .vector_strange = 0.57, .vector_charm = 1.25, .vector_bottom = 2.2,
    .eta = 0.6, .eta_prime = 0.14, .decuplet = 1.0,
};

double constituent_mass(int flavour) {
  static const double mass[6] = {0, 0.33, 0.33, 0.5, 1.5, 4.8};
  const int code = abs(flavour);
  if (code < 6) return mass[code];
  return mass[code / 1000 % 10] + mass[code / 100 % 10] + (code % 10 == 3 ? 0.1 : -0.08);
}

/*
 * Flavour-diagonal mesons: half of u ubar and d dbar is the isovector; the pseudoscalar rest and s sbar are shared by
 * eta and eta' with a mixing angle of -15 degrees, vectors mix ideally.
 */
static int diagonal(Random *random, const HadronParameters *parameters, int flavour, bool vector) {
  if (flavour == 4) return vector ? 443 : 441;
  if (flavour == 5) return vector ? 553 : 551;
  const double r = flat(random);
  if (vector) return flavour == 3 ? 333 : r < 0.5 ? 113 : 223;
  if (flavour != 3 && r < 0.5) return 111;
  const double eta_share = flavour == 3 ? 0.408 : 0.592;
  const bool eta = flat(random) < eta_share;
  return flat(random) < (eta ? parameters->eta : parameters->eta_prime) ? (eta ? 221 : 331) : 0;
}

static int meson(Random *random, const HadronParameters *parameters, int quark, int antiquark) {
  const int heavy = quark > antiquark ? quark : antiquark, light = quark > antiquark ? antiquark : quark;
  const double ratio = heavy < 3 ? parameters->vector_light : heavy == 3 ? parameters->vector_strange
                       : heavy == 4 ? parameters->vector_charm : parameters->vector_bottom;
  const bool vector = flat(random) * (1.0 + ratio) < ratio;
  if (quark == antiquark) return diagonal(random, parameters, quark, vector);
  const int code = 100 * heavy + 10 * light + (vector ? 3 : 1);
  return (heavy % 2 == 0) == (heavy == quark) ? code : -code;
}

/*
 * Weights of SU(6) for a diquark and a quark to be in the octet or the decuplet; rows as by B. Andersson,
 * G. Gustafson, T. Sjostrand, Nucl. Phys. B 197 (1982) 45.
 */
static int baryon(Random *random, const HadronParameters *parameters, int diquark, int quark) {
  const int a = diquark / 1000, b = diquark / 100 % 10;
  const bool spin1 = diquark % 10 == 3;
  double octet, decuplet;
  if (!spin1) octet = quark == a || quark == b ? 0.75 : 0.5, decuplet = 0;
  else if (a == b) octet = quark == a ? 0.0 : 1.0 / 6.0, decuplet = quark == a ? 1.0 : 1.0 / 3.0;
  else octet = quark == a || quark == b ? 1.0 / 12.0 : 1.0 / 6.0, decuplet = quark == a || quark == b ? 2.0 / 3.0 : 1.0 / 3.0;
  decuplet *= parameters->decuplet;
  const double r = flat(random);
  if (r >= octet + decuplet) return 0;
  int x = a, y = b, z = quark; /* in falling order */
  if (z > x) x = quark, y = a, z = b;
  else if (z > y) y = quark, z = b;
  if (r >= octet) return 1000 * x + 100 * y + 10 * z + 4;
  bool lambda = false;
  if (x > y && y > z) {
    /* The lighter two of Lambda, Xi_c and so on have spin 0 together. */
    if (quark == x) lambda = !spin1;
    else lambda = flat(random) < (spin1 ? 0.75 : 0.25);
  }
  return lambda ? 1000 * x + 100 * z + 10 * y + 2 : 1000 * x + 100 * y + 10 * z + 2;
}

int hadron_of(Random *random, const HadronParameters *parameters, int one, int two) {
  if (is_diquark(two)) {
    const int swap = one;
    one = two, two = swap;
  }
  if (is_diquark(one)) {
    if (is_diquark(two) || (one > 0) != (two > 0)) return 0;
    const int code = baryon(random, parameters, abs(one), abs(two));
    return one > 0 ? code : -code;
  }
  if ((one > 0) == (two > 0)) return 0;
  return one > 0 ? meson(random, parameters, one, -two) : meson(random, parameters, two, -one);
}

int light_quark(Random *random, double strange) {
  const double r = flat(random) * (2.0 + strange);
  return r < 1.0 ? 1 : r < 2.0 ? 2 : 3;
}

static int diquark_of(int a, int b, bool spin1) {
  return a > b ? 1000 * a + 100 * b + (spin1 ? 3 : 1) : 1000 * b + 100 * a + (spin1 || a == b ? 3 : 1);
}

static int counted(int counts[2], int quark) {
  counts[quark == 3]++;
  return quark;
}

static int light_diquark(Random *random, const HadronParameters *parameters, FlavourChoices *choices) {
  const double strange = parameters->strange * parameters->strange_diquark;
  const double spin = 3.0 * parameters->spin1_diquark;
  for (;;) {
    const int a = counted(choices->within, light_quark(random, strange)), b = counted(choices->within, light_quark(random, strange));
    const bool spin1 = flat(random) * (1.0 + spin) < spin;
    if (a != b || spin1) return diquark_of(a, b, spin1);
  }
}

/* Counts of two outcomes with weights `one` and `made`: what the logarithm of their probability gains where `made` is `other`. */
static double log_ratio(const int counts[2], double one, double made, double other) {
  if (made == other) return 0;
  const double all = log_of((one + made) / (one + other));
  return counts[0] * all + counts[1] * (all + log_of(other / made));
}

double flavour_weight(const FlavourChoices *choices, const HadronParameters *made, const HadronParameters *other) {
  const double sum = log_ratio(choices->quark, 2.0, made->strange, other->strange) +
                     log_ratio(choices->within, 2.0, made->strange * made->strange_diquark, other->strange * other->strange_diquark) +
                     log_ratio(choices->pair[0], 1.0, made->diquark, other->diquark) +
                     log_ratio(choices->pair[1], 1.0, made->diquark * made->heavy_diquark, other->diquark * other->heavy_diquark);
  return exp_of(sum);
}

int break_string(Random *random, const HadronParameters *parameters, End *end, FlavourChoices *choices) {
  const int old = end->flavour, sign = old > 0 ? 1 : -1;
  const bool heavy = abs(old) == 4 || abs(old) == 5;
  const double diquark = parameters->diquark * (heavy ? parameters->heavy_diquark : 1.0);
  for (;;) {
    if (is_diquark(old)) {
      const int code = abs(old);
      if (end->popcorn && flat(random) < parameters->popcorn / (1.0 + parameters->popcorn)) {
        /* A meson between baryon and antibaryon: B. Andersson, G. Gustafson, T. Sjostrand, Physica Scripta 32 (1985) 574. */
        const bool first = flat(random) < 0.5;
        const int leaves = first ? code / 1000 : code / 100 % 10, stays = first ? code / 100 % 10 : code / 1000;
        const int made = counted(choices->quark, light_quark(random, parameters->strange));
        const int hadron = hadron_of(random, parameters, sign * leaves, -sign * made);
        if (!hadron) continue;
        const double spin = 3.0 * parameters->spin1_diquark;
        end->flavour = sign * diquark_of(stays, made, flat(random) * (1.0 + spin) < spin);
        end->popcorn = false;
        return hadron;
      }
      const int made = counted(choices->quark, light_quark(random, parameters->strange));
      const int hadron = hadron_of(random, parameters, old, sign * made);
      if (!hadron) continue;
      *end = (End){-sign * made, false};
      return hadron;
    }
    const bool pair = flat(random) * (1.0 + diquark) < diquark;
    choices->pair[heavy][pair]++;
    if (pair) {
      const int made = light_diquark(random, parameters, choices);
      const int hadron = hadron_of(random, parameters, old, sign * made);
      if (!hadron) continue;
      *end = (End){-sign * made, true};
      return hadron;
    }
    const int made = counted(choices->quark, light_quark(random, parameters->strange));
    const int hadron = hadron_of(random, parameters, old, -sign * made);
    if (!hadron) continue;
    *end = (End){sign * made, false};
    return hadron;
  }
}
