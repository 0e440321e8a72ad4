/* A whole work unit: the card's blocks, one after the other, into the files of protocol/work-unit.ts. */
#ifndef EVGEN_RUN_H
#define EVGEN_RUN_H

#include <stdbool.h>

#include "io/card.h"

/* What the program's exit status means. */
enum { EXIT_GOOD = 0, EXIT_FILES = 1, EXIT_CARD = 2 };

/* Computes the unit in the working directory. Returns an exit status; what went wrong is on stderr. */
int run_unit(const Card *card);

#endif
