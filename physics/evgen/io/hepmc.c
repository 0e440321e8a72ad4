#include "hepmc.h"

#include <inttypes.h>
#include <math.h>

#include "../version.h"

CrossSection cross_section(double maximum_pb, uint64_t accepted, uint64_t attempted) {
  const double tried = (double)attempted;
  const double share = (double)accepted / tried;
  return (CrossSection){maximum_pb * share, maximum_pb * sqrt(share * (1.0 - share) / tried), accepted, attempted};
}

void hepmc_begin(FILE *file) {
  fputs("HepMC::Version 3.02.05\nHepMC::Asciiv3-START_EVENT_LISTING\n", file);
  fputs("W Weight\n", file);
  fputs("T evgen\\|" EVGEN_VERSION "\\|Beamtime event generator: e+ e- -> gamma*, Z -> f fbar\n", file);
}

/* Each decayed particle, and the beams together, make one vertex. */
static int vertices(const Event *event) {
  int count = 1;
  for (int i = 0; i < event->count; i++) count += event->particle[i].status == STATUS_DECAYED;
  return count;
}

/*
 * The parent's id as HepMC3 writes it: 0 for a beam; the vertex -1 for what the two beams made (a V line, as it
 * has two incoming particles); else the single particle that decayed.
 */
static int parent_id(const Particle *p) { return p->parent < 0 ? 0 : p->parent == BEAM ? -1 : p->parent + 1; }

void hepmc_event(FILE *file, const Event *event, const CrossSection *so_far) {
  fprintf(file, "E %" PRIu64 " %d %d\nU GEV MM\nW 1.0000000000000000e+00\n", event->number, vertices(event), event->count);
  fprintf(file, "A 0 GenCrossSection %.8e %.8e %" PRIu64 " %" PRIu64 "\n", so_far->value, so_far->error,
          so_far->accepted, so_far->attempted);
  for (int i = 0; i < event->count; i++) {
    const Particle *p = &event->particle[i];
    if (p->colour) fprintf(file, "A %d flow1 %d\n", i + 1, p->colour);
    if (p->anticolour) fprintf(file, "A %d flow2 %d\n", i + 1, p->anticolour);
  }
  int beams = 0;
  for (int i = 0; i < event->count; i++) {
    const Particle *p = &event->particle[i];
    if (p->parent == 0 && beams == 2) fputs("V -1 0 [1,2]\n", file);
    beams += p->status == STATUS_BEAM || p->parent == 0; /* the V line stands before the first product only */
    fprintf(file, "P %d %d %d %.16e %.16e %.16e %.16e %.16e %d\n", i + 1, parent_id(p), p->pdg, p->px, p->py, p->pz,
            p->e, p->m, p->status);
  }
}

void hepmc_end(FILE *file) { fputs("HepMC::Asciiv3-END_EVENT_LISTING\n\n", file); }
