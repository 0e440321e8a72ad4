/* What the making of hadrons depends on; a card may change these. */
#ifndef EVGEN_HADRON_PARAMETERS_H
#define EVGEN_HADRON_PARAMETERS_H

typedef struct {
  double a, b;            /* Lund function (1 - z)^a / z exp(-b mT^2 / z); b in GeV^-2 */
  double a_diquark;       /* added to a for a diquark */
  double r_charm, r_bottom; /* Bowler: z to the power -(1 + r b mQ^2) */
  double sigma;           /* <pT^2>^(1/2) of a hadron's quark, GeV */
  double strange;         /* s quarks per u or d quark */
  double diquark;         /* diquarks per quark */
  double heavy_diquark;   /* further factor beside a c or b quark */
  double strange_diquark; /* further factor for a strange quark in a diquark */
  double spin1_diquark;   /* per spin 0, without the factor 3 of the spins */
  double popcorn;         /* share of baryon pairs with a meson between */
  double vector_light, vector_strange, vector_charm, vector_bottom; /* vector per pseudoscalar meson */
  double eta, eta_prime;  /* suppression */
  double decuplet;        /* suppression of spin 3/2 */
  double strange_variation, diquark_variation; /* of the two above, up and down, as weights of the event; 0 for none */
} HadronParameters;

extern const HadronParameters DEFAULT_HADRONS;

#endif
