/* evgen: reads card.json in the working directory and leaves what protocol/work-unit.ts asks for. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "io/card.h"
#include "io/results.h"
#include "run.h"
#include "version.h"

static const char HELP[] =
    "evgen " EVGEN_VERSION ": generates events e+ e- -> gamma*, Z -> f fbar\n"
    "\n"
    "Usage: evgen              compute the work unit in this folder: card.json -> out/\n"
    "       evgen --describe   print version, processes and histogram axes as JSON\n"
    "       evgen --help\n"
    "\n"
    "Exit status: 0 done, 1 a file could not be read or written, 2 the card is not good.\n";

static int read_card(Card *card) {
  static char text[CARD_MAX_BYTES + 1];
  static char message[CARD_MESSAGE];
  errno = 0;
  FILE *file = fopen("card.json", "rb");
  if (!file) {
    fprintf(stderr, "evgen: cannot open card.json: %s\n", strerror(errno));
    return EXIT_FILES;
  }
  const size_t length = fread(text, 1, sizeof text, file);
  const bool failed = ferror(file);
  fclose(file);
  if (failed) {
    fprintf(stderr, "evgen: cannot read card.json: %s\n", strerror(errno));
    return EXIT_FILES;
  }
  if (length > CARD_MAX_BYTES) {
    fprintf(stderr, "evgen: card.json is longer than %d bytes\n", CARD_MAX_BYTES);
    return EXIT_CARD;
  }
  if (!card_read(card, text, length, message)) {
    fprintf(stderr, "evgen: %s\n", message);
    return EXIT_CARD;
  }
  return EXIT_GOOD;
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "--describe") == 0) {
    write_description(stdout);
    return fflush(stdout) == 0 ? EXIT_GOOD : EXIT_FILES;
  }
  if (argc == 2 && strcmp(argv[1], "--help") == 0) {
    fputs(HELP, stdout);
    return fflush(stdout) == 0 ? EXIT_GOOD : EXIT_FILES;
  }
  if (argc != 1) {
    fprintf(stderr, "evgen: unknown argument; try evgen --help\n");
    return EXIT_CARD;
  }
  static Card card;
  const int status = read_card(&card);
  return status == EXIT_GOOD ? run_unit(&card) : status;
}
