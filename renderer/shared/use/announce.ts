import { onScopeDispose, type Ref, ref, watch } from 'vue';

const AT_MOST_EVERY_MS = 20_000;

/**
 * What a screen reader is told of a sentence that changes often: nothing while only its numbers change, and never more
 * than three times a minute.
 * @param sentence the text now; empty: nothing to say
 */
export function useAnnouncement(sentence: () => string): Readonly<Ref<string>> {
  const said = ref('');
  let words = '';
  let saidAt = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const say = () => {
    timer = undefined;
    const text = sentence();
    const without = withoutNumbers(text);
    if (without === words) return;
    words = without;
    saidAt = Date.now();
    said.value = text;
  };
  watch(
    sentence,
    () => {
      if (timer === undefined) timer = setTimeout(say, Math.max(0, saidAt + AT_MOST_EVERY_MS - Date.now()));
    },
    { immediate: true },
  );
  onScopeDispose(() => clearTimeout(timer));
  return said;
}

function withoutNumbers(text: string): string {
  return text.replaceAll(/[\d.,:]+/g, '#');
}
