#include "electroweak.h"

/* In the order in which cards and summaries list them. */
const Fermion FERMION[FERMIONS] = {
    {"mu", 13, -1.0, -0.5, 1, 0.1056583755},
    {"tau", 15, -1.0, -0.5, 1, 1.77686},
    {"d", 1, -1.0 / 3.0, -0.5, 3, 0.00467},
    {"u", 2, 2.0 / 3.0, 0.5, 3, 0.00216},
    {"s", 3, -1.0 / 3.0, -0.5, 3, 0.0934},
    {"c", 4, 2.0 / 3.0, 0.5, 3, 1.67},
    {"b", 5, -1.0 / 3.0, -0.5, 3, 4.78},
};

const Electroweak DEFAULT_ELECTROWEAK = {
    .z_mass = 91.1875,   /* LEP */
    .z_width = 2.4955,   /* LEP with the corrected luminosity: Janot, Jadach, Phys. Lett. B 803 (2020) 135319 */
    .sin2theta = 0.23153, /* LEP */
    .alpha_inverse = 128.89, /* LEP, section 1.3: with the hadronic vacuum polarisation */
};
