export { type CalibrationCandidate, Calibrator, type CalibratorOptions } from './calibrator.ts';
