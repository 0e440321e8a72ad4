#include "hemispheres.h"

#include <math.h>

#include "../core/maths.h"

Hemispheres hemispheres_of(const Momenta *m, Vector axis) {
  double e[2] = {0, 0}, broadening[2] = {0, 0};
  Vector p[2] = {{0, 0, 0}, {0, 0, 0}};
  for (int i = 0; i < m->count; i++) {
    const Vector momentum = momentum_of(m, i);
    const double l = dot(momentum, axis);
    const int side = l < 0;
    e[side] += m->e[i];
    p[side] = plus(p[side], momentum);
    broadening[side] += sqrt(larger(0, m->p[i] * m->p[i] - l * l));
  }
  const double scale = 1 / (m->energy * m->energy);
  const double a = larger(0, e[0] * e[0] - dot(p[0], p[0])) * scale, b = larger(0, e[1] * e[1] - dot(p[1], p[1])) * scale;
  const double width = 0.5 / m->momentum;
  return (Hemispheres){larger(a, b), smaller(a, b), larger(broadening[0], broadening[1]) * width,
                       smaller(broadening[0], broadening[1]) * width};
}
