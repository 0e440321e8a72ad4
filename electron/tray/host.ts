import { Bus } from './dbus/bus.ts';
import { TYPE } from './dbus/message.ts';

/** Who shows tray icons on a Linux desktop (StatusNotifierItem); a panel that restarts gives the name up and takes it again. */
export const WATCHER = 'org.kde.StatusNotifierWatcher';
/** A new panel says it is there before it is ready for icons. */
const SETTLE_MS = 300;

/**
 * Whether something shows tray icons, now and from now on. Electron says nothing of it: without a host its Tray is
 * simply not to be seen, and one whose host restarted is not seen again.
 * @param onChange told at once, then whenever it changes; true a second time in a row means: another host
 * @returns stops it
 */
export async function watchTrayHost(
  env: NodeJS.ProcessEnv,
  onChange: (isThere: boolean) => void,
): Promise<() => void> {
  const nothing = () => {};
  if (process.platform !== 'linux') {
    onChange(true);
    return nothing;
  }
  const uid = process.getuid?.() ?? 0;
  const address = env.DBUS_SESSION_BUS_ADDRESS ?? `unix:path=/run/user/${uid}/bus`;
  let bus: Bus;
  try {
    bus = await Bus.connect(address, uid);
  } catch {
    onChange(false);
    return nothing;
  }
  let timer: NodeJS.Timeout | null = null;
  bus.listen(({ type, member, body = [] }) => {
    if (type !== TYPE.signal || member !== 'NameOwnerChanged' || body[0] !== WATCHER) return;
    if (timer) clearTimeout(timer);
    const isThere = body[2] !== '';
    timer = setTimeout(() => onChange(isThere), isThere ? SETTLE_MS : 0);
  });
  bus.onClose(() => onChange(false));
  bus.unref();
  await bus.ask('AddMatch', 's', [
    `type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='${WATCHER}'`,
  ]);
  onChange(await bus.hasOwner(WATCHER));
  return () => {
    if (timer) clearTimeout(timer);
    bus.listen(nothing);
    bus.close();
  };
}
