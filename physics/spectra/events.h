/*
 * Events of a file in HepMC3's ASCII format, as far as an analysis of stable particles needs them. The format: A. Buckley et al., "The
 * HepMC3 event record library for Monte Carlo event generators", Comput. Phys. Commun. 260 (2021) 107310, appendix A.
 */
#ifndef SPECTRA_EVENTS_H
#define SPECTRA_EVENTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { MOST_PARTICLES = 16384 };

typedef struct {
  int pdg;
  double px, py, pz, e; /* GeV */
} Stable;

typedef struct {
  uint64_t number;
  double beams; /* energy of the incoming particles, GeV */
  int count;    /* of stable particles */
  Stable particle[MOST_PARTICLES];
} HepmcEvent;

typedef struct {
  FILE *file;
  bool started, failed;
  uint64_t next; /* number of the event whose E line was read already */
  bool has_next;
  double to_gev;
} HepmcReader;

/* Reads the next event. False at the end of the listing, and where the file is not well formed: then `failed`, said on stderr. */
bool hepmc_read(HepmcReader *reader, HepmcEvent *event);

#endif
