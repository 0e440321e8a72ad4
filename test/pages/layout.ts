import type { Page } from 'playwright-core';

/**
 * What lies over something else, or sticks out of the window or its card. Looks at where text really is, cut to what
 * scrolling boxes show of it; what floats above the page on purpose (the phone's navigation) is left out.
 */
export function layoutProblems(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const TOLERATED_PX = 2;
    interface Box {
      left: number;
      top: number;
      right: number;
      bottom: number;
    }
    const problems: string[] = [];
    const sideways = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    if (sideways > 0) problems.push(`the page scrolls sideways by ${sideways} px`);

    const seen: { text: string; box: Box; element: Element }[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement;
      const text = node.textContent?.trim() ?? '';
      if (
        !element ||
        text === '' ||
        element.closest('svg, script, option, .hidden-visually, .skip, noscript')
      )
        continue;
      if (!element.checkVisibility({ visibilityProperty: true })) continue;
      if (floats(element)) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const rect of range.getClientRects()) {
        const box = clipped(rect, element);
        if (box.right - box.left < 1 || box.bottom - box.top < 1) continue;
        seen.push({ text: text.slice(0, 40), box, element });
        const card = element.closest('.card')?.getBoundingClientRect();
        if (card && (box.right > card.right + TOLERATED_PX || box.left < card.left - TOLERATED_PX))
          problems.push(`"${text.slice(0, 40)}" sticks out of its card`);
      }
    }
    for (const [i, a] of seen.entries()) {
      for (const b of seen.slice(i + 1)) {
        if (a.element === b.element) continue;
        const wide = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
        const high = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
        // Lines of text may touch: their boxes are taller than their letters.
        const line = Math.min(a.box.bottom - a.box.top, b.box.bottom - b.box.top);
        if (wide > TOLERATED_PX && high > line * 0.35) problems.push(`"${a.text}" lies over "${b.text}"`);
      }
    }
    return [...new Set(problems)].slice(0, 10);

    function floats(element: Element): boolean {
      for (let one: Element | null = element; one; one = one.parentElement)
        if (getComputedStyle(one).position === 'fixed') return true;
      return false;
    }
    function clipped(rect: DOMRect, element: Element): Box {
      let { left, top, right, bottom } = rect;
      for (let one: Element | null = element; one && one !== document.body; one = one.parentElement) {
        if (getComputedStyle(one).overflow === 'visible') continue;
        const bounds = one.getBoundingClientRect();
        left = Math.max(left, bounds.left);
        top = Math.max(top, bounds.top);
        right = Math.min(right, bounds.right);
        bottom = Math.min(bottom, bounds.bottom);
      }
      return { left, top, right, bottom };
    }
  });
}
