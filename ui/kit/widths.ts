import { ref } from 'vue'

const LEAST_PX = 48
const STEP_PX = 16

/** The widths of a grid's columns, and how they are changed: by dragging, or step by step with the keyboard. */
export function useWidths() {
  const widths = ref<Record<string, number>>({})

  function set(key: string, width: number): void {
    widths.value = { ...widths.value, [key]: Math.max(LEAST_PX, width) }
  }

  /** From the handle at a title's right edge. */
  function drag(key: string, event: PointerEvent): void {
    const handle = event.target as HTMLElement
    const from = event.clientX
    const width = handle.parentElement!.offsetWidth
    handle.setPointerCapture(event.pointerId)
    const move = (now: PointerEvent) => set(key, width + now.clientX - from)
    handle.addEventListener('pointermove', move)
    handle.addEventListener('pointerup', () => handle.removeEventListener('pointermove', move), {
      once: true,
    })
  }

  /** From a key on the title itself. */
  function step(key: string, event: KeyboardEvent, by: 1 | -1): void {
    const title = (event.currentTarget as HTMLElement).parentElement!
    set(key, title.offsetWidth + by * STEP_PX)
  }

  const size = (column: { key: string; width: number; grow?: boolean }) => ({
    width: `${widths.value[column.key] ?? column.width}px`,
    flexGrow: column.grow && !widths.value[column.key] ? 1 : 0,
  })

  return { size, drag, step }
}
