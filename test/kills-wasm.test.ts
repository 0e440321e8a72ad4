import { survivesKills } from './testkit/kills.ts';

// With kills-qemu and server/kill at least 50.
survivesKills({ capsule: 'wasm', kills: 34, events: 1_500_000, eventsPerUnit: 300_000 });
