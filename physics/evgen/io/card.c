#include "card.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "json.h"

/* The largest whole number that JSON readers keep unchanged: 2^53 - 1. */
#define LARGEST_COUNT 9007199254740991.0

typedef struct {
  const char *name;
  bool required;
  double low, high;
  const char *unit; /* with a leading space, for messages */
} Field;

static const Field SEED = {"seed", true, 0, LARGEST_COUNT, ""};
static const Field FIRST_EVENT = {"firstEvent", true, 0, LARGEST_COUNT, ""};
static const Field EVENTS = {"events", true, 1, LARGEST_COUNT, ""};
static const Field BLOCK_EVENTS = {"blockEvents", true, 1, LARGEST_COUNT, ""};
static const Field PARAMETERS = {"parameters", true, 0, 0, ""};

static const Field ENERGY = {"energyGeV", true, 5, 250, " GeV"};
static const Field PROCESSES = {"processes", false, 0, 0, ""};
static const Field STAGE_LIST = {"stages", false, 0, 0, ""};
static const Field HEPMC_EVENTS = {"hepmcEvents", false, 0, 10000, ""};
static const Field LEAST_S = {"leastS", false, 1e-4, 1, ""};
static const Field Z_MASS = {"mZGeV", false, 80, 100, " GeV"};
static const Field Z_WIDTH = {"gammaZGeV", false, 0.5, 10, " GeV"};
static const Field SIN2THETA = {"sin2thetaEff", false, 0, 1, ""};
static const Field ALPHA_INVERSE = {"alphaInverse", false, 100, 160, ""};
static const Field ELECTRON_POLARISATION = {"electronPolarisation", false, -1, 1, ""};
static const Field POSITRON_POLARISATION = {"positronPolarisation", false, -1, 1, ""};

/* The first thing wrong stays. */
typedef struct {
  const JsonDocument *document;
  char *message;
} Check;

static void refuse(Check *check, const JsonNode *node, const char *format, ...) {
  if (check->message[0]) return;
  size_t used = (size_t)snprintf(check->message, CARD_MESSAGE, "card.json:%d:%d: ", node->line, node->column);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(check->message + used, CARD_MESSAGE - used, format, arguments);
  va_end(arguments);
}

/* A name from outside as it may be shown: printable, at most 40 characters. */
static const char *shown(const char *name, char out[44]) {
  size_t i = 0;
  for (; name[i] && i < 40; i++) out[i] = name[i] >= ' ' && name[i] <= '~' ? name[i] : '?';
  strcpy(out + i, name[i] ? "..." : "");
  return out;
}

/* The member of an object; NULL where it is missing, which is refused if it is required. */
static const JsonNode *member(Check *check, const JsonNode *object, const Field *field) {
  const JsonNode *nodes = check->document->nodes;
  for (int i = object->first; i >= 0; i = nodes[i].next)
    if (strcmp(nodes[i].name, field->name) == 0) return &nodes[i];
  if (field->required) refuse(check, object, "\"%s\" is missing", field->name);
  return NULL;
}

static void only_these(Check *check, const JsonNode *object, const char *where, const Field *const fields[], int count) {
  const JsonNode *nodes = check->document->nodes;
  for (int i = object->first; i >= 0; i = nodes[i].next) {
    bool known = false;
    for (int k = 0; k < count; k++) known = known || strcmp(nodes[i].name, fields[k]->name) == 0;
    char name[44];
    if (!known) refuse(check, &nodes[i], "unknown name \"%s\"%s", shown(nodes[i].name, name), where);
  }
}

/* Numbers in messages as people write them: 250, 0.5, 9007199254740991. */
static double number(Check *check, const JsonNode *object, const Field *field, double otherwise) {
  const JsonNode *node = member(check, object, field);
  if (!node) return otherwise;
  if (node->kind != JSON_NUMBER || node->number < field->low || node->number > field->high) {
    refuse(check, node, "%s must be a number from %.16g to %.16g%s", field->name, field->low, field->high, field->unit);
    return otherwise;
  }
  return node->number;
}

static uint64_t whole(Check *check, const JsonNode *object, const Field *field, uint64_t otherwise) {
  const JsonNode *node = member(check, object, field);
  if (!node) return otherwise;
  if (node->kind != JSON_NUMBER || node->number < field->low || node->number > field->high ||
      node->number != (double)(uint64_t)node->number) {
    refuse(check, node, "%s must be a whole number from %.16g to %.16g", field->name, field->low, field->high);
    return otherwise;
  }
  return (uint64_t)node->number;
}

static const char *process_name(int index) { return FERMION[index].name; }
static const char *stage_name(int index) {
  static const char *const names[STAGES] = {"corrections", "isr", "shower", "hadronisation", "decays"};
  return names[index];
}

