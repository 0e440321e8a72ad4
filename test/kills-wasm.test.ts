import { survivesKills } from './testkit/kills.ts';

// With kills-qemu and server/kill at least 50.
survivesKills({ capsule: 'wasm', kills: 34, events: 2_500_000, eventsPerUnit: 500_000 });
