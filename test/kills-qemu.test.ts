import { survivesKills } from './testkit/kills.ts';

// With kills-wasm and server/kill at least 50. A unit takes seconds in an emulated machine: fewer events pass between two kills.
survivesKills({ capsule: 'qemu', kills: 8, events: 400_000, eventsPerUnit: 100_000 });
