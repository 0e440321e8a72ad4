import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Kills capsule processes when the engine is gone, however it went. A stopped (SIGSTOP) process cannot notice that its
 * engine died, and kernels other than Linux's cannot be asked to kill it then. So a small shell waits on a pipe that
 * only the engine holds; when the pipe ends, it kills what it was told of and ends too. It sleeps until then.
 *
 *     add PID, del PID      from the engine, a line each
 *
 * Not for Windows: there are no stopped processes there, and capsules see their engine's pipe close.
 */
export class Guardian {
  readonly #pids = new Set<number>();
  #shell: ChildProcess | null = null;
  #closed = false;

  add(pid: number): void {
    if (process.platform === 'win32') return;
    this.#pids.add(pid);
    if (this.#shell) this.#tell(`add ${pid}`);
    else this.#start();
  }

  /** To be called as soon as the process has ended: its number may be given to another. */
  delete(pid: number): void {
    if (this.#pids.delete(pid)) this.#tell(`del ${pid}`);
  }

  /** Resolves when the guardian has ended; what it still guards dies with it. */
  close(): Promise<void> {
    this.#closed = true;
    const shell = this.#shell;
    if (!shell) return Promise.resolve();
    return new Promise((resolve) => {
      shell.ref();
      shell.once('close', () => resolve());
      shell.stdin?.end();
    });
  }

  #start(): void {
    // A session of its own, so that a signal to the engine's whole process group leaves it to do its work.
    const shell = spawn('/bin/sh', ['-c', SCRIPT, 'beamtime-guardian'], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
      cwd: '/',
      env: {},
    });
    this.#shell = shell;
    // A guardian that is killed is replaced; one that cannot start leaves capsules to see the engine's pipe close.
    shell.on('error', () => {});
    shell.stdin?.on('error', () => {});
    shell.once('close', () => {
      this.#shell = null;
      if (!this.#closed && this.#pids.size > 0 && shell.pid !== undefined) this.#start();
    });
    shell.unref();
    if (shell.stdin && 'unref' in shell.stdin && typeof shell.stdin.unref === 'function') shell.stdin.unref();
    for (const pid of this.#pids) this.#tell(`add ${pid}`);
  }

  #tell(line: string): void {
    this.#shell?.stdin?.write(`${line}\n`);
  }
}

/** Only built-in commands, so it needs no PATH and forks nothing. Ids it cannot kill have ended already. */
const SCRIPT = `
trap '' HUP INT TERM
pids=
while read -r verb pid; do
  case $verb in
    add) pids="$pids $pid" ;;
    del) kept=; for other in $pids; do [ "$other" = "$pid" ] || kept="$kept $other"; done; pids=$kept ;;
  esac
done
for pid in $pids; do kill -KILL "$pid"; done
`;
