import { contextBridge, ipcRenderer } from 'electron';
import { type Answer, CALLS, CHANNEL, EVENTS } from './names.ts';

/** All that the page gets of the shell: protocol/shell.ts by its names, and nothing of Electron. */
contextBridge.exposeInMainWorld('beamtimeShell', {
  invoke: (name: unknown, input: unknown = null): Promise<Answer> => {
    if (typeof name !== 'string' || !Object.hasOwn(CALLS, name)) {
      const message = 'the shell has no such call';
      return Promise.resolve({ ok: false, error: { code: 'unknown', message } });
    }
    return ipcRenderer.invoke(CHANNEL.call, name, input);
  },
  on: (name: unknown, listener: unknown): (() => void) => {
    if (typeof name !== 'string' || !Object.hasOwn(EVENTS, name) || typeof listener !== 'function')
      return () => {};
    const hear = (_: unknown, told: unknown, value: unknown) => {
      if (told === name) listener(value);
    };
    ipcRenderer.on(CHANNEL.event, hear);
    return () => {
      ipcRenderer.off(CHANNEL.event, hear);
    };
  },
});
