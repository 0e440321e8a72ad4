#include "born.h"

#include <math.h>

#include "../core/maths.h"
#include "running.h"

/* Two D, two B mesons; light quarks: where a string can form. */
double hadron_threshold(int pdg) {
  switch (pdg) {
    case 4: return 3.74 * 3.74;
    case 5: return 10.56 * 10.56;
    case 1:
    case 2:
    case 3: return 1.5 * 1.5;
    default: return 0;
  }
}

/* The square root of rho_e rho_f of the effective couplings; that of b has the vertex with the top quark. LEP, section 1.4. */
static double weak_factor(int pdg) { return sqrt(1.005 * (pdg == 5 ? 0.994 : 1.005)); }

/* Gluons and photons of the final state: Phys. Rept. 427 (2006) 257, section 1.5.3. */
static double radiation_factor(double s, const Fermion *f, const Electroweak *inputs) {
  const double qed = 1.0 + 0.75 * f->charge * f->charge / (137.035999 * PI);
  return f->colours > 1 ? qed * qcd_factor(s, inputs->z_mass) : qed;
}

/*
 * Born cross-section with photon, Z, their interference and the mass of f (electrons massless):
 *
 *   d sigma / d cos = pi alpha^2 / (2 s) N_c beta { (2 - beta^2 + beta^2 cos^2) V + beta^2 (1 + cos^2) A + 2 beta cos F }
 *   V = n Q_e^2 Q_f^2 + 2 Q_e Q_f g v_f Re(chi) + h v_f^2 |chi|^2
 *   A = h a_f^2 |chi|^2
 *   F = 2 Q_e Q_f k a_f Re(chi) + 2 l v_f a_f |chi|^2
 *   chi = G_F mZ^2 / (2 sqrt(2) pi alpha) * s / (s - mZ^2 + i s GammaZ / mZ),   v = T3 - 2 Q sin^2, a = T3
 *
 * Only beams of opposite helicity annihilate: e-_L e+_R with the coupling v_e + a_e, e-_R e+_L with v_e - a_e. Of their weights
 * (1 - P-)(1 + P+) and (1 + P-)(1 - P+) half the sum is n = 1 - P- P+, half the difference d = P+ - P-, and
 *   g = n v_e + d a_e,   h = n (v_e^2 + a_e^2) + 2 d v_e a_e,   k = n a_e + d v_e,   l = 2 n v_e a_e + d (v_e^2 + a_e^2).
 *
 * Massless: Phys. Rept. 427 (2006) 257, section 1.5; with polarised beams: G. Moortgat-Pick et al., Phys. Rept. 460 (2008) 131,
 * section 1.2. With masses: J. Jersak, E. Laermann, P. M. Zerwas, Phys. Rev. D 25 (1982) 1218. Width depending on s:
 * D. Yu. Bardin et al., Phys. Lett. B 206 (1988) 539. Helicities of f: the amplitudes V -+ beta A for each of the beams'.
 */
Channel born_channel(double s, const Fermion *f, const Electroweak *inputs, bool corrected) {
  Channel channel = {0};
  const double beta2 = 1.0 - 4.0 * f->mass * f->mass / s;
  if (!(beta2 > 0) || (corrected && s < hadron_threshold(f->pdg))) return channel;
  const double beta = sqrt(beta2);
  const double alpha = corrected ? running_alpha(s, inputs->alpha_inverse, inputs->z_mass) : 1.0 / inputs->alpha_inverse;
  const double mz2 = inputs->z_mass * inputs->z_mass;
  const double qe = -1.0, ae = -0.5, ve = ae - 2.0 * qe * inputs->sin2theta;
  const double qf = f->charge, af = f->isospin, vf = af - 2.0 * qf * inputs->sin2theta;

  const double strength = (corrected ? weak_factor(f->pdg) : 1.0) * FERMI_CONSTANT * mz2 / (2.0 * sqrt(2.0) * PI * alpha);
  const double off = s - mz2, on = s * inputs->z_width / inputs->z_mass;
  const double propagator = s / (off * off + on * on);
  const double re_chi = strength * propagator * off;
  const double chi2 = strength * strength * propagator * s;

  const double n = 1.0 - inputs->electron_polarisation * inputs->positron_polarisation;
  const double d = inputs->positron_polarisation - inputs->electron_polarisation;
  const double g = n * ve + d * ae, h = n * (ve * ve + ae * ae) + d * (2.0 * ve * ae);
  const double k = n * ae + d * ve, l = n * (2.0 * ve * ae) + d * (ve * ve + ae * ae);
  const double vector = n * (qe * qe * qf * qf) + 2.0 * qe * qf * g * vf * re_chi + h * vf * vf * chi2;
  const double axial = h * af * af * chi2;
  const double odd = 2.0 * qe * qf * k * af * re_chi + 2.0 * l * vf * af * chi2;

  const double radiation = corrected ? radiation_factor(s, f, inputs) : 1.0;
  const double norm = radiation * PI * alpha * alpha / (2.0 * s) * f->colours * beta * GEV2_PB;
  channel.beta = beta;
  channel.axial = beta2 * axial / (0.5 * (3.0 - beta2) * vector + beta2 * axial); /* both integrated over the angle */
  channel.c0 = norm * ((2.0 - beta2) * vector + beta2 * axial);
  channel.c1 = norm * 2.0 * beta * odd;
  channel.c2 = norm * beta2 * (vector + axial);
  channel.even = -norm * beta * (2.0 * qe * qf * g * af * re_chi + 2.0 * h * vf * af * chi2);
  channel.odd = -norm * (d * (qe * qe * qf * qf) + 2.0 * qe * qf * k * vf * re_chi + l * (vf * vf + beta2 * af * af) * chi2);
  channel.flip = norm * (1.0 - beta2) * vector;
  /* c2 >= 0, so the largest value lies at an end; a hair above, for rounding. */
  channel.maximum = (channel.c0 + fabs(channel.c1) + channel.c2) * (1.0 + 1e-12);
  return channel;
}
