#include "hemispheres.h"

#include <math.h>

Hemispheres hemispheres_of(const Momenta *m, Vector axis) {
  double e[2] = {0, 0}, broadening[2] = {0, 0};
  Vector p[2] = {{0, 0, 0}, {0, 0, 0}};
  for (int i = 0; i < m->count; i++) {
    const Vector momentum = momentum_of(m, i);
    const double l = dot(momentum, axis);
    const int side = l < 0;
    e[side] += m->e[i];
    p[side] = plus(p[side], momentum);
    broadening[side] += sqrt(fmax(0, m->p[i] * m->p[i] - l * l));
  }
  const double scale = 1 / (m->energy * m->energy);
  const double a = fmax(0, e[0] * e[0] - dot(p[0], p[0])) * scale, b = fmax(0, e[1] * e[1] - dot(p[1], p[1])) * scale;
  const double width = 0.5 / m->momentum;
  return (Hemispheres){fmax(a, b), fmin(a, b), fmax(broadening[0], broadening[1]) * width,
                       fmin(broadening[0], broadening[1]) * width};
}
