import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import type { EngineProcess, ShellInfo, UpdateState } from '../../protocol/shell.ts';
import { inShell, onShell, shell } from '../shared/shell.ts';
import { useConnection } from '../shared/stores/connection.ts';
import { go } from './route.ts';

/** What the desktop shell knows: the engine's process, updates, an invitation that waits. Stays empty in a browser. */
export const useDesktop = defineStore('desktop', () => {
  const info = shallowRef<ShellInfo | null>(null);
  const engine = shallowRef<EngineProcess | null>(null);
  const update = shallowRef<UpdateState>({ state: 'none' });
  /** Asked for by a deep link or a file; nothing is joined before the person says so. */
  const invitation = ref<string | null>(null);
  const dismissed = ref(false);

  function follow(next: EngineProcess): void {
    engine.value = next;
    if (next.state === 'running') useConnection().open(location.origin, next.token);
  }

  async function takeInvitation(): Promise<void> {
    const text = await shell('takeInvitation', null).catch(() => null);
    if (text === null) return;
    invitation.value = text;
    go('projects');
  }

  async function open(): Promise<void> {
    if (!inShell) return;
    onShell('engine', follow);
    onShell('updateState', (next) => {
      update.value = next;
    });
    onShell('navigate', go);
    onShell('invitation', () => void takeInvitation());
    info.value = await shell('info', null).catch(() => null);
    update.value = await shell('updateState', null).catch(() => update.value);
    follow(await shell('engine', null));
    await takeInvitation();
  }

  return { info, engine, update, invitation, dismissed, open };
});
