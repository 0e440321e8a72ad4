#include "particles.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../core/maths.h"
#include "table.h"

Kind KIND[MAX_KINDS];
int KINDS;
DecayChannel CHANNEL[MAX_CHANNELS];

enum { SLOTS = 1024 };
static short slot_of[SLOTS]; /* open addressing by |code|: place in KIND + 1 */

static unsigned hash(int code) { return ((unsigned)code * 2654435761u) >> 22; }

int kind_of(int pdg) {
  const int code = pdg < 0 ? -pdg : pdg;
  for (unsigned i = hash(code);; i = (i + 1) % SLOTS) {
    if (slot_of[i] == 0) return -1;
    if (KIND[slot_of[i] - 1].pdg == code) return slot_of[i] - 1;
  }
}

static int quark_charge3(int flavour) { return flavour == 0 ? 0 : flavour % 2 == 0 ? 2 : -1; }

/* PDG numbering scheme: of a meson's two quarks the heavier is the quark if it is an up type, else the antiquark. */
int charge3_of(int pdg) {
  const int sign = pdg < 0 ? -1 : 1, code = sign * pdg;
  if (code < 10) return sign * quark_charge3(code);
  if (code < 20) return code % 2 ? -3 * sign : 0;
  if (code < 100) return code == 24 ? 3 * sign : 0;
  const int a = code / 1000 % 10, b = code / 100 % 10, c = code / 10 % 10;
  if (a > 0) return sign * (quark_charge3(a) + quark_charge3(b) + quark_charge3(c));
  const int charge = quark_charge3(b) - quark_charge3(c);
  return sign * (b % 2 == 0 ? charge : -charge);
}

int baryon3_of(int pdg) {
  const int sign = pdg < 0 ? -1 : 1, code = sign * pdg;
  if (code < 10) return sign;
  if (code < 100 || code / 1000 % 10 == 0) return 0;
  return sign * (code / 10 % 10 == 0 ? 2 : 3);
}

static bool own_antiparticle(int code) {
  if (code == 21 || code == 22 || code == 23 || code == 130 || code == 310) return true;
  return code > 100 && code / 1000 % 10 == 0 && code / 100 % 10 == code / 10 % 10;
}

int conjugate_of(int pdg) { return own_antiparticle(pdg) ? pdg : -pdg; }

static DecayKind kind_letter(char letter) {
  switch (letter) {
    case 'v': return DECAY_VECTOR_3PI;
    case 'w': return DECAY_WEAK;
    case 'd': return DECAY_DALITZ_PAIR;
    case 'q': return DECAY_QUARKS;
    default: return DECAY_PHASE_SPACE;
  }
}

/* A tau, or a hadron with b. */
static bool is_down_type(int pdg) { return pdg == 15 || pdg / 1000 % 10 == 5 || pdg / 100 % 10 == 5; }

/* The table's own numbers are at most a dozen digits, so that strtod of any C library rounds them alike. */
static const char *read_particle(const char *at) {
  Kind *kind = &KIND[KINDS++];
  char *end;
  kind->pdg = (int)strtol(at + 1, &end, 10);
  kind->mass = strtod(end, &end);
  kind->width = strtod(end, &end);
  kind->ctau = strtod(end, &end);
  kind->charge3 = charge3_of(kind->pdg);
  kind->self_conjugate = own_antiparticle(kind->pdg);
  unsigned slot = hash(kind->pdg);
  while (slot_of[slot]) slot = (slot + 1) % SLOTS;
  slot_of[slot] = (short)KINDS;
  return end;
}

static const char *read_channel(const char *at, int index) {
  DecayChannel *channel = &CHANNEL[index];
  char *end;
  channel->upto = strtod(at, &end);
  while (*end == ' ') end++;
  channel->kind = kind_letter(*end++);
  if (channel->kind == DECAY_WEAK && is_down_type(KIND[KINDS - 1].pdg)) channel->kind = DECAY_WEAK_DOWN;
  channel->products = 0;
  while (*end == ' ' && channel->products < MAX_PRODUCTS) channel->pdg[channel->products++] = (int)strtol(end, &end, 10);
  return end;
}

/* Fractions become cumulative and add up to one; resonances get a range around their mass, above their lightest decay. */
static void finish(Kind *kind) {
  double sum = 0, lightest = 1e9;
  for (int i = kind->first; i < kind->first + kind->channels; i++) {
    DecayChannel *channel = &CHANNEL[i];
    channel->threshold = 0;
    for (int k = 0; k < channel->products; k++) {
      const int product = kind_of(channel->pdg[k]);
      if (product >= 0) channel->threshold += KIND[product].width > 1e-4 ? KIND[product].low : KIND[product].mass;
    }
    if (channel->upto > 0.05 && channel->threshold < lightest) lightest = channel->threshold; /* radiative decays left out */
    sum += channel->upto;
  }
  kind->branching_sum = sum;
  double upto = 0;
  for (int i = kind->first; i < kind->first + kind->channels; i++) {
    upto += CHANNEL[i].upto / sum;
    CHANNEL[i].upto = upto;
  }
  if (kind->channels) CHANNEL[kind->first + kind->channels - 1].upto = 1.0;
  kind->low = kind->high = kind->mass;
  if (!(kind->width > 1e-4)) return;
  kind->low = kind->mass - 2.5 * kind->width;
  if (kind->low < lightest + 0.01) kind->low = lightest + 0.01 < kind->mass ? lightest + 0.01 : kind->mass;
  kind->high = kind->mass + 2.5 * kind->width;
  kind->atan_low = angle_of(2.0 * (kind->low - kind->mass), kind->width);
  kind->atan_high = angle_of(2.0 * (kind->high - kind->mass), kind->width);
}

bool particles_prepare(void) {
  if (KINDS > 0) return true;
  int channels = 0;
  for (const char *const *text = PARTICLE_TABLE; *text; text++) {
    for (const char *at = *text; *at; at++) {
      if (*at == 'P') {
        if (KINDS == MAX_KINDS) return false;
        at = read_particle(at);
        KIND[KINDS - 1].first = channels;
      } else {
        if (channels == MAX_CHANNELS) return false;
        at = read_channel(at, channels++);
        KIND[KINDS - 1].channels++;
      }
      if (*at != '\n') return false;
    }
  }
  for (int i = 0; i < KINDS; i++) finish(&KIND[i]);
  for (int i = 0; i < KINDS; i++) { /* again: now the ranges of all products are known */
    Kind *kind = &KIND[i];
    for (int c = kind->first + kind->channels - 1; c > kind->first; c--) CHANNEL[c].upto -= CHANNEL[c - 1].upto;
    const double sum = kind->branching_sum;
    finish(kind);
    kind->branching_sum = sum;
  }
  return true;
}
