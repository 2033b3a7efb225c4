import { onBeforeUnmount, ref, watch, type Ref } from 'vue'

/** Whether an element has more to show than it has room for: then the keyboard must be able to scroll it. */
export function useScrollable(element: Ref<HTMLElement | undefined>): Ref<boolean> {
  const scrolls = ref(false)
  const observer = new ResizeObserver(look)

  function look(): void {
    const now = element.value
    scrolls.value = !!now && now.scrollHeight > now.clientHeight + 1
  }

  watch(
    element,
    (now) => {
      observer.disconnect()
      if (!now) return
      observer.observe(now)
      for (const child of now.children) observer.observe(child)
      look()
    },
    { flush: 'post' },
  )
  onBeforeUnmount(() => observer.disconnect())
  return scrolls
}
