/* A string of partons becomes hadrons. */
#ifndef EVGEN_STRING_H
#define EVGEN_STRING_H

#include <stdbool.h>

#include "../core/event.h"
#include "../core/vector.h"
#include "flavour.h"
#include "parameters.h"

/*
 * Makes hadrons of all final partons of the event that stand in a row from `first` to `last`, one string after the other (each
 * from a quark to an antiquark). Adds to the choices. False where that failed: to be counted and tried anew.
 */
bool hadronise(Random *random, const HadronParameters *parameters, FlavourChoices *choices, Event *event, int first, int last);

/* Hadrons of one string whose mass is too small for breaks: two, or one that shares momentum with `other`. */
bool small_string(Random *random, const HadronParameters *parameters, FlavourChoices *choices, Event *event, int first, int last);

#endif
