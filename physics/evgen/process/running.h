/* Couplings and corrections that change with the energy. */
#ifndef EVGEN_RUNNING_H
#define EVGEN_RUNNING_H

/* The electromagnetic coupling at s (GeV^2), from its inverse at the Z mass. */
double running_alpha(double s, double alpha_inverse, double z_mass);

/* alpha_s at s, MS-bar, from 0.118 at the Z mass; at most 0.4. */
double strong_coupling(double s, double z_mass);

/* The QCD correction to e+e- -> hadrons over its value for free quarks. */
double qcd_factor(double s, double z_mass);

#endif
