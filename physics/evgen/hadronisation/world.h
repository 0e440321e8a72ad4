/*
 * A string's surface in space-time, after B. Andersson, The Lund Model (1998), and T. Sjostrand, Nucl. Phys. B 248 (1984) 469.
 *
 * A string of partons 0 .. n has n pieces. Light-like vectors span them: plus[i] is parton i's momentum towards parton
 * i + 1, minus[i] parton i + 1's towards parton i; a gluon gives half of its momentum to each side. When a gluon has lost
 * all, the surface goes on in a region (a, b), a < b, spanned by plus[a] and minus[b]. A break at the point
 *
 *   V = x plus[a] + sum of gluons a + 1 .. b, halved, + y minus[b]          (x from 1 to 0, y from 0 to 1)
 *
 * has left of it the momentum  sum plus[< a] + (1 - x) plus[a] + sum minus[< b] + y minus[b]  and the invariant time
 * V^2 = Gamma. Two breaks beside each other make a hadron: the difference of what is left of them.
 */
#ifndef EVGEN_WORLD_H
#define EVGEN_WORLD_H

#include <stdbool.h>

#include "../core/vector.h"

enum { MAX_STRING = 128 };

typedef struct {
  Vec plus, minus;
  Vec before_plus, before_minus; /* sums over the pieces before this one */
  Vec gluons;                    /* sum of halved gluons up to the one this piece begins with */
} Piece;

typedef struct {
  int pieces;
  Piece piece[MAX_STRING];
} World;

/* A break, seen from the string's beginning. */
typedef struct {
  int a, b;
  double x, y;
  double gamma;
  Vec axis1, axis2; /* across the region */
  Vec kick;         /* transverse momentum that the string left of the break got */
  double kick1, kick2; /* the same along the axes */
} Break;

/* From the partons' momenta (beginning to end). The reversed one sees the string from its end. */
void world_make(World *world, const Vec *parton, int partons);
void world_reverse(World *reversed, const World *world);

/* The point where the string begins. */
Break world_begin(const World *world);

/*
 * The next break: such that the hadron between has mass m and the break the given gamma and transverse momentum along the
 * axes of its region. False where there is none.
 */
bool world_step(const World *world, const Break *from, double m, double gamma, double kick1, double kick2, Break *to, Vec *hadron);

#endif