/* A list of different names out of `count` that `name` knows; all of them where it is missing. */
static void choice(Check *check, const JsonNode *parameters, const Field *field, const char *(*name)(int), int count,
                   bool empty, bool chosen[]) {
  const JsonNode *nodes = check->document->nodes;
  const JsonNode *list = member(check, parameters, field);
  for (int i = 0; i < count; i++) chosen[i] = list == NULL;
  if (!list) return;
  const JsonNode *wrong = list->kind != JSON_ARRAY || (list->first < 0 && !empty) ? list : NULL;
  for (int i = list->kind == JSON_ARRAY ? list->first : -1; i >= 0 && !wrong; i = nodes[i].next) {
    int k = 0;
    if (nodes[i].kind == JSON_STRING)
      while (k < count && strcmp(nodes[i].text, name(k)) != 0) k++;
    if (nodes[i].kind != JSON_STRING || k == count || chosen[k]) wrong = &nodes[i];
    else chosen[k] = true;
  }
  if (!wrong) return;
  char known[120] = "";
  for (int k = 0; k < count; k++) snprintf(known + strlen(known), sizeof known - strlen(known), "%s%s", k ? ", " : "", name(k));
  refuse(check, wrong, "%s must be a list of different names out of %s", field->name, known);
}

/* Numbers that all have a name, a range and a default: what the shower and the hadrons depend on. */
typedef struct {
  Field field;
  size_t offset;
} Tunable;

#define SHOWER(name, member, low, high, unit) {{name, false, low, high, unit}, offsetof(Card, shower.member)}
#define HADRON(name, member, low, high, unit) {{name, false, low, high, unit}, offsetof(Card, hadrons.member)}
static const Tunable TUNABLE[] = {
    SHOWER("alphaS", alpha_s, 0.08, 0.16, ""),
    SHOWER("showerCutoffGeV", cutoff, 0.45, 5, " GeV"),
    SHOWER("hardGluon", hard_gluon, 0, 1, ""),
    SHOWER("alphaSVariation", variation, 0, 0.01, ""),
    SHOWER("showerScale", scale, 0.25, 4, ""),
    SHOWER("showerScaleVariation", scale_variation, 1, 4, ""),
    HADRON("lundA", a, 0, 3, ""),
    HADRON("lundB", b, 0.1, 3, " GeV^-2"),
    HADRON("lundADiquark", a_diquark, 0, 3, ""),
    HADRON("bowlerCharm", r_charm, 0, 3, ""),
    HADRON("bowlerBottom", r_bottom, 0, 3, ""),
    HADRON("sigmaPtGeV", sigma, 0, 1, " GeV"),
    HADRON("strangePerUp", strange, 0, 1, ""),
    HADRON("strangeVariation", strange_variation, 0, 0.1, ""),
    HADRON("diquarkPerQuark", diquark, 0, 0.5, ""),
    HADRON("diquarkVariation", diquark_variation, 0, 0.05, ""),
    HADRON("heavyDiquark", heavy_diquark, 0, 5, ""),
    HADRON("strangeDiquark", strange_diquark, 0, 3, ""),
    HADRON("spin1Diquark", spin1_diquark, 0, 1, ""),
    HADRON("popcorn", popcorn, 0, 2, ""),
    HADRON("vectorLight", vector_light, 0, 3, ""),
    HADRON("vectorStrange", vector_strange, 0, 3, ""),
    HADRON("vectorCharm", vector_charm, 0, 3, ""),
    HADRON("vectorBottom", vector_bottom, 0, 3, ""),
    HADRON("etaFactor", eta, 0, 1, ""),
    HADRON("etaPrimeFactor", eta_prime, 0, 1, ""),
    HADRON("decupletFactor", decuplet, 0, 1, ""),
};
enum { TUNABLES = sizeof TUNABLE / sizeof TUNABLE[0] };

/* Less of what there is none of would have no weight. */
static void check_variations(Check *check, const JsonNode *parameters, const HadronParameters *hadrons) {
  static const Field strange = {"strangeVariation", true, 0, 0, ""}, diquark = {"diquarkVariation", true, 0, 0, ""};
  if (hadrons->strange_variation > 0 && hadrons->strange_variation >= hadrons->strange)
    refuse(check, member(check, parameters, &strange), "strangeVariation must be less than strangePerUp, %.16g", hadrons->strange);
  if (hadrons->diquark_variation > 0 && hadrons->diquark_variation >= hadrons->diquark)
    refuse(check, member(check, parameters, &diquark), "diquarkVariation must be less than diquarkPerQuark, %.16g", hadrons->diquark);
}

