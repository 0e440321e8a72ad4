/*
 * Branchings of a dipole: an emitter radiates, a recoiler takes the recoil. Variables and kernels with masses:
 * S. Catani, M. H. Seymour, Nucl. Phys. B 485 (1997) 291; S. Catani, S. Dittmaier, M. H. Seymour, Z. Trocsanyi,
 * Nucl. Phys. B 627 (2002) 189.
 *
 *   y = p_i.p_j / (p_i.p_j + p_i.p_k + p_j.p_k),   z = p_i.p_k / (p_i.p_k + p_j.p_k),   i, j: products, k: recoiler
 */
#ifndef EVGEN_KERNELS_H
#define EVGEN_KERNELS_H

#include <stdbool.h>

#include "../core/vector.h"

#define COLOUR_F (4.0 / 3.0)
#define COLOUR_A 3.0
#define COLOUR_T 0.5

/* A fermion of mass squared m2 emits a gluon or photon; without the colour factor. s: 2 x dot product of emitter and recoiler before. */
static inline double kernel_fermion(double y, double z, double s, double m2, double recoiler_m2) {
  double ratio = 1;
  if (recoiler_m2 > 0) {
    const double q2 = s + m2 + recoiler_m2, rest = s * (1.0 - y);
    const double before = kallen(q2, m2, recoiler_m2) / (s * s);
    const double after = ((2.0 * recoiler_m2 + rest) * (2.0 * recoiler_m2 + rest) - 4.0 * recoiler_m2 * q2) / (rest * rest);
    ratio = after > 0 ? sqrt(before / after) : 1;
  }
  const double value = 2.0 / (1.0 - z * (1.0 - y)) - ratio * (1.0 + z + (m2 > 0 ? 2.0 * m2 / (y * s) : 0));
  return value > 0 ? value : 0;
}

/* The half of g -> g g that belongs to this dipole, with the emitted gluon (1 - z) the soft one; without C_A. */
static inline double kernel_gluon(double y, double z) { return 1.0 / (1.0 - z * (1.0 - y)) - 1.0 + 0.5 * z * (1.0 - z); }

/* The half of g -> q qbar that belongs to this dipole; without T_R. pair: the pair's mass squared. */
static inline double kernel_pair(double z, double m2, double pair) { return 0.5 * (1.0 - 2.0 * z * (1.0 - z) + 2.0 * m2 / pair); }

/*
 * q qbar g out of a vector or an axial current, per Born cross-section and alpha_s C_F / (2 pi beta), in the scaled energies
 * x1, x2 of q and qbar; rho = m^2 / Q^2. M. H. Seymour, Nucl. Phys. B 436 (1995) 163.
 */
static inline double matrix_element(double x1, double x2, double rho, bool axial) {
  const double d1 = 1.0 - x1, d2 = 1.0 - x2, x3 = 2.0 - x1 - x2;
  const double zeta = axial ? 2.0 * rho * ((3.0 + x3) * (3.0 + x3) - 19.0 + 4.0 * rho) : -8.0 * rho * (1.0 + 2.0 * rho);
  const double a = x1 + 2.0 * rho, b = x2 + 2.0 * rho;
  const double norm = axial ? 1.0 - 4.0 * rho : 1.0 + 2.0 * rho;
  return (a * a + b * b + zeta) / (norm * d1 * d2) - 2.0 * rho * (1.0 / (d1 * d1) + 1.0 / (d2 * d2));
}

/* Shares of matrix_element that the two dipoles of q and qbar generate, in the same units. */
static inline double dipole_sum(double x1, double x2, double rho) {
  const double s = 1.0 - 2.0 * rho, d1 = 1.0 - x1, d2 = 1.0 - x2, quarks = s - d1 - d2;
  return kernel_fermion(d2 / s, quarks / (quarks + d1), s, rho, rho) / d2 + kernel_fermion(d1 / s, quarks / (quarks + d2), s, rho, rho) / d1;
}

/*
 * The momenta after a branching. emitter, recoiler: before, replaced by i and k. mi, mj: masses of the products, pair: the
 * mass squared of both. turns: the azimuth. False where phase space has no such point.
 */
bool branch(Vec *emitter, Vec *recoiler, Vec *emitted, double emitter_m2, double recoiler_m2, double mi2, double mj2, double pair,
            double z, double turns);

#endif
