#include "kernels.h"

bool branch(Vec *emitter, Vec *recoiler, Vec *emitted, double emitter_m2, double recoiler_m2, double mi2, double mj2, double pair,
            double z, double turns) {
  const Vec sum = add(*emitter, *recoiler);
  const double q2 = emitter_m2 + recoiler_m2 + 2.0 * dot(*emitter, *recoiler);
  const double before = kallen(q2, emitter_m2, recoiler_m2), after = kallen(q2, pair, recoiler_m2);
  const double q = sqrt(q2);
  if (!(before > 0 && after > 0) || !(q > sqrt(pair) + sqrt(recoiler_m2))) return false;
  const double share = dot(sum, *recoiler) / q2;
  const Vec k = along(scale(sqrt(after / before), along(*recoiler, -share, sum)), 0.5 * (q2 + recoiler_m2 - pair) / q2, sum);
  const Vec both = sub(sum, k);
  /* i = a both + b k + kT with i.both and i.k known */
  const double c = 0.5 * (q2 - pair - recoiler_m2);
  const double with_both = 0.5 * (pair + mi2 - mj2), with_k = z * c;
  const double determinant = pair * recoiler_m2 - c * c;
  const double a = (with_both * recoiler_m2 - with_k * c) / determinant;
  const double b = (pair * with_k - c * with_both) / determinant;
  const double kt2 = a * a * pair + 2.0 * a * b * c + b * b * recoiler_m2 - mi2;
  if (!(kt2 >= 0)) return false;
  Vec n = boost_into(k, sum, q);
  const double size = 1.0 / sqrt(dot3(n, n));
  n = scale(size, n);
  Vec e1, e2;
  transverse_axes(n, &e1, &e2);
  double sine, cosine;
  sincos_turns(turns, &sine, &cosine);
  const double kt = sqrt(kt2);
  const Vec across = {kt * (cosine * e1.x + sine * e2.x), kt * (cosine * e1.y + sine * e2.y), kt * (cosine * e1.z + sine * e2.z), 0};
  const Vec i = add(along(scale(a, both), b, k), boost_from(across, sum, q));
  *emitter = i;
  *recoiler = k;
  *emitted = sub(both, i);
  return true;
}