static void read_parameters(Check *check, const JsonNode *parameters, Card *card) {
  static const Field *const fixed[] = {&ENERGY, &PROCESSES, &STAGE_LIST, &HEPMC_EVENTS, &LEAST_S, &Z_MASS, &Z_WIDTH, &SIN2THETA, &ALPHA_INVERSE,
                                       &ELECTRON_POLARISATION, &POSITRON_POLARISATION};
  enum { FIXED = sizeof fixed / sizeof fixed[0] };
  const Field *known[FIXED + TUNABLES];
  for (int i = 0; i < FIXED; i++) known[i] = fixed[i];
  for (int i = 0; i < TUNABLES; i++) known[FIXED + i] = &TUNABLE[i].field;
  only_these(check, parameters, " in parameters", known, FIXED + TUNABLES);
  card->energy = number(check, parameters, &ENERGY, 0);
  choice(check, parameters, &PROCESSES, process_name, FERMIONS, false, card->wanted);
  choice(check, parameters, &STAGE_LIST, stage_name, STAGES, true, card->stages);
  card->hepmc_events = whole(check, parameters, &HEPMC_EVENTS, 0);
  card->least_s = number(check, parameters, &LEAST_S, 0.01);
  card->shower = DEFAULT_SHOWER;
  card->hadrons = DEFAULT_HADRONS;
  for (int i = 0; i < TUNABLES; i++) {
    double *value = (double *)((char *)card + TUNABLE[i].offset);
    *value = number(check, parameters, &TUNABLE[i].field, *value);
  }
  check_variations(check, parameters, &card->hadrons);
  card->electroweak.z_mass = number(check, parameters, &Z_MASS, DEFAULT_ELECTROWEAK.z_mass);
  card->electroweak.z_width = number(check, parameters, &Z_WIDTH, DEFAULT_ELECTROWEAK.z_width);
  card->electroweak.sin2theta = number(check, parameters, &SIN2THETA, DEFAULT_ELECTROWEAK.sin2theta);
  card->electroweak.alpha_inverse = number(check, parameters, &ALPHA_INVERSE, DEFAULT_ELECTROWEAK.alpha_inverse);
  card->electroweak.electron_polarisation = number(check, parameters, &ELECTRON_POLARISATION, 0);
  card->electroweak.positron_polarisation = number(check, parameters, &POSITRON_POLARISATION, 0);
  if (card->electroweak.electron_polarisation * card->electroweak.positron_polarisation == 1.0)
    refuse(check, member(check, parameters, &POSITRON_POLARISATION),
           "positronPolarisation must not be electronPolarisation where that is 1 or -1: beams of one helicity do not annihilate");
}

static void check_blocks(Check *check, const JsonNode *root, const Card *card) {
  if (card->block_events && card->first_event % card->block_events != 0)
    refuse(check, member(check, root, &FIRST_EVENT), "firstEvent must be a multiple of blockEvents");
  if ((double)card->first_event + (double)card->events > LARGEST_COUNT)
    refuse(check, member(check, root, &EVENTS), "firstEvent + events must not exceed %.16g", LARGEST_COUNT);
}

bool card_read(Card *card, char *text, size_t length, char message[CARD_MESSAGE]) {
  static const Field *const known[] = {&SEED, &FIRST_EVENT, &EVENTS, &BLOCK_EVENTS, &PARAMETERS};
  static JsonDocument document;
  message[0] = '\0';
  memset(card, 0, sizeof *card);
  if (!json_read(&document, text, length)) {
    snprintf(message, CARD_MESSAGE, "card.json:%s", document.message);
    return false;
  }
  Check check = {&document, message};
  const JsonNode *root = &document.nodes[0];
  if (root->kind != JSON_OBJECT) {
    refuse(&check, root, "a card must be a JSON object");
    return false;
  }
  only_these(&check, root, "", known, sizeof known / sizeof known[0]);
  card->seed = whole(&check, root, &SEED, 0);
  card->first_event = whole(&check, root, &FIRST_EVENT, 0);
  card->events = whole(&check, root, &EVENTS, 0);
  card->block_events = whole(&check, root, &BLOCK_EVENTS, 0);
  const JsonNode *parameters = member(&check, root, &PARAMETERS);
  if (parameters && parameters->kind != JSON_OBJECT) refuse(&check, parameters, "parameters must be an object");
  if (!message[0]) read_parameters(&check, parameters, card);
  if (!message[0]) check_blocks(&check, root, card);
  return !message[0];
}

void card_describe(FILE *file) {
  const Card card = {.shower = DEFAULT_SHOWER, .hadrons = DEFAULT_HADRONS};
  for (int i = 0; i < TUNABLES; i++)
    fprintf(file, "%c{\"name\":\"%s\",\"low\":%.17g,\"high\":%.17g,\"default\":%.17g}", i == 0 ? '[' : ',', TUNABLE[i].field.name,
            TUNABLE[i].field.low, TUNABLE[i].field.high, *(const double *)((const char *)&card + TUNABLE[i].offset));
  fputc(']', file);
}
