/* Fermions and electroweak inputs, each with its source. */
#ifndef EVGEN_ELECTROWEAK_H
#define EVGEN_ELECTROWEAK_H

/*
 * PDG: Particle Data Group, R. L. Workman et al., Prog. Theor. Exp. Phys. 2022, 083C01.
 * LEP: ALEPH, DELPHI, L3, OPAL, SLD and working groups, Phys. Rept. 427 (2006) 257, hep-ex/0509008.
 */

/* Fermi's constant, GeV^-2 (PDG). */
#define FERMI_CONSTANT 1.1663787e-5
/* (hbar c)^2, pb GeV^2 (PDG; exact constants). */
#define GEV2_PB 0.3893793721e9
/* Electron mass, GeV (PDG): in the event record; the matrix element takes electrons as massless. */
#define ELECTRON_MASS 0.00051099895

typedef struct {
  const char *name; /* in cards */
  int pdg;
  double charge; /* of the positron's */
  double isospin; /* third component of the weak isospin, left-handed */
  int colours;
  double mass; /* GeV: leptons measured, c and b pole, light quarks MS-bar at 2 GeV (PDG) */
} Fermion;

enum { FERMIONS = 7 };
extern const Fermion FERMION[FERMIONS];

/* What a card may change; defaults in io/card.c are those of DEFAULT_ELECTROWEAK. */
typedef struct {
  double z_mass;        /* GeV */
  double z_width;       /* GeV, at s = mZ^2 */
  double sin2theta;     /* effective leptonic weak mixing angle, squared sine */
  double alpha_inverse; /* 1 / alpha(mZ): used at every energy */
  double electron_polarisation, positron_polarisation; /* along each beam, from -1, all left-handed, to 1 */
} Electroweak;

extern const Electroweak DEFAULT_ELECTROWEAK;

#endif
