#include "particles.h"

#include <stdlib.h>

/* Three times the charge of a quark with this digit. */
static int quark_charge(int digit) { return digit % 2 == 0 ? 2 : -1; }

bool is_charged(int pdg) {
  const int code = abs(pdg);
  if (code <= 8) return code > 0;
  if (code < 100) return code == 11 || code == 13 || code == 15 || code == 17 || code == 24 || code == 34 || code == 37;
  const int a = code / 1000 % 10, b = code / 100 % 10, c = code / 10 % 10;
  if (a == 0) return quark_charge(b) != quark_charge(c);
  if (c == 0) return true; /* a diquark: charges are thirds, never 0 */
  return quark_charge(a) + quark_charge(b) + quark_charge(c) != 0;
}

bool is_b_hadron(int pdg) {
  const int code = abs(pdg);
  if (code < 100) return false;
  const int a = code / 1000 % 10, b = code / 100 % 10, c = code / 10 % 10;
  if (a == 0) return b == 5 && c != 5 && c != 0;
  return c != 0 && (a == 5 || b == 5 || c == 5);
}

const char *const IDENTIFIED_NAME[IDENTIFIED] = {
    "pi+-",    "pi0",     "K+-",       "K0",         "eta",        "eta'",  "rho0",   "rho+-",  "omega",
    "K*+-",    "K*0",     "phi",       "f2",         "p",          "Lambda", "Sigma+", "Sigma-", "Sigma0",
    "Delta++", "Xi-",     "Sigma(1385)+-", "Xi(1530)0", "Omega-",     "D+-",   "D0",     "D*+-",
};

int identified_bin(int pdg) {
  switch (abs(pdg)) {
    case 211: return 1;
    case 111: return 2;
    case 321: return 3;
    case 310:
    case 130: return 4; /* K0 and its antiparticle end as one of these */
    case 221: return 5;
    case 331: return 6;
    case 113: return 7;
    case 213: return 8;
    case 223: return 9;
    case 323: return 10;
    case 313: return 11;
    case 333: return 12;
    case 225: return 13;
    case 2212: return 14;
    case 3122: return 15;
    case 3222: return 16;
    case 3112: return 17;
    case 3212: return 18;
    case 2224: return 19;
    case 3312: return 20;
    case 3114:
    case 3224: return 21;
    case 3324: return 22;
    case 3334: return 23;
    case 411: return 24;
    case 421: return 25;
    case 413: return 26;
    default: return 0;
  }
}
