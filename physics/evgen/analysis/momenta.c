#include "momenta.h"

#include <math.h>

void momenta_clear(Momenta *momenta) {
  momenta->count = 0;
  momenta->x[0] = momenta->y[0] = momenta->z[0] = 0;
  momenta->energy = momenta->momentum = 0;
}

void momenta_add(Momenta *momenta, double x, double y, double z, double e) {
  const double p = sqrt(x * x + y * y + z * z);
  if (!(p > 0) || momenta->count == MAX_FINAL) return;
  const int i = momenta->count++;
  momenta->x[i] = x, momenta->x[i + 1] = 0;
  momenta->y[i] = y, momenta->y[i + 1] = 0;
  momenta->z[i] = z, momenta->z[i + 1] = 0;
  momenta->e[i] = e;
  momenta->p[i] = p;
  momenta->energy += e;
  momenta->momentum += p;
}

Vector across(Vector unit) {
  const double x = fabs(unit.x), y = fabs(unit.y), z = fabs(unit.z);
  const Vector other = x <= y && x <= z ? (Vector){1, 0, 0} : y <= z ? (Vector){0, 1, 0} : (Vector){0, 0, 1};
  const Vector result = cross(unit, other);
  return scaled(result, 1.0 / sqrt(dot(result, result)));
}
