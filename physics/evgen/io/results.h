/* What a work unit leaves: lines of out/blocks.jsonl, lines of `live`, out/summary.json. */
#ifndef EVGEN_RESULTS_H
#define EVGEN_RESULTS_H

#include <stdint.h>
#include <stdio.h>

#include "../analysis/histograms.h"
#include "../core/event.h"
#include "../process/ee_ff.h"
#include "card.h"

/* Whole-number sums of a block, or of a unit. */
typedef struct {
  uint64_t first_event, events, attempted;
  uint64_t failed; /* beginnings of an event that came to nothing and were made anew */
  uint64_t given_up; /* events that are without what should have followed the process, see generate.h */
  Histograms histograms;
} Tally;

void tally_add(Tally *sum, const Tally *part);

void write_block(FILE *file, const Process *process, const Tally *block);
void write_live(FILE *file, const Event *event);
void write_summary(FILE *file, const Card *card, const Process *process, const Tally *unit);

/* What this program writes, as JSON: version, processes and the axes of its histograms. */
void write_description(FILE *file);

#endif
