/* Momenta of an event's final particles as arrays of components: what every observable here is computed from. */
#ifndef EVGEN_MOMENTA_H
#define EVGEN_MOMENTA_H

#include "../core/event.h"

typedef struct {
  double x, y, z;
} Vector;

static inline double dot(Vector a, Vector b) { return a.x * b.x + a.y * b.y + a.z * b.z; }

static inline Vector cross(Vector a, Vector b) {
  return (Vector){a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

static inline Vector scaled(Vector a, double factor) { return (Vector){a.x * factor, a.y * factor, a.z * factor}; }

static inline Vector plus(Vector a, Vector b) { return (Vector){a.x + b.x, a.y + b.y, a.z + b.z}; }

static inline Vector minus(Vector a, Vector b) { return (Vector){a.x - b.x, a.y - b.y, a.z - b.z}; }

/* At 209 GeV an event has some 65 final particles, and more than 200 never. Those beyond are left out. */
enum { MAX_FINAL = 400 };

typedef struct {
  int count;
  /* Behind the last there is one of zeros: sums take two at a time. */
  double x[MAX_FINAL + 1], y[MAX_FINAL + 1], z[MAX_FINAL + 1];
  double e[MAX_FINAL];
  double p[MAX_FINAL];  /* |momentum| */
  double energy, momentum;  /* sums of e and of p */
} Momenta;

void momenta_clear(Momenta *momenta);

/* Adds a particle. One without momentum has no direction and is left out. */
void momenta_add(Momenta *momenta, double x, double y, double z, double e);

static inline Vector momentum_of(const Momenta *m, int i) { return (Vector){m->x[i], m->y[i], m->z[i]}; }

/* Any unit vector across a given one. */
Vector across(Vector unit);

#endif
