/* The card: what a work unit computes. Its schema for people and forms is `parameters` in release.yaml. */
#ifndef EVGEN_CARD_H
#define EVGEN_CARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "../hadronisation/parameters.h"
#include "../process/electroweak.h"
#include "../shower/shower.h"

enum { CARD_MAX_BYTES = 65536, CARD_MESSAGE = 400 };

/* Stages of an event that a card can leave out; without any it is the leading order alone. */
typedef enum { STAGE_CORRECTIONS, STAGE_ISR, STAGE_SHOWER, STAGE_HADRONISATION, STAGE_DECAYS, STAGES } Stage;

typedef struct {
  uint64_t seed, first_event, events, block_events;
  double energy;         /* in the centre of mass, GeV */
  bool wanted[FERMIONS]; /* processes */
  bool stages[STAGES];   /* what is done beyond leading order, see Stage */
  uint64_t hepmc_events; /* how many events at the beginning of the unit go to out/events.hepmc */
  double least_s;        /* of the hard process over that of the beams */
  Electroweak electroweak;
  ShowerParameters shower;
  HadronParameters hadrons;
} Card;

/*
 * Reads and checks a card. text[0 .. length] must be writable (see json_read).
 * Returns false with a message that names the place.
 */
bool card_read(Card *card, char *text, size_t length, char message[CARD_MESSAGE]);

/* The parameters that are plain numbers, as a JSON list of name, range and default: release.yaml must say the same (a test). */
void card_describe(FILE *file);

#endif
