import { defineResource } from './resource.ts';

export const useStatus = defineResource('status');
export const useCores = defineResource('cores');
export const useRunning = defineResource('running');
export const useFinished = defineResource('finished');
export const useHistograms = defineResource('histograms');
export const useFilled = defineResource('filled');
export const useLastEvent = defineResource('lastEvent');
export const useContribution = defineResource('contribution');
export const useCapsules = defineResource('capsules');
export const useCalibrations = defineResource('calibrations');
export const useProjects = defineResource('projects');
export const usePreferences = defineResource('preferences');
export const useEngineVersion = defineResource('engineVersion');
