import { powerMonitor, powerSaveBlocker } from 'electron';
import type { PowerReport } from '../../protocol/engine-api.ts';
import { IdleTime, type PowerFacts, thermalOf, UNKNOWN } from './report.ts';

const REPORT_EVERY_MS = 30_000;

/** Carries what only a desktop program is told about the machine to the engine: at once, and every half a minute. */
export class Power {
  readonly #send: (report: PowerReport) => Promise<void>;
  readonly #idle: IdleTime;
  #facts: PowerFacts = UNKNOWN;
  #timer: NodeJS.Timeout | null = null;
  #awake: number | null = null;

  /** @param send rejects where there is no engine now: the next report will do */
  constructor(env: NodeJS.ProcessEnv, send: (report: PowerReport) => Promise<void>) {
    this.#send = send;
    this.#idle = new IdleTime(env, process.platform);
  }

  /** To be called when the app is ready. */
  start(): void {
    const change = (facts: Partial<PowerFacts>) => () => this.#change(facts);
    powerMonitor.on('suspend', change({ suspending: true }));
    powerMonitor.on('resume', change({ suspending: false }));
    powerMonitor.on('lock-screen', change({ screenLocked: true }));
    powerMonitor.on('unlock-screen', change({ screenLocked: false }));
    powerMonitor.on('on-battery', change({ onBattery: true }));
    powerMonitor.on('on-ac', change({ onBattery: false }));
    if (process.platform === 'darwin')
      powerMonitor.on('thermal-state-change', ({ state }) => this.#change({ thermal: thermalOf(state) }));
    this.#facts = { ...this.#facts, onBattery: powerMonitor.isOnBatteryPower() };
    this.#timer = setInterval(() => this.report(), REPORT_EVERY_MS);
  }

  /** Also when an engine has come: it knows nothing yet. */
  report(): void {
    this.#facts = { ...this.#facts, idleSeconds: this.#idle.read(powerMonitor.getSystemIdleTime()) };
    void this.#send(this.#facts).catch(() => {});
  }

  /** @param yes the person wants it (preferences.keepAwake) and something is being computed */
  keepAwake(yes: boolean): void {
    if (yes && this.#awake === null) this.#awake = powerSaveBlocker.start('prevent-app-suspension');
    if (!yes && this.#awake !== null) {
      powerSaveBlocker.stop(this.#awake);
      this.#awake = null;
    }
  }

  get keepsAwake(): boolean {
    return this.#awake !== null && powerSaveBlocker.isStarted(this.#awake);
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.keepAwake(false);
  }

  #change(facts: Partial<PowerFacts>): void {
    this.#facts = { ...this.#facts, ...facts };
    this.report();
  }
}
