#include "json.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  JsonDocument *document;
  char *at, *end, *line_start;
  int line;
} Reader;

static bool fail(Reader *r, const char *what) {
  snprintf(r->document->message, JSON_MESSAGE, "%d:%d: %s", r->line, (int)(r->at - r->line_start) + 1, what);
  return false;
}

static void skip_space(Reader *r) {
  for (; r->at < r->end; r->at++) {
    if (*r->at == '\n') {
      r->line++;
      r->line_start = r->at + 1;
    } else if (*r->at != ' ' && *r->at != '\t' && *r->at != '\r') {
      return;
    }
  }
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/* Reads four hexadecimal digits after "\u"; -1 where there are not four. */
static int32_t code_unit(Reader *r) {
  if (r->end - r->at < 4) return -1;
  int32_t unit = 0;
  for (int i = 0; i < 4; i++) {
    const int digit = hex_digit(r->at[i]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  r->at += 4;
  return unit;
}

static char *put_utf8(char *out, uint32_t code) {
  if (code < 0x80) {
    *out++ = (char)code;
  } else if (code < 0x800) {
    *out++ = (char)(0xC0 | code >> 6);
    *out++ = (char)(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    *out++ = (char)(0xE0 | code >> 12);
    *out++ = (char)(0x80 | (code >> 6 & 0x3F));
    *out++ = (char)(0x80 | (code & 0x3F));
  } else {
    *out++ = (char)(0xF0 | code >> 18);
    *out++ = (char)(0x80 | (code >> 12 & 0x3F));
    *out++ = (char)(0x80 | (code >> 6 & 0x3F));
    *out++ = (char)(0x80 | (code & 0x3F));
  }
  return out;
}

/* The reader stands behind a backslash. Writes what the escape means; NULL where it means nothing. */
static char *read_escape(Reader *r, char *out) {
  static const char names[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
  if (r->at == r->end) return NULL;
  const char c = *r->at++;
  if (c != 'u') {
    const char *found = c == '\0' ? NULL : strchr(names, c);
    if (!found) return NULL;
    *out++ = meanings[found - names];
    return out;
  }
  int32_t code = code_unit(r);
  if (code <= 0 || (code >= 0xDC00 && code <= 0xDFFF)) return NULL;
  if (code >= 0xD800 && code <= 0xDBFF) {
    if (r->end - r->at < 2 || r->at[0] != '\\' || r->at[1] != 'u') return NULL;
    r->at += 2;
    const int32_t low = code_unit(r);
    if (low < 0xDC00 || low > 0xDFFF) return NULL;
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  }
  return put_utf8(out, (uint32_t)code);
}

/* Reads a string, decoding it in place (never longer than its source). NULL with a message on failure. */
static const char *read_string(Reader *r) {
  if (r->at == r->end || *r->at != '"') {
    fail(r, "expected a string in double quotes");
    return NULL;
  }
  char *const start = ++r->at;
  char *out = start;
  while (r->at < r->end && *r->at != '"') {
    const unsigned char c = (unsigned char)*r->at++;
    if (c < 0x20) {
      r->at--;
      fail(r, "a string holds a control character or is not closed on its line");
      return NULL;
    }
    if (c != '\\') {
      *out++ = (char)c;
      continue;
    }
    out = read_escape(r, out);
    if (!out) {
      fail(r, "a string holds an escape that is not JSON's, or a NUL");
      return NULL;
    }
  }
  if (r->at == r->end) {
    fail(r, "the text ends inside a string");
    return NULL;
  }
  r->at++;
  *out = '\0';
  return start;
}

static char *skip_digits(Reader *r, char *p) {
  while (p < r->end && *p >= '0' && *p <= '9') p++;
  return p;
}

static bool read_number(Reader *r, double *number) {
  char *p = r->at;
  if (p < r->end && *p == '-') p++;
  char *digits = p;
  p = skip_digits(r, p);
  if (p == digits) return fail(r, "expected a value");
  if (*digits == '0' && p - digits > 1) return fail(r, "a number must not begin with 0 and another digit");
  if (p < r->end && *p == '.') {
    digits = ++p;
    p = skip_digits(r, p);
    if (p == digits) return fail(r, "a number needs a digit after its point");
  }
  if (p < r->end && (*p == 'e' || *p == 'E')) {
    p++;
    if (p < r->end && (*p == '+' || *p == '-')) p++;
    digits = p;
    p = skip_digits(r, p);
    if (p == digits) return fail(r, "a number needs a digit in its exponent");
  }
  const char kept = *p; /* strtod must not read on; text[length] may be written */
  *p = '\0';
  *number = strtod(r->at, NULL);
  *p = kept;
  if (!isfinite(*number)) return fail(r, "this number is too large for double precision");
  r->at = p;
  return true;
}

static bool read_word(Reader *r, const char *word) {
  const size_t length = strlen(word);
  if ((size_t)(r->end - r->at) < length || memcmp(r->at, word, length) != 0) return fail(r, "expected a value");
  r->at += length;
  return true;
}

static int read_value(Reader *r, int depth);

static bool name_taken(const JsonDocument *document, int child, const char *name) {
  for (; child >= 0; child = document->nodes[child].next)
    if (strcmp(document->nodes[child].name, name) == 0) return true;
  return false;
}

/* Reads the members of an object or the items of an array into nodes[parent]. */
static bool read_children(Reader *r, int parent, bool object, int depth) {
  const char close = object ? '}' : ']';
  JsonNode *nodes = r->document->nodes;
  int last = -1;
  r->at++;
  skip_space(r);
  if (r->at < r->end && *r->at == close) {
    r->at++;
    return true;
  }
  for (;;) {
    const char *name = NULL;
    skip_space(r);
    if (object) {
      Reader before = *r;
      name = read_string(r);
      if (!name) return false;
      if (name_taken(r->document, nodes[parent].first, name)) return fail(&before, "this name occurs twice");
      skip_space(r);
      if (r->at == r->end || *r->at != ':') return fail(r, "expected \":\"");
      r->at++;
      skip_space(r);
    }
    const int child = read_value(r, depth + 1);
    if (child < 0) return false;
    nodes[child].name = name;
    if (last < 0) nodes[parent].first = child;
    else nodes[last].next = child;
    last = child;
    skip_space(r);
    if (r->at < r->end && *r->at == ',') {
      r->at++;
      continue;
    }
    if (r->at < r->end && *r->at == close) {
      r->at++;
      return true;
    }
    return fail(r, object ? "expected \",\" or \"}\"" : "expected \",\" or \"]\"");
  }
}

/* Reads a value into a new node and returns its index; -1 with a message on failure. */
static int read_value(Reader *r, int depth) {
  if (depth > JSON_MAX_DEPTH) return fail(r, "values are nested too deeply"), -1;
  if (r->document->count == JSON_MAX_NODES) return fail(r, "too many values"), -1;
  if (r->at == r->end) return fail(r, "the text ends where a value is expected"), -1;
  const int index = r->document->count++;
  JsonNode *node = &r->document->nodes[index];
  *node = (JsonNode){.line = r->line, .column = (int)(r->at - r->line_start) + 1, .first = -1, .next = -1};
  bool good;
  switch (*r->at) {
    case '{': node->kind = JSON_OBJECT, good = read_children(r, index, true, depth); break;
    case '[': node->kind = JSON_ARRAY, good = read_children(r, index, false, depth); break;
    case '"': node->kind = JSON_STRING, node->text = read_string(r), good = node->text != NULL; break;
    case 't': node->kind = JSON_TRUE, good = read_word(r, "true"); break;
    case 'f': node->kind = JSON_FALSE, good = read_word(r, "false"); break;
    case 'n': node->kind = JSON_NULL, good = read_word(r, "null"); break;
    default: node->kind = JSON_NUMBER, good = read_number(r, &node->number);
  }
  return good ? index : -1;
}

bool json_read(JsonDocument *document, char *text, size_t length) {
  Reader r = {.document = document, .at = text, .end = text + length, .line_start = text, .line = 1};
  document->count = 0;
  document->message[0] = '\0';
  skip_space(&r);
  if (read_value(&r, 1) < 0) return false;
  skip_space(&r);
  if (r.at != r.end) return fail(&r, "there is text after the document");
  return true;
}
