#include "axes.h"

#include <stddef.h>

/* Bins of the published tables (physics/reference); where several are compared with one histogram, all their edges. */
static const double EDGES_ONE_MINUS_T[] = {
    0, 0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.035, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09, 0.1, 0.12, 0.14, 0.16,
    0.18, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5};
static const double EDGES_SPHERICITY[] = {
    0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.12, 0.16, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7,
    0.85, 1};
static const double EDGES_Y23[] = {
    0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.12, 0.14, 0.16, 0.18, 0.2, 0.25, 0.3, 0.34};
static const double EDGES_Y34[] = {
    0, 0.002, 0.004, 0.006, 0.008, 0.01, 0.012, 0.014, 0.016, 0.018, 0.02, 0.024, 0.028, 0.032, 0.036, 0.04,
    0.05, 0.06, 0.08, 0.1, 0.12, 0.2};
static const double EDGES_XP[] = {
    0, 0.002, 0.004, 0.006, 0.008, 0.01, 0.012, 0.014, 0.016, 0.018, 0.02, 0.025, 0.03, 0.035, 0.04, 0.045,
    0.05, 0.06, 0.07, 0.08, 0.09, 0.1, 0.11, 0.12, 0.13, 0.14, 0.16, 0.18, 0.2, 0.225, 0.25, 0.275, 0.3, 0.325,
    0.35, 0.375, 0.4, 0.43, 0.46, 0.49, 0.5, 0.52, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.9, 1};
static const double EDGES_RAPIDITY[] = {
    0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.25, 2.5, 2.75, 3, 3.25, 3.5, 3.75, 4, 4.25, 4.5, 5, 5.5, 6, 7};
static const double EDGES_PT[] = {
    0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 10,
    12, 14};
static const double EDGES_LN_Y[] = {
    -12, -11.9, -11.7, -11.51292547, -11.5, -11.3, -11.22510233, -11.1, -10.93727919, -10.9, -10.7,
    -10.64945605, -10.5, -10.36163292, -10.3, -10.1, -10.07380978, -9.9, -9.785986645, -9.7, -9.5, -9.498163509,
    -9.3, -9.210340372, -9.1, -8.922517235, -8.9, -8.7, -8.634694099, -8.5, -8.346870962, -8.3, -8.1,
    -8.059047825, -7.9, -7.771224689, -7.7, -7.5, -7.483401552, -7.3, -7.195578416, -7.1, -6.907755279, -6.9,
    -6.7, -6.619932142, -6.5, -6.332109006, -6.3, -6.1, -6.044285869, -5.9, -5.756462732, -5.7, -5.5,
    -5.468639596, -5.3, -5.180816459, -5.1, -4.9, -4.892993323, -4.7, -4.605170186, -4.5, -4.317347049, -4.3,
    -4.1, -4.029523913, -3.9, -3.741700776, -3.7, -3.5, -3.453877639, -3.3, -3.166054503, -3.1, -2.9,
    -2.878231366, -2.7, -2.59040823, -2.5, -2.302585093, -2.3, -2.1, -2.014761956, -1.9, -1.72693882, -1.7,
    -1.5, -1.439115683, -1.3, -1.151292546, -1.1, -0.9, -0.86346941, -0.7, -0.5, -0.3, -0.1, 0};

#define EQUAL(name, low, high, bins, per) {name, low, high, bins, (bins) / ((high) - (low)), NULL, 1, per}
#define LISTED(name, low, high, list, per) {name, low, high, sizeof list / sizeof list[0] - 1, 0, list, 1, per}
#define SUMMED(name, low, high, bins, per) {name, low, high, bins, (bins) / ((high) - (low)), NULL, 1 << 20, per}

