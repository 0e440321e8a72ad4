/*
 * Unit tests of the C parts: `unit` runs them, prints what fails and ends with 1 if anything did.
 * Built with and without sanitizers by units.test.ts.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../analysis/analyse.h"
#include "../core/maths.h"
#include "../core/philox.h"
#include "../io/card.h"
#include "../io/json.h"
#include "../process/ee_ff.h"
#include "check.h"

/* Known answers published with the authors' library Random123 (kat_vectors). */
static void test_philox(void) {
  static const uint32_t known[3][10] = {
      {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
      {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
      {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1},
  };
  for (int i = 0; i < 3; i++) {
    const uint32_t *k = known[i];
    const Words words = philox4x32_10(k[4], k[5], (Words){{k[0], k[1], k[2], k[3]}});
    CHECK(memcmp(words.word, k + 6, sizeof words.word) == 0, "vector %d", i);
  }
}

static void test_streams(void) {
  Stream a = stream_open(0x123456789abcdefull, 0xfedcba987654321ull, 7);
  CHECK(a.key[0] == 0x89abcdefu && a.key[1] == 0x01234567u, "seed in the key");
  CHECK(a.counter.word[0] == 0x87654321u && a.counter.word[1] == 0x0fedcba9u && a.counter.word[3] == 7, "event in the counter");
  const Words first = stream_next(&a), second = stream_next(&a);
  CHECK(memcmp(&first, &second, sizeof first) != 0, "draws differ");
  Stream b = stream_open(0x123456789abcdefull, 0xfedcba987654321ull, 7);
  const Words again = stream_next(&b);
  CHECK(memcmp(&first, &again, sizeof first) == 0, "a stream can be opened again");
  CHECK(uniform52(0, 0) > 0 && uniform52(0xffffffff, 0xffffffff) < 1, "open interval");
  CHECK(uniform32(0) > 0 && uniform32(0xffffffff) < 1, "open interval");
}

static void test_maths(void) {
  double worst_sincos = 0, worst_angle = 0, worst_unit = 0;
  Stream random = stream_open(3, 0, 0);
  for (int i = 0; i < 1000000; i++) {
    const Words w = stream_next(&random);
    /* the exact arms of the quadrants now and then */
    const double turns = i < 1000 ? (i % 9) / 8.0 : uniform52(w.word[0], w.word[1]);
    double s, c;
    sincos_turns(turns, &s, &c);
    const long double x = 2.0L * acosl(-1.0L) * turns;
    worst_sincos = fmax(worst_sincos, fmax(fabs((double)(s - sinl(x))), fabs((double)(c - cosl(x)))));
    worst_unit = fmax(worst_unit, fabs(s * s + c * c - 1));
    const double y = uniform52(w.word[2], w.word[3]) - 0.5, z = (turns - 0.5) * (i % 3 ? 1 : 1e-9);
    worst_angle = fmax(worst_angle, fabs((double)(angle_of(y, z) - atan2l(y, z))));
  }
  CHECK(worst_sincos < 2.3e-16, "sine, cosine off by %g", worst_sincos);
  CHECK(worst_unit < 5e-16, "sine^2 + cosine^2 off by %g", worst_unit);
  CHECK(worst_angle < 7e-16, "angle off by %g", worst_angle);
  CHECK(angle_of(0, 0) == 0 && angle_of(0, -1) == PI && angle_of(1, 0) == PI / 2 && angle_of(-1, 0) == -PI / 2, "axes");
}

static void test_log_exp(void) {
  double worst_log = 0, worst_exp = 0;
  Stream random = stream_open(4, 0, 0);
  for (int i = 0; i < 300000; i++) {
    const Words w = stream_next(&random);
    const double x = ldexp(0.5 + uniform52(w.word[0], w.word[1]), (int)(w.word[2] % 200) - 100), y = 1400.0 * uniform52(w.word[2], w.word[3]) - 700.0;
    const long double log_x = logl(x), exp_y = expl(y);
    worst_log = fmax(worst_log, fabs((double)((log_of(x) - log_x) / (fabsl(log_x) > 1e-3L ? log_x : 1e-3L))));
    worst_exp = fmax(worst_exp, fabs((double)((exp_of(y) - exp_y) / exp_y)));
  }
  CHECK(worst_log < 4e-16, "logarithm off by %g", worst_log);
  CHECK(worst_exp < 6e-16, "exponential off by %g", worst_exp);
  CHECK(log_of(1.0) == 0 && exp_of(0.0) == 1.0 && exp_of(-1000.0) == 0, "exact ones");
}

/* Energy and momentum are conserved and particles are on their mass shell, in every one of 10^6 events. */
static void test_conservation(double energy, uint64_t events) {
  Process process;
  bool all[FERMIONS];
  for (int f = 0; f < FERMIONS; f++) all[f] = true;
  CHECK(process_prepare(&process, energy, all, &DEFAULT_ELECTROWEAK, (ProcessOptions){0}), "open at %g GeV", energy);
  static Event event;
  process_begin(&process, &event);
  Histograms *histograms = calloc(1, sizeof *histograms);
  double worst = 0, worst_shell = 0;
  uint64_t bad_charge = 0;
  for (uint64_t number = 0; number < events; number++) {
    double axial;
    process_generate(&process, 11, number, &event, &axial);
    histograms_fill(histograms, &event);
    double px = 0, py = 0, pz = 0, e = 0;
    int code = 0;
    for (int i = 0; i < event.count; i++) {
      const Particle *p = &event.particle[i];
      if (p->status == STATUS_DECAYED) continue;
      const double sign = p->status == STATUS_BEAM ? -1 : 1;
      px += sign * p->px, py += sign * p->py, pz += sign * p->pz, e += sign * p->e;
      code += p->status == STATUS_FINAL ? p->pdg : 0;
      const double shell = p->e * p->e - p->px * p->px - p->py * p->py - p->pz * p->pz - p->m * p->m;
      worst_shell = fmax(worst_shell, fabs(shell) / (p->e * p->e));
    }
    worst = fmax(worst, fmax(fmax(fabs(px), fabs(py)), fmax(fabs(pz), fabs(e))) / energy);
    bad_charge += code != 0;
  }
  CHECK(worst <= 1e-15, "at %g GeV momentum is off by %g of the energy", energy, worst);
  CHECK(worst_shell < 3e-15, "at %g GeV mass shell is off by %g", energy, worst_shell);
  CHECK(bad_charge == 0, "at %g GeV %" PRIu64 " events without particle and antiparticle", energy, bad_charge);
  uint64_t filled = 0;
  for (int h = 0; h < HISTOGRAMS; h++)
    for (int i = 0; i < AXIS[h].bins + 2; i++) filled += histograms->counts[h][i];
  CHECK(filled == 4 * events, "each event fills four histograms: %" PRIu64, filled);
  for (int h = 0; h < HISTOGRAMS; h++)
    CHECK(histograms->counts[h][0] == 0 && histograms->counts[h][AXIS[h].bins + 1] == 0, "%s: events beside the axis", AXIS[h].name);
  free(histograms);
}

static void test_threshold(void) {
  Process process;
  bool only_b[FERMIONS] = {0};
  only_b[FERMIONS - 1] = true;
  CHECK(!process_prepare(&process, 9.55, only_b, &DEFAULT_ELECTROWEAK, (ProcessOptions){0}), "b pairs below their threshold");
  CHECK(!process_prepare(&process, 2 * 4.78, only_b, &DEFAULT_ELECTROWEAK, (ProcessOptions){0}), "b pairs at their threshold");
  CHECK(process_prepare(&process, 9.57, only_b, &DEFAULT_ELECTROWEAK, (ProcessOptions){0}), "b pairs above their threshold");
}

/* ---- JSON and cards ---- */

/* An own copy of exactly the size, so that the address sanitizer sees any step beyond it. */
static bool read_json(JsonDocument *document, const char *text, size_t length) {
  char *copy = malloc(length + 1);
  memcpy(copy, text, length);
  copy[length] = 'x';
  const bool good = json_read(document, copy, length);
  free(copy); /* only structure and numbers are looked at afterwards */
  return good;
}

static void test_json(void) {
  static JsonDocument document;
  static const char *const good[] = {
      "0", "-0", "1e5", "-1.25E-3", "\"\"", "true", "null", "[]", "{}", " [1 , 2]\n", "{\"a\":{\"b\":[1,{\"c\":null}]}}",
      "\"\\u00e4\\ud83d\\ude00\\n\\\\\"", "[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]", "1e-999"};
  static const char *const bad[] = {
      "", " ", "-", "01", "1.", ".5", "1e", "1e+", "+1", "NaN", "Infinity", "1e999", "tru", "nul", "[1,]", "[,1]", "[1 2]", "{",
      "[", "\"", "\"\\", "\"\\u12", "\"\\x\"", "\"\\u0000\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\t\"", "{a:1}",
      "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":1,\"a\":2}", "1 2", "[1]]", "'a'", "// c\n1", "[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]]"};
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
    CHECK(read_json(&document, good[i], strlen(good[i])), "%s: %s", good[i], document.message);
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    CHECK(!read_json(&document, bad[i], strlen(bad[i])), "took %s", bad[i]);
    CHECK(document.message[0] >= '1' && document.message[0] <= '9', "no place in: %s", document.message);
  }
  CHECK(!read_json(&document, "[1,\0]", 5), "a NUL between values");
  CHECK(read_json(&document, "{\"a\": [-12.5, \"x\"],\n \"b\": 3}", 28), "%s", document.message);
  CHECK(document.count == 5 && document.nodes[2].number == -12.5, "nodes");
  const JsonNode *b = &document.nodes[document.nodes[document.nodes[0].first].next];
  CHECK(b->number == 3 && b->line == 2 && b->column == 7, "b stands at %d:%d", b->line, b->column);
  char *many = malloc(4 * JSON_MAX_NODES);
  memset(many, 0, 4 * JSON_MAX_NODES);
  strcpy(many, "[0");
  for (int i = 0; i < JSON_MAX_NODES; i++) strcat(many, ",0");
  CHECK(!read_json(&document, many, strlen(many)), "more values than fit");
  free(many);
}

static const char *const CARDS[] = {
    "{\"seed\":1,\"firstEvent\":0,\"events\":1000,\"blockEvents\":100,\"parameters\":{\"energyGeV\":91.19}}",
    "{\"seed\": 9007199254740991, \"firstEvent\": 200, \"events\": 1, \"blockEvents\": 100,\n \"parameters\": {\"energyGeV\": 2e2, "
    "\"processes\": [\"mu\", \"b\"], \"hepmcEvents\": 10, \"mZGeV\": 91, \"gammaZGeV\": 2.5, \"sin2thetaEff\": 0.23, \"alphaInverse\": 137.036}}",
};

/* A good card stays good or is refused with a message; whatever it says, nothing is read or written beyond. */
static bool fuzz_card(uint64_t number) {
  static const char tokens[][12] = {"{", "}", "[", "]", ",", ":", "\"", "\\u0000", "\\ud800", "1e999", "-1", "null", "\"b\"", "1e308", "\n"};
  Stream random = stream_open(17, number, 0);
  const char *source = CARDS[number % 2];
  size_t length = strlen(source);
  char text[1024];
  memcpy(text, source, length);
  const uint32_t changes = 1 + stream_next(&random).word[0] % 6;
  for (uint32_t i = 0; i < changes && length > 0; i++) {
    const Words w = stream_next(&random);
    const size_t at = w.word[0] % length;
    const char *token = tokens[w.word[2] % (sizeof tokens / sizeof tokens[0])];
    const size_t size = strlen(token);
    switch (w.word[1] % 5) {
      case 0: text[at] = (char)w.word[2]; break;
      case 1: length = at; break;
      case 2: memmove(text + at, text + at + 1, --length - at); break;
      case 3: memmove(text + at + size, text + at, length - at), memcpy(text + at, token, size), length += size; break;
      default: memmove(text + at, text + length / 2, length - (length / 2 > at ? length / 2 : at));
    }
  }
  static char message[CARD_MESSAGE];
  static Card card;
  char *copy = malloc(length + 1);
  memcpy(copy, text, length);
  copy[length] = 0;
  const bool good = card_read(&card, copy, length, message);
  free(copy);
  CHECK(good == (message[0] == 0), "good %d, message %s", good, message);
  CHECK(!good || (card.events >= 1 && card.block_events >= 1 && card.first_event % card.block_events == 0), "taken, yet not sound");
  CHECK(!good || (card.energy >= 5 && card.energy <= 250 && card.hepmc_events <= 10000), "taken, yet out of range");
  CHECK(good || strncmp(message, "card.json:", 10) == 0, "no place: %s", message);
  return good;
}

static void test_cards(uint64_t fuzzed) {
  static char message[CARD_MESSAGE];
  static Card card;
  for (size_t i = 0; i < sizeof CARDS / sizeof CARDS[0]; i++) {
    char *copy = strdup(CARDS[i]);
    CHECK(card_read(&card, copy, strlen(copy), message), "%s", message);
    free(copy);
  }
  CHECK(card.seed == 9007199254740991u && card.energy == 200 && card.wanted[0] && !card.wanted[1] && card.wanted[6], "fields");
  CHECK(card.electroweak.alpha_inverse == 137.036 && card.hepmc_events == 10, "fields");
  uint64_t taken = 0;
  for (uint64_t i = 0; i < fuzzed; i++) taken += fuzz_card(i);
  CHECK(taken > fuzzed / 200 && taken < fuzzed / 2, "the fuzz reaches both ends: %" PRIu64 " of %" PRIu64 " taken", taken, fuzzed);
}

int main(int argc, char **argv) {
  const uint64_t scale = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
  test_philox();
  test_streams();
  test_maths();
  test_log_exp();
  test_conservation(91.19, scale);
  test_conservation(5, scale / 10);
  test_conservation(9.5600001, scale / 10);
  test_conservation(250, scale / 10);
  test_threshold();
  test_json();
  test_cards(scale / 5);
  return checks_end();
}
