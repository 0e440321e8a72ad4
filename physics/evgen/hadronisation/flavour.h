/* Which hadron comes of which quarks. Flavours are PDG codes: 1 to 5, diquarks as 2101; negative for antiparticles. */
#ifndef EVGEN_FLAVOUR_H
#define EVGEN_FLAVOUR_H

#include <stdbool.h>

#include "../core/random.h"
#include "parameters.h"

/* An end of a string. */
typedef struct {
  int flavour;
  bool popcorn; /* a diquark that a meson may still come from */
} End;

/* How often chance chose which flavour: what an event would weigh with other shares of strange quarks or diquarks. */
typedef struct {
  int quark[2];     /* u or d, s */
  int within[2];    /* the same of a diquark's quarks */
  int pair[2][2];   /* at a break beside a light or a heavy quark: quarks, diquarks */
} FlavourChoices;

/* The probability of all these choices with the parameters `other` over that with those they were made with. */
double flavour_weight(const FlavourChoices *choices, const HadronParameters *made, const HadronParameters *other);

static inline bool is_diquark(int flavour) { return flavour > 10 || flavour < -10; }

/* A quark's constituent mass, GeV. */
double constituent_mass(int flavour);

/* The hadron of a quark and an antiquark or of a quark and a diquark (one sign); 0 where chance or spin refuses it. */
int hadron_of(Random *random, const HadronParameters *parameters, int one, int two);

/* Breaks the string at `end`: the hadron split off; `end` becomes the new end. Counts what was chosen, and what was refused after. */
int break_string(Random *random, const HadronParameters *parameters, End *end, FlavourChoices *choices);

/* A light quark, u : d : s = 1 : 1 : strange. */
int light_quark(Random *random, double strange);

#endif
