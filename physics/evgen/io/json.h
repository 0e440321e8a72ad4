/*
 * A strict JSON reader (RFC 8259) for small documents: no allocation, fixed limits, every value knows its
 * place, so that a message can name it. Duplicate names are refused.
 */
#ifndef EVGEN_JSON_H
#define EVGEN_JSON_H

#include <stdbool.h>
#include <stddef.h>

enum { JSON_MAX_NODES = 512, JSON_MAX_DEPTH = 16, JSON_MESSAGE = 256 };

typedef enum { JSON_NULL, JSON_TRUE, JSON_FALSE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT } JsonKind;

typedef struct {
  JsonKind kind;
  int line, column;          /* where the value begins, from 1 */
  const char *name;          /* of an object's member; UTF-8, NUL-terminated; else NULL */
  const char *text;          /* of a string, NUL-terminated; it holds no NUL inside (refused) */
  double number;
  int first, next;           /* first child, next sibling: index in nodes, -1 for none */
} JsonNode;

typedef struct {
  JsonNode nodes[JSON_MAX_NODES]; /* nodes[0] is the document */
  int count;
  char message[JSON_MESSAGE]; /* "LINE:COLUMN: what is wrong" where reading failed */
} JsonDocument;

/*
 * Reads text[0 .. length-1]; text[length] must be writable: strings are decoded in place, so the text must
 * outlive the document. Returns false with a message where it is not one JSON value.
 */
bool json_read(JsonDocument *document, char *text, size_t length);

#endif
