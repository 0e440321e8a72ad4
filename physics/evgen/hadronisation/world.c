#include "world.h"

/* Light-like vectors from the ends' massive ones by mixing the two of a piece; their sum stays. */
static void make_lightlike(Vec *p, Vec *q) {
  const double p2 = square(*p), q2 = square(*q), pq = dot(*p, *q);
  const double root = sqrt(pq * pq - p2 * q2 > 0 ? pq * pq - p2 * q2 : 0);
  if (!(root > 0)) return;
  const double k1 = 0.5 * ((q2 + pq) / root - 1.0), k2 = 0.5 * ((p2 + pq) / root - 1.0);
  const Vec first = along(scale(1.0 + k1, *p), -k2, *q), second = along(scale(1.0 + k2, *q), -k1, *p);
  *p = first;
  *q = second;
}

static void sums(World *world) {
  Vec plus = {0, 0, 0, 0}, minus = plus, gluons = plus;
  for (int i = 0; i < world->pieces; i++) {
    Piece *piece = &world->piece[i];
    piece->before_plus = plus;
    piece->before_minus = minus;
    if (i > 0) gluons = add(gluons, piece->plus);
    piece->gluons = gluons;
    plus = add(plus, piece->plus);
    minus = add(minus, piece->minus);
  }
}

void world_make(World *world, const Vec *parton, int partons) {
  world->pieces = partons - 1;
  for (int i = 0; i < partons - 1; i++) {
    world->piece[i].plus = scale(i == 0 ? 1.0 : 0.5, parton[i]);
    world->piece[i].minus = scale(i == partons - 2 ? 1.0 : 0.5, parton[i + 1]);
  }
  make_lightlike(&world->piece[0].plus, &world->piece[0].minus);
  if (partons > 2) make_lightlike(&world->piece[partons - 2].plus, &world->piece[partons - 2].minus);
  sums(world);
}

void world_reverse(World *reversed, const World *world) {
  reversed->pieces = world->pieces;
  for (int i = 0; i < world->pieces; i++) {
    reversed->piece[i].plus = world->piece[world->pieces - 1 - i].minus;
    reversed->piece[i].minus = world->piece[world->pieces - 1 - i].plus;
  }
  sums(reversed);
}

/* Two unit space-like vectors across p and q, light-like with product pq. */
static void region_axes(Vec p, Vec q, double pq, Vec *first, Vec *second) {
  /* of the coordinate axes the two that p and q share least */
  const double lean_x = p.x * q.x, lean_y = p.y * q.y, lean_z = p.z * q.z;
  Vec a = {1, 0, 0, 0}, b = {0, 1, 0, 0};
  if (lean_z > lean_x || lean_z > lean_y) {
    if (lean_x < lean_y) a = (Vec){0, 0, 1, 0};
    else b = (Vec){0, 0, 1, 0};
  }
  const double inverse = 1.0 / pq;
  a = along(along(a, -dot(a, q) * inverse, p), -dot(a, p) * inverse, q);
  *first = scale(1.0 / sqrt(-square(a)), a);
  b = along(along(b, -dot(b, q) * inverse, p), -dot(b, p) * inverse, q);
  b = along(b, dot(b, *first), *first);
  *second = scale(1.0 / sqrt(-square(b)), b);
}

static void set_axes(const World *world, Break *at) {
  const Vec p = world->piece[at->a].plus, q = world->piece[at->b].minus;
  region_axes(p, q, dot(p, q), &at->axis1, &at->axis2);
}

Break world_begin(const World *world) {
  Break begin = {.a = 0, .b = 0, .x = 1, .y = 0};
  set_axes(world, &begin);
  return begin;
}

static Vec left_of(const World *world, const Break *at) {
  const Piece *a = &world->piece[at->a], *b = &world->piece[at->b];
  return along(along(add(a->before_plus, b->before_minus), 1.0 - at->x, a->plus), at->y, b->minus);
}

/*
 * With h the hadron's momentum where x = y = 0 and v the break's point there,
 *   m^2   = h^2 - 2 x h.p + 2 y h.q - x y w,   Gamma = v^2 + 2 x v.p + 2 y v.q + x y w,   w = 2 p.q:
 * their sum is linear and gives y by x, the second then x.
 */
static bool solve(Vec p, Vec q, Vec h, Vec v, double m2, double gamma, double *x, double *y) {
  const double w = 2.0 * dot(p, q), vp = dot(v, p), vq = dot(v, q), v2 = square(v), h2 = square(h);
  const double a1 = 2.0 * (vp - dot(h, p)), a2 = 2.0 * (vq + dot(h, q)), rest = m2 + gamma - h2 - v2;
  if (!(a2 > 0)) return false;
  const double a = -w * a1 / a2, b = 2.0 * vp + (w * rest - 2.0 * vq * a1) / a2, c = v2 + 2.0 * vq * rest / a2 - gamma;
  const double root = b * b - 4.0 * a * c;
  if (!(root >= 0)) return false;
  const double denominator = b + sqrt(root);
  if (!(denominator > 0)) return false;
  *x = -2.0 * c / denominator;
  *y = (rest - a1 * *x) / a2;
  return true;
}

bool world_step(const World *world, const Break *from, double m, double gamma, double kick1, double kick2, Break *to, Vec *hadron) {
  const Vec start = left_of(world, from);
  *to = *from;
  to->gamma = gamma;
  /* The same vector in all regions that are tried: so what is solved is continuous where they meet. */
  to->kick = along(scale(kick1, from->axis1), kick2, from->axis2);
  const Vec across = sub(to->kick, from->kick);
  for (int tries = 0; tries < 3 * MAX_STRING; tries++) {
    const Piece *a = &world->piece[to->a], *b = &world->piece[to->b];
    const Vec edge = add(add(a->before_plus, a->plus), b->before_minus);
    const Vec h = add(sub(edge, start), across);
    const Vec v = sub(b->gluons, a->gluons);
    if (solve(a->plus, b->minus, h, v, m * m, gamma, &to->x, &to->y)) {
      if (to->x >= 0 && to->x <= 1.0 && to->y >= 0 && to->y <= 1.0) {
        *hadron = along(along(h, -to->x, a->plus), to->y, b->minus);
        if (to->a != from->a || to->b != from->b) set_axes(world, to);
        to->kick1 = -dot(to->kick, to->axis1);
        to->kick2 = -dot(to->kick, to->axis2);
        return hadron->e > 0;
      }
      if (to->y > 1.0 && to->b < world->pieces - 1) {
        to->b++;
        continue;
      }
      if (to->x < 0 && to->a < to->b) {
        to->a++;
        continue;
      }
      /* beyond: two steps led past the region, whose neighbours they were */
      if (to->y < 0 && to->b > from->b && to->b > to->a) {
        to->b--;
        continue;
      }
      if (to->x > 1.0 && to->a > from->a) {
        to->a--;
        continue;
      }
      return false;
    }
    if (to->b < world->pieces - 1) to->b++;
    else return false;
  }
  return false;
}
