/*
 * Shapes from momentum tensors. Quadratic, sum p_a p_b / sum p^2: sphericity, aplanarity, planarity (J. D. Bjorken,
 * S. J. Brodsky, Phys. Rev. D 1 (1970) 1416). Linear, sum (p_a p_b / p) / sum p: C and D (R. K. Ellis, D. A. Ross,
 * A. E. Terrano, Nucl. Phys. B 178 (1981) 421).
 */
#ifndef EVGEN_TENSORS_H
#define EVGEN_TENSORS_H

#include "momenta.h"

typedef struct {
  double sphericity, aplanarity, planarity;
  double c, d;
  Vector axis[3]; /* of the quadratic tensor: sphericity axis, the next, the one out of the event's plane */
} TensorShapes;

TensorShapes tensor_shapes(const Momenta *momenta);

#endif
