#include "tensors.h"

#include <math.h>

typedef struct {
  double xx, yy, zz, xy, yz, zx;
} Tensor;

/* A rotation in the plane of axes p and q that makes m[p][q] zero (Jacobi, 1846). */
static void rotate(double m[3][3], double v[3][3], int p, int q) {
  if (m[p][q] == 0) return;
  const double theta = (m[q][q] - m[p][p]) / (2 * m[p][q]);
  const double t = (theta >= 0 ? 1 : -1) / (fabs(theta) + sqrt(theta * theta + 1));
  const double c = 1 / sqrt(t * t + 1), s = t * c;
  const int r = 3 - p - q;
  m[p][p] -= t * m[p][q];
  m[q][q] += t * m[p][q];
  m[p][q] = m[q][p] = 0;
  const double rp = m[r][p], rq = m[r][q];
  m[r][p] = m[p][r] = c * rp - s * rq;
  m[r][q] = m[q][r] = s * rp + c * rq;
  for (int k = 0; k < 3; k++) {
    const double kp = v[k][p], kq = v[k][q];
    v[k][p] = c * kp - s * kq;
    v[k][q] = s * kp + c * kq;
  }
}

/* Eigenvalues from the largest to the smallest, with unit eigenvectors. Converges quadratically: few sweeps. */
static void diagonalise(const Tensor *tensor, double value[3], Vector axis[3]) {
  double m[3][3] = {{tensor->xx, tensor->xy, tensor->zx}, {tensor->xy, tensor->yy, tensor->yz}, {tensor->zx, tensor->yz, tensor->zz}};
  double v[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
  for (int sweep = 0; sweep < 12; sweep++) {
    const double off = m[0][1] * m[0][1] + m[0][2] * m[0][2] + m[1][2] * m[1][2];
    if (off < 1e-32) break; /* the trace is 1 */
    rotate(m, v, 0, 1);
    rotate(m, v, 0, 2);
    rotate(m, v, 1, 2);
  }
  int order[3] = {0, 1, 2};
  for (int i = 1; i < 3; i++)
    for (int j = i; j > 0 && m[order[j]][order[j]] > m[order[j - 1]][order[j - 1]]; j--) {
      const int swap = order[j];
      order[j] = order[j - 1];
      order[j - 1] = swap;
    }
  for (int i = 0; i < 3; i++) {
    value[i] = m[order[i]][order[i]];
    axis[i] = (Vector){v[0][order[i]], v[1][order[i]], v[2][order[i]]};
  }
}

static void add(Tensor *tensor, const Momenta *m, int i, double weight) {
  const double x = m->x[i] * weight, y = m->y[i] * weight, z = m->z[i] * weight;
  tensor->xx += x * m->x[i];
  tensor->yy += y * m->y[i];
  tensor->zz += z * m->z[i];
  tensor->xy += x * m->y[i];
  tensor->yz += y * m->z[i];
  tensor->zx += z * m->x[i];
}

static Tensor normalised(Tensor t) {
  const double f = 1 / (t.xx + t.yy + t.zz);
  return (Tensor){t.xx * f, t.yy * f, t.zz * f, t.xy * f, t.yz * f, t.zx * f};
}

TensorShapes tensor_shapes(const Momenta *momenta) {
  Tensor quadratic = {0}, linear = {0};
  for (int i = 0; i < momenta->count; i++) {
    add(&quadratic, momenta, i, 1);
    add(&linear, momenta, i, 1 / momenta->p[i]);
  }
  TensorShapes shapes;
  double value[3];
  const Tensor q = normalised(quadratic);
  diagonalise(&q, value, shapes.axis);
  shapes.sphericity = 1.5 * (value[1] + value[2]);
  shapes.aplanarity = 1.5 * value[2];
  shapes.planarity = value[1] - value[2];
  /* C = 3 (l1 l2 + l2 l3 + l3 l1) and D = 27 l1 l2 l3 of the linear tensor's eigenvalues: its minors and determinant. */
  const Tensor t = normalised(linear);
  const double minor_x = t.yy * t.zz - t.yz * t.yz;
  shapes.c = 3 * (minor_x + t.zz * t.xx - t.zx * t.zx + t.xx * t.yy - t.xy * t.xy);
  shapes.d = 27 * (t.xx * minor_x - t.xy * (t.xy * t.zz - t.yz * t.zx) + t.zx * (t.xy * t.yz - t.yy * t.zx));
  return shapes;
}
