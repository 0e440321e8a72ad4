import { survivesKills } from './testkit/kills.ts';

// With kills-qemu at least 50.
survivesKills({ capsule: 'wasm', kills: 42, events: 4_000_000, eventsPerUnit: 500_000 });
