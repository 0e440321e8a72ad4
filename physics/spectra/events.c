#include "events.h"

#include <inttypes.h>
#include <string.h>

enum { LINE = 4096, FINAL = 1, BEAM = 4 };

static bool refuse(HepmcReader *reader, const char *why) {
  fprintf(stderr, "spectra: the events: %s\n", why);
  reader->failed = true;
  return false;
}

/* One line, without what of it is beyond LINE: only lists of weights and vertices are that long. */
static bool read_line(FILE *file, char line[LINE]) {
  if (!fgets(line, LINE, file)) return false;
  if (!strchr(line, '\n'))
    for (int c = fgetc(file); c != '\n' && c != EOF; c = fgetc(file)) {
    }
  return true;
}

static bool read_particle(HepmcReader *reader, const char *line, HepmcEvent *event) {
  Stable p;
  double mass;
  int status;
  const int read = sscanf(line, "P %*d %*d %d %lf %lf %lf %lf %lf %d", &p.pdg, &p.px, &p.py, &p.pz, &p.e, &mass, &status);
  if (read != 7) return refuse(reader, "a particle's line is not whole");
  p.px *= reader->to_gev, p.py *= reader->to_gev, p.pz *= reader->to_gev, p.e *= reader->to_gev;
  if (status == BEAM) event->beams += p.e;
  if (status != FINAL) return true;
  if (event->count == MOST_PARTICLES) return refuse(reader, "an event has too many particles");
  event->particle[event->count++] = p;
  return true;
}

bool hepmc_read(HepmcReader *reader, HepmcEvent *event) {
  static char line[LINE];
  bool inside = reader->has_next;
  event->number = reader->next;
  event->beams = 0;
  event->count = 0;
  reader->has_next = false;
  while (read_line(reader->file, line)) {
    if (!reader->started) {
      reader->started = strcmp(line, "HepMC::Asciiv3-START_EVENT_LISTING\n") == 0;
    } else if (strncmp(line, "E ", 2) == 0) {
      uint64_t number;
      if (sscanf(line, "E %" SCNu64, &number) != 1) return refuse(reader, "an event has no number");
      if (inside) {
        reader->next = number;
        reader->has_next = true;
        return true;
      }
      event->number = number;
      inside = true;
    } else if (strncmp(line, "U ", 2) == 0) {
      if (strncmp(line, "U GEV", 5) != 0 && strncmp(line, "U MEV", 5) != 0) return refuse(reader, "units that are not known");
      reader->to_gev = line[2] == 'M' ? 1e-3 : 1;
    } else if (strncmp(line, "P ", 2) == 0) {
      if (!inside) return refuse(reader, "a particle of no event");
      if (!read_particle(reader, line, event)) return false;
    } else if (strncmp(line, "HepMC::Asciiv3-END_EVENT_LISTING", 32) == 0) {
      return inside;
    }
  }
  return refuse(reader, reader->started ? "the file is cut" : "no HepMC3 in ASCII");
}
