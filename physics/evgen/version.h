#ifndef EVGEN_VERSION_H
#define EVGEN_VERSION_H

/* The release's version (release.yaml; a test compares). A change of any bit of any result raises it. */
#define EVGEN_VERSION "0.3.1"

#endif
