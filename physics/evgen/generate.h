/* One whole event after the other: process, photons of the beams, shower, hadrons, decays. */
#ifndef EVGEN_GENERATE_H
#define EVGEN_GENERATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/event.h"
#include "io/card.h"
#include "process/ee_ff.h"
#include "shower/shower.h"

typedef struct {
  const Card *card;
  Process process;
  Shower shower;
} Generator;

/* What generator_event has to tell besides the event. */
typedef struct {
  uint64_t attempted; /* by hit or miss, see Process */
  uint64_t failed;    /* beginnings of shower, hadrons or decays that came to nothing and were made anew */
  uint64_t given_up;  /* events that stayed as the process left them, as all beginnings came to nothing */
} Effort;

/* So many beginnings an event gets. Of those at LEP's energies one in some 10^5 fails: two in a row hardly ever do. */
enum { BEGINNINGS = 1000 };

/* Prepares for a card. Returns false where none of its processes is open at its energy. */
bool generator_prepare(Generator *generator, const Card *card);

/* Writes what all events share; once for an event record before generator_event. */
void generator_begin(const Generator *generator, Event *event);

/* Generates event `number` of the card's seed; adds to `effort`. */
void generator_event(const Generator *generator, uint64_t number, Event *event, Effort *effort);

#endif