const Axis AXIS[HISTOGRAMS] = {
    EQUAL("pdgCode", 0.5, 16.5, 16, NULL),
    EQUAL("cosThetaMu", -1.0, 1.0, 40, NULL),
    EQUAL("cosThetaTau", -1.0, 1.0, 40, NULL),
    EQUAL("cosThetaD", -1.0, 1.0, 40, NULL),
    EQUAL("cosThetaU", -1.0, 1.0, 40, NULL),
    EQUAL("cosThetaS", -1.0, 1.0, 40, NULL),
    EQUAL("cosThetaC", -1.0, 1.0, 40, NULL),
    EQUAL("cosThetaB", -1.0, 1.0, 40, NULL),
    EQUAL("phi", -180.0, 180.0, 36, NULL),
    EQUAL("transverseMomentum", 0.0, 1.0, 50, NULL),
    EQUAL("tauPionX", 0.0, 1.0, 20, NULL),
    EQUAL("reducedEnergy", 0.0, 1.0, 50, NULL),
    EQUAL("analysed", 0.5, 1.5, 1, NULL),
    EQUAL("analysedEighth", 0.5, 1.5, 1, NULL),

    EQUAL("thrust", 0.5, 1.0, 50, "analysed"),
    EQUAL("thrustMajor", 0.0, 0.8, 40, "analysed"),
    EQUAL("thrustMinor", 0.0, 0.5, 50, "analysed"),
    EQUAL("oblateness", 0.0, 0.6, 30, "analysed"),
    EQUAL("sphericity", 0.0, 1.0, 50, "analysed"),
    EQUAL("aplanarity", 0.0, 0.5, 50, "analysed"),
    EQUAL("planarity", 0.0, 0.5, 50, "analysed"),
    EQUAL("cParameter", 0.0, 1.0, 50, "analysed"),
    EQUAL("dParameter", 0.0, 1.0, 50, "analysed"),
    EQUAL("heavyMass", 0.0, 0.5, 50, "analysed"),
    EQUAL("lightMass", 0.0, 0.25, 50, "analysed"),
    EQUAL("wideBroadening", 0.0, 0.4, 40, "analysed"),
    EQUAL("totalBroadening", 0.0, 0.5, 50, "analysed"),
    LISTED("lnY12", -12, 0, EDGES_LN_Y, "analysed"),
    LISTED("lnY23", -12, 0, EDGES_LN_Y, "analysed"),
    LISTED("lnY34", -12, 0, EDGES_LN_Y, "analysed"),
    LISTED("lnY45", -12, 0, EDGES_LN_Y, "analysed"),
    LISTED("lnY56", -12, 0, EDGES_LN_Y, "analysed"),
    EQUAL("jadeLnY23", -12.0, 0.0, 60, "analysedEighth"),
    EQUAL("jadeLnY34", -12.0, 0.0, 60, "analysedEighth"),
    EQUAL("cambridgeJets", 0.5, 10.5, 10, "analysedEighth"),

    LISTED("chargedOneMinusT", 0, 0.5, EDGES_ONE_MINUS_T, "analysed"),
    EQUAL("chargedThrustMajor", 0.0, 0.8, 40, "analysed"),
    EQUAL("chargedThrustMinor", 0.0, 0.5, 50, "analysed"),
    EQUAL("chargedOblateness", 0.0, 0.6, 30, "analysed"),
    LISTED("chargedSphericity", 0, 1, EDGES_SPHERICITY, "analysed"),
    EQUAL("chargedAplanarity", 0.0, 0.5, 50, "analysed"),
    EQUAL("chargedPlanarity", 0.0, 0.5, 50, "analysed"),
    EQUAL("chargedCParameter", 0.0, 1.0, 25, "analysed"),
    EQUAL("chargedDParameter", 0.0, 1.0, 50, "analysed"),
    LISTED("chargedY23", 0, 0.34, EDGES_Y23, "analysed"),
    LISTED("chargedY34", 0, 0.2, EDGES_Y34, "analysed"),
    SUMMED("eec", -1.0, 1.0, 50, "analysed"),
    SUMMED("eecSquares", -1.0, 1.0, 50, "analysed"),
    EQUAL("multiplicity", -1.0, 101.0, 51, "analysed"),
    EQUAL("multiplicityUds", -1.0, 101.0, 51, NULL),
    EQUAL("multiplicityC", -1.0, 101.0, 51, NULL),
    EQUAL("multiplicityB", -1.0, 101.0, 51, NULL),
    LISTED("xp", 0, 1, EDGES_XP, "analysed"),
    EQUAL("xi", 0.0, 8.0, 80, "analysed"),
    LISTED("rapidityThrust", 0, 7, EDGES_RAPIDITY, "analysed"),
    LISTED("rapiditySphericity", 0, 7, EDGES_RAPIDITY, "analysed"),
    LISTED("pTInThrust", 0, 14, EDGES_PT, "analysed"),
    LISTED("pTOutThrust", 0, 14, EDGES_PT, "analysed"),
    LISTED("pTInSphericity", 0, 14, EDGES_PT, "analysed"),
    LISTED("pTOutSphericity", 0, 14, EDGES_PT, "analysed"),

    EQUAL("identified", 0.5, 26.5, 26, "analysed"),
    EQUAL("pionXi", 0.0, 6.4, 32, "analysed"),
    EQUAL("kaonXi", 0.0, 6.4, 32, "analysed"),
    EQUAL("protonXi", 0.0, 6.4, 32, "analysed"),
    EQUAL("k0Xi", 0.0, 6.4, 32, "analysed"),
    EQUAL("lambdaXi", 0.0, 6.4, 32, "analysed"),
    EQUAL("bHadronX", 0.0, 1.0, 25, "analysed"),
    EQUAL("dStarX", 0.0, 1.0, 25, "analysed"),
    SUMMED("thrustAlphaSUp", 0.5, 1.0, 50, "analysed"),
    SUMMED("thrustAlphaSDown", 0.5, 1.0, 50, "analysed"),
    SUMMED("thrustScaleUp", 0.5, 1.0, 50, "analysed"),
    SUMMED("thrustScaleDown", 0.5, 1.0, 50, "analysed"),
    SUMMED("identifiedStrangeUp", 0.5, 26.5, 26, "analysed"),
    SUMMED("identifiedStrangeDown", 0.5, 26.5, 26, "analysed"),
    SUMMED("identifiedDiquarkUp", 0.5, 26.5, 26, "analysed"),
    SUMMED("identifiedDiquarkDown", 0.5, 26.5, 26, "analysed"),
};
