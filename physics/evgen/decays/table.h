#ifndef EVGEN_TABLE_H
#define EVGEN_TABLE_H

/* Particles and their decays as text; read by particles_prepare. */
extern const char *const PARTICLE_TABLE[]; /* ends with 0 */

#endif
